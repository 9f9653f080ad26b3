"""Keeps secrets out of what a conversation leaves behind, also where the server repeats them in a shape of its own."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Iterable
from dataclasses import replace

from checks.probes import Reply
from checks.secret import LeakGuard, Secret

SHORTEST_LINE = 8  # characters; a shorter AUTH line would be found in ordinary words
PIECE = 8  # characters; shorter pieces of a password are found in ordinary words, and tell little
LEAST = 4  # characters of a secret that can be told from ordinary text; the guard's own bound
MAX_PASSWORD = 256  # characters; a longer secret is a token, and nobody writes those in another way
MASK = "[secret]"


class Redactor:
    """Takes secrets out of everything that is kept: those that the guard knows, and what this conversation sent.

    From the moment that the password is on the wire, pieces of it are taken out too: a server may cut it off, fold it into two
    lines, or write it in other letters or in another encoding.
    """

    def __init__(self, guard: LeakGuard) -> None:
        self._guard = guard
        self._sent: list[str] = []
        self._pieces: dict[int, set[str]] = {}
        self._known = ""
        self._told = False

    def learn(self, secret: Secret, username: str, host: str = "") -> None:
        """Remember the secret, and how it looks when its UTF-8 comes back and is read octet by octet. The names are no secret."""
        self._guard.learn(secret, username=username)
        octets = secret.reveal().encode().decode("latin-1")
        if octets != secret.reveal():
            self._guard.learn(Secret(octets), username=username)
        self._known = _lower(f"{username} {host}")
        for form in _forms(secret.reveal()) if len(secret.reveal()) <= MAX_PASSWORD else (secret.reveal(),):
            self._cut(form)

    def learn_line(self, line: str) -> None:
        """Remember an AUTH line that we sent: a server may echo it. From now on it knows the secret."""
        self._told = True
        if len(line) >= SHORTEST_LINE:
            self._sent.append(line)
            self._cut(line)

    def __call__(self, text: str) -> str:
        for line in self._sent:
            text = text.replace(line, MASK)
        text = self._guard.mask(text)
        return self._without_pieces(text) if self._told else text

    def reply(self, reply: Reply) -> Reply:
        """Return the reply as it may be kept."""
        return replace(reply, lines=tuple(self(line) for line in reply.lines))

    def _cut(self, form: str) -> None:
        """Remember the pieces of a form, but not those that user or server are called by."""
        lowered = _lower(form)
        size = min(PIECE, len(lowered))
        if size < LEAST:
            return
        pieces = (lowered[start : start + size] for start in range(len(lowered) - size + 1))
        self._pieces.setdefault(size, set()).update(piece for piece in pieces if piece not in self._known)

    def _without_pieces(self, text: str) -> str:
        lowered = _lower(text)
        hit = bytearray(len(text))
        for size, pieces in self._pieces.items():
            for start in range(len(lowered) - size + 1):
                if lowered[start : start + size] in pieces:
                    hit[start : start + size] = b"\1" * size
        if not any(hit):
            return text
        kept: list[str] = []
        for char, hidden in zip(text, hit, strict=True):
            if not hidden:
                kept.append(char)
            elif not kept or kept[-1] != MASK:
                kept.append(MASK)
        return "".join(kept)


def _lower(text: str) -> str:
    """Return small letters, one for each character: the text keeps its length."""
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _forms(value: str) -> Iterable[str]:
    """Yield how servers, logs and programs write a text: in UTF-8 and in Latin-1, plain and encoded."""
    yield value
    for octets in _octets(value):
        yield octets.decode("latin-1")
        yield octets.hex()
        yield octets.hex(":")
        yield octets.hex(" ")
        yield urllib.parse.quote(octets, safe="")
        yield "".join(f"={octet:02X}" for octet in octets)
        for shift in range(
            3
        ):  # base64 of a longer text shows it in one of three alignments; what depends on neighbours is cut off
            encoded = base64.b64encode(b"\0" * shift + octets).decode().rstrip("=")
            yield encoded[(0, 2, 3)[shift] : len(encoded) - (1 if (len(octets) + shift) % 3 else 0)]


def _octets(value: str) -> Iterable[bytes]:
    yield value.encode()
    if not value.isascii():
        try:
            yield value.encode("latin-1")
        except UnicodeEncodeError:
            return
