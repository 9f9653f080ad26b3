"""What a result says: published and everyday cases, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.capacity.model import Channel, Dispatcher, Every, Limit, Mailing, OnExceed, Plan, Scope, Unit, encoded_size
from checks.capacity.result import CONNECTIONS
from checks.capacity.simulate import MAX_POINTS, play, simulate, summary
from checks.capacity.volume import recurring
from tests.capacity.plans import DAY, berlin, calendar, mailing, plan, sliding

MICROSOFT = (
    sliding(30, 60, "30 messages a minute"),
    sliding(10_000, DAY, "10,000 recipients in 24 hours", unit=Unit.RECIPIENTS),
)
MAILBOX = Channel(name="main", connections=3, milliseconds=1_000, recipients_per_message=1_000, max_bytes=35_000_000)
CLUB = plan(mailing("2026-11-02 09:00", 12_000), *MICROSOFT, channel=MAILBOX)


def test_a_club_with_12000_members_on_one_mailbox() -> None:
    """10,000 leave in five and a half hours at 30 a minute, 2,000 wait until the next morning and need 67 minutes."""
    result = simulate(CLUB)
    club = result.mailings[0]
    assert (club.sent, club.deferred, dict(club.held)) == (12_000, 11_970, {MICROSOFT[0].name: 9_970, MICROSOFT[1].name: 2_000})
    assert club.first == berlin("2026-11-02 09:00")
    assert result.finish == berlin("2026-11-03 10:06:07")  # 66 minutes with 30 each, 20 in the 67th: 7 rounds of 3 at once
    day = [binding for binding in result.bindings if binding.limit == MICROSOFT[1].name]
    assert [(b.begins, b.ends) for b in day] == [(berlin("2026-11-02 14:33:03"), berlin("2026-11-03 10:06"))]
    minute = next(binding for binding in result.bindings if binding.limit == MICROSOFT[0].name)
    assert (minute.begins, minute.ends) == (berlin("2026-11-02 09:00:10"), berlin("2026-11-02 14:33"))
    assert not result.collisions
    assert not result.truncated


def test_the_line_of_the_club_rises_rests_and_rises() -> None:
    series = simulate(CLUB).series[0]
    assert 2 < len(series.points) <= MAX_POINTS
    assert series.points[0] == (berlin("2026-11-02 09:00"), 3)
    assert series.points[-1] == (berlin("2026-11-03 10:06:06"), 12_000)
    counts = [count for _, count in series.points]
    assert counts == sorted(counts)
    assert {count for moment, count in series.points if berlin("2026-11-02 15:00") < moment < berlin("2026-11-03 08:59")} == {
        10_000
    }


@pytest.mark.parametrize("recipients", [1, 3, 400, 9_999, 10_000, 12_000, 21_000])
def test_leaps_change_nothing(recipients: int) -> None:
    """The result with leaps is the one without, to the last field."""
    mailings = (mailing("2026-11-02 09:00", recipients), mailing("2026-11-02 11:00", 700, "second", priority=1))
    limits = (*MICROSOFT, calendar(400, Every.HOUR, scope=Scope.TENANT), sliding(2, 1, "second"))
    whole = plan(mailings, *limits, channel=MAILBOX)
    assert simulate(whole) == summary(play(whole, leap=1 << 60)) == summary(play(whole, leap=5))


def test_a_million_in_a_week_takes_few_steps() -> None:
    """The work grows with the pattern, not with the messages: what makes it fast is counted, not timed."""
    limits = (sliding(120, 60, "minute"), sliding(150_000, DAY, "day"), calendar(1_000_000, Every.WEEK))
    small, large = (play(plan(mailing("2026-11-02 00:00", count), *limits, channel=MAILBOX)) for count in (10_000, 1_000_000))
    assert summary(large).mailings[0].sent == 1_000_000
    assert summary(large).finish is not None
    assert len(large.engines[0].log) < 20 * len(small.engines[0].log) < 4_000


def test_a_message_that_no_limit_can_take_is_named_and_nothing_of_it_is_tried() -> None:
    """51 recipients in one message never pass a limit of 50, a RCPTMAX of 50, or come with 2 MB through a SIZE of 1 MB."""
    big = mailing("2026-11-02 09:00", 102, recipients_per_message=51)
    assert simulate(plan(big, sliding(50, 60, "narrow", unit=Unit.RECIPIENTS))).mailings[0].misfit == "narrow"
    for channel, misfit in (
        (Channel(name="main", recipients_per_message=50), "recipients-per-message"),
        (Channel(name="main", max_bytes=1_000_000), "size"),
    ):
        outcome = simulate(plan(replace(big, bytes_per_message=2_000_000), channel=channel)).mailings[0]
        assert (outcome.misfit, outcome.sent, outcome.unsent, outcome.finish) == (misfit, 0, 2, None)
    fits = replace(big, recipients=51)
    assert simulate(plan(fits, sliding(51, 60, unit=Unit.RECIPIENTS))).mailings[0].complete


def test_a_message_counts_all_of_its_recipients_at_once() -> None:
    """100 recipients a minute and 40 in a message: two messages a minute, never two and a half."""
    played = play(plan(mailing("2026-11-02 09:00", 200, recipients_per_message=40), sliding(100, 60, unit=Unit.RECIPIENTS)))
    assert [messages for _, _, messages in played.emissions()] == [2, 2, 1]


def test_a_limit_on_recipients_outside_lets_the_others_pass() -> None:
    """150 of 250 recipients are outside, 100 of them may go in a day; the hundred colleagues come after them and go with the rest."""
    limit = sliding(100, DAY, "outside", unit=Unit.RECIPIENTS, external_only=True, scope=Scope.TENANT)
    letters = mailing("2026-11-02 09:00", 250, external=150)
    colleagues = mailing("2026-11-02 09:30", 300, "colleagues", external=0)
    result = simulate(plan((letters, colleagues), limit))
    assert result.outcome("letter").finish == berlin("2026-11-03 09:00")
    assert result.outcome("colleagues").finish == berlin("2026-11-02 09:30")
    assert not result.collisions


def test_a_refusal_for_now_comes_again_by_the_schedule() -> None:
    """Room is there after 24 hours; the tries after 5, 20, 80, 320, 560 ... minutes find it after 1,520 minutes only."""
    limit = sliding(100, DAY, on_exceed=OnExceed.RETRY)
    outcome = simulate(plan(mailing("2026-11-02 09:00", 150), limit)).mailings[0]
    assert outcome.finish == berlin("2026-11-02 09:00") + timedelta(minutes=1_520)
    assert (outcome.refused, outcome.deferred, outcome.held) == (9, 50, (("sliding", 50),))


def test_what_grows_too_old_is_given_up() -> None:
    """With 24 hours of life the next try at 1,520 minutes comes too late."""
    limit = sliding(100, DAY, on_exceed=OnExceed.RETRY)
    outcome = simulate(plan(mailing("2026-11-02 09:00", 150), limit, dispatcher=Dispatcher(max_age_hours=24))).mailings[0]
    assert (outcome.sent, outcome.expired, outcome.unsent) == (100, 50, 0)


def test_a_refusal_for_good_loses_the_rest() -> None:
    outcome = simulate(plan(mailing("2026-11-02 09:00", 150), sliding(100, DAY, on_exceed=OnExceed.REJECT))).mailings[0]
    assert (outcome.sent, outcome.rejected, outcome.finish) == (100, 50, berlin("2026-11-02 09:00"))


def test_two_mailings_collide_where_they_share_a_limit_while_both_are_under_way() -> None:
    """The second takes nothing of the day before the first is through, and is told so."""
    first, second = mailing("2026-11-02 09:00", 12_000), mailing("2026-11-02 12:00", 100, "second")
    result = simulate(plan((first, second), *MICROSOFT, channel=MAILBOX))
    collision = result.collisions[0]
    assert collision.mailings == ("letter", "second")
    assert collision.limits == (*(limit.name for limit in MICROSOFT), CONNECTIONS)
    assert (collision.begins, collision.ends) == (berlin("2026-11-02 12:00"), result.outcome("second").finish)
    assert set(collision.slowed) >= {limit.name for limit in MICROSOFT}
    urgent = simulate(plan((first, replace(second, priority=1)), *MICROSOFT, channel=MAILBOX))
    assert urgent.outcome("second").finish == berlin("2026-11-02 12:03:04")
    assert urgent.collisions


def test_a_mailing_that_finds_the_day_used_up_collides_with_the_one_that_used_it() -> None:
    """The first was done at half past two; the second waits for its room until the next morning."""
    first, second = mailing("2026-11-02 09:00", 10_000), mailing("2026-11-02 16:00", 100, "second")
    result = simulate(plan((first, second), *MICROSOFT, channel=MAILBOX))
    assert result.outcome("second").first == berlin("2026-11-03 09:00")
    assert [(c.mailings, c.limits, c.slowed) for c in result.collisions] == [(("letter", "second"), *2 * ((MICROSOFT[1].name,),))]


def test_mailings_that_come_after_each_other_do_not_collide() -> None:
    first, second = mailing("2026-11-02 09:00", 300), mailing("2026-11-02 12:00", 300, "second")
    assert not simulate(plan((first, second), *MICROSOFT, channel=MAILBOX)).collisions


def test_a_shared_limit_that_is_wide_enough_is_no_collision() -> None:
    """Two mailboxes under a limit of the tenant: only when it can become narrow do they meet."""
    channels = (Channel(name="one"), Channel(name="two"))
    mailings = tuple(mailing("2026-11-02 09:00", 300, f"by {c.name}", channel=c.name) for c in channels)
    for count, meets in ((600, False), (599, True)):
        tenant = sliding(count, DAY, "tenant", scope=Scope.TENANT)
        result = simulate(Plan(mailings=mailings, channels=channels, limits=(tenant,)))
        assert bool(result.collisions) is meets
        assert sum(outcome.deferred for outcome in result.mailings) == 600 - count


def test_each_mailbox_has_its_own_counter() -> None:
    channels = (Channel(name="one"), Channel(name="two"))
    mailings = tuple(mailing("2026-11-02 09:00", 300, f"by {c.name}", channel=c.name) for c in channels)
    result = simulate(Plan(mailings=mailings, channels=channels, limits=(sliding(300, DAY, scope=Scope.MAILBOX),)))
    assert result.finish == berlin("2026-11-02 09:00")


def test_what_never_ends_is_left_unsent() -> None:
    """One a week for a year, and the rest is told."""
    outcome = simulate(plan(mailing("2026-11-02 09:00", 1_000_000), sliding(1, 7 * DAY))).mailings[0]
    assert (outcome.sent, outcome.unsent, outcome.complete) == (53, 999_947, False)


def test_large_messages_hold_their_connection_longer() -> None:
    """10 MB attached are 13.7 MB on the way: at 1 MB a second each takes 14 seconds and a half."""
    size = encoded_size(2_000, 10_000_000)
    assert size == 2_000 + 175_438 * 78 + (-(-34 // 3) * 4 + 2)
    channel = Channel(name="main", connections=2, milliseconds=500, bytes_per_second=1_000_000)
    outcome = simulate(plan(mailing("2026-11-02 09:00", 4, bytes_per_message=size), channel=channel)).mailings[0]
    assert outcome.finish == berlin("2026-11-02 09:00") + 2 * timedelta(milliseconds=500 + -(-size // 1_000))
    assert outcome.deferred == 0  # only the connections were waited for


@pytest.mark.parametrize(
    ("people", "size", "outside", "runs"),
    [
        (10, 4, None, ((2, 4, 4), (1, 2, 2))), (10, 4, 0, ((2, 4, 0), (1, 2, 0))), (10, 4, 6, ((1, 4, 4), (1, 4, 2), (1, 2, 0))),
        (10, 4, 9, ((2, 4, 4), (1, 2, 1))), (3, 5, 2, ((1, 3, 2),)), (5, 5, 2, ((1, 5, 2),)), (12, 1, 5, ((5, 1, 1), (7, 1, 0))),
    ],
)  # fmt: skip
def test_messages_stand_in_order_those_to_outside_first(
    people: int, size: int, outside: int | None, runs: tuple[tuple[int, ...], ...]
) -> None:
    found = mailing("2026-11-02 09:00", people, recipients_per_message=size, external=outside)
    assert found.runs() == runs
    assert sum(n * r for n, r, _ in runs) == people
    assert sum(n for n, _, _ in runs) == found.messages


def test_recurring_mailings_keep_their_local_hour_and_grow() -> None:
    """Two a week from a Monday: Monday, Thursday; nine o'clock stays nine o'clock when the clocks change."""
    found = recurring(mailing("2026-10-19 09:00", 1_000, external=500), per_week=2, times=4, growth_percent=10)
    assert [part.start.isoformat(" ", "minutes") for part in found] == [
        "2026-10-19 09:00", "2026-10-22 09:00", "2026-10-26 09:00", "2026-10-29 09:00",
    ]  # fmt: skip
    assert [part.recipients for part in found] == [1_000, 1_100, 1_210, 1_331]
    assert [part.external for part in found] == [500, 550, 605, 665]
    assert len({part.name for part in found}) == 4
    assert [part.start.hour for part in recurring(found[0], per_week=14, times=3)] == [9, 21, 9]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sliding(0, 60), lambda: sliding(1, 0), lambda: Channel(name="main", connections=0), lambda: mailing("2026-11-02 09:00", 0),
        lambda: mailing("2026-11-02 09:00+01:00", 1), lambda: mailing("2026-11-02 09:00", 1, external=2), lambda: Dispatcher(retry_minutes=()),
        lambda: plan(mailing("2026-11-02 09:00", 1, channel="other")), lambda: plan((mailing("2026-11-02 09:00", 1),) * 2),
        lambda: plan(mailing("2026-11-02 09:00", 1), sliding(1, 60, channels=("other",))),
    ],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_cannot_be_written(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence differs
        wrong()


def test_the_same_plan_gives_the_same_result() -> None:
    assert simulate(CLUB) == simulate(CLUB)
    assert isinstance(CLUB.limits[0], Limit)
    assert isinstance(CLUB.mailings[0], Mailing)


def test_what_the_dispatcher_waits_for_is_its_own_limit_first() -> None:
    """The provider's day has as little room as the hour of the settings; it is the settings that a person can change."""
    own = sliding(10, 3_600, "own", scope=Scope.CREDENTIAL)
    result = simulate(plan(mailing("2026-11-02 09:00", 11), own, sliding(10, DAY, "provider")))
    assert [binding.limit for binding in result.bindings] == ["own", "provider"]
    assert result.bindings[0].ends == berlin("2026-11-02 10:00")


def test_mailings_that_follow_each_other_closely_are_no_collision() -> None:
    """Each waits for the minute by itself, and is out long before the next begins, although the stretches of waiting are told as one."""
    three = tuple(mailing(f"2026-11-02 09:{15 * number:02}", 150, f"letter {number}") for number in range(3))
    daily = sliding(400, DAY, "day")
    result = simulate(plan(three, sliding(30, 60, "minute"), daily))
    assert [collision.mailings for collision in result.collisions if "minute" in collision.slowed] == []
    assert ("letter 0", "letter 2") in [collision.mailings for collision in result.collisions if collision.slowed == ("day",)]
