"""The limits to enter for the planned volume.

What it checks:
Which send limit and which burst limit let the dispatcher wait by itself, so that the provider never has to refuse anything, and whether the planned volume is out in time with them. A
tenth of each number is kept free for the other mail of the same mailbox.

Why it matters:
What a provider refuses may be lost, and some providers block a mailbox that runs into their limits again and again. A dispatcher that waits by itself loses nothing.

How to fix it:
Enter the limits that are named. Where they do not carry the volume, share it out over that many mailboxes, or send it through a service that is made for mailings.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from checks.capacity.result import Result
from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._capacity import OWN_BURST, OWN_LIMIT, Setup, setup
from checks.rules._capacity_foreseen import (
    DAY,
    Foreseen,
    as_settings,
    connections,
    foresee,
    in_time,
    in_words,
    late,
    least_of,
    listed,
    mailboxes,
    moment,
    offered,
    only_slowed,
    stopped,
    undivided,
    worst,
)
from checks.rules._office365 import Channel, channel_of
from checks.subject import ServerSubject

if TYPE_CHECKING:
    from checks.capacity.entry import Entry

INFORMATIONAL = True

FACT = ("as_of",)

NEEDLESS = Outcome(
    code="capacity.entry-needless",
    status=Status.PASS,
    title="{server}: nothing has to be entered; what is planned fits through every limit that is known",
    also=FACT,
)
SLOWED = Outcome(
    code="capacity.entry-optional",
    status=Status.PASS,
    title="{server}: nothing has to be entered; what is planned is slowed down for moments, but nothing is refused ({words} would leave the pace to the dispatcher)",
    also=("enter", *FACT),
)
MADE = Outcome(
    code="capacity.entry-made",
    status=Status.PASS,
    title="{server}: with the limits of the settings nothing that is planned is refused, and all of it is out by {finish}",
    also=FACT,
    volatile=("finish",),
)
PROPOSED = Outcome(
    code="capacity.entry-missing",
    status=Status.NOTE,
    title="{server}: with {words} nothing is refused, and all of a mailing is out by {finish}",
    owner=Owner.US,
    steps=("Enter for {server}: {enter}.",),
    also=FACT,
    volatile=("finish",),
)
UNCARRIED = Outcome(
    code="capacity.volume-uncarried",
    status=Status.NOTE,
    title="{server} alone cannot carry what is planned: even if the dispatcher waits by itself ({words}), {behind}; {needed}",
    owner=Owner.US,
    steps=("Enter for {server}: {enter}, so that at least nothing is lost.",),
    also=FACT,
    volatile=("behind",),
)
TOO_LOW = Outcome(
    code="capacity.limit-too-low",
    status=Status.NOTE,
    title="{server}: the limits of the settings are too low for what is planned: {behind}; {smallest}",
    owner=Owner.US,
    steps=("Enter for {server}: {enter}.",),
    also=FACT,
    volatile=("behind",),
)
TOO_SLOW = Outcome(
    code="capacity.connections-too-few",
    status=Status.NOTE,
    title="{server}: over one connection, at a second for each message, {behind}; {needed}",
    owner=Owner.US,
    steps=("Let the dispatcher send over several connections at once.",),
    also=FACT,
    volatile=("behind",),
)
MISFIT = Outcome(
    code="capacity.entry-of-misfit",
    status=Status.NOT_APPLICABLE,
    title="{server}: no message that is planned can pass, as the check capacity.finish tells, so there is no limit to enter",
)
LIMITS_UNKNOWN = Outcome(
    code="capacity.entry-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: no limit of its provider over time is known, so there is none to enter",
)
VOLUME_UNKNOWN = Outcome(
    code="capacity.entry-volume-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: the settings plan no mailing through it, so there is nothing to reckon with",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Find the limits, then see whether they are enough."""
    name = subject.server.name
    plan = setup(subject, ev)
    if plan is None:
        yield VOLUME_UNKNOWN(about=name, server=name)
        return
    found = foresee(plan)
    known: dict[str, Any] = {"about": name, "server": name, "as_of": plan.as_of}
    if any(one.misfit for one in found.result.mailings):
        yield MISFIT(about=name, server=name)
    elif late(plan, found.paced, found.paced_plan):
        yield _uncarried(subject, plan, found, known) if found.entry else _too_slow(subject, plan, found, known)
    elif late(plan, found.result, plan.plan) and not stopped(found.result):
        yield _too_low(plan, found, known)
    elif found.entry is None:
        yield LIMITS_UNKNOWN(about=name, server=name)
    elif not stopped(found.bare):
        optional = only_slowed(found.bare) and offered(plan, found)
        yield SLOWED(words=optional, enter=as_settings(found.entry), **known) if optional else NEEDLESS(**known)
    elif not stopped(found.result):
        yield MADE(finish=_finish(plan, found.result), **known)
    else:
        yield _proposed(subject, plan, found, found.entry, known)


