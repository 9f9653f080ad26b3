"""Foreseeing a mailing is quick, says the same thing each day, and gives no second alarm where another check has warned."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.capacity.entry import entered
from checks.capacity.model import Scope
from checks.capacity.result import CONNECTIONS
from checks.capacity.simulate import simulate
from checks.catalogue import select
from checks.engine import Run
from checks.model import Finding, Status
from checks.records.capacity_shown import plan_of
from checks.rules._capacity import Stated, setup_of
from checks.rules._capacity_foreseen import foresee, mailboxes
from checks.settings import parse
from checks.subject import ServerSubject, of_settings
from tests.rules.test_cases import ALL, run_case

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FAMILIES = ("capacity", "limits", "office365", "settings")


def club(host: str, server: dict[str, Any], **volume: Any) -> dict[str, Any]:
    row = {"name": "Mail", "default": True, "host": host, "port": 587, "security": "starttls", "auth": "none"}
    return {"volume": volume, "servers": [row | {"sender": {"email": "office@club.example"}} | server]}


def judged(document: dict[str, Any], now: datetime = NOW) -> list[Finding]:
    results = asyncio.run(Run().judge(select(FAMILIES), of_settings(parse(document), now=now)))
    assert not [result.traceback for result in results if result.traceback]
    return [finding for result in results for finding in result.findings]


@pytest.mark.parametrize("host", ["smtp.office365.com", "mail.infomaniak.com", "smtp.ionos.de", "mail.club.example"])
@pytest.mark.parametrize("volume", [(1_000_000, 1), (143_000, 7), (36_000, 28)])
def test_a_million_recipients_a_week_are_foreseen_at_once(host: str, volume: tuple[int, int]) -> None:
    """The plan, the limits to enter and the number of mailboxes: two seconds of this processor at most."""
    settings = parse(club(host, {}, recipients_per_mailing=volume[0], mailings_per_week=volume[1]))
    plan = setup_of(ServerSubject(now=NOW, server=settings.servers[0], settings=settings), Stated())
    assert plan is not None
    began = time.process_time()
    foresee(plan)
    assert time.process_time() - began < 2
    if plan.end is not None:
        mailboxes(plan, plan.end)
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    ("host", "volume"),
    [
        ("smtp.office365.com", {"recipients_per_mailing": 12_000}),
        ("smtp.office365.com", {"recipients_per_mailing": 12_000, "mailings_per_week": 7}),
        ("mail.infomaniak.com", {"recipients_per_mailing": 12_000, "mailings_per_week": 1}),
        ("smtp.ionos.de", {"recipients_per_mailing": 3_000, "mailings_per_week": 7}),
    ],
)
def test_what_others_warn_of_is_no_second_alarm(host: str, volume: dict[str, int]) -> None:
    """Where a check of limits warns already, this family has notes: one fault, one alarm."""
    found = judged(club(host, {}, **volume))
    alarms = [finding.code for finding in found if finding.status in (Status.WARN, Status.FAIL)]
    assert alarms
    assert not [code for code in alarms if code.startswith("capacity.")]


def test_what_nobody_else_sees_is_a_warning() -> None:
    """Two mailings of other mail and list together are too much for a day, though the list alone is not."""
    found = judged(club("smtp.office365.com", {}, recipients_per_mailing=9_900, peak_hour_messages=300))
    assert "capacity.rest-refused" in [finding.code for finding in found if finding.status is Status.WARN]


def test_the_same_trouble_has_the_same_fingerprint_tomorrow() -> None:
    """Dates in the sentences move on; what is compared between two reports does not."""
    document = club("smtp.office365.com", {}, recipients_per_mailing=12_000, mailings_per_week=5, growth_percent=10)
    today, later = (
        [f for f in judged(document, NOW + timedelta(days=days)) if f.code.startswith("capacity.")] for days in (0, 2)
    )
    assert [finding.title for finding in today] != [finding.title for finding in later]
    assert [finding.fingerprint for finding in today] == [finding.fingerprint for finding in later]


def test_who_plans_nothing_does_not_load_the_simulator() -> None:
    """The start of every command is shorter for it."""
    code = "import sys, checks.catalogue as c; c.catalogue(); print([m for m in sys.modules if m in ('checks.capacity.simulate', 'checks.capacity.advise')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def two_servers(username: str, **volume: Any) -> dict[str, Any]:
    """The second one for the newsletter."""
    document = club("smtp.office365.com", {"username": "office@club.example"}, **volume)
    news = {"name": "News", "default": False, "filter": ["news@club.example"], "username": username}
    document["servers"].append(document["servers"][0] | news | {"sender": {"email": "news@club.example"}})
    return document


@pytest.mark.parametrize(
    ("username", "licences"), [("office@club.example", None), ("Office@Club.example", 1), ("news@club.example", 1)]
)
def test_what_two_servers_enter_keeps_what_they_share(username: str, licences: int | None) -> None:
    """Both send a whole mailing at once, each with the limits that are named for it: the mailbox and the organisation have room for both."""
    volume = {"recipients_per_mailing": 12_000} | ({"licences": licences} if licences else {})
    settings = parse(two_servers(username, **volume))
    mailings, found = [], []
    for server in settings.servers:
        plan = setup_of(ServerSubject(now=NOW, server=server, settings=settings), Stated())
        assert plan is not None
        foreseen = foresee(plan)
        assert foreseen.entry is not None
        assert foreseen.beside == tuple(other.name for other in settings.servers if other.name != server.name)
        mailings += [
            replace(mailing, name=f"{mailing.name} of {server.name}", channel=server.name) for mailing in plan.bare.mailings
        ]
        found.append(replace(foreseen.entry, channel=server.name))
        bare = plan.bare
    together = username.casefold() == "office@club.example"  # one login, one counter
    limits = tuple(replace(limit, scope=Scope.TENANT if together else limit.scope) for limit in bare.limits)
    channels = tuple(replace(bare.channels[0], name=server.name) for server in settings.servers)
    whole = replace(bare, mailings=tuple(mailings), channels=channels, limits=limits)
    for each in found:
        whole = entered(whole, each)
    result = simulate(whole)
    assert result.finish is not None
    assert not sum(one.refused for one in result.mailings)
    assert {binding.limit.split()[0] for binding in result.bindings} <= {"entered", CONNECTIONS}


def test_servers_of_different_mailboxes_share_nothing_without_the_organisation() -> None:
    """Nobody said how many licences there are; each mailbox has its own numbers."""
    settings = parse(two_servers("news@club.example", recipients_per_mailing=12_000))
    plan = setup_of(ServerSubject(now=NOW, server=settings.servers[0], settings=settings), Stated())
    assert plan is not None
    assert plan.beside == ()
    assert foresee(plan).beside == ()


def test_findings_that_rest_on_facts_say_of_which_day() -> None:
    """The oldest day among all that is known of the server, so that facts.age can name it."""
    for volume in (
        {"recipients_per_mailing": 12_000, "mailings_per_week": 7},
        {"recipients_per_mailing": 400, "mailings_per_week": 2},
    ):
        found = [
            one for one in judged(club("smtp.office365.com", {}, growth_percent=5, **volume)) if one.code.startswith("capacity.")
        ]
        said = [one.code for one in found if one.status is not Status.NOT_APPLICABLE and one.args.get("as_of") != "2026-11-23"]
        assert len(found) >= 3
        assert not said


def test_the_mailing_that_fares_worst_is_drawn() -> None:
    """The first hundred letters of a day reach nobody's limit, those at night find no room."""
    found = judged(club("smtp.office365.com", {}, recipients_per_mailing=150, mailings_per_week=700))
    plan = next(plan_of(one.args["plan"]) for one in found if one.code == "capacity.rest-refused")
    assert plan is not None
    assert len(plan.mailings) == 8
    assert plan.mailings[-1].rejected == 150
    assert len(plan.mailings) + plan.more == 700
    assert [one.name for one in plan.paced] == [one.name for one in plan.mailings]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("the files are larger than the server takes", Status.FAIL),
        ("files that are larger than the provider says it takes, and the server was not asked", Status.WARN),
    ],
)
def test_a_mailing_of_which_the_server_takes_nothing_cannot_go_live(name: str, status: Status) -> None:
    """Its own word is certain; what its provider has published may have been changed for this customer."""
    case = next(case for stem, case in ALL if stem == "capacity_finish" and case["name"] == name)
    assert {finding.code: finding.status for finding in run_case("capacity_finish", case)} == {"capacity.message-misfit": status}


