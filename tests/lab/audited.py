"""Checks many domains with the real gatherer and engine against one name server, several at a time, and counts what goes over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from checks.engine import Run
from checks.gather.dns import DnsGatherer
from checks.gather.live import Live
from checks.model import CheckResult, Status, Verdict, verdict
from checks.subject import of_domain
from tests.hostile.dns_worlds import ALARMS, NOW, domain_checks

from .counting import Asked, Counter
from .customers import Customer
from .process import LOOPBACK

AT_ONCE = 12  # domains in each process
PROCESSES = 2
PATIENCE = 10.0  # seconds until a question is sent again; a busy machine must not look like a lost packet
FAMILIES = ("spf", "dkim", "dmarc", "mx")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One finding, as far as it matters here."""

    status: Status
    args: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was said of one domain, and what was asked."""

    customer: Customer
    said: Mapping[str, Said]
    """By code."""
    verdict: Verdict
    tracebacks: str
    udp: tuple[Asked, ...]
    tcp: tuple[Asked, ...]

    def codes(self, *statuses: Status) -> list[str]:
        """Return the codes with one of these statuses."""
        return sorted(code for code, found in self.said.items() if found.status in statuses)

    @property
    def alarms(self) -> list[str]:
        """In the families that the description speaks of."""
        return [code for code in self.codes(*ALARMS) if code.split(".")[0] in FAMILIES]


def audit(many: Sequence[Customer], port: int) -> list[Told]:
    """Check every domain at the name server of a port on loopback; half of them in each of two processes."""
    shares = [(many[start::PROCESSES], port) for start in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return [told for part in pool.map(_part, shares) for told in part]


def _part(job: tuple[Sequence[Customer], int]) -> list[Told]:
    return asyncio.run(_audit(*job))


async def _audit(many: Sequence[Customer], port: int) -> list[Told]:
    """Each slot has its own way to the name server, so that it is known who asked what."""
    waiting = iter(many)
    told: list[Told] = []

    async def slot(counter: Counter, gather: Live) -> None:
        for customer in waiting:
            counter.reset()
            told.append(await _checked(customer, counter, gather))

    async with AsyncExitStack() as stack:
        counters = [await stack.enter_async_context(Counter(port)) for _ in range(AT_ONCE)]
        ways = [Live(dns=DnsGatherer([(LOOPBACK, counter.port)], timeout=PATIENCE)) for counter in counters]
        gatherers = [await stack.enter_async_context(way) for way in ways]
        await asyncio.gather(*(slot(counter, gather) for counter, gather in zip(counters, gatherers, strict=True)))
    return told


async def _checked(customer: Customer, counter: Counter, gather: Live) -> Told:
    subjects = of_domain(customer.domain, now=NOW, sending_ips=customer.senders, selectors=customer.dkim.selectors)
    results: list[CheckResult] = await Run(gather=gather, deadline=120).judge(domain_checks(), subjects)
    return Told(
        customer=customer,
        said={found.code: Said(status=found.status, args=dict(found.args)) for result in results for found in result.findings},
        verdict=verdict(results),
        tracebacks="\n".join(result.traceback for result in results if result.traceback),
        udp=tuple(counter.udp),
        tcp=tuple(counter.tcp),
    )
