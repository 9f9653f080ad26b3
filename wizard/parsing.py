"""Turns what people type into values, or says in a sentence what would do. Pure; knows no question and no file.

Prompts, `--set` and answers files all read through these functions, so the same words mean the same everywhere.
"""

from __future__ import annotations

import re
from datetime import date

from checks.secret import SecretSource
from checks.settings import Security
from checks.values import MAX_TEXT, normal_address, normal_host, normal_pattern

Value = str | int | bool | tuple[str, ...] | None
"""An answer. None is "nothing, on purpose"."""

MAX_ITEMS = 10_000  # of a list; more belongs into the settings file, not into a prompt

SELECTOR = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*"  # RFC 6376 section 3.1, and what checks.values admits

USUAL_SECURITY = {
    465: Security.IMPLICIT_TLS,
    587: Security.STARTTLS,
    25: Security.STARTTLS,
}  # RFC 8314 section 7.3, RFC 6409 section 3.1
SECURITY_WORDS = {
    "starttls": Security.STARTTLS,
    "implicit-tls": Security.IMPLICIT_TLS,
    "implicit": Security.IMPLICIT_TLS,
    "none": Security.NONE,
    "unencrypted": Security.NONE,
    "not-encrypted": Security.NONE,
}


def line(text: str) -> str:
    """One line of text."""
    value = text.strip()
    if not value:
        raise ValueError("this must not be empty")
    if len(value) > MAX_TEXT:
        raise ValueError(f"this is too long (at most {MAX_TEXT} characters)")
    if any(ord(char) < 32 or ord(char) in (127, 0x85, 0x2028, 0x2029) or 0xD800 <= ord(char) < 0xE000 for char in value):
        raise ValueError("this must be one line of readable text, without control characters")
    return value


def address(text: str) -> str:
    """One mailbox address, also pasted with the angle brackets that mail programs put around it."""
    return normal_address(_with_ending(_unbracketed(line(text))))


def _unbracketed(text: str) -> str:
    return text[1:-1].strip() if text.startswith("<") and text.endswith(">") else text


def _with_ending(text: str) -> str:
    """Return an address, if its domain has at least two parts."""
    _, at, domain = text.rpartition("@")
    if at and re.fullmatch(r"[\w-]{1,63}", domain):
        raise ValueError(
            f'the part behind the @, "{domain}", has no ending after a dot (like .org); an address looks like office@example.org'
        )
    return text


def host(text: str) -> str:
    """A server's name or IP address."""
    return normal_host(line(text))


def count(text: str) -> int:
    """A whole number from 1 on. Separators of thousands are fine where they cannot be mistaken for anything else."""
    value = text.strip()
    if re.fullmatch(r"[0-9]{1,3}([ ,.'_][0-9]{3})+", value):
        value = re.sub(r"[^0-9]", "", value)
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise ValueError("this must be a whole number, written with the digits 0 to 9")
    if not 1 <= int(value) <= 1_000_000_000:
        raise ValueError("this must be between 1 and 1,000,000,000")
    return int(value)


def clock(text: str) -> str:
    """A time of day, as HH:MM."""
    found = re.fullmatch(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?", text.strip().lower().removesuffix("uhr").strip())
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59:
        raise ValueError("give a time of day as hours:minutes, like 09:00")
    return f"{int(found[1]):02}:{found[2] or '00'}"


def share(text: str) -> int:
    """How many of a hundred."""
    value = text.strip().removesuffix("%").strip()
    if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) > 100:
        raise ValueError("this must be a whole number from 0 to 100")
    return int(value)


def yes_no(text: str) -> bool:
    """Yes or no, in the usual spellings."""
    word = text.strip().lower()
    if word in ("y", "yes", "true", "on", "1"):
        return True
    if word in ("n", "no", "false", "off", "0"):
        return False
    raise ValueError("answer yes or no")


