"""One question, until it is settled: sends, waits, sends again, goes to the next server, to TCP, or does without EDNS.

A server that fails is remembered with its reason. The first server that settles the question ends it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from checks.evidence import State
from checks.gather.dns_meaning import Fault, Settled, meaning
from checks.gather.dns_server import Server, Ticket
from checks.gather.dns_wire import BADVERS, FORMERR, NOTIMP, MalformedError, Question, Reply, query, read

BACK_OFF = 2  # each turn waits twice as long as the one before
FORGERY_PATIENCE = 0.3  # seconds that a true answer has, after one that cannot be read
SERVFAILS = 2  # per server: one of them may be the passing fault of a server further on
SERVFAIL_PAUSE = 0.2
SILENCE = 30.0  # seconds that a server which gave no answer is asked last
MAX_EVENTS = 64  # unread packets for one question; more is a flood
SEVERITY = (
    State.SERVFAIL,
    State.REFUSED,
    State.BOGUS,
    State.NOT_ATTEMPTED,
    State.TIMEOUT,
)  # which reason says most, if all servers failed


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long to wait, in seconds."""

    timeout: float
    """For the first answer of each server."""
    tries: int
    """Messages to each server."""
    tcp_timeout: float
    recursion: bool = True
    """Whether the server is to look the name up where it does not know it (RD)."""