def _finish(plan: Setup, result: Result) -> str:
    one = worst(result)
    return moment(one.finish or one.start, plan.zone)


def _proposed(subject: ServerSubject, plan: Setup, found: Foreseen, entry: "Entry", known: dict[str, Any]) -> Finding:
    one = worst(found.paced)
    steps = [f"Enter for {plan.channel}: {as_settings(entry)}.", *_shared(found)]
    if one.finish is not None and one.finish - one.start > DAY:
        if more := mailboxes(plan, DAY):
            steps.append(f"To have each mailing out within a day, {_share_out(*more)}")
        elif at_once := connections(plan, DAY):
            steps.append(f"To have each mailing out within a day, let the dispatcher send over {at_once} connections at once.")
        steps.append(_other_way(subject))
    return PROPOSED(words=offered(plan, found), finish=_finish(plan, found.paced), enter=as_settings(entry), steps=steps, **known)


def _shared(found: Foreseen) -> list[str]:
    if not found.beside:
        return []
    count = "counts" if len(found.beside) == 1 else "count"
    return [
        f"{listed(found.beside)} {count} in the same numbers of the provider: enter as much there, or share them out in another way."
    ]


def _share_out(count: int, each: "Entry") -> str:
    return f"share the recipients out over {count} mailboxes, each with {in_words(each)}: {as_settings(each)}."


def _uncarried(subject: ServerSubject, plan: Setup, found: Foreseen, known: dict[str, Any]) -> Finding:
    enter = as_settings(found.entry) if found.entry else ""
    steps = [f"Enter for {plan.channel}: {enter}, so that at least nothing is lost."] if enter else []
    steps += _shared(found)
    needed = "it takes another way of sending"
    if whole := _undivided(plan, found):
        needed = f"with the share of {listed(found.beside)} it can"
        steps.append(
            f"If the mailings leave through {plan.channel} only, enter more there, {as_settings(whole)}, and that much less at the others."
        )
    elif plan.end is not None and (at_once := connections(plan, plan.end)):
        needed = f"it takes {at_once} connections at once"
        steps.append(f"Let the dispatcher send over {at_once} connections at once.")
    elif plan.end is not None and (more := mailboxes(plan, plan.end)):
        needed = f"it takes {more[0]} mailboxes like this one"
        steps.append(f"To carry all of it, {_share_out(*more)}")
    steps.append(_other_way(subject))
    return UNCARRIED(
        words=offered(plan, found), behind=_behind(plan, found.paced), needed=needed, enter=enter, steps=steps, **known
    )


def _undivided(plan: Setup, found: Foreseen) -> "Entry | None":
    """Return what would carry it if the others that count in the same numbers had no part in them."""
    if not found.beside:
        return None
    alone = undivided(plan)
    other = foresee(alone)
    return None if late(alone, other.paced, other.paced_plan) else other.entry


def _behind(plan: Setup, result: Result) -> str:
    if result.finish is None:
        return "it is never all out"
    if in_time(plan, result):
        return "in the long run more comes than goes"
    return f"the mailings of a week are out by {moment(result.finish, plan.zone)} only"


def _too_slow(subject: ServerSubject, plan: Setup, found: Foreseen, known: dict[str, Any]) -> Finding:
    """No limit is known, but a message takes its time."""
    at_once = None if plan.end is None else connections(plan, plan.end)
    needed = f"it takes {at_once} connections at once" if at_once else "it takes another way of sending"
    steps = [f"Let the dispatcher send over {at_once} connections at once, if the server takes so many."] if at_once else []
    return TOO_SLOW(behind=_behind(plan, found.paced), needed=needed, steps=[*steps, _other_way(subject)], **known)


def _too_low(plan: Setup, found: Foreseen, known: dict[str, Any]) -> Finding:
    """Without the settings' own limits, or with those that keep the provider's, all would be out in time."""
    smallest, enter = "higher ones carry it", as_settings(found.entry) if found.entry else ""
    for limit in plan.plan.limits:
        if limit.name in (OWN_LIMIT, OWN_BURST) and (least := least_of(plan, limit.name)):
            what = "send limit" if limit.name == OWN_LIMIT else "burst limit"
            smallest = f"the smallest {what} that carries it is {least:,} {limit.unit}, not {limit.count:,}"
            enter = enter or f"max = {least} in its {what}"
            break
    steps = [f"Enter for {plan.channel}: {enter}."] if enter else [f"Raise the limits of {plan.channel}."]
    return TOO_LOW(behind=_behind(plan, found.result), smallest=smallest, enter=enter, steps=steps, **known)


def _other_way(subject: ServerSubject) -> str:
    told = " (sendready providers microsoft365 tells what each takes)" if channel_of(subject.server) is Channel.MAILBOX else ""
    return f"Or send mailings of this size through a service that is made for them{told}, and enter it as a server of its own."
