"""The dispatcher of probes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from checks.engine import Run
from checks.evidence import Probe, Reading, State
from checks.gather.dns import DnsGatherer
from checks.gather.live import Live
from checks.probes import DnsProbe, HttpsProbe, SmtpProbe, SmtpReading, SubmissionProbe
from checks.settings import Security
from checks.subject import of_domain
from tests.fakes.dns_server import DnsServer
from tests.rules.test_cases import NOW, check_named

GREETING = SmtpProbe(host="mail.club.example", address="192.0.2.25", port=587, security=Security.STARTTLS)
LOGIN = SubmissionProbe(host="mail.club.example", address="192.0.2.25", port=587, security=Security.STARTTLS)


class Recorder:
    """Stands for a gatherer; remembers what it was asked and whether it was closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = 0

    async def __call__(self, probe: Probe[Reading], budget: float) -> Reading:
        self.asked.append(f"{probe.kind} {budget:g}")
        return SmtpReading(state=State.OK)

    async def close(self) -> None:
        self.closed += 1


def test_each_kind_goes_to_its_own_gatherer_and_all_are_closed_once() -> None:
    dns, smtp, https = Recorder(), Recorder(), Recorder()

    async def run() -> None:
        async with Live(dns=dns, smtp=smtp, https=https) as live:
            await live(DnsProbe("club.example", "TXT"), 3)
            await live(HttpsProbe(host="club.example", address="192.0.2.80", path="/"), 4)
            await live(GREETING, 2)
            await live(LOGIN, 1)

    asyncio.run(run())
    assert (dns.asked, smtp.asked, https.asked) == (["dns 3"], ["smtp 2", "submission 1"], ["https 4"])
    assert (dns.closed, smtp.closed, https.closed) == (1, 1, 1)


def test_what_nobody_can_ask_reads_not_attempted() -> None:
    """Never an exception: a probe without gatherer is a reading that says so."""

    @dataclass(frozen=True, kw_only=True)
    class Smoke(Probe[Reading]):
        kind: ClassVar[str] = "smoke"
        reading: ClassVar[type[Reading]] = Reading

    async def run(probe: Probe[Reading]) -> Reading:
        async with Live() as live:
            return await live(probe, 1)

    assert asyncio.run(run(Smoke())).state is State.NOT_ATTEMPTED
    assert asyncio.run(run(DnsProbe("club.example", "TXT"))) == DnsProbe.reading(
        state=State.NOT_ATTEMPTED, detail="this run has no way to ask about dns"
    )


def test_a_rule_is_judged_from_a_real_name_server() -> None:
    """Engine, dispatcher and gatherer together: the SPF record is found over the wire."""

    async def run(server: DnsServer) -> set[str]:
        async with Live(dns=DnsGatherer([server.endpoint])) as live:
            results = await Run(gather=live, deadline=5).judge([check_named("spf_record")], of_domain("club.example", now=NOW))
            return {finding.code for result in results for finding in result.findings}

    with DnsServer('@ TXT "v=spf1 mx -all"\n@ MX 10 mail\nmail A 192.0.2.25') as server:
        assert asyncio.run(run(server)) == {"spf.present"}
