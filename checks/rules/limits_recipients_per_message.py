"""The provider takes the recipients of one message.

What it checks:
How many recipients one message may have at the provider of the server, compared with how many share a message by the settings; else with the whole planned mailing.

Why it matters:
A message with more recipients is refused as a whole: none of them gets it.

How to fix it:
Send one message for each recipient, or split the mailing into messages that are small enough.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._provider_limits import FACT, in_one_message, known, resting_on, told_elsewhere
from checks.rules._volume import counted, parts, planned, volume_of
from checks.subject import ServerSubject

INFORMATIONAL = True

FITTING = Outcome(
    code="limits.message-size-fitting",
    status=Status.PASS,
    title="{server}: even one message to all {recipients} recipients stays within the {published} that {provider} takes (as of {as_of})",
    also=FACT,
)
LARGE = Outcome(
    code="limits.message-split",
    status=Status.NOTE,
    title="{server}: {provider} takes {published} (as of {as_of}); a mailing to {recipients} recipients has to be {messages} or more",
    owner=Owner.US,
    steps=(
        "Let the dispatcher write one message for each recipient: then this number does not matter, and no recipient sees the others.",
        "Where it puts several into one message, let it keep to {published}.",
    ),
    also=FACT,
)
SHARED = Outcome(
    code="limits.shared-message-fitting",
    status=Status.PASS,
    title="{server}: {shared} stays within the {published} that {provider} takes (as of {as_of})",
    also=FACT,
)
STATED = Outcome(
    code="limits.message-size",
    status=Status.PASS,
    title="{server}: {provider} takes {published} (as of {as_of}); the settings plan no mailing through it",
    also=FACT,
)
UNPUBLISHED = Outcome(
    code="limits.message-size-unpublished",
    status=Status.NOT_APPLICABLE,
    title="{server}: we know of no published number of recipients in one message",
)
MICROSOFT = Outcome(
    code="limits.message-size-of-microsoft",
    status=Status.NOT_APPLICABLE,
    title="{server}: how many recipients one message may have at Microsoft 365 is told by the checks of the family office365",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare a whole mailing in one message with the smallest number."""
    server = subject.server
    rows = in_one_message(server)
    if told_elsewhere(server):
        yield MICROSOFT(about=server.name, server=server.name)
    elif not rows:
        yield UNPUBLISHED(about=server.name, server=server.name)
    else:
        row, plan = rows[0], planned(volume_of(subject))
        shared = {"about": server.name, **known(server, row)}
        in_one = volume_of(subject).recipients_per_message
        if in_one is not None and in_one <= row.value:
            yield resting_on(row, SHARED(shared=f"a message to {counted(in_one, 'recipient')}", **shared))
        elif plan is None:
            yield resting_on(row, STATED(**shared))
        elif plan.recipients <= row.value:
            yield resting_on(row, FITTING(recipients=plan.recipients, **shared))
        else:
            messages = counted(parts(plan.recipients, row.value), "message")
            yield resting_on(row, LARGE(recipients=plan.recipients, messages=messages, **shared))
