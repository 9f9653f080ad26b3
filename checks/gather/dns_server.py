"""The way to one name server: a few shared UDP sockets on random ports, and TCP for long answers. Knows nothing of what is asked.

The sockets are connected, so that the kernel drops what comes from elsewhere and reports a dead port at once. An answer is handed
to whoever waits for its id on its socket; all else is dropped.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

Waiter = Callable[[bytes | OSError], None]

SOCKETS = 4  # per server; each has its own random port, and with the random id that is what a forger must guess (RFC 5452)
USES = 500  # questions until a socket makes way for one on another port
IDS = 1 << 16


class Line(asyncio.DatagramProtocol):
    """One UDP socket, connected to the server."""

    def __init__(self) -> None:
        self.waiting: dict[int, Waiter] = {}
        self.uses = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the kernel has compared the address
        """Hand an answer to whoever waits for its id."""
        if waiter := self.waiting.get(int.from_bytes(data[:2], "big")):
            waiter(data)

    def error_received(self, exc: Exception) -> None:
        """Tell everybody on this socket; it leads to one port of one host."""
        for waiter in tuple(self.waiting.values()):
            waiter(exc if isinstance(exc, OSError) else OSError(str(exc)))

    def send(self, data: bytes) -> None:
        """Put a message on the wire. Errors come back through `error_received`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)

    def close(self) -> None:
        """Close the socket. What still comes is lost."""
        if self._transport is not None:
            self._transport.close()


@dataclass(slots=True)
class Ticket:
    """The right to one id on one socket, until `Server.release`."""

    line: Line
    number: int


class Server:
    """A name server and our sockets to it."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = port
        self.label = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        self.speaks_edns = True
        self.silent_until = 0.0
        """It did not answer lately; until then others are asked first."""
        self._lines: list[Line] = []
        self._retired: set[Line] = set()
        self._opening = asyncio.Lock()

    async def reserve(self, waiter: Waiter) -> Ticket:
        """Take an id that nobody else on the socket has. Raises `OSError` if there is no way to the server."""
        if len(self._lines) < SOCKETS:
            async with self._opening:
                if len(self._lines) < SOCKETS:
                    self._lines.append(await self._open())
        line = self._lines[secrets.randbelow(len(self._lines))]
        number = secrets.randbelow(IDS)
        while number in line.waiting:
            number = (number + 1 + secrets.randbelow(IDS // 2)) % IDS
        line.waiting[number] = waiter
        line.uses += 1
        if line.uses >= USES:
            self._lines.remove(line)
            self._retired.add(line)
        return Ticket(line, number)

    def release(self, ticket: Ticket) -> None:
        """Give the id back. What comes for it later is dropped."""
        line = ticket.line
        line.waiting.pop(ticket.number, None)
        if not line.waiting and line in self._retired:
            self._retired.remove(line)
            line.close()

    async def over_tcp(self, message: bytes) -> bytes:
        """Ask over TCP (RFC 7766 section 8: two octets of length first). Raises `OSError` or `EOFError`."""
        reader, writer = await asyncio.open_connection(self.address, self.port)
        try:
            writer.write(len(message).to_bytes(2, "big") + message)
            length = int.from_bytes(await reader.readexactly(2), "big")  # so never more than 65,535
            return await reader.readexactly(length)
        finally:
            writer.transport.abort()

    def close(self) -> None:
        """Close all sockets."""
        for line in (*self._lines, *self._retired):
            line.close()
        self._lines.clear()
        self._retired.clear()

    async def _open(self) -> Line:
        _, line = await asyncio.get_running_loop().create_datagram_endpoint(Line, remote_addr=(self.address, self.port))
        return line
