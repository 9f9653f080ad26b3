"""Finds a password that a server gives back in pieces, backwards or in another alphabet: where no form of it stands in one place.

Letters and digits alone are compared, whatever stands between them. Words that servers use anyway are no piece of a password, and what
user and server are called by is no secret.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from checks.gather.smtp_views import folded, readings, unescaped
from checks.secret import SHORTEST_GUARDED
from checks.tables.ordinary import ordinary_words

RUN = 6  # letters and digits in a row; fewer tell little and are found by chance
LONG_RUN = 12  # of a token, which has so many pieces that some short one is found anywhere
MAX_PASSWORD = 256  # characters; a longer secret is a token
MAX_TEXT = 70_000  # characters of a text; a reply has 65,536 at most
MOST = 0.6  # of a password in scattered pieces
SCATTERED = 3  # characters of the smallest scattered piece
FEW = 150  # pieces that are faster looked for one by one
REMEMBERED = 40  # scattered pieces of earlier texts
_PREFIX = re.compile(r"(?m)^[2-5][0-9]{2}(?:[ -](?:#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=[ \t]|$))?|$)")
_WORD = re.compile(r"[a-z0-9]+")
_SMALL = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
_OTHERS = bytes(octet for octet in range(256) if not bytes([octet]).isalnum())


class Repeats:
    """Knows the secrets of one conversation."""

    def __init__(self) -> None:
        self._runs: dict[int, set[str]] = {}
        """Pieces by their length: of the secret as it is, backwards and in rot13."""
        self._strange: dict[int, set[str]] = {}
        """Those of them that are no part of an ordinary word: servers encode such words too, like "Password:"."""
        self._lines: dict[int, set[str]] = {}
        """Pieces of what we said, and of the secret written in numbers, which something may stand between."""
        self._short: set[str] = set()
        """Secrets with fewer letters and digits than a run has."""
        self._wide: dict[int, set[str]] = {}
        """The same for secrets in other letters than a to z."""
        self._whole: list[str] = []
        """What scattered pieces are pieces of."""
        self._names: frozenset[str] = frozenset()
        self._earlier: deque[str] = deque(maxlen=REMEMBERED)

    def learn(self, secret: str, names: Iterable[str], forms: Iterable[str]) -> None:
        """Remember a secret. `names` are no secret; `forms`: how it looks when it is encoded, of which pieces may stand apart."""
        called = [bare(name) for name in names]
        self._names |= {word for name in names for word in _WORD.findall(name.lower())}
        value = bare(secret)
        size = RUN if len(secret) <= MAX_PASSWORD else LONG_RUN
        if len(value) >= RUN:
            rot13 = codecs.encode(value, "rot13")
            for one in (value, value[::-1], rot13, rot13[::-1]):
                runs = {run for run in _pieces(one, size) if not any(run in name for name in called) and _telling(run, value)}
                self._runs.setdefault(size, set()).update(runs)
                strange = {run for run in runs if run not in _ordinary()}
                self._strange.setdefault(size, set()).update(strange)
        elif len(value) >= SHORTEST_GUARDED and not any(value in name for name in called):
            self._short.add(value)
        if not secret.isascii() and len(other := _wide(secret)) >= SHORTEST_GUARDED:
            size = min(RUN, len(other))
            self._wide.setdefault(size, set()).update(run for run in _pieces(other, size) if not run.isascii())
        if len(secret) <= MAX_PASSWORD:
            for one in _numbers(secret.encode()):
                self._lines.setdefault(LONG_RUN, set()).update(_pieces(one, LONG_RUN))
            self._whole += [one for form in (secret, *forms) if len(one := bare(form)) >= RUN and one not in self._whole]

    def learn_line(self, line: str) -> None:
        """Remember a line that we said: the answer to a challenge helps to guess the password."""
        self._lines.setdefault(LONG_RUN, set()).update(_pieces(bare(line), LONG_RUN))

    def stand_in(self, text: str, hidden: bytes | bytearray, *, coded: bool = False) -> bool:
        """Tell whether so much of a secret is left in a text that it must not be kept.

        `hidden` has a flag for each character that is taken out of it. `coded`: each line begins with a reply code.
        """
        if len(text) > MAX_TEXT:
            return True  # nobody has looked
        left = "".join(" " if gone else char for char, gone in zip(text, hidden, strict=True))
        whole = _PREFIX.sub(_blank, text)
        if any(self._in_a_row(one, hidden) for one in dict.fromkeys((text, whole))):
            return True
        body = _PREFIX.sub(_blank, left) if coded else left
        once = unescaped(body)
        others = [one for one in dict.fromkeys((once, unescaped(once), folded(body))) if one != body]
        if any(self._in_a_row(one) for one in others) or any(self._wide_in(one) for one in (body, *others)):
            return True
        return any(self._encoded_in(one) for one in (body, *others)) or self._scattered(body)

    def tell(self, text: str) -> bool:
        """Tell whether a short text is a piece of a secret, however ordinary it looks."""
        return self._any(bare(text))

    # --- in a row -----------------------------------------------------------------------------------------------------

    def _in_a_row(self, text: str, hidden: bytes | bytearray = b"") -> bool:
        lowered = _small(text)
        words = [match.span() for match in _WORD.finditer(lowered)]
        places = [place for start, end in words for place in range(start, end)]
        row = "".join(lowered[start:end] for start, end in words)
        spans = (places[start : start + size] for runs in (self._runs, self._lines) for start, size in _found(row, runs))
        whole = (list(range(start, end)) for one in self._short for start, end in _whole_words(lowered, words, one))
        return any(
            not (hidden and all(hidden[place] for place in span)) and not self._harmless(lowered, span[0], span[-1] + 1)
            for span in chain(spans, whole)
        )

    def _harmless(self, text: str, start: int, end: int) -> bool:
        """Whether everything that this place touches is a word that stands there anyway."""
        while start and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        return all(word in ordinary_words() or word in self._names for word in _WORD.findall(text[start:end]))

    # --- encoded ------------------------------------------------------------------------------------------------------

    def _encoded_in(self, text: str) -> bool:
        for octets in readings(text):
            row = octets.translate(_SMALL, _OTHERS).decode("ascii")
            if _any(row, self._strange) or any(short in row for short in self._short):
                return True
            if self._wide and _any(_wide(octets.decode("utf-8", "ignore")), self._wide):
                return True
        return False

    def _any(self, row: str) -> bool:
        return _any(row, self._runs)

    def _wide_in(self, text: str) -> bool:
        return bool(self._wide) and (_any(_wide(text), self._wide) or _any(_wide(folded(text)), self._wide))

    # --- scattered ----------------------------------------------------------------------------------------------------

    def _scattered(self, text: str) -> bool:
        """Look for words that are pieces of the secret, with others between them; the earlier texts' count too."""
        here = [word for word in _WORD.findall(_small(text)) if self._is_piece(word)]
        if not here:
            return False
        every = [*self._earlier, *here]
        self._earlier.extend(here)
        return self._any("".join(every)) or any(self._covered(whole, every) for whole in self._whole)

    def _is_piece(self, word: str) -> bool:
        if len(word) < SCATTERED - 1 or word.isdecimal() or word in ordinary_words() or word in self._names:
            return False
        return any(word in whole for whole in self._whole)

    def _covered(self, whole: str, words: Iterable[str]) -> bool:
        covered = bytearray(len(whole))
        for word in set(words):
            start = whole.find(word) if len(word) >= SCATTERED else -1
            while start >= 0:
                covered[start : start + len(word)] = b"\1" * len(word)
                start = whole.find(word, start + 1)
        return sum(covered) >= min(len(whole), max(8, len(whole) * MOST))


