"""Random plans, played by the program and by the brute-force model: the same message at the same moment, and no window ever too full."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.capacity.model import (
    Calendar,
    Channel,
    Dispatcher,
    Every,
    Limit,
    Mailing,
    OnExceed,
    Plan,
    Scope,
    Sliding,
    Unit,
)  # fmt: skip
from checks.capacity.result import Result
from checks.capacity.simulate import Played, play, summary
from tests.capacity.brute import Brute

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
local = datetime.fromisoformat
STARTS = [
    ("UTC", local("2026-03-04 23:58")), ("Europe/Berlin", local("2026-03-29 01:58")), ("Europe/Berlin", local("2026-03-29 02:30")),
    ("Europe/Berlin", local("2026-10-25 01:59")), ("Europe/Berlin", local("2026-10-25 02:58")),
    ("America/New_York", local("2026-11-01 00:59")), ("America/New_York", local("2026-03-08 01:59")),
    ("Australia/Lord_Howe", local("2026-04-05 01:29")), ("America/Havana", local("2026-11-01 00:58")),
    ("Asia/Beirut", local("2026-03-28 23:58")), ("Europe/Berlin", local("2026-11-01 23:59")),
]  # fmt: skip


@st.composite
def windows(draw: st.DrawFn, scale: int) -> Sliding | Calendar:
    if draw(st.integers(0, 2)):
        return Sliding(seconds=scale * draw(st.integers(1, 40) | st.sampled_from([1, 2, 60, 120])))
    zone = draw(st.sampled_from(sorted({zone for zone, _ in STARTS})))
    every = draw(st.sampled_from(list(Every)))
    return Calendar(every=every, zone=zone, reset=draw(st.sampled_from([time(0), time(2, 30), time(3), time(0, 1)])))


@st.composite
def plans(draw: st.DrawFn, scale: int) -> Plan:
    """Small plans; every time in them is a multiple of `scale` seconds."""
    zone, start = draw(st.sampled_from(STARTS))
    channels = tuple(
        Channel(
            name=name, connections=draw(st.none() | st.integers(1, 4)), milliseconds=1000 * scale * draw(st.integers(0, 5)),
            bytes_per_second=draw(st.sampled_from([None, 1])), recipients_per_message=draw(st.sampled_from([None, None, 4])),
            max_bytes=draw(st.sampled_from([None, None, scale])),
        )
        for name in draw(st.sampled_from(["a", "ab"]))
    )  # fmt: skip
    names = [channel.name for channel in channels]
    mailings = tuple(
        Mailing(
            name=f"m{number}", channel=draw(st.sampled_from(names)), zone=zone, recipients=(people := draw(st.integers(1, 50))),
            start=start + timedelta(seconds=scale * draw(st.integers(0, 90))), recipients_per_message=draw(st.integers(1, 5)),
            external=draw(st.none() | st.integers(0, people)), bytes_per_message=scale * draw(st.integers(0, 2)),
            priority=draw(st.integers(0, 1)),
        )
        for number in range(draw(st.integers(1, 4)))
    )  # fmt: skip
    limits = tuple(
        Limit(
            name=f"l{number}", count=draw(st.integers(1, 25)), unit=draw(st.sampled_from(list(Unit))), window=draw(windows(scale)),
            scope=draw(st.sampled_from([Scope.MAILBOX, Scope.CREDENTIAL, Scope.TENANT])), external_only=draw(st.booleans()),
            on_exceed=draw(st.sampled_from([OnExceed.DEFER, OnExceed.DEFER, *OnExceed])),
            channels=draw(st.sampled_from([(), (), tuple(names[:1])])),
            reset_at=draw(st.none() | st.integers(-5, 120).map(lambda n: start.replace(tzinfo=UTC) + timedelta(seconds=n * scale))),
        )
        for number in range(draw(st.integers(0, 4)))
    )  # fmt: skip
    dispatcher = Dispatcher(
        retry_minutes=draw(st.sampled_from([(1,), (1, 2, 5), (60,)])), max_age_hours=draw(st.none() | st.just(1))
    )
    return Plan(mailings=mailings, channels=channels, limits=limits, dispatcher=dispatcher)


def flat(played: Played) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for moment, mailing, messages in played.emissions():
        assert moment % 1000 == 0
        found[moment // 1000, mailing] += messages
    return found


def assert_same(plan: Plan, scale: int, patience: int, leap: int) -> None:
    brute = Brute(plan, scale, patience)
    played = play(plan, leap=leap, patience=1000 * patience)
    assert flat(played) == Counter((sent.moment, sent.mailing.name) for sent in brute.sent)
    result = summary(played)
    assert not result.truncated
    posts = {post.mailing.name: post for post in brute.posts}
    for outcome in result.mailings:
        assert bool(outcome.misfit) == (outcome.name in brute.misfits)
        if outcome.misfit:
            continue
        post = posts[outcome.name]
        mine = (
            outcome.sent,
            outcome.deferred,
            outcome.rejected,
            outcome.expired,
            outcome.unsent,
            outcome.refused,
            dict(outcome.held),
        )
        theirs = (post.sent, post.deferred, post.rejected, post.expired, post.waiting, post.refused, post.held)
        assert mine == theirs
        if post.last is not None:
            lasts = plan.channel(post.mailing.channel).duration(post.mailing.bytes_per_message)
            assert outcome.finish == datetime.fromtimestamp(post.last, UTC) + timedelta(milliseconds=lasts)
    assert stretches(result) == sorted((*key, *span) for key, spans in brute.spans.items() for span in spans)


def stretches(result: Result) -> list[tuple[str, str, int, int]]:
    return sorted((b.limit, b.channel, int(b.begins.timestamp()), int(b.ends.timestamp())) for b in result.bindings)


@QUICK
@given(plan=plans(1), leap=st.sampled_from([1, 3, 256]))
def test_small_plans_go_as_the_brute_force_model_says(plan: Plan, leap: int) -> None:
    """To the message and the second, whatever the limits, and however short the leaps."""
    assert_same(plan, 1, 700, leap)


@QUICK
@given(plan=plans(60), leap=st.sampled_from([1, 3, 256]))
def test_plans_of_hours_and_days_go_as_the_brute_force_model_says(plan: Plan, leap: int) -> None:
    """Across changes of the clocks too, in zones that change at odd moments."""
    assert_same(plan, 60, 30 * 3600, leap)
