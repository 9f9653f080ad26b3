"""Keeps secrets out of what a conversation leaves behind, also where the server repeats them in a shape of its own."""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from checks.gather.smtp_repeats import Repeats
from checks.probes import Reply
from checks.secret import LeakGuard, Secret, without
from checks.tables.ordinary import is_ordinary
from checks.tables.replies import telling

SHORTEST_LINE = 8  # characters; a shorter AUTH line would be found in ordinary words
PIECE = 8  # characters; shorter pieces of a password are found in ordinary words, and tell little
LEAST = 4  # characters of a secret that can be told from ordinary text; the guard's own bound
MAX_PASSWORD = 256  # characters; a longer secret is a token, and nobody writes those in another way
LEFT_OUT = "[left out: the server repeats the password]"
TOO_MUCH = "[left out: the server says more than we look through]"
MOST_LOOKED_THROUGH = (
    500_000  # characters of one conversation; an honest one has some thousand, and looking closely takes its time
)
LONG_FORM = 8  # characters of a form that is looked for in a whole message: shorter ones are found in any
_BEGINS = re.compile(r"([2-5][0-9]{2})[ -](?:([245]\.[0-9]{1,3}\.[0-9]{1,3})(?=[ \t]|$))?")


class Redactor:
    """Takes secrets out of everything that is kept: those that the guard knows, and what this conversation sent.

    From the moment that the password is on the wire, in this conversation or in another of the run, pieces of it are taken out too: a
    server may cut it off, fold it into two lines, or write it in other letters or in another encoding. Where that does not help, nothing of what the server said is kept
    but its codes.
    """

    def __init__(self, guard: LeakGuard) -> None:
        self._guard = guard
        self._sent: list[str] = []
        self._pieces: dict[int, set[str]] = {}
        self._known = ""
        self._mine: tuple[Secret, str, str] | None = None
        self._told = False
        self._heard = 0  # secrets of other conversations
        self._repeats = Repeats()
        self._looked_through = 0

    def learn(self, secret: Secret, username: str, host: str = "") -> None:
        """Remember the secret, and how it looks when its UTF-8 comes back and is read octet by octet. The names are no secret."""
        self._guard.learn(secret, username=username)
        value = secret.reveal()
        octets = value.encode().decode("latin-1")
        if octets != value:
            self._guard.learn(Secret(octets), username=username)
        self._mine = (secret, username, host)
        self._take_apart(*self._mine)

    def _take_apart(self, secret: Secret, username: str, host: str) -> None:
        value = secret.reveal()
        self._known += _lower(f" {username} {host}")
        forms = tuple(_forms(value)) if len(value) <= MAX_PASSWORD else (value,)
        for form in forms:
            self._cut(form)
        self._repeats.learn(value, (username, host), forms)

    def learn_line(self, line: str) -> None:
        """Remember an AUTH line that we sent: a server may echo it. From now on it knows the secret."""
        self._told = True
        if self._mine is not None and self._mine not in self._guard.spoken:
            self._guard.spoken.append(self._mine)
        if len(line) >= SHORTEST_LINE:
            self._sent.append(line)
            self._cut(line)
            self._repeats.learn_line(line)

    def _listen(self) -> None:
        """Take up what other conversations told to servers meanwhile."""
        for other in self._guard.spoken[self._heard :]:
            self._told = True
            if other != self._mine:
                self._take_apart(*other)
        self._heard = len(self._guard.spoken)

    def __call__(self, text: str) -> str:
        """Return what may be kept of something that the server said."""
        kept = self._kept(text)
        return self.instead if kept is None else kept

    @property
    def instead(self) -> str:
        """What stands in place of words that are not kept."""
        return LEFT_OUT if self._looked_through <= MOST_LOOKED_THROUGH else TOO_MUCH

    def said(self, text: str) -> str:
        """Return what may be kept of something that we said: it has no secret but by accident."""
        return without(text, _spans(self._hits(text)))

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Return what may be kept of the lines of a conversation that belong together, codes included."""
        kept = self._kept("\n".join(lines), coded=True)
        if kept is not None:
            return kept.split("\n")
        begins = (match for line in lines if (match := _BEGINS.match(line)))
        return list(dict.fromkeys(f"{match[1]} {self._code(match[2] or '')}{self.instead}" for match in begins)) or [self.instead]

    def reply(self, reply: Reply) -> Reply:
        """Return the reply as it may be kept. Where its words are not, those that tell its meaning are."""
        text = "\n".join(reply.lines)
        kept = self._kept(text)
        if self._told and self.tells(reply.enhanced):
            kept = None
        if kept == text:
            return reply
        if kept is None:
            return replace(reply, lines=(self.instead,), enhanced=self._code(reply.enhanced).strip(), telling=telling(reply))
        return replace(reply, lines=tuple(kept.split("\n")), telling=telling(reply))

    def message(self, text: str) -> str:
        """Return a whole message without the secret."""
        return message_without(self._guard, text)

    def tells(self, code: str) -> bool:
        """Tell whether a short code is a piece of the secret."""
        return self._repeats.tell(code)

    def _code(self, enhanced: str) -> str:
        return f"{enhanced} " if enhanced and not self.tells(enhanced) else ""

    def _kept(self, text: str, *, coded: bool = False) -> str | None:
        """Return the text without what is known of the secret; None if that is not enough."""
        self._listen()
        if self._told:
            self._looked_through += len(text)
            if self._looked_through > MOST_LOOKED_THROUGH:
                return None
        hits = self._hits(text)
        if self._told and self._repeats.stand_in(text, hits, coded=coded):
            return None
        return without(text, _spans(hits))

    def _hits(self, text: str) -> bytearray:
        """Return a flag for each character: whether it has to go."""
        hits = bytearray(len(text))
        for line in self._sent:
            for start, end in _places(text, line):
                hits[start:end] = b"\1" * (end - start)
        for start, end in self._guard.found(text):
            if not self._one_ordinary_word(text, start, end):
                hits[start:end] = b"\1" * (end - start)
        if self._told:
            self._add_pieces(text, hits)
        return hits

    def _one_ordinary_word(self, text: str, start: int, end: int) -> bool:
        """Masking an ordinary word would tell that it is the password; so would masking a name."""
        if text[start:end].lower() in self._known:
            return True
        return text[start:end].isalnum() and is_ordinary(text[slice(*_widened(text, start, end))])

    def _add_pieces(self, text: str, hits: bytearray) -> None:
        lowered, found = _lower(text), bytearray(len(text))
        for size, pieces in self._pieces.items():
            for start in range(len(lowered) - size + 1):
                if lowered[start : start + size] in pieces:
                    found[start : start + size] = b"\1" * size
        for start, end in _spans(found):
            if not is_ordinary(text[slice(*_widened(text, start, end))]):
                hits[start:end] = found[start:end]

    def _cut(self, form: str) -> None:
        """Remember the pieces of a form, but not those that user or server are called by."""
        lowered = _lower(form)
        size = min(PIECE, len(lowered))
        if size < LEAST:
            return
        pieces = (lowered[start : start + size] for start in range(len(lowered) - size + 1))
        self._pieces.setdefault(size, set()).update(piece for piece in pieces if piece not in self._known)


def message_without(guard: LeakGuard, text: str) -> str:
    """Return a whole message without the secrets that the guard knows. Pieces of them and ordinary words stand in any message."""
    places = guard.found(text, shortest=LONG_FORM)
    return without(text, [(start, end) for start, end in places if not is_ordinary(text[start:end])])


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """Return from where to where the words go that a place touches."""
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def _places(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    start = text.find(wanted)
    while start >= 0:
        yield start, start + len(wanted)
        start = text.find(wanted, start + len(wanted))


def _spans(flags: bytes | bytearray) -> list[tuple[int, int]]:
    """Return from where to where flags are set."""
    return [match.span() for match in re.finditer(b"\1+", flags)]


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
        yield base64.b85encode(octets).decode()
        yield base64.a85encode(octets).decode()
        yield "".join(chr(33 + (octet + 14) % 94) if 32 < octet < 127 else chr(octet) for octet in octets)  # rot47
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
