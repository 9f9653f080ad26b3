"""Leaps are a way to count faster, and nothing else: larger plans, with and without them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.capacity.counters import SlidingCounter
from checks.capacity.model import Calendar, Channel, Every, Limit, Mailing, OnExceed, Plan, Scope, Sliding, Unit
from checks.capacity.simulate import play, summary
from tests.capacity.plans import BERLIN, local, utc

LENGTHS = {1: Sliding(seconds=1), 60: Sliding(seconds=60), 3_600: Sliding(seconds=3_600), 86_400: Sliding(seconds=86_400)}
NEVER = 1 << 60
RESET = utc("2026-10-25 01:59:30")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Some thousand messages, whole or half outside, and limits near the rates at which they want to go."""
    channels = tuple(
        Channel(
            name=name, connections=draw(st.sampled_from([None, 1, 2, 3, 7])), bytes_per_second=draw(st.sampled_from([None, None, 1_000])),
            milliseconds=draw(st.sampled_from([0, 100, 250, 333, 500, 700, 1_000, 2_000])),
        )
        for name in draw(st.sampled_from(["a", "a", "ab"]))
    )  # fmt: skip
    mailings = tuple(
        Mailing(
            name=f"m{number}", channel=draw(st.sampled_from(channels)).name, zone=BERLIN,
            start=local("2026-10-24 23:00") + timedelta(minutes=draw(st.sampled_from([0, 0, 7, 90]))),
            recipients=(people := draw(st.sampled_from([500, 1_500, 3_000]))), recipients_per_message=draw(st.sampled_from([1, 1, 7])),
            external=draw(st.sampled_from([None, people // 2])), bytes_per_message=draw(st.sampled_from([0, 0, 300])),
            priority=draw(st.integers(0, 1)),
        )
        for number in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    limits = []
    for number in range(draw(st.integers(1, 4))):
        seconds, window = draw(st.sampled_from(sorted(LENGTHS.items())))
        every = {60: Every.MINUTE, 3_600: Every.HOUR, 86_400: Every.DAY}.get(seconds)
        rate = draw(st.sampled_from([0.05, 0.3, 1, 1.5, 3, 10])) * draw(st.floats(0.9, 1.1))
        limits.append(
            Limit(
                name=f"l{number}", count=max(7, int(seconds * rate)), unit=draw(st.sampled_from(list(Unit))),
                window=Calendar(every=every, zone=BERLIN) if every and draw(st.booleans()) else window,
                scope=draw(st.sampled_from([Scope.MAILBOX, Scope.TENANT])), external_only=draw(st.integers(0, 4)) == 0,
                on_exceed=OnExceed.DEFER if draw(st.integers(0, 4)) else OnExceed.RETRY,
            )
        )  # fmt: skip
    return Plan(mailings=mailings, channels=channels, limits=tuple(limits))


@st.composite
def knotty(draw: st.DrawFn) -> Plan:
    """Hundreds of messages, and limits of much the same size, so that they take turns in holding back."""
    channels = tuple(
        Channel(
            name=name, connections=draw(st.sampled_from([None, 1, 2, 3, 5])), bytes_per_second=draw(st.sampled_from([None, 1])),
            milliseconds=draw(st.sampled_from([0, 1_000, 1_500, 2_000, 3_000, 7_000])),
        )
        for name in draw(st.sampled_from(["a", "a", "ab"]))
    )  # fmt: skip
    start = local("2026-10-25 02:59:30")
    mailings = tuple(
        Mailing(
            name=f"m{number}", channel=draw(st.sampled_from(channels)).name, zone=BERLIN,
            start=start + timedelta(seconds=draw(st.sampled_from([0, 0, 7, 90, 600]))), priority=draw(st.integers(0, 1)),
            recipients=(people := draw(st.sampled_from([50, 200, 400]))), recipients_per_message=draw(st.sampled_from([1, 1, 1, 3])),
            external=draw(st.sampled_from([None, None, people // 2, 0])), bytes_per_message=draw(st.sampled_from([0, 0, 2])),
        )
        for number in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    limits = tuple(
        Limit(
            name=f"l{number}", count=draw(st.sampled_from([3, 4, 5, 6, 7, 9, 10, 20, 30, 60])), unit=draw(st.sampled_from(list(Unit))),
            window=draw(st.just(Calendar(every=Every.MINUTE)) | st.sampled_from([1, 2, 3, 5, 7, 10, 13, 20, 30, 60, 61, 90, 120]).map(
                lambda seconds: Sliding(seconds=seconds)
            )),
            scope=draw(st.sampled_from([Scope.MAILBOX, Scope.TENANT])), external_only=draw(st.integers(0, 4)) == 0,
            on_exceed=OnExceed.DEFER if draw(st.integers(0, 6)) else OnExceed.RETRY,
            reset_at=draw(st.none() | st.none() | st.integers(0, 300).map(lambda n: RESET + timedelta(seconds=n))),
        )
        for number in range(draw(st.integers(1, 4)))
    )  # fmt: skip
    return Plan(mailings=mailings, channels=channels, limits=limits)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans() | knotty() | knotty(), leap=st.sampled_from([1, 5, 40, 256]))
def test_a_plan_goes_the_same_way_with_leaps_and_without(plan: Plan, leap: int) -> None:
    """Every message at the same millisecond, and every field of the result; what came into a window has left it in the end."""
    fast, slow = play(plan, leap=leap, patience=60 * 3_600_000), play(plan, leap=NEVER, patience=60 * 3_600_000)
    assert summary(fast) == summary(slow)
    assert _merged(fast.emissions()) == _merged(slow.emissions())
    for counter in (counter for engine in fast.engines for counter in engine.counters if isinstance(counter, SlidingCounter)):
        counter.release(NEVER)
        assert counter.used == 0


def test_a_leap_after_a_leap_forgets_nothing() -> None:
    """Two mailboxes under a limit of the tenant: the connections of one were all free before the second leap, and are counted free after it."""
    channels = (Channel(name="a", connections=5, milliseconds=1_500), Channel(name="b", connections=1, milliseconds=3_000))
    start = local("2026-10-24 20:00")
    mailings = (
        Mailing(name="long", channel="b", zone=BERLIN, start=start, recipients=200, priority=1),
        Mailing(name="longer", channel="b", zone=BERLIN, start=start, recipients=200, external=100),
        Mailing(name="short", channel="a", zone=BERLIN, start=start, recipients=50, priority=1),
    )
    limits = (
        Limit(name="l1", count=4, window=Sliding(seconds=7), scope=Scope.TENANT),
        Limit(name="l3", count=3, window=Sliding(seconds=3), unit=Unit.RECIPIENTS, scope=Scope.TENANT, external_only=True),
    )
    plan = Plan(mailings=mailings, channels=channels, limits=limits)
    assert summary(play(plan, leap=1)) == summary(play(plan, leap=NEVER))
    assert all(outcome.complete for outcome in summary(play(plan, leap=1)).mailings)


def _merged(emissions: Iterator[tuple[int, str, int]]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for moment, mailing, messages in emissions:
        found[moment, mailing] = found.get((moment, mailing), 0) + messages
    return found
