"""The message did not take long.

What it checks:
Adds up, from the times that each server on the way has written into the message (the lines Received), how long it took, and where it waited.

Why it matters:
A booking confirmation that comes an hour later is as good as lost. A server that lets mail wait is overloaded, or receivers keep its mail waiting
because they do not know it yet (greylisting).

How to fix it:
If it waited at your server, have a look at its queue. If it waited before the receiver, wait: receivers let known senders pass at once.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.received import Chain, Hop
from checks.rules._arrived import Skip, came_in, left_out, outcome_of_nothing, shown
from checks.subject import ServerSubject

LONG = 300.0  # seconds; greylisting costs five minutes, anything below is nobody's trouble
TOO_LONG = 1800.0

QUICK = Outcome(
    code="arrival.delivered-quickly",
    status=Status.PASS,
    title="{server}: the message was on its way for {seconds} seconds, over {hops} servers",
    volatile=("seconds", "hops"),
)
SLOW = Outcome(
    code="arrival.delivered-slowly",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server}: the message was on its way for {minutes} minutes; {slowest_minutes} of them it waited before {where}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Find out at {before} why the message waited before {where}: its queue and its log say so.",
        "If the receiver kept it waiting (its answer was 4xx), send another message: known senders pass at once.",
    ),
    volatile=("minutes", "slowest_minutes"),
)
UNKNOWN = Outcome(
    code="arrival.delay-untold",
    status=Status.NOTE,
    title="{server}: how long the message was on its way cannot be read from it",
)
NOT_JUDGED = outcome_of_nothing("arrival.delay", "how long the message was on its way was")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare the first time with the last."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    about, chain = subject.name, came.chain
    total = chain.total
    if total is None:
        yield UNKNOWN(about=about, server=about)
    elif total < LONG:
        yield QUICK(about=about, server=about, seconds=round(total), hops=len(chain.hops))
    else:
        yield _slow(subject, chain, total)


def _slow(subject: ServerSubject, chain: Chain, total: float) -> Finding:
    slowest = max(chain.hops, key=lambda hop: hop.delay or 0.0)
    return SLOW(
        about=subject.name,
        status=Status.WARN if total >= TOO_LONG else Status.NOTE,
        server=subject.name,
        minutes=round(total / 60),
        slowest_minutes=round((slowest.delay or 0.0) / 60),
        where=_name(slowest),
        before=_before(chain, slowest),
    )


def _before(chain: Chain, hop: Hop) -> str:
    """Return who had the message while it waited."""
    return _name(chain.hops[hop.number + 1]) if hop.number + 1 < len(chain.hops) else "the server before it"


def _name(hop: Hop) -> str:
    return shown(hop.by) or "a server without a name"