class Inbox:
    """What the sockets hand over for one question."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: deque[tuple[Server, bytes | OSError]] = deque(maxlen=MAX_EVENTS)
        self._wake: asyncio.Future[None] | None = None

    def put(self, server: Server, event: bytes | OSError) -> None:
        """Called by a socket."""
        self._events.append((server, event))
        self._ring()

    async def get(self, until: float) -> tuple[Server, bytes | OSError] | None:
        """Wait for the next one; None when the time is up."""
        if not self._events:
            self._wake = self._loop.create_future()
            alarm = self._loop.call_at(until, self._ring)
            try:
                await self._wake
            finally:
                alarm.cancel()
                self._wake = None
        return self._events.popleft() if self._events else None

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Inquiry:
    """Settles one question within `ends` (loop time). Use once."""

    def __init__(
        self, asked: Question, servers: Sequence[Server], *, timing: Timing, ends: float, pace: Callable[[], Awaitable[None]]
    ) -> None:
        self._asked = asked
        self._servers = list(servers)
        self._timing = timing
        self._ends = ends
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._tickets: dict[Server, Ticket] = {}
        self._plain: set[Server] = set()
        self._sent_edns: set[Server] = set()
        self._faults: dict[Server, Fault] = {}
        self._servfails: Counter[Server] = Counter()
        self._began = self._loop.time()
        self._until = ends

    async def run(self) -> Settled | Fault:
        """Ask until somebody settles it, or everybody has failed, or the time is up."""
        try:
            for turn in range(self._timing.tries):
                for server in tuple(self._servers):
                    if server in self._servers and self._loop.time() < self._ends:
                        outcome = await self._turn(server, turn)
                        if outcome is not None:
                            return outcome
            return self._conclusion()
        finally:
            for server, ticket in self._tickets.items():
                server.release(ticket)

    async def _turn(self, server: Server, turn: int) -> Settled | Fault | None:
        """Send once and wait. Late answers of the others count as well."""
        if self._servfails[server]:
            await asyncio.sleep(min(SERVFAIL_PAUSE, max(0.0, self._ends - self._loop.time())))
        last_of_several = 0 < turn == self._timing.tries - 1
        if last_of_several and server not in self._faults:
            self._plain.add(server)  # some firewalls drop what has EDNS in it
        self._wait(self._timing.timeout * BACK_OFF**turn)
        await self._send(server)
        servfails = self._servfails[server]
        while server in self._servers and self._servfails[server] == servfails:
            if (event := await self._inbox.get(self._until)) is None:
                server.silent_until = self._loop.time() + SILENCE
                return None
            outcome = await self._hear(*event)
            if isinstance(outcome, Settled) or (isinstance(outcome, Fault) and outcome.final):
                return outcome
        return None

    async def _send(self, server: Server) -> None:
        await self._pace()
        try:
            if server not in self._tickets:
                self._tickets[server] = await server.reserve(lambda event: self._inbox.put(server, event))
            ticket = self._tickets[server]
            edns = server.speaks_edns and server not in self._plain
            (self._sent_edns.add if edns else self._sent_edns.discard)(server)
            ticket.line.send(query(self._asked, ticket.number, edns=edns, recursion=self._timing.recursion))
        except OSError as error:
            self._unreachable(server, error)

    async def _hear(self, server: Server, event: bytes | OSError) -> Settled | Fault | None:
        if isinstance(event, OSError):
            self._unreachable(server, event)
            return None
        reply = self._read(server, event)
        if reply is not None and reply.truncated:
            reply = await self._over_tcp(server)
        return None if reply is None else await self._judge(server, reply)

    async def _judge(self, server: Server, reply: Reply) -> Settled | Fault | None:
        if reply.rcode in (FORMERR, NOTIMP, BADVERS) and server in self._sent_edns:
            server.speaks_edns = False  # RFC 6891 section 7: an old server; ask it in the old way
            self._wait(self._timing.timeout)
            await self._send(server)
            return None
        server.silent_until = 0.0
        outcome = meaning(reply, server.label)
        if isinstance(outcome, Fault):
            self._failed(server, outcome)
        elif server in self._plain:
            server.speaks_edns = False
        return outcome

    def _failed(self, server: Server, fault: Fault) -> None:
        self._faults[server] = fault
        self._servfails[server] += fault.state is State.SERVFAIL
        if fault.state is not State.SERVFAIL or self._servfails[server] >= SERVFAILS:
            self._drop(server)

    def _drop(self, server: Server) -> None:
        if server in self._servers:
            self._servers.remove(server)

    def _unreachable(self, server: Server, error: OSError) -> None:
        server.silent_until = self._loop.time() + SILENCE
        reason = "nothing listens there" if isinstance(error, ConnectionRefusedError) else "there is no way to it"
        self._faults[server] = Fault(
            state=State.NOT_ATTEMPTED, detail=f"the name server {server.label} cannot be asked: {reason}"
        )
        self._drop(server)

    def _read(self, server: Server, data: bytes) -> Reply | None:
        """Read a message; one that cannot be read may be forged, so that the true one gets a moment more."""
        try:
            return read(data, self._asked)
        except MalformedError as error:
            self._faults[server] = Fault(
                state=State.BOGUS, detail=f"the name server {server.label} answers with a broken message: {error}"
            )
            self._wait(min(FORGERY_PATIENCE, self._until - self._loop.time()))
            return None

    async def _over_tcp(self, server: Server) -> Reply | None:
        """Fetch an answer that did not fit into a packet. Never falls back to the part that did."""
        number, recursion = self._tickets[server].number, self._timing.recursion
        message = query(self._asked, number, edns=server.speaks_edns, recursion=recursion)
        seconds = min(self._timing.tcp_timeout, max(0.0, self._ends - self._loop.time()))
        what = f"the answer is too long for one packet, and the name server {server.label}"
        try:
            async with asyncio.timeout(seconds):
                data = await server.over_tcp(message)
            reply = read(data, self._asked) if data[:2] == message[:2] else None
        except TimeoutError:
            fault = Fault(state=State.TIMEOUT, detail=f"{what} did not give it over TCP in time")
        except ConnectionRefusedError:
            fault = Fault(state=State.REFUSED, detail=f"{what} refuses TCP")
        except (OSError, EOFError):
            fault = Fault(state=State.SERVFAIL, detail=f"{what} broke the TCP connection off")
        except MalformedError as error:
            fault = Fault(state=State.BOGUS, detail=f"the name server {server.label} answers with a broken message: {error}")
        else:
            if reply is not None and not reply.truncated:
                return reply
            fault = Fault(state=State.SERVFAIL, detail=f"{what} gave no whole one over TCP either")
        self._faults[server] = fault
        self._drop(server)
        return None

    def _wait(self, seconds: float) -> None:
        self._until = min(self._loop.time() + seconds, self._ends)

    def _conclusion(self) -> Fault:
        """Everybody failed: tell the reason that says most."""
        for state in SEVERITY:
            if state_faults := [fault.detail for fault in self._faults.values() if fault.state is state]:
                return Fault(state=state, detail="; ".join(dict.fromkeys(state_faults)))
        names = ", ".join(server.label for server in self._servers)
        return Fault(
            state=State.TIMEOUT, detail=f"no answer came from {names} within {self._loop.time() - self._began:.1f} seconds"
        )
