"""The send limit and the burst that a person enters, so that the dispatcher waits by itself and no limit of the provider is ever met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from fractions import Fraction
from math import floor

from checks.capacity.model import Calendar, Every, Limit, Plan, Scope, Sliding, Unit

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
    """A provider's limit, as messages of this plan and with the margin taken off."""

    limit: Limit
    seconds: int
    messages: int
    recipients: int


def entry(plan: Plan, channel: str, *, margin: Fraction = MARGIN, zone: str = "") -> Entry | None:
    """Return what to enter for a channel, the fastest of what is safe; None if nothing limits it.

    Every limit in the plan counts as one to respect. A limit that channels share is divided among them. `zone` is the settings' time zone.
    """
    size = max((m.recipients_per_message for m in plan.mailings if m.channel == channel), default=1)
    bounds = [_bound(limit, plan, size, margin) for limit in plan.limits_of(channel)]
    if not bounds:
        return None
    usable = sorted((bound for bound in bounds if bound.messages), key=lambda bound: bound.seconds)
    best: tuple[tuple[Fraction, int, Fraction], Entry] | None = None
    for cut in range(len(usable) + 1):
        for found in _candidates(channel, usable[:cut], usable[cut:], zone):
            rank = _rank(found, size)
            if best is None or rank > best[0]:
                best = (rank, found)
    unkept = tuple(bound.limit.name for bound in bounds if not bound.messages)
    if best is None:
        return Entry(channel=channel, max=None, margin=margin, unkept=tuple(bound.limit.name for bound in bounds))
    return replace(best[1], margin=margin, keeps=tuple(bound.limit.name for bound in bounds if bound.messages), unkept=unkept)


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


def _bound(limit: Limit, plan: Plan, size: int, margin: Fraction) -> _Bound:
    sharing = {mailing.channel for mailing in plan.mailings if not limit.channels or mailing.channel in limit.channels}
    whole = limit.count // (max(1, len(sharing)) if limit.scope.shared else 1)
    least = size if limit.unit is Unit.RECIPIENTS else 1  # where no room is left for a margin, none is kept
    share = max(floor(whole * (1 - margin)), least if least <= whole else 0)
    seconds = limit.window.seconds if isinstance(limit.window, Sliding) else LONGEST[limit.window.every]
    return _Bound(limit, seconds, share // size if limit.unit is Unit.RECIPIENTS else share, share)


def _candidates(channel: str, short: list[_Bound], long: list[_Bound], zone: str) -> list[Entry]:
    """Return the entries whose burst keeps the short ones and whose limit keeps the long ones."""
    bursts: list[tuple[int | None, str]] = [(None, "minute")]
    if short:
        bursts = [(_keeping(short, PERIODS[per]), per) for per in BURST_PERIODS]
    limits: list[Entry] = [Entry(channel=channel, max=None)]
    if long:
        unit = Unit.RECIPIENTS if all(bound.limit.unit is Unit.RECIPIENTS for bound in long) else Unit.MESSAGES
        limits = [
            Entry(channel=channel, max=_keeping(long, PERIODS[per], unit=unit), per=per, unit=unit) for per in LIMIT_PERIODS
        ]
        limits += [found for per in LIMIT_PERIODS if (found := _aligned(channel, long, per, unit, zone)) is not None]
    return [
        replace(found, burst=burst, burst_per=per) for burst, per in bursts for found in limits if burst != 0 and found.max != 0
    ]


def _keeping(bounds: list[_Bound], period: int, *, unit: Unit = Unit.MESSAGES) -> int:
    """Return how many in any stretch of a length keep all of these: a window of W sees at most ceil(W / length) times as many."""
    return min(
        (bound.recipients if unit is Unit.RECIPIENTS else bound.messages) // -(-bound.seconds // period) for bound in bounds
    )


def _aligned(channel: str, bounds: list[_Bound], per: str, unit: Unit, zone: str) -> Entry | None:
    """Return a calendar limit, if the provider's windows begin when it does; it sees the same 25 hours."""
    counts = []
    for bound in bounds:
        window = bound.limit.window
        if not isinstance(window, Calendar) or window.zone != zone or window.reset != time(0) or window.every != per:
            return None
        counts.append(bound.recipients if unit is Unit.RECIPIENTS else bound.messages)
    return Entry(channel=channel, max=min(counts), per=per, unit=unit, window="calendar")


def _rank(found: Entry, size: int) -> tuple[Fraction, int, Fraction]:
    """Compare by what goes in the long run, then by how much may go at once, then by the burst."""
    most = Fraction(1_000_000_000)
    limit = burst = most
    if found.max is not None:
        limit = Fraction(found.max, PERIODS[found.per] * (size if found.unit is Unit.RECIPIENTS else 1))
    if found.burst is not None:
        burst = Fraction(found.burst, PERIODS[found.burst_per])
    return (min(limit, burst), PERIODS[found.per] if found.max is not None else 0, burst)
