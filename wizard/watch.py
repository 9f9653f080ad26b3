"""Waits until a fix can be seen: first at the domain's own name servers, which remember nothing, then through the usual one.

Asking the usual name server for a record too early would make it remember for hours that there is none. Hence the names in the
domain's zone are asked of the zone's own servers until every one of them has the fix. Other people's names are asked in the usual way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from checks.catalogue import Check, catalogue, find
from checks.engine import Gatherer, Run
from checks.evidence import Evidence, Probe, Reading, Readings, State, Undetermined
from checks.model import CheckResult, Finding, Status
from checks.probes import AuthorityProbe, DnsProbe, DnsReading
from checks.records.org_domain import by_suffix_list, is_within
from checks.rules._published import NameServer, Zone, zone_of
from checks.subject import DomainSubject

ROUND = 30.0  # seconds for judging once
GROWTH = 1.5  # each question to the usual name server waits longer than the one before
LONGEST = 300.0  # seconds between two of them
MAX_CHAIN = 10  # aliases followed out of the zone
ALARMS = (Status.FAIL, Status.WARN)
OPEN = (Status.UNKNOWN, Status.BROKEN, Status.NOT_RUN)
DELEGATED = (State.SERVFAIL, State.REFUSED)  # how a server reads that has no authority for a name


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to disappear."""

    checks: tuple[Check, ...]
    """The checks that the words belong to."""
    codes: frozenset[str]
    """Codes that must no longer be said."""
    whole: frozenset[str]
    """Checks of which no fault at all may be said."""

    def still(self, results: Iterable[CheckResult]) -> list[Finding]:
        """Return what is still said of it."""
        return [
            finding
            for result in results
            for finding in result.findings
            if finding.code in self.codes or (result.check in self.whole and finding.status in ALARMS)
        ]


def wanted(words: Iterable[str]) -> Wanted:
    """Read codes, checks and families. Raises `ValueError` with a sentence for a person."""
    codes, whole, ids = set(), set(), set()
    for word in words:
        if not (named := find(word)):
            raise ValueError(f'"{word}" is no check. Give a code (spf.missing), a check (spf.record) or a family (spf)')
        if not (found := [check for check in named if check.subject_type is DomainSubject]):
            raise ValueError(f'"{word}" is not about DNS: watch waits for changes of a domain; for a server, check again')
        ids |= {check.id for check in found}
        if any(word in (check.id, check.family) for check in found):
            whole |= {check.id for check in found}
        else:
            codes.add(word)
    return Wanted(checks=tuple(check for check in catalogue() if check.id in ids), codes=frozenset(codes), whole=frozenset(whole))


