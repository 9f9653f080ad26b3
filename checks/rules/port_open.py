"""The port takes connections.

What it checks:
Each address of the server, of both kinds (IPv4 and IPv6), takes a connection on the port of the settings; of very many addresses,
eight are tried and the others are named. If none does and none refuses, other mail servers, which are known to listen, are tried on the same port: if they cannot be reached either, the
port is blocked where the check runs, and nothing is said against the server.

Why it matters:
If the port is closed, nothing can be sent. If one of several addresses does not answer, some attempts wait for a long time.

How to fix it:
Compare host and port with the provider's instructions: 465 and 587 are for sending by customers. If they are right, ask whoever
runs the network whether outgoing connections to that port are blocked; port 25 often is.
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._server import Layer, Look, look, not_tried, out_of_time, skipped
from checks.rules._vantage import IPV6, Way, silent, version_of, way_over_ipv6, way_to_port
from checks.subject import ServerSubject

OPEN = Outcome(code="port.connection-made", status=Status.PASS, title="{where} takes connections at {addresses}")
REFUSED = Outcome(
    code="port.refused",
    status=Status.FAIL,
    title="{where} refuses the connection: the port is closed at {addresses}",
    owner=Owner.US,
    steps=(
        "Compare host and port with the provider's instructions; for sending by customers they are usually 465 or 587.",
        "If they are right, ask the server's administrator whether the mail service runs and listens on that port.",
        "If it does, ask whoever runs this network: some firewalls refuse in the server's place.",
    ),
    references=("RFC 8314 section 3.3", "RFC 6409 section 3.1"),
)
NO_ANSWER = Outcome(
    code="port.no-answer",
    status=Status.FAIL,
    title="No answer from {where} at {addresses} ({waited}); it may be closed there, or blocked on the way from here",
    owner=Owner.US,
    steps=(
        "Compare host and port with the provider's instructions; for sending by customers they are usually 465 or 587.",
        "Ask whoever runs this network whether outgoing connections to that port are blocked; port 25 often is.",
        "Run the check on the machine where the dispatcher will run; only its way to the server counts.",
    ),
    volatile=("waited",),
    references=("RFC 8314 section 3.3", "RFC 6409 section 3.1"),
)
SILENT = Outcome(
    code="port.silent-server",
    status=Status.FAIL,
    title="{where} cannot be reached at {addresses} ({waited}), while {controls} can be reached on that port from here: it is closed there, not here",
    owner=Owner.US,
    steps=(
        "Compare host and port with the provider's instructions; for sending by customers they are usually 465 or 587.",
        "If they are right, ask the server's administrator whether the server runs, and whether a firewall there keeps this network out.",
    ),
    volatile=("waited", "controls"),
    references=("RFC 8314 section 3.3", "RFC 6409 section 3.1"),
)
BLOCKED = Outcome(
    code="port.blocked-from-here",
    status=Status.UNKNOWN,
    title="{where} could not be tried, because connections to {port} are blocked from here; other servers that are known to listen are out of reach too. This says nothing about the server",
    owner=Owner.US,
    steps=("Run the check on the machine where the dispatcher will run; only its way to the server counts.",),
)
NO_ROUTE = Outcome(
    code="port.no-route",
    status=Status.UNKNOWN,
    title="This machine finds no way to {addresses}, so {where} could not be tried",
    owner=Owner.US,
    steps=(
        "Check that this machine is on the network, and that {addresses} is right.",
        "Run the check on the machine where the dispatcher will run.",
    ),
)
NO_TIME = Outcome(
    code="port.no-time",
    status=Status.UNKNOWN,
    title="{where} was not reached at {addresses} before the time for the whole run was up. This says little about the server",
    owner=Owner.US,
    steps=("Run the check again and give it more time, like --timeout 60.",),
)
DEAD_ADDRESS = Outcome(
    code="port.dead-address",
    status=Status.WARN,
    title="{dead} of {where} does not answer from here; {alive} does. Programs wait there in vain before they try the next address",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Let the server answer at {dead}, or take that address out of DNS.",
        "If the server answers there from elsewhere, the way from this machine is broken: a dispatcher here will lose time with each connection.",
    ),
    references=("RFC 5321 section 5.1",),
)
CLOSED_ADDRESS = Outcome(
    code="port.closed-address",
    status=Status.NOTE,
    title="{dead} of {where} refuses the connection; {alive} takes it, so programs go on to that at once",
    references=("RFC 5321 section 5.1",),
)
ADDRESS_NOT_TRIED = Outcome(
    code="port.address-not-tried",
    status=Status.NOTE,
    title="This machine finds no way to {addresses}, or no time was left, so only the other addresses of {where} were tried",
)
LEFT_OUT = Outcome(
    code="port.addresses-left-out",
    status=Status.NOTE,
    title="{where} has {count} addresses; {tried} of them were tried, and nothing is known of the others ({left_out})",
    volatile=("count", "tried", "left_out"),
)
NOT_ALL_TRIED = Outcome(
    code="port.closed-as-far-as-tried",
    status=Status.UNKNOWN,
    title="{where} takes no connection at the {tried} addresses that were tried ({addresses}); it has {count}, and the others were not tried ({left_out})",
    owner=Owner.US,
    steps=(
        "Compare host and port with the provider's instructions; for sending by customers they are usually 465 or 587.",
        "Ask the server's administrator which of its addresses are in use, and to take the others out of DNS.",
    ),
    volatile=("count", "tried", "addresses", "left_out"),
    references=("RFC 5321 section 5.1",),
)
NOT_TRIED = not_tried("port.open", "Connection")

SHOWN = 12  # addresses named in one sentence


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Sort the addresses into those that take a connection, those that do not, and those to which there is no way."""
    seen = look(subject, ev)
    if seen.layer is Layer.HOST:
        yield skipped(NOT_TRIED, subject, seen)
        return
    alive = [address for address, _ in seen.reached]
    others = [(address, reading) for address, reading in seen.readings if address not in alive]
    no_way = [address for address, reading in others if reading.state is State.NOT_ATTEMPTED or out_of_time(reading)]
    dead = [address for address, _ in others if address not in no_way]
    if not alive:
        closed_there = _closed(subject, ev, seen, dead, no_way)
        all_tried = not seen.left_out or closed_there.status is not Status.FAIL
        yield closed_there if all_tried else NOT_ALL_TRIED(**_left_out(subject, seen), addresses=dead)
        return
    yield OPEN(about=subject.name, where=seen.where, addresses=alive)
    closed = [address for address, reading in others if address in dead and reading.state is State.REFUSED]
    if closed:
        yield CLOSED_ADDRESS(about=subject.name, where=seen.where, dead=closed, alive=alive)
    dead = [address for address in dead if address not in closed]
    unseen = _only_unseen(subject, ev, seen, dead)
    if dead := [address for address in dead if address not in unseen]:
        yield DEAD_ADDRESS(about=subject.name, where=seen.where, dead=dead, alive=alive)
    if no_way := [*no_way, *unseen]:
        yield ADDRESS_NOT_TRIED(about=subject.name, where=seen.where, addresses=no_way)
    if seen.left_out:
        yield LEFT_OUT(**_left_out(subject, seen))


