"""What the simulator foresees for a plan, with the settings as they are and with the limits that it would enter. Judges nothing.

The simulator is imported by the functions that use it: a run without planned volume does without.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checks.capacity.model import OnExceed, Plan
from checks.capacity.moments import HOUR
from checks.capacity.result import CONNECTIONS, Outcome, Result
from checks.records.capacity_shown import (
    MAX_LIMITS,
    MAX_MAILINGS,
    MAX_POINTS,
    MAX_STRETCHES,
    ShownLimit,
    ShownMailing,
    ShownPlan,
)
from checks.rules._capacity import Known, Setup
from checks.rules._capacity_mailings import CHANNEL, OTHER_MAIL

if TYPE_CHECKING:
    from checks.capacity.entry import Entry

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PATIENCE_DAYS, PATIENCE_MANY = 35, 7  # after the last start; of one mailing, and of a week's: what is not out then is not carried
FEW = 2  # mailings; more of them are in each other's way, and their tail says nothing new
MOST_SHARED_OUT = 300_000  # messages that are played; who has more is better off with a service that is made for mailings
MOST_NAMED = 4  # servers in a sentence
MOST_CONNECTIONS = 50  # Postfix takes so many at once from one client (smtpd_client_connection_count_limit)
DAY = timedelta(days=1)
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
    beside: tuple[str, ...] = ()
    """Other servers of the settings that the numbers to enter leave room for."""


@lru_cache(maxsize=256)  # three rules ask, each perhaps twice; the answer depends on the plan alone
def foresee(plan: Setup) -> Foreseen:
    """Play a plan."""
    from checks.capacity.entry import entered, entry  # noqa: PLC0415 - see above

    bare = played(plan.bare)
    result = bare if plan.plan == plan.bare else played(plan.plan)
    found = entry(plan.bare, CHANNEL, zone=plan.zone, repeats_after=repeats_after(plan))
    paced_plan = entered(plan.bare, found, zone=plan.zone) if found else plan.bare
    return Foreseen(
        result=result,
        bare=bare,
        entry=found,
        paced=bare if paced_plan == plan.bare else played(paced_plan),
        paced_plan=paced_plan,
        beside=_beside(plan, found),
    )


def _beside(plan: Setup, found: Entry | None) -> tuple[str, ...]:
    """Return those that share limits, if without them more could be entered."""
    from checks.capacity.entry import entry  # noqa: PLC0415 - see above

    if not plan.beside or found is None:
        return ()
    free = entry(_undivided(plan.bare), CHANNEL, zone=plan.zone, repeats_after=repeats_after(plan))
    return () if free == found else plan.beside


def _undivided(plan: Plan) -> Plan:
    return replace(plan, limits=tuple(replace(limit, others=0) for limit in plan.limits))


def undivided(plan: Setup) -> Setup:
    """Return the plan as if no other server of the settings had a part in its limits."""
    return replace(plan, plan=_undivided(plan.plan), bare=_undivided(plan.bare), beside=())


def repeats_after(plan: Setup) -> int | None:
    """After how many seconds the mailings that are played come again; None: nobody said that they do."""
    return None if plan.end is None else int((plan.end - plan.begin).total_seconds())


@lru_cache(maxsize=256)
def played(plan: Plan, days: int | None = None) -> Result:
    """Play a plan, for some weeks, or for so many days after the last start."""
    from checks.capacity.simulate import play, summary  # noqa: PLC0415 - see above

    return summary(play(plan, patience=(days or patience_days(plan)) * 24 * HOUR))


def with_following(plan: Setup) -> Result:
    """Play it with the mailing that comes after it, which may meet what is left of it; a day of that one shows it."""
    today = foresee(plan).result
    if plan.following is None:
        return today
    return played(replace(plan.plan, mailings=(*plan.plan.mailings, plan.following)), days=1)


def patience_days(plan: Plan) -> int:
    """How long to wait after the last start."""
    return PATIENCE_DAYS if len(plan.mailings) <= FEW else PATIENCE_MANY


def late(plan: Setup, result: Result, limits: Plan) -> bool:
    """Whether not all is out when the mailings that follow begin, or will not be in the long run: week by week the queue grows."""
    from checks.capacity.advise import sustained  # noqa: PLC0415 - see above

    if plan.end is None:
        return False
    lasting = tuple(limit for limit in limits.limits if limit.on_exceed is not OnExceed.REJECT)
    return not in_time(plan, result) or not sustained(replace(limits, limits=lasting), repeats_after(plan))


def in_time(plan: Setup, result: Result) -> bool:
    """Whether all is out when the mailings that follow begin."""
    return plan.end is None or (result.finish is not None and result.finish <= plan.end)


@lru_cache(maxsize=256)
def mailboxes(plan: Setup, by: datetime | timedelta) -> tuple[int, Entry] | None:
    """Return how many mailboxes have everything out by then, and what each enters; None if more do not help, or it would be too many."""
    from checks.capacity.advise import each_enters, mailboxes_needed  # noqa: PLC0415 - see above

    if sum(mailing.messages for mailing in plan.bare.mailings) > MOST_SHARED_OUT:
        return None
    again = repeats_after(plan)
    count = mailboxes_needed(plan.bare, CHANNEL, by, zone=plan.zone, repeats_after=again)
    if count is None or count == 1:
        return None
    _, found = each_enters(plan.bare, CHANNEL, count, zone=plan.zone, repeats_after=again)
    return None if found is None else (count, found)


@lru_cache(maxsize=256)
def connections(plan: Setup, by: datetime | timedelta) -> int | None:
    """Return how many connections at once have everything out by then; None if more do not help, or the provider says how many it takes."""
    from checks.capacity.advise import connections_needed  # noqa: PLC0415 - see above

    if plan.connections_known:
        return None
    count = connections_needed(foresee(plan).paced_plan, CHANNEL, by)
    return count if count is not None and 1 < count <= MOST_CONNECTIONS else None


def least_of(plan: Setup, name: str) -> int | None:
    """Return the smallest number of a limit of the settings that has everything out in time; None if that does not help."""
    from checks.capacity.advise import count_needed, needed_in_window  # noqa: PLC0415 - see above

    if plan.end is None:
        return None
    own = tuple(limit for limit in plan.plan.limits if limit not in plan.bare.limits)
    paced = foresee(plan).paced_plan  # with the limits to enter in force too, more never does harm
    whole = replace(paced, limits=(*own, *paced.limits))
    count = count_needed(whole, name, plan.end)
    if count is None:
        return None
    lasting = (needed_in_window(whole, limit, repeats_after(plan) or 1) for limit in own if limit.name == name)
    return max(count, *lasting)


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


def fitting(plan: Setup) -> int:
    """Return how many recipients a message may have at most, so that it can pass at all."""
    from checks.capacity.advise import fitting_recipients  # noqa: PLC0415 - see above

    return fitting_recipients(plan.plan, CHANNEL) or 1


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
    from checks.capacity.advise import blamed  # noqa: PLC0415 - see above

    name = blamed(outcome, result, plan.plan)
    return plan.meant(name) if name else None


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


def offered(plan: Setup, found: Foreseen) -> str:
    """Write what to enter, and where else the same."""
    words = in_words(found.entry) if found.entry else ""
    return f"{words} at each of {listed((plan.channel, *found.beside))}" if words and found.beside else words


def listed(names: tuple[str, ...]) -> str:
    """Name servers, or count them if they are many."""
    if len(names) > MOST_NAMED:
        return f"{len(names):,} servers"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


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
    drawn, names = mailings_of(found.result), _drawn(found.result)
    entry_words = in_words(found.entry) if paced and found.entry else ""
    return ShownPlan(
        server=plan.channel,
        zone=plan.zone,
        mailings=_mailings(found.result, names),
        limits=tuple(_limits(plan, found.result))[:MAX_LIMITS],
        entered=entry_words,
        paced=_mailings(found.paced, names) if entry_words else (),
        more=plan.left_out + max(0, len(drawn) - MAX_MAILINGS),
        cut=found.result.truncated,
    )


def _drawn(result: Result) -> list[str]:
    """Return the names of the first ones; the one that fares worst is among them."""
    names = [one.name for one in mailings_of(result)]
    bad = worst(result).name
    return names[:MAX_MAILINGS] if bad in names[:MAX_MAILINGS] else [*names[: MAX_MAILINGS - 1], bad]


def _mailings(result: Result, names: list[str]) -> tuple[ShownMailing, ...]:
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
        for one in map(result.outcome, names)
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
