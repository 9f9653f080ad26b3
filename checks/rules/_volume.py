"""What the planned volume means in a day, an hour and a week. For every rule that compares it with a limit.

The settings name recipients per mailing and mailings per week. Without a better word, the busiest day is meant to be the worst one that these
numbers leave likely: up to seven mailings a week go out one a day, more are spread over the days. Every recipient is one message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from checks.settings import Limit, Volume

DAYS = 7
HOURS = {"hour": 1, "day": 24, "week": 24 * DAYS}
MISSING_RECIPIENTS = "volume.recipients_per_mailing"
MISSING_MAILINGS = "volume.mailings_per_week"
MISSING_LICENCES = "volume.licences"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The planned volume, once it is known how large a mailing is."""

    recipients: int
    """Of one mailing."""
    mailings: int | None
    """In a week; None if nobody said."""
    said_a_day: int | None = None
    """On the busiest day; None if nobody said."""

    @property
    def mailings_a_day(self) -> int:
        """On the busiest day."""
        return self.said_a_day or -(-(self.mailings or 1) // DAYS)

    @property
    def busiest_day(self) -> int:
        """Recipients on the busiest day."""
        return self.recipients * self.mailings_a_day

    @property
    def week(self) -> int | None:
        """Recipients in a week; None if nobody said how many mailings there are."""
        return None if self.mailings is None else self.recipients * max(self.mailings, self.said_a_day or 1)

    @property
    def words(self) -> str:
        """What the busiest day holds: "a mailing to 12,000 recipients"."""
        one = f"a mailing to {counted(self.recipients, 'recipient')}"
        return (
            one
            if self.mailings_a_day == 1
            else f"{self.mailings_a_day:,} mailings a day to {counted(self.recipients, 'recipient')} each"
        )

    def within(self, seconds: int) -> int:
        """Recipients that are written to in a stretch of that length at the worst: a day's and more in a day, a whole mailing in less."""
        return self.busiest_day * max(1, seconds // 86400) if seconds >= 86400 else self.recipients


def planned(volume: Volume) -> Planned | None:
    """Return the planned volume, or None if nobody said how large a mailing is."""
    if volume.recipients_per_mailing is None:
        return None
    return Planned(
        recipients=volume.recipients_per_mailing, mailings=volume.mailings_per_week, said_a_day=volume.mailings_per_day
    )


def parts(count: int, size: int) -> int:
    """How many parts of at most `size` make up `count`."""
    return -(-count // size)


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: "1 day", "12,000 recipients"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def ordinal(count: int) -> str:
    """Write a place in a row: "1st", "10,001st", "12th"."""
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count:,}{ending}"


def spoken_time(span: timedelta) -> str:
    """Write a stretch of time as a person would: "40 minutes", "6 hours 40 minutes", "2 days"; rounded up to the minute."""
    minutes = max(1, -(-int(span.total_seconds()) // 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    named = (
        [counted(days, "day")] * bool(days)
        + [counted(hours, "hour")] * bool(hours)
        + [counted(minutes, "minute")] * bool(minutes and not days)
    )
    return " ".join(named[:2])


def lets_through(limit: Limit, seconds: int) -> int:
    """How much a limit of the settings lets through in a stretch of that length, at the worst: all at once, then again when its period begins anew."""
    period = HOURS[limit.per] * 3600
    return limit.max * max(1, parts(seconds, period))


def paces(limit: Limit | None, value: int, seconds: int) -> bool:
    """Whether the dispatcher itself waits before a provider's number is reached, so that nothing is refused."""
    return limit is not None and limit.on_exceed == "defer" and lets_through(limit, seconds) <= value


def is_trial(volume: Volume) -> bool:
    """Whether the plan is a trial, as far as its name says so."""
    return volume.plan is not None and re.search(r"\b(trial|test|testversion|probe\w*)\b", volume.plan.casefold()) is not None
