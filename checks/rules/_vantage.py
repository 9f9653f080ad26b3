"""Tells "blocked from here" from "closed there": where a server is silent, servers of others that are known to listen are tried.

Nothing is asked of anybody as long as the server itself answers, be it with a refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from checks.evidence import Evidence, State
from checks.probes import ConnectProbe, ConnectReading, DnsProbe
from checks.records.address import Kind, kind
from checks.rules._server import Look, out_of_time
from checks.subject import ServerSubject
from checks.tables.control import ANY_WAY_OUT, WITNESSES, Control, controls_on

IPV4, IPV6 = 4, 6


class Way(Enum):
    """What the controls say."""

    OPEN = auto()  # one of them took a connection
    CLOSED = auto()  # several, of different operators, were tried and none did
    PRIVATE = auto()  # the server is inside this network: servers on the internet say nothing of the way there
    UNTOLD = auto()  # not enough of them could be tried; `why` has the reason


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """Whether anything gets out of here."""

    way: Way
    name: str
    """What is open or closed, for a sentence: "port 587", "port 587 over IPv6"."""
    hosts: tuple[str, ...] = ()
    """The controls that took a connection (open), or that took none (closed)."""
    control_port: int = 0
    """The port on which they were tried."""
    why: str = ""


def silent(seen: Look) -> tuple[str, ...]:
    """Return the addresses of one family that neither took nor refused a connection.

    Empty if any address answered, or if there was no time to find out. Those that kept us waiting come before those without a route.
    """
    if any(reading.state in (State.OK, State.REFUSED) or out_of_time(reading) for _, reading in seen.readings):
        return ()
    groups = (
        tuple(address for address, reading in seen.readings if reading.state is state and version_of(address) == version)
        for state in (State.TIMEOUT, State.NOT_ATTEMPTED)
        for version in (IPV4, IPV6)
    )
    return next(filter(None, groups), ())


def version_of(address: str) -> int:
    """Return 4 or 6."""
    return IPV6 if ":" in address else IPV4


def is_public(address: str) -> bool:
    """Whether the way to an address is the way to the internet. Addresses for examples count, or no example would show it."""
    return kind(address) in (Kind.PUBLIC, Kind.DOCUMENTATION)


def way_to_port(subject: ServerSubject, ev: Evidence, addresses: Sequence[str]) -> WayOut:
    """Tell whether the way out of here on the server's port is open, where these addresses of the server are silent."""
    port, version = subject.server.port, version_of(addresses[0])
    own = bool(controls_on(port))
    name = f"port {port}{' over IPv6' if version == IPV6 else ''}"
    if not all(is_public(address) for address in addresses):
        return WayOut(way=Way.PRIVATE, name=name)
    found = _way_out(ev, port if own else ANY_WAY_OUT, version, (subject.server.host, *addresses))
    if not own and found.way is Way.OPEN:
        why = f"the internet can be reached from here, but no other server is known that could be tried on port {port}"
        return WayOut(way=Way.UNTOLD, name=name, why=why)
    return replace(found, name=name)


def way_over_ipv6(subject: ServerSubject, ev: Evidence, addresses: Sequence[str]) -> WayOut:
    """Tell whether anything gets out of here over IPv6, where these IPv6 addresses of the server are silent."""
    if not all(is_public(address) for address in addresses):
        return WayOut(way=Way.PRIVATE, name="IPv6")
    return replace(_way_out(ev, ANY_WAY_OUT, IPV6, (subject.server.host, *addresses)), name="IPv6")


def _way_out(ev: Evidence, port: int, version: int, besides: Collection[str]) -> WayOut:
    """Try two controls, and the others only if those two leave it open. A server is no control for itself."""
    rows = [row for row in controls_on(port) if row.host not in besides]
    tried = _tried(ev, rows[:WITNESSES], port, version, besides)
    if not _settled(tried):
        tried += _tried(ev, rows[WITNESSES:], port, version, besides)
    reached = tuple(row.host for row, reading in tried if reading.state is State.OK)
    dead = tuple(row.host for row, reading in tried if reading.dead)
    if reached:
        return WayOut(way=Way.OPEN, name="", hosts=reached, control_port=port)
    if len(dead) >= WITNESSES:
        return WayOut(way=Way.CLOSED, name="", hosts=dead, control_port=port)
    return WayOut(way=Way.UNTOLD, name="", why=_why(tried, dead))


Tried = list[tuple[Control, ConnectReading]]


def _tried(ev: Evidence, rows: Sequence[Control], port: int, version: int, besides: Collection[str]) -> Tried:
    found = ev.all(*(DnsProbe(row.host, "AAAA" if version == IPV6 else "A") for row in rows))
    targets = []
    for row, reading in zip(rows, found, strict=True):
        fit = [address for address in reading.values if address not in besides]
        targets += [(row, ConnectProbe(address=address, port=port)) for address in fit[:1]]
    readings = ev.all(*(probe for _, probe in targets))
    return [(row, reading) for (row, _), reading in zip(targets, readings, strict=True)]


def _settled(tried: Tried) -> bool:
    return any(reading.state is State.OK for _, reading in tried) or sum(reading.dead for _, reading in tried) >= WITNESSES


def _why(tried: Tried, dead: Sequence[str]) -> str:
    if not tried:
        return "no address is known of the servers that are tried for comparison"
    if dead:
        return f"only {dead[0]} could be tried for comparison, and it gave no answer either"
    return f"the servers for comparison could not be tried: {tried[0][1].detail or 'no answer came in time'}"
