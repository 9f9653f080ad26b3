"""The control connection on loopback sockets: what it tells apart, and that it says nothing and never waits too long."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from checks.evidence import Effect, Readings, State, from_json, to_json
from checks.gather.connect import ConnectGatherer
from checks.gather.live import Live
from checks.probes import KINDS, ConnectFault, ConnectProbe, ConnectReading
from tests.hostile.mail_run import deaf_port

PROBE = ConnectProbe(address="127.0.0.1", port=587)


def ask(
    port: int, *, probe: ConnectProbe = PROBE, allow_private: bool = True, patience: float = 0.3, budget: float = 5.0
) -> ConnectReading:
    """Ask; port 587 is at `port`."""

    async def run() -> ConnectReading:
        return await ConnectGatherer(port_map={587: port}, allow_private=allow_private, patience=patience)(probe, budget)

    return asyncio.run(run())


@contextlib.contextmanager
def listening(family: socket.AddressFamily = socket.AF_INET, address: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        server.settimeout(2)
        yield server


def closed_port() -> int:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return int(once.getsockname()[1])


def test_a_port_that_takes_the_connection_hears_nothing() -> None:
    """The connection is made and ended at once, without an octet."""
    with listening() as server:
        reading = ask(server.getsockname()[1])
        peer, _ = server.accept()
        with peer:
            peer.settimeout(2)
            assert peer.recv(10) == b""
    assert reading == ConnectReading(state=State.OK)
    assert not reading.dead


def test_an_ipv6_address_is_tried_as_such() -> None:
    with listening(socket.AF_INET6, "::1") as server:
        assert ask(server.getsockname()[1], probe=ConnectProbe(address="::1", port=587)).state is State.OK


def test_a_closed_port_refuses() -> None:
    reading = ask(closed_port())
    assert (reading.state, reading.fault, reading.dead) == (State.REFUSED, ConnectFault.REFUSED, True)


def test_a_deaf_port_is_given_up_when_the_patience_is_over() -> None:
    """A port that drops everything costs as long as the patience, and counts as tried."""
    with deaf_port() as port:
        begun = time.monotonic()
        reading = ask(port)
    assert (reading.state, reading.fault, reading.dead) == (State.TIMEOUT, ConnectFault.TIMEOUT, True)
    assert time.monotonic() - begun < 1
    assert "0.3 s" in reading.detail


def test_a_lack_of_time_says_nothing_about_the_other_side() -> None:
    """When the run ends before the patience, it does not count as dead; and the reading comes home within the budget."""
    with deaf_port() as port:
        begun = time.monotonic()
        reading = ask(port, patience=5, budget=0.3)
    assert time.monotonic() - begun < 0.3
    assert (reading.state, reading.dead) == (State.NOT_ATTEMPTED, False)
    assert reading.detail.startswith("the time for the whole run")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1", "192.0.2.1", "mail.example", ""]
)
def test_other_than_public_addresses_are_not_tried(address: str) -> None:
    """A name server that leads the names of the controls into this network makes us connect to nothing there."""
    with patch("checks.gather.connect.open_wire", side_effect=AssertionError):
        reading = ask(1, probe=ConnectProbe(address=address, port=587), allow_private=False)
    assert (reading.state, reading.fault, reading.dead) == (State.NOT_ATTEMPTED, ConnectFault.NOT_PUBLIC, False)


@pytest.mark.parametrize(
    ("error", "state", "fault"),
    [
        (OSError(errno.ENETUNREACH, ""), State.NOT_ATTEMPTED, ConnectFault.UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, ""), State.NOT_ATTEMPTED, ConnectFault.UNREACHABLE),
        (OSError(errno.EACCES, ""), State.NOT_ATTEMPTED, ConnectFault.UNREACHABLE),
        (OSError(errno.ECONNRESET, ""), State.REFUSED, ConnectFault.REFUSED),
        (TimeoutError(errno.ETIMEDOUT, ""), State.TIMEOUT, ConnectFault.TIMEOUT),
        (OSError(errno.EMFILE, ""), State.NOT_ATTEMPTED, ConnectFault.FAILED),
        (OverflowError("port"), State.NOT_ATTEMPTED, ConnectFault.FAILED),
    ],
)
def test_each_fault_has_its_name(error: Exception, state: State, fault: ConnectFault) -> None:
    """What our own side could not even try does not count as dead."""
    with patch("checks.gather.connect.open_wire", side_effect=error):
        reading = ask(1)
    assert (reading.state, reading.fault) == (state, fault)
    assert reading.dead == (fault is not ConnectFault.FAILED)


def test_the_dispatcher_hands_it_over() -> None:
    """In a live run the probe goes to its own gatherer; without one it reads not-attempted, which is not dead."""

    async def run(live: Live) -> ConnectReading:
        async with live:
            reading = await live(PROBE, 2)
            assert isinstance(reading, ConnectReading)
            return reading

    with listening() as server:
        there = Live(connect=ConnectGatherer(port_map={587: server.getsockname()[1]}, allow_private=True))
        assert asyncio.run(run(there)).state is State.OK
    nobody = asyncio.run(run(Live()))
    assert (nobody.state, nobody.dead) == (State.NOT_ATTEMPTED, False)


def test_readings_survive_the_evidence_file() -> None:
    """Written and read again, probe and reading are the same."""
    readings: Readings = {
        PROBE: ConnectReading(state=State.OK),
        ConnectProbe(address="2001:db8::1", port=25): ConnectReading(
            state=State.TIMEOUT, fault=ConnectFault.TIMEOUT, detail="late"
        ),
    }
    assert from_json(to_json(readings, about={}), KINDS)[0] == readings
    assert PROBE.effects == {Effect.LOOK}
    assert {probe.id for probe in readings} == {"connect [127.0.0.1]:587", "connect [2001:db8::1]:25"}
