"""The burst limit keeps below what the provider takes in a moment.

What it checks:
The burst limit of the server (messages in a second or minute) against the short-term numbers that its provider publishes; where these count recipients, with as many in
a message as the settings say.

Why it matters:
Providers also count by the minute. A dispatcher that is faster is slowed down or refused, although the day's number is far away.

How to fix it:
Enter the limits that the check capacity.entry names: they keep within every number that is known of the provider.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._entry import SEE_ENTRY, steps
from checks.rules._office365 import Channel, channel_of
from checks.rules._provider_limits import FACT, known, published, resting_on, stretch
from checks.rules._volume import Planned, burst_lets_through, burst_paces, limit_paces, planned, volume_of
from checks.settings import Burst, Server
from checks.subject import ServerSubject
from checks.tables.limits import Limit

LONGEST = 3600  # seconds; from an hour on it is the send limit's matter
STEPS = (SEE_ENTRY,)

WITHIN = Outcome(
    code="settings.burst-within-provider",
    status=Status.PASS,
    title="{server}: the burst limit keeps within the {published} of {provider} (as of {as_of})",
    also=FACT,
)
ABOVE = Outcome(
    code="settings.burst-above-provider",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: the burst limit lets {allowed} messages{each} through in {stretch}; {provider} takes {published} (as of {as_of})",
    owner=Owner.US,
    steps=STEPS,
    also=FACT,
)
ABSENT = Outcome(
    code="settings.burst-absent",
    status=Status.NOTE,
    title="{server} has no burst limit, and {planned} is more than the {published} that {provider} takes (as of {as_of})",
    owner=Owner.US,
    steps=STEPS,
    also=("recipients", *FACT),
)
PACED = Outcome(
    code="settings.burst-kept-by-limit",
    status=Status.PASS,
    title="{server}: the send limit alone keeps within the {published} that {provider} takes (as of {as_of})",
    also=FACT,
)
NOT_NEEDED = Outcome(
    code="settings.burst-not-needed",
    status=Status.PASS,
    title="{server} has no burst limit, and nothing that is planned needs one",
)
MICROSOFT = Outcome(
    code="settings.burst-of-microsoft",
    status=Status.NOT_APPLICABLE,
    title="{server} has no burst limit; what that means at Microsoft 365 is said by the check office365.messages-per-minute",
)
NOTHING_PUBLISHED = Outcome(
    code="settings.burst-unpublished",
    status=Status.NOT_APPLICABLE,
    title="{server}: we know of no short-term number of its provider that a burst limit could be compared with",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare with each short-term number, the tightest first."""
    server, in_one = subject.server, volume_of(subject).recipients_per_message or 1
    rows = sorted((row for row in published(server) if (row.seconds or 0) < LONGEST), key=lambda row: _a_minute(row, in_one))
    plan = planned(volume_of(subject))
    if server.burst is None and channel_of(server) is Channel.MAILBOX:
        yield MICROSOFT(about=server.name, server=server.name)
    elif not rows:
        yield NOTHING_PUBLISHED(about=server.name, server=server.name)
    elif server.burst is not None:
        yield _compared(subject, server.burst, rows, plan)
    elif plan is not None and (over := next((row for row in rows if _absent(server, plan, row)), None)):
        words = f"{plan.one}{plan.counts(over.unit, external=over.external)}"
        shared = {"about": server.name, "planned": words, "recipients": plan.recipients, **known(server, over)}
        yield resting_on(over, ABSENT(steps=steps(subject, shared["provider"], pointing=True), **shared))
    else:
        yield NOT_NEEDED(about=server.name, server=server.name)


def _absent(server: Server, plan: Planned, row: Limit) -> bool:
    """Whether a mailing is more than the provider takes in a moment, and nothing in the settings holds it back."""
    return plan.exceeds(row) and not limit_paces(server.limit, row, plan.in_one)


def _compared(subject: ServerSubject, burst: Burst, rows: list[Limit], plan: Planned | None) -> Finding:
    server, in_one = subject.server, volume_of(subject).recipients_per_message or 1
    above = [row for row in rows if not burst_paces(burst, row, in_one)]
    over = next((row for row in above if not limit_paces(server.limit, row, in_one)), None)
    if over is None:
        row = (above or rows)[0]
        return resting_on(row, (PACED if above else WITHIN)(about=server.name, **known(server, row)))
    harmless = plan is not None and not plan.exceeds(over)
    shared = {
        "about": server.name,
        "allowed": burst_lets_through(burst, over.seconds or 0),
        "each": f" with {in_one:,} recipients each" if in_one > 1 and over.unit == "recipients" else "",
        "stretch": stretch(over),
        **known(server, over),
    }
    worded = steps(subject, shared["provider"], pointing=plan is not None and not harmless)
    return resting_on(over, ABOVE(status=Status.NOTE if harmless else Status.WARN, steps=worded, **shared))


def _a_minute(row: Limit, in_one: int) -> float:
    """The row's number brought to messages a minute, to find the tightest."""
    return row.value * 60 / (row.seconds or 60) / (in_one if row.unit == "recipients" else 1)
