"""What the dmarc rules propose: the records do away with the finding, are well-formed whatever was published, and cost few questions."""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import find, select
from checks.engine import Run
from checks.model import Action, DnsChange, Finding, Status
from checks.probes import DnsRecord
from checks.records.dkim import is_key, parse_key
from checks.records.dmarc import is_dmarc, meant_as_dmarc, parse_dmarc
from checks.rules._dmarc import repaired, tidy
from checks.settings import Volume
from checks.subject import DomainSubject
from tests.fakes.zone import ZoneWorld
from tests.rules.test_cases import ALL

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DOMAIN_CASES = [
    (stem, case) for stem, case in ALL if stem.startswith("dmarc_") and "settings" not in case and "faults" not in case
]


def said(stem: str, domain: str, world: ZoneWorld) -> list[Finding]:
    check = find(stem.replace("_", ".", 1).replace("_", "-"))
    subject = DomainSubject(now=NOW, domain=domain)
    results = asyncio.run(Run(gather=world, deadline=30).judge(check, [subject]))
    assert not results[0].traceback, results[0].traceback
    return list(results[0].findings)


def apply(world: ZoneWorld, changes: Iterable[DnsChange]) -> None:
    """Do to the zone what the remedy says."""
    for change in changes:
        types = world._names.setdefault(change.name, {})
        if change.action is not Action.ADD:
            types[change.type] = [
                record for record in types.get(change.type, []) if not is_dmarc(record.value) and change.action is Action.REMOVE
            ]
        if change.action is not Action.REMOVE:
            types.setdefault(change.type, []).append(DnsRecord(value=change.value, strings=(change.value,)))
        if not types[change.type]:
            del types[change.type]


@pytest.mark.parametrize(("stem", "case"), DOMAIN_CASES, ids=[f"{stem}: {case['name']}" for stem, case in DOMAIN_CASES])
def test_a_proposed_record_does_away_with_the_finding(stem: str, case: dict[str, Any]) -> None:
    """Every remedy with records is tried on the zone: what was found is not found again."""
    domain = case.get("domain", "club.example")
    for finding in said(stem, domain, ZoneWorld(case.get("zone", ""), origin=domain)):
        if finding.remedy is None or not finding.remedy.records:
            continue
        world = ZoneWorld(case.get("zone", ""), origin=domain)
        apply(world, finding.remedy.records)
        again = [(other.code, other.args.get("target")) for other in said(stem, domain, world)]
        assert (finding.code, finding.args.get("target")) not in again


HOSTED = """
@ MX 10 mail
mail A 192.0.2.25
_dmarc CNAME _dmarc.hosted.test.
"""


@pytest.mark.parametrize(
    ("stem", "texts"),
    [
        ("dmarc_record", ["hello"]),
        ("dmarc_record", ["v=dmarc1; p=none"]),
        ("dmarc_record", ["v=DMARC1; p=none", "v=DMARC1; p=reject"]),
        ("dmarc_syntax", ["v=DMARC1; p=reject; pct=50; adkim=relaxed; rua=mailto:a@hosted.test"]),
        ("dmarc_syntax", ["v=DMARC1; rua=mailto:a@hosted.test; p=none"]),
        ("dmarc_syntax", ["v=DMARC1; p=reject; sp=foo"]),
        ("dmarc_policy", ["v=DMARC1; p=none; rua=mailto:a@hosted.test"]),
        ("dmarc_policy", ["v=DMARC1; p=reject; t=y; rua=mailto:a@hosted.test"]),
        ("dmarc_reports", ["v=DMARC1; p=reject"]),
    ],
)
def test_beside_an_alias_the_steps_are_about_the_alias(stem: str, texts: list[str]) -> None:
    """With hosted DMARC nothing can be added or replaced at _dmarc (RFC 2181 section 10.1): the target's keeper has to, or the alias goes."""
    zone = HOSTED + "".join(f'_dmarc.hosted.test. TXT "{text}"\n' for text in texts)
    remedies = [finding.remedy for finding in said(stem, "club.example", ZoneWorld(zone)) if finding.remedy]
    assert remedies
    for remedy in remedies:
        assert not remedy.records
        told = " ".join(remedy.steps)
        assert "_dmarc.club.example is an alias (CNAME) for _dmarc.hosted.test" in told
        assert "replace the alias by a TXT record: v=DMARC1; p=" in told


@pytest.mark.parametrize(("number", "status"), [(9_000, Status.FAIL), (20, Status.WARN)])
@pytest.mark.parametrize("text", ["v=DMARC1; p=reject; sp=foo", "v=DMARC1; p=reject; np=foo", "v=DMARC1; p=foo"])
def test_a_record_that_receivers_drop_weighs_like_none(text: str, number: int, status: Status) -> None:
    """Without an address in rua= a wrong p, sp or np ends all DMARC processing (RFC 9989 section 4.10.1, RFC 7489 section 6.6.3)."""
    subject = DomainSubject(now=NOW, domain="club.example", volume=Volume(recipients_per_mailing=number))
    (result,) = asyncio.run(Run(gather=ZoneWorld(f'_dmarc TXT "{text}"')).judge(find("dmarc.syntax"), [subject]))
    assert [(finding.code, finding.status) for finding in result.findings] == [("dmarc.unusable-record", status)]


