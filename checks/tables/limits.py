"""What providers say they take from one sender: numbers with unit, window, scope, source and date. No judgement here.

A bare number is not a limit: providers count messages, recipients or connections, per minute or per day, per mailbox or per tenant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from checks.tables._rows import made, once, rows_of, sourced

FILE = "limits"
UNITS = ("messages", "recipients", "connections", "MB")
OCTETS = 1024 * 1024  # of a MB, the larger meaning: what is said not to fit by it surely does not
WINDOWS: dict[str, int | None] = {
    "second": 1,
    "minute": 60,
    "5 minutes": 300,
    "10 minutes": 600,
    "hour": 3600,
    "24 hours": 86400,  # sliding: any stretch of that length
    "day": 86400,  # as the provider counts it; most do not say when it begins
    "message": None,
    "at once": None,
}
"""Each window and its length in seconds, where it has one."""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """factor x licences ^ exponent + base."""

    factor: float
    exponent: float
    base: float

    def __call__(self, licences: int) -> int:
        """Return the limit for that many licences, to the nearest whole number as the published examples are."""
        return round(self.factor * math.pow(licences, self.exponent) + self.base)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One statement of a provider."""

    id: str
    subject: str
    """What is counted, in words."""
    unit: str
    """messages, recipients or connections; MB for the size of a message as it travels."""
    window: str
    """One of `WINDOWS`."""
    scope: str
    """Who shares the counter: mailbox, tenant, account ... or "not stated"."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    """When the sources were read."""
    value: int = 0
    """The number; for a formula the number that one licence gives."""
    formula: Formula | None = None
    condition: str = ""
    """For whom the row holds, if not for everybody."""
    product: bool = False
    """The condition is no more than to have this product; it is fulfilled once one knows that it is this and no other on the same host."""
    external: bool = False
    """Counts recipients outside of the organisation alone."""
    different: bool = False
    """Counts each recipient once, however often it is written to."""
    source_date: str = ""
    """Date of the text that was read, as exact as it has one."""
    refusal: str = ""
    """What the provider answers beyond it, as it reads in a sentence."""
    on_exceed: str = ""
    """`defer` where the provider says that it only slows down; what else becomes of a message is told by `refusal`."""
    default: bool = False
    """The customer's administrator can set another number."""
    note: str = ""

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.id.partition(".")[0]

    @property
    def seconds(self) -> int | None:
        """Length of the window; None if it is not a time."""
        return WINDOWS[self.window]

    @property
    def general(self) -> bool:
        """Whether it holds for every customer, so that a customer's own limit can be compared with it."""
        return not self.condition

    @property
    def noun(self) -> str:
        """What is counted, behind the number: "recipients", "different outside recipients"."""
        unit = self.unit.removesuffix("s") if self.value == 1 else self.unit
        return f"{'different ' * self.different}{'outside ' * self.external}{unit}"

    @property
    def octets(self) -> int | None:
        """Size of a message; None if it is no size."""
        return self.value * OCTETS if self.unit == "MB" else None

    def for_licences(self, licences: int) -> int:
        """Return the number for a customer with that many licences."""
        return self.formula(licences) if self.formula else self.value


@dataclass(frozen=True, kw_only=True)
class Plans:
    """Plans of a provider whose mailboxes may submit."""

    id: str
    names: tuple[str, ...]
    includes: tuple[str, ...]
    """What each of them includes, as far as sending by SMTP goes."""
    grade: str
    sources: tuple[str, ...]
    checked: date
    source_date: str = ""
    note: str = ""

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.id.partition(".")[0]

    def named(self, text: str) -> str | None:
        """Return the plan's usual name for what a person wrote ("Office 365 E3", "microsoft 365 business standard"), or None."""
        written = _essence(text)
        return next((name for name in self.names if _essence(name) == written), None)


@cache
def limits(folder: Path | None = None) -> tuple[Limit, ...]:
    """Return every known limit, by provider; from another folder of providers' files, if one is given."""
    return read(rows_of("limit", folder))


@cache
def plans(folder: Path | None = None) -> tuple[Plans, ...]:
    """Return the known plans, by provider."""
    found = tuple(made(Plans, row, FILE) for row in sourced(rows_of("plan", folder), FILE))
    once([row.id for row in found], FILE)
    return found


def limit(name: str) -> Limit:
    """Return the limit of that id. Raises `KeyError`."""
    for row in limits():
        if row.id == name:
            return row
    raise KeyError(name)


def limits_of(providers: Iterable[str], among: Iterable[Limit] | None = None) -> tuple[Limit, ...]:
    """Return the limits of providers, given by id."""
    wanted = set(providers)
    return tuple(row for row in (limits() if among is None else among) if row.provider in wanted)


def plans_of(provider: str) -> Plans:
    """Return the plans of a provider. Raises `KeyError`."""
    for row in plans():
        if row.provider == provider:
            return row
    raise KeyError(provider)


def oldest() -> date:
    """Return the oldest day on which a row was checked."""
    return min(*(row.checked for row in limits()), *(row.checked for row in plans()))


def read(rows: list[dict[str, Any]]) -> tuple[Limit, ...]:
    """Read rows. Raises `ValueError` for one that has no source, date or grade, or whose words are not ours."""
    found = []
    for row in sourced(rows, FILE):
        formula = Formula(**row.pop("formula")) if "formula" in row else None
        value = formula(1) if formula else row.pop("value", 0)
        if row.get("unit") not in UNITS or row.get("window") not in WINDOWS or not row.get("scope"):
            raise ValueError(
                f"{FILE}: {row.get('id')} needs a unit ({', '.join(UNITS)}), a window ({', '.join(WINDOWS)}) and a scope"
            )
        if row.get("unit") == "MB" and row.get("window") != "message":
            raise ValueError(f"{FILE}: {row.get('id')}: MB is the size of one message")
        if row.get("on_exceed", "") not in ("", "defer"):
            raise ValueError(f"{FILE}: {row.get('id')}: on_exceed is defer or left out; a refusal speaks for itself")
        if type(value) is not int or value < 1:
            raise ValueError(f"{FILE}: {row.get('id')} has no number")
        found.append(made(Limit, {**row, "formula": formula, "value": value}, FILE))
    once([row.id for row in found], FILE)
    return tuple(found)


def _essence(text: str) -> str:
    words = re.findall(
        r"[a-z0-9]+", text.lower().replace("microsoft 365", " ").replace("office 365", " ").replace("exchange online", " exo ")
    )
    return " ".join(word for word in words if word not in ("m365", "o365", "plan", "microsoft", "office"))
