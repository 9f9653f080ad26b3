"""When a mailing is out.

What it checks:
The planned volume is played, message by message, against every limit that is known for the server: what its provider takes in a minute, an hour and a day, what the server
states when it is greeted, and the limits of the settings. The result is when the mailing is out, which limit sets the pace, and what becomes of messages that find no room.

Why it matters:
A mailing that meets a limit does not fail as a whole. It stops in the middle: the first recipients have it in the morning, others the next day, and some never.

How to fix it:
Enter the limits that the check capacity.entry names, so that the dispatcher waits by itself, and start early enough. What is too much for one mailbox needs several, or a service that
is made for mailings.
"""

from collections.abc import Iterator
from typing import Any

from checks.capacity.model import OnExceed
from checks.capacity.result import CONNECTIONS, Result
from checks.capacity.result import Outcome as Fate
from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.capacity_shown import plain
from checks.rules._capacity import Known, Setup, grown, setup
from checks.rules._capacity_foreseen import (
    Foreseen,
    fitting,
    foresee,
    in_the_way,
    in_time,
    late,
    moment,
    offered,
    pace_of,
    patience_days,
    played,
    shown,
    stopped,
    worst,
)
from checks.rules._volume import WHOSE, counted, is_unassigned, volume_of
from checks.subject import ServerSubject

INFORMATIONAL = True

FACT = ("as_of", "plan")
DAILY = ("begins", "finish", "until", "today", "remedy", "plan")  # dates move on from day to day; the trouble is the same
SEE_ENTRY = "Enter the limits that the check capacity.entry names for {server}, so that the dispatcher waits by itself."

