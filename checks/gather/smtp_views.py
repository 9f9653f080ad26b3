"""Other ways to read a text: undoes the usual encodings of characters, so that what is hidden in them can be looked for. Pure and bounded.

Nothing here knows what is looked for, and no reading is more than a guess: octets out of ordinary words are noise.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterator

_ESCAPED = re.compile(
    r"%([0-9A-Fa-f]{2})"  # RFC 3986 section 2.1
    r"|=([0-9A-Fa-f]{2})"  # RFC 2045 section 6.7
    r"|\\x([0-9A-Fa-f]{2})"
    r"|\b0x([0-9A-Fa-f]{2})(?![0-9A-Fa-f])"
    r"|\\u\{?([0-9A-Fa-f]{4,6})\}?"
    r"|[Uu]\+([0-9A-Fa-f]{4,6})"
    r"|&#[xX]([0-9A-Fa-f]{1,6});?"
    r"|&#([0-9]{1,7});?"
    r"|\\([0-3]?[0-7]{2})"
)
_DECIMAL, _OCTAL = 8, 9  # the groups that are not hexadecimal
_WORD = re.compile(rb"[A-Za-z0-9]+")
_ENCODED_WORD = re.compile(rb"[A-Za-z0-9+/_-]{2,}={0,2}")
_LONG = re.compile(rb"[A-Za-z0-9+/]{12,}")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ALL = bytes(range(256))
_NOT_BASE64 = bytes(octet for octet in _ALL if octet not in _ALPHABET)
_UU = bytes(range(0x20, 0x60))  # of uuencode; what is a space in some is a grave accent in others
_FROM_UU = bytes.maketrans(_UU + b"`", _ALPHABET + _ALPHABET[:1])
_NOT_UU = bytes(octet for octet in _ALL if octet not in _UU + b"`")
_NOT_BASE32 = bytes(octet for octet in _ALL if octet not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def unescaped(text: str) -> str:
    """Undo escapes of single characters: of URLs, mail, HTML and programming languages."""
    return html.unescape(_ESCAPED.sub(_character, text.replace("=\n", "")))


def _character(match: re.Match[str]) -> str:
    group = match.lastindex or 0
    number = int(match[group], {_DECIMAL: 10, _OCTAL: 8}.get(group, 16))
    return chr(number) if number < 0x110000 else " "


def folded(text: str) -> str:
    """Read a Latin-1 text as the UTF-8 that it may be, with characters in their plain shape (full-width letters, for one)."""
    return unicodedata.normalize("NFKC", text.encode("latin-1", "ignore").decode("utf-8", "ignore"))


def readings(text: str) -> Iterator[bytes]:
    """Yield what the text could be if it is encoded as a whole or in pieces; base64 also twice."""
    octets = text.encode("latin-1", "replace")
    yield from _in_numbers(octets)
    yield from _in_base32(octets)
    for alphabet in (_NOT_UU, _NOT_UU + b" "):
        yield from _phases(octets.translate(_FROM_UU, alphabet))
    yield b"".join(_alone(word) for word in _ENCODED_WORD.findall(octets))
    for once in _in_base64(octets):
        yield once
        again = b"".join(_LONG.findall(once))
        if again:
            yield from _in_numbers(once)
            yield from _phases(again)


def _in_base64(octets: bytes) -> Iterator[bytes]:
    yield from _phases(octets.translate(None, _NOT_BASE64))
    if b"-" in octets or b"_" in octets:  # RFC 4648 section 5
        yield from _phases(octets.translate(bytes.maketrans(b"-_", b"+/")).translate(None, _NOT_BASE64))


def _phases(encoded: bytes) -> Iterator[bytes]:
    """Decode base64 from each place where it may begin: what stands in front shifts it."""
    for start in range(min(4, len(encoded))):
        whole = len(encoded) - (len(encoded) - start) % 4
        yield binascii.a2b_base64(encoded[start:whole] + _filled(encoded[whole:]))


def _filled(rest: bytes) -> bytes:
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _alone(word: bytes) -> bytes:
    """Decode one word of base64 that has its own padding."""
    stripped = word.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    whole = len(stripped) - len(stripped) % 4
    return binascii.a2b_base64(stripped[:whole] + _filled(stripped[whole:]))


def _in_base32(octets: bytes) -> Iterator[bytes]:
    encoded = octets.upper().translate(None, _NOT_BASE32)
    for start in range(min(8, len(encoded))):
        part = encoded[start:]
        yield base64.b32decode(part + b"A" * (-len(part) % 8))


def _in_numbers(octets: bytes) -> Iterator[bytes]:
    """Read words as numbers of characters: hexadecimal in one row or apart, decimal, octal, binary."""
    words = _WORD.findall(octets)
    row = b"".join(word for word in words if _only(word, b"0123456789abcdefABCDEF"))
    for start in (0, 1):
        part = row[start:]
        yield bytes.fromhex(part[: len(part) // 2 * 2].decode())
    yield bytes(int(word) for word in words if len(word) in (2, 3) and word.isdigit() and int(word) < 256)
    yield _each(words, b"01234567", (2, 3), lambda word: int(word, 8))
    yield _each(words, b"01", (7, 8), lambda word: int(word, 2))


def _each(words: list[bytes], digits: bytes, lengths: tuple[int, ...], number: Callable[[bytes], int]) -> bytes:
    return bytes(number(word) & 0xFF for word in words if len(word) in lengths and _only(word, digits))


def _only(word: bytes, characters: bytes) -> bool:
    return not word.translate(None, characters)
