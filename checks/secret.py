"""Secrets: how they are referred to, carried and kept out of every output.

A settings document holds a `SecretRef`, never a value. Who turns a reference into a `Secret` is the floor above
(wizard.secrets); a `Secret` cannot be printed, compared by accident or written to JSON. `LeakGuard` searches finished text for
every form in which a known secret could have slipped out.
"""

from __future__ import annotations

import base64
import html
import json
import quopri
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MASK = "[secret]"
SHORTEST_GUARDED = 4  # a shorter "secret" would be found in ordinary words and make every report unsendable


_FOR_URLS = str.maketrans("+/", "-_")  # RFC 4648 section 5


class SecretSource(StrEnum):
    """Where a secret lives."""

    FILE = "file"  # ref: path, relative to the settings file; one trailing newline is not part of the secret
    ENV = "env"  # ref: name of an environment variable
    KEYRING = "keyring"  # ref: "service/user"
    COMMAND = "command"  # ref: command line, split like a shell would, run without one; the first line of its output
    CREDENTIAL = "credential"  # ref: name below $CREDENTIALS_DIRECTORY (systemd LoadCredential=)


@dataclass(frozen=True)
class Secret:
    """A secret value in memory. `str()` and `repr()` show its length only."""

    _value: str

    def reveal(self) -> str:
        """Return the value, for the one place that puts it on an encrypted wire."""
        return self._value

    def hint(self) -> str:
        """Describe the value without showing it: "16 characters, ends with a space"."""
        count = len(self._value)
        parts = [f"{count} character{'' if count == 1 else 's'}"]
        if self._value[:1].isspace():
            parts.append("begins with a space")
        if self._value[-1:].isspace():
            parts.append("ends with a space")
        if not self._value.isascii():
            parts.append("has non-ASCII characters")
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"Secret({self.hint()})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("a Secret is not written anywhere")


class LeakGuard:
    """Knows the secrets of a run and finds them, in any usual encoding, in text that is about to leave."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self.spoken: list[tuple[Secret, str, str]] = []
        """Secrets that went out in this run, each with user and host: a server may repeat them from then on, in whatever conversation."""

    def learn(self, secret: Secret, *, username: str = "") -> None:
        """Remember a secret and the encodings that SMTP, URLs and logs would give it."""
        value = secret.reveal()
        if len(value) < SHORTEST_GUARDED:
            return
        self._forms.update(_forms(value, username))

    def found(self, text: str, *, besides: str = "", shortest: int = SHORTEST_GUARDED, apart: int = 0) -> list[tuple[int, int]]:
        """Return where forms of known secrets stand, from and to, in order; those that touch are one.

        `besides`: text that may be shown whatever it says, like the settings. A form that stands there is an ordinary word of theirs.
        `shortest`: characters of a form that is looked for. `apart`: a form of letters and digits that is shorter counts only as a whole
        word, for a few digits stand in some longer number everywhere.
        """
        places: list[tuple[int, int]] = []
        for form in self._forms:
            start = text.find(form) if len(form) >= shortest else -1
            if start < 0 or form in besides:
                continue
            whole_word = len(form) < apart and form.isalnum()
            while start >= 0:
                end = start + len(form)
                if not (whole_word and (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())):
                    places.append((start, end))
                start = text.find(form, start + 1)
        return _joined(places)

    def mask(self, text: str, *, besides: str = "") -> str:
        """Return the text with every form of every known secret replaced by `[secret]`. `besides` as for `found`."""
        return without(text, self.found(text, besides=besides))

    def leaks(self, text: str, *, besides: str = "") -> bool:
        """Tell whether any form of a known secret is in the text. `besides` as for `found`."""
        return any(form in text and form not in besides for form in self._forms)


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def without(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Return the text with a mask in these places, which are in order and apart."""
    kept, last = [], 0
    for start, end in places:
        kept += [text[last:start], MASK]
        last = end
    return "".join([*kept, text[last:]])


def _forms(value: str, username: str) -> Iterable[str]:
    raw = value.encode()
    yield value
    yield raw.hex()
    yield raw.hex().upper()
    yield urllib.parse.quote(value, safe="")
    yield urllib.parse.quote_plus(value)
    yield "".join(f"={byte:02X}" for byte in raw)
    yield quopri.encodestring(raw, quotetabs=True).decode("ascii")
    yield html.escape(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    # Base64 of a longer text shows the secret in one of three alignments; the characters that depend on neighbours are cut off.
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        start = 0 if shift == 0 else shift + 1
        end = len(encoded) - encoded.count("=") - (1 if (len(raw) + shift) % 3 else 0)
        if end - start >= SHORTEST_GUARDED:
            yield encoded[start:end]
            yield encoded[start:end].translate(_FOR_URLS)
    for line in (f"\0{username}\0{value}", f"{username}\0{username}\0{value}"):  # RFC 4616 section 2
        yield base64.b64encode(line.encode()).decode()
        yield base64.urlsafe_b64encode(line.encode()).decode()
