"""Short words for plans, so that a test reads like a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checks.capacity.model import Calendar, Channel, Every, Limit, Mailing, Plan, Sliding

BERLIN = "Europe/Berlin"
DAY = 86_400
local = datetime.fromisoformat


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(text: str, fold: int = 0) -> datetime:
    """A moment by the clocks of Berlin, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN), fold=fold).astimezone(UTC)


def sliding(count: int, seconds: int, name: str = "sliding", **more: Any) -> Limit:
    return Limit(name=name, count=count, window=Sliding(seconds=seconds), **more)


def calendar(count: int, every: Every, zone: str = BERLIN, name: str = "calendar", **more: Any) -> Limit:
    return Limit(name=name, count=count, window=Calendar(every=every, zone=zone), **more)


def mailing(start: str, recipients: int, name: str = "letter", **more: Any) -> Mailing:
    more.setdefault("zone", BERLIN)
    return Mailing(name=name, channel=more.pop("channel", "main"), start=local(start), recipients=recipients, **more)


def plan(mailings: Mailing | tuple[Mailing, ...], *limits: Limit, channel: Channel | None = None, **more: Any) -> Plan:
    return Plan(
        mailings=(mailings,) if isinstance(mailings, Mailing) else mailings,
        channels=(channel or Channel(name="main"),),
        limits=limits,
        **more,
    )
