"""The parts of a MIME message (RFC 2046): an outline with sizes, and the text of one part.

Pure, total, bounded; nothing is run or unpacked.

- `outline(content_type, encoding, body) -> Outline`: the parts in order, with their place in the body
- `part_text(body, part) -> str`: a text part decoded, with plain line feeds as line ends
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from email.message import Message

from checks.records.tags import MAX_PROBLEMS, Problem

MAX_PARTS = 200
MAX_DEPTH = 20
MAX_LINES = 100_000  # lines that look like a boundary
MAX_PART_HEADER = 16_384
MAX_CONTENT_TYPE = 2_000
MAX_DECODED = 1_000_000  # of one part's text
_CANDIDATE = re.compile(rb"(?:\A|\n)(--[^\r\n]{1,80})")  # a boundary has at most 70 characters (RFC 2046 section 5.1.1)
_CHARSETS = re.compile(r"(?:utf-8|us-ascii|iso-8859-\d{1,2}|windows-125\d)\Z")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part. The message as a whole is the first one."""

    number: str
    """Like 1, 1.2; the message as a whole is ""."""
    depth: int
    type: str
    """Like text/plain; lower case."""
    charset: str
    encoding: str
    """Content-Transfer-Encoding, lower case; 7bit if not given (RFC 2045 section 6.1)."""
    filename: str
    """A stranger's text."""
    start: int
    end: int
    """Where its contents lie in the message's body."""

    @property
    def size(self) -> int:
        """Bytes, encoded as they are."""
        return self.end - self.start

    @property
    def multipart(self) -> bool:
        """It only holds other parts."""
        return self.type.startswith("multipart/")


@dataclass(frozen=True, kw_only=True)
class Outline:
    """All parts, as far as they were read."""

    parts: tuple[Part, ...]
    problems: tuple[Problem, ...]

    @property
    def leaves(self) -> tuple[Part, ...]:
        """The parts with contents of their own."""
        return tuple(part for part in self.parts if not part.multipart)


@dataclass
class _Open:
    """A multipart whose closing line has not come yet."""

    boundary: bytes
    number: str
    depth: int
    count: int = 0


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.parts: list[Part] = []
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.current: tuple[str, int, int, str, str] | None = None  # number, depth, start, content type, encoding

    def problem(self, position: int, kind: str, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(position=position, kind=kind, message=message))

    def begin(self, number: str, depth: int, start: int, content_type: str, encoding: str) -> None:
        kind = _described(content_type)
        if kind.type.startswith("multipart/"):
            self.parts.append(_part(kind, number, depth, encoding, start, len(self.body)))
            self.current = None
            if not kind.boundary:
                self.problem(start, "no-boundary", "a multipart without a boundary")
            elif depth >= MAX_DEPTH:
                self.problem(start, "too-deep", f"parts within parts more than {MAX_DEPTH} deep")
            else:
                self.open.append(_Open(kind.boundary, number, depth))
        else:
            self.current = (number, depth, start, content_type, encoding)

    def finish(self, end: int) -> None:
        if self.current is not None:
            number, depth, start, content_type, encoding = self.current
            self.parts.append(_part(_described(content_type), number, depth, encoding, start, max(start, end)))
            self.current = None

    def line(self, start: int, text: bytes, after: int) -> bool:
        """Take one line that may be a boundary; False: stop reading."""
        for level in range(len(self.open) - 1, -1, -1):
            mark = b"--" + self.open[level].boundary
            if text == mark + b"--":
                self.finish(start)
                del self.open[level:]
                return bool(self.open)
            if text == mark:
                self.finish(start)
                del self.open[level + 1 :]
                return self.next_part(after)
        return True

    def next_part(self, after: int) -> bool:
        if len(self.parts) >= MAX_PARTS:
            self.problem(after, "too-many-parts", f"more than {MAX_PARTS} parts; the rest was not read")
            return False
        outer = self.open[-1]
        outer.count += 1
        number = f"{outer.number}.{outer.count}".lstrip(".")
        content_type, encoding, start = _part_header(self.body, after)
        self.begin(number, outer.depth + 1, start, content_type, encoding)
        return True


