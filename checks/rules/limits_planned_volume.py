"""The provider takes the planned mailings in time.

What it checks:
The planned mailings against the numbers that the provider of the server publishes (messages or recipients in an hour, a day), and how long a mailing takes at them. Where we know of no
published number, the check says so.

Why it matters:
Mailbox providers count what leaves. A mailing that is larger than the number of a day is not refused as a whole: it stops in the middle, and those who come last get it days later,
or not at all.

How to fix it:
Begin early enough, plan less, or send large mailings through a service that is made for them. If no number is known, ask the provider and enter it as the server's send limit.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._conditions import asked_of, told_by, ways_free_of
from checks.rules._provider_limits import (
    FACT,
    duration,
    known,
    providers_behind,
    published,
    resting_on,
    told_elsewhere,
)
from checks.rules._volume import DAYS, Planned, counted, paces, parts, planned, spoken_time, volume_of
from checks.settings import Server
from checks.subject import ServerSubject
from checks.tables import Provider
from checks.tables.limits import Limit

DAY = timedelta(days=1)
SERVICES = (
    "Or send large mailings through a service that is made for them, and enter it as a server of its own.",
    "If the contract allows more than {provider} publishes, nothing needs to be done.",
)

FITTING = Outcome(
    code="limits.volume-fitting",
    status=Status.PASS,
    title="{server}: {planned} stays within the {published} that {provider} takes (as of {as_of})",
    also=FACT,
)
LONG = Outcome(
    code="limits.mailing-time",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: {planned} takes {duration} at the {published} that {provider} takes (as of {as_of})",
    owner=Owner.US,
    steps=("Start mailings {duration} before the last recipient has to have them.", *SERVICES),
    also=("recipients", *FACT),
)
ENDLESS = Outcome(
    code="limits.weekly-volume-too-large",
    status=Status.NOTE,
    title="{server}: {week} a week are planned, more than {provider} takes in a week at {published} (as of {as_of}); the queue would never empty",
    owner=Owner.US,
    steps=("Plan fewer mailings, or share them out over several accounts.", *SERVICES),
    also=("recipients", *FACT),
)
VOLUME_UNKNOWN = Outcome(
    code="limits.volume-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: the settings plan no mailing through it, so nothing was compared with the numbers of {provider}",
)
ENTERED = Outcome(
    code="limits.own-limit-entered",
    status=Status.PASS,
    title="{server}: no published limit is known for {provider}; the settings have a limit of their own",
)
UNPUBLISHED = Outcome(
    code="limits.unpublished",
    status=Status.NOTE,
    title="{server}: no published limit is known for {provider}; most providers have one all the same",
    owner=Owner.US,
    steps=(
        "Ask {provider} how many messages or recipients are allowed in an hour and in a day, and enter it as the send limit of this server.",
    ),
)
NOBODYS = Outcome(
    code="limits.provider-unknown",
    status=Status.NOTE,
    title="{server} belongs to no provider that we know, so no published limit is known for {planned}; most servers have one all the same",
    owner=Owner.US,
    steps=(
        "Ask whoever runs {host} how many messages or recipients are allowed in an hour and in a day, and enter it as the send limit of this server.",
    ),
    also=("recipients",),
)
NOBODYS_UNPLANNED = Outcome(
    code="limits.provider-and-volume-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server} belongs to no provider that we know, and the settings plan no mailing through it",
)
MICROSOFT = Outcome(
    code="limits.volume-of-microsoft",
    status=Status.NOT_APPLICABLE,
    title="{server}: what Microsoft 365 takes is told by the checks of the family office365",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare with the number that takes longest. That more is sent than is taken was told by settings.send-limit, unless the settings wait by themselves."""
    server = subject.server
    behind = providers_behind(server)
    if told_elsewhere(server):
        yield MICROSOFT(about=server.name, server=server.name)
    elif not behind:
        yield _nobodys(server, planned(volume_of(subject)))
    elif not (rows := published(server)):
        yield _unpublished(server, behind[0])
    elif (plan := planned(volume_of(subject))) is None:
        yield VOLUME_UNKNOWN(about=server.name, server=server.name, provider=behind[0].short)
    else:
        yield _compared(server, plan, rows)


def _nobodys(server: Server, plan: Planned | None) -> Finding:
    if server.limit is not None:
        return ENTERED(about=server.name, server=server.name, provider=server.host)
    if plan is None:
        return NOBODYS_UNPLANNED(about=server.name, server=server.name)
    return NOBODYS(about=server.name, server=server.name, host=server.host, planned=plan.words, recipients=plan.busiest_day)


def _unpublished(server: Server, provider: Provider) -> Finding:
    """Where the number is individual, what the provider's file knows of it tells where to look."""
    if server.limit is not None:
        return ENTERED(about=server.name, server=server.name, provider=provider.short)
    said = UNPUBLISHED(about=server.name, server=server.name, provider=provider.short)
    asked = asked_of(server, "limits")
    if asked is None or said.remedy is None:
        return said
    return asked.resting_on(replace(said, remedy=replace(said.remedy, steps=(*asked.steps, *said.remedy.steps))))


def _with_ways(server: Server, row: Limit, finding: Finding) -> Finding:
    """Name the own ways to send more, of the provider whose number it is, before the general one."""
    behind = tuple(one for one in providers_behind(server) if one.id == row.provider)
    ways = ways_free_of(behind, "mailbox")
    if finding.remedy is None or not ways:
        return finding
    first, *rest = finding.remedy.steps
    steps = (first, *(way.step for way in ways), *rest, told_by(behind))
    return replace(finding, remedy=replace(finding.remedy, steps=steps))


def _compared(server: Server, plan: Planned, rows: tuple[Limit, ...]) -> Finding:
    over = [row for row in rows if plan.exceeds(row)]
    if not over:
        return resting_on(rows[0], FITTING(about=server.name, planned=_words(plan, rows[0]), **known(server, rows[0])))
    row = max(over, key=lambda row: duration(plan, server, row))
    shared = {"about": server.name, "recipients": plan.busiest_day, **known(server, row)}
    week = plan.a_week(row.unit, external=row.external)
    if week is not None and week > row.value * DAYS * DAY // timedelta(seconds=row.seconds or 0):
        outside = "outside " if row.external else ""
        told = ENDLESS(week=counted(week, f"{outside}{row.unit.removesuffix('s')}"), **shared)
        return resting_on(row, _with_ways(server, row, told))
    span = duration(plan, server, row)
    alone = paces(server, row, plan.in_one)  # else settings.send-limit or settings.burst-limit has raised it
    status = Status.WARN if alone and span > DAY else Status.NOTE
    days = parts(int(span.total_seconds()), int(DAY.total_seconds()))
    words = counted(days, "day") if span >= DAY else spoken_time(span)
    told = LONG(status=status, planned=_words(plan, row), duration=words, **shared)
    return resting_on(row, _with_ways(server, row, told))


def _words(plan: Planned, row: Limit) -> str:
    return plan.words_for(row.unit, external=row.external)
