"""The send limit keeps below what the provider takes.

What it checks:
The send limit of the server (settings) against the numbers that its provider publishes, both brought to the same stretch of time; without a limit in the settings, the planned
volume instead.

Why it matters:
When the dispatcher hands over more than the provider takes, the provider refuses the rest, and sometimes blocks the account. A limit in the settings makes the dispatcher wait
in time.

How to fix it:
Set the limit to the provider's number or lower, in the same unit: messages or recipients.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of
from checks.rules._provider_limits import FACT, known, published, resting_on, stretch
from checks.rules._volume import Planned, lets_through, planned
from checks.settings import Limit as OwnLimit
from checks.settings import Server
from checks.subject import ServerSubject
from checks.tables.limits import Limit

SLIDING = "24 hours"  # as the limits table calls any stretch of that length
SHORTEST = 3600  # seconds; shorter numbers are what the burst limit is for
STEPS = (
    "Set the limit of this server to {published} or lower, so that the dispatcher waits instead of being refused.",
    "If the contract allows more than {provider} publishes, keep the settings as they are.",
)

WITHIN = Outcome(
    code="settings.limit-within-provider",
    status=Status.PASS,
    title="{server}: the send limit of {own} keeps within the {published} of {provider} (as of {as_of})",
    also=FACT,
)
ABOVE = Outcome(
    code="settings.limit-above-provider",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: the send limit of {own} lets {allowed} {own_unit} through in {stretch}; {provider} takes {published} (as of {as_of})",
    owner=Owner.US,
    steps=STEPS,
    also=FACT,
)
ABSENT = Outcome(
    code="settings.limit-absent",
    status=Status.WARN,
    title="{server} has no send limit, and {planned} is more than the {published} that {provider} takes (as of {as_of}); what is above it may be refused",
    owner=Owner.US,
    steps=STEPS,
    also=("recipients", *FACT),
)
CALENDAR = Outcome(
    code="settings.limit-by-calendar",
    status=Status.NOTE,
    title="{server}: the send limit of {own} begins anew at midnight, so {allowed} {own_unit} may leave within 24 hours; {provider} counts any 24 hours and takes {published} (as of {as_of})",
    owner=Owner.US,
    steps=('Set window = "sliding" in the limit of this server, or halve the number.',),
    also=FACT,
)
VOLUME_UNKNOWN = Outcome(
    code="settings.limit-volume-unknown",
    status=Status.NOTE,
    title="{server} has no send limit; {provider} takes {published} (as of {as_of}), and the settings do not say how much is going to be sent",
    owner=Owner.US,
    steps=("Enter volume.recipients_per_mailing in the settings, or set a send limit for this server.",),
    also=FACT,
)
NOT_NEEDED = Outcome(
    code="settings.limit-not-needed",
    status=Status.PASS,
    title="{server} has no send limit and needs none: {planned} stays within the {published} that {provider} takes (as of {as_of})",
    also=("recipients", *FACT),
)
MICROSOFT = Outcome(
    code="settings.limit-of-microsoft",
    status=Status.NOT_APPLICABLE,
    title="{server} has no send limit; what that means at Microsoft 365 is said by the check office365.recipients-per-day",
)
NOTHING_PUBLISHED = Outcome(
    code="settings.limit-unpublished",
    status=Status.NOT_APPLICABLE,
    title="{server}: we know of no number of its provider that the send limit could be compared with",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare with the first number that is exceeded, or else with the longest."""
    server, own = subject.server, subject.server.limit
    rows = [row for row in published(server) if (row.seconds or 0) >= SHORTEST and (own is None or _comparable(own, row))]
    plan = planned(subject.settings.volume)
    if own is None and channel_of(server) is Channel.MAILBOX:
        yield MICROSOFT(about=server.name, server=server.name)
    elif not rows:
        yield NOTHING_PUBLISHED(about=server.name, server=server.name)
    elif own is not None:
        yield _compared(server, own, rows, plan)
    elif plan is None:
        yield resting_on(rows[0], VOLUME_UNKNOWN(about=server.name, **known(server, rows[0])))
    else:
        over = next((row for row in rows if plan.within(row.seconds or 0) > row.value), None)
        outcome, row = (ABSENT, over) if over else (NOT_NEEDED, rows[0])
        yield resting_on(row, outcome(about=server.name, planned=plan.words, recipients=plan.busiest_day, **known(server, row)))


def _compared(server: Server, own: OwnLimit, rows: list[Limit], plan: Planned | None) -> Finding:
    words = f"{own.max:,} {own.unit} {'an' if own.per == 'hour' else 'a'} {own.per}"
    for row in rows:
        allowed = lets_through(own, row.seconds or 0)
        harmless = plan is not None and plan.within(row.seconds or 0) <= row.value
        shared = {"about": server.name, "own": words, "own_unit": own.unit, **known(server, row)}
        if allowed > row.value:
            status = Status.NOTE if harmless else Status.WARN
            return resting_on(row, ABOVE(status=status, allowed=allowed, stretch=stretch(row), **shared))
        if own.window == "calendar" and own.per != "hour" and row.window == SLIDING and not harmless and 2 * allowed > row.value:
            return resting_on(row, CALENDAR(allowed=2 * allowed, **shared))
    return resting_on(rows[0], WITHIN(about=server.name, own=words, **known(server, rows[0])))


def _comparable(own: OwnLimit, row: Limit) -> bool:
    """Whether more by the one number surely means more by the other: a message has one recipient or more, but not the other way round."""
    return own.unit == row.unit or (own.unit == "messages" and row.unit == "recipients")
