"""The send limit and the burst that a person enters, so that the dispatcher waits by itself and no limit of the provider is ever met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from fractions import Fraction
from math import floor

from checks.capacity.model import Calendar, Every, Limit, Mailing, Plan, Scope, Sliding, Unit
from checks.capacity.moments import HOUR
from checks.capacity.simulate import play, summary

MARGIN = Fraction(1, 10)
"""Kept free: replies by hand, test messages and other programs use the same mailbox, and the provider's clock is not ours: it counts a
message when it arrives, a little later than we do, and two that left a minute apart may arrive closer together."""
PERIODS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
LIMIT_PERIODS = ("hour", "day", "week")
BURST_PERIODS = ("second", "minute")
LONGEST = {Every.MINUTE: 60, Every.HOUR: 3_600, Every.DAY: 90_000, Every.WEEK: 608_400}
"""Seconds of a calendar window at most: a day has 25 hours once a year."""
ENTERED_LIMIT = "entered limit"
ENTERED_BURST = "entered burst"
PLAYED = 6
"""Candidates that are played at most: the best of a rough reckoning."""
PATIENCE = 14 * 24 * HOUR
"""Who is not done then is compared by what went until then."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What to enter for one server, in the words of its settings (`limit` and `burst`)."""

    channel: str
    max: int | None
    """None: no limit is needed."""
    per: str = "day"
    """hour, day or week."""
    unit: Unit = Unit.MESSAGES
    window: str = "sliding"
    """sliding, or calendar where the provider's own window begins at 0:00 of the settings' time zone."""
    burst: int | None = None
    """Messages; None: no burst is needed."""
    burst_per: str = "minute"
    """second or minute."""
    margin: Fraction = MARGIN
    """The share of every limit that is kept free."""
    keeps: tuple[str, ...] = ()
    """The limits that are never met with this."""
    unkept: tuple[str, ...] = ()
    """The limits that are too narrow for one message even, or for what the settings can say."""


@dataclass(frozen=True)
class _Bound:
    """A provider's limit with the margin taken off, as messages of this plan and as recipients: so many keep it for certain."""

    limit: Limit
    seconds: int
    messages: int
    recipients: int
    met: bool
    """Whether the plan can reach it at all."""


Rank = tuple[int, float, float, int, Fraction, int, Fraction]


def entry(
    plan: Plan, channel: str, *, margin: Fraction = MARGIN, zone: str = "", repeats_after: int | None = None
) -> Entry | None:
    """Return what to enter for a channel, of what is safe that with which the plan is done first; None if nothing limits it.

    Every limit in the plan counts as one to respect. A limit that several logins share is divided among them. `zone` is the settings' time zone.
    The plan comes again after `repeats_after` seconds; None: it does not.
    """
    size = max((min(m.recipients_per_message, m.recipients) for m in plan.mailings if m.channel == channel), default=1)
    bounds = [_bound(limit, plan, channel, size, margin, repeats_after) for limit in plan.limits_of(channel)]
    if not bounds:
        return None
    usable = sorted((bound for bound in bounds if bound.messages), key=lambda bound: bound.seconds)
    unkept = tuple(bound.limit.name for bound in bounds if not bound.messages)
    found = _best(plan, channel, _all_candidates(channel, usable, size, zone), size, zone)
    if found is None:
        return Entry(channel=channel, max=None, margin=margin, unkept=tuple(bound.limit.name for bound in bounds))
    return replace(found, margin=margin, keeps=tuple(bound.limit.name for bound in bounds if bound.messages), unkept=unkept)


def entered(plan: Plan, found: Entry, *, zone: str = "UTC") -> Plan:
    """Return the plan with an entry in force, before all other limits."""
    own = []
    if found.max is not None:
        every = {"hour": Every.HOUR, "day": Every.DAY, "week": Every.WEEK}[found.per]
        window = Calendar(every=every, zone=zone) if found.window == "calendar" else Sliding(seconds=PERIODS[found.per])
        own.append(_own(f"{ENTERED_LIMIT} {found.channel}", found.max, found.unit, window, found.channel))
    if found.burst is not None:
        window = Sliding(seconds=PERIODS[found.burst_per])
        own.append(_own(f"{ENTERED_BURST} {found.channel}", found.burst, Unit.MESSAGES, window, found.channel))
    return replace(plan, limits=(*own, *plan.limits))


