"""Reads one HTTP/1.x answer from octets (RFC 9112), bounded in every direction. Pure; whoever reads the socket feeds it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from checks.probes import HttpsFault

MAX_HEAD = 16_384  # octets of status line and headers; ordinary servers need a tenth
MAX_HEADERS = 100
MAX_BODY = 65_536  # octets (RFC 8461 section 3.3 lets senders stop there)
MAX_WIRE = 2 * MAX_BODY  # octets behind the head, with the sizes of chunks; more is padding
MAX_CHUNK_LINE = 256
MAX_INTERIM = 5  # answers with a code below 200 before the real one

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n\x00]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*)")
_LENGTH = re.compile(r"[0-9]{1,20}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")


class UnreadableError(Exception):
    """The answer cannot be used."""

    def __init__(self, fault: HttpsFault, detail: str) -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(detail)


@dataclass(kw_only=True)
class HttpReply:
    """An answer, as far as it has come. `feed` it until it is `complete`; both raise `UnreadableError`."""

    status: int = 0
    """0 while the head is not complete."""
    headers: dict[str, list[str]] = field(default_factory=dict)
    """Names in lower case, values as received (Latin-1)."""
    complete: bool = False
    _body: bytearray = field(default_factory=bytearray)
    _buffer: bytearray = field(default_factory=bytearray)
    _received: int = 0
    _searched: int = 0
    _interim: int = 0
    _chunked: bool = False
    _left: int | None = None
    """Octets that the body, or the chunk at hand, still lacks; None: not known."""

    @property
    def body(self) -> bytes:
        """What a 200 carried; empty for every other answer."""
        return bytes(self._body)

    def header(self, name: str) -> str:
        """Return the first header of that name, or nothing."""
        return (self.headers.get(name) or [""])[0]

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._buffer += data
        while not self.complete and not self.status and self._head():
            pass
        if self.status and not self.complete:
            self._received += len(data)
            if self._received > MAX_WIRE + MAX_HEAD:
                raise UnreadableError(HttpsFault.TOO_LONG, "the answer does not end")
            self._take_body()

    def end(self) -> None:
        """The peer has hung up: right only for a body without stated length (RFC 9112 section 6.3)."""
        if self.complete:
            return
        if not self.status or self._chunked or self._left is not None:
            raise UnreadableError(HttpsFault.CLOSED, "the server hung up before its answer was complete")
        self.complete = True

    # --- head ---------------------------------------------------------------------------------------------------------

    def _head(self) -> bool:
        """Read status line and headers once they are all there. Return True if another head follows."""
        end = _END.search(self._buffer, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if (len(self._buffer) if end is None else end.end()) > MAX_HEAD:
            raise UnreadableError(HttpsFault.TOO_LONG, "the headers do not end")
        if end is None:
            if self._buffer and not b"HTTP/1.".startswith(self._buffer[:7]):
                raise UnreadableError(HttpsFault.MALFORMED, "something answers that is no web server")
            return False
        lines = re.split(rb"\r?\n", bytes(self._buffer[: end.start()]))
        del self._buffer[: end.end()]
        self._searched = 0
        first = _STATUS.fullmatch(lines[0])
        if first is None or len(lines) - 1 > MAX_HEADERS:
            fault = HttpsFault.MALFORMED if first is None else HttpsFault.TOO_LONG
            raise UnreadableError(fault, "the answer is no proper HTTP" if first is None else f"more than {MAX_HEADERS} headers")
        status = int(first[2])
        if status < 200:  # RFC 9110 section 15.2: interim answers come before the real one
            self._interim += 1
            if status == 101 or self._interim > MAX_INTERIM:
                raise UnreadableError(HttpsFault.MALFORMED, "the server does not come to its answer")
            return True
        self.headers = _headers(lines[1:])
        self.status = status
        self._frame(old=first[1] == b"0")
        return False

    def _frame(self, *, old: bool) -> None:
        """Find out where the body ends (RFC 9112 section 6.3)."""
        if self.status != 200:
            self.complete = True
            return
        coding = ", ".join(self.headers.get("transfer-encoding", ())).lower()
        lengths = {part.strip() for value in self.headers.get("content-length", ()) for part in value.split(",")}
        if (coding and (lengths or old)) or len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
            raise UnreadableError(HttpsFault.MALFORMED, "the answer contradicts itself about its length")
        if coding not in ("", "chunked") or self.header("content-encoding").lower() not in ("", "identity"):
            raise UnreadableError(HttpsFault.CODED, "the answer is compressed, which nobody asked for")
        self._chunked = bool(coding)
        self._left = int(lengths.pop()) if lengths else None
        if self._left is not None and self._left > MAX_BODY:
            raise _too_long()

    # --- body ---------------------------------------------------------------------------------------------------------

    def _take_body(self) -> None:
        if self._chunked:
            while not self.complete and self._chunk():
                pass
            return
        self._append(len(self._buffer) if self._left is None else self._left)
        self.complete = self._left == 0

    def _append(self, most: int) -> None:
        part = self._buffer[:most]
        del self._buffer[:most]
        self._body += part
        if self._left is not None:
            self._left -= len(part)
        if len(self._body) > MAX_BODY:
            raise _too_long()

    def _chunk(self) -> bool:
        """Take one step (RFC 9112 section 7.1). Return False if more octets are needed."""
        if self._left:
            self._append(self._left)
            return not self._left
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline:
            if len(line) > MAX_CHUNK_LINE:
                raise UnreadableError(HttpsFault.MALFORMED, "the answer is not cut into chunks as it says")
            return False
        self._buffer = rest
        if self._left == 0 and bytes(line) in (b"", b"\r"):  # the end of the chunk before
            self._left = None
            return True
        size = _CHUNK.fullmatch(line.removesuffix(b"\r")) if self._left is None and len(line) <= MAX_CHUNK_LINE else None
        if size is None:
            raise UnreadableError(HttpsFault.MALFORMED, "the answer is not cut into chunks as it says")
        self._left = int(size[1], 16)
        if self._left > MAX_BODY:
            raise _too_long()
        self.complete = self._left == 0  # trailers may follow; nobody needs them
        return True


def _too_long() -> UnreadableError:
    return UnreadableError(HttpsFault.TOO_LONG, f"the answer is longer than {MAX_BODY:,} octets")


def _headers(lines: list[bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:  # RFC 9112 section 5.2: a folded line is none either
            raise UnreadableError(HttpsFault.MALFORMED, "a header of the answer is no proper one")
        found.setdefault(match[1].decode("ascii").lower(), []).append(match[2].decode("latin-1").rstrip(" \t"))
    return found
