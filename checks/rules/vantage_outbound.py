"""The way out to the server's port is open.

What it checks:
Only when a server neither takes nor refuses the connection: whether other mail servers, which are known to listen, can be reached on the
same port from here. For a port that none of them uses, whether anything gets out of here at all. They are connected to and left at once;
nothing is said to them. As long as the server answers, nobody else is asked.

Why it matters:
Many networks let no mail out, port 25 least of all. Then every server looks dead from here, and looking for the fault at the customer or
the provider is in vain. What cannot be seen from here is said to be unknown.

How to fix it:
Run the check on the machine where the dispatcher will run. If that machine cannot get out either, ask whoever runs its network to let
connections to that port out.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._server import Layer, Look, look, not_tried, out_of_time, skipped
from checks.rules._vantage import Way, WayOut, silent, way_to_port
from checks.subject import ServerSubject

INFORMATIONAL = True  # of our own side; port.open says what it means for the server

OPEN = Outcome(
    code="vantage.open-port",
    status=Status.PASS,
    title="Connections to {port} get out of here: {witnesses} took one",
    volatile=("witnesses",),
)
REFUSAL = Outcome(
    code="vantage.answering-port",
    status=Status.PASS,
    title="An answer came from {where}, if only a refusal, so the way there is not just shut; some firewalls refuse in a server's place, though",
)
BLOCKED = Outcome(
    code="vantage.blocked-port",
    status=Status.UNKNOWN,
    title="Connections to {port} do not get out of here: {controls}, known to listen, cannot be reached on port {tried} either",
    owner=Owner.US,
    steps=(
        "Run the check on the machine where the dispatcher will run; only its way to the server counts.",
        "If that machine is in this network, ask whoever runs it to let connections to {port} out; port 25 is blocked most often.",
    ),
    volatile=("controls",),
)
UNTOLD = Outcome(
    code="vantage.undetermined-port",
    status=Status.UNKNOWN,
    title="Whether connections to {port} get out of here is not known, because {why}. Either {where} is silent, or this network blocks the way",
    owner=Owner.US,
    steps=(
        "Run the check on the machine where the dispatcher will run; if the server is silent there too, the fault is at the server.",
        "Ask whoever runs this network whether outgoing connections to {port} are blocked.",
    ),
    volatile=("why",),
)
PRIVATE = Outcome(
    code="vantage.inside-address",
    status=Status.NOT_APPLICABLE,
    title="{addresses} is inside a network, so that servers on the internet cannot tell whether the way to {where} is open",
)
NOT_TRIED = not_tried("vantage.outbound", "The way out")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask controls, but only if the server is silent."""
    seen = look(subject, ev)
    addresses = silent(seen)
    if addresses:
        yield _compared(subject, seen, addresses, way_to_port(subject, ev, addresses))
    elif seen.layer is Layer.HOST:
        yield skipped(NOT_TRIED, subject, seen)
    elif seen.reached:
        port = f"port {subject.server.port}"
        yield OPEN(about=_about(port), port=port, witnesses=[seen.where])
    elif any(reading.state is State.REFUSED for _, reading in seen.readings):
        yield REFUSAL(about=subject.name, where=seen.where)
    else:
        late = any(out_of_time(reading) for _, reading in seen.readings)
        yield skipped(NOT_TRIED, subject, seen, "there was no time left to connect to it" if late else "")


def _compared(subject: ServerSubject, seen: Look, addresses: tuple[str, ...], found: WayOut) -> Finding:
    if found.way is Way.OPEN:
        return OPEN(about=_about(found.name), port=found.name, witnesses=found.hosts)
    if found.way is Way.CLOSED:
        return BLOCKED(about=_about(found.name), port=found.name, controls=found.hosts, tried=found.control_port)
    if found.way is Way.PRIVATE:
        return PRIVATE(about=subject.name, where=seen.where, addresses=addresses)
    return UNTOLD(about=subject.name, where=seen.where, port=found.name, why=found.why)


def _about(port: str) -> str:
    """Return the same for every server, so that it is told once in a run."""
    return f"outgoing {port}"
