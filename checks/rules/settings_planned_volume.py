"""The send limit leaves room for what is planned.

What it checks:
The server's own send limit against the planned mailings.

Why it matters:
A limit that is lower than what comes in lets the queue grow from week to week. A limit that rejects instead of waiting loses the part of a mailing that is above it.

How to fix it:
Raise the limit as far as the provider allows, or plan less; and let the dispatcher wait (on_exceed = defer).
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._volume import DAYS, HOURS, lets_through, planned, volume_of
from checks.subject import ServerSubject

DAY = 86400
WEEK = DAYS * DAY

ROOM = Outcome(
    code="settings.limit-sufficient", status=Status.PASS, title="{server}: the send limit of {own} leaves room for {planned}"
)
GROWING = Outcome(
    code="settings.limit-below-volume",
    status=Status.WARN,
    title="{server}: the send limit of {own} lets {possible} through in a week, but {week} are planned; the queue never empties",
    owner=Owner.US,
    steps=("Raise the limit as far as the provider allows, plan fewer mailings, or share them out over several servers.",),
    also=("planned",),
)
REJECTING = Outcome(
    code="settings.limit-rejecting",
    status=Status.WARN,
    title="{server}: {planned} is above the send limit of {own}, and the settings reject the rest instead of waiting",
    owner=Owner.US,
    steps=('Set on_exceed = "defer" in the limit of this server, so that the rest leaves later.',),
)
NO_LIMIT = Outcome(code="settings.limit-unset", status=Status.NOT_APPLICABLE, title="{server} has no send limit")
VOLUME_UNKNOWN = Outcome(
    code="settings.volume-unknown",
    status=Status.NOTE,
    title="{server}: whether the send limit of {own} is enough cannot be said, because the settings plan no mailing through it",
    owner=Owner.US,
    steps=("Enter volume.recipients_per_mailing and volume.mailings_per_week in the settings.",),
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare a week, then the limit's own period."""
    server = subject.server
    own = server.limit
    if own is None:
        yield NO_LIMIT(about=server.name, server=server.name)
        return
    known: dict[str, Any] = {
        "server": server.name,
        "own": f"{own.max:,} {own.unit} {'an' if own.per == 'hour' else 'a'} {own.per}",
    }
    plan = planned(volume_of(subject))
    if plan is None:
        yield VOLUME_UNKNOWN(about=server.name, **known)
        return
    known["planned"] = plan.words_for(own.unit)
    week = plan.a_week(own.unit)
    in_period = plan.within(HOURS[own.per] * 3600 if own.per != "week" else DAY, own.unit)
    if own.per == "week":
        in_period = week or in_period
    possible = lets_through(own, WEEK)
    if own.on_exceed == "reject" and in_period > own.max:
        yield REJECTING(about=server.name, **known)
    elif (week or 0) > possible:
        yield GROWING(about=server.name, possible=possible, week=week, **known)
    else:
        yield ROOM(about=server.name, **known)
