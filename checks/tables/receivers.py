"""What large receivers ask of those who send to them, as they publish it, with source and date. No judgement here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from checks.tables._rows import document, once, sourced

FILE = "receivers.toml"
WHO = ("all", "bulk")
NEEDS = ("all", "any")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that a receiver asks for."""

    id: str
    who: str
    """all: of everybody; bulk: of bulk senders."""
    what: str
    """How it reads in a table: "SPF and DKIM pass"."""
    facts: tuple[str, ...]
    """What must be true; the words are those of checks.rules._receiver_facts."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    """When the sources were read."""
    needs: str = "all"
    """all of the facts, or any of them."""
    newsletters: bool = False
    """Only for marketing mail and mail that was subscribed to."""
    since: date | None = None
    """The first day on which it is enforced; None: no day is published."""
    since_words: str = ""
    effect: str = ""
    """What the receiver says happens otherwise; empty: nothing is published."""
    source_date: str = ""
    note: str = ""

    @property
    def receiver(self) -> str:
        """The receiver's id."""
        return self.id.partition(".")[0]

    def in_force(self, now: datetime) -> bool:
        """Whether it is enforced already, in UTC."""
        return self.since is None or now.astimezone(UTC).date() >= self.since


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A company that takes mail for many people."""

    id: str
    name: str
    bulk: str
    """Whom it takes for a bulk sender, in words."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    threshold: int | None = None
    """Messages a day to its users; None: no number is published."""
    beyond: bool = False
    """It says "more than" that number, not "from" it."""
    source_date: str = ""

    @property
    def differs(self) -> bool:
        """Whether it asks bulk senders for more than others."""
        return any(row.who == "bulk" for row in self.requirements)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it asks for, in the table's order."""
        return tuple(row for row in requirements() if row.receiver == self.id)


@cache
def receivers() -> tuple[Receiver, ...]:
    """Return every known receiver, in the table's order."""
    found = tuple(Receiver(**row) for row in sourced(document(FILE)["receiver"], FILE))
    once([row.id for row in found], FILE)
    return found


@cache
def requirements() -> tuple[Requirement, ...]:
    """Return every known requirement, in the table's order."""
    return read(document(FILE)["requirement"])


def read(rows: list[dict[str, Any]]) -> tuple[Requirement, ...]:
    """Read rows. Raises `ValueError` for one that has no source, date or grade, or whose words are not ours."""
    known = {row.id for row in receivers()}
    found = []
    for row in sourced(rows, FILE):
        if row.get("who") not in WHO or row.get("needs", "all") not in NEEDS or not row.get("facts"):
            raise ValueError(f"{FILE}: {row.get('id')} needs who ({', '.join(WHO)}), needs ({', '.join(NEEDS)}) and facts")
        if type(row.get("since", date.min)) is not date:
            raise ValueError(f"{FILE}: {row.get('id')} has no day in since (2024-02-01)")
        requirement = Requirement(**row)
        if requirement.receiver not in known:
            raise ValueError(f"{FILE}: {requirement.id} belongs to no receiver of the table")
        found.append(requirement)
    once([row.id for row in found], FILE)
    return tuple(found)


def oldest() -> date:
    """Return the oldest day on which a row was checked."""
    return min(*(row.checked for row in receivers()), *(row.checked for row in requirements()))
