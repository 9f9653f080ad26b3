"""Microsoft 365 takes the planned recipients of a day.

What it checks:
The busiest planned day (recipients per mailing, mailings per week) is compared with the number of recipients that Microsoft 365 lets one
mailbox write to in any 24 hours.

Why it matters:
When the number is reached, Microsoft 365 refuses the rest of the mailing with an error. Unless the dispatcher waits by itself, those
recipients get nothing.

How to fix it:
Let the dispatcher wait (a send limit or a burst limit for this server), spread the mailing over several days, or send it through a service that is made for mailings.
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import (
    FACT,
    Channel,
    channel_of,
    elsewhere,
    fact,
    no_volume,
    sources,
    steps_for,
    ways_free_of,
    ways_out,
)
from checks.rules._volume import (
    DAYS,
    MISSING_RECIPIENTS,
    Planned,
    counted,
    is_unassigned,
    limit_paces,
    needed,
    ordinal,
    paces,
    parts,
    planned,
    unplanned,
    volume_of,
)
from checks.settings import Server
from checks.subject import ServerSubject
from checks.tables.limits import limit

DAILY = limit("microsoft365.recipients-per-day")
DAY_SECONDS = 86400
OTHER_WAYS = ways_out("mailbox")
REFERENCES = sources(DAILY, *ways_free_of("mailbox"))
LITTLE_ROOM = 0.8  # from here on a second mailing or the mailbox's other mail may reach the number

FITTING = Outcome(
    code="office365.daily-volume-fitting",
    status=Status.PASS,
    title="{server}: {planned} stays below the {limit} recipients that Microsoft 365 takes from a mailbox in 24 hours (as of {as_of})",
    also=("recipients", *FACT),
    references=sources(DAILY),
)
NEAR = Outcome(
    code="office365.daily-limit-near",
    status=Status.NOTE,
    title="{server}: {planned} leaves little room below the {limit} recipients that Microsoft 365 takes from a mailbox in 24 hours (as of {as_of})",
    owner=Owner.US,
    steps=("Send nothing else through this mailbox on the day of a mailing; everything that it writes counts.",),
    also=("recipients", *FACT),
    references=sources(DAILY),
)
EXCEEDED = Outcome(
    code="office365.daily-limit-exceeded",
    status=Status.WARN,
    title="{server}: {planned} stops after {limit}, because Microsoft 365 takes no more recipients from a mailbox in 24 hours (as of {as_of}): from the {first_refused} on, each is refused ({refusal}) until 24 hours have passed since the first; the rest has to wait until the next day, {days} in all",
    owner=Owner.US,
    steps=(
        "Let the dispatcher wait instead of being refused: enter the limits that the check capacity.entry names for {server}. They stay below {limit} recipients a day, so that room is left for other mail. Tell the sender that the mailing takes {days}.",
        *OTHER_WAYS,
    ),
    also=("recipients", *FACT),
    references=REFERENCES,
)
PACED = Outcome(
    code="office365.mailing-over-several-days",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: {planned} takes {days}: {own} of the settings keeps below the {limit} recipients that Microsoft 365 takes from a mailbox in 24 hours (as of {as_of})",
    owner=Owner.US,
    steps=("Start mailings {days} before the last recipient has to have them.", *OTHER_WAYS),
    also=("recipients", *FACT),
    references=REFERENCES,
)
ENDLESS = Outcome(
    code="office365.weekly-volume-too-large",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{server}: {week} recipients a week are planned, but Microsoft 365 takes {possible} from a mailbox in a week ({limit} in 24 hours, as of {as_of}); the queue never empties",
    owner=Owner.US,
    steps=("Plan fewer mailings, or share them out over several mailboxes of the organisation.", *OTHER_WAYS),
    also=("recipients", "planned", *FACT),
    references=REFERENCES,
)
VOLUME_UNKNOWN = no_volume("office365.daily-volume-unknown", "Microsoft 365's number of recipients a day", DAILY)
ELSEWHERE = elsewhere(
    "office365.daily-limit-of-others", of="a mailbox of Microsoft 365, so its number of recipients a day does not apply"
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare the busiest day, then the week, with the number."""
    server = subject.server
    if channel_of(server) is not Channel.MAILBOX:
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    plan = planned(volume_of(subject))
    if plan is None:
        yield VOLUME_UNKNOWN(
            about=server.name, status=unplanned(subject), server=server.name, missing=MISSING_RECIPIENTS, **fact(DAILY)
        )
        return
    known: dict[str, Any] = {"server": server.name, "planned": plan.words, "recipients": plan.busiest_day, **fact(DAILY)}
    if plan.week is not None and plan.week > DAYS * DAILY.value:
        status = Status.WARN if is_unassigned(subject) else Status.FAIL
        yield ENDLESS(
            about=server.name,
            status=status,
            week=plan.week,
            possible=DAYS * DAILY.value,
            steps=steps_for(ENDLESS, subject),
            **known,
        )
    elif plan.busiest_day > DAILY.value:
        days = counted(_days(server, plan), "day")
        if paces(server, DAILY, plan.in_one):
            meant = limit_paces(server.limit, DAILY, plan.in_one)  # whoever enters a daily number knows that the rest waits
            own, status = ("the send limit", Status.NOTE) if meant else ("the burst limit", Status.WARN)
            yield PACED(about=server.name, status=status, days=days, own=own, steps=steps_for(PACED, subject, days=days), **known)
        else:
            refused: dict[str, Any] = {"first_refused": ordinal(DAILY.value + 1), "refusal": DAILY.refusal}
            steps = steps_for(EXCEEDED, subject, days=days, server=server.name, limit=DAILY.value)
            yield EXCEEDED(about=server.name, days=days, steps=steps, **refused, **known)
    elif plan.busiest_day > DAILY.value * LITTLE_ROOM:
        yield NEAR(about=server.name, **known)
    else:
        yield FITTING(about=server.name, **known)


def _days(server: Server, plan: Planned) -> int:
    """How many days it takes: at the provider's number, or at the slower ones of the settings."""
    days = parts(plan.busiest_day, DAILY.value)
    if not paces(server, DAILY, plan.in_one):
        return days
    return max(days, parts(int(needed(server, plan, plan.busiest_day).total_seconds()), DAY_SECONDS))
