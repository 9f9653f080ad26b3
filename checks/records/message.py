"""Builds the one test message, and the form in which it goes over the wire. Pure: the date and the id are given.

Header lines that carry what a person typed are written here and not by the `email` package: it decodes encoded words that it
finds in plain text, so that a display name can turn into a new header line. Its part is the MIME body, whose words are ours.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from html.parser import HTMLParser

from checks.values import link_problem

MAX_PATH = 254  # RFC 5321 section 4.5.3.1.3: 256 octets with the angle brackets
MAX_LINE = 78  # RFC 5322 section 2.1.1: what a header line should not exceed
MAX_NAME = 998  # RFC 5322 section 2.1.1; longer is no name
MAX_TEMPLATE = 200_000  # characters; a page of a newsletter has far fewer
WORD_OCTETS = 42  # of UTF-8 in one encoded word: 56 in base64 and 12 around them stay below the 75 of RFC 2047 section 2

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
)
_ATOMS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*"
)  # RFC 5322 section 3.2.3, without = and ?
_ID = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What the test message says on its envelope-like headers."""

    from_name: str = ""
    from_email: str
    reply_to: str = ""
    """Empty: no such header."""
    to: str
    unique_id: str
    """Letters, digits, and single dots, hyphens and underscores between them; at most 64."""
    date: datetime
    """With time zone."""
    title: str = ""
    """The subject line of a person's own template; empty: ours."""
    text: str = ""
    """The plain text of a person's own template."""
    page: str = ""
    """Its HTML form. With neither, the words are ours; the form that is missing is made from the other."""
    unsubscribe: str = ""
    """The https address that ends a subscription with one click (RFC 8058); empty: no such headers."""

    @property
    def message_id(self) -> str:
        """Message-ID without angle brackets (RFC 5322 section 3.6.4)."""
        return f"{self.unique_id}@{self.from_email.rpartition('@')[2]}"

    @property
    def subject(self) -> str:
        """What the reader sees in the list of messages."""
        return self.title or f"sendready test message {self.unique_id}"


def address_problem(address: str) -> str:
    """Say why an address cannot stand in MAIL FROM or RCPT TO, or nothing if it can: exactly one mailbox, plain ASCII, at most 254 octets."""
    if not address.isascii():
        return "the address has characters beyond ASCII, which many servers do not take"
    if len(address) > MAX_PATH:
        return f"the address has more than {MAX_PATH} characters"
    if any(ord(char) <= 32 or ord(char) == 127 for char in address):
        return "the address has a space, a line break or a control character in it"
    if not _ADDRESS.fullmatch(address) or len(address.rpartition("@")[0]) > 64:  # RFC 5321 section 4.5.3.1.1
        return "this is not one mail address like office@example.org"
    return ""


def build_test_message(letter: Letter) -> bytes:
    """Return the message with CRLF line ends. Raises `ValueError` with a sentence for a person if a part cannot be used."""
    for what, address in (("sender", letter.from_email), ("answer", letter.reply_to), ("test", letter.to)):
        if (address or what != "answer") and (problem := address_problem(address)):
            raise ValueError(f"{what} address: {problem}")
    if not _ID.fullmatch(letter.unique_id) or len(letter.unique_id) > 64:
        raise ValueError("the id of the test message may have letters, digits, dots and hyphens only, and at most 64 of them")
    if letter.date.tzinfo is None:
        raise ValueError("the date of the test message has no time zone")
    if letter.unsubscribe and (problem := link_problem(letter.unsubscribe)):
        raise ValueError(f"unsubscribe address: {problem}")
    headers = [
        _mailbox("From", letter.from_name, letter.from_email),
        f"To: {letter.to}",
        *([f"Reply-To: {letter.reply_to}"] if letter.reply_to else []),
        f"Subject: {encoded_line(letter.subject, 'subject')}",
        f"Date: {format_datetime(letter.date)}",
        f"Message-ID: <{letter.message_id}>",
        "Auto-Submitted: auto-generated",  # RFC 3834 section 5: no vacation notice comes back
        f"X-Sendready-Id: {letter.unique_id}",
        *_one_click(letter.unsubscribe),
    ]
    return "".join(f"{line}\r\n" for line in headers).encode("ascii") + _body(letter)


