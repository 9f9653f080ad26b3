"""Asks the name servers of a zone themselves, one at a time and without recursion. What their answers mean together is checks.rules."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Self

from checks.evidence import State
from checks.gather.dns import PORT
from checks.gather.dns_inquiry import Inquiry, Timing
from checks.gather.dns_meaning import Fault
from checks.gather.dns_server import Server
from checks.gather.dns_wire import NotANameError, name_text, question
from checks.probes import AuthorityProbe, DnsReading

IN_FLIGHT = 50
PATIENCE = 4.0  # seconds; one server that sleeps must not hold up a run that does not depend on it


class AuthorityGatherer:
    """Answers authority probes. Belongs to one event loop; close it, or use it in `async with`."""

    def __init__(self, *, port: int = PORT, timeout: float = 1.0, tries: int = 2, tcp_timeout: float = 3.0) -> None:
        """`timeout`: for the first answer, doubled with the second try."""
        self._port = port
        self._timing = Timing(timeout=timeout, tries=tries, tcp_timeout=tcp_timeout, recursion=False)
        self._slots = asyncio.Semaphore(IN_FLIGHT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Nothing is held open between two questions."""
        await asyncio.sleep(0)  # asyncio closes a socket in the next round of its loop

    async def __call__(self, probe: AuthorityProbe, budget: float) -> DnsReading:
        """Ask. Never raises for a fault of the other side, and is done within `budget` seconds."""
        try:
            async with self._slots, asyncio.timeout(budget):
                return await self._ask(probe)
        except NotANameError as error:
            return DnsReading(state=State.BOGUS, detail=str(error))
        except TimeoutError:
            return DnsReading(state=State.TIMEOUT, detail=f"no answer came in the {budget:.1f} seconds that were left")

    async def _ask(self, probe: AuthorityProbe) -> DnsReading:
        asked = question(probe.name, probe.type)
        server = Server(probe.address, self._port)
        try:
            ends = asyncio.get_running_loop().time() + PATIENCE
            outcome = await Inquiry(asked, [server], timing=self._timing, ends=ends, pace=_at_once).run()
        finally:
            server.close()
        if isinstance(outcome, Fault):
            return DnsReading(state=outcome.state, detail=outcome.detail)
        reply = outcome.reply
        if not reply.authoritative:  # RFC 1034 section 4.3.1: what it heard from others is not what the zone says
            return DnsReading(state=State.REFUSED, detail=f"the name server {server.label} has no authority for {probe.name}")
        found = DnsReading(state=State.OK, chain=tuple(map(name_text, reply.chain)), server=outcome.server)
        if outcome.state is None:
            return found  # an alias that leads elsewhere
        return replace(
            found,
            state=outcome.state,
            records=tuple(sorted(reply.records, key=lambda record: (record.preference, record.value))),
            negative_ttl=None if outcome.state is State.OK else reply.negative_ttl,
        )


async def _at_once() -> None:
    """There is no hurry to hold back: each server is asked two questions."""
