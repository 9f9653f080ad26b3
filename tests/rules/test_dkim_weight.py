"""How much a DKIM finding weighs depends on why a selector was looked at: what was guessed is held against nobody."""

from __future__ import annotations

import asyncio

import pytest

from checks.engine import Run
from checks.model import Finding, Status
from checks.rules._dkim import USUAL
from checks.subject import DomainSubject
from tests.fakes.zone import ZoneWorld
from tests.rules.test_cases import ALL, NOW, check_named, run_case

BAD = (Status.WARN, Status.FAIL)


def findings(stem: str, name: str) -> list[Finding]:
    return run_case(stem, next(case for kind, case in ALL if kind == stem and case["name"] == name))


def statuses(stem: str, name: str) -> dict[str, Status]:
    return {finding.code: finding.status for finding in findings(stem, name)}


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        (stem, case["name"])
        for stem, case in ALL
        if stem.startswith("dkim_") and "usual name" in case["name"] and "settings" not in case
    ],
)
def test_nothing_found_by_a_usual_name_is_an_alarm(stem: str, name: str) -> None:
    """A withdrawn, weak or doubled key where nobody said that mail is signed with it breaks perhaps nothing."""
    alarms = {code for code, status in statuses(stem, name).items() if status in BAD}
    assert alarms <= ({"dkim.key-missing"} if "named selector" in name else set())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Microsoft 365, a named selector leads to the key of another domain", Status.FAIL),
        ("Microsoft 365, the alias leads to the key of another domain", Status.WARN),
        ("Microsoft only takes mail in, an old alias leads to another domain", Status.NOTE),
    ],
)
def test_an_alias_to_the_wrong_key_weighs_by_what_is_known(name: str, status: Status) -> None:
    """Whether mail is signed with the selector is certain, likely, or a mere guess."""
    assert statuses("dkim_key", name)["dkim.alias-to-wrong-key"] is status


def test_the_forms_of_the_target_are_computed_from_the_domain() -> None:
    """The remedy names both forms, and the finding carries the whole chain."""
    (finding,) = findings("dkim_key", "Microsoft 365, the alias leads to the key of another domain")
    assert finding.remedy is not None
    steps = " ".join(finding.remedy.steps)
    assert "selector1-club-example._domainkey.(your tenant).onmicrosoft.com" in steps
    assert "dkim.mail.microsoft" in steps
    assert finding.args["aliases"] == ["selector1-other-example._domainkey.club.onmicrosoft.com"]


def test_the_chain_of_aliases_is_kept() -> None:
    """Every alias that was followed is in the finding, in order."""
    (finding,) = findings("dkim_key", "a usual name behind two aliases")
    assert finding.args["aliases"] == ["a.keys.example", "b.keys.example"]


def test_the_usual_names_cost_few_questions() -> None:
    """Each is asked once, with the wildcard, and nothing above the domain."""
    world = ZoneWorld("@ A 192.0.2.1\nx._domainkey TXT y", origin="news.club.example")
    subject = DomainSubject(now=NOW, domain="news.club.example")
    asyncio.run(Run(gather=world, deadline=30).judge([check_named("dkim_key")], [subject]))
    names = (*USUAL, "sendready-asks-for-a-selector-that-nobody-uses")
    asked = [probe for probe in world.asked if "._domainkey." in probe]
    assert sorted(asked) == sorted(f"dns {name}._domainkey.news.club.example TXT" for name in names)
