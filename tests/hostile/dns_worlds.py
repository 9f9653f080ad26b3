"""Worlds of DNS for the whole program: every rule about a domain, the real gatherer, a name server on loopback.

`judge_all` runs several worlds at a time, because most of a failing world is waiting.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from checks.catalogue import Check, catalogue
from checks.engine import Run
from checks.evidence import Probe, Reading, State
from checks.gather.dns import DnsGatherer
from checks.model import CheckResult, Finding, Status, Verdict, verdict
from checks.probes import DnsProbe, DnsReading
from checks.subject import DomainSubject, of_domain
from tests.fakes.dns_server import DnsServer, Exchange, Packet, Step, broken, drop, lame, plainly, rcode, referral, truncated
from tests.fakes.zone import ZoneWorld

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AT_ONCE = 20  # worlds
PAYLOAD = 1_232  # octets in a UDP answer (RFC 9715 section 3.1); longer ones go over TCP
ALARMS = frozenset((Status.FAIL, Status.WARN))


@dataclass(frozen=True, kw_only=True)
class World:
    """One domain and the name server that speaks of it."""

    zone: str
    domain: str = "club.example"
    sending_ips: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    spoilt: str = ""
    """Id of the one probe whose answer is spoilt; * spoils every one."""
    by: Step = plainly
    tcp: str = "ok"
    aliases_only: bool = False
    """The server does not follow aliases."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the program said of a world."""

    results: tuple[CheckResult, ...]
    asked: tuple[str, ...] = ()
    """Ids of the probes, in order; one that was asked twice is there twice."""
    verdict: Verdict = field(default=Verdict.READY)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for result in self.results for finding in result.findings)

    def codes(self, *statuses: Status) -> set[str]:
        return {finding.code for finding in self.findings if finding.status in statuses}

    @property
    def alarms(self) -> set[str]:
        return self.codes(*ALARMS)

    @property
    def tracebacks(self) -> str:
        return "\n".join(result.traceback for result in self.results if result.traceback)


@cache
def domain_checks() -> tuple[Check, ...]:
    """Every check of a domain."""
    return tuple(check for check in catalogue() if check.subject_type is DomainSubject)


@cache
def zone_world(zone: str, origin: str) -> ZoneWorld:
    """A zone is read once, however many worlds have it."""
    return ZoneWorld(zone, origin=origin)


@dataclass
class Server(DnsServer):
    """The name server of a world."""

    def __post_init__(self) -> None:
        zone, self.zone = self.zone, ""
        super().__post_init__()
        self._world = zone_world(zone, self.origin)


async def judge(world: World) -> Told:
    """Judge one world over real sockets."""
    with Server(
        world.zone, origin=world.domain, always=_spoiling(world), tcp=world.tcp, aliases_only=world.aliases_only
    ) as server:
        gather = DnsGatherer([server.endpoint], timeout=0.15, tries=3, tcp_timeout=1)
        async with gather:
            return await judge_with(gather, world)


async def judge_with(
    gather: Callable[[Any, float], Awaitable[Reading]], world: World, checks: Sequence[Check] | None = None
) -> Told:
    """Judge a world with a gatherer that knows the way to it, by every check of a domain unless told otherwise."""
    asked: list[str] = []

    async def recorded(probe: Probe[Any], budget: float) -> Reading:
        asked.append(probe.id)
        return await gather(probe, budget)

    subjects = of_domain(world.domain, now=NOW, sending_ips=world.sending_ips, selectors=world.selectors)
    results = await Run(gather=recorded, deadline=30).judge(domain_checks() if checks is None else checks, subjects)
    return Told(results=tuple(results), asked=tuple(asked), verdict=verdict(results))


def judge_all(worlds: Iterable[World]) -> list[Told]:
    """Judge worlds, several at a time; in order."""

    async def all_of_them() -> list[Told]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(world: World) -> Told:
            async with slots:
                return await judge(world)

        return list(await asyncio.gather(*(one(world) for world in worlds)))

    return asyncio.run(all_of_them())


def judge_here(worlds: Iterable[World], checks: Sequence[Check] | None = None, state: State = State.SERVFAIL) -> list[Told]:
    """Judge worlds without sockets, which is quicker; the spoilt probe reads `state`."""

    async def all_of_them() -> list[Told]:
        return [await judge_with(_reading(world, state), world, checks) for world in worlds]

    return asyncio.run(all_of_them())


def _reading(world: World, state: State) -> Callable[[DnsProbe, float], Awaitable[DnsReading]]:
    async def gather(probe: DnsProbe, budget: float) -> DnsReading:
        if world.spoilt in (probe.id, "*"):
            return DnsReading(state=state)
        return zone_world(world.zone, world.domain).answer(probe.name, probe.type)

    return gather