def _own(name: str, count: int, unit: Unit, window: Sliding | Calendar, channel: str) -> Limit:
    return Limit(name=name, count=count, unit=unit, window=window, scope=Scope.CREDENTIAL, channels=(channel,))


def _bound(limit: Limit, plan: Plan, channel: str, size: int, margin: Fraction, repeats_after: int | None) -> _Bound:
    sharing = {mailing.channel for mailing in plan.mailings if not limit.channels or mailing.channel in limit.channels}
    whole = limit.count // ((max(1, len(sharing)) if limit.scope.shared else 1) + limit.others)
    least = size if limit.unit is Unit.RECIPIENTS else 1  # where no room is left for a margin, none is kept
    share = max(floor(whole * (1 - margin)), least if least <= whole else 0)
    seconds = limit.window.seconds if isinstance(limit.window, Sliding) else LONGEST[limit.window.every]
    ours = sum(n * limit.weight(r, e) for mailing in plan.mailings if mailing.channel == channel for n, r, e in mailing.runs())
    return _Bound(
        limit=limit,
        seconds=seconds,
        messages=share // size if limit.unit is Unit.RECIPIENTS else share,
        recipients=share,  # of a limit on messages too: a message has one recipient or more
        met=ours > share or (repeats_after is not None and seconds > repeats_after),
    )


def _all_candidates(channel: str, usable: list[_Bound], size: int, zone: str) -> dict[Entry, bool]:
    """Return everything safe that could be entered, and whether it keeps even the limits that this plan does not reach."""
    found: dict[Entry, bool] = {}
    for bounds, whole in ((usable, True), ([bound for bound in usable if bound.met], False)):
        for cut in range(len(bounds) + 1):
            for one in _candidates(channel, bounds[:cut], bounds[cut:], size, zone):
                found.setdefault(one, whole)
    return found


def _candidates(channel: str, short: list[_Bound], long: list[_Bound], size: int, zone: str) -> list[Entry]:
    """Return the entries whose burst keeps the short ones and whose limit keeps the long ones."""
    bursts: list[tuple[int | None, str]] = [(None, "minute")]
    if short:
        bursts = [(_keeping(short, PERIODS[per]), per) for per in BURST_PERIODS]
    limits: list[Entry] = [Entry(channel=channel, max=None)]
    if long:
        limits = []
        for unit in _units(long, size):
            for per in LIMIT_PERIODS:
                limits.append(Entry(channel=channel, max=_keeping(long, PERIODS[per], unit=unit), per=per, unit=unit))
                limits += _aligned(channel, long, per, unit, zone)
    return [
        replace(found, burst=burst, burst_per=per)
        for burst, per in bursts
        for found in limits
        if burst != 0 and _lets_one(found, size)
    ]


def _units(long: list[_Bound], size: int) -> list[Unit]:
    """What a limit may count: where a message has one recipient, both are the same."""
    if all(bound.limit.unit is Unit.RECIPIENTS for bound in long):
        return [Unit.RECIPIENTS]
    return [Unit.RECIPIENTS, Unit.MESSAGES] if size > 1 else [Unit.MESSAGES]


def _lets_one(found: Entry, size: int) -> bool:
    """Whether a message fits through at all."""
    return found.max is None or found.max >= (size if found.unit is Unit.RECIPIENTS else 1)


def _keeping(bounds: list[_Bound], period: int, *, unit: Unit = Unit.MESSAGES) -> int:
    """Return how many in any stretch of a length keep all of these: a window of W sees at most ceil(W / length) times as many."""
    return min(
        (bound.recipients if unit is Unit.RECIPIENTS else bound.messages) // -(-bound.seconds // period) for bound in bounds
    )


