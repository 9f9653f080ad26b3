"""All checks together on the world of every DNS case: what one rule alone cannot show."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from checks.catalogue import catalogue, select
from checks.changes import applied
from checks.engine import WITHHELD, Run
from checks.evidence import Effect, from_json, to_json
from checks.model import CheckResult, Status
from checks.probes import KINDS
from checks.subject import DomainSubject
from tests.fakes.zone import ZoneWorld
from tests.rules.test_cases import ALL, NOW

WORLDS = [(stem, case) for stem, case in ALL if not {"settings", "readings", "arrived"} & case.keys() and "zone" in case]


def subject_of(case: dict[str, Any]) -> DomainSubject:
    return DomainSubject(
        now=case.get("now", NOW),
        domain=case.get("domain", "club.example"),
        allow_private=case.get("allow_private", False),
        sending_ips=tuple(case.get("sending_ips", ())),
        selectors=tuple(case.get("selectors", ())),
    )


def judged(run: Run, subject: DomainSubject) -> list[CheckResult]:
    return asyncio.run(run.judge(catalogue(), [subject]))


def codes(results: list[CheckResult], *statuses: Status) -> set[str]:
    return {finding.code for result in results for finding in result.findings if finding.status in statuses}


@pytest.mark.parametrize("part", range(8))
def test_every_world_is_judged_whole_and_alike_from_its_saved_evidence(part: int) -> None:
    """No bug, no question twice, ids that do not collide, and the same findings when the evidence is judged with the network off."""
    for stem, case in WORLDS[part::8]:
        world = ZoneWorld(case["zone"], origin=case.get("domain", "club.example"), faults=case.get("faults"))
        run = Run(gather=world, deadline=30)
        live = judged(run, subject_of(case))
        where = f"{stem}: {case['name']}"
        assert not any(result.traceback for result in live), where
        assert len(world.asked) == len(set(world.asked)), where
        text = to_json(run.readings, about={})
        rows = [row["id"] for row in json.loads(text)["readings"]]
        assert len(rows) == len(set(rows)), where
        again = judged(Run(readings=from_json(text, KINDS)[0], allow=frozenset(Effect)), subject_of(case))
        assert again == live, where


@pytest.mark.parametrize("part", range(8))
def test_every_record_that_is_shown_mends_and_breaks_nothing(part: int) -> None:
    """Applied to the zone, each proposed change leaves fewer faults, judged by all checks."""
    for stem, case in WORLDS[part::8]:
        world = ZoneWorld(case["zone"], origin=case.get("domain", "club.example"), faults=case.get("faults"))
        run = Run(gather=world, deadline=30)
        before = judged(run, subject_of(case))
        for finding in [finding for result in before for finding in result.findings if finding.remedy and finding.remedy.records]:
            assert finding.remedy is not None
            changed = {**run.readings, **applied(finding.remedy.records, run.readings)}
            after = judged(replace(Run(gather=world, deadline=30), readings=changed), subject_of(case))
            where = f"{stem}: {case['name']}: {finding.code}"
            count = [
                sum(other.code == finding.code and other.about == finding.about for result in each for other in result.findings)
                for each in (before, after)
            ]
            assert count[1] < count[0], where
            weighty = (Status.FAIL,) if finding.status is Status.FAIL else (Status.WARN, Status.FAIL)
            family = finding.code.partition(".")[0] + "."
            new = {code for code in codes(after, *weighty) - codes(before, Status.WARN, Status.FAIL) if code.startswith(family)}
            assert not new, where


def test_a_record_that_would_only_uncover_another_fault_is_withheld() -> None:
    """The slip -al can be corrected, but the corrected record would include a domain without SPF: the DNS administrator is not sent round twice."""
    world = ZoneWorld('@ TXT "v=spf1 include:nowhere.example -al"')
    results = asyncio.run(Run(gather=world).judge(select(["spf"]), [DomainSubject(now=NOW, domain="club.example")]))
    remedies = [
        finding.remedy for result in results for finding in result.findings if finding.remedy and finding.status is Status.FAIL
    ]
    assert remedies
    assert all(not remedy.records for remedy in remedies)
    assert any(WITHHELD in remedy.steps for remedy in remedies)
