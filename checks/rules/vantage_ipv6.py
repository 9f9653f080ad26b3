"""IPv6 addresses can be reached from here.

What it checks:
Only when a server has addresses of the newer kind (IPv6) and none of them answers: whether anything on the internet can be reached that
way from here. Servers that are known to listen are connected to and left at once; nothing is said to them.

Why it matters:
Many networks have no IPv6 yet. Then the server's IPv6 addresses look dead from here, although nothing is wrong with them.

How to fix it:
If the server has IPv4 addresses too, nothing needs to be done. If it has none, run the check, and the dispatcher, on a machine with IPv6.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import SmtpReading
from checks.rules._server import Layer, Look, look, not_tried, out_of_time, skipped
from checks.rules._vantage import IPV6, Way, version_of, way_over_ipv6
from checks.subject import ServerSubject

INFORMATIONAL = True  # of our own side; port.open says what it means for the server

ANSWERED = Outcome(code="vantage.ipv6-answer", status=Status.PASS, title="IPv6 works from here: {where} answers at {addresses}")
OPEN = Outcome(
    code="vantage.ipv6-way-out",
    status=Status.PASS,
    title="IPv6 works from here ({witnesses} took a connection); {addresses} of {where} does not answer",
    volatile=("witnesses",),
)
MISSING = Outcome(
    code="vantage.ipv6-missing",
    status=Status.NOTE,
    weighs=(Status.UNKNOWN,),
    title="Nothing on the internet can be reached over IPv6 from here, so that {addresses} of {where} could not be judged; the server is not to blame",
    owner=Owner.US,
    steps=("To judge these addresses, run the check on a machine that has IPv6.",),
)
UNTOLD = Outcome(
    code="vantage.ipv6-undetermined",
    status=Status.NOTE,
    weighs=(Status.UNKNOWN,),
    title="{addresses} of {where} does not answer; whether IPv6 works from here at all is not known, because {why}",
    volatile=("why",),
)
NOT_NEEDED = Outcome(
    code="vantage.ipv6-not-needed",
    status=Status.NOT_APPLICABLE,
    title="{where} has no IPv6 address, so that it does not matter whether IPv6 works from here",
)
PRIVATE = Outcome(
    code="vantage.ipv6-inside-address",
    status=Status.NOT_APPLICABLE,
    title="{addresses} is inside a network, so that servers on the internet cannot tell whether the way to {where} is open",
)
NOT_TRIED = not_tried("vantage.ipv6", "The way over IPv6")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask controls, but only if the server has IPv6 addresses and all are silent."""
    seen = look(subject, ev)
    tried = [(address, reading) for address, reading in seen.readings if version_of(address) == IPV6]
    answering = [address for address, reading in tried if reading.state in (State.OK, State.REFUSED)]
    if seen.layer is Layer.HOST or (not tried and seen.host.failed):
        yield skipped(NOT_TRIED, subject, seen, seen.reason or "not all of its addresses could be looked up")
    elif not tried:
        yield NOT_NEEDED(about=subject.name, where=seen.where)
    elif answering:
        yield ANSWERED(about=subject.name, where=seen.where, addresses=answering)
    elif any(out_of_time(reading) for _, reading in tried):
        yield skipped(NOT_TRIED, subject, seen, "there was no time left to connect to it")
    else:
        yield _compared(subject, ev, seen, tried)


def _compared(subject: ServerSubject, ev: Evidence, seen: Look, tried: list[tuple[str, SmtpReading]]) -> Finding:
    addresses = [address for address, _ in tried]
    about, where = subject.name, seen.where
    status = Status.NOTE if seen.reached else Status.UNKNOWN
    found = way_over_ipv6(subject, ev, addresses)
    if found.way is Way.OPEN:
        return OPEN(about=about, where=where, addresses=addresses, witnesses=found.hosts)
    if found.way is Way.CLOSED:
        return MISSING(about=about, where=where, addresses=addresses, status=status)
    if found.way is Way.PRIVATE:
        return PRIVATE(about=about, where=where, addresses=addresses)
    return UNTOLD(about=about, where=where, addresses=addresses, why=found.why, status=status)
