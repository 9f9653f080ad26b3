"""What to make of a simulation: whether the plan is carried, why not, the smallest settings that carry it, and the limits to enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from checks.capacity.entry import Entry, entry
from checks.capacity.model import Channel, Limit, Mailing, Plan, Unit
from checks.capacity.result import CONNECTIONS, Outcome, Result
from checks.capacity.simulate import simulate

MAX_COPIES = 64
"""Mailboxes for one purpose; who needs more needs another kind of service."""
MAX_CONNECTIONS = 128
NO_BOUND = 1_000_000_000


class Why(StrEnum):
    """What becomes of messages that the plan does not carry."""

    MISFIT = "misfit"  # no message of it can ever pass
    REJECTED = "rejected"  # refused for good
    EXPIRED = "expired"  # given up because of its age
    UNSENT = "unsent"  # still waiting after a year
    LATE = "late"  # all of it goes, but after the wished time


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a mailing is not carried."""

    mailing: str
    why: Why
    limit: str
    """The limit that is to blame: the one that held back most, or that no message fits through; `connections`, or empty, where none did."""
    messages: int


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The smallest change of one kind that lets everything finish in time; None where that kind of change cannot do it."""

    channel: str
    mailboxes: int | None
    """That many logins like this one, each taking an equal share of the mailings."""
    connections: int | None


@dataclass(frozen=True, kw_only=True)
class Advice:
    """All of it."""

    result: Result
    finish: datetime | None
    """The earliest moment at which everything is done; None if some of it never is."""
    obstacles: tuple[Obstacle, ...]
    """Empty: the plan is carried."""
    needs: tuple[Needs, ...]
    """For each channel of a mailing that is not carried."""
    entries: tuple[Entry, ...]
    """The limit and burst to enter, for each channel that has limits of its provider."""

    @property
    def carried(self) -> bool:
        """Whether every message goes, and in time."""
        return not self.obstacles


def advise(plan: Plan, *, by: datetime | None = None) -> Advice:
    """Judge a plan. With `by`, everything has to be done at that moment."""
    result = simulate(plan)
    blocked = obstacles(plan, result, by)
    late = {mailing.channel for mailing in plan.mailings if mailing.name in {found.mailing for found in blocked}}
    fits = not any(found.why is Why.MISFIT for found in blocked)
    return Advice(
        result=result,
        finish=result.finish,
        obstacles=blocked,
        needs=tuple(needs(plan, channel.name, by) for channel in plan.channels if channel.name in late) if fits else (),
        entries=tuple(found for channel in plan.channels if (found := entry(plan, channel.name)) is not None),
    )


def obstacles(plan: Plan, result: Result, by: datetime | None = None) -> tuple[Obstacle, ...]:
    """Say which mailings are not carried, and why."""
    found = []
    for outcome in result.mailings:
        limit = _blamed(outcome, result, plan)
        for why, messages in (
            (Why.MISFIT, outcome.messages if outcome.misfit else 0),
            (Why.REJECTED, outcome.rejected),
            (Why.EXPIRED, outcome.expired),
            (Why.UNSENT, 0 if outcome.misfit else outcome.unsent),
            (Why.LATE, outcome.sent if by is not None and outcome.finish is not None and outcome.finish > by else 0),
        ):
            if messages:
                found.append(Obstacle(mailing=outcome.name, why=why, limit=limit, messages=messages))
    return tuple(found)


def _blamed(outcome: Outcome, result: Result, plan: Plan) -> str:
    if outcome.misfit:
        return outcome.misfit
    if outcome.held:
        return max(outcome.held, key=lambda pair: pair[1])[0]
    channel = next(mailing.channel for mailing in plan.mailings if mailing.name == outcome.name)
    own = {limit.name for limit in plan.limits_of(channel)} | {CONNECTIONS}
    ends = outcome.finish or max((binding.ends for binding in result.bindings), default=outcome.start)
    lasting = [
        (min(binding.ends, ends) - max(binding.begins, outcome.start), binding.limit)
        for binding in result.bindings
        if binding.limit in own and binding.channel in ("", channel) and binding.begins <= ends and binding.ends >= outcome.start
    ]
    return max(lasting)[1] if lasting else ""


# --- the smallest settings --------------------------------------------------------------------------------------------


def carries(plan: Plan, by: datetime | None = None) -> bool:
    """Whether every message goes, and in time."""
    finish = simulate(plan).finish
    return finish is not None and (by is None or finish <= by)


def needs(plan: Plan, channel: str, by: datetime | None = None) -> Needs:
    """Say how many mailboxes, or how many connections, would do."""
    return Needs(
        channel=channel, mailboxes=mailboxes_needed(plan, channel, by), connections=connections_needed(plan, channel, by)
    )


def mailboxes_needed(plan: Plan, channel: str, by: datetime | None = None) -> int | None:
    """Return the smallest number of equal logins that carry the plan; None if a limit that they share, or their number, stands in the way."""
    fewest = _smallest(1, MAX_COPIES, lambda count: carries(_one_of(plan, channel, count), by))
    if fewest is None:
        return None

    def enough(count: int) -> bool:
        return carries(copied(plan, channel, count), by)

    if enough(fewest):
        return fewest
    shared = tuple(limit for limit in plan.limits if limit.scope.shared or (limit.channels and channel not in limit.channels))
    free = tuple(Channel(name=found.name) if found.name == channel else found for found in plan.channels)
    if not carries(replace(plan, channels=free, limits=shared), by):
        return None
    return next((count for count in range(fewest + 1, MAX_COPIES + 1) if enough(count)), None)


def _one_of(plan: Plan, channel: str, copies: int) -> Plan:
    """Return what the busiest of several logins has to do by itself."""
    mailings = []
    for mailing in plan.mailings:
        if mailing.channel == channel:
            busiest = max(_shared_out(mailing, [channel] * copies), key=lambda part: part.recipients)
            mailings.append(replace(busiest, name=mailing.name))
    limits = tuple(limit for limit in plan.limits_of(channel) if not limit.scope.shared)
    return replace(plan, mailings=tuple(mailings), limits=limits)


def fitting_recipients(plan: Plan, channel: str) -> int | None:
    """Return how many recipients a message may have at most, so that it can pass at all; None if nothing limits it."""
    found = plan.channel(channel).recipients_per_message
    counts = [limit.count for limit in plan.limits_of(channel) if limit.unit is Unit.RECIPIENTS]
    return min([*counts, *([] if found is None else [found])], default=None)


def connections_needed(plan: Plan, channel: str, by: datetime | None = None) -> int | None:
    """Return the smallest number of connections at once that carries the plan; None if more of them do not help."""
    return _smallest(1, MAX_CONNECTIONS, lambda count: carries(_changed(plan, channel, count), by))


def count_needed(plan: Plan, limit: str, by: datetime | None = None) -> int | None:
    """Return the smallest count of a limit that carries the plan; None if raising it does not help."""
    most = max(NO_BOUND, *(found.count for found in plan.limits if found.name == limit))
    return _smallest(1, most, lambda count: carries(_counted(plan, limit, count), by))


def copied(plan: Plan, channel: str, copies: int) -> Plan:
    """Return the plan with several logins like one: each has its limits and takes an equal share of its messages."""
    if copies == 1:
        return plan
    names = [f"{channel} ({number + 1})" for number in range(copies)]
    channels: list[Channel] = []
    for found in plan.channels:
        channels += [replace(found, name=name) for name in names] if found.name == channel else [found]
    mailings: list[Mailing] = []
    for mailing in plan.mailings:
        mailings += _shared_out(mailing, names) if mailing.channel == channel else [mailing]
    limits = tuple(replace(limit, channels=_renamed(limit.channels, channel, names)) for limit in plan.limits)
    return replace(plan, channels=tuple(channels), mailings=tuple(mailings), limits=limits)


def _shared_out(mailing: Mailing, names: list[str]) -> list[Mailing]:
    parts, given, outside = [], 0, 0
    for number, name in enumerate(names):
        messages = mailing.messages * (number + 1) // len(names)
        people = min(mailing.recipients, messages * mailing.recipients_per_message)
        external = mailing.outside * people // mailing.recipients
        if people > given:
            parts.append(
                replace(
                    mailing,
                    name=f"{mailing.name} ({number + 1})",
                    channel=name,
                    recipients=people - given,
                    external=external - outside,
                )
            )
        given, outside = people, external
    return parts


def _renamed(channels: tuple[str, ...], channel: str, names: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in channels:
        found += names if name == channel else [name]
    return tuple(found)


def _changed(plan: Plan, channel: str, connections: int) -> Plan:
    return replace(
        plan,
        channels=tuple(replace(found, connections=connections) if found.name == channel else found for found in plan.channels),
    )


def _counted(plan: Plan, limit: str, count: int) -> Plan:
    def change(found: Limit) -> Limit:
        return replace(found, count=count) if found.name == limit else found

    return replace(plan, limits=tuple(change(found) for found in plan.limits))


def _smallest(low: int, high: int, enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number that is enough; more is taken to be no worse."""
    if not enough(high):
        return None
    step = low
    while step < high and not enough(step):  # small answers are usual
        low, step = step + 1, step * 2
    high = min(step, high)
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return high
