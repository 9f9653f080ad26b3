"""MTA-STS (RFC 8461): the TXT record that announces a policy, and the policy itself. Text -> what it says and problems. Pure and total.

Where they are fetched is not here. Senders that obey a policy deliver over verified TLS only, and only to the servers that it lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from checks.records.tags import MAX_PROBLEMS, Problem

MAX_AGE = 31_557_600  # seconds, one year (RFC 8461 section 3.2)
MAX_PATTERNS = 200  # kept; the largest providers list a dozen
MAX_LINES = 2_000  # looked at; a policy has five

_ANNOUNCED = re.compile(r"v[ \t]*=[ \t]*STSv1[ \t]*;")  # RFC 8461 section 3.1: records that begin otherwise are discarded
_MEANT = re.compile(r"[\s\"'\\]*v\s*[=:]\s*[\"']?\s*(?:sts|mta-?sts)\s*v?\s*1?[\"'\\]?\s*[;,:]?\s*", re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*=[ \t]*([\x21-\x3a\x3c\x3e-\x7e]+)\Z")
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*)\Z")
_PATTERN = re.compile(r"(?=.{1,253}\Z)(?:\*\.)?(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}\Z")
_SECONDS = re.compile(r"[0-9]{1,10}\Z")


class Mode(StrEnum):
    """What senders do with a server that the policy does not list, or whose certificate does not hold."""

    NONE = "none"  # nothing: the policy is withdrawn
    TESTING = "testing"  # deliver, and report it
    ENFORCE = "enforce"  # do not deliver


@dataclass(frozen=True, kw_only=True)
class StsRecord:
    """The announcement. With any problem, senders act as if there were none (RFC 8461 section 3.1)."""

    id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class StsPolicy:
    """The policy. With any problem, senders act as if there were none (RFC 8461 section 3.2)."""

    mode: Mode | None
    max_age: int | None
    """Seconds that senders remember it."""
    patterns: tuple[str, ...]
    """Lower case; *.example.org stands for names one label longer."""
    problems: tuple[Problem, ...]

    def lists(self, host: str) -> bool:
        """Tell whether a mail server is one of those listed (RFC 8461 section 4.1)."""
        name = host.lower().removesuffix(".")
        return any(
            name.partition(".")[2] == pattern[2:] if pattern.startswith("*.") else name == pattern for pattern in self.patterns
        )


def is_announcement(text: str) -> bool:
    """Tell whether a TXT record announces a policy; senders discard all others."""
    return _ANNOUNCED.match(text) is not None


def meant_as_announcement(text: str) -> bool:
    """Tell whether somebody meant to announce a policy, though senders do not see it."""
    return _MEANT.match(text) is not None


def repaired_announcement(text: str) -> str:
    """Return an announcement whose beginning was miswritten with the right beginning; nothing if it is not sure what was meant."""
    head = _MEANT.match(text)
    mended = f"v=STSv1; {text[head.end() :]}".strip().strip("\"'").replace("\\;", ";") if head else ""
    return mended if mended and not parse_record(mended).problems else ""


def parse_record(text: str) -> StsRecord:
    """Read an announcement."""
    problems: list[Problem] = []
    found = ""
    position = 0
    pieces = text.split(";")
    if not is_announcement(text):
        problems.append(Problem(position=0, kind="no-version", message="it does not begin with v=STSv1;"))
    for number, piece in enumerate(pieces):
        start = position + len(piece) - len(piece.lstrip(" \t"))
        field = _FIELD.match(piece.strip(" \t"))
        last = number == len(pieces) - 1
        if field is None and not (last and not piece.strip(" \t")):  # one semicolon at the end is allowed
            problems.append(Problem(position=start, kind="bad-field", message="something that is not name=value"))
        elif field is not None and field[1] == "id":
            if found:
                problems.append(Problem(position=start, kind="duplicate-id", message="a second id="))
            elif not _ID.match(field[2]):
                problems.append(Problem(position=start, kind="bad-id", message="an id that is not 1 to 32 letters and digits"))
            found = found or field[2]
        position += len(piece) + 1
        if len(problems) >= MAX_PROBLEMS:
            break
    if not found:
        problems.append(Problem(position=len(text), kind="no-id", message="there is no id="))
    return StsRecord(id=found, problems=tuple(problems[:MAX_PROBLEMS]))


def parse_policy(text: str) -> StsPolicy:
    """Read a policy. Of a field that is given twice, the first counts (RFC 8461 section 3.2); unknown ones are ignored."""
    reader = _Reader()
    position = 0
    for number, line in enumerate(text.split("\n")):
        if number == MAX_LINES:
            reader.wrong(position, "too-long", f"more than {MAX_LINES:,} lines; the rest was not read")
            break
        reader.take(line.removesuffix("\r").rstrip(" \t"), position)
        position += len(line) + 1
    return reader.policy(len(text))


class _Reader:
    """Takes a policy line by line."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, int]] = {}
        self._patterns: dict[str, None] = {}
        self._problems: list[Problem] = []

    def wrong(self, position: int, kind: str, message: str) -> None:
        self._problems.append(Problem(position=position, kind=kind, message=message))

    def take(self, line: str, position: int) -> None:
        if not line:
            return  # an empty line has no meaning; the grammar knows none but the last, and senders let it pass
        match = _LINE.match(line)
        if match is None:
            self.wrong(position, "bad-line", "a line that is not name: value")
        elif match[1] != "mx":
            self._first.setdefault(match[1], (match[2], position))
        elif not _PATTERN.match(match[2]):
            self.wrong(position, "bad-mx", "mx: with something that is no server name")
        elif len(self._patterns) < MAX_PATTERNS:
            self._patterns[match[2].lower()] = None

    def policy(self, end: int) -> StsPolicy:
        version, where = self._first.get("version", ("", end))
        if version != "STSv1":
            self.wrong(where, "bad-version", "there is no version: STSv1")
        mode = self._mode(end)
        age, where = self._first.get("max_age", ("", end))
        max_age = int(age) if _SECONDS.match(age) and int(age) <= MAX_AGE else None
        if max_age is None:
            self.wrong(where, "bad-max-age", f"there is no max_age: with a number of seconds up to {MAX_AGE}")
        if not self._patterns and mode is not Mode.NONE:
            self.wrong(end, "no-mx", "no mail server is listed (mx:)")
        problems = sorted(self._problems, key=lambda problem: problem.position)
        return StsPolicy(mode=mode, max_age=max_age, patterns=tuple(self._patterns), problems=tuple(problems[:MAX_PROBLEMS]))

    def _mode(self, end: int) -> Mode | None:
        text, where = self._first.get("mode", ("", end))
        if text in set(Mode):  # RFC 8461 section 3.2: case-sensitive
            return Mode(text)
        self.wrong(where, "bad-mode", "there is no mode: with one of none, testing and enforce")
        return None
