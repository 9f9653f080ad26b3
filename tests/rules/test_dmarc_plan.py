"""The way to p=reject: each stage's record leads to the next, waits are named, and nothing that the standard dropped is proposed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.engine import Run
from checks.model import Finding, Status
from checks.probes import DnsRecord
from checks.records.dmarc import REMOVED, Policy, is_dmarc, parse_dmarc
from checks.rules._dmarc_plan import Stage, altered
from checks.settings import Volume
from checks.subject import DomainSubject
from tests.fakes.zone import ZoneWorld
from tests.rules.test_cases import ALL, NOW, check_named, run_case

REPORTS = "rua=mailto:postmaster@club.example"


def judged(record: str, *, recipients: int | None = None) -> dict[str, Finding]:
    """Judge a domain that publishes this record."""
    world = ZoneWorld(f'@ MX 10 mail\n_dmarc TXT "{record}"')
    subject = DomainSubject(now=NOW, domain="club.example", volume=Volume(recipients_per_mailing=recipients))
    (result,) = asyncio.run(Run(gather=world, deadline=30).judge([check_named("dmarc_policy")], [subject]))
    return {finding.code: finding for finding in result.findings}


def proposed(findings: dict[str, Finding]) -> list[str]:
    return [change.value for finding in findings.values() if finding.remedy for change in finding.remedy.records]


def test_following_the_plan_ends_at_reject() -> None:
    """From none over quarantine to reject, one record after the other, with everything else in it kept."""
    record, seen = f"v=DMARC1; p=none; sp=none; adkim=s; {REPORTS}", []
    while found := proposed(judged(record)):
        (record,) = found
        seen.append(record)
    assert seen == [f"v=DMARC1; p={policy}; sp=none; adkim=s; {REPORTS}" for policy in ("quarantine", "reject")]


def test_the_steps_name_every_stage_that_is_left_and_its_wait() -> None:
    """Whoever reads the first remedy knows the whole way, and that the reports come before each change."""
    remedy = judged(f"v=DMARC1; p=none; {REPORTS}")["dmarc.policy-none"].remedy
    assert remedy is not None
    first, second, third = remedy.steps
    assert "two to four weeks" in first
    assert "quarantine" in second
    assert "sub-domains" in second
    assert "two to four weeks" in third
    assert "reject" in third


def test_without_reports_the_first_stage_is_to_ask_for_them() -> None:
    """A policy is not raised blindly."""
    remedy = judged("v=DMARC1; p=none")["dmarc.policy-none"].remedy
    assert remedy is not None
    assert remedy.records == ()
    assert "rua=" in remedy.steps[0]
    assert [policy in remedy.steps[at] for at, policy in ((1, "quarantine"), (2, "reject"))] == [True, True]


@pytest.mark.parametrize("recipients", [None, 10, 100_000])
@pytest.mark.parametrize("policy", ["none", "quarantine"])
def test_a_policy_on_its_way_is_no_alarm(policy: str, recipients: int | None) -> None:
    """Whatever the volume: receivers ask for a record, not for a policy."""
    found = judged(f"v=DMARC1; p={policy}; {REPORTS}", recipients=recipients)
    assert {finding.status for finding in found.values()} <= {Status.NOTE, Status.PASS}


@pytest.mark.parametrize(
    ("stem", "case"),
    [(stem, case) for stem, case in ALL if stem.startswith("dmarc_")],
    ids=[f"{stem}: {case['name']}" for stem, case in ALL if stem.startswith("dmarc_")],
)
def test_no_proposal_has_what_the_standard_dropped(stem: str, case: dict[str, object]) -> None:
    """pct, rf and ri are in no record that any dmarc rule proposes."""
    for finding in run_case(stem, case):
        for change in finding.remedy.records if finding.remedy else ():
            if change.action != "remove":
                assert not parse_dmarc(change.value).removed
                assert not any(f"{tag}=" in change.value for tag in REMOVED)


@given(st.text(alphabet='vpsnruatfo=:;, !@.-\\"DMARC1mailtonerejct\xff', max_size=120), st.sampled_from(["p", "sp", "np"]))
def test_the_next_record_is_well_formed_whatever_was_published(text: str, tag: str) -> None:
    """Written anew, a record is one that receivers read, with the tag as wanted and the test over."""
    record = parse_dmarc(f"v=DMARC1; p=none; {text}")
    value = altered(record, {tag: "reject", "t": ""})
    again = parse_dmarc(value)
    assert is_dmarc(value)
    assert value.isascii()
    assert again.policy_second
    assert not again.removed
    assert not again.testing
    assert {"p": again.policy, "sp": again.subdomain, "np": again.nonexistent}[tag] is Policy.REJECT
    stage = Stage(domain="club.example", place="club.example", record=record, tag=tag, chosen=Policy.NONE)
    assert stage.steps()


@pytest.mark.parametrize(
    ("text", "percent"),
    [("pct=0", 0), ("pct=50", 50), ("pct=100", 100), ("pct=900", 100), ("pct=", 100), ("pct=x", 100), ("pct=²", 100), ("", 100)],
)
def test_the_share_that_older_receivers_act_on(text: str, percent: int) -> None:
    """Only a number from 0 to 100 counts."""
    assert parse_dmarc(f"v=DMARC1; p=reject; {text}").percent == percent


def test_what_older_receivers_do_not_know() -> None:
    """They skip np and t (RFC 7489 has neither), and take sp for sub-domains."""
    record = parse_dmarc("v=DMARC1; p=reject; sp=quarantine; np=none; t=y")
    assert record.by_rfc7489(inherited=False) is Policy.REJECT
    assert record.by_rfc7489(inherited=True) is Policy.QUARANTINE
    assert record.in_force(inherited=False) is Policy.QUARANTINE
    assert record.in_force(inherited=True) is Policy.NONE
    assert record.in_force(inherited=True, exists=False) is Policy.NONE


def test_a_flood_of_report_addresses_is_asked_in_few_rounds() -> None:
    """Twenty destinations cost one round for consents and MX and one for addresses, not one each."""
    many = ",".join(f"mailto:a@in{number}.club.example" for number in range(20))
    world = ZoneWorld()
    world._names["_dmarc.club.example"] = {"TXT": [DnsRecord(value=f"v=DMARC1; p=none; rua={many}")]}
    subject = DomainSubject(now=NOW, domain="club.example")
    (result,) = asyncio.run(Run(gather=world, deadline=30).judge([check_named("dmarc_reports")], [subject]))
    kinds = [probe.split()[-1] for probe in world.asked if " in" in probe]
    assert kinds == ["MX"] * 20 + ["A", "AAAA"] * 20
    assert len(result.findings) == 21