def _spoiling(world: World) -> Step:
    def step(exchange: Exchange) -> list[Packet]:
        question = exchange.query.question[0]
        probe = f"dns {question.name.to_text(omit_final_dot=True).lower()} {dns.rdatatype.to_text(question.rdtype)}"
        return world.by(exchange) if world.spoilt in (probe, "*") else honestly(exchange)

    return step


# --- answers ----------------------------------------------------------------------------------------------------------


def honestly(exchange: Exchange) -> list[Packet]:
    """The truth, as far as it fits into a packet."""
    return plainly(exchange) if len(exchange.wire) <= PAYLOAD else truncated(exchange)


def _none(exchange: Exchange, code: str) -> list[Packet]:
    message = dns.message.make_response(exchange.query, recursion_available=True)
    message.set_rcode(dns.rcode.from_text(code))
    message.authority.append(
        dns.rrset.from_text(dns.name.root, 900, "IN", "SOA", "ns.example. hostmaster.example. 1 3600 600 86400 300")
    )
    return [Packet(data=message.to_wire())]


def nxdomain(exchange: Exchange) -> list[Packet]:
    """No such name (RFC 2308 section 2.1)."""
    return _none(exchange, "NXDOMAIN")


def nodata(exchange: Exchange) -> list[Packet]:
    """No such record (RFC 2308 section 2.2)."""
    return _none(exchange, "NOERROR")


def noise(exchange: Exchange) -> list[Packet]:
    """Bytes that are no answer to anything."""
    return [Packet(data=exchange.query.id.to_bytes(2, "big") + b"\xff" * 60)]


TEMPORARY: dict[str, tuple[Step, str]] = {
    "SERVFAIL": (rcode("SERVFAIL"), "ok"),
    "REFUSED": (rcode("REFUSED"), "ok"),
    "no answer": (drop, "ok"),
    "truncation, and nobody listens on TCP": (truncated, "refused"),
    "truncation, and TCP breaks off": (truncated, "cut"),
    "garbage": (noise, "ok"),
    "a body that ends too early": (broken, "ok"),
    "a referral": (referral, "ok"),
    "a lame answer": (lame, "ok"),
    "a signature that does not fit": (rcode("SERVFAIL", (6, "RRSIG")), "ok"),
    "a filter": (rcode("NXDOMAIN", (15, "blocked")), "ok"),
}
"""What may pass by itself: the answer, and how TCP behaves."""


def _edited(change: Callable[[dns.message.Message], None]) -> Step:
    def step(exchange: Exchange) -> list[Packet]:
        change(exchange.answer)
        return plainly(exchange)

    return step


def _backwards(message: dns.message.Message) -> None:
    message.answer.reverse()


def _shouting(message: dns.message.Message) -> None:
    for rrset in message.answer:
        rrset.name = dns.name.from_text(rrset.name.to_text().upper())


def _without_soa(message: dns.message.Message) -> None:
    message.authority.clear()


def _soa_of_parent(message: dns.message.Message) -> None:
    if message.authority:
        message.authority[:] = [
            dns.rrset.from_text("example.", 900, "IN", "SOA", "ns.example. hostmaster.example. 1 3600 600 86400 300")
        ]


def _with_others(message: dns.message.Message) -> None:
    message.answer.append(dns.rrset.from_text("other.example.", 60, "IN", "TXT", '"v=spf1 +all"'))
    message.additional.append(dns.rrset.from_text(message.question[0].name, 60, "IN", "TXT", '"v=spf1 +all"'))


MANNERS = {
    "records out of order": _edited(_backwards),
    "names in capitals": _edited(_shouting),
    "no SOA with a negative answer": _edited(_without_soa),
    "the SOA of a zone above": _edited(_soa_of_parent),
    "records that nobody asked for": _edited(_with_others),
}
"""Answers that are odd and still true."""


# --- keys -------------------------------------------------------------------------------------------------------------


@cache
def rsa_key(bits: int = 2048) -> str:
    """An RSA public key as p= has it, with a modulus that nobody has the factors of."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    modulus = random.Random(bits).getrandbits(bits) | 1 << bits - 1 | 1  # noqa: S311 - nothing secret
    key = RSAPublicNumbers(65537, modulus).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@cache
def ed25519_key() -> str:
    """An Ed25519 public key as p= has it."""
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return base64.b64encode(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()


def quoted(text: str, *, pieces: Sequence[int] = ()) -> str:
    """Write a text as character-strings of a zone file, cut at `pieces` and wherever 255 are full (RFC 1035 section 3.3)."""
    cuts = sorted({0, *(at for at in pieces if 0 < at < len(text)), len(text)})
    parts = [text[a:b] for a, b in pairwise(cuts)] or [""]
    short = [part[at : at + 255] for part in parts for at in range(0, max(1, len(part)), 255)]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in short)
