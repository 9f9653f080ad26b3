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
from datetime import timedelta

from checks.capacity.entry import Entry
from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._capacity import Setup, setup
from checks.rules._capacity_foreseen import (
    Foreseen,
    as_settings,
    foresee,
    in_words,
    mailboxes,
    moment,
    only_slowed,
    stopped,
    worst,
)
from checks.rules._office365 import Channel, channel_of
from checks.subject import ServerSubject

INFORMATIONAL = True

DAY = timedelta(days=1)

NEEDLESS = Outcome(
    code="capacity.entry-needless",
    status=Status.PASS,
    title="{server}: nothing has to be entered; what is planned fits through every limit that is known",
)
SLOWED = Outcome(
    code="capacity.entry-optional",
    status=Status.PASS,
    title="{server}: nothing has to be entered; what is planned is slowed down for moments, but nothing is refused ({words} would leave the pace to the dispatcher)",
    also=("enter",),
)
MADE = Outcome(
    code="capacity.entry-made",
    status=Status.PASS,
    title="{server}: with the limits of the settings nothing that is planned is refused, and all of it is out by {finish}",
    volatile=("finish",),
)
PROPOSED = Outcome(
    code="capacity.entry-missing",
    status=Status.NOTE,
    title="{server}: with {words} nothing is refused, and all of a mailing is out by {finish}",
    owner=Owner.US,
    steps=("Enter for {server}: {enter}.",),
    volatile=("finish",),
)
UNCARRIED = Outcome(
    code="capacity.volume-uncarried",
    status=Status.NOTE,
    title="{server} alone cannot carry what is planned: even if the dispatcher waits by itself ({words}), {behind}; {needed}",
    owner=Owner.US,
    steps=("Enter for {server}: {enter}, so that at least nothing is lost.",),
    volatile=("behind",),
)
LIMITS_UNKNOWN = Outcome(
    code="capacity.entry-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: no limit of its provider over time is known, so there is none to enter",
)
VOLUME_UNKNOWN = Outcome(
    code="capacity.entry-volume-unknown",
    status=Status.NOT_APPLICABLE,
    title="{server}: the settings do not say how much is going to be sent, so there is nothing to reckon with",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Find the limits, then see whether they are enough."""
    name = subject.server.name
    plan = setup(subject, ev)
    if plan is None:
        yield VOLUME_UNKNOWN(about=name, server=name)
        return
    found = foresee(plan)
    if found.entry is None or any(one.misfit for one in found.result.mailings):
        yield LIMITS_UNKNOWN(about=name, server=name)
    elif _late(plan, found):
        yield _uncarried(subject, plan, found, found.entry)
    elif not stopped(found.bare):
        optional = only_slowed(found.bare) and in_words(found.entry)
        yield (
            SLOWED(about=name, server=name, words=optional, enter=as_settings(found.entry))
            if optional
            else NEEDLESS(about=name, server=name)
        )
    elif not stopped(found.result):
        yield MADE(about=name, server=name, finish=_finish(plan, found, made=True))
    else:
        yield _proposed(subject, plan, found, found.entry)


def _late(plan: Setup, found: Foreseen) -> bool:
    """Whether the week's mailings are not out when the next week's begin."""
    finish = found.paced.finish
    return finish is None or (plan.end is not None and finish > plan.end)


def _finish(plan: Setup, found: Foreseen, *, made: bool = False) -> str:
    one = worst(found.result if made else found.paced)
    return moment(one.finish or one.start, plan.zone)


def _proposed(subject: ServerSubject, plan: Setup, found: Foreseen, entry: Entry) -> Finding:
    name, one = plan.channel, worst(found.paced)
    steps = [f"Enter for {name}: {as_settings(entry)}."]
    if one.finish is not None and one.finish - one.start > DAY:
        count = mailboxes(plan, one.start + DAY)
        if count and count > 1:
            steps.append(
                f"To have all of it out within a day, share the recipients out over {count} mailboxes, each with these limits."
            )
        steps.append(_other_way(subject))
    return PROPOSED(
        about=name, server=name, words=in_words(entry), finish=_finish(plan, found), enter=as_settings(entry), steps=steps
    )


def _uncarried(subject: ServerSubject, plan: Setup, found: Foreseen, entry: Entry) -> Finding:
    name = plan.channel
    finish = found.paced.finish
    behind = "it is never all out" if finish is None else f"the mailings of a week are out by {moment(finish, plan.zone)} only"
    count = None if plan.end is None else mailboxes(plan, plan.end)
    needed = f"it takes {count} mailboxes like this one" if count and count > 1 else "it takes another way of sending"
    enter = as_settings(entry)
    steps = [f"Enter for {name}: {enter}, so that at least nothing is lost."] if enter else []
    if count and count > 1:
        steps.append(f"Share the recipients out over {count} mailboxes, each with these limits.")
    return UNCARRIED(
        about=name,
        server=name,
        words=in_words(entry),
        behind=behind,
        needed=needed,
        enter=enter,
        steps=[*steps, _other_way(subject)],
    )


def _other_way(subject: ServerSubject) -> str:
    told = " (sendready providers microsoft365 tells what each takes)" if channel_of(subject.server) is Channel.MAILBOX else ""
    return f"Or send mailings of this size through a service that is made for them{told}, and enter it as a server of its own."
