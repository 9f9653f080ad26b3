"""The smallest settings that carry a plan, and limits to enter that keep every limit of the provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.capacity.advise import (
    blamed,
    carries,
    connections_needed,
    copied,
    count_needed,
    each_enters,
    fitting_recipients,
    in_time,
    mailboxes_needed,
    needed_in_window,
    sustained,
)  # fmt: skip
from checks.capacity.entry import ENTERED_BURST, ENTERED_LIMIT, MARGIN, PERIODS, entered, entry
from checks.capacity.model import Calendar, Channel, Every, Limit, OnExceed, Plan, Scope, Sliding, Unit
from checks.capacity.result import CONNECTIONS
from checks.capacity.simulate import simulate
from checks.capacity.volume import recurring
from checks.tables import limits as table
from tests.capacity.plans import BERLIN, DAY, berlin, calendar, mailing, plan, sliding
from tests.capacity.test_results import CLUB, MAILBOX, MICROSOFT


def test_what_the_club_enters() -> None:
    """9,000 recipients in any 24 hours and 27 messages a minute: a tenth below what Microsoft takes."""
    found = entry(CLUB, "main")
    assert found is not None
    assert (found.max, found.per, found.unit, found.window) == (9_000, "day", Unit.RECIPIENTS, "sliding")
    assert (found.burst, found.burst_per, found.margin, found.unkept) == (27, "minute", MARGIN, ())
    assert found.keeps == tuple(limit.name for limit in MICROSOFT)
    result = simulate(entered(CLUB, found))
    assert {binding.limit for binding in result.bindings} == {CONNECTIONS, f"{ENTERED_LIMIT} main", f"{ENTERED_BURST} main"}


def test_without_a_margin_the_entry_is_as_fast_as_the_provider() -> None:
    found = entry(CLUB, "main", margin=Fraction(0))
    assert found is not None
    assert (found.max, found.burst) == (10_000, 30)
    assert simulate(entered(CLUB, found)).finish == simulate(CLUB).finish


def test_where_nothing_limits_nothing_is_entered() -> None:
    assert entry(plan(mailing("2026-11-02 09:00", 10)), "main") is None


def test_a_calendar_limit_is_entered_as_one_where_the_zones_agree() -> None:
    """Otherwise the day of 25 hours could see the sliding limit twice, so the hour has to keep it."""
    daily = plan(mailing("2026-11-02 09:00", 5_000), calendar(2_000, Every.DAY))
    same, other = entry(daily, "main", zone=BERLIN), entry(daily, "main", zone="UTC")
    assert same is not None
    assert other is not None
    assert (same.max, same.per, same.window) == (1_800, "day", "calendar")
    assert (other.max, other.per, other.window) == (72, "hour", "sliding")


def test_a_limit_of_one_is_kept_without_a_margin_and_a_too_narrow_one_is_named() -> None:
    found = entry(plan(mailing("2026-11-02 09:00", 5), sliding(1, 1, "single")), "main")
    assert found is not None
    assert (found.burst, found.burst_per) == (1, "second")
    narrow = entry(
        plan(mailing("2026-11-02 09:00", 9, recipients_per_message=3), sliding(2, 60, "narrow", unit=Unit.RECIPIENTS)), "main"
    )
    assert narrow is not None
    assert narrow.unkept == ("narrow",)


@st.composite
def limited(draw: st.DrawFn) -> tuple[Plan, str]:
    """Plans of one or two mailboxes with limits of every kind, across a change of the clocks."""
    zones = [BERLIN, "America/New_York"]

    def window() -> Sliding | Calendar:
        if draw(st.booleans()):
            return Sliding(seconds=draw(st.sampled_from([1, 10, 60, 300, 3_600, 7_200, DAY, 7 * DAY])))
        return Calendar(every=draw(st.sampled_from(list(Every))), zone=draw(st.sampled_from(zones)))

    names = draw(st.sampled_from([["one"], ["one", "two"]]))
    limits = tuple(
        Limit(
            name=f"l{number}", count=draw(st.integers(1, 60)), unit=draw(st.sampled_from(list(Unit))), window=window(),
            scope=draw(st.sampled_from([Scope.MAILBOX, Scope.TENANT])), external_only=draw(st.booleans()),
            on_exceed=draw(st.sampled_from(list(OnExceed))),
        )
        for number in range(draw(st.integers(1, 4)))
    )  # fmt: skip
    mailings = tuple(
        mailing(
            draw(st.sampled_from(["2026-10-24 20:00", "2026-10-24 23:59", "2026-03-28 22:10"])), draw(st.integers(1, 300)), f"by {name}",
            channel=name, recipients_per_message=draw(st.integers(1, 3)), external=draw(st.sampled_from([None, 0, 1])),
        )
        for name in names
    )  # fmt: skip
    return Plan(mailings=mailings, channels=tuple(Channel(name=name) for name in names), limits=limits), draw(
        st.sampled_from(zones)
    )


@settings(max_examples=100, deadline=None)
@given(case=limited())
def test_with_the_entry_in_force_no_limit_of_the_provider_is_ever_met(case: tuple[Plan, str]) -> None:
    """Whatever the windows: none of the limits that it keeps holds anything back, refuses or loses a message."""
    whole, zone = case
    entries = [found for channel in whole.channels if (found := entry(whole, channel.name, zone=zone)) is not None]
    if any(found.unkept for found in entries):
        return
    for found in entries:
        whole = entered(whole, found, zone=zone)
    result = simulate(whole)
    assert {binding.limit.rpartition(" ")[0] for binding in result.bindings} <= {ENTERED_LIMIT, ENTERED_BURST}
    assert not sum(outcome.rejected + outcome.refused for outcome in result.mailings)


# --- what is needed ---------------------------------------------------------------------------------------------------


def test_the_club_needs_a_second_mailbox_to_be_done_on_the_day() -> None:
    by = berlin("2026-11-02 23:59")
    result = simulate(CLUB)
    assert result.finish == berlin("2026-11-03 10:06:07")
    assert in_time(result, None)
    assert not in_time(result, by)
    assert blamed(result.mailings[0], result, CLUB) == MICROSOFT[0].name
    assert mailboxes_needed(CLUB, "main", by) == 2
    assert connections_needed(CLUB, "main", by) is None
    assert carries(copied(CLUB, "main", 2), by)
    assert carries(CLUB)


def test_several_mailboxes_share_the_work_evenly() -> None:
    parts = copied(plan(mailing("2026-11-02 09:00", 100, recipients_per_message=7, external=50)), "main", 4)
    assert sum(part.recipients for part in parts.mailings) == 100
    assert sum(part.outside for part in parts.mailings) == 50
    assert [part.messages for part in parts.mailings] == [3, 4, 4, 4]
    assert sum(part.messages for part in parts.mailings) == 15
    assert len(copied(plan(mailing("2026-11-02 09:00", 2)), "main", 4).mailings) == 2


def test_more_mailboxes_do_not_help_against_a_limit_of_the_tenant() -> None:
    """One licence: 10,000 recipients outside in 24 hours for all mailboxes together. What helps is more licences."""
    row = table.limit("microsoft365.tenant-external-recipients")
    tenant = sliding(row.for_licences(1), DAY, "tenant", unit=Unit.RECIPIENTS, external_only=True, scope=Scope.TENANT)
    whole = plan(mailing("2026-11-02 09:00", 12_000), *MICROSOFT, tenant, channel=MAILBOX)
    by = berlin("2026-11-02 23:59")
    assert mailboxes_needed(whole, "main", by) is None
    enough = replace(whole, limits=(*MICROSOFT, replace(tenant, count=row.for_licences(25))))
    assert mailboxes_needed(enough, "main", by) == 2
    assert count_needed(copied(whole, "main", 2), "tenant", by) == 12_000


def test_each_mailbox_enters_its_share_of_what_they_have_in_common() -> None:
    """Two mailboxes with 9,000 a day each would run into the 10,000 of the organisation; with 4,500 each nothing is refused."""
    row = table.limit("microsoft365.tenant-external-recipients")
    tenant = sliding(row.for_licences(1), DAY, "tenant", unit=Unit.RECIPIENTS, scope=Scope.TENANT, on_exceed=OnExceed.RETRY)
    whole = plan(mailing("2026-11-02 09:00", 30_000), *MICROSOFT, tenant, channel=MAILBOX)
    both, found = each_enters(whole, "main", 2)
    assert found is not None
    assert (found.max, found.per, found.unit) == (4_500, "day", Unit.RECIPIENTS)
    result = simulate(both)
    assert result.finish is not None
    assert not sum(one.refused for one in result.mailings)
    week = plan(mailing("2026-11-02 09:00", 66_000), *MICROSOFT, tenant, channel=MAILBOX)
    assert mailboxes_needed(week, "main", berlin("2026-11-09 09:00")) is None


def test_each_mailing_is_measured_from_its_own_start() -> None:
    """Three a week, each to be out within a day: two mailboxes, as for one."""
    three = recurring(mailing("2026-11-02 09:00", 12_000), per_week=3, times=3)
    assert mailboxes_needed(plan(three, *MICROSOFT, channel=MAILBOX), "main", timedelta(days=1)) == 2


def test_more_mailboxes_than_the_windows_alone_ask_for() -> None:
    """A message takes ten seconds over one connection: 8,640 a day, however much the windows have room for."""
    slow = Channel(name="main", connections=1, milliseconds=10_000)
    whole = plan(mailing("2026-11-02 09:00", 60_000), sliding(30_000, DAY, "day"), channel=slow)
    assert mailboxes_needed(whole, "main", timedelta(days=1)) == 7


def test_the_smallest_number_of_connections() -> None:
    """3,600 messages of 2 seconds in 10 minutes: 300 go through one connection, so it takes twelve."""
    channel = Channel(name="main", connections=1, milliseconds=2_000)
    whole = plan(mailing("2026-11-02 09:00", 3_600), channel=channel)
    assert connections_needed(whole, "main", berlin("2026-11-02 09:10")) == 12
    assert connections_needed(whole, "main", berlin("2026-11-02 09:00:01")) is None
    result = simulate(whole)
    assert blamed(result.mailings[0], result, whole) == CONNECTIONS


def test_the_smallest_limit_that_carries_the_plan() -> None:
    """1,000 letters until 17:00 with a limit by the hour: nine windows begin, so 112 an hour."""
    whole = plan(mailing("2026-11-02 09:00", 1_000), sliding(10, 3_600, "own"))
    by = berlin("2026-11-02 17:00")
    needed = count_needed(whole, "own", by)
    assert needed == 112
    for count, enough in ((112, True), (111, False)):
        assert carries(plan(mailing("2026-11-02 09:00", 1_000), sliding(count, 3_600, "own")), by) is enough


@pytest.mark.parametrize(
    "change", [{"on_exceed": OnExceed.REJECT}, {"on_exceed": OnExceed.RETRY}, {"count": 1, "window": Sliding(seconds=7 * DAY)}]
)
def test_the_limit_that_holds_a_mailing_back_is_named(change: dict[str, object]) -> None:
    whole = plan(mailing("2026-11-02 09:00", 300), replace(sliding(100, DAY, "narrow"), **change))  # type: ignore[arg-type] # a field each
    result = simulate(whole)
    assert blamed(result.mailings[0], result, whole) == "narrow"


def test_a_message_that_cannot_pass_is_told_with_the_size_that_can() -> None:
    whole = plan(mailing("2026-11-02 09:00", 1_200, recipients_per_message=1_200), *MICROSOFT, channel=MAILBOX)
    result = simulate(whole)
    assert blamed(result.mailings[0], result, whole) == "recipients-per-message"
    assert not carries(whole)
    assert fitting_recipients(whole, "main") == 1_000


def test_an_entry_keeps_every_limit_of_the_table() -> None:
    """Each provider's general limits, as they are shipped, lead to numbers that can be entered."""
    for provider in sorted({row.provider for row in table.limits()}):
        rows = [row for row in table.limits_of([provider]) if row.general and row.seconds and row.unit in list(Unit)]
        limits = tuple(sliding(row.value, row.seconds or 1, row.id, unit=Unit(row.unit)) for row in rows)
        if limits:
            found = entry(plan(mailing("2026-11-02 09:00", 5_000), *limits), "main")
            assert found is not None
            assert not found.unkept
            rate = (found.max or 0) / PERIODS[found.per] if found.max else (found.burst or 0) / PERIODS[found.burst_per]
            assert rate > 0
            assert simulate(plan(mailing("2026-11-02 09:00", 5), *limits)).finish is not None


