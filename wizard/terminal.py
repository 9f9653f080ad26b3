"""The one door to the terminal: nothing that a stranger wrote reaches it unescaped (CWE-150)."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TextIO

_INVISIBLE = frozenset((0x00AD, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF))


def safe(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return the text with control, bidirectional and invisible characters written out, like `\u202e`."""
    return "".join(_visible(char, keep_newlines) for char in text)


def _visible(char: str, keep_newlines: bool) -> str:
    if char == "\n" and keep_newlines:
        return char
    point = ord(char)
    if point < 0x20 or 0x7F <= point < 0xA0 or point in _INVISIBLE or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co"):
        return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
    return char


def wants_colour(stream: TextIO | None = None) -> bool:
    """Tell whether colour is welcome: NO_COLOR and TERM=dumb say no, FORCE_COLOR says yes, else a terminal does."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def can_prompt() -> bool:
    """Tell whether a person is there to answer: stdin and stderr are both terminals."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
