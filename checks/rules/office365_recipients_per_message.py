"""Microsoft 365 takes the recipients of one message.

What it checks:
How many recipients one message may have at Microsoft 365, compared with how many share a message by the settings; else with the whole planned mailing.

Why it matters:
A message with more recipients is refused as a whole: none of them gets it.

How to fix it:
Send one message for each recipient, or split the mailing into messages that are small enough.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import FACT, Channel, channel_of, elsewhere, fact, no_volume, sources
from checks.rules._volume import MISSING_RECIPIENTS, counted, parts, planned, unplanned, volume_of
from checks.subject import ServerSubject
from checks.tables.limits import limit

INFORMATIONAL = True

MOST = limit("microsoft365.recipients-per-message")
USUAL = limit("microsoft365.recipients-per-message-default")

FITTING = Outcome(
    code="office365.message-size-fitting",
    status=Status.PASS,
    title="{server}: even one message to all {recipients} recipients stays within the {limit} that Microsoft 365 usually takes in one message (as of {as_of})",
    also=FACT,
    references=sources(MOST, USUAL),
)
SHARED = Outcome(
    code="office365.shared-message-fitting",
    status=Status.PASS,
    title="{server}: {shared} stays within the {limit} recipients that Microsoft 365 usually takes in one message (as of {as_of})",
    also=FACT,
    references=sources(MOST, USUAL),
)
LARGE = Outcome(
    code="office365.message-split",
    status=Status.NOTE,
    title="{server}: one message reaches {limit} recipients at most (often {usual}; as of {as_of}); a mailing to {recipients} recipients has to be {messages} or more",
    owner=Owner.US,
    steps=(
        "Let the dispatcher write one message for each recipient: then this number does not matter, and no recipient sees the others.",
        "Where it puts several into one message, let it put {usual} at most; an administrator of Microsoft 365 can raise a mailbox to {limit}.",
    ),
    also=FACT,
    references=sources(MOST, USUAL),
)
VOLUME_UNKNOWN = no_volume("office365.message-size-unknown", "Microsoft 365's number of recipients in one message", MOST)
ELSEWHERE = elsewhere(
    "office365.message-size-of-others", of="a mailbox of Microsoft 365, so its number of recipients in one message does not apply"
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare a whole mailing in one message with the numbers."""
    server = subject.server
    if channel_of(server) is not Channel.MAILBOX:
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    plan = planned(volume_of(subject))
    in_one = volume_of(subject).recipients_per_message
    if in_one is not None and in_one <= USUAL.value:
        yield SHARED(about=server.name, server=server.name, shared=f"a message to {counted(in_one, 'recipient')}", **fact(USUAL))
    elif plan is None:
        yield VOLUME_UNKNOWN(
            about=server.name, status=unplanned(subject), server=server.name, missing=MISSING_RECIPIENTS, **fact(MOST)
        )
    elif plan.recipients <= USUAL.value:
        yield FITTING(about=server.name, server=server.name, recipients=plan.recipients, **fact(USUAL))
    else:
        messages = counted(parts(plan.recipients, MOST.value), "message")
        yield LARGE(
            about=server.name, server=server.name, recipients=plan.recipients, messages=messages, usual=USUAL.value, **fact(MOST)
        )