def _one_click(link: str) -> list[str]:
    """Return the pair of headers that lets a reader leave with one click (RFC 8058 section 3.1)."""
    return [f"List-Unsubscribe: <{link}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if link else []


def _mailbox(header: str, name: str, address: str) -> str:
    """Return a header line `From: Name <address>`, folded where it gets long."""
    if not name:
        return f"{header}: {address}"
    written = f"{header}: {encoded_name(name)}"
    room = MAX_LINE - len(written.rpartition("\n")[2])
    return f"{written} <{address}>" if len(address) + 3 <= room else f"{written}\r\n <{address}>"


def encoded_name(name: str) -> str:
    """Return a display name as it may stand in a header: bare, quoted, or in encoded words. Reading it back gives the same name."""
    _require_one_line(name, "sender name")
    if len(name) <= 60 and _ATOMS.fullmatch(name):
        return name
    # Text that looks like an encoded word is encoded itself, or a reader would decode it (RFC 2047 section 5).
    if len(name) <= 60 and name.isascii() and "=?" not in name and name == " ".join(name.split()):
        return '"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))
    return _in_words(name)


def encoded_line(text: str, what: str) -> str:
    """Return a line of free text as it may stand in a header: as it is, or in encoded words. Reading it back gives the same text."""
    _require_one_line(text, what)
    plain = len(text) <= 60 and text.isascii() and "=?" not in text and text == " ".join(text.split())
    return text if plain else _in_words(text)


def _require_one_line(text: str, what: str) -> None:
    if len(text) > MAX_NAME:
        raise ValueError(f"{what}: it has more than {MAX_NAME} characters")
    if any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(f"{what}: it has a line break or another control character in it")


def _in_words(text: str) -> str:
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in _pieces(text))


def _pieces(text: str) -> list[bytes]:
    """Cut into UTF-8 pieces for encoded words; no character is divided (RFC 2047 section 5)."""
    pieces = [b""]
    for char in text:
        octets = char.encode()
        if len(pieces[-1]) + len(octets) > WORD_OCTETS:
            pieces.append(b"")
        pieces[-1] += octets
    return pieces


_WORDS = (
    (
        "en",
        "This is a test message of sendready. It shows that your mail dispatcher can send. There is nothing to do; you may delete it.",
    ),
    (
        "de",
        "Dies ist eine Testnachricht von sendready. Sie zeigt, dass Ihr Mailversand senden kann. Sie müssen nichts tun und können sie löschen.",
    ),
    (
        "fr",
        "Ceci est un message de test de sendready. Il montre que votre service d'envoi fonctionne. Vous n'avez rien à faire et pouvez le supprimer.",
    ),
)


def _body(letter: Letter) -> bytes:
    """Return the MIME headers, an empty line and the two forms of the text."""
    if any(len(part) > MAX_TEMPLATE or "\ud800" <= max(part, default="") <= "\udfff" for part in (letter.text, letter.page)):
        raise ValueError(f"template: it has more than {MAX_TEMPLATE:,} characters, or some that cannot be written as UTF-8")
    text, page = _forms(letter)
    body = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    body.set_content(text, cte="quoted-printable")
    body.add_alternative(page, subtype="html", cte="quoted-printable")
    for part in body.iter_parts():
        del part["MIME-Version"]  # RFC 2045 section 4: of the whole message, not of its parts
    body.set_boundary("=_" + hashlib.sha256(letter.unique_id.encode()).hexdigest()[:32])
    return body.as_bytes()


def _forms(letter: Letter) -> tuple[str, str]:
    if letter.text or letter.page:
        return letter.text or plain_of(letter.page), letter.page or _page([("", letter.text)], letter.subject)
    note = f"sendready {letter.unique_id}"
    return "\n\n".join(text for _, text in _WORDS) + f"\n\n{note}\n", _page([*_WORDS, ("", note)], letter.subject)


def _page(paragraphs: Iterable[tuple[str, str]], title: str) -> str:
    lines = "\n".join(
        f'<p lang="{language}">{html.escape(text)}</p>'
        if language
        else f'<p style="white-space: pre-line">{html.escape(text)}</p>'
        for language, text in paragraphs
    )
    head = f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{html.escape(title)}</title></head>\n'
    return f"{head}<body>\n{lines}\n</body>\n</html>\n"


class _Words(HTMLParser):
    """Collects what a reader sees."""

    HIDDEN = frozenset(("script", "style", "title", "template"))
    BREAKS = frozenset(("p", "br", "div", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's signature
        self._hidden += tag in self.HIDDEN
        self.pieces += ["\n"] * (tag in self.BREAKS)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN and self._hidden > 0
        self.pieces += ["\n"] * (tag in self.BREAKS and tag != "br")

    def handle_data(self, data: str) -> None:
        self.pieces += [" ".join(data.split()) + " "] * (not self._hidden and bool(data.strip()))


def plain_of(page: str) -> str:
    """Return the words of an HTML page, line by line, for readers that show no HTML."""
    reader = _Words()
    reader.feed(page)
    reader.close()
    lines = [line.strip() for line in "".join(reader.pieces).split("\n")]
    return "\n".join(line for number, line in enumerate(lines) if line or (number and lines[number - 1])).strip() + "\n"


def for_data(message: bytes) -> bytes:
    """Return what goes over the wire after DATA: CRLF line ends only, leading dots doubled, the final dot (RFC 5321 section 4.5.2)."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    text = text if not text or text.endswith(b"\r\n") else text + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", text) + b".\r\n"
