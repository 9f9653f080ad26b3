"""A capacity plan as a finding hands it on: typed here, plain data in report.json. Read back totally.

`plain` and `plan_of` are the one codec between the rule, which has played the plan, and whoever draws it. Moments are whole seconds since
1970-01-01 00:00 UTC; `zone` is the clock that people read them by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError

from checks.evidence import adapter

MAX_POINTS = 60  # of one line; what is drawn is some hundred pixels wide
MAX_MAILINGS = 8  # drawn and listed; a week's worth, one a day
MAX_LIMITS = 20
MAX_STRETCHES = 40  # of one limit

BY_SPEED = "one message after the other, as fast as the server takes them"  # in place of a limit's words: connections are what is waited for

Moment = Annotated[int, Field(ge=0, le=100_000_000_000)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000_000)]


@dataclass(frozen=True, kw_only=True)
class ShownMailing:
    """One mailing and what becomes of it."""

    name: str
    start: Moment
    recipients: Count
    messages: Count
    sent: Count
    """Messages that went out, like all numbers that follow."""
    finish: Moment | None = None
    """When the last of those was done."""
    deferred: Count = 0
    """Had to wait."""
    refused: Count = 0
    """How often its rest was refused for now."""
    rejected: Count = 0
    """Refused for good."""
    expired: Count = 0
    """Given up because of their age."""
    unsent: Count = 0
    """Never tried, or still waiting at the end."""
    points: Annotated[tuple[tuple[Moment, Count], ...], Field(max_length=MAX_POINTS)] = ()
    """(moment, messages that had begun)."""


@dataclass(frozen=True, kw_only=True)
class ShownLimit:
    """One limit, and when it held something back."""

    words: str
    whose: str = ""
    beyond: str = ""
    """defer, retry or reject."""
    as_of: str = ""
    held: Annotated[tuple[tuple[Moment, Moment], ...], Field(max_length=MAX_STRETCHES)] = ()


@dataclass(frozen=True, kw_only=True)
class ShownPlan:
    """What becomes of the planned volume at one server."""

    server: str
    zone: str
    mailings: Annotated[tuple[ShownMailing, ...], Field(max_length=MAX_MAILINGS)]
    """With the settings as they are."""
    limits: Annotated[tuple[ShownLimit, ...], Field(max_length=MAX_LIMITS)] = ()
    entered: str = ""
    """The limits to enter, in words; empty: none."""
    paced: Annotated[tuple[ShownMailing, ...], Field(max_length=MAX_MAILINGS)] = ()
    """The same mailings with those limits entered."""
    more: Count = 0
    """Mailings that are left out."""
    cut: bool = False
    """Too intricate to be played to its end."""


def plain(shown: ShownPlan) -> dict[str, Any]:
    """Return it as the data of JSON."""
    found: dict[str, Any] = adapter(ShownPlan).dump_python(shown, mode="json")
    return found


def plan_of(value: object) -> ShownPlan | None:
    """Read a plan; None if this is none."""
    try:
        return adapter(ShownPlan).validate_python(value) if isinstance(value, dict) else None
    except (ValidationError, RecursionError):
        return None
