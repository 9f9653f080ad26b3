"""Mailings do not get into each other's way.

What it checks:
A week of the planned mailings is played against the limits of the server: whether one is still going out when the next begins, and both need room in the same limit.

Why it matters:
When two mailings share a limit, both take longer, and the everyday mail of the same mailbox waits or is refused with them. If every mailing runs into the next, the queue grows.

How to fix it:
Leave more time between mailings, make them smaller, or send them through different mailboxes.
"""

from collections.abc import Iterator

from checks.capacity.result import CONNECTIONS, Collision, Result
from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._capacity import OTHER_MAIL, Setup, setup
from checks.rules._capacity_foreseen import foresee, mailings_of, moment
from checks.rules._volume import counted, spoken_time
from checks.subject import ServerSubject

INFORMATIONAL = True

APART = Outcome(
    code="capacity.mailings-apart",
    status=Status.PASS,
    title="{server}: each of the {mailings} of a week is out before the next one begins",
)
COLLISION = Outcome(
    code="capacity.collision",
    status=Status.NOTE,
    title="{server}: the mailing of {first} is still going out when the one of {second} begins, and both need room in {limit}; this happens {times} a week",
    owner=Owner.US,
    steps=(
        "Leave {apart} or more between two mailings through {server}, or make them smaller.",
        "Or send them through different mailboxes.",
    ),
    volatile=("first", "second"),
)
SINGLE = Outcome(
    code="capacity.single-mailing",
    status=Status.NOT_APPLICABLE,
    title="{server}: one mailing a week cannot collide with another",
)
UNLIMITED = Outcome(
    code="capacity.nothing-shared",
    status=Status.NOT_APPLICABLE,
    title="{server}: no limit over time is known in which mailings could get into each other's way",
)
VOLUME_UNKNOWN = Outcome(
    code="capacity.mailings-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: the settings do not say how many mailings there are",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look for two mailings that slow each other."""
    name, volume = subject.server.name, subject.settings.volume
    plan = setup(subject, ev)
    if plan is None or (volume.mailings_per_week is None and volume.mailings_per_day is None):
        yield VOLUME_UNKNOWN(about=name, server=name)
        return
    result = foresee(plan).result
    ours = mailings_of(result)
    found = [one for one in result.collisions if _of_mailings(one) and _limits(one)]
    if len(ours) == 1:
        yield SINGLE(about=name, server=name)
    elif not plan.plan.limits:
        yield UNLIMITED(about=name, server=name)
    elif found:
        yield _collision(plan, result, found)
    else:
        yield APART(about=name, server=name, mailings=f"{len(ours):,} mailings")


def _of_mailings(one: Collision) -> bool:
    return not any(name.startswith(OTHER_MAIL) for name in one.mailings)


def _limits(one: Collision) -> list[str]:
    return [name for name in one.slowed if name != CONNECTIONS]


def _collision(plan: Setup, result: Result, found: list[Collision]) -> Finding:
    first, second = (result.outcome(name) for name in found[0].mailings)
    longest = max((one.finish or one.start) - one.start for one in mailings_of(result))
    limit = plan.meant(_limits(found[0])[0])
    return COLLISION(
        about=plan.channel,
        server=plan.channel,
        first=moment(first.start, plan.zone),
        second=moment(second.start, plan.zone),
        limit=f"{limit.words} ({limit.whose})" if limit.whose else limit.words,
        times="once" if len(found) == 1 else counted(len(found), "time"),
        apart=spoken_time(longest),
    )
