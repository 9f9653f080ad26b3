"""International domain names for a person: both forms, where showing the readable one cannot deceive. Pure."""

from __future__ import annotations

import unicodedata

import idna

from reports.escape import visible

PREFIX = "xn--"  # RFC 5890 section 2.3.2.1
MAX_NAME = 253  # RFC 1035 section 2.3.4; checked first, because the cost of decoding grows with the square of the length
TOGETHER = (
    frozenset({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
"""Scripts that one word may mix: Japanese, Korean and Chinese are written so (UTS 39 section 5.2, "highly restrictive", without Latin)."""


def both_forms(domain: str) -> str:
    """Return "müller.example (xn--mller-kva.example)"; the name as it is where there is no second form that can be trusted."""
    readable = u_form(domain)
    return f"{readable} ({domain})" if readable else domain


def u_form(domain: str) -> str:
    """Return the readable form of a name with A-labels; empty if there is none, or if it would mix scripts or not lead back."""
    if PREFIX not in domain or len(domain) > MAX_NAME or not domain.isascii():
        return ""
    labels = [_decoded(label) if label.startswith(PREFIX) else label for label in domain.split(".")]
    return ".".join(labels) if all(labels) and any(not label.isascii() for label in labels) else ""


def _decoded(label: str) -> str:
    try:
        found = idna.decode(label)
        back = idna.encode(found).decode("ascii")
    except (idna.IDNAError, UnicodeError, IndexError):
        return ""
    return found if back == label and visible(found) == found and _one_script(found) else ""


def _one_script(label: str) -> bool:
    scripts = {_script(char) for char in label if char != "-" and char not in "0123456789"}
    return len(scripts) == 1 or any(scripts <= mixed for mixed in TOGETHER)


def _script(char: str) -> str:
    """Name the script by the first word of the character's name: LATIN SMALL LETTER U WITH DIAERESIS."""
    return unicodedata.name(char, "UNKNOWN").partition(" ")[0]
