"""Mailings do not get into each other's way.

What it checks:
A week of the planned mailings is played against the limits of the server: whether one is still going out when the next begins, and both need room in the same limit.

Why it matters:
When two mailings share a limit, both take longer, and the everyday mail of the same mailbox waits or is refused with them. If every mailing runs into the next, the queue grows.

How to fix it:
Leave more time between mailings, make them smaller, or send them through different mailboxes.
"""

from collections.abc import Iterator
from typing import Any

from checks.capacity.result import CONNECTIONS, Collision, Result
from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._capacity import Setup, setup
from checks.rules._capacity_foreseen import foresee, mailings_of, moment, with_following
from checks.rules._capacity_mailings import OTHER_MAIL
from checks.rules._volume import counted, spoken_time, volume_of
from checks.subject import ServerSubject

INFORMATIONAL = True

FACT = ("as_of",)
AT_ONCE = "the connections to the server"

APART = Outcome(
    code="capacity.mailings-apart",
    status=Status.PASS,
    title="{server}: each of the {mailings} is out before the next one begins",
    also=FACT,
)
COLLISION = Outcome(
    code="capacity.collision",
    status=Status.NOTE,
    title="{server}: the mailing of {first} is still going out when the one of {second} begins, and both need room in {limit}; this happens to {times}",
    owner=Owner.US,
    steps=(
        "Leave {apart} or more between two mailings through {server}, or make them smaller.",
        "Or send them through different mailboxes.",
    ),
    also=FACT,
    volatile=("first", "second"),
)
ROOM_TAKEN = Outcome(
    code="capacity.room-taken",
    status=Status.NOTE,
    title="{server}: the mailing of {second} finds too little room in {limit}, because the one of {first} has taken it; this happens to {times}",
    owner=Owner.US,
    steps=(
        "Leave more time between two mailings through {server}, or make them smaller.",
        "Or send them through different mailboxes.",
    ),
    also=FACT,
    volatile=("first", "second"),
)
INCOMPLETE = Outcome(
    code="capacity.mailings-incomplete",
    status=Status.NOT_APPLICABLE,
    title="{server}: no mailing meets another, but not all of each is sent, as the check capacity.finish tells",
)
SINGLE = Outcome(
    code="capacity.single-mailing",
    status=Status.NOT_APPLICABLE,
    title="{server}: the one mailing of a week is out before that of the next week begins",
)
UNLIMITED = Outcome(
    code="capacity.nothing-shared",
    status=Status.NOT_APPLICABLE,
    title="{server}: no limit over time is known in which mailings could get into each other's way",
)
VOLUME_UNKNOWN = Outcome(
    code="capacity.mailings-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: the settings do not say how many mailings go through it",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look for two mailings that slow each other."""
    name, volume = subject.server.name, volume_of(subject)
    plan = setup(subject, ev)
    if plan is None or (volume.mailings_per_week is None and volume.mailings_per_day is None):
        yield VOLUME_UNKNOWN(about=name, server=name)
        return
    today = foresee(plan).result
    ours = mailings_of(today)
    alone, whole = len(ours) == 1, all(one.complete for one in ours)
    known: dict[str, Any] = {"about": name, "server": name, "as_of": plan.as_of}
    result = with_following(plan)
    found = [one for one in result.collisions if _of_mailings(one)]
    if together := [one for one in found if _meet(result, one)]:
        longest = max((one.finish or one.start) - one.start for one in ours)
        yield COLLISION(apart=spoken_time(longest), **_said(plan, result, together), **known)
    elif taken := [one for one in found if _limits(one)]:
        yield ROOM_TAKEN(**_said(plan, result, taken), **known)
    elif alone and whole:
        yield SINGLE(about=name, server=name)
    elif not plan.plan.limits:
        yield UNLIMITED(about=name, server=name)
    elif not whole:
        yield INCOMPLETE(about=name, server=name)
    else:
        yield APART(mailings=_mailings(plan, len(ours)), **known)


def _of_mailings(one: Collision) -> bool:
    return not any(name.startswith(OTHER_MAIL) for name in one.mailings)


def _meet(result: Result, one: Collision) -> bool:
    """Whether the first is still going out when the second begins."""
    first, second = (result.outcome(name) for name in one.mailings)
    return first.unsent > 0 or (first.finish is not None and first.finish > second.start)


def _limits(one: Collision) -> list[str]:
    return [name for name in one.slowed if name != CONNECTIONS]


def _said(plan: Setup, result: Result, found: list[Collision]) -> dict[str, Any]:
    """Name the first two that meet, what they both need, and how many have to wait for another."""
    one = next((one for one in found if _limits(one)), found[0])
    first, second = (result.outcome(name) for name in one.mailings)
    limit = plan.meant(_limits(one)[0]) if _limits(one) else None
    words = AT_ONCE if limit is None else f"{limit.words} ({limit.whose})" if limit.whose else limit.words
    waiting, followers = len({one.mailings[1] for one in found}), len(mailings_of(result)) - 1
    return {
        "first": moment(first.start, plan.zone),
        "second": moment(second.start, plan.zone),
        "limit": words,
        "times": _times(plan, waiting, followers),
    }


def _times(plan: Setup, waiting: int, followers: int) -> str:
    """Write how many have to wait: "each of the 7 mailings of a week", "2 of the 3 mailings of a week"."""
    if waiting == followers:
        return "each week's mailing" if followers == 1 and plan.following else f"each of the {_mailings(plan, followers)}"
    if plan.left_out:
        return f"{waiting:,} of the {followers:,} that were played (of the {_mailings(plan, followers)})"
    return f"{waiting:,} of the {_mailings(plan, followers)}"


def _mailings(plan: Setup, played: int) -> str:
    return f"{counted(played + plan.left_out, 'mailing')} of a {'week' if plan.following else 'day'}"