def test_a_legal_version_with_space_does_not_keep_the_new_record_from_being_shown() -> None:
    """RFC 9989 section 4.8 allows `v = DMARC1`; judged by the whole family, the record that replaces it mends and leaves no second one."""
    world = ZoneWorld('_dmarc TXT "v = DMARC1; p=none; pct=50; rua=mailto:a@club.example"')
    results = asyncio.run(Run(gather=world).judge(select(["dmarc"]), [DomainSubject(now=NOW, domain="club.example")]))
    (remedy,) = [finding.remedy for result in results for finding in result.findings if finding.code == "dmarc.removed-tags"]
    assert remedy is not None
    assert [change.value for change in remedy.records] == ["v=DMARC1; p=none; rua=mailto:a@club.example"]


@pytest.mark.parametrize(("policy", "softer"), [("reject", "quarantine"), ("quarantine", "none")])
def test_taking_pct_out_is_told_as_a_choice(policy: str, softer: str) -> None:
    """Without pct=0 older receivers go from no mail to all of it (RFC 7489 section 6.6.4): both ways are told, neither is shown as a record."""
    world = ZoneWorld(f'_dmarc TXT "v=DMARC1; p={policy}; pct=0; rua=mailto:a@club.example"')
    (finding,) = said("dmarc_syntax", "club.example", world)
    assert finding.remedy is not None
    assert not finding.remedy.records
    told = " ".join(finding.remedy.steps)
    assert "act on 0 % of the mail" in told
    assert "Read the reports first" in told
    assert f"above {softer} there" in told


def test_a_slip_in_the_policy_is_asked_about() -> None:
    """p=rejct is hardly p=none: the steps ask for reject, and the record below is still to be put in place."""
    (finding,) = said("dmarc_syntax", "club.example", ZoneWorld('_dmarc TXT "v=DMARC1; p=rejct; rua=a@club.example"'))
    assert finding.remedy is not None
    told = " ".join(finding.remedy.steps)
    assert "did you mean reject?" in told
    assert "Replace the record at _dmarc.club.example" in told


RECORDS = st.text(max_size=200) | st.text(alphabet='vpsnruatfo=:;, !@.-\\"DMARC1mailtonereject\xff', max_size=100)


@given(RECORDS.map("v=DMARC1;".__add__) | RECORDS)
def test_whatever_was_published_the_proposal_is_well_formed(text: str) -> None:
    """A record that is written anew is one line of plain text that receivers read without any complaint."""
    for proposal in (tidy(parse_dmarc(text)), repaired(text)):
        record = parse_dmarc(proposal)
        assert not proposal or is_dmarc(proposal)
        assert proposal.isascii()
        assert proposal.isprintable()
        assert not proposal or (record.policy_given and record.policy_second and not record.removed)
        assert tidy(record) == proposal or not proposal


@given(
    st.lists(RECORDS, min_size=1, max_size=3),
    st.sampled_from(
        ["dmarc_record", "dmarc_syntax", "dmarc_policy", "dmarc_reports", "dkim_key", "dkim_key_usable", "dkim_key_strength"]
    ),
)
def test_no_text_in_dns_breaks_a_rule(texts: list[str], stem: str) -> None:
    """Whatever lies at the names that a rule asks, it says something and no bug of ours shows."""
    world = ZoneWorld()
    records = [DnsRecord(value=text, strings=(text,)) for text in texts]
    names = (
        "club.example",
        "_dmarc.club.example",
        "_dmarc.example",
        "selector1._domainkey.club.example",
        "_domainkey.club.example",
    )
    world._names.update({name: {"TXT": records} for name in names})
    assert said(stem, "club.example", world)


def test_a_long_name_costs_few_questions() -> None:
    """Fourteen labels cost eight questions of the tree walk, and none twice."""
    domain = "a.b.c.d.e.f.g.h.i.j.k.l.club.example"
    world = ZoneWorld('_dmarc.club.example. TXT "v=DMARC1; p=none"', origin=domain)
    said("dmarc_record", domain, world)
    assert len(world.asked) == 8


def test_three_hundred_report_addresses_cost_few_questions() -> None:
    """A flood of foreign addresses is cut off at twenty."""
    many = ",".join(f"mailto:a@x{number}.example" for number in range(300))
    strings = " ".join(f'"{part}"' for part in [many[at : at + 200] for at in range(0, len(many), 200)])
    world = ZoneWorld(f'_dmarc TXT "v=DMARC1; p=none; rua=" {strings}')
    said("dmarc_reports", "club.example", world)
    assert len(world.asked) <= 2 + 4 * 20  # of each: consent, MX, A, AAAA


FLOODS = [
    " " * 60_000,
    "v" * 60_000,
    "v=DMARC1;" + ";" * 60_000,
    "v=DMARC1; p=" + " " * 60_000,
    "v=DMARC1; rua=" + "mailto:a!1" * 6_000,
    "a=b;" * 15_000,
    "\"'" * 30_000,
]


@pytest.mark.parametrize("text", FLOODS, ids=range(len(FLOODS)))
def test_long_texts_are_read_quickly(text: str) -> None:
    """The longest text that DNS can carry costs a few milliseconds, whatever it is made of."""
    started = time.process_time()
    tidy(parse_dmarc(text))
    repaired(text)
    meant_as_dmarc(text)
    parse_key(f"v=DKIM1; p={text}")
    is_key(text)
    assert time.process_time() - started < 0.5