def test_the_shares_end_with_the_mailing() -> None:
    """A finish in time is a finish of every part."""
    whole = copied(CLUB, "main", 3)
    result = simulate(whole)
    assert result.finish is not None
    assert result.finish < berlin("2026-11-02 09:00") + timedelta(hours=3)


# --- limits of both units ---------------------------------------------------------------------------------------------

MAIL_OF_GOOGLE = (
    sliding(2_000, DAY, "messages"),
    sliding(10_000, DAY, "recipients", unit=Unit.RECIPIENTS),
    sliding(2_000, DAY, "recipients of some", unit=Unit.RECIPIENTS),
)


def test_a_limit_on_messages_does_not_turn_one_on_recipients_into_messages() -> None:
    """1,800 recipients a day keep 2,000 messages a day too: 100 letters of one and 2,400 recipients in 24 messages go in two days, not in six."""
    letters = mailing("2026-11-24 09:00", 100, "other", priority=1)
    newsletter = mailing("2026-11-24 09:00", 2_500, "news", recipients_per_message=100)
    whole = plan((newsletter, letters), *MAIL_OF_GOOGLE)
    found = entry(whole, "main")
    assert found is not None
    assert (found.max, found.per, found.unit, found.burst) == (1_800, "day", Unit.RECIPIENTS, None)
    result = simulate(entered(whole, found))
    assert result.finish == berlin("2026-11-25 09:00")
    assert {binding.limit for binding in result.bindings} == {f"{ENTERED_LIMIT} main"}


