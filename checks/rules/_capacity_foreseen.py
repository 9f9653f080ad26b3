"""What the simulator foresees for a plan, with the settings as they are and with the limits that it would enter. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from checks.capacity.advise import MAX_COPIES, copied
from checks.capacity.entry import Entry, entered, entry
from checks.capacity.model import Mailing, OnExceed, Plan, Sliding
from checks.capacity.moments import HOUR
from checks.capacity.result import CONNECTIONS, Outcome, Result
from checks.capacity.simulate import play, summary
from checks.records.capacity_shown import (
    MAX_LIMITS,
    MAX_MAILINGS,
    MAX_POINTS,
    MAX_STRETCHES,
    ShownLimit,
    ShownMailing,
    ShownPlan,
)
from checks.rules._capacity import OTHER_MAIL, Known, Setup

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PATIENCE_DAYS, PATIENCE_MANY = 35, 7  # after the last start; of one mailing, and of a week's: what is not out then is not carried
FEW = 2  # mailings; more of them are in each other's way, and their tail says nothing new
MOST_SHARED_OUT = 300_000  # messages a week; who has more is better off with a service that is made for mailings
TRIES = 3  # numbers of mailboxes beyond what the widest windows ask for; the margin between them is small
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What becomes of a plan."""

    result: Result
    """With the settings as they are."""
    bare: Result
    """Without limits of the settings."""
    entry: Entry | None
    """What to enter; None: nothing is limited over time."""
    paced: Result
    """With that entered, and nothing else of the settings' own."""
    paced_plan: Plan


@lru_cache(maxsize=32)  # three rules ask, each perhaps twice; the answer depends on the plan alone
def foresee(plan: Setup) -> Foreseen:
    """Play a plan."""
    bare = played(plan.bare)
    result = bare if plan.plan == plan.bare else played(plan.plan)
    found = entry(plan.bare, plan.channel, zone=plan.zone)
    paced_plan = entered(plan.bare, found, zone=plan.zone) if found else plan.bare
    return Foreseen(
        result=result,
        bare=bare,
        entry=found,
        paced=bare if paced_plan == plan.bare else played(paced_plan),
        paced_plan=paced_plan,
    )


def played(plan: Plan) -> Result:
    """Play a plan, for some weeks."""
    return summary(play(plan, patience=patience_days(plan) * 24 * HOUR))


def patience_days(plan: Plan) -> int:
    """How long to wait after the last start."""
    return PATIENCE_DAYS if len(plan.mailings) <= FEW else PATIENCE_MANY


