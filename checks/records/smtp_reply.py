"""Octets from an SMTP server -> replies (RFC 5321 section 4.2), and what the lines of an EHLO reply say.

Pure, total and bounded: however the octets are cut into pieces, the same replies come out, and a stranger's endless reply ends in
a `ReplyProblem`. Waiting, time and sockets are checks.gather's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from checks.probes import Reply

MAX_LINE = 2048  # octets without line end; RFC 5321 section 4.5.3.1.5 asks for 512, Postfix reads 2048
MAX_LINES = 256  # an EHLO reply has about 15
MAX_REPLY = 65536  # octets, all lines with their ends

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[ \t]+|$)")  # RFC 3463 section 2
_LIKE_A_REPLY = re.compile(rb"[-+ ]?(?:[0-9][0-9_][0-9]|[0-9][0-9_]?(?:[ \r\n-]|$))")


@dataclass(frozen=True, kw_only=True)
class ReplyProblem:
    """Why octets are no reply."""

    text: str
    """A sentence for a person."""
    line: int
    """Which line of the reply, from 1."""
    position: int
    """Where in the line, in octets from 0."""
    too_long: bool = False
    """A bound was passed, as opposed to broken syntax."""


class ReplyParser:
    """Takes octets as they come, gives replies. After a problem it gives nothing but the problem."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._size = 0
        self._code = b""
        self._texts: list[str] = []
        self._seen: list[str] = []
        self._problem: ReplyProblem | None = None

    def feed(self, octets: bytes) -> None:
        """Add what has arrived."""
        self._buffer += octets

    @property
    def waiting(self) -> bool:
        """Whether something has arrived that belongs to no reply taken so far."""
        return bool(self._buffer or self._texts)

    def take(self) -> Reply | ReplyProblem | None:
        """Return the next whole reply, or what is wrong with it, or None while it is incomplete."""
        while self._problem is None:
            end = self._buffer.find(b"\n", 0, MAX_LINE + 2)
            if end < 0:
                return self._endless_line() if len(self._buffer) >= MAX_LINE + 2 else None
            # A bare LF ends a line too: mail programs in use read it so, although RFC 5321 section 2.3.8 knows CRLF only.
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            if len(line) > MAX_LINE:
                return self._endless_line()
            del self._buffer[: end + 1]
            self._size += end + 1
            self._seen.append(line.decode("latin-1"))
            if self._add(line):
                return self._whole()
        return self._problem

    def seen(self) -> list[str]:
        """Return the lines read since the last call, good or bad."""
        seen, self._seen = self._seen, []
        return seen

    @property
    def rest(self) -> bytes:
        """What has arrived and was not read as a line yet."""
        return bytes(self._buffer)

    def _add(self, line: bytes) -> bool:
        """Add one line; return whether it was the last of its reply (a problem ends it as well)."""
        match = _LINE.fullmatch(line)
        if match is None:
            self._fail("a line does not begin with a three-digit reply code, a space or hyphen, and text")
            return True
        code, separator, text = match.groups()
        if self._texts and code != self._code:  # RFC 5321 section 4.2.1: the code is the same on every line
            self._fail(f"the reply code changes from {self._code.decode()} to {code.decode()} within one reply")
            return True
        if len(self._texts) >= MAX_LINES or self._size > MAX_REPLY:
            self._fail(f"a reply has more than {MAX_LINES} lines or {MAX_REPLY} octets", too_long=True)
            return True
        self._code = code
        self._texts.append((text or b"").decode("latin-1"))
        return separator != b"-"  # RFC 5321 section 4.2: the code alone is a last line too

    def _whole(self) -> Reply | ReplyProblem:
        if self._problem is not None:
            return self._problem
        reply = make_reply(int(self._code), self._texts)
        self._texts, self._code, self._size = [], b"", 0
        return reply

    def _endless_line(self) -> ReplyProblem:
        self._seen.append(bytes(self._buffer[:MAX_LINE]).decode("latin-1"))
        return self._fail(f"a line has more than {MAX_LINE} octets", position=MAX_LINE, too_long=True)

    def _fail(self, text: str, *, position: int = 0, too_long: bool = False) -> ReplyProblem:
        self._problem = ReplyProblem(text=text, line=len(self._texts) + 1, position=position, too_long=too_long)
        return self._problem


def make_reply(code: int, texts: Iterable[str]) -> Reply:
    """Return a reply; the enhanced status code moves from the texts into its own field (RFC 2034 section 4)."""
    lines = list(texts)
    match = _ENHANCED.match(lines[0]) if lines else None
    first = str(code)[0]
    # The first digits agree, or else "220 5.4.1 of our server greets you" would be read as a failure; 4 and 5 get mixed up.
    if match is None or not (match[1][0] == first or {match[1][0], first} == {"4", "5"}):
        return Reply(code=code, lines=tuple(lines))
    enhanced = match[1]
    return Reply(code=code, lines=tuple(_without(line, enhanced) for line in lines), enhanced=enhanced)


def _without(line: str, enhanced: str) -> str:
    match = _ENHANCED.match(line)
    return line[match.end() :] if match and match[1] == enhanced else line


def begins_like_a_reply(octets: bytes) -> bool:
    """Tell a broken SMTP reply ("2_0 hello", "+22") from the words of another protocol ("SSH-2.0", "* OK")."""
    return _LIKE_A_REPLY.match(octets) is not None


_BANNERS = (
    ("TLS", re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")),  # RFC 8446 section 5.1: a record's type and version
    ("SSH", re.compile(rb"SSH-")),
    ("HTTP", re.compile(rb"HTTP/|<!doctype html|<html", re.IGNORECASE)),
    ("IMAP", re.compile(rb"\* (?:OK|BYE|PREAUTH)\b", re.IGNORECASE)),
    ("POP3", re.compile(rb"[+]OK|-ERR")),
    ("ManageSieve", re.compile(rb'"IMPLEMENTATION"', re.IGNORECASE)),
    ("FTP", re.compile(rb"[1-5][0-9]{2}[ -](?!.*smtp).*ftpd?(?![a-z0-9])", re.IGNORECASE)),
    ("NNTP", re.compile(rb"20[01][ -]")),
    ("SMTP", re.compile(rb"(?:220|421|554)[ -]")),
)


def service_of(first_bytes: str) -> str:
    """Name the service that begins a conversation so: SMTP, TLS, SSH, HTTP, IMAP, POP3, FTP ...; empty if it is none of these."""
    octets = first_bytes.encode("latin-1", errors="replace")
    return next((name for name, pattern in _BANNERS if pattern.match(octets)), "")


def capabilities(reply: Reply) -> tuple[str, ...]:
    """Return the EHLO lines with the keyword in upper case; the first line is the server's name (RFC 5321 section 4.1.1.1)."""
    found = []
    for line in reply.lines[1:]:
        keyword, _, rest = line.strip().partition(" ")
        if keyword:
            found.append(f"{keyword.upper()} {rest.strip()}".rstrip())
    return tuple(found)


def mechanisms(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the SASL mechanisms that EHLO lines offer, upper case, in order; reads the old form "AUTH=LOGIN PLAIN" as well."""
    found: dict[str, None] = {}
    for line in lines:
        words = line.upper().replace("=", " ", 1).split() if line.upper().startswith("AUTH=") else line.upper().split()
        if words[:1] == ["AUTH"]:  # RFC 4954 section 3
            found.update(dict.fromkeys(words[1:]))
    return tuple(found)
