"""Measures questions per second: our DNS gatherer against dnspython's own asynchronous resolver.

Both ask the same name server on loopback (a process of its own, answering from memory) in one run, in turns, best of three.
Usage: python -m bench.dns [QUESTIONS]
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import dns.asyncresolver
import dns.message
import dns.rrset

from checks.evidence import State
from checks.gather.dns import DnsGatherer
from checks.probes import DnsProbe

QUESTIONS = 4_000
AT_ONCE = 100
ROUNDS = 3
NAME = "h{number}.club.example"


def serve(ready: Connection) -> None:
    """Answer every question with one TXT record, and authority and additional sections as name servers send them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        ready.send(udp.getsockname()[1])
        message = dns.message.make_response(dns.message.make_query(NAME.format(number=1000), "TXT"), recursion_available=True)
        message.answer.append(
            dns.rrset.from_text(message.question[0].name, 300, "IN", "TXT", '"v=spf1 include:spf.example -all"')
        )
        message.authority.append(dns.rrset.from_text("club.example.", 300, "IN", "NS", "ns1.club.example.", "ns2.club.example."))
        message.additional += [dns.rrset.from_text(f"ns{n}.club.example.", 300, "IN", "A", f"192.0.2.{n}") for n in (1, 2)]
        wire = message.to_wire()
        end = len(message.question[0].name.to_wire() or b"") + 16
        while True:
            data, client = udp.recvfrom(4096)
            udp.sendto(data[:2] + wire[2:12] + data[12:end] + wire[end:], client)


async def measure(ask: Callable[[str], Awaitable[object]], count: int) -> float:
    """Return questions per second with `AT_ONCE` questions under way."""
    names = iter([NAME.format(number=1000 + number % 9000) for number in range(count)])

    async def worker() -> None:
        for name in names:
            await ask(name)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def compare(port: int, count: int) -> tuple[float, float]:
    """Return the best of each."""
    theirs = dns.asyncresolver.Resolver(configure=False)
    theirs.nameservers, theirs.port = ["127.0.0.1"], port

    async def ask_theirs(name: str) -> None:
        await theirs.resolve(f"{name}.", "TXT", search=False)

    async with DnsGatherer([("127.0.0.1", port)]) as gather:

        async def ask_ours(name: str) -> None:
            reading = await gather(DnsProbe(name, "TXT"), 30)
            assert reading.state is State.OK, reading

        rates = [(await measure(ask_ours, count), await measure(ask_theirs, count)) for _ in range(ROUNDS)]
    return max(ours for ours, _ in rates), max(theirs for _, theirs in rates)


def main() -> None:
    """Run both and print the ratio."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        ours, theirs = asyncio.run(compare(here.recv(), int(sys.argv[1]) if len(sys.argv) > 1 else QUESTIONS))
    finally:
        server.terminate()
    print(
        f"sendready: {ours:,.0f} questions/s   dnspython's asynchronous resolver: {theirs:,.0f} questions/s   ratio: {ours / theirs:.1f}"
    )


if __name__ == "__main__":
    main()