def day(text: str) -> str:
    """A date, as ISO 8601 text."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ValueError("give a date as year-month-day, like 2027-01-31") from None


def connection(text: str) -> str:
    """Port and security as one value, like "587 starttls"."""
    words = re.sub(r"\bimplicit[\s_-]+tls\b", "implicit-tls", line(text).lower())
    words = re.sub(r"\bnot[\s_-]+encrypted\b", "not-encrypted", words)
    match = re.fullmatch(r"([0-9]{1,5})(?:\s*[,;:/]\s*|\s+with\s+|\s+)?([a-z-]*)", words)
    if not match or not 1 <= int(match[1]) <= 65535:
        raise ValueError('give the port and how it is protected, like "587 starttls" or "465 implicit-tls"')
    port, word = int(match[1]), match[2]
    if not word:
        if port not in USUAL_SECURITY:
            raise ValueError(f'say how port {port} is protected: "{port} starttls", "{port} implicit-tls" or "{port} none"')
        return f"{port} {USUAL_SECURITY[port].value}"
    if word not in SECURITY_WORDS:
        if word in ("ssl", "tls", "ssl-tls"):
            raise ValueError(
                f'"{word.upper()}" alone can mean two things: say "{port} implicit-tls" (encrypted from the first byte) or "{port} starttls" (switched on by command)'
            )
        raise ValueError(f'say "{port} starttls", "{port} implicit-tls" or "{port} none"')
    return f"{port} {SECURITY_WORDS[word].value}"


def parts_of(value: str) -> tuple[int, Security]:
    """Take a connection apart."""
    port, _, security = value.partition(" ")
    return int(port), Security(security)


def patterns(text: str) -> tuple[str, ...]:
    """Address patterns, separated by commas or spaces."""
    return listed([word for word in re.split(r"[,;\s]+", text) if word])


def listed(items: list[str]) -> tuple[str, ...]:
    """Address patterns, each once, in the order given."""
    if len(items) > MAX_ITEMS:
        raise ValueError(f"this list is too long (at most {MAX_ITEMS:,} entries)")
    return tuple(dict.fromkeys(_pattern(_unbracketed(item.strip())) for item in items))


def _pattern(text: str) -> str:
    return normal_pattern(text if text.startswith(("@", "*")) else _with_ending(text))


def words(text: str) -> tuple[str, ...]:
    """Words, separated by commas or spaces."""
    return tuple(word for word in re.split(r"[,;\s]+", text) if word)


def selectors(text: str) -> tuple[str, ...]:
    """DKIM selectors, also as they are pasted: `s=mail` from a message, `mail._domainkey.example.org` from DNS."""
    found = [re.sub(r"(?i)^s=|\._domainkey(\..*)?$", "", word) for word in words(text)]
    for name in found:
        if len(name) > 200 or not re.fullmatch(SELECTOR, name):
            raise ValueError("a selector is one name made of letters, digits, dots, - and _, like selector1")
    return tuple(dict.fromkeys(found))


REFERENCES = {
    SecretSource.FILE: (r"[^\0]+", "give a file's path, relative to the settings file, like smtp.password"),
    SecretSource.ENV: (
        r"[A-Za-z_][A-Za-z0-9_]*",
        "give the name of an environment variable, like SMTP_PASSWORD (not the password itself)",
    ),
    SecretSource.KEYRING: (
        r"[^/].*/.*[^/]",
        "give the keyring entry as service/user, like sendready/office@example.org (not the password itself)",
    ),
    SecretSource.COMMAND: (r".+", "give a command whose first line of output is the password, like: pass show mail/smtp"),
    SecretSource.CREDENTIAL: (
        r"(?!\.\.?$)[A-Za-z0-9_.@:-]+",
        "give the name of a systemd credential, like smtp-password (not the password itself)",
    ),
}


def reference(source: str, text: str) -> str:
    """Where a secret lives, in the form that its source needs. The message never repeats the text: it may be the secret."""
    shape, advice = REFERENCES[SecretSource(source)]
    value = line(text)
    if not re.fullmatch(shape, value):
        raise ValueError(advice)
    return value
