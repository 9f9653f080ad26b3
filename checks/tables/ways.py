"""Other ways to send than through the mailbox at hand, and what an administrator can set there: what each needs, costs and does.

Data of the providers' files, with source and date. No judgement here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from checks.tables._rows import made, once, rows_of, sourced

FILE_WAYS, FILE_SWITCHES = "ways", "switches"
REACHES = ("everybody", "inside")
LIFTS = ("mailbox", "tenant", "password")
"""What a way is free of: the numbers of one mailbox, those of the whole organisation, the end of login by password."""
CONCERNS = ("login", "limits", "sender", "relay")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to send that a customer of the provider has, or could take instead."""

    id: str
    name: str
    reaches: str
    """everybody; or inside: recipients of the own organisation only."""
    lifts: tuple[str, ...]
    """Which of `LIFTS` it is free of."""
    step: str
    """What to do, as one sentence of a remedy."""
    needs: tuple[str, ...]
    costs: str
    """What the sources say of costs; empty: they say nothing."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    """When the sources were read."""
    takes: str = ""
    """The numbers that hold there instead, in words."""
    checks: tuple[str, ...] = ()
    """What to look at before it is used."""
    provider_id: str = ""
    """The provider that it leads to, by id."""
    source_date: str = ""
    note: str = ""

    @property
    def provider(self) -> str:
        """The id of the provider whose customers have this way."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One thing that an administrator can set, which decides whether or how much mail leaves."""

    id: str
    what: str
    """As it reads in a list: "the mailbox has a licence"."""
    concerns: str
    """One of `CONCERNS`."""
    where: str
    """What to do to look at it, or to change it."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    """When the sources were read."""
    default: str = ""
    """How it stands if nobody touched it."""
    password_only: bool = False
    """It does not matter to a login by token."""
    token_only: bool = False
    """It does not matter to a login by password."""
    same_domain: bool = False
    """It is fulfilled wherever the sender's domain is the one of the login."""
    source_date: str = ""
    note: str = ""

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.id.partition(".")[0]


@cache
def ways(folder: Path | None = None) -> tuple[Way, ...]:
    """Return every known way. Raises `ValueError` for a row without source, date or grade, or whose words are not ours."""
    found = tuple(made(Way, row, FILE_WAYS) for row in sourced(rows_of("way", folder), FILE_WAYS))
    once([row.id for row in found], FILE_WAYS)
    for row in found:
        if row.reaches not in REACHES or not set(row.lifts) <= set(LIFTS):
            raise ValueError(f"{FILE_WAYS}: {row.id} needs reaches ({', '.join(REACHES)}) and lifts (of {', '.join(LIFTS)})")
        if not row.needs or not row.step.endswith("."):
            raise ValueError(f"{FILE_WAYS}: {row.id} does not say what it needs, or its step is no sentence")
    return found


@cache
def switches(folder: Path | None = None) -> tuple[Switch, ...]:
    """Return everything that administrators can set, as far as it is known. Raises `ValueError` like `ways`."""
    found = tuple(made(Switch, row, FILE_SWITCHES) for row in sourced(rows_of("switch", folder), FILE_SWITCHES))
    once([row.id for row in found], FILE_SWITCHES)
    for row in found:
        if row.concerns not in CONCERNS or not row.where.endswith("."):
            raise ValueError(f"{FILE_SWITCHES}: {row.id} needs concerns ({', '.join(CONCERNS)}) and a sentence in where")
        if row.password_only and row.token_only:
            raise ValueError(f"{FILE_SWITCHES}: {row.id} matters to nobody: password_only and token_only")
    return found


def way(name: str) -> Way:
    """Return the way of that id. Raises `KeyError`."""
    for row in ways():
        if row.id == name:
            return row
    raise KeyError(name)


def switch(name: str) -> Switch:
    """Return the setting of that id. Raises `KeyError`."""
    for row in switches():
        if row.id == name:
            return row
    raise KeyError(name)


def ways_of(provider: str) -> tuple[Way, ...]:
    """Return the ways of a provider's customers, given by its id."""
    return tuple(row for row in ways() if row.provider == provider)


def ways_to(provider: str) -> tuple[Way, ...]:
    """Return the ways of other products that lead to a provider, given by its id."""
    return tuple(row for row in ways() if row.provider_id == provider != row.provider)


def switches_of(provider: str) -> tuple[Switch, ...]:
    """Return what an administrator can set at a provider, given by its id."""
    return tuple(row for row in switches() if row.provider == provider)


def oldest() -> date:
    """Return the oldest day on which a row was checked."""
    return min(*(row.checked for row in ways()), *(row.checked for row in switches()))
