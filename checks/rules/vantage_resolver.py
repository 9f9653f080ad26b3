"""The name server that was asked tells the truth.

What it checks:
A question about a name that can never exist: names below ".invalid" are reserved, so that the only right answer is "there is no such
name". The question is the same for every domain and is asked once in a run.

Why it matters:
Some providers of Internet access answer with an address of their own where there is nothing. Through such a name server missing
records seem to be there, and nothing that this report says of missing records can be relied upon. It is a matter of the place from
which the check was made; nothing of it is the domain's fault.

How to fix it:
Check again through another name server, best one of the network in which the dispatcher runs.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.rules._published import short_values
from checks.subject import DomainSubject

INFORMATIONAL = True  # of our own side; the look-ups that matter speak for themselves
CONTROL = DnsProbe("sendready-control-7m4x9q2k.invalid", "A")  # RFC 6761 section 6.4: never registered, always NXDOMAIN
ABOUT = "name server"  # of no domain, so that it is told once in a run

TRUTHFUL = Outcome(
    code="vantage.truthful-resolver",
    status=Status.PASS,
    title="The name server that was asked invents no answer for a name that does not exist",
    references=("RFC 6761 section 6.4",),
)
REWRITING = Outcome(
    code="vantage.rewritten-answers",
    status=Status.WARN,
    title="The name server that was asked invents answers: for a name that cannot exist it gave {answer}; what this report says of missing records is not reliable",
    owner=Owner.US,
    steps=(
        "Check again through another name server: add --nameserver ADDRESS, best with one of the network in which the dispatcher runs.",
    ),
    references=("RFC 6761 section 6.4", "RFC 8020 section 2"),
)
EMPTY = Outcome(
    code="vantage.empty-answer",
    status=Status.NOTE,
    title='The name server that was asked says "nothing there" of a name that cannot exist, where "no such name" is right; missing domains may look like empty ones',
    references=("RFC 6761 section 6.4",),
)
NO_ANSWER = Outcome(
    code="vantage.no-control-answer",
    status=Status.UNKNOWN,
    title="Whether the name server that was asked invents answers is not known: it did not answer the control question about a name that cannot exist",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:  # noqa: ARG001 - the same for every domain
    """Ask for what cannot exist."""
    reading = ev[CONTROL]
    if reading.state is State.OK or reading.chain:
        yield REWRITING(about=ABOUT, answer=short_values((*reading.chain, *reading.values)))
    elif reading.state is State.NXDOMAIN:
        yield TRUTHFUL(about=ABOUT)
    elif reading.state is State.NODATA:
        yield EMPTY(about=ABOUT)
    elif reading.state is State.NOT_ATTEMPTED:
        ev.need(CONTROL)
    else:  # a server for its own zones only refuses; what it would invent is not known
        yield NO_ANSWER(about=ABOUT)
