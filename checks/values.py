"""Values that a person writes into settings: domains, hosts, addresses, patterns, numbers. Pure text to normal form.

Each function returns the normal form or raises `ValueError` with a sentence that says what a good value looks like, and never
shows the rejected one beyond the part that helps.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from typing import Annotated

import idna
from pydantic import AfterValidator, BeforeValidator, Field

MAX_TEXT = 998  # RFC 5322 section 2.1.1: no header line may be longer
MAX_LINK = 900  # of an unsubscribe address, so that its header line stays below that

# RFC 3986, without commas: RFC 2369 section 2 makes lists with them
_LINK = re.compile(r"https://[A-Za-z0-9.-]+(?::\d{1,5})?(?:[/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+;=%-]*)?")


def normal_domain(text: str) -> str:
    """Return a domain as A-label in lower case, without trailing dot. Raises `ValueError` with a sentence for a person."""
    value = text.strip().rstrip(".").lower()
    if len(value) > 253:  # RFC 1035 section 2.3.4; checked before IDNA, whose cost grows with the square of the length
        raise ValueError("a domain has at most 253 characters")
    if re.fullmatch(r"[0-9.]+", value):
        raise ValueError("this is an IP address; give a domain name, like example.org")
    if "@" in value:
        raise ValueError("this is an address; give the part behind the @, like example.org")
    try:
        ascii_name = idna.encode(value, uts46=True).decode() if not value.isascii() else value
    except idna.IDNAError:
        raise ValueError("this is not a domain name; it should look like example.org") from None
    if not re.fullmatch(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))+", ascii_name):
        raise ValueError("this is not a domain name; it should look like example.org")
    return ascii_name


def normal_host(text: str) -> str:
    """Return a host name (A-label) or IP address. Explains URLs, ports and spaces instead of cutting them off."""
    value = text.strip()
    if match := re.fullmatch(r"(?:[a-z][a-z0-9+.-]*:)?//([^/:]+)(?::(\d+))?/?.*", value, re.IGNORECASE):
        port = f", port = {match[2]}" if match[2] else ""
        raise ValueError(f"give the server's name alone, not a URL: host = {match[1][:100]}{port}")
    if match := re.fullmatch(r"([^:\s\[\]]+):(\d{1,5})", value):
        raise ValueError(f"give name and port apart: host = {match[1][:100]}, port = {match[2]}")
    try:
        return str(ipaddress.ip_address(value.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if value.lower() == "localhost":
        return "localhost"
    try:
        return normal_domain(value)
    except ValueError:
        raise ValueError("this is not a server name; it should look like smtp.example.org") from None


def normal_address(text: str) -> str:
    """Return one mailbox address with its domain as A-label. Refuses lists, display names and control characters."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - slow to import, rarely the first need

    value = text.strip()
    if re.search(r"[,;]", value):
        raise ValueError("give one address only, like office@example.org")
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("an address has no line breaks or control characters; it should look like office@example.org")
    if not value.rpartition("@")[0].isascii():
        raise ValueError(
            "before the @ stand letters without accents only, like office@example.org; most receivers take no others"
        )
    try:
        # test_environment admits .test, SPECIAL names are judged by DNS and not by their letters.
        # Letters beyond ASCII before the @ need SMTPUTF8 (RFC 6531) all the way; they would come back from most receivers.
        found = validate_email(value, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError:
        local, at, domain = value.rpartition("@")
        if at and re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", local) and not re.search(r"^\.|\.\.|\.$", local):
            return f"{local}@{normal_domain(domain)}"  # reserved names like .example and .local are fine for a lab or intranet
        raise ValueError("this is not a mail address; it should look like office@example.org") from None
    return f"{found.local_part}@{found.ascii_domain.lower()}"


def normal_pattern(text: str) -> str:
    """Return an address pattern: `office@example.org`, `@example.org` (a domain) or `@*.example.org` (its sub-domains)."""
    value = text.strip()
    local, _, domain = value.rpartition("@")
    if not local or local == "*":
        try:
            return f"@*.{normal_domain(domain[2:])}" if domain.startswith("*.") else f"@{normal_domain(domain)}"
        except ValueError:
            raise ValueError(
                "a filter is an address (office@example.org), a domain (@example.org) or its sub-domains (@*.example.org)"
            ) from None
    return normal_address(value)


def link_problem(link: str) -> str:
    """Say why an address cannot end a subscription with one click, or nothing if it can (RFC 8058 section 3.1: HTTPS)."""
    if not link.startswith("https://"):
        return "it must begin with https://"
    if len(link) > MAX_LINK:
        return f"it has more than {MAX_LINK} characters"
    if not _LINK.fullmatch(link):
        return "it has characters that do not belong into a web address; write them as %20 and the like"
    return ""


def _link(text: str) -> str:
    value = text.strip()
    if link_problem(value):
        raise ValueError("this is not a web address that can end a subscription; it should look like https://example.org/leave")
    return value


def _one_line(text: str) -> str:
    if any(ord(char) < 32 or ord(char) in (127, 0x85, 0x2028, 0x2029) for char in text):
        raise ValueError("this must be one line of text, without line breaks or control characters")
    return text


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError("this is not a time zone; it should look like Europe/Berlin") from None
    return text


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("this is not a time of day; it should look like 09:00")
    return text


def _whole_number(value: object) -> object:
    # bool is an int to Python, and int("٥٨٧") is 587; neither is what anybody meant.
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(r"[0-9]{1,12}", value)):
        raise ValueError("this must be a whole number, written with the digits 0 to 9")
    return value


Domain = Annotated[str, AfterValidator(normal_domain)]
Host = Annotated[str, Field(max_length=300), AfterValidator(normal_host)]
Address = Annotated[str, Field(max_length=400), AfterValidator(normal_address)]
Pattern = Annotated[str, Field(max_length=400), AfterValidator(normal_pattern)]
Line = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_one_line)]
WebAddress = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_link)]
Count = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=1_000_000_000)]
Port = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=65535)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock)]
Hours = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=336)]
Selector = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*$", max_length=200)]
