"""Looks for a password in what a run wrote: in one piece, in small pieces with anything between them, and in the encodings of `SPELLINGS`."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import urllib.parse
from collections.abc import Callable, Iterator
from functools import cache

from tests.hostile.mail_servers import CORE, PASSWORD

RUN = 6  # letters and digits of the password in a row
ENCODED_RUN = 10
DENSE_RUN = 8
BETWEEN = re.compile(
    r"<[^>]*>|&[a-z]+;"
    r'|"(?:direction|text)"|"S"|\bS:?\s'
    r"|\b[2-5][0-9]{2}[- ](?:[245]\.[0-9]{1,3}\.[0-9]{1,3}\s)?"
    r"|\bpart\s[0-9]+:",
    re.IGNORECASE,
)
"""What a report puts between two lines of a server, and what a server of ours puts there."""


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "backwards": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "base64": lambda text: _b64(text.encode()),
    "base64 of UTF-16": lambda text: _b64(text.encode("utf-16-le")),
    "base64 of base64": lambda text: _b64(_b64(text.encode()).encode()),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "uuencode": lambda text: binascii.b2a_uu(text.encode()).decode().strip(),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "\\u": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "0x": lambda text: " ".join(f"0x{octet:02x}" for octet in text.encode()),
    "hex": lambda text: text.encode().hex(),
}


def leaks(text: str, password: str = PASSWORD) -> list[str]:
    """Return which forms of the password a text shows, after undoing any escaping of the text itself."""
    found = _in_one_piece(text) if CORE in password else []
    squeezed = {"whole": bare(text), "lines put together": bare(BETWEEN.sub(" ", html.unescape(text)))}
    dense = re.sub(r"\s+", "", html.unescape(text))
    for name, (runs, solid) in _pieces(password).items():
        found += [f"{name}, in pieces, {how}" for how, shown in squeezed.items() if any(run in shown for run in runs)]
        found += [f"{name}, dense"] if any(run in dense for run in solid) else []
    return found


def bare(text: str) -> str:
    """Return a text's letters and digits, in small letters."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())


@cache
def _pieces(password: str) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return pieces of each spelling: to be looked for among letters and digits alone, and among all that is no space."""
    secret = CORE if CORE in password else password
    found = {}
    for name, spell in SPELLINGS.items():
        plain = name in ("as it is", "backwards", "rot13")
        whole = spell(secret if plain else password)
        size = RUN if CORE in password or " " in password else len(bare(secret))  # ordinary words count only together
        solid = _runs(re.sub(r"\s+", "", whole), DENSE_RUN) if name == "uuencode" else ()
        found[name] = (frozenset(_runs(bare(whole), size if plain else ENCODED_RUN)), frozenset(solid))
    return found


def _runs(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(len(text) - size + 1))


def _in_one_piece(text: str) -> list[str]:
    undone = {
        "plain": text,
        "html": html.unescape(text),
        "url": urllib.parse.unquote(text, errors="replace"),
        "json": text.encode("latin-1", "replace").decode("unicode_escape", "replace") if "\\" in text else text,
    }
    forms = needles()
    return [f"{form} in {how}" for how, shown in undone.items() for form, needle in forms.items() if needle in shown.lower()]


def needles() -> dict[str, str]:
    """Return the core of the password as encodings show it, in lower case."""
    found = {"plain": CORE, "hex": CORE.encode().hex(), "dotted hex": CORE.encode().hex(":")}
    found |= {"spaced hex": CORE.encode().hex(" "), "url": "".join(f"%{byte:02x}" for byte in CORE.encode())}
    found |= {"quoted": "".join(f"={byte:02x}" for byte in CORE.encode())}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + CORE.encode()).decode().rstrip("=")
        found[f"base64, {shift}"] = encoded[(0, 2, 3)[shift] : -1]
    return {name: form.lower() for name, form in found.items()}
