"""Microsoft 365 takes the planned messages fast enough.

What it checks:
How long the planned mailing takes at the number of messages that Microsoft 365 takes from a mailbox in a minute (one message for each recipient, unless
the settings say that several share one), and whether the dispatcher keeps to that pace by itself.

Why it matters:
Microsoft 365 slows down what comes faster. A dispatcher that does not keep to the pace runs into waiting times and "try again later", and a
large mailing arrives hours after it was started.

How to fix it:
Give the server the burst limit that Microsoft 365 has, and start large mailings early enough.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import FACT, Channel, channel_of, elsewhere, fact, no_volume, sources, steps_for
from checks.rules._volume import MISSING_RECIPIENTS, needed, paces, planned, spoken_time, unplanned, volume_of
from checks.subject import ServerSubject
from checks.tables.limits import limit

PACE = limit("microsoft365.messages-per-minute")
LONG = timedelta(hours=1)  # a mailing that lasts longer is noticed by those who wait for it

SHORT = Outcome(
    code="office365.pace-fitting",
    status=Status.PASS,
    title="{server}: {planned} fits into the {limit} messages that Microsoft 365 takes from a mailbox in a minute (as of {as_of})",
    also=("recipients", *FACT),
    references=sources(PACE),
)
KEPT = Outcome(
    code="office365.pace-kept",
    status=Status.PASS,
    title="{server}: {planned} takes {duration}, because the settings keep to the {limit} messages that Microsoft 365 takes from a mailbox in a minute (as of {as_of})",
    also=("recipients", *FACT),
    references=sources(PACE),
)
SLOWED = Outcome(
    code="office365.pace-exceeded",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server}: {planned} takes {duration} at least, because Microsoft 365 takes {limit} messages from a mailbox in a minute (as of {as_of}) and slows down what comes faster",
    owner=Owner.US,
    steps=(
        "Let the dispatcher keep to that pace: enter the limits that the check capacity.entry names for {server}. They keep below {limit} messages a minute, so that room is left for other mail.",
        "Start mailings {duration} before the last recipient has to have them.",
    ),
    also=("recipients", *FACT),
    references=sources(PACE),
)
VOLUME_UNKNOWN = no_volume("office365.pace-volume-unknown", "Microsoft 365's pace of messages a minute", PACE)
ELSEWHERE = elsewhere(
    "office365.pace-of-others", of="a mailbox of Microsoft 365, so its pace of messages a minute does not apply"
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compute how long a mailing takes."""
    server = subject.server
    if channel_of(server) is not Channel.MAILBOX:
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    plan = planned(volume_of(subject))
    if plan is None:
        yield VOLUME_UNKNOWN(
            about=server.name, status=unplanned(subject), server=server.name, missing=MISSING_RECIPIENTS, **fact(PACE)
        )
        return
    kept = paces(server, PACE, plan.in_one)
    span = needed(server, plan, plan.recipients) if kept else timedelta(minutes=plan.messages / PACE.value)
    duration = spoken_time(span)
    words = f"{plan.one}{plan.counts(PACE.unit)}"
    known: dict[str, Any] = {"server": server.name, "planned": words, "recipients": plan.recipients, **fact(PACE)}
    if kept:
        yield KEPT(about=server.name, duration=duration, **known)
    elif plan.messages <= PACE.value:
        yield SHORT(about=server.name, **known)
    else:
        status = Status.WARN if span > LONG else Status.NOTE
        steps = steps_for(SLOWED, subject, duration=duration, server=server.name, limit=PACE.value)
        yield SLOWED(about=server.name, status=status, duration=duration, steps=steps, **known)