def _numbers(octets: bytes) -> Iterator[str]:
    for form in ("{}", "{:o}", "{:03o}", "x{:02x}", "0x{:02x}", "u{:04x}"):
        yield "".join(form.format(octet) for octet in octets)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


@cache
def _ordinary() -> str:
    return " ".join(sorted(ordinary_words()))


def _found(row: str, runs: Mapping[int, set[str]]) -> Iterator[tuple[int, int]]:
    """Yield where one of the pieces stands, and its length."""
    for size, pieces in runs.items():
        if len(pieces) > FEW:
            yield from ((start, size) for start in range(len(row) - size + 1) if row[start : start + size] in pieces)
            continue
        for piece in pieces:
            start = row.find(piece)
            while start >= 0:
                yield start, size
                start = row.find(piece, start + 1)


def _any(row: str, runs: Mapping[int, set[str]]) -> bool:
    return next(_found(row, runs), None) is not None


def _whole_words(text: str, words: Sequence[tuple[int, int]], wanted: str) -> Iterator[tuple[int, int]]:
    """Yield where whole words together make what is wanted: letters of two words make a short one by chance."""
    for number, (start, _) in enumerate(words):
        made = ""
        for begin, end in words[number:]:
            made += text[begin:end]
            if not wanted.startswith(made):
                break
            if made == wanted:
                yield start, end
                break


def bare(text: str) -> str:
    """Return the letters a to z and the digits of a text, in small letters."""
    return "".join(_WORD.findall(_small(text)))


def _small(text: str) -> str:
    """Return small letters, one for each character: the text keeps its length."""
    return text.lower() if text.isascii() else "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _wide(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(len(text) - size + 1))


def _telling(run: str, value: str) -> bool:
    """Digits alone are a date or a number of the server's, unless the secret has nothing else."""
    return not run.isdecimal() or value.isdecimal()