OFFICE = {"name": "Office", "default": True, "host": "smtp.office365.com", "port": 587, "security": "starttls", "auth": "none", "sender": {"email": "office@club.example"}}  # fmt: skip
LETTERS = {**OFFICE, "name": "Letters", "default": False, "host": "mail.provider.example", "sender": {"email": "news@club.example"}, "filter": ["news@club.example"]}  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "alarmed"), [(None, {"Office"}), ("news@club.example", set()), ("office@club.example", {"Office"})]
)
def test_a_mailing_counts_for_the_server_that_its_sender_leads_to(sender: str | None, alarmed: set[str]) -> None:
    """Whoever follows the advice and gives the newsletter a server of its own is not warned of the mailbox's limits any more."""
    volume = {"recipients_per_mailing": 12_000, "mailings_per_week": 1, "licences": 1, **({"sender": sender} if sender else {})}
    found = judged({"volume": volume, "servers": [OFFICE, LETTERS]})
    by_volume = [
        one
        for one in found
        if one.code.startswith(("office365.", "capacity.", "limits.", "settings.")) and one.args.get("recipients")
    ]
    assert {one.about for one in by_volume if one.status in (Status.WARN, Status.FAIL)} == alarmed
    if sender == "news@club.example":
        assert any("plan no mailing through it" in one.title for one in found if one.about == "Office")
        assert [one for one in found if one.about == "Letters" and one.code == "capacity.no-limit-known"]


def test_a_mailing_of_one_server_has_the_limits_of_the_tenant_for_itself() -> None:
    """Another server of the same customer halves them only while nobody has said whose the mailing is."""
    second = {
        **OFFICE,
        "name": "Second",
        "default": False,
        "sender": {"email": "bar@club.example"},
        "filter": ["bar@club.example"],
    }
    for sender, others in ((None, True), ("office@club.example", False)):
        document = {
            "volume": {"recipients_per_mailing": 6_000, "licences": 1, **({"sender": sender} if sender else {})},
            "servers": [OFFICE, second],
        }
        settings = parse(document)
        plan = setup_of(ServerSubject(now=NOW, server=settings.servers[0], settings=settings), Stated())
        assert plan is not None
        assert any(limit.others for limit in plan.plan.limits) is others
