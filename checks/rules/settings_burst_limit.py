"""The burst limit keeps below what the provider takes in a moment.

What it checks:
The burst limit of the server (messages in a second or minute) against the short-term numbers that its provider publishes.

Why it matters:
Providers also count by the minute. A dispatcher that is faster is slowed down or refused, although the day's number is far away.

How to fix it:
Set the burst limit to the provider's number or lower.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of
from checks.rules._provider_limits import FACT, known, published, resting_on, stretch
from checks.rules._volume import Planned, parts, planned
from checks.settings import Burst, Server
from checks.subject import ServerSubject
from checks.tables.limits import Limit

LONGEST = 3600  # seconds; from an hour on it is the send limit's matter
STEPS = ('Set burst = {{ max = {safe}, per = "minute" }} for this server.',)

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
    title="{server}: the burst limit lets {allowed} messages through in {stretch}; {provider} takes {published} (as of {as_of})",
    owner=Owner.US,
    steps=STEPS,
    also=FACT,
)
ABSENT = Outcome(
    code="settings.burst-absent",
    status=Status.NOTE,
    title="{server} has no burst limit, and a mailing to {recipients} recipients is more than the {published} that {provider} takes (as of {as_of})",
    owner=Owner.US,
    steps=STEPS,
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
    server = subject.server
    rows = sorted((row for row in published(server) if (row.seconds or 0) < LONGEST), key=_safe)
    plan = planned(subject.settings.volume)
    if server.burst is None and channel_of(server) is Channel.MAILBOX:
        yield MICROSOFT(about=server.name, server=server.name)
    elif not rows:
        yield NOTHING_PUBLISHED(about=server.name, server=server.name)
    elif server.burst is not None:
        yield _compared(server, server.burst, rows, plan)
    elif plan is not None and (over := next((row for row in rows if plan.recipients > row.value), None)):
        yield resting_on(over, ABSENT(about=server.name, recipients=plan.recipients, safe=_safe(over), **known(server, over)))
    else:
        yield NOT_NEEDED(about=server.name, server=server.name)


def _compared(server: Server, burst: Burst, rows: list[Limit], plan: Planned | None) -> Finding:
    over = next((row for row in rows if _allowed(burst, row) > row.value), None)
    if over is None:
        return resting_on(rows[0], WITHIN(about=server.name, **known(server, rows[0])))
    status = Status.NOTE if plan is not None and plan.recipients <= over.value else Status.WARN
    shared = {
        "about": server.name,
        "allowed": _allowed(burst, over),
        "stretch": stretch(over),
        "safe": _safe(over),
        **known(server, over),
    }
    return resting_on(over, ABOVE(status=status, **shared))


def _allowed(burst: Burst, row: Limit) -> int:
    """What the burst limit lets through in the row's window."""
    return burst.max * max(1, parts(row.seconds or 0, 1 if burst.per == "second" else 60))


def _safe(row: Limit) -> int:
    """The row's number brought down to a minute."""
    return max(1, row.value * 60 // (row.seconds or 60)) if (row.seconds or 0) >= 60 else row.value * 60