def test_a_window_that_the_plan_never_fills_does_not_slow_it() -> None:
    """1,000 recipients do not reach 1,500 a day: no 56 an hour because of it."""
    narrow = sliding(200, 300, "five", unit=Unit.RECIPIENTS), sliding(400, 3_600, "hour", unit=Unit.RECIPIENTS)
    daily = sliding(1_500, DAY, "day", unit=Unit.RECIPIENTS)
    whole = plan(mailing("2026-11-24 09:00", 1_000, recipients_per_message=50), *narrow, daily)
    found = entry(whole, "main")
    assert found is not None
    assert (found.max, found.per, found.unit) == (180, "hour", Unit.RECIPIENTS)
    assert simulate(entered(whole, found)).finish == berlin("2026-11-24 15:00")


def test_a_window_that_is_longer_than_the_plan_is_kept() -> None:
    """What comes again each hour does fill a day."""
    whole = plan(mailing("2026-11-24 09:00", 100), sliding(30, 60, "minute"), sliding(400, DAY, "day"))
    found = entry(whole, "main", repeats_after=3_600)
    assert found is not None
    assert (found.max, found.per) == (360, "day")


def test_what_is_entered_lets_a_whole_message_through() -> None:
    """A limit on recipients that is smaller than a message would hold it back for ever."""
    whole = plan(mailing("2026-11-24 09:00", 5_000, recipients_per_message=1_000), *MICROSOFT, channel=MAILBOX)
    found = entry(whole, "main")
    assert found is not None
    assert simulate(entered(whole, found)).finish is not None