def _left_out(subject: ServerSubject, seen: Look) -> dict[str, Any]:
    """Return what the findings about a server with very many addresses say."""
    count, tried, shown = len(seen.host.addresses) + seen.host.beyond, len(seen.readings), seen.left_out[:SHOWN]
    more = count - tried - len(shown)
    left_out = [*shown, *([f"{more} more"] if more else [])]
    return {"about": subject.name, "where": seen.where, "count": count, "tried": tried, "left_out": left_out}


def _only_unseen(subject: ServerSubject, ev: Evidence, seen: Look, dead: list[str]) -> list[str]:
    """Return the IPv6 addresses that cannot be blamed, because nothing at all can be reached over IPv6 from here."""
    suspects = [address for address in dead if version_of(address) == IPV6]
    answered = any(
        version_of(address) == IPV6 and reading.state in (State.OK, State.REFUSED) for address, reading in seen.readings
    )
    if not suspects or answered or way_over_ipv6(subject, ev, suspects).way is not Way.CLOSED:
        return []
    return suspects


def _closed(subject: ServerSubject, ev: Evidence, seen: Look, dead: list[str], no_way: list[str]) -> Finding:
    about, where = subject.name, seen.where
    if late := [address for address, reading in seen.readings if out_of_time(reading)]:
        return NO_TIME(about=about, where=where, addresses=late)
    if refusing := [address for address, reading in seen.readings if reading.state is State.REFUSED]:
        return REFUSED(about=about, where=where, addresses=refusing)
    addresses = silent(seen)
    first = next(reading for address, reading in seen.readings if address in addresses)
    waited = first.detail or "within the time that we wait"
    found = way_to_port(subject, ev, addresses)
    if found.way is Way.OPEN:
        return SILENT(about=about, where=where, addresses=addresses, waited=waited, controls=found.hosts)
    if not dead:
        return NO_ROUTE(about=about, where=where, addresses=no_way)
    if found.way is Way.CLOSED:
        return BLOCKED(about=about, where=where, port=found.name)
    return NO_ANSWER(about=about, where=where, addresses=dead, waited=waited)
