"""The DNS gatherer against real name servers: NSD with its own zones only, and unbound in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from checks.evidence import State
from checks.gather.dns import DnsGatherer, parse_nameserver
from checks.probes import DnsProbe, DnsReading
from tests.lab.nsd import Nsd
from tests.lab.process import Workspace
from tests.lab.unbound import Unbound
from tests.lab.zones import BROKEN

pytestmark = pytest.mark.lab

MANY = "\n".join(f'many TXT "record {number:04d} {"x" * 60}"' for number in range(300))
LADDER = "\n".join(f"a{number} CNAME a{number + 1}" for number in range(9))
ZONES = {
    "club.example": rf"""
@ A 192.0.2.10
@ AAAA 2001:db8::10
@ MX 10 mail
@ TXT "v=spf1 mx -all"
mail A 192.0.2.25
www CNAME @
far CNAME mail.friends.example.
lost CNAME nowhere.friends.example.
empty CNAME text.friends.example.
loop1 CNAME loop2
loop2 CNAME loop1
*.wild TXT "any"
odd\.name TXT "dot"
{MANY}
{LADDER}
a9 A 192.0.2.9
""",
    "friends.example": 'mail A 198.51.100.25\ntext TXT "here"',
    "broken.example": BROKEN,
}

CASES = [
    ("club.example", "A", State.OK, ("192.0.2.10",), ()),
    ("club.example", "MX", State.OK, ("mail.club.example",), ()),
    ("club.example", "CAA", State.NODATA, (), ()),
    ("nowhere.club.example", "A", State.NXDOMAIN, (), ()),
    ("nowhere.example", "A", State.NXDOMAIN, (), ()),
    ("www.club.example", "AAAA", State.OK, ("2001:db8::10",), ("club.example",)),
    ("www.club.example", "SRV", State.NODATA, (), ("club.example",)),
    ("far.club.example", "A", State.OK, ("198.51.100.25",), ("mail.friends.example",)),
    ("far.club.example", "AAAA", State.NODATA, (), ("mail.friends.example",)),
    ("lost.club.example", "A", State.NXDOMAIN, (), ("nowhere.friends.example",)),
    ("empty.club.example", "A", State.NODATA, (), ("text.friends.example",)),
    ("a0.club.example", "A", State.OK, ("192.0.2.9",), tuple(f"a{number}.club.example" for number in range(1, 10))),
    ("x.wild.club.example", "TXT", State.OK, ("any",), ()),
    (r"odd\.name.club.example", "TXT", State.OK, ("dot",), ()),
    ("wild.club.example", "TXT", State.NODATA, (), ()),
    ("broken.example", "TXT", State.SERVFAIL, (), ()),
]


@pytest.fixture(scope="module", name="servers")
def name_servers() -> Iterator[dict[str, str]]:
    workspace = Workspace()
    try:
        nsd = Nsd(workspace, ZONES)
        yield {"nsd": nsd.address, "unbound": Unbound(workspace, nsd).address}
    finally:
        workspace.close()


def ask(address: str, name: str, rdtype: str) -> DnsReading:
    async def run() -> DnsReading:
        async with DnsGatherer([parse_nameserver(address)], timeout=2) as gather:
            return await gather(DnsProbe(name, rdtype), 20)

    return asyncio.run(run())


@pytest.mark.parametrize("server", ["nsd", "unbound"])
@pytest.mark.parametrize(
    ("name", "rdtype", "state", "values", "chain"), CASES, ids=[f"{name}-{rdtype}" for name, rdtype, *_ in CASES]
)
def test_real_servers_are_understood(
    servers: dict[str, str], server: str, name: str, rdtype: str, state: State, values: tuple[str, ...], chain: tuple[str, ...]
) -> None:
    """The same reading from a server that answers for its own zones only and from one that looks everything up."""
    reading = ask(servers[server], name, rdtype)
    assert (reading.state, reading.values, reading.chain) == (state, values, chain)
    assert (reading.negative_ttl is not None) is (state in (State.NXDOMAIN, State.NODATA))


@pytest.mark.parametrize("server", ["nsd", "unbound"])
def test_a_long_answer_comes_over_tcp(servers: dict[str, str], server: str) -> None:
    assert len(ask(servers[server], "many.club.example", "TXT").records) == 300


@pytest.mark.parametrize("server", ["nsd", "unbound"])
def test_aliases_in_circles_end(servers: dict[str, str], server: str) -> None:
    assert ask(servers[server], "loop1.club.example", "A").state is State.SERVFAIL
