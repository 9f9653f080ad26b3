"""The small grammar that header fields share: comments, quoted strings, encoded words, mailboxes (RFC 5322 section 3.2 and 3.4).

Pure, total and linear: any text in, something out; a comment or quote that never ends reaches to the end. Text beyond `MAX_TEXT` is
not looked at, nor is what follows `MAX_TOKENS` pieces: a field of nothing but marks costs no more than a long honest one.

- `lex(text) -> tuple[Token, ...]`: words, quoted strings, comments, single marks
- `without_comments(text) -> str`: comments become a space
- `split_at(text, mark) -> tuple[str, ...]`: pieces between marks that stand outside comments and quotes
- `decode_words(text) -> str`: encoded words (RFC 2047) read; what cannot be read stays
- `read_mailboxes(text) -> Mailboxes`: addresses of From, Reply-To ..., and whether all of it was understood
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from checks.probes import normal_name

MAX_TEXT = 16_384  # of one field; a Received or From field of that length is no honest one
MAX_TOKENS = 2_000  # of one field; a hundred recipients with names have about 1,000
MAX_MAILBOXES = 100
_WORD = re.compile(r"[^\s()\"\\;,<>\[\]]+")
_SPACE = re.compile(r"\s+")
_LITERAL = re.compile(r"\[[^\[\]\\()\"]{0,100}\]")
_ENCODED = re.compile(r"=\?([A-Za-z0-9_-]{1,40})(?:\*[A-Za-z0-9-]{0,40})?\?([QqBb])\?([^? \t\r\n]{0,2000})\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(=\?)")
_CHARSETS = re.compile(
    r"(?:utf-8|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr)\Z"
)


class Kind(Enum):
    """What a token is."""

    WORD = 1
    QUOTED = 2
    COMMENT = 3
    LITERAL = 4  # [192.0.2.1]
    MARK = 5  # ; , < > and brackets that belong to nothing


@dataclass(frozen=True, kw_only=True)
class Token:
    """One piece of a field."""

    kind: Kind
    text: str
    """Comments and quoted strings without their marks and escapes; literals with their brackets."""
    start: int
    end: int
    """Offsets into the text."""


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One address of a field."""

    name: str
    """The display name, encoded words read; a stranger's text."""
    address: str
    """As written, without angle brackets; empty for the null reverse-path <>."""

    @property
    def domain(self) -> str:
        """Behind the last @; lower case, A-label."""
        return normal_name(self.address.rpartition("@")[2]) if "@" in self.address else ""

    @property
    def local(self) -> str:
        """Before the last @."""
        return self.address.rpartition("@")[0]


@dataclass(frozen=True, kw_only=True)
class Mailboxes:
    """The addresses of a field, and whether all of it was understood."""

    found: tuple[Mailbox, ...]
    clear: bool
    """Every part was exactly one address; False: readers may differ in what they take out of it."""


def lex(text: str) -> tuple[Token, ...]:
    """Cut a field into tokens."""
    return tuple(_tokens(text[:MAX_TEXT]))


def without_comments(text: str) -> str:
    """Return the text with a space for each comment (RFC 5322 section 3.2.2)."""
    text = text[:MAX_TEXT]
    pieces, at = [], 0
    for token in _tokens(text):
        if token.kind is Kind.COMMENT:
            pieces.append(text[at : token.start])
            at = token.end
    return " ".join([*pieces, text[at:]])


def split_at(text: str, mark: str) -> tuple[str, ...]:
    """Cut at a mark (one of ; , < >) wherever it stands outside comments, quotes and literals."""
    text = text[:MAX_TEXT]
    pieces, at = [], 0
    for token in _tokens(text):
        if token.kind is Kind.MARK and token.text == mark:
            pieces.append(text[at : token.start])
            at = token.end
    return (*pieces, text[at:])


def _tokens(text: str) -> Iterator[Token]:
    at = count = 0
    while at < len(text) and count < MAX_TOKENS:
        char = text[at]
        if char.isspace():
            at += 1
            continue
        if char == "(":
            end, inner = _comment(text, at)
            token = Token(kind=Kind.COMMENT, text=inner, start=at, end=end)
        elif char == '"':
            end, inner = _quoted(text, at)
            token = Token(kind=Kind.QUOTED, text=inner, start=at, end=end)
        elif char == "[" and (literal := _LITERAL.match(text, at)):
            token = Token(kind=Kind.LITERAL, text=literal.group(), start=at, end=literal.end())
        elif word := _WORD.match(text, at):
            token = Token(kind=Kind.WORD, text=word.group(), start=at, end=word.end())
        else:
            token = Token(kind=Kind.MARK, text=char, start=at, end=at + 1)
        yield token
        at, count = token.end, count + 1


