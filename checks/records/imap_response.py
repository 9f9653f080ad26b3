"""Octets from an IMAP server -> responses (RFC 3501 section 7, RFC 9051 section 7) and their tokens. What they mean is imap_meaning.

Pure, total and bounded: however the octets are cut into pieces, the same responses come out, and whatever a stranger announces,
nothing is held that has not arrived, nor more than the bounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LINE = 16_384  # octets between line ends; the longest honest line is a list of capabilities, about 1,000
MAX_PIECES = 16  # literals in one response; an answer to FETCH that we ask for has one
MAX_DEPTH = 8  # of lists in lists; LIST and our FETCH have one
SMALL_LITERAL = 4_096  # octets of a literal where no message is expected: a folder's name

_LITERAL = re.compile(rb"~?\{([0-9]{1,20})\}\Z")  # RFC 3501 section 4.3; ~ is RFC 3516
_STATUS = re.compile(r"(OK|NO|BAD|BYE|PREAUTH)(?:\s+(?:\[([^\]]*)\]\s*)?(.*))?", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"[!#$&',-9:;=?@A-Z^_`a-z|}~]{1,40}")  # RFC 3501 section 9: no +, *, ", \, %, brackets
# A section in brackets belongs to its atom (BODY[HEADER]); 200 bounds the search for its end.
_ATOM = re.compile(r'(?:\[[^\]"]{0,200}\]|[^\s()"])+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class ImapProblem:
    """Why octets are no response."""

    text: str
    """A sentence for a person."""
    position: int
    """Where in its line, in octets from 0."""
    too_long: bool = False
    """A bound was passed, as opposed to broken syntax."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """One whole response."""

    tag: str
    """`*` for untagged, `+` for "go on", else the tag of the command that it ends."""
    parts: tuple[str | bytes, ...]
    """What follows the tag: text (Latin-1) and, between two texts, a literal as octets."""

    @property
    def text(self) -> str:
        """The first line."""
        first = self.parts[0]
        return first if isinstance(first, str) else ""

    @property
    def word(self) -> str:
        """The first word, upper case."""
        return self.text.partition(" ")[0].upper()

    @property
    def shown(self) -> str:
        """All of it on one line for a transcript; literals are counted, not shown."""
        parts = (part if isinstance(part, str) else f"[literal, {len(part)} octets]" for part in self.parts)
        return f"{self.tag} {''.join(parts)}"

    @property
    def status(self) -> Status | None:
        """What a status response says; None if it is none (RFC 3501 section 7.1)."""
        match = _STATUS.fullmatch(self.text)
        if match is None:
            return None
        code = " ".join((match[2] or "").split())
        return Status(
            kind=match[1].upper(), code=code.partition(" ")[0].upper(), details=code.partition(" ")[2], text=match[3] or ""
        )


@dataclass(frozen=True, kw_only=True)
class Status:
    """OK, NO, BAD, BYE or PREAUTH."""

    kind: str
    code: str
    """The response code's first word, upper case, like AUTHENTICATIONFAILED (RFC 5530); empty if there is none."""
    details: str
    """What follows in the brackets."""
    text: str
    """For people."""

    def __str__(self) -> str:
        code = f"[{f'{self.code} {self.details}'.strip()}]" if self.code and self.code != "CAPABILITY" else ""
        return " ".join(part for part in (self.kind, code, self.text.strip()) if part)