def outline(content_type: str, encoding: str, body: bytes) -> Outline:
    """Return the parts of a body. `content_type` and `encoding` are the message's own fields."""
    reader = _Reader(body)
    reader.begin("", 0, 0, content_type, encoding)
    if reader.open:
        for count, match in enumerate(_CANDIDATE.finditer(body)):
            if count == MAX_LINES:
                reader.problem(match.start(), "too-many-lines", f"more than {MAX_LINES:,} lines that begin with --")
                break
            if not reader.line(_before(body, match.start(1)), match.group(1).rstrip(b" \t"), match.end()):
                break
    reader.finish(len(body))
    if reader.open:
        reader.problem(len(body), "unclosed-part", "a multipart without its closing line")
    parts = sorted(reader.parts, key=lambda part: (part.start, part.depth))
    return Outline(parts=tuple(parts), problems=tuple(reader.problems))


def part_text(body: bytes, part: Part) -> str:
    """Return the text of a part, at most `MAX_DECODED` characters; bytes that fit no character are replaced."""
    raw = body[part.start : part.end][: 2 * MAX_DECODED]
    if part.encoding == "base64":
        raw = _from_base64(raw)
    elif part.encoding == "quoted-printable":
        raw = binascii.a2b_qp(raw)
    charset = part.charset if _CHARSETS.match(part.charset) else "utf-8"
    try:
        text = raw.decode(charset, "replace")
    except LookupError:  # iso-8859-12 never came to be
        text = raw.decode("latin-1")
    return text[:MAX_DECODED].replace("\r\n", "\n")


def _from_base64(text: bytes) -> bytes:
    """Decode what can be decoded: line ends and other strays do not count (RFC 2045 section 6.8), nor does a lone last character."""
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


@dataclass(frozen=True, kw_only=True)
class _Described:
    type: str
    boundary: bytes
    charset: str
    filename: str


def _described(content_type: str) -> _Described:
    """Read a Content-Type field (RFC 2045 section 5); anything unreadable is text/plain (section 5.2)."""
    carrier = Message()
    try:
        carrier["Content-Type"] = " ".join(content_type[:MAX_CONTENT_TYPE].split())
        kind = carrier.get_content_type()
        boundary = str(carrier.get_boundary("") or "")
        charset = str(carrier.get_content_charset("us-ascii") or "")
        filename = str(carrier.get_filename("") or "")
    except Exception:  # noqa: BLE001 - the library's slip on a stranger's field
        kind, boundary, charset, filename = "text/plain", "", "us-ascii", ""
    return _Described(
        type=kind, boundary=boundary.encode("utf-8", "replace")[:70], charset=charset.lower(), filename=filename[:200]
    )


def _part(kind: _Described, number: str, depth: int, encoding: str, start: int, end: int) -> Part:
    return Part(
        number=number,
        depth=depth,
        type=kind.type,
        charset=kind.charset,
        encoding=encoding.strip().lower()[:40] or "7bit",
        filename=kind.filename,
        start=start,
        end=end,
    )


def _part_header(body: bytes, after: int) -> tuple[str, str, int]:
    """Return Content-Type and encoding of the part whose boundary line ends at `after`, and where its contents begin."""
    start = body.find(b"\n", after) + 1 or len(body)
    window = body[start : start + MAX_PART_HEADER]
    if window[:1] == b"\n" or window[:2] == b"\r\n":
        return "", "", start + window.find(b"\n") + 1
    ended = re.search(rb"\n\r?\n", window)
    block = window[: ended.start()] if ended else window
    fields = {
        name.strip().lower(): value.strip()
        for name, colon, value in (
            line.partition(":") for line in re.sub(r"\r?\n[ \t]+", " ", block.decode("latin-1")).split("\n")
        )
        if colon
    }
    return (
        fields.get("content-type", ""),
        fields.get("content-transfer-encoding", ""),
        start + (ended.end() if ended else len(block)),
    )


def _before(body: bytes, start: int) -> int:
    """Return where the contents before a boundary line end: its line break belongs to the boundary (RFC 2046 section 5.1.1)."""
    if body[start - 2 : start] == b"\r\n":
        return start - 2
    return start - 1 if body[start - 1 : start] == b"\n" else start
