"""Waiting for a fix, without sockets: what words name, and whom is asked for what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.evidence import Probe, Reading, State
from checks.probes import AuthorityProbe, DnsProbe, DnsReading
from checks.rules._published import NameServer
from checks.subject import DomainSubject
from tests.fakes.zone import ZoneWorld
from wizard.watch import End, OwnServers, Watch, wanted

HEALTHY = """
@ NS ns1
@ NS ns2
ns1 A 198.41.0.4
ns2 A 199.9.14.201
@ TXT "v=spf1 mx -all"
@ MX 10 mail
mail A 192.0.2.25
key CNAME k1.mailer.example.
k1.mailer.example. TXT "found"
"""
WITHOUT = HEALTHY.replace('@ TXT "v=spf1 mx -all"', "")
SERVER = NameServer(name="ns1.club.example", address="198.41.0.4")


class World:
    """The usual name server and the zone's own, each with a zone of its own that changes from look to look."""

    def __init__(self, usual: list[str], own: dict[str, list[str]]) -> None:
        self._usual, self._own = usual, own
        self.asked: list[str] = []

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        self.asked.append(probe.id)
        if isinstance(probe, AuthorityProbe):
            zones = self._own.get(probe.address)
            if zones is None:
                return DnsReading(state=State.TIMEOUT)
        else:
            zones = self._usual
        assert isinstance(probe, AuthorityProbe | DnsProbe)
        counts_as_look = (probe.name, probe.type) == ("club.example", "TXT")
        zone = zones.pop(0) if counts_as_look and len(zones) > 1 else zones[0]
        return ZoneWorld(zone).answer(probe.name, probe.type)


def watch(world: World, *words: str, seconds: float = 5.0) -> tuple[End, list[str]]:
    said: list[str] = []
    subject = DomainSubject(now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC), domain="club.example")
    task = Watch(subject=subject, wanted=wanted(words), gather=world, say=said.append, interval=0.01)
    return asyncio.run(task.run(seconds)), said


def test_the_usual_name_server_is_not_asked_before_all_own_ones_have_it() -> None:
    """First both own servers, one of which lags behind; only then the one that remembers."""
    world = World([HEALTHY], {"198.41.0.4": [WITHOUT, HEALTHY], "199.9.14.201": [WITHOUT, WITHOUT, WITHOUT, HEALTHY]})
    end, said = watch(world, "spf.missing")
    assert end is End.GONE
    assert "published on 0 of 2" in said[0]
    assert any("published on 1 of 2" in line for line in said)
    first = world.asked.index("dns club.example TXT")
    assert not [probe for probe in world.asked[first:] if probe.startswith("authority")]


def test_what_is_published_and_not_visible_is_waited_for() -> None:
    """The old state is seen for a while, until a time that is named."""
    own = {"198.41.0.4": [HEALTHY], "199.9.14.201": [HEALTHY]}
    end, said = watch(World([WITHOUT, WITHOUT, HEALTHY], own), "spf.record")
    assert end is End.GONE
    assert said[0].startswith("published on all 2 name servers; not visible yet: club.example publishes no SPF record")
    assert "the old state may be seen until" in said[0]


def test_a_server_that_sleeps_does_not_hold_up_the_others() -> None:
    """Of two servers one never answers."""
    end, _ = watch(World([HEALTHY], {"198.41.0.4": [WITHOUT, HEALTHY]}), "spf.missing")
    assert end is End.GONE


def test_without_own_servers_the_usual_one_is_asked() -> None:
    """Port 53 may be closed to us."""
    end, said = watch(World([WITHOUT, HEALTHY], {}), "spf.missing")
    assert end is End.GONE
    assert "cannot be asked from here" in said[0]


def test_the_time_ends_it() -> None:
    """What stays, stays."""
    end, said = watch(World([WITHOUT], {}), "spf.missing", seconds=0.3)
    assert end is End.TIME_UP
    assert "publishes no SPF record" in said[-1]


def follow(answer: Callable[[Probe[Any], float], Awaitable[Reading]], name: str) -> DnsReading:
    reading = asyncio.run(OwnServers(answer, "club.example", SERVER)(DnsProbe(name, "TXT"), 5))  # type: ignore[arg-type]
    assert isinstance(reading, DnsReading)
    return reading


def test_an_alias_that_leads_out_of_the_zone_is_followed_in_the_usual_way() -> None:
    """A signing key often lies with the provider."""

    async def answer(probe: Probe[Any], budget: float) -> Reading:
        if isinstance(probe, AuthorityProbe):
            return DnsReading(state=State.OK, chain=("k1.mailer.example",))
        return ZoneWorld(HEALTHY).answer(probe.name, probe.type)  # type: ignore[attr-defined]

    reading = follow(answer, "key.club.example")
    assert (reading.chain, reading.values) == (("k1.mailer.example",), ("found",))


def test_aliases_in_circles_end() -> None:
    """A hostile zone cannot make us ask for ever."""

    async def answer(probe: Probe[Any], budget: float) -> Reading:
        return DnsReading(state=State.OK, chain=("key.club.example",))

    assert follow(answer, "key.club.example").state is State.SERVFAIL


def test_a_part_that_others_serve_is_asked_in_the_usual_way() -> None:
    """The zone's server refuses what it delegated."""

    async def answer(probe: Probe[Any], budget: float) -> Reading:
        if isinstance(probe, AuthorityProbe):
            return DnsReading(state=State.REFUSED)
        return DnsReading(state=State.NODATA)

    assert follow(answer, "_dmarc.club.example").state is State.NODATA


def test_words_name_codes_checks_and_families() -> None:
    """A code waits for itself; a check or a family for all its faults."""
    code, whole, family = wanted(["spf.missing"]), wanted(["spf.record"]), wanted(["dmarc"])
    assert (sorted(code.codes), sorted(code.whole)) == (["spf.missing"], [])
    assert [check.id for check in code.checks] == ["spf.record"]
    assert (sorted(whole.codes), sorted(whole.whole)) == ([], ["spf.record"])
    assert {"dmarc.record", "dmarc.syntax"} <= family.whole
    for word in ("spf.mising", "tls.offered", "settings"):
        with pytest.raises(ValueError, match=word):
            wanted([word])
