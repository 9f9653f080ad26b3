"""The RFC 7208 test-suite through our own door (checks.records.spf_door). Where it comes from: scripts/fetch_spf_suite.py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.engine import Run
from checks.evidence import Probe, State
from checks.probes import DnsProbe, DnsReading, DnsRecord, normal_name
from checks.records.spf_door import Reason, SpfResult, check_host

SUITE = Path(__file__).parent / "vendor" / "rfc7208" / "suite.json"
SCENARIOS: list[dict[str, Any]] = json.loads(SUITE.read_text("utf-8"))["scenarios"]
TESTS = [(scenario, name) for scenario in SCENARIOS for name in scenario["tests"]]
MAX_ALIASES = 10
NO_EXPLANATION = "DEFAULT"  # the suite's word for "the domain explains nothing"


class SuiteWorld:
    """Answers as the suite's zone data say.

    Records of type SPF stand for TXT unless the name has a TXT entry of its own; "TXT: NONE" is such an entry without record. TIMEOUT
    is the answer to every type that the name does not have.
    """

    def __init__(self, zonedata: Mapping[str, list[Any]]) -> None:
        self._names = {normal_name(name): entries for name, entries in zonedata.items()}
        self.asked: list[Probe[Any]] = []

    async def __call__(self, probe: Probe[Any], budget: float) -> DnsReading:
        assert isinstance(probe, DnsProbe)
        assert probe not in self.asked
        self.asked.append(probe)
        return self.answer(probe.name, probe.type)

    def answer(self, name: str, rdtype: str, *, aliases: int = 0) -> DnsReading:
        """Answer one question, following aliases; those that run in circles are the name server's failure, as resolvers have it."""
        if aliases > MAX_ALIASES:
            return DnsReading(state=State.SERVFAIL)
        if name not in self._names:
            return DnsReading(state=State.NXDOMAIN)
        entries = self._names[name]
        pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
        if rdtype == "TXT" and not any(type_ == "TXT" for type_, _ in pairs):
            pairs = [("TXT" if type_ == "SPF" else type_, value) for type_, value in pairs]
        found = tuple(_record(type_, value) for type_, value in pairs if type_ == rdtype and value != "NONE")
        if found:
            return DnsReading(state=State.OK, records=found)
        if "TIMEOUT" in entries:
            return DnsReading(state=State.TIMEOUT)
        alias = next((value for type_, value in pairs if type_ == "CNAME"), None)
        return self.answer(normal_name(alias), rdtype, aliases=aliases + 1) if alias else DnsReading(state=State.NODATA)


def _record(rdtype: str, value: Any) -> DnsRecord:
    if rdtype == "TXT":  # non-ASCII comes as UTF-8, kept one character per byte
        strings = tuple(part.encode().decode("latin-1") for part in ([value] if isinstance(value, str) else value))
        return DnsRecord(value="".join(strings), strings=strings)
    if rdtype == "MX":
        return DnsRecord(value=normal_name(value[1]) or ".", preference=value[0])
    return DnsRecord(value=normal_name(value) if rdtype in ("PTR", "CNAME") else value)


def evaluate(scenario: dict[str, Any], name: str) -> SpfResult:
    test = scenario["tests"][name]
    run = Run(gather=SuiteWorld(scenario["zonedata"]), deadline=30)
    return asyncio.run(run.answer(lambda ev: check_host(ip=test["host"], mail_from=test["mailfrom"], helo=test["helo"], ev=ev)))


@pytest.mark.parametrize(("scenario", "name"), TESTS, ids=[f"{scenario['description']}: {name}" for scenario, name in TESTS])
def test_suite(scenario: dict[str, Any], name: str) -> None:
    """Result and explanation are as the suite wants them; where it allows several results, one of them."""
    test = scenario["tests"][name]
    wanted = test["result"] if isinstance(test["result"], list) else [test["result"]]
    found = evaluate(scenario, name)
    assert found.result.value in wanted, test.get("spec")
    assert found.reason is not Reason.LIBRARY
    if "explanation" in test:
        assert found.explanation == test["explanation"].replace(NO_EXPLANATION, "")


def test_the_suite_is_whole() -> None:
    """All sixteen sections came along, and no test is hidden by another of its name."""
    assert len(SCENARIOS) == 16
    assert len(TESTS) == len({name for _, name in TESTS}) == 203


def test_the_licence_notice_lies_beside_it() -> None:
    """The suite's licence wants its notice to be kept with every copy."""
    assert "Redistributions of source code must retain" in (SUITE.parent / "rfc7208-tests.LICENSE").read_text("utf-8")
