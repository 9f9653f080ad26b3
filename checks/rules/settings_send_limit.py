"""The send limit keeps below what the provider takes.

What it checks:
The send limit of the server (settings) against the numbers that its provider publishes, both brought to the same stretch of time; without a limit in the settings, the planned
volume instead. What counts messages is compared with messages, what counts recipients (or those outside of the organisation alone) with recipients.

Why it matters:
When the dispatcher hands over more than the provider takes, the provider refuses the rest, and sometimes blocks the account. A limit in the settings makes the dispatcher wait
in time.

How to fix it:
Enter the limits that the check capacity.entry names: they keep within every number that is known of the provider.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._entry import SEE_ENTRY, steps
from checks.rules._office365 import Channel, channel_of
from checks.rules._provider_limits import FACT, known, published, resting_on, stretch
from checks.rules._volume import Planned, burst_paces, in_unit, lets_through, planned, volume_of
from checks.settings import Limit as OwnLimit
from checks.subject import ServerSubject
from checks.tables.limits import Limit

SLIDING = "24 hours"  # as the limits table calls any stretch of that length
SHORTEST = 3600  # seconds; shorter numbers are what the burst limit is for
STEPS = (SEE_ENTRY, "If the contract allows more than {provider} publishes, keep the settings as they are.")

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
    title="{server}: the send limit of {own} lets {allowed} {counted} through in {stretch}; {provider} takes {published} (as of {as_of})",
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
PACED = Outcome(
    code="settings.limit-kept-by-burst",
    status=Status.PASS,
    title="{server}: the burst limit alone keeps within the {published} that {provider} takes (as of {as_of})",
    also=FACT,
)
CALENDAR = Outcome(
    code="settings.limit-by-calendar",
    status=Status.NOTE,
    title="{server}: the send limit of {own} begins anew at midnight, so {allowed} {counted} may leave within 24 hours; {provider} counts any 24 hours and takes {published} (as of {as_of})",
    owner=Owner.US,
    steps=('Set window = "sliding" in the limit of this server, or halve the number.',),
    also=FACT,
)
VOLUME_UNKNOWN = Outcome(
    code="settings.limit-volume-unknown",
    status=Status.NOTE,
    title="{server} has no send limit; {provider} takes {published} (as of {as_of}), and the settings plan no mailing through it",
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
    plan = planned(volume_of(subject))
    long = [row for row in published(server) if (row.seconds or 0) >= SHORTEST]
    rows = [row for row in long if own is None or plan is not None or _comparable(own, row)]
    if own is None and channel_of(server) is Channel.MAILBOX:
        yield MICROSOFT(about=server.name, server=server.name)
    elif not rows:
        yield NOTHING_PUBLISHED(about=server.name, server=server.name)
    elif own is not None:
        yield _compared(subject, own, rows, plan)
    elif plan is None:
        yield resting_on(rows[0], VOLUME_UNKNOWN(about=server.name, **known(server, rows[0])))
    else:
        yield _without(subject, rows, plan)


def _without(subject: ServerSubject, rows: list[Limit], plan: Planned) -> Finding:
    server = subject.server
    exceeded = [row for row in rows if plan.exceeds(row)]
    over = next((row for row in exceeded if not burst_paces(server.burst, row, plan.in_one)), None)
    row = over or (exceeded or rows)[0]
    shared = {"about": server.name, **known(server, row)}
    if exceeded and over is None:
        return resting_on(row, PACED(**shared))
    shared |= {"planned": plan.words_for(row.unit, external=row.external), "recipients": plan.busiest_day}
    if over is None:
        return resting_on(row, NOT_NEEDED(**shared))
    return resting_on(row, ABSENT(steps=steps(subject, shared["provider"], pointing=True, more=STEPS[1:]), **shared))


def _compared(subject: ServerSubject, own: OwnLimit, rows: list[Limit], plan: Planned | None) -> Finding:
    server, in_one = subject.server, volume_of(subject).recipients_per_message or 1
    words = f"{own.max:,} {own.unit} {'an' if own.per == 'hour' else 'a'} {own.per}"
    kept = None
    for row in rows:
        allowed, unit = _allowed(own, row, in_one)
        harmless = plan is not None and not plan.exceeds(row)
        shared = {"about": server.name, "own": words, "counted": unit, **known(server, row)}
        if burst_paces(server.burst, row, in_one):  # whatever the send limit lets through
            kept = kept or (row if allowed > row.value else None)
        elif allowed > row.value:
            status = Status.NOTE if harmless else Status.WARN
            worded = steps(subject, shared["provider"], pointing=plan is not None and not harmless, more=STEPS[1:])
            return resting_on(row, ABOVE(status=status, allowed=allowed, stretch=stretch(row), steps=worded, **shared))
        elif _begins_anew(own, row) and not harmless and 2 * allowed > row.value:
            return resting_on(row, CALENDAR(allowed=2 * allowed, **shared))
    if kept is not None:
        return resting_on(kept, PACED(about=server.name, **known(server, kept)))
    return resting_on(rows[0], WITHIN(about=server.name, own=words, **known(server, rows[0])))


def _allowed(own: OwnLimit, row: Limit, in_one: int) -> tuple[int, str]:
    """What the limit lets through in the row's window, and what that number counts."""
    count = lets_through(own, row.seconds or 0)
    if own.unit == row.unit or (own.unit == "messages" and in_one == 1):
        return count, own.unit
    return in_unit(count, own.unit, row.unit, in_one), row.unit


def _begins_anew(own: OwnLimit, row: Limit) -> bool:
    """Whether twice the limit may leave within the row's window: before and after midnight."""
    return own.window == "calendar" and own.per != "hour" and row.window == SLIDING


def _comparable(own: OwnLimit, row: Limit) -> bool:
    """Whether more by the one number surely means more by the other: a message has one recipient or more, but not the other way round.

    Once a volume is planned, it is known how many recipients share a message, and either can be brought to the other.
    """
    return own.unit == row.unit or (own.unit == "messages" and row.unit == "recipients")
