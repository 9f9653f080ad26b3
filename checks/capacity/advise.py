"""The smallest settings that carry a plan: how many mailboxes, how many connections, how much of a limit, how many recipients in a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from checks.capacity.entry import Entry, entered, entry
from checks.capacity.model import MAX_MAILINGS, Channel, Limit, Mailing, Plan, Sliding, Unit
from checks.capacity.moments import HOUR, SECOND
from checks.capacity.result import CONNECTIONS, Outcome, Result
from checks.capacity.simulate import HORIZON, LENGTHS, play, summary

MAX_COPIES = 64
"""Mailboxes for one purpose; who needs more needs another kind of service."""
MAX_CONNECTIONS = 128
NO_BOUND = 1_000_000_000

By = datetime | timedelta | None
"""When everything has to be done; a length: each mailing so long after its own start; None: some time."""


def in_time(result: Result, by: By) -> bool:
    """Whether every message went, and in time."""
    if isinstance(by, timedelta):
        return all(one.complete and one.finish is not None and one.finish - one.start <= by for one in result.mailings)
    return result.finish is not None and (by is None or result.finish <= by)


def sustained(plan: Plan, period: int | None) -> bool:
    """Whether no limit lets less through in the long run than what comes again after so many seconds.

    A first week may begin with a full window and end with another, so its end in time is not enough.
    """
    return period is None or all(needed_in_window(plan, limit, period) <= limit.count for limit in plan.limits)


def needed_in_window(plan: Plan, limit: Limit, period: int) -> int:
    """Return how much a window has to let through on average, if the plan comes again after so many seconds."""
    window = limit.window.seconds if isinstance(limit.window, Sliding) else LENGTHS[limit.window.every] // SECOND
    weights = dict.fromkeys((channel.name for channel in plan.channels), 0)
    for mailing in plan.mailings:
        if not limit.channels or mailing.channel in limit.channels:
            weights[mailing.channel] += sum(n * limit.weight(r, e) for n, r, e in mailing.runs())
    weight = sum(weights.values()) if limit.scope.shared else max(weights.values())
    return -(-weight * window // period)


def carries(plan: Plan, by: By = None) -> bool:
    """Whether every message goes, and in time."""
    return in_time(summary(play(plan, patience=_patience(plan, by))), by)


def _patience(plan: Plan, by: By) -> int:
    """How long to play after the last start: no longer than can be in time."""
    if by is None:
        return HORIZON
    left = by if isinstance(by, timedelta) else by - max(_first(mailing) for mailing in plan.mailings)
    return min(HORIZON, max(HOUR, int(left.total_seconds() * SECOND) + SECOND))


def _first(mailing: Mailing) -> datetime:
    return mailing.start.replace(tzinfo=ZoneInfo(mailing.zone))


def blamed(outcome: Outcome, result: Result, plan: Plan) -> str:
    """Return the limit that set the pace of a mailing: what held back most of it, else what did for the longest; empty if nothing did."""
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


# --- several logins ---------------------------------------------------------------------------------------------------


def mailboxes_needed(
    plan: Plan, channel: str, by: By = None, *, zone: str = "UTC", repeats_after: int | None = None
) -> int | None:
    """Return the smallest number of equal logins that carry the plan, each with the limits entered that it then has to keep.

    None if a limit that they share, or their number, stands in the way.
    """
    most = min(MAX_COPIES, MAX_MAILINGS // max(1, len(plan.mailings)))
    low = min(_least(plan, channel, by), most)
    fewest = _smallest(low, most, lambda count: _one_carries(plan, channel, count, by, zone, repeats_after))
    shared = tuple(limit for limit in plan.limits if limit.scope.shared or (limit.channels and channel not in limit.channels))
    if fewest is None or not shared:
        return fewest
    free = tuple(replace(found, connections=None) if found.name == channel else found for found in plan.channels)
    waits = replace(plan, channels=free, limits=shared)
    if (found := entry(waits, channel, zone=zone, repeats_after=repeats_after)) is not None:
        waits = entered(waits, found, zone=zone)
    if not in_time(_played(waits, by), by):
        return None
    return next((count for count in range(fewest, most + 1) if _all_carry(plan, channel, count, by, zone, repeats_after)), None)


def each_enters(
    plan: Plan, channel: str, count: int, *, zone: str = "UTC", repeats_after: int | None = None
) -> tuple[Plan, Entry | None]:
    """Return the plan with so many logins like one, and what each of them enters so that no limit is met, those that they share included."""
    whole = copied(plan, channel, count)
    names = _names(channel, count)
    busiest = max(names, key=lambda name: sum(mailing.recipients for mailing in whole.mailings if mailing.channel == name))
    found = entry(whole, busiest, zone=zone, repeats_after=repeats_after)
    if found is not None:
        for name in names:
            whole = entered(whole, replace(found, channel=name), zone=zone)
    return whole, found


def _all_carry(plan: Plan, channel: str, count: int, by: By, zone: str, repeats_after: int | None) -> bool:
    whole, _ = each_enters(plan, channel, count, zone=zone, repeats_after=repeats_after)
    return _goes(whole, by, repeats_after)


def _one_carries(plan: Plan, channel: str, count: int, by: By, zone: str, repeats_after: int | None) -> bool:
    """Whether the busiest of several logins carries its part, as if they shared nothing."""
    part = _one_of(plan, channel, count)
    if (found := entry(part, channel, zone=zone, repeats_after=repeats_after)) is not None:
        part = entered(part, found, zone=zone)
    return _goes(part, by, repeats_after)


def _goes(plan: Plan, by: By, repeats_after: int | None) -> bool:
    if not sustained(plan, repeats_after):
        return False
    result = _played(plan, by)
    return in_time(result, by) and not any(one.refused for one in result.mailings)


def _played(plan: Plan, by: By) -> Result:
    return summary(play(plan, patience=_patience(plan, by)))


def _least(plan: Plan, channel: str, by: By) -> int:
    """How many logins it takes at least, by the room that the windows of each have until then."""
    ours = [mailing for mailing in plan.mailings if mailing.channel == channel]
    if by is None or not ours:
        return 1
    groups = [[mailing] for mailing in ours] if isinstance(by, timedelta) else [ours]
    least = 1
    for group in groups:
        span = by if isinstance(by, timedelta) else by - min(_first(mailing) for mailing in group)
        for limit in plan.limits_of(channel):
            if isinstance(limit.window, Sliding) and not limit.scope.shared:
                room = limit.count * (max(0, int(span.total_seconds())) // limit.window.seconds + 1)
                weight = sum(n * limit.weight(r, e) for mailing in group for n, r, e in mailing.runs())
                least = max(least, -(-weight // room))
    return least


def _one_of(plan: Plan, channel: str, copies: int) -> Plan:
    """Return what the busiest of several logins has to do by itself."""
    mailings = []
    for mailing in plan.mailings:
        if mailing.channel == channel:
            busiest = max(_shared_out(mailing, [channel] * copies), key=lambda part: part.recipients)
            mailings.append(replace(busiest, name=mailing.name))
    limits = tuple(limit for limit in plan.limits_of(channel) if not limit.scope.shared)
    return replace(plan, mailings=tuple(mailings), limits=limits)


def copied(plan: Plan, channel: str, copies: int) -> Plan:
    """Return the plan with several logins like one: each has its limits and takes an equal share of its messages."""
    if copies == 1:
        return plan
    names = _names(channel, copies)
    channels: list[Channel] = []
    for found in plan.channels:
        channels += [replace(found, name=name) for name in names] if found.name == channel else [found]
    mailings: list[Mailing] = []
    for mailing in plan.mailings:
        mailings += _shared_out(mailing, names) if mailing.channel == channel else [mailing]
    limits = tuple(replace(limit, channels=_renamed(limit.channels, channel, names)) for limit in plan.limits)
    return replace(plan, channels=tuple(channels), mailings=tuple(mailings), limits=limits)


def _names(channel: str, copies: int) -> list[str]:
    return [channel] if copies == 1 else [f"{channel} ({number + 1})" for number in range(copies)]


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


# --- the rest ---------------------------------------------------------------------------------------------------------


def fitting_recipients(plan: Plan, channel: str) -> int | None:
    """Return how many recipients a message may have at most, so that it can pass at all; None if nothing limits it."""
    found = plan.channel(channel).recipients_per_message
    counts = [limit.count for limit in plan.limits_of(channel) if limit.unit is Unit.RECIPIENTS]
    return min([*counts, *([] if found is None else [found])], default=None)


def connections_needed(plan: Plan, channel: str, by: By = None) -> int | None:
    """Return the smallest number of connections at once that carries the plan; None if more of them do not help."""
    return _smallest(1, MAX_CONNECTIONS, lambda count: carries(_changed(plan, channel, count), by))


def count_needed(plan: Plan, limit: str, by: By = None) -> int | None:
    """Return the smallest count of a limit that carries the plan; None if raising it does not help."""
    most = max(NO_BOUND, *(found.count for found in plan.limits if found.name == limit))
    return _smallest(1, most, lambda count: carries(_counted(plan, limit, count), by))


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
