"""The gatherer that asks a zone's own name servers, against one on loopback."""

from __future__ import annotations

import asyncio
import time

import dns.flags

from checks.evidence import State
from checks.gather.dns_authority import AuthorityGatherer
from checks.probes import KINDS, AuthorityProbe, DnsReading
from tests.fakes import dns_server as steps
from tests.fakes.dns_server import DnsServer, Exchange, Packet

ZONE = """
@ TXT "v=spf1 mx -all"
www CNAME @
far CNAME target.elsewhere.example.
"""
LONG = "@ TXT " + " ".join('"' + "x" * 200 + '"' for _ in range(10))


def own(exchange: Exchange) -> list[Packet]:
    """Answer with authority, as a zone's own server does."""
    exchange.answer.flags |= dns.flags.AA
    return steps.plainly(exchange)


def ask(server: DnsServer, name: str, *, budget: float = 5.0, tries: int = 2) -> DnsReading:
    async def run() -> DnsReading:
        async with AuthorityGatherer(port=server.port, timeout=0.15, tries=tries, tcp_timeout=0.3) as gather:
            return await gather(AuthorityProbe(name, "TXT", "127.0.0.1"), budget)

    return asyncio.run(run())


def test_an_answer_with_authority_counts() -> None:
    """Value, time to live and server come as published."""
    with DnsServer(ZONE, always=own) as server:
        reading = ask(server, "Club.Example.")
    assert (reading.state, reading.values, reading.records[0].ttl) == (State.OK, ("v=spf1 mx -all",), 300)
    assert reading.server == server.address


def test_the_server_is_asked_not_to_ask_others() -> None:
    """RD is off, so that nothing is fetched into a cache on our account."""
    wishes = []

    def noting(exchange: Exchange) -> list[Packet]:
        wishes.append(bool(exchange.query.flags & dns.flags.RD))
        return own(exchange)

    with DnsServer(ZONE, always=noting) as server:
        ask(server, "club.example")
    assert wishes == [False]


def test_that_there_is_none_counts_with_its_time() -> None:
    """No such name, with the time that others will remember it."""
    with DnsServer(ZONE, always=own) as server:
        reading = ask(server, "_dmarc.club.example")
    assert (reading.state, reading.negative_ttl) == (State.NXDOMAIN, 300)


def test_what_a_server_heard_from_others_does_not_count() -> None:
    """A resolver's answer, a referral and a lame answer are failures with a reason."""
    for step in (steps.plainly, steps.referral, steps.lame, steps.rcode("REFUSED")):
        with DnsServer(ZONE, always=step) as server:
            reading = ask(server, "club.example")
        assert not reading.state.answered
        assert reading.detail


def test_an_alias_that_leads_away_is_not_followed() -> None:
    """The target stands in the chain, and nothing is said of its records."""
    with DnsServer(ZONE, always=own, aliases_only=True) as server:
        reading = ask(server, "far.club.example")
    assert (reading.state, reading.chain, reading.records) == (State.OK, ("target.elsewhere.example",), ())
    assert len(server.asked) == 1


def test_a_long_answer_comes_over_tcp() -> None:
    """A part of a record set is never taken for the whole."""
    with DnsServer(LONG, script=[steps.truncated], always=own) as server:
        reading = ask(server, "club.example")
    assert [asked.transport for asked in server.asked] == ["udp", "tcp"]
    assert reading.state in (State.OK, State.REFUSED)


def test_a_silent_server_costs_little_time() -> None:
    """No answer is a reading, soon."""
    began = time.monotonic()
    with DnsServer(ZONE, always=steps.drop) as server:
        reading = ask(server, "club.example")
    assert reading.state is State.TIMEOUT
    assert time.monotonic() - began < 2


def test_a_dead_port_is_told_at_once() -> None:
    """Where nothing listens, nothing is waited for."""
    with DnsServer(ZONE) as server:
        port = server.port

    async def run() -> DnsReading:
        async with AuthorityGatherer(port=port) as gather:
            return await gather(AuthorityProbe("club.example", "TXT", "127.0.0.1"), 5)

    began = time.monotonic()
    assert asyncio.run(run()).state is State.NOT_ATTEMPTED
    assert time.monotonic() - began < 1


def test_a_name_that_cannot_be_asked_is_a_reading() -> None:
    """Strangers' names never raise."""
    with DnsServer(ZONE) as server:
        assert ask(server, "a" * 70 + ".example").state is State.BOGUS


def test_the_probe_is_normal_and_known_to_saved_evidence() -> None:
    """Equal questions are equal probes."""
    probe = AuthorityProbe("Club.Example.", "txt", "2001:DB8:0::53")
    assert probe == AuthorityProbe("club.example", "TXT", "2001:db8::53")
    assert probe.id == "authority 2001:db8::53 club.example TXT"
    assert KINDS["authority"] is AuthorityProbe