def _comment(text: str, start: int) -> tuple[int, str]:
    """Return the end and the contents of a comment; comments nest (RFC 5322 section 3.2.2). Inner ones keep their brackets."""
    depth, at, inner = 0, start, []
    while at < len(text):
        char = text[at]
        if char == "\\":
            inner.append(text[at + 1 : at + 2])
            at += 2
            continue
        depth += (char == "(") - (char == ")")
        at += 1
        if depth == 0:
            break
        if at - 1 > start:
            inner.append(char)
    return min(at, len(text)), _SPACE.sub(" ", "".join(inner)).strip()


def _quoted(text: str, start: int) -> tuple[int, str]:
    at, inner = start + 1, []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 1
        inner.append(text[at : at + 1])
        at += 1
    return min(at + 1, len(text)), "".join(inner)


def decode_words(text: str) -> str:
    """Read encoded words (RFC 2047); what cannot be read stays as it is."""
    joined = _BETWEEN.sub(r"\1\2", text[:MAX_TEXT])  # RFC 2047 section 6.2: the space between two of them is not shown
    return _ENCODED.sub(_one_word, joined)


def _one_word(match: re.Match[str]) -> str:
    charset, how, data = match.group(1).lower(), match.group(2).lower(), match.group(3)
    if not _CHARSETS.match(charset) or not data.isascii():
        return match.group()
    try:
        if how == "b":
            raw = binascii.a2b_base64(data + "=" * (-len(data) % 4))
        else:
            raw = binascii.a2b_qp(data.encode("ascii"), header=True)
        return raw.decode(charset)
    except (ValueError, LookupError):
        return match.group()


def read_mailboxes(text: str) -> Mailboxes:
    """Read a list of mailboxes (RFC 5322 section 3.4). Groups count as what is in them."""
    found: list[Mailbox] = []
    tokens = lex(text)
    clear = len(text) <= MAX_TEXT and len(tokens) < MAX_TOKENS
    for number, piece in enumerate(_addresses(tokens)):
        if number == MAX_MAILBOXES:
            clear = False
            break
        box, understood = _mailbox(piece)
        clear = clear and understood
        if box is not None:
            found.append(box)
    return Mailboxes(found=tuple(found), clear=clear)


def _addresses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each address, without comments; a comma inside < > (the old source route) divides nothing."""
    piece: list[Token] = []
    angle = False
    for token in tokens:
        if token.kind is Kind.COMMENT:
            continue
        mark = token.text if token.kind is Kind.MARK else ""
        angle = (angle or mark == "<") and mark != ">"
        if mark in (",", ";") and not angle:
            if piece:
                yield piece
            piece = []
        elif token.kind is Kind.WORD and token.text.endswith(":") and not angle:
            piece = []  # the name of a group
        else:
            piece.append(token)
    if piece:
        yield piece


def _mailbox(piece: list[Token]) -> tuple[Mailbox | None, bool]:
    marks = [at for at, token in enumerate(piece) if token.kind is Kind.MARK]
    opened = next((at for at in marks if piece[at].text == "<"), None)
    if opened is None:
        address = _joined(piece)
        return (Mailbox(name="", address=address), not marks and _plausible(address)) if address else (None, False)
    closed = next((at for at in marks if at > opened and piece[at].text == ">"), len(piece))
    name = decode_words(" ".join(token.text for token in piece[:opened]))
    address = _joined(piece[opened + 1 : closed]).rpartition(":")[2]  # behind a source route (RFC 5321 section 4.1.1.3)
    whole = closed == len(piece) - 1 and len(marks) == 2
    tidy = not any(token.kind is Kind.WORD and "@" in token.text for token in piece[:opened])  # an unquoted @ in the name
    return Mailbox(name=name, address=address), whole and tidy and (not address or _plausible(address))


def _joined(tokens: list[Token]) -> str:
    return "".join(f'"{token.text}"' if token.kind is Kind.QUOTED else token.text for token in tokens)


def _plausible(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain) and (local.startswith('"') or not ("@" in local or ":" in local))
