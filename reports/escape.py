r"""The one place that makes strangers' text fit to be shown. Knows no medium: HTML and terminal both go through here.

Text from DNS, mail servers and certificates may hold bytes that steer a terminal, turn the reading direction round or are
not seen at all. `visible` writes each of them out, like \u202e. It changes nothing else and is safe to apply twice.
"""

from __future__ import annotations

import re

MAX_LINE = 600  # a title or a step; longer ones carry somebody's 60 KB record, which report.json has in full
MAX_BLOCK = 8_000  # one observation, of several lines
MAX_VALUE = 4_500  # a DNS value to be copied: an RSA key of 16,384 bits still fits

_HIDDEN = (
    r"\x00-\x1f\x7f-\xa0"  # control characters (C0, DEL, C1) and the no-break space
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers, Mongolian selectors
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f"  # odd spaces, zero-width characters, bidirectional controls (UAX 9)
    r"\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\ud800-\udfff"  # half a surrogate pair is no character
    r"\ue000-\uf8ff"  # private use: looks different everywhere
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff"  # tags, selectors, private planes
)
_MARKS = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ANY = re.compile(f"[{_HIDDEN}]")
_ANY_BUT_LINES = re.compile(f"(?!\n)[{_HIDDEN}]")
_STACKED = re.compile(f"(?<=[{_MARKS}]{{3}})[{_MARKS}]")  # a fourth mark on one letter is there to paint over other lines


def visible(text: str, *, lines: bool = False) -> str:
    r"""Write out every character that cannot be seen or that does something, like \u001b. With `lines`, line feeds stay."""
    return _STACKED.sub(_named, (_ANY_BUT_LINES if lines else _ANY).sub(_named, text))


def _named(match: re.Match[str]) -> str:
    point = ord(match[0])
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def line(text: object, limit: int = MAX_LINE) -> str:
    """Return text as one visible line; what is beyond the limit is cut, and the true length said."""
    return _cut(text if isinstance(text, str) else str(text), limit, lines=False)


def block(text: object, limit: int = MAX_BLOCK) -> str:
    """Return text as visible lines; what is beyond the limit is cut, and the true length said."""
    return _cut(text if isinstance(text, str) else str(text), limit, lines=True)


def _cut(text: str, limit: int, *, lines: bool) -> str:
    if len(text) <= limit:
        return visible(text, lines=lines)
    return f"{visible(text[:limit], lines=lines)} ... (cut here; {len(text):,} characters in all, report.json has them)"


def door(value: object) -> object:
    """Last step of every template expression: whatever reaches a page has been made visible, also where somebody forgot."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value, lines=True)
    return value
