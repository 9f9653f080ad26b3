"""From what people say about their volume to mailings: how many in a week, from when on, growing how fast."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from checks.capacity.model import Mailing

WEEK = timedelta(weeks=1)


def recurring(first: Mailing, *, per_week: int, times: int, growth_percent: int = 0) -> tuple[Mailing, ...]:
    """Return a mailing and those that follow it, evenly over the week.

    Up to seven a week start at the same local hour, on days as far apart as possible; more than that start evenly round the clock. Each has
    so many per cent more recipients than the one before (rounded down); the share of recipients outside stays what it is.
    """
    found = []
    for number in range(times):
        after = timedelta(days=7 * number // per_week) if per_week <= 7 else _whole_minutes(WEEK * number / per_week)
        found.append(
            replace(
                first,
                name=first.name if times == 1 else f"{first.name} {number + 1}",
                start=first.start + after,
                recipients=_grown(first.recipients, number, growth_percent),
                external=None if first.external is None else _grown(first.external, number, growth_percent),
            )
        )
    return tuple(found)


def _grown(people: int, times: int, percent: int) -> int:
    return int(people * (100 + percent) ** times // 100**times)


def _whole_minutes(length: timedelta) -> timedelta:
    return timedelta(minutes=length // timedelta(minutes=1))