def test_a_message_is_no_larger_than_its_mailing() -> None:
    """20 recipients, though 100 could share a message: 56 an hour let them through; and other letters of the hour are not slowed."""
    few = mailing("2026-11-24 09:00", 20, recipients_per_message=100)
    others = mailing("2026-11-24 09:00", 500, "other", priority=1)
    narrow = sliding(200, 300, "five", unit=Unit.RECIPIENTS), sliding(1_500, DAY, "day", unit=Unit.RECIPIENTS)
    whole = plan((few, others), *narrow)
    found = entry(whole, "main")
    assert found is not None
    result = simulate(entered(whole, found))
    assert result.finish is not None
    assert result.finish <= berlin("2026-11-24 12:00")


def test_where_it_costs_no_time_the_limits_that_are_not_reached_are_kept_too() -> None:
    """400 members: the day of 10,000 is in no danger, but the next mailing may be larger."""
    found = entry(plan(mailing("2026-11-02 09:00", 400), *MICROSOFT, channel=MAILBOX), "main")
    assert found is not None
    assert (found.max, found.burst) == (9_000, 27)


def test_a_limit_that_other_logins_share_is_entered_as_a_share() -> None:
    """Two servers that log in as one mailbox: half of its numbers for each."""
    both = tuple(replace(limit, others=1) for limit in MICROSOFT)
    found = entry(plan(mailing("2026-11-02 09:00", 12_000), *both, channel=MAILBOX), "main")
    assert found is not None
    assert (found.max, found.burst) == (4_500, 13)
    with pytest.raises(ValueError, match="1 or more"):
        replace(MICROSOFT[0], others=-1)


