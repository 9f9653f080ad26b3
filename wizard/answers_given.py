"""What an answers file and `--set` say, key by key, before any question has read it.

What is no answer of ours is noted with its key and a hint, and the rest is read on. A password is never an answer.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checks.settings import Problem, SettingsError
from wizard.keys import IGNORED, KEYS, PASSWORD_KEYS, SERVER_KEYS, bare

MAX_BYTES = 1_000_000
MAX_SERVERS = 100

_REFUSAL = (
    'a password is never given here; say where it is kept: password = { source = "file", ref = "smtp.password" } '
    "(or --set password.source=file --set password.ref=smtp.password)"
)


@dataclass
class Given:
    """Answers as they were given, not yet read."""

    common: dict[str, object] = field(default_factory=dict)
    tables: list[dict[str, object]] = field(default_factory=list)
    """The `[[servers]]` of the file, or its flat form as the only one."""
    flat: bool = True
    """The servers are not written as tables."""
    by_place: dict[int, dict[str, object]] = field(default_factory=dict)
    """Server answers from `--set`."""
    problems: list[Problem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.common or self.tables or self.by_place)


def gather(text: str | None, sets: Sequence[str], name: str = "") -> Given:
    """Collect what an answers file's text and the `--set` options say. Problems are kept for `complete`.

    Raises `SettingsError` for a text that is not TOML.
    """
    given = Given()
    if text is not None:
        _from_text(text, name, given)
    for one in sets:
        _from_set(one, given)
    return given


def read_text(path: Path) -> str:
    """Read an answers file. Raises `SettingsError` with a sentence."""
    try:
        with path.open("rb") as file:
            return decoded(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise _error(f"the answers file {path} cannot be read ({(error.strerror or str(error)).lower()})") from None


def decoded(raw: bytes, name: str) -> str:
    """Turn an answers file's bytes into text. Raises `SettingsError` with a sentence."""
    if len(raw) > MAX_BYTES:
        raise _error(f"the answers file {name} is larger than {MAX_BYTES:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _error(f"the answers file {name} is not UTF-8 text; save it as UTF-8") from None


def _error(message: str, key: str = "") -> SettingsError:
    return SettingsError([Problem(field=key, message=message)])


def _from_text(text: str, name: str, given: Given) -> None:
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _error(
            f"the answers file {name} is not valid TOML ({error}); every line reads key = value, and text goes in quotes"
        ) from None
    except RecursionError:
        raise _error(f"the answers file {name} is nested too deeply") from None
    tables = plain.pop("servers", None)
    server: dict[str, object] = {}
    for key, value in _flattened(plain, given, ""):
        (server if key in SERVER_KEYS else given.common)[key] = value
    if tables is None:
        given.tables = [server] if server else []
        return
    if not isinstance(tables, list) or not all(isinstance(row, dict) for row in tables) or len(tables) > MAX_SERVERS:
        given.problems.append(
            Problem(field="servers", message=f"write each server as a table that begins with [[servers]], at most {MAX_SERVERS}")
        )
        return
    given.flat = False
    for key in server:
        given.problems.append(Problem(field=key, message="this belongs to a server; write it below a [[servers]] line"))
    for place, row in enumerate(tables, 1):
        found = dict(_flattened(row, given, f"servers.{place}."))
        for key in [key for key in found if key not in SERVER_KEYS]:
            given.problems.append(
                Problem(
                    field=f"servers.{place}.{key}", message="this belongs to no server; write it above the first [[servers]] line"
                )
            )
            del found[key]
        given.tables.append(found)


def _flattened(plain: Mapping[str, object], given: Given, where: str) -> Iterator[tuple[str, object]]:
    """Yield keys as the questions have them. Nested tables and dotted keys are one."""

    def walk(part: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
        for key, value in part.items():
            full = f"{prefix}{key}"
            if isinstance(value, Mapping):
                yield from walk(value, f"{full}.")
            else:
                yield full, value

    for key, value in walk(plain, ""):
        if key in IGNORED:
            continue
        known = _known(key, f"{where}{key}", given)
        if known == "blocklist" and isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
            yield known, [row.get("pattern", "") for row in value]
        elif known:
            yield known, value


def _known(key: str, full: str, given: Given) -> str:
    """Return the question's key, or note what is wrong and return ""."""
    word = bare(key)
    if word in PASSWORD_KEYS:
        given.problems.append(Problem(field=full[:60], message=_REFUSAL))
        return ""
    if word in KEYS:
        return KEYS[word]
    near = difflib.get_close_matches(word, [*KEYS, "password_source"], n=1, cutoff=0.5)
    hint = f'did you mean "{KEYS[near[0]]}"?' if near else "`sendready wizard --help` names the keys"
    given.problems.append(Problem(field=full[:60], message=f"there is no such answer; {hint}"))
    return ""


def _from_set(text: str, given: Given) -> None:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        # What has no "=" may be a password that lost its key; it is not repeated.
        given.problems.append(Problem(field="--set", message="write it as key=value, like --set host=smtp.example.org"))
        return
    match = re.fullmatch(r"servers?[.\[]([0-9]{1,3})\]?\.(.+)", name)
    key = _known(match[2] if match else name, name, given)
    if not key:
        return
    if key not in SERVER_KEYS:
        if match:
            given.problems.append(Problem(field=name, message=f"this belongs to no server; write --set {key}=..."))
        else:
            given.common[key] = value
        return
    place = int(match[1]) - 1 if match else 0
    if not 0 <= place < MAX_SERVERS:
        given.problems.append(Problem(field=name, message=f"servers are counted from 1 to {MAX_SERVERS}"))
        return
    given.by_place.setdefault(place, {})[key] = value
