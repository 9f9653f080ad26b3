"""What is asked to tell "blocked from here" from "closed there", and what is not; and that the rules agree with each other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Effect, Reading, State, from_json, to_json
from checks.model import CheckResult, Status
from checks.probes import KINDS, ConnectFault, ConnectReading, Fault, SmtpReading, Stage, TlsFacts
from checks.settings import parse
from checks.subject import of_settings
from tests.fakes.zone import ZoneWorld
from tests.rules.test_cases import ALL, CASES, check_named, run_case

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SERVER: dict[str, Any] = {
    "name": "Main", "default": True, "host": "mail.club.example", "port": 587, "security": "starttls", "auth": "none",
    "sender": {"email": "office@club.example"},
}  # fmt: skip
LOOK = "smtp mail.club.example [192.0.2.10]:587 starttls"
LOOK6 = "smtp mail.club.example [2001:db8::10]:587 starttls"
NAME = ["dns mail.club.example A", "dns mail.club.example AAAA"]
ZONE = """
mail A 192.0.2.10
smtp.gmail.com. A 198.51.100.1
smtp.office365.com. A 198.51.100.2
smtp-relay.brevo.com. A 198.51.100.3
support.google.com. AAAA 2001:db8:1::4
learn.microsoft.com. AAAA 2001:db8:2::4
"""
GOOD = SmtpReading(state=State.OK, stage=Stage.QUIT, tls=TlsFacts(verified=True, version="TLSv1.3"))
SILENT = SmtpReading(state=State.TIMEOUT, fault=Fault.TIMEOUT, detail="no connection came about within 10 s")
REFUSED = SmtpReading(state=State.REFUSED, fault=Fault.REFUSED)
NO_ROUTE = SmtpReading(state=State.NOT_ATTEMPTED, fault=Fault.UNREACHABLE)
TOOK = ConnectReading(state=State.OK)
DEAD = ConnectReading(state=State.TIMEOUT, fault=ConnectFault.TIMEOUT)


def judged(
    readings: dict[str, Reading], zone: str = ZONE, servers: tuple[str, ...] = ("Main",)
) -> tuple[list[CheckResult], list[str], Run]:
    """Judge by port.open and the rules about our own side; return results, questions and the run."""
    world = ZoneWorld(zone, readings=readings)
    rows = [
        {**SERVER, "name": name, "default": name == "Main", **({} if name == "Main" else {"filter": [f"{name}.example"]})}
        for name in servers
    ]
    subjects = of_settings(parse({"servers": rows}), now=NOW)
    run = Run(gather=world)
    checks = select(["port.open", "vantage.outbound", "vantage.ipv6"])
    return asyncio.run(run.judge(checks, subjects)), world.asked, run


def codes(results: list[CheckResult], *statuses: Status) -> list[str]:
    return sorted(finding.code for result in results for finding in result.findings if finding.status in statuses)


@pytest.mark.parametrize(
    "reading",
    [GOOD, REFUSED, SmtpReading(state=State.OK, stage=Stage.EHLO, fault=Fault.CLOSED)],
    ids=["good", "refused", "cut"],
)
def test_nobody_else_is_asked_when_the_server_answers(reading: SmtpReading) -> None:
    """The name, the server, and not one question more."""
    _, asked, _ = judged({LOOK: reading})
    assert sorted(asked) == [*NAME, LOOK]


def test_nobody_else_is_asked_when_both_kinds_of_addresses_answer() -> None:
    _, asked, _ = judged({LOOK: GOOD, LOOK6: GOOD}, f"{ZONE}\nmail AAAA 2001:db8::10")
    assert sorted(asked) == sorted([*NAME, LOOK, LOOK6])


def test_a_silent_server_costs_four_questions() -> None:
    """Two names and two connections, however many rules want to know."""
    _, asked, _ = judged({LOOK: SILENT, "connect [198.51.100.1]:587": TOOK, "connect [198.51.100.2]:587": DEAD})
    assert sorted(asked) == sorted([
        *NAME, LOOK, "dns smtp.gmail.com A", "dns smtp.office365.com A", "connect [198.51.100.1]:587", "connect [198.51.100.2]:587",
    ])  # fmt: skip


def test_silent_ipv6_beside_working_ipv4_costs_four_questions() -> None:
    _, asked, _ = judged(
        {LOOK: GOOD, LOOK6: SILENT, "connect [2001:db8:1::4]:443": DEAD, "connect [2001:db8:2::4]:443": DEAD},
        f"{ZONE}\nmail AAAA 2001:db8::10",
    )
    assert len(asked) == len(NAME) + 2 + 4
    assert sum(probe.startswith("connect") for probe in asked) == 2


def test_blocked_from_here_is_unknown_and_never_a_failure() -> None:
    """Nothing is said against the server, and it is we who must act."""
    results, _, _ = judged({LOOK: SILENT, "connect [198.51.100.1]:587": DEAD, "connect [198.51.100.2]:587": DEAD})
    assert codes(results, Status.FAIL, Status.WARN) == []
    assert codes(results, Status.UNKNOWN) == ["port.blocked-from-here", "vantage.blocked-port"]
    remedies = [finding.remedy for result in results for finding in result.findings if finding.status is Status.UNKNOWN]
    assert [remedy and remedy.owner for remedy in remedies] == ["us", "us"]


def test_closed_there_is_a_failure() -> None:
    results, _, _ = judged({LOOK: SILENT, "connect [198.51.100.1]:587": TOOK, "connect [198.51.100.2]:587": TOOK})
    assert codes(results, Status.FAIL, Status.WARN, Status.UNKNOWN) == ["port.silent-server"]


def test_a_block_is_told_once_for_all_servers() -> None:
    """Two servers on the same port: one finding about this network, one about each server."""
    readings: dict[str, Reading] = {LOOK: SILENT, "connect [198.51.100.1]:587": DEAD, "connect [198.51.100.2]:587": DEAD}
    results, asked, _ = judged(readings, servers=("Main", "other"))
    assert codes(results, Status.UNKNOWN) == ["port.blocked-from-here", "port.blocked-from-here", "vantage.blocked-port"]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("reading", [SILENT, NO_ROUTE], ids=["silent", "no route"])
def test_no_ipv6_here_is_no_alarm_when_ipv4_works(reading: SmtpReading) -> None:
    """Neither about the server nor about us: two notes."""
    results, _, _ = judged(
        {LOOK: GOOD, LOOK6: reading, "connect [2001:db8:1::4]:443": DEAD, "connect [2001:db8:2::4]:443": DEAD},
        f"{ZONE}\nmail AAAA 2001:db8::10",
    )
    assert codes(results, Status.FAIL, Status.WARN, Status.UNKNOWN) == []
    assert codes(results, Status.NOTE) == ["port.address-not-tried", "vantage.ipv6-missing"]


def test_the_saved_evidence_gives_the_same_findings() -> None:
    """Judged again with the network off."""
    readings: dict[str, Reading] = {LOOK: SILENT, "connect [198.51.100.1]:587": DEAD, "connect [198.51.100.2]:587": DEAD}
    results, _, run = judged(readings)
    saved = from_json(to_json(run.readings, about={}), KINDS)[0]
    again = asyncio.run(
        Run(readings=saved, allow=frozenset(Effect)).judge(
            select(["port.open", "vantage.outbound", "vantage.ipv6"]), of_settings(parse({"servers": [SERVER]}), now=NOW)
        )
    )
    assert again == results


def test_evidence_from_before_controls_leaves_both_explanations() -> None:
    """An older file has no answers of controls: nothing is concluded from their absence."""
    saved = {probe: reading for probe, reading in judged({LOOK: REFUSED})[2].readings.items() if probe.kind == "dns"}
    smtp = next(probe for probe in judged({LOOK: REFUSED})[2].readings if probe.kind == "smtp")
    results = asyncio.run(
        Run(readings={**saved, smtp: SILENT}, allow=frozenset(Effect)).judge(
            select(["port.open", "vantage.outbound"]), of_settings(parse({"servers": [SERVER]}), now=NOW)
        )
    )
    assert codes(results, Status.FAIL, Status.UNKNOWN) == ["port.no-answer", "vantage.undetermined-port"]


@pytest.mark.parametrize("case", [case for stem, case in ALL if stem == "port_open"], ids=lambda case: case["name"])
def test_the_rules_do_not_contradict_each_other(case: dict[str, Any]) -> None:
    """In every world of port.open: where it says blocked, so does vantage.outbound; where it blames the server, the way is open."""
    says = set(case["says"])
    told = {finding.code for finding in run_case("vantage_outbound", case)}
    assert ("port.blocked-from-here" in says) <= ("vantage.blocked-port" in told)
    assert ("port.silent-server" in says) <= ("vantage.open-port" in told)
    assert ("port.no-answer" in says) <= bool(told & {"vantage.undetermined-port", "vantage.inside-address"})
    assert ("port.connection-made" in says) <= ("vantage.open-port" in told)


def test_both_rules_are_for_information() -> None:
    """What they cannot tell is told by port.open already."""
    assert all(check_named(stem).informational for stem in ("vantage_outbound", "vantage_ipv6"))
    assert (CASES / "vantage_outbound.toml").is_file()