# --- week after week --------------------------------------------------------------------------------------------------

WEEK = 7 * DAY


def test_a_first_week_in_time_is_not_all_weeks_in_time() -> None:
    """500 each calendar week: from Tuesday to Tuesday that is twice 500, in the long run it is half of what is planned."""
    whole = plan(
        recurring(mailing("2026-11-24 09:00", 400), per_week=2, times=2), calendar(500, Every.WEEK, unit=Unit.RECIPIENTS)
    )
    assert carries(whole, berlin("2026-12-01 09:00"))
    assert not sustained(whole, WEEK)
    assert sustained(whole, None)
    assert needed_in_window(whole, whole.limits[0], WEEK) == 800
    assert sustained(replace(whole, limits=(replace(whole.limits[0], count=800),)), WEEK)


def test_what_is_shared_is_sustained_together_and_what_is_not_apart() -> None:
    letters = tuple(mailing("2026-11-24 09:00", 350, f"by {name}", channel=name) for name in ("one", "two"))
    channels = Channel(name="one"), Channel(name="two")
    for scope, needed in ((Scope.MAILBOX, 50), (Scope.TENANT, 100)):
        whole = Plan(mailings=letters, channels=channels, limits=(sliding(50, DAY, scope=scope),))
        assert needed_in_window(whole, whole.limits[0], WEEK) == needed
        assert sustained(whole, WEEK) is (scope is Scope.MAILBOX)


def test_many_mailings_are_shared_out_over_as_many_mailboxes_as_a_plan_can_hold() -> None:
    """A hundred mailings on sixty-four mailboxes would be more than a plan has room for."""
    many = tuple(mailing("2026-11-24 09:00", 400, f"letter {number}") for number in range(100))
    tenant = sliding(1_000_000, DAY, "tenant", scope=Scope.TENANT)
    assert mailboxes_needed(plan(many, sliding(10_000, DAY), tenant), "main", timedelta(days=1)) == 3
    assert mailboxes_needed(plan(many, sliding(1_000, DAY), tenant), "main", timedelta(days=1)) is None
