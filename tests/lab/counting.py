"""A forwarder on loopback that counts: every question that goes to a name server behind it, over UDP and over TCP."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self, cast

import dns.rdatatype

from .process import LOOPBACK

TRIES = 50  # until a port is free for UDP and TCP
IDS = 1 << 16
HEADER = 12  # RFC 1035 section 4.1.1

Asked = tuple[str, str]
"""Name in lower case without trailing dot, and type."""


class Counter:
    """Passes questions on. Belongs to one event loop; use it in `async with`. `udp` and `tcp` are what was asked, in order."""

    def __init__(self, port: int) -> None:
        """`port`: of the name server on loopback."""
        self.udp: list[Asked] = []
        self.tcp: list[Asked] = []
        self.port = 0
        self._behind = port
        self._number = 0
        self._waiting: dict[int, tuple[bytes, tuple[str, int]]] = {}

    def reset(self) -> None:
        """Begin to count anew."""
        self.udp.clear()
        self.tcp.clear()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._back, _ = await loop.create_datagram_endpoint(lambda: _Back(self), remote_addr=(LOOPBACK, self._behind))
        for _ in range(TRIES):
            self._front, _ = await loop.create_datagram_endpoint(lambda: _Front(self), local_addr=(LOOPBACK, 0))
            self.port = self._front.get_extra_info("sockname")[1]
            with suppress(OSError):
                self._server = await asyncio.start_server(self._converse, LOOPBACK, self.port)
                return self
            self._front.close()
        raise OSError("no port is free for both UDP and TCP")

    async def __aexit__(self, *exc: object) -> None:
        self._front.close()
        self._back.close()
        self._server.close()
        await self._server.wait_closed()
        await asyncio.sleep(0)  # asyncio closes a socket in the next round of its loop

    def forth(self, data: bytes, client: tuple[str, int]) -> None:
        """Pass a question on under an id of our own; two clients may have chosen the same."""
        self.udp.append(question_of(data))
        self._number = (self._number + 1) % IDS
        self._waiting[self._number] = data[:2], client
        self._back.sendto(self._number.to_bytes(2, "big") + data[2:])

    def back(self, data: bytes) -> None:
        """Pass an answer back."""
        if (known := self._waiting.pop(int.from_bytes(data[:2], "big"), None)) is not None:
            self._front.sendto(known[0] + data[2:], known[1])

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection(LOOPBACK, self._behind)
        try:
            while True:
                message = await _framed(reader)
                self.tcp.append(question_of(message))
                here.write(len(message).to_bytes(2, "big") + message)
                answer = await _framed(there)
                writer.write(len(answer).to_bytes(2, "big") + answer)
        except (OSError, EOFError):
            writer.transport.abort()
            here.transport.abort()


class _Front(asyncio.DatagramProtocol):
    """What the program under test talks to."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._counter.forth(data, cast("tuple[str, int]", addr))


class _Back(asyncio.DatagramProtocol):
    """What talks to the name server."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._counter.back(data)


async def _framed(reader: asyncio.StreamReader) -> bytes:
    """RFC 1035 section 4.2.2: two octets of length first."""
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


def question_of(wire: bytes) -> Asked:
    """Read the question of a message that we made ourselves (RFC 1035 section 4.1.2)."""
    labels: list[str] = []
    at = HEADER
    while length := wire[at]:
        labels.append(wire[at + 1 : at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    return ".".join(labels), dns.rdatatype.to_text(dns.rdatatype.RdataType.make(int.from_bytes(wire[at + 1 : at + 3], "big")))
