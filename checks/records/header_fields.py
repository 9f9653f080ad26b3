"""Cuts a stored message into header fields and body, and notes what does not belong into a message. Pure, total, bounded.

- `cut_message(raw) -> Cut`: what the fields mean is in checks.records.arrived
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from checks.records.tags import MAX_PROBLEMS, Problem

MAX_MESSAGE = 25_000_000  # bytes; what large receivers take
MAX_HEADER = 1_048_576  # bytes; five hundred signatures fit into it
MAX_FIELDS = 1_000
MAX_FIELD = 65_536  # bytes of one field
MAX_READ = MAX_FIELD + 1_000  # of one field, with its name
MAX_LINE = 998  # RFC 5322 section 2.1.1
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:")  # section 4.5: old writers have space before the colon


class LineEnds(StrEnum):
    """How the lines of the stored copy end. Files on Unix have bare line feeds; the wire has CRLF only (RFC 5321 section 2.3.8)."""

    CRLF = "crlf"
    LF = "lf"
    MIXED = "mixed"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class HeaderField:
    """One field of the header."""

    index: int
    """0 is the topmost, the one added last."""
    name: str
    """As written."""
    raw: bytes
    """Everything behind the colon but the last line end; folds are CRLF, whatever the stored copy has."""
    start: int
    """Offset of the name in the message."""
    space: bytes = b""
    """Between name and colon."""

    @property
    def key(self) -> str:
        """The name in lower case."""
        return self.name.lower()

    @cached_property
    def text(self) -> str:
        """The value unfolded (RFC 5322 section 2.2.3), without the space around it. Encoded words stay encoded."""
        joined = self.raw.replace(b"\r\n", b"")
        try:
            return joined.decode("utf-8").strip(" \t")  # RFC 6532 section 3.1
        except UnicodeDecodeError:
            return joined.decode("latin-1").strip(" \t")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A message in its pieces."""

    fields: tuple[HeaderField, ...]
    body: bytes = field(repr=False)
    """Line ends as stored."""
    header_size: int
    """Bytes before the body."""
    line_ends: LineEnds
    problems: tuple[Problem, ...]
    whole: bool
    """False: something was beyond our bounds and was left out."""


def cut_message(raw: bytes) -> Cut:
    """Cut a message as it was stored. What is odd is in `problems`."""
    reader = _Reader(raw[:MAX_MESSAGE])
    if len(raw) > MAX_MESSAGE:
        reader.lost = True
        reader.problem(MAX_MESSAGE, "too-large", f"more than {MAX_MESSAGE:,} bytes; the rest was not read")
    header_end, body_start = reader.divide()
    fields = reader.fields(header_end)
    reader.faults(header_end)
    return Cut(
        fields=fields,
        body=reader.raw[body_start:],
        header_size=body_start,
        line_ends=reader.line_ends(),
        problems=tuple(reader.problems),
        whole=not reader.lost,
    )


