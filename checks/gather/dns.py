"""Asks DNS. Knows nothing of SPF or mail; that is checks.rules.

One `DnsGatherer` serves a whole run. Names are absolute, no search list is ever used, and every failure is a reading with a reason.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from typing import Self

from checks.evidence import State
from checks.gather.dns_inquiry import Inquiry, Timing
from checks.gather.dns_meaning import Fault, Settled
from checks.gather.dns_server import Server
from checks.gather.dns_wire import MAX_CHAIN, NotANameError, Question, name_text, question
from checks.probes import DnsProbe, DnsReading

PORT = 53
IN_FLIGHT = 200  # questions at a time; a small resolver drops more than that
PATIENCE = 15.0  # seconds for one question; a resolver that has not settled it by then will not
HOW_TO_WRITE = "a name server is given by its IP address, like 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"


def system_nameservers() -> tuple[tuple[str, int], ...]:
    """Return the addresses and ports of this computer's resolvers; empty if it has none."""
    import dns.resolver  # noqa: PLC0415 - slow to import, and not needed with --nameserver

    try:
        configured = dns.resolver.Resolver(configure=True)
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple((server, configured.port) for server in configured.nameservers if isinstance(server, str))


def parse_nameserver(text: str) -> tuple[str, int]:
    """Read `ADDRESS[:PORT]` of --nameserver. Raises `ValueError` with a sentence for a person."""
    value = text.strip()
    match = re.fullmatch(r"\[([^\[\]]*)\](?::(\d{1,5}))?|([^:\[\]]*)(?::(\d{1,5}))?", value, re.ASCII)
    address, digits = (match[1] or match[3] or "", match[2] or match[4]) if match else (value, None)
    port = int(digits) if digits else PORT
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(HOW_TO_WRITE) from None
    if match and (match[1] is not None) != (known.version == 6):  # brackets are for IPv6
        raise ValueError(HOW_TO_WRITE)
    if not 0 < port < 1 << 16:
        raise ValueError("the port of a name server is a number from 1 to 65535")
    return str(known), port


class DnsGatherer:
    """Answers DNS probes. Belongs to one event loop; close it, or use it in `async with`."""

    def __init__(
        self,
        nameservers: Sequence[tuple[str, int]],
        *,
        timeout: float = 1.5,
        tries: int = 3,
        tcp_timeout: float = 5.0,
        in_flight: int = IN_FLIGHT,
        per_second: float = 0.0,
    ) -> None:
        """`timeout`: for the first answer of a server, doubled with each try. `per_second`: questions sent at most; 0 is no limit."""
        self._servers = tuple(Server(address, port) for address, port in nameservers)
        self._timing = Timing(timeout=timeout, tries=tries, tcp_timeout=tcp_timeout)
        self._slots = asyncio.Semaphore(in_flight)
        self._gap = 1 / per_second if per_second else 0.0
        self._next_send = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all sockets."""
        for server in self._servers:
            server.close()
        await asyncio.sleep(0)  # asyncio closes a socket in the next round of its loop

    async def __call__(self, probe: DnsProbe, budget: float) -> DnsReading:
        """Ask. Never raises for a fault of the other side, and is done within `budget` seconds."""
        if not self._servers:
            return DnsReading(state=State.NOT_ATTEMPTED, detail="this computer names no name server; give one with --nameserver")
        try:
            asked = question(probe.name, probe.type)
        except NotANameError as error:
            return DnsReading(state=State.BOGUS, detail=str(error))
        try:
            async with asyncio.timeout(budget):
                return await self._follow(asked)
        except TimeoutError:
            return DnsReading(state=State.TIMEOUT, detail=f"no answer came in the {budget:.1f} seconds that were left")

    async def _follow(self, asked: Question) -> DnsReading:
        """Ask, and ask again for the target of an alias that the server did not follow itself."""
        chain: list[bytes] = []
        authentic = True
        while True:
            outcome = await self._ask(asked)
            if isinstance(outcome, Fault):
                return DnsReading(state=outcome.state, detail=outcome.detail, chain=_texts(chain), errors=outcome.errors)
            chain += outcome.reply.chain
            authentic = authentic and outcome.reply.authentic
            if len(chain) > MAX_CHAIN:
                return DnsReading(
                    state=State.SERVFAIL,
                    detail="the aliases (CNAME) run in circles or are too many",
                    chain=_texts(chain[:MAX_CHAIN]),
                )
            if outcome.state is not None:
                return DnsReading(
                    state=outcome.state,
                    # RFC 2181 section 5: a set, whose order servers change from answer to answer; the same zone reads alike.
                    records=tuple(sorted(outcome.reply.records, key=lambda record: (record.preference, record.value))),
                    chain=_texts(chain),
                    negative_ttl=None if outcome.state is State.OK else outcome.reply.negative_ttl,
                    server=outcome.server,
                    authentic=authentic,
                )
            asked = Question(outcome.reply.last_name, asked.type)

    async def _ask(self, asked: Question) -> Settled | Fault:
        async with self._slots:
            now = asyncio.get_running_loop().time()
            servers = sorted(self._servers, key=lambda server: server.silent_until > now)
            return await Inquiry(asked, servers, timing=self._timing, ends=now + PATIENCE, pace=self._pace).run()

    async def _pace(self) -> None:
        """Wait for our turn on the wire."""
        if self._gap:
            now = asyncio.get_running_loop().time()
            self._next_send = max(now, self._next_send + self._gap)
            await asyncio.sleep(self._next_send - now)


def _texts(names: list[bytes]) -> tuple[str, ...]:
    return tuple(map(name_text, names))
