"""What the name server says of DNSSEC: that it vouches for an answer, or why it refuses to give a false one."""

from __future__ import annotations

import asyncio

import dns.flags
import pytest

from checks.evidence import State
from checks.gather.dns import DnsGatherer
from checks.probes import DnsProbe, DnsReading
from tests.fakes.dns_server import DnsServer, Exchange, Packet, Step, plainly, rcode

ZONE = """
@ A 192.0.2.1
www CNAME other.example.
other.example. A 192.0.2.2
"""


def vouched(exchange: Exchange) -> list[Packet]:
    """The truth, and that DNSSEC proves it."""
    exchange.answer.flags |= dns.flags.AD
    return plainly(exchange)


def ask(
    name: str, rdtype: str, *, always: Step = plainly, script: tuple[Step, ...] = (), aliases_only: bool = False
) -> DnsReading:
    async def run(server: DnsServer) -> DnsReading:
        async with DnsGatherer([server.endpoint]) as gather:
            return await gather(DnsProbe(name, rdtype), 3)

    with DnsServer(ZONE, always=always, script=script, aliases_only=aliases_only) as server:
        return asyncio.run(run(server))


@pytest.mark.parametrize(
    ("name", "rdtype", "state"),
    [("club.example", "A", State.OK), ("club.example", "MX", State.NODATA), ("no.club.example", "A", State.NXDOMAIN)],
)
def test_what_the_server_vouches_for_is_authentic(name: str, rdtype: str, state: State) -> None:
    """There is one, there is none, there is no such name: each with and without the flag."""
    for always, authentic in ((vouched, True), (plainly, False)):
        reading = ask(name, rdtype, always=always)
        assert (reading.state, reading.authentic) == (state, authentic)


def test_an_alias_is_authentic_only_with_its_target() -> None:
    """One unproven step makes the whole answer unproven."""
    for script, authentic in (((vouched, vouched), True), ((vouched, plainly), False), ((plainly, vouched), False)):
        reading = ask("www.club.example", "A", script=script, aliases_only=True)
        assert (reading.values, reading.authentic) == (("192.0.2.2",), authentic)


def test_false_data_has_its_codes() -> None:
    """RFC 8914: why it is false is kept as numbers, beside the words."""
    reading = ask("club.example", "A", always=rcode("SERVFAIL", (7, ""), (22, "")))
    assert (reading.state, reading.errors, reading.authentic) == (State.BOGUS, (7, 22), False)
