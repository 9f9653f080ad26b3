"""SPF macros and domain-specs (RFC 7208 section 7): read, expand, and make a name of them. Pure; what is asked of DNS is elsewhere."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

MAX_NAME = 253  # RFC 7208 section 7.3; RFC 1035 section 2.3.4 counts it as 255 octets on the wire
MAX_LABEL = 63  # RFC 1035 section 2.3.4
MAX_TEXT = 4000  # an expansion that grows beyond this is no name and no explanation any more
ONLY_IN_EXPLANATIONS = frozenset("crt")  # RFC 7208 section 7.2
_LITERALS = {"%": "%", "_": " ", "-": "%20"}
_MACRO = re.compile(r"%\{([slodiphcrtv])([0-9]*)(r?)([.+,/_=-]*)\}", re.IGNORECASE)
_LABEL = re.compile(r"[0-9a-z-]+", re.IGNORECASE)
_NEVER_ASKED = re.compile(r"[\x00-\x1f\x7f\\]")
_ENDS_IN_MACRO = re.compile(r"%(?:\{[^{}]*\}|[%_-])$")


@dataclass(frozen=True, kw_only=True)
class Macro:
    """One macro: which value, how many labels from the right, reversed, split where."""

    letter: str
    keep: int
    """How many parts are kept, counted from the right; 0 keeps all."""
    reverse: bool
    delimiters: str
    escape: bool
    """Written in upper case: the value is percent-encoded."""


def split(text: str) -> tuple[str | Macro, ...] | None:
    """Read a macro-string; None if a % begins nothing that the grammar knows."""
    parts: list[str | Macro] = []
    at = 0
    while (found := text.find("%", at)) >= 0:
        if found > at:
            parts.append(text[at:found])
        following = text[found + 1 : found + 2]
        if following in _LITERALS:
            parts.append(_LITERALS[following])
            at = found + 2
            continue
        match = _MACRO.match(text, found)
        if match is None or (match[2] and not match[2].strip("0")):  # RFC 7208 section 7.3: the number MUST be nonzero
            return None
        parts.append(
            Macro(
                letter=match[1].lower(),
                keep=int(match[2][-4:]) if match[2] and len(match[2].lstrip("0")) <= 4 else MAX_TEXT if match[2] else 0,
                reverse=bool(match[3]),
                delimiters=match[4],
                escape=match[1].isupper(),
            )
        )
        at = match.end()
    if at < len(text):
        parts.append(text[at:])
    return tuple(parts)


def letters(text: str) -> frozenset[str]:
    """Return the letters of the macros in a macro-string."""
    return frozenset(part.letter for part in split(text) or () if isinstance(part, Macro))


def ends_well(domain_spec: str) -> bool:
    """Tell whether a domain-spec ends as RFC 7208 section 7.1 wants: in a macro, or in a dot and a top label that is not a number."""
    if _ENDS_IN_MACRO.search(domain_spec):
        return True
    _, dot, label = domain_spec.removesuffix(".").rpartition(".")
    return bool(dot and _LABEL.fullmatch(label)) and not label.isdigit() and not label.startswith("-") and not label.endswith("-")


def expand(text: str, value: Callable[[str], str]) -> str:
    """Replace the macros of a macro-string that `split` can read; `value` is asked for each letter. Bounded."""
    found: list[str] = []
    for part in split(text) or ():
        found.append(part if isinstance(part, str) else _transformed(part, value(part.letter)))
        if sum(map(len, found)) > MAX_TEXT:
            break
    return "".join(found)[:MAX_TEXT]


def _transformed(macro: Macro, text: str) -> str:
    pieces = re.split(f"[{re.escape(macro.delimiters or '.')}]", text)
    if macro.reverse:
        pieces.reverse()
    joined = ".".join(
        pieces[-macro.keep :] if macro.keep else pieces
    )  # RFC 7208 section 7.3: rejoined with dots, whatever split them
    return urllib.parse.quote(joined, safe="") if macro.escape else joined  # unreserved characters stay (RFC 3986 section 2.3)


def as_name(expanded: str) -> str:
    """Make a name of an expanded domain-spec: no trailing dot, and cut from the left until it fits (RFC 7208 section 7.3)."""
    name = expanded.removesuffix(".")
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def is_askable(name: str) -> bool:
    """Tell whether a name can be put into a DNS question: labels of 1 to 63 ASCII characters, at most 253 in all.

    A backslash would be read as an escape further down; no real name has one.
    """
    if not name or len(name) > MAX_NAME or not name.isascii() or _NEVER_ASKED.search(name):
        return False
    return all(0 < len(label) <= MAX_LABEL for label in name.split("."))


def static_name(domain_spec: str, *, domain: str, origin: str) -> str:
    """Expand what does not depend on the message (%{d}, %{o}); "" if the name differs from message to message."""
    if letters(domain_spec) - {"d", "o"}:
        return ""
    return as_name(expand(domain_spec, {"d": domain, "o": origin}.__getitem__)).lower()
