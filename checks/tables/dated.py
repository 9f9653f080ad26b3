"""What changes on a day, by the providers' own announcements. No judgement here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from checks.tables._rows import made, once, rows_of, sourced

FILE = "dated"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One announced change."""

    id: str
    what: str
    when: str
    """The provider's own words for the time, to stand in a sentence: "at the end of December 2026"."""
    since: date
    """The first day on which the change is certainly there."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    """When the sources were read."""
    source_date: str = ""
    note: str = ""
    begins: date | None = None
    """The first day on which it may be there, where the announcement names a stretch: whoever has to act must be done by then."""

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.id.partition(".")[0]

    def to_remember(self, now: datetime) -> date:
        """Return the day for a calendar: the first on which it may come, and when that has gone by, the one on which it is certain."""
        return self.begins if self.begins and now.astimezone(UTC).date() < self.begins else self.since

    def has_come(self, now: datetime) -> bool:
        """Whether the day has been reached, in UTC."""
        return now.astimezone(UTC).date() >= self.since


@cache
def changes(folder: Path | None = None) -> tuple[Change, ...]:
    """Return every known change, by provider; from another folder of providers' files, if one is given."""
    return read(rows_of("change", folder))


def changes_of(provider: str) -> tuple[Change, ...]:
    """Return the changes that a provider announced, given by its id."""
    return tuple(row for row in changes() if row.provider == provider)


def change(name: str) -> Change:
    """Return the change of that id. Raises `KeyError`."""
    for row in changes():
        if row.id == name:
            return row
    raise KeyError(name)


def read(rows: list[dict[str, Any]]) -> tuple[Change, ...]:
    """Read rows. Raises `ValueError` for one that has no source, date or grade."""
    found = []
    for row in sourced(rows, FILE):
        if type(row.get("since")) is not date or not row.get("when"):
            raise ValueError(f"{FILE}: {row.get('id')} does not say when")
        if "begins" in row and not (type(row["begins"]) is date and row["begins"] < row["since"]):
            raise ValueError(f"{FILE}: {row.get('id')}: begins must be a day before {row['since']}")
        found.append(made(Change, row, FILE))
    once([row.id for row in found], FILE)
    return tuple(found)


def oldest() -> date:
    """Return the oldest day on which a row was checked."""
    return min(row.checked for row in changes())