@lru_cache(maxsize=32)
def mailboxes(plan: Setup, by: datetime) -> int | None:
    """Return how many mailboxes, with the limits entered, have everything out by then; None if more do not help, or it would be too many."""
    whole = foresee(plan).paced_plan
    if _least(whole, by, shared=True) > 1 or sum(mailing.messages for mailing in whole.mailings) > MOST_SHARED_OUT:
        return None
    least = _least(whole, by, shared=False)
    left = max(HOUR, *((by - _first(mailing)) // timedelta(milliseconds=1) for mailing in whole.mailings[-1:]))
    for count in range(least, min(least + TRIES, MAX_COPIES + 1)):
        finish = summary(play(copied(whole, plan.channel, count), patience=left)).finish
        if finish is not None and finish <= by:
            return count
    return None


def _first(mailing: Mailing) -> datetime:
    return mailing.start.replace(tzinfo=ZoneInfo(mailing.zone))


def _least(plan: Plan, by: datetime, *, shared: bool) -> int:
    """How many times the widest windows have to be there: in so many of them no more than so much leaves."""
    most = 1
    span = int((by - min(_first(mailing) for mailing in plan.mailings)).total_seconds())
    for limit in plan.limits:
        if isinstance(limit.window, Sliding) and limit.scope.shared is shared:
            room = limit.count * (max(0, span) // limit.window.seconds + 1)
            weight = sum(n * limit.weight(r, e) for mailing in plan.mailings for n, r, e in mailing.runs())
            most = max(most, -(-weight // room))
    return most


def is_other(outcome: Outcome) -> bool:
    """Whether it stands for the other mail of the busiest hour."""
    return outcome.name.startswith(OTHER_MAIL)


def mailings_of(result: Result) -> list[Outcome]:
    """Return what becomes of the mailings themselves."""
    return [outcome for outcome in result.mailings if not is_other(outcome)]


def worst(result: Result) -> Outcome:
    """Return the mailing that fares worst: the one with the most that never goes, else the one that takes longest."""
    return max(
        mailings_of(result),
        key=lambda one: (one.messages - one.sent, one.refused, (one.finish or one.start) - one.start, -one.start.timestamp()),
    )


def stopped(result: Result) -> bool:
    """Whether anything is refused, given up or left waiting."""
    return any(not one.complete or one.refused for one in result.mailings)


def in_the_way(plan: Setup, result: Result, mode: OnExceed) -> Known | None:
    """Return the limit of that kind that was met; None if none was."""
    names = [limit.name for limit in plan.plan.limits if limit.on_exceed is mode]
    met = [binding.limit for binding in result.bindings if binding.limit in names]
    if met or len(names) == 1:
        return plan.meant((met or names)[0])
    fewest = min((limit for limit in plan.plan.limits if limit.on_exceed is mode), key=lambda limit: limit.count, default=None)
    return plan.meant(fewest.name) if fewest else None


def pace_of(plan: Setup, outcome: Outcome, result: Result) -> Known | None:
    """Return the limit that set the pace of a mailing; None if none did."""
    if outcome.held:
        return plan.meant(max(outcome.held, key=lambda pair: pair[1])[0])
    long = [
        (binding.ends - binding.begins, binding.limit)
        for binding in result.bindings
        if binding.begins <= (outcome.finish or binding.begins) and binding.ends >= outcome.start
    ]
    return plan.meant(max(long)[1]) if long else None


def only_slowed(result: Result) -> bool:
    """Whether a limit held something back, connections aside."""
    return any(binding.limit != CONNECTIONS for binding in result.bindings)


# --- words ------------------------------------------------------------------------------------------------------------


def moment(when: datetime, zone: str) -> str:
    """Write a moment by the settings' clock, rounded up to the minute: "Tue 24 Nov, 14:34"."""
    local = (when + timedelta(seconds=59)).astimezone(ZoneInfo(zone))
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}, {local:%H:%M}"


def in_words(found: Entry) -> str:
    """Write what to enter: "a send limit of 9,000 recipients a day and a burst limit of 27 messages a minute"."""
    parts = []
    if found.max is not None:
        one = found.unit.value.removesuffix("s") if found.max == 1 else found.unit.value
        parts.append(f"a send limit of {found.max:,} {one} {'an' if found.per == 'hour' else 'a'} {found.per}")
    if found.burst is not None:
        parts.append(f"a burst limit of {found.burst:,} {'message' if found.burst == 1 else 'messages'} a {found.burst_per}")
    return " and ".join(parts)


def as_settings(found: Entry) -> str:
    """Write what to enter as it stands in the settings."""
    parts = []
    if found.max is not None:
        parts.append(f'limit = {{ max = {found.max}, per = "{found.per}", unit = "{found.unit}", window = "{found.window}" }}')
    if found.burst is not None:
        parts.append(f'burst = {{ max = {found.burst}, per = "{found.burst_per}" }}')
    return " and ".join(parts)


# --- for the drawing --------------------------------------------------------------------------------------------------


def shown(plan: Setup, found: Foreseen, *, paced: bool) -> ShownPlan:
    """Return the plan for the report; with `paced`, also what would become of it with the limits entered."""
    drawn = mailings_of(found.result)
    entry_words = in_words(found.entry) if paced and found.entry else ""
    return ShownPlan(
        server=plan.channel,
        zone=plan.zone,
        mailings=_mailings(found.result),
        limits=tuple(_limits(plan, found.result))[:MAX_LIMITS],
        entered=entry_words,
        paced=_mailings(found.paced) if entry_words else (),
        more=plan.left_out + max(0, len(drawn) - MAX_MAILINGS),
        cut=found.result.truncated,
    )


def _mailings(result: Result) -> tuple[ShownMailing, ...]:
    lines = {series.mailing: series.points for series in result.series}
    return tuple(
        ShownMailing(
            name=one.name,
            start=_seconds(one.start),
            recipients=one.recipients,
            messages=one.messages,
            sent=one.sent,
            finish=None if one.finish is None else _seconds(one.finish),
            deferred=one.deferred,
            refused=one.refused,
            rejected=one.rejected,
            expired=one.expired,
            unsent=one.unsent,
            points=tuple((_seconds(when), count) for when, count in _thinned(lines.get(one.name, ()))),
        )
        for one in mailings_of(result)[:MAX_MAILINGS]
    )


def _thinned(points: tuple[tuple[datetime, int], ...]) -> Iterable[tuple[datetime, int]]:
    """Keep the first and the last, and what a line needs between them."""
    if len(points) <= MAX_POINTS:
        return points
    last = len(points) - 1
    return [points[last * place // (MAX_POINTS - 1)] for place in range(MAX_POINTS)]


def _limits(plan: Setup, result: Result) -> Iterable[ShownLimit]:
    for limit in plan.plan.limits:
        known = plan.meant(limit.name)
        held = [(_seconds(one.begins), _seconds(one.ends)) for one in result.bindings if one.limit == limit.name]
        yield ShownLimit(
            words=known.words,
            whose=known.whose,
            beyond=limit.on_exceed.value,
            as_of=known.as_of,
            held=tuple(held[:MAX_STRETCHES]),
        )
    if held := [(_seconds(one.begins), _seconds(one.ends)) for one in result.bindings if one.limit == CONNECTIONS]:
        yield ShownLimit(words=plan.meant(CONNECTIONS).words, beyond=OnExceed.DEFER.value, held=tuple(held[:MAX_STRETCHES]))


def _seconds(when: datetime) -> int:
    return int(when.astimezone(UTC).timestamp())