class End(Enum):
    """How a watch ended."""

    GONE = "gone"
    TIME_UP = "time is up"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one look showed."""

    still: tuple[Finding, ...] = ()
    """What is to disappear and is there."""
    doubts: tuple[Finding, ...] = ()
    """What could not be determined."""
    said: tuple[Finding, ...] = ()
    """All that the checks say."""
    until: datetime | None = None
    """When the answers that were seen run out."""

    @property
    def is_gone(self) -> bool:
        return not self.still and not self.doubts

    @property
    def reason(self) -> str:
        """The first thing that stands in the way."""
        return next((finding.title for finding in (*self.still, *self.doubts)), "")


@dataclass(kw_only=True)
class Watch:
    """One watch over one domain."""

    subject: DomainSubject
    wanted: Wanted
    gather: Gatherer
    """The live gatherer, for the usual name server and for the zone's own."""
    say: Callable[[str], None]
    """Shows where things stand; the same words may come again and again."""
    interval: float
    last: Seen = field(default_factory=Seen)

    async def run(self, seconds: float) -> End:
        """Look until it is gone, or the time is up."""
        try:
            async with asyncio.timeout(seconds):
                count = await self._published()
                await self._visible(count)
        except TimeoutError:
            return End.TIME_UP
        return End.GONE

    async def _published(self) -> int:
        """Wait until the zone's own servers have it. Returns how many there are; 0 if they cannot be asked."""
        while True:
            zone, servers = await self._home()
            if not servers:
                self.say(f"the own name servers of {self.subject.domain} cannot be asked from here; asking the usual one")
                return 0
            looks = [await self._look(OwnServers(self.gather, zone.name, server)) for server in servers]
            waiting = [(server, look) for server, look in zip(servers, looks, strict=True) if not look.is_gone]
            if not waiting:
                return len(servers)
            self.last = waiting[0][1]
            self.say(f"published on {len(servers) - len(waiting)} of {len(servers)} name servers; {waiting[0][1].reason}")
            await asyncio.sleep(self.interval)

    async def _visible(self, count: int) -> None:
        """Wait until the usual name server shows it."""
        pause = self.interval
        while True:
            self.last = look = await self._look(self.gather)
            if look.is_gone:
                return
            where = f"published on all {count} name servers; " if count else ""
            until = f"; the old state may be seen until {look.until:%H:%M} {look.until:%Z}" if count and look.until else ""
            seen = "not visible yet" if look.still else "cannot be seen at the moment"  # no answer is no "not there"
            self.say(f"{where}{seen}: {look.reason}{until}")
            await asyncio.sleep(pause)
            pause = min(pause * GROWTH, max(LONGEST, self.interval))

    async def _look(self, gather: Gatherer) -> Seen:
        run = Run(gather=gather, deadline=ROUND)
        results = await run.judge(self.wanted.checks, [self.subject])
        still = self.wanted.still(results)
        everything = tuple(finding for result in results for finding in result.findings)
        doubts = tuple(finding for finding in everything if finding.status in OPEN and finding not in still)
        return Seen(still=tuple(still), doubts=doubts, said=everything, until=_runs_out(still, run.readings))

    async def _home(self) -> tuple[Zone, list[NameServer]]:
        """Find the zone that holds the domain, from the organisation's domain down, and the servers of it that answer.

        The domain's own name is not asked of the usual name server unless the zone above says that it is delegated.
        """
        run, domain = Run(gather=self.gather, deadline=ROUND), self.subject.domain
        for name in _downwards(domain):
            zone = await run.answer(lambda ev, name=name: self._zone(name, ev))  # type: ignore[misc]  # the default binds the name
            if not zone.name:
                continue
            if not zone.servers:
                break
            probes = {server: AuthorityProbe(domain, "SOA", server.address) for server in zone.servers}
            readings = await run.answer(lambda ev, probes=probes: ev.all(*probes.values()))  # type: ignore[misc]  # as above
            awake = [server for server, reading in zip(probes, readings, strict=True) if reading.state.answered]
            if awake:
                return zone, awake
            if not any(reading.state in DELEGATED for reading in readings):
                break
        return Zone(name=""), []

    def _zone(self, name: str, ev: Evidence) -> Zone:
        try:
            zone = zone_of(name, ev, allow_private=self.subject.allow_private)
        except Undetermined:
            return Zone(name="")
        return zone if zone.name == name else Zone(name="")


def _downwards(domain: str) -> list[str]:
    """Return the names from the organisation's domain down to the domain."""
    names, last = [domain], by_suffix_list(domain)
    while names[-1] != last:
        names.append(names[-1].partition(".")[2])
    return names[::-1]


def _runs_out(still: Iterable[Finding], readings: Readings) -> datetime | None:
    """Return when the answers behind the findings run out, counted from now."""
    consulted = {name for finding in still for name in finding.consulted}
    seconds = [
        max((record.ttl for record in reading.records), default=reading.negative_ttl or 0)
        for probe, reading in readings.items()
        if isinstance(reading, DnsReading) and probe.id in consulted
    ]
    return datetime.now().astimezone() + timedelta(seconds=max(seconds)) if any(seconds) else None


class OwnServers:
    """A gatherer that sees a zone as one of its own servers has it, and the rest of the world in the usual way."""

    def __init__(self, gather: Gatherer, zone: str, server: NameServer) -> None:
        self._gather = gather
        self._zone = zone
        self._server = server

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        """Ask one question."""
        if not isinstance(probe, DnsProbe) or not is_within(probe.name, self._zone):
            return await self._gather(probe, budget)
        return await self._own(probe, budget)

    async def _own(self, probe: DnsProbe, budget: float) -> Reading:
        chain: tuple[str, ...] = ()
        name = probe.name
        while len(chain) <= MAX_CHAIN:
            if not is_within(name, self._zone):
                return _behind(chain, await self._gather(DnsProbe(name, probe.type), budget))
            reading = await self._gather(AuthorityProbe(name, probe.type, self._server.address), budget)
            if reading.state in DELEGATED:  # a part of the zone that others serve, or a server that fails
                return _behind(chain, await self._gather(DnsProbe(name, probe.type), budget))
            if not isinstance(reading, DnsReading) or not reading.chain or reading.records or reading.state is not State.OK:
                return _behind(chain, reading)
            chain += reading.chain
            name = chain[-1]
        return DnsReading(state=State.SERVFAIL, detail="the aliases (CNAME) run in circles or are too many")


def _behind(chain: tuple[str, ...], reading: Reading) -> Reading:
    return replace(reading, chain=(*chain, *reading.chain)) if chain and isinstance(reading, DnsReading) else reading