class _Reader:
    """Cuts the bytes into header and body, notes what is odd."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.problems: list[Problem] = []
        self.lost = False
        self.start = 0

    def problem(self, position: int, kind: str, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(position=position, kind=kind, message=message))

    def divide(self) -> tuple[int, int]:
        """Return where the header ends and the body begins."""
        if self.raw.startswith(b"\xef\xbb\xbf"):
            self.start = 3
            self.problem(0, "byte-order-mark", "a mark that an editor put in front of the message")
        while self.raw[self.start : self.start + 2] == b"\r\n" or self.raw[self.start : self.start + 1] == b"\n":
            self.start += 2 if self.raw[self.start : self.start + 1] == b"\r" else 1
        if self.raw[self.start : self.start + 5] in (b"From ", b">From"):  # the line between messages of an mbox file
            self.start = self.raw.find(b"\n", self.start) + 1 or len(self.raw)
        window = self.raw[self.start : self.start + MAX_HEADER]
        ended = re.search(rb"(?:\A|\n)\r?\n", window)
        if ended:
            return self.start + ended.start() + (window[ended.start() : ended.start() + 1] == b"\n"), self.start + ended.end()
        if self.start + MAX_HEADER < len(self.raw):
            self.problem(
                self.start + MAX_HEADER, "header-too-large", f"a header of more than {MAX_HEADER:,} bytes; the rest was not read"
            )
            self.lost = True
        return self.start + len(window), len(self.raw)

    def fields(self, end: int) -> tuple[HeaderField, ...]:
        """Read the header fields."""
        found: list[HeaderField] = []
        for start, after in self._folded(end):
            text = self.raw[start : min(after, start + MAX_READ)]
            match = _FIELD.match(text)
            if match is None:
                self.problem(start, "bad-field", "a line in the header that is no field")
                continue
            if len(found) == MAX_FIELDS:
                self.problem(start, "too-many-fields", f"more than {MAX_FIELDS:,} header fields; the rest was not read")
                self.lost = True
                break
            value = re.sub(rb"\r?\n", b"\r\n", text[match.end() :])
            if len(value) > MAX_FIELD:
                self.problem(start, "long-field", f"a header field of more than {MAX_FIELD:,} bytes; the rest of it was not read")
                self.lost = True
            found.append(
                HeaderField(
                    index=len(found),
                    name=match.group(1).decode("ascii"),
                    raw=value[:MAX_FIELD],
                    start=start,
                    space=text[match.end(1) : match.end() - 1],
                )
            )
        return tuple(found)

    def _folded(self, end: int) -> Iterator[tuple[int, int]]:
        """Yield where each field begins, and where its last line ends, without that line's end (RFC 5322 section 2.2.3).

        Only places, as lines of two bytes would cost twenty times their size.
        """
        begun, last = -1, -1
        at = self.start
        while at < end:
            feed = self.raw.find(b"\n", at, end)
            stop = end if feed < 0 else feed
            bare = stop - (self.raw[at:stop][-1:] == b"\r")
            if begun >= 0 and self.raw[at : at + 1] in (b" ", b"\t") and bare > at:
                last = bare
            else:
                if last > begun >= 0:
                    yield begun, last
                begun, last = at, bare
            at = stop + 1
        if last > begun >= 0:
            yield begun, last

    def line_ends(self) -> LineEnds:
        """Tell how lines end."""
        pairs, feeds = self.raw.count(b"\r\n"), self.raw.count(b"\n")
        if feeds == 0:
            return LineEnds.NONE
        return LineEnds.CRLF if pairs == feeds else LineEnds.LF if pairs == 0 else LineEnds.MIXED

    def faults(self, header_end: int) -> None:
        """Note bytes that do not belong into a message."""
        raw = self.raw
        if self.line_ends() is LineEnds.MIXED:
            self.problem(
                _first_bare_feed(raw), "bare-line-feed", "some lines end in CRLF, others in a bare line feed"
            )  # RFC 5321 section 2.3.8
        if raw.count(b"\r") != raw.count(b"\r\n"):
            self.problem(0, "bare-return", "a carriage return without a line feed")
        if (null := raw.find(b"\0")) >= 0:
            self.problem(null, "null-byte", "a NUL byte")  # RFC 5322 section 4
        if (long := _long_line(raw)) >= 0:
            self.problem(long, "long-line", f"a line of more than {MAX_LINE} characters")
        if not raw[:header_end].isascii():
            self.problem(0, "eight-bit-header", "characters beyond ASCII in the header")  # allowed with SMTPUTF8 only (RFC 6532)


def _first_bare_feed(raw: bytes) -> int:
    found = re.search(rb"(?<!\r)\n", raw)
    return found.start() if found else 0


def _long_line(raw: bytes) -> int:
    """Return where the first line of more than `MAX_LINE` characters begins, or -1. Looks at each stretch of bytes at most twice."""
    at = 0
    while len(raw) - at > MAX_LINE:
        window = raw.rfind(b"\n", at, at + MAX_LINE + 2)  # the line end may be CRLF
        if window < 0:
            return at
        at = window + 1
    return -1