CARRIED = Outcome(
    code="capacity.plan-carried",
    status=Status.PASS,
    title="{server}: {mailing} that starts on {begins} is out by {finish}{pace}",
    also=("recipients", *FACT),
    volatile=DAILY,
)
UNLIMITED = Outcome(
    code="capacity.no-limit-known",
    status=Status.NOT_APPLICABLE,
    title="{server}: no limit over time is known, so nothing can be foreseen to hold {mailing} back",
)
REJECTED = Outcome(
    code="capacity.rest-refused",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server}: of {mailing} that starts on {begins}, {reached} are written to by {until}; then {whose} {limit}, and the other {lost} are refused for good{remedy}",
    owner=Owner.US,
    steps=(SEE_ENTRY,),
    also=("recipients", *FACT),
    volatile=DAILY,
)
EXPIRED = Outcome(
    code="capacity.rest-given-up",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server}: of {mailing} that starts on {begins}, {reached} are written to by {until}; the other {lost} are given up after {hours}, because {limit} holds them back",
    owner=Owner.US,
    steps=("Set max_age under [service] to more hours than the mailing takes, or plan smaller mailings.",),
    also=("recipients", *FACT),
    volatile=DAILY,
)
RETRIED = Outcome(
    code="capacity.rest-delayed",
    status=Status.NOTE,
    title="{server}: {mailing} that starts on {begins} is out by {finish}, after its rest was refused for now {times} ({limit}){remedy}",
    owner=Owner.US,
    steps=(SEE_ENTRY,),
    also=("recipients", *FACT),
    volatile=DAILY,
)
LATE = Outcome(
    code="capacity.queue-growing",
    status=Status.NOTE,
    title="{server}: {mailing} that starts on {begins} is out by {finish}{pace}; {behind}, and the queue grows",
    owner=Owner.US,
    steps=("See what the check capacity.entry says of {server}: what carries all of it, or which other way there is.",),
    also=("recipients", *FACT),
    volatile=(*DAILY, "behind"),
)
ENDLESS = Outcome(
    code="capacity.mailing-unfinished",
    status=Status.NOTE,
    title="{server}: {mailing} that starts on {begins} is not out {span}: {reached} are written to by then, {limit} holds the others back",
    owner=Owner.US,
    steps=("See what the check capacity.entry says of {server}: how many mailboxes it takes, or which other way there is.",),
    also=("recipients", *FACT),
    volatile=DAILY,
)
MISFIT = Outcome(
    code="capacity.message-misfit",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{server}: no message of {mailing} can pass: {what}",
    owner=Owner.US,
    steps=("{change}",),
    also=("recipients", *FACT),
    volatile=DAILY,
)
DOUBT = (
    "{whose} does not publish what becomes of messages beyond this number; here they are taken to come again. They may also be refused for good, "
    "so let the dispatcher wait by itself."
)
GROWN_FITS = Outcome(
    code="capacity.growth-carried",
    status=Status.PASS,
    title="{server}: in a year, with {percent} % more, {mailing} is out by {finish} where today's is by {today}",
    also=("as_of",),
    volatile=DAILY,
)
GROWN_OUT = Outcome(
    code="capacity.growth-uncarried",
    status=Status.NOTE,
    title="{server}: today's mailing is carried, but in a year, with {percent} % more, {mailing} meets {limit}: {lost} are refused, given up or put off",
    owner=Owner.US,
    steps=(SEE_ENTRY,),
    also=("as_of",),
    volatile=DAILY,
)
VOLUME_UNKNOWN = Outcome(
    code="capacity.volume-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: the settings plan no mailing through it, so nothing can be foreseen",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Play the plan, then the plan of next year."""
    server = subject.server
    plan = setup(subject, ev)
    if plan is None:
        yield VOLUME_UNKNOWN(about=server.name, server=server.name)
        return
    yield _today(subject, plan, foresee(plan))
    if percent := volume_of(subject).growth_percent:
        yield from _next_year(subject, plan, percent)


def _today(subject: ServerSubject, plan: Setup, found: Foreseen) -> Finding:
    one, name = worst(found.result), plan.channel
    mailing = f"a mailing to {counted(one.recipients, 'recipient')}"
    if one.misfit:
        what, change = _misfit(plan, one.misfit)
        drawn = plain(shown(plan, found, paced=False))
        # What the server itself has said holds for every message: nothing of the mailing leaves.
        certain = one.misfit == "size" and not plan.meant("size").whose
        return MISFIT(
            about=name, status=Status.FAIL if certain else None, server=name, mailing=mailing, what=what, change=change,
            recipients=one.recipients, as_of=plan.as_of, plan=drawn,
        )  # fmt: skip
    if not plan.plan.limits and one.complete and not late(plan, found.result, plan.plan):
        return UNLIMITED(about=name, server=name, mailing=mailing)
    drawn = plain(shown(plan, found, paced=stopped(found.result)))
    common: dict[str, Any] = {
        "about": name, "server": name, "mailing": mailing, "recipients": one.recipients, "begins": moment(one.start, plan.zone), "plan": drawn,
        "as_of": plan.as_of,
    }  # fmt: skip
    return _fate(subject, plan, found, one, common)


def _fate(subject: ServerSubject, plan: Setup, found: Foreseen, one: Fate, common: dict[str, Any]) -> Finding:
    until = moment(one.finish or one.start, plan.zone)
    reached, lost = counted(one.reached, "recipient"), f"{one.recipients - one.reached:,}"
    if one.rejected:
        limit = _met(plan, found.result, OnExceed.REJECT)
        whose = f"{limit.whose} takes no more than" if limit.whose else "nothing more fits into"
        steps = _worded(subject, REJECTED, plan)
        status = Status.NOTE if limit.told else Status.WARN
        return REJECTED(
            status=status, steps=steps, reached=reached, until=until, lost=lost, whose=whose, limit=limit.words,
            remedy=_paced(plan, found), **common,
        )  # fmt: skip
    if one.expired:
        pace = pace_of(plan, one, found.result) or plan.meant(CONNECTIONS)
        hours = counted(plan.given_up_after or 0, "hour")
        told = pace.told or pace.name == "settings.limit"  # settings.dispatch
        return EXPIRED(
            status=Status.NOTE if told else Status.WARN, reached=reached, until=until, lost=lost, hours=hours, limit=pace.words,
            **common,
        )  # fmt: skip
    if one.unsent:
        span = (
            "as far as it could be played" if found.result.truncated else f"{patience_days(plan.plan)} days after the last start"
        )
        pace = pace_of(plan, one, found.result) or plan.meant(CONNECTIONS)
        return ENDLESS(span=span, reached=reached, limit=pace.words, **common)
    if plan.end is not None and late(plan, found.result, plan.plan):
        pace = pace_of(plan, one, found.result) or plan.meant(CONNECTIONS)
        by_speed = f", {pace.words}" if pace.name == CONNECTIONS else f", at the pace of {_named(pace)}"
        behind = f"on {moment(plan.end, plan.zone)}, when others follow, not all is out"
        if in_time(plan, found.result):
            behind = "in the long run more comes than goes"
        steps = _with_doubt(_worded(subject, LATE, plan), pace) if one.refused else ()
        return LATE(steps=steps, finish=until, pace=by_speed, behind=behind, **common)
    if one.refused:
        limit = _met(plan, found.result, OnExceed.RETRY)
        steps = _with_doubt(_worded(subject, RETRIED, plan), limit)
        times = "once" if one.refused == 1 else f"{one.refused:,} times"
        return RETRIED(steps=steps, finish=until, times=times, limit=_named(limit), remedy=_paced(plan, found), **common)
    slowest = pace_of(plan, one, found.result)
    slow = "" if slowest is None or slowest.name == CONNECTIONS else f", at the pace of {_named(slowest)}"
    return CARRIED(finish=until, pace=slow, **common)


def _named(limit: Known) -> str:
    return f"{limit.words} that {limit.whose} takes" if limit.whose else limit.words


def _met(plan: Setup, result: Result, mode: OnExceed) -> Known:
    return in_the_way(plan, result, mode) or plan.meant(CONNECTIONS)


def _paced(plan: Setup, found: Foreseen) -> str:
    """Say when all is out if the dispatcher waits by itself."""
    one = worst(found.paced)
    if found.entry is None or not one.complete or one.refused or one.finish is None:
        return ""
    return (
        f"; with {offered(plan, found)} the dispatcher waits by itself, and all are written to by {moment(one.finish, plan.zone)}"
    )


def _with_doubt(steps: tuple[str, ...], limit: Known) -> tuple[str, ...]:
    """What is only taken to be so is said: who believes it and is wrong loses mail."""
    return (*steps, DOUBT.format(whose=limit.whose)) if limit.assumed else steps


def _worded(subject: ServerSubject, outcome: Outcome, plan: Setup) -> tuple[str, ...]:
    steps = tuple(step.format(server=plan.channel) for step in outcome.steps)
    return (*steps, WHOSE) if is_unassigned(subject) else steps


def _misfit(plan: Setup, misfit: str) -> tuple[str, str]:
    """Say what does not fit, and what to change."""
    channel, mailing = plan.plan.channels[0], plan.plan.mailings[0]
    if misfit == "size":
        size = plan.meant("size")
        takes = f"the server takes {(channel.max_bytes or 0) // 1_000:,} kB"
        if size.whose:  # the server was not asked, or did not say
            takes = f"{size.whose} takes {size.words} (as of {size.as_of})"
        what = f"it has {mailing.bytes_per_message // 1_000:,} kB with its files as they travel, and {takes}"
        return what, "Put the files on a web page and send the link."
    if misfit == "recipients-per-message":
        most = counted(channel.recipients_per_message or 0, "recipient")
        what = f"{counted(mailing.recipients_per_message, 'recipient')} are meant to share a message, and the server takes {most}"
        fits = counted(fitting(plan), "recipient")
        return what, f"Let the dispatcher write one message for each recipient, or at most {fits} into one."
    limit = plan.meant(misfit)
    what = (
        f"{counted(mailing.recipients_per_message, 'recipient')} are meant to share a message, and the limit is {_named(limit)}"
    )
    most_fitting = fitting(plan)
    at_most = f", or at most {counted(most_fitting, 'recipient')} into one" if most_fitting > 1 else ""
    return what, f"Let the dispatcher write one message for each recipient{at_most}."


def _next_year(subject: ServerSubject, plan: Setup, percent: int) -> Iterator[Finding]:
    """Play the same plan with more recipients; what today's does not carry needs no second word."""
    today = foresee(plan).result
    if stopped(today) or late(plan, today, plan.plan) or today.truncated or not plan.plan.limits:
        return
    bigger = grown(plan, percent)
    result = played(bigger.plan)
    one = worst(result)
    said: dict[str, Any] = {"about": plan.channel, "server": plan.channel, "percent": percent, "as_of": plan.as_of}
    said["mailing"] = f"a mailing to {counted(one.recipients, 'recipient')}"
    if not stopped(result) and not late(bigger, result, bigger.plan) and one.finish is not None:
        before = worst(today)
        yield GROWN_FITS(finish=moment(one.finish, plan.zone), today=moment(before.finish or before.start, plan.zone), **said)
        return
    refusing = [mode for mode in (OnExceed.REJECT, OnExceed.RETRY) if in_the_way(bigger, result, mode)]
    met = in_the_way(bigger, result, refusing[0]) if refusing else pace_of(bigger, one, result)
    lost = one.recipients - one.reached or one.deferred
    yield GROWN_OUT(
        steps=_worded(subject, GROWN_OUT, plan),
        limit=_named(met or plan.meant(CONNECTIONS)),
        lost=counted(lost, "recipient"),
        **said,
    )
