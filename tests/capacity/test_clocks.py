"""Counters and local clocks: frozen plans across the changes of 2026, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from checks.capacity.model import Calendar, Every, Limit
from checks.capacity.moments import at, date_of, first, next_reset
from checks.capacity.simulate import play, simulate
from tests.capacity.plans import BERLIN, DAY, berlin, calendar, local, mailing, plan, sliding, utc

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("zone", "shown", "moment"),
    [
        (BERLIN, "2026-03-29 01:59:59", "2026-03-29 00:59:59"),
        (BERLIN, "2026-03-29 02:00", "2026-03-29 01:00"),  # skipped: the moment of the change
        (BERLIN, "2026-03-29 02:30", "2026-03-29 01:00"),
        (BERLIN, "2026-03-29 03:00", "2026-03-29 01:00"),
        (BERLIN, "2026-10-25 02:30", "2026-10-25 00:30"),  # shown twice: the first time
        (BERLIN, "2026-10-25 03:00", "2026-10-25 02:00"),
        (NEW_YORK, "2026-03-08 02:15", "2026-03-08 07:00"),
        (NEW_YORK, "2026-11-01 01:15", "2026-11-01 05:15"),
        ("Asia/Beirut", "2026-03-29 00:00", "2026-03-28 22:00"),  # a day that begins at 1:00
        ("America/Havana", "2026-11-01 00:30", "2026-11-01 04:30"),  # midnight comes twice
        ("UTC", "2026-03-29 02:30", "2026-03-29 02:30"),
    ],
)
def test_a_local_time_is_the_first_moment_at_which_the_clock_shows_it(zone: str, shown: str, moment: str) -> None:
    assert date_of(first(local(shown), ZoneInfo(zone))) == utc(moment)


@pytest.mark.parametrize(
    ("every", "reset", "zone", "now", "then"),
    [
        (Every.MINUTE, time(0), BERLIN, "2026-03-29 00:59:30", "2026-03-29 01:00"),
        (Every.HOUR, time(0), BERLIN, "2026-03-29 00:30", "2026-03-29 01:00"),
        (Every.HOUR, time(0), BERLIN, "2026-10-25 00:30", "2026-10-25 01:00"),  # the second 2:00 begins a new hour
        (Every.HOUR, time(0), "Australia/Lord_Howe", "2026-04-04 14:40", "2026-04-04 15:00"),  # 2:00 becomes 1:30: a new hour
        (Every.HOUR, time(0), "Australia/Lord_Howe", "2026-04-04 15:00", "2026-04-04 15:30"),
        (Every.DAY, time(0), BERLIN, "2026-03-28 23:00", "2026-03-29 22:00"),  # 23 hours
        (Every.DAY, time(0), BERLIN, "2026-10-24 22:00", "2026-10-25 23:00"),  # 25 hours
        (Every.DAY, time(2, 30), BERLIN, "2026-03-28 12:00", "2026-03-29 01:00"),
        (Every.DAY, time(2, 30), BERLIN, "2026-03-29 01:00", "2026-03-30 00:30"),
        (Every.DAY, time(2, 30), BERLIN, "2026-10-25 00:10", "2026-10-25 00:30"),
        (Every.DAY, time(2, 30), BERLIN, "2026-10-25 01:10", "2026-10-26 01:30"),  # 2:10 for the second time: 2:30 has been
        (Every.WEEK, time(0), BERLIN, "2026-03-25 12:00", "2026-03-29 22:00"),
        (Every.WEEK, time(0), BERLIN, "2026-03-29 22:00", "2026-04-05 22:00"),
        (Every.DAY, time(0), "America/Havana", "2026-11-01 04:00", "2026-11-02 05:00"),
        (Every.DAY, time(0), "America/Havana", "2026-11-01 05:30", "2026-11-02 05:00"),
    ],
)
def test_a_counter_starts_anew_when_the_local_clock_says_so(every: Every, reset: time, zone: str, now: str, then: str) -> None:
    assert date_of(next_reset(Calendar(every=every, zone=zone, reset=reset), at(utc(now)))) == utc(then)


def test_days_and_weeks_of_three_years_begin_at_the_local_time() -> None:
    """Whatever the zone, each start is the first moment of its local day, and none is left out."""
    for zone in (BERLIN, NEW_YORK, "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Atlantic/Azores", "Asia/Kathmandu"):
        now, day = at(utc("2026-01-01 12:00")), utc("2026-01-01 12:00").astimezone(ZoneInfo(zone)).date()
        for _ in range(3 * 365):
            now, day = next_reset(Calendar(every=Every.DAY, zone=zone), now), day + timedelta(days=1)
            assert date_of(now).astimezone(ZoneInfo(zone)).date() == day
            assert date_of(now - 1).astimezone(ZoneInfo(zone)).date() < day


@pytest.mark.parametrize(
    ("start", "limit", "finish"),
    [
        # 1,500 letters, 1,000 a day. Calendar days: the rest goes at midnight. Sliding: 24 hours later, whatever the clocks show.
        ("2026-03-28 18:00", calendar(1_000, Every.DAY), "2026-03-29 00:00"),
        ("2026-03-28 18:00", sliding(1_000, DAY), "2026-03-29 19:00"),
        ("2026-03-29 01:00", calendar(1_000, Every.DAY), "2026-03-30 00:00"),  # 22 hours later
        ("2026-03-29 01:00", sliding(1_000, DAY), "2026-03-30 02:00"),
        ("2026-10-24 18:00", calendar(1_000, Every.DAY), "2026-10-25 00:00"),
        ("2026-10-24 18:00", sliding(1_000, DAY), "2026-10-25 17:00"),
        ("2026-10-25 00:00", calendar(1_000, Every.DAY), "2026-10-26 00:00"),  # 25 hours later
        ("2026-10-25 00:00", sliding(1_000, DAY), "2026-10-25 23:00"),
        ("2026-03-25 09:00", calendar(1_000, Every.WEEK), "2026-03-30 00:00"),
        ("2026-10-21 09:00", calendar(1_000, Every.WEEK), "2026-10-26 00:00"),
    ],
)
def test_a_days_limit_in_berlin_across_the_change_of_clocks(start: str, limit: Limit, finish: str) -> None:
    assert simulate(plan(mailing(start, 1_500), limit)).finish == berlin(finish)


@pytest.mark.parametrize(("start", "hours"), [("2026-03-08 00:00", 23), ("2026-11-01 00:00", 25), ("2026-06-01 00:00", 24)])
def test_a_days_limit_in_new_york_lasts_as_long_as_the_day(start: str, hours: int) -> None:
    result = simulate(plan(mailing(start, 11, zone=NEW_YORK), calendar(10, Every.DAY, NEW_YORK)))
    assert result.finish == result.mailings[0].start + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "minutes"),
    [("2026-10-25 01:30", [0, 30, 90, 150]), ("2026-03-29 01:30", [0, 30, 90, 150]), ("2026-06-01 01:30", [0, 30, 90, 150])],
)
def test_an_hours_limit_knows_the_hour_that_is_shown_twice_and_the_one_that_is_not(start: str, minutes: list[int]) -> None:
    """Both hours from 2:00 on 25 October have their own hundred letters, and 3:00 comes right after 2:00 on 29 March."""
    played = play(plan(mailing(start, 400), calendar(100, Every.HOUR)))
    begin = at(berlin(start))
    assert [((moment - begin) // 60_000, messages) for moment, _, messages in played.emissions()] == [(m, 100) for m in minutes]


def test_a_mailing_that_starts_in_the_skipped_hour_starts_at_the_change() -> None:
    assert simulate(plan(mailing("2026-03-29 02:30", 1))).mailings[0].start == utc("2026-03-29 01:00")


def test_a_counter_that_is_reset_has_room_at_once() -> None:
    """`reset_at` lets the rest go at that moment, and the window after it is full again."""
    limit = sliding(100, DAY, reset_at=berlin("2026-06-01 10:00"))
    played = play(plan(mailing("2026-06-01 08:00", 300), limit))
    assert [(date_of(moment), messages) for moment, _, messages in played.emissions()] == [
        (berlin("2026-06-01 08:00"), 100), (berlin("2026-06-01 10:00"), 100), (berlin("2026-06-02 10:00"), 100),
    ]  # fmt: skip


def test_dates_are_given_in_utc() -> None:
    start = simulate(plan(mailing("2026-06-01 08:00", 1))).mailings[0].start
    assert start == datetime(2026, 6, 1, 6, tzinfo=UTC)
    assert start.tzinfo is UTC