def _aligned(channel: str, bounds: list[_Bound], per: str, unit: Unit, zone: str) -> list[Entry]:
    """Return a calendar limit, if the provider's windows begin when it does; it sees the same 25 hours."""
    counts = []
    for bound in bounds:
        window = bound.limit.window
        if not isinstance(window, Calendar) or window.zone != zone or window.reset != time(0) or window.every != per:
            return []
        counts.append(bound.recipients if unit is Unit.RECIPIENTS else bound.messages)
    return [Entry(channel=channel, max=min(counts), per=per, unit=unit, window="calendar")]


# --- the best of them -------------------------------------------------------------------------------------------------


def _best(plan: Plan, channel: str, candidates: dict[Entry, bool], size: int, zone: str) -> Entry | None:
    """Return that with which the channel's own mailings are done first. Nothing else holds them back: every other limit is kept."""
    own = tuple(mailing for mailing in plan.mailings if mailing.channel == channel)
    if not own or not candidates:
        return max(candidates, key=lambda found: (candidates[found], _rate(found, size)), default=None)
    alone = replace(plan, mailings=own, channels=(plan.channel(channel),), limits=())
    takes = {found: (*_reckoned(found, alone), int(not candidates[found])) for found in candidates}
    order = sorted(candidates, key=lambda found: (takes[found], *_slowness(found, size)))
    likely: list[Entry] = []  # those that no other one beats in every respect
    for found in order:
        if not any(all(one <= other for one, other in zip(takes[known], takes[found], strict=True)) for known in likely):
            likely.append(found)
    if len(likely) == 1:
        return likely[0]
    ranked = [(_rank(alone, found, candidates[found], size, zone), -place, found) for place, found in enumerate(likely[:PLAYED])]
    return max(ranked)[2]


def _rank(alone: Plan, found: Entry, whole: bool, size: int, zone: str) -> Rank:
    """Compare by what goes in time, then by when it is done, then by what else is kept, then by what goes in the long run."""
    result = summary(play(entered(alone, found, zone=zone), patience=PATIENCE))
    sent = sum(one.sent for one in result.mailings)
    done = result.finish.timestamp() if result.finish else 0.0
    return (sent, -done, -sum(_lasted(one.start, one.finish) for one in result.mailings), int(whole), *_rate(found, size))


def _lasted(start: datetime, finish: datetime | None) -> float:
    return (finish - start).total_seconds() if finish else 0.0


def _reckoned(found: Entry, alone: Plan) -> tuple[float, float]:
    """Return about how long it takes: all at once, and the most that starts together."""
    starts = {one.start for one in alone.mailings}
    together = [[one for one in alone.mailings if one.start == start] for start in starts]
    return _takes(found, alone.mailings), max(_takes(found, mailings) for mailings in together)


def _takes(found: Entry, mailings: Iterable[Mailing]) -> float:
    mailings = tuple(mailings)
    messages, recipients = sum(one.messages for one in mailings), sum(one.recipients for one in mailings)
    windows, left = 0, messages
    if found.max is not None:
        weight = recipients if found.unit is Unit.RECIPIENTS else messages
        windows = (weight - 1) // found.max
        left = (weight - windows * found.max) * messages // weight
    rest = 0 if found.burst is None else max(0, left - 1) // found.burst * PERIODS[found.burst_per]
    pace = 0 if found.burst is None else max(0, messages - 1) // found.burst * PERIODS[found.burst_per]
    return float(max(windows * PERIODS[found.per] + rest, pace))


def _slowness(found: Entry, size: int) -> tuple[Fraction, int, Fraction]:
    rate, period, burst = _rate(found, size)
    return (-rate, -period, -burst)


def _rate(found: Entry, size: int) -> tuple[Fraction, int, Fraction]:
    """Compare by what goes in the long run, then by how much may go at once, then by the burst."""
    most = Fraction(1_000_000_000)
    limit = burst = most
    if found.max is not None:
        limit = Fraction(found.max, PERIODS[found.per] * (size if found.unit is Unit.RECIPIENTS else 1))
    if found.burst is not None:
        burst = Fraction(found.burst, PERIODS[found.burst_per])
    return (min(limit, burst), PERIODS[found.per] if found.max is not None else 0, burst)