class ResponseParser:
    """Takes octets as they come, gives responses. After a problem it gives nothing but the problem."""

    def __init__(self) -> None:
        self.literal_limit = SMALL_LITERAL
        """The most octets that the literals of one response may have together, for now."""
        self._buffer = bytearray()
        self._parts: list[str | bytes] = []
        self._tag = ""
        self._wanted: int | None = None
        self._literals = 0
        self._problem: ImapProblem | None = None

    def feed(self, octets: bytes) -> None:
        """Add what has arrived."""
        self._buffer += octets

    @property
    def waiting(self) -> bool:
        """Whether something has arrived that belongs to no response taken so far."""
        return bool(self._buffer or self._parts)

    @property
    def rest(self) -> bytes:
        """What has arrived and was not read yet."""
        return bytes(self._buffer)

    def take(self) -> Response | ImapProblem | None:
        """Return the next whole response, or what is wrong with it, or None while it is incomplete."""
        while self._problem is None:
            if self._wanted is not None:
                if len(self._buffer) < self._wanted:
                    return None
                with memoryview(self._buffer) as view:  # a slice would be a second copy
                    self._parts.append(bytes(view[: self._wanted]))
                del self._buffer[: self._wanted]
                self._wanted = None
            line = self._line()
            if line is None:
                return self._problem
            if self._add(line):
                return self._whole()
        return self._problem

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, MAX_LINE + 2)
        if end < 0:
            if len(self._buffer) >= MAX_LINE + 2:
                self._fail(f"a line has more than {MAX_LINE} octets", position=MAX_LINE, too_long=True)
            return None
        # A bare LF ends a line too, although RFC 3501 section 2.2 knows CRLF only: what is meant is clear.
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _add(self, line: bytes) -> bool:
        """Add one line; return whether it was the last of its response (a problem ends it as well)."""
        text = line.decode("latin-1")
        if not self._parts:
            tag, space, text = text.partition(" ")
            if not (tag in ("*", "+") or _TAG.fullmatch(tag)) or not (space or tag == "+"):
                self._fail("a line begins with neither * nor + nor the tag of a command")
                return True
            self._tag = tag
        literal = _LITERAL.search(line)
        if literal is None or (not self._parts and not self._may_hold_literals(text)):
            self._parts.append(text)
            return True
        self._parts.append(text[: len(text) - (literal.end() - literal.start())])
        size = int(literal[1])
        self._literals += size
        if self._literals > self.literal_limit:
            self._fail(
                f"the server announces {self._literals} octets where at most {self.literal_limit} are expected",
                position=literal.start(),
                too_long=True,
            )
            return True
        if len(self._parts) > 2 * MAX_PIECES:
            self._fail(f"a response has more than {MAX_PIECES} literals", too_long=True)
            return True
        self._wanted = size
        return False

    def _may_hold_literals(self, text: str) -> bool:
        """Words for people may end in braces without announcing anything."""
        return self._tag == "*" and _STATUS.fullmatch(text) is None

    def _whole(self) -> Response | ImapProblem:
        if self._problem is not None:
            return self._problem
        response = Response(tag=self._tag, parts=tuple(self._parts))
        self._parts, self._tag, self._literals = [], "", 0
        return response

    def _fail(self, text: str, *, position: int = 0, too_long: bool = False) -> None:
        self._problem = ImapProblem(text=text, position=position, too_long=too_long)


# --- tokens -----------------------------------------------------------------------------------------------------------

Token = str | bytes | list["Token"] | None
"""An atom; a string, quoted or literal; a list in parentheses; NIL."""


def tokens(response: Response) -> list[Token] | ImapProblem:
    """Take a data response apart. Never raises."""
    top: list[Token] = []
    stack = [top]
    for part in response.parts:
        if isinstance(part, bytes):
            stack[-1].append(part)
        elif problem := _tokens_of(part, stack):
            return problem
    return top if len(stack) == 1 else ImapProblem(text="a list in a response is not closed", position=0)


def _tokens_of(text: str, stack: list[list[Token]]) -> ImapProblem | None:
    position = 0
    while position < len(text):
        char = text[position]
        if char in "()":
            if problem := _nested(char, position, stack):
                return problem
            position += 1
        elif char.isspace():
            position += 1
        else:
            match = (_QUOTED if char == '"' else _ATOM).match(text, position)
            if match is None:
                return ImapProblem(text="a quoted string in a response is not closed", position=position)
            stack[-1].append(re.sub(r"(?s)\\(.)", r"\1", match[1]).encode("latin-1") if char == '"' else _atom(match[0]))
            position = match.end()
    return None


def _nested(char: str, position: int, stack: list[list[Token]]) -> ImapProblem | None:
    if char == "(":
        if len(stack) > MAX_DEPTH:
            return ImapProblem(text=f"lists in a response are nested deeper than {MAX_DEPTH}", position=position, too_long=True)
        inner: list[Token] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif len(stack) == 1:
        return ImapProblem(text="a list in a response ends that never began", position=position)
    else:
        stack.pop()
    return None


def _atom(text: str) -> str | None:
    return None if text.upper() == "NIL" else text
