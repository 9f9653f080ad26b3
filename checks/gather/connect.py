"""Answers `ConnectProbe`: connects, says nothing, hangs up. The addresses come from DNS, so only public ones are tried."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from checks.evidence import State
from checks.gather.no_connection import Why, why
from checks.gather.smtp_wire import open_wire
from checks.probes import ConnectFault, ConnectProbe, ConnectReading
from checks.records.address import Kind, kind

PATIENCE = 5.0  # seconds; a lost first packet is sent again after one and after three
MARGIN = 0.1  # seconds kept back of the run's time, so that a reading comes home instead of a cancellation
IN_FLIGHT = 20  # connections at a time


class ConnectGatherer:
    """Tries what `ConnectProbe` names."""

    def __init__(
        self, *, port_map: Mapping[int, int] = MappingProxyType({}), allow_private: bool = False, patience: float = PATIENCE
    ) -> None:
        """`port_map`: connect to B where A is meant, in a lab. `allow_private`: other than public addresses are tried too."""
        self._port_map = dict(port_map)
        self._allow_private = allow_private
        self._patience = patience
        self._slots = asyncio.Semaphore(IN_FLIGHT)

    async def __call__(self, probe: ConnectProbe, budget: float) -> ConnectReading:
        """Connect. Comes back before `budget` seconds are over and never raises for a fault of the other side."""
        reach = kind(probe.address)
        if reach is None or (reach is not Kind.PUBLIC and not self._allow_private):
            return _none(State.NOT_ATTEMPTED, ConnectFault.NOT_PUBLIC, "the address is not one that the world can reach")
        ends = asyncio.get_running_loop().time() + budget - min(MARGIN, budget / 5)
        try:
            async with asyncio.timeout_at(ends), self._slots:
                return await self._connect(probe)
        except TimeoutError:  # we were in a hurry, which says nothing about the other side
            detail = "the time for the whole run was up before a connection came about"
            return _none(State.NOT_ATTEMPTED, ConnectFault.NONE, detail)

    async def _connect(self, probe: ConnectProbe) -> ConnectReading:
        patience = asyncio.timeout(self._patience)
        try:
            async with patience:
                wire = await open_wire(probe.address, self._port_map.get(probe.port, probe.port))
        except (OSError, OverflowError) as error:
            if patience.expired():
                return _none(State.TIMEOUT, ConnectFault.TIMEOUT, f"no connection came about within {self._patience:g} s")
            return _no_connection(error)
        wire.close()
        return ConnectReading(state=State.OK)


def _none(state: State, fault: ConnectFault, detail: str) -> ConnectReading:
    return ConnectReading(state=state, fault=fault, detail=detail)


def _no_connection(error: OSError | OverflowError) -> ConnectReading:
    match why(error):
        case Why.REFUSED | Why.CUT:
            return _none(State.REFUSED, ConnectFault.REFUSED, "nothing listens on this port, or a firewall turns us away")
        case Why.LATE:
            return _none(State.TIMEOUT, ConnectFault.TIMEOUT, "no connection came about in time")
        case Why.NO_WAY:
            return _none(State.NOT_ATTEMPTED, ConnectFault.UNREACHABLE, "there is no way from this machine to that address")
    return _none(State.NOT_ATTEMPTED, ConnectFault.FAILED, "the connection could not be tried")
