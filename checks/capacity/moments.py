"""Local clocks and the moments at which counters start anew. Knows nothing of mail.

A moment is a whole number of milliseconds since 1970-01-01 00:00 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from checks.capacity.model import Calendar, Every

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def at(when: datetime) -> int:
    """Return the moment of a date and time that has a zone."""
    return (when - EPOCH) // MS


def date_of(moment: int) -> datetime:
    """Return the date and time of a moment, in UTC."""
    return EPOCH + moment * MS


def first(local: datetime, zone: ZoneInfo) -> int:
    """Return the first moment at which the clock of a zone shows this local time; where it skips it, the moment of the change."""
    before = at(local.replace(tzinfo=zone, fold=0))
    if wall(before, zone) == local:
        return before
    # PEP 495: for a time that is skipped, fold=0 counts from the offset before the change and lands behind it, fold=1 before it.
    return _change(at(local.replace(tzinfo=zone, fold=1)), before, zone)


def wall(moment: int, zone: ZoneInfo) -> datetime:
    """Return what the clock of a zone shows."""
    return date_of(moment).astimezone(zone).replace(tzinfo=None, fold=0)


def next_reset(window: Calendar, now: int) -> int:
    """Return the next moment, after now, at which the counter of a calendar window starts anew."""
    if window.every is Every.MINUTE:  # offsets of today's zones are whole minutes, and so are the moments of their changes
        return (now // MINUTE + 1) * MINUTE
    zone = ZoneInfo(window.zone)
    if window.every is Every.HOUR:
        return _next_hour(now, zone)
    step = timedelta(days=7 if window.every is Every.WEEK else 1)
    into = timedelta(hours=window.reset.hour, minutes=window.reset.minute, seconds=window.reset.second)
    day = (wall(now, zone) - into).replace(hour=0, minute=0, second=0, microsecond=0)
    if window.every is Every.WEEK:
        day -= timedelta(days=day.weekday())
    while True:  # once; twice in the hour that the clocks show again
        day += step
        if (found := first(day + into, zone)) > now:
            return found


def _next_hour(now: int, zone: ZoneInfo) -> int:
    shown = wall(now, zone)
    found = now + HOUR - (shown.minute * MINUTE + shown.second * SECOND + shown.microsecond // 1000)
    return found if _offset(found, zone) == _offset(now, zone) else _change(now, found, zone)


def _offset(moment: int, zone: ZoneInfo) -> timedelta | None:
    return date_of(moment).astimezone(zone).utcoffset()


def _change(low: int, high: int, zone: ZoneInfo) -> int:
    """Return the first moment in (low, high] that has the offset of high."""
    new = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == new:
            high = middle
        else:
            low = middle
    return high
