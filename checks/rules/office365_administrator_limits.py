"""No administrator has set lower numbers than Microsoft's.

What it checks:
Whether the planned mailings are so large that numbers of the organisation's own, set by an administrator of Microsoft 365, may bind before Microsoft's do. They do not show from
outside; the check names where they are found.

Why it matters:
An administrator can let a mailbox write to fewer recipients an hour or a day than Microsoft would. When such a number is reached, the mailbox may be blocked until somebody lets it go again.

How to fix it:
Ask the administrator for these numbers, and have the mailbox of the dispatcher taken out of them or given its own.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, elsewhere, sources
from checks.rules._volume import planned, volume_of
from checks.subject import ServerSubject
from checks.tables.limits import limit
from checks.tables.ways import switch

INFORMATIONAL = True

DAILY = limit("microsoft365.recipients-per-day")
POLICY = switch("microsoft365.outbound-policy")
SMALL = 10  # who writes to less than a tenth of the day's number hardly meets a lower one

POSSIBLE = Outcome(
    code="office365.administrator-limits-possible",
    status=Status.NOTE,
    title="{server}: an administrator may have set fewer recipients an hour or a day than Microsoft's {limit} (as of {as_of}); from outside it does not show, and {planned} would meet them",
    owner=Owner.MAIL_ADMIN,
    steps=(POLICY.where, "Give the dispatcher's mailbox a policy of its own that leaves it Microsoft's numbers."),
    references=sources(POLICY, DAILY),
)
SMALL_VOLUME = Outcome(
    code="office365.administrator-limits-far",
    status=Status.NOT_APPLICABLE,
    title="{server}: what is planned is little beside Microsoft's numbers, so lower ones of an administrator were not thought about",
)
ELSEWHERE = elsewhere("office365.administrator-limits-of-others", of="a mailbox of Microsoft 365")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Name the place where lower numbers would be, if much is planned."""
    server = subject.server
    plan = planned(volume_of(subject))
    if channel_of(server) is not Channel.MAILBOX:
        yield ELSEWHERE(about=server.name, server=server.name)
    elif plan is None or plan.busiest_day * SMALL < DAILY.value:
        yield SMALL_VOLUME(about=server.name, server=server.name)
    else:
        yield POSSIBLE(about=server.name, server=server.name, limit=DAILY.value, planned=plan.words, as_of=day(POLICY.checked))
