"""What the real rules say goes through every format: whatever a rule words, its report is valid, readable and stable."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema
import pytest

from checks.catalogue import catalogue
from checks.engine import Run
from checks.evidence import Effect, Probe, Reading, State
from checks.probes import DnsProbe
from checks.subject import Subject, TestPlan, of_domain, of_settings
from reports import html, text
from reports.model import Report, build, json_schema
from reports.observations import describe
from tests.fakes.zone import ZoneWorld
from tests.reports import pages, sample

HEALTHY = """
@ MX 10 mail
@ TXT "v=spf1 mx -all"
mail A 192.0.2.10
_dmarc TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@club.example"
10.2.0.192.in-addr.arpa. PTR mail.club.example.
"""
BROKEN = r"""
@ MX 10 mail
@ TXT "v=spf1 include:nowhere.example +all <script>XSSCANARY</script> \027]0;ESC\007"
@ TXT "v=spf1 a -all"
_dmarc TXT "v=DMARC1; p=perhaps; rua=javascript:alert(1)"
"""


class World:
    """The zone for DNS; nobody answers anything else."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneWorld(zone)

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        if isinstance(probe, DnsProbe):
            return await self._zone(probe, budget)
        return probe.reading(state=State.TIMEOUT, detail="nobody answers in this test")


def examine(zone: str, subjects: list[Subject]) -> Report:
    run = Run(gather=World(zone), allow=frozenset(Effect), deadline=30)
    results = asyncio.run(run.judge(catalogue(), subjects))
    seen = {probe.id: describe(probe, reading) for probe, reading in run.readings.items()}
    return build(
        results=results,
        tool=sample.TOOL,
        taken_at=sample.TAKEN,
        subject=sample.subject(),
        vantage={"observations": seen},
        tables=[],
    )


@pytest.mark.parametrize("zone", [HEALTHY, BROKEN], ids=["healthy", "broken"])
@pytest.mark.parametrize("whole", [False, True], ids=["domain", "settings"])
def test_every_rule_can_be_reported(zone: str, whole: bool) -> None:
    """Schema, page, terminal: all of it, from a domain alone and from settings."""
    plan = TestPlan(to="qa@tester.example", message="sr-1")
    subjects = (
        of_settings(sample.settings(), now=sample.TAKEN, test=plan) if whole else of_domain("club.example", now=sample.TAKEN)
    )
    report = examine(zone, subjects)
    jsonschema.validate(json.loads(report.to_json()), json_schema())
    assert Report.from_json(report.to_json()).digest() == report.digest()
    page = html.render(report)
    found = pages.read(page)
    assert "<script>XSSCANARY" not in page
    assert set(found.values("aria-labelledby")) <= set(found.values("id"))
    shown = text.render(report, colour=False)
    assert not any(ord(char) < 32 and char != "\n" for char in shown)
