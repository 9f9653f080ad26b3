"""The rules about encryption on real sockets: what is told beside the verdict, and that one address of two is named."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Effect
from checks.model import Finding, Status, Verdict, verdict
from checks.settings import parse
from checks.subject import of_settings
from tests.fakes.certificates import Leaf
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer
from tests.fakes.smtp_world import HOST, QUICK, World, authority, good
from tests.fakes.zone import ZoneWorld
from tests.rules.test_server_live import ALARMING, PORT, SERVER, Both, told

VERSION = ssl.TLSVersion
PLACE = "http://ca.example/issuing.der"


def notes(findings: list[Finding]) -> list[str]:
    return sorted(finding.code for finding in findings if finding.status is Status.NOTE and finding.code.startswith("tls."))


def formal() -> Leaf:
    issuing = authority().intermediate("Issuing")
    return issuing.issue_formal("formal", HOST, fetch_at=PLACE, along=(issuing,))


def test_a_server_as_great_providers_have_it() -> None:
    """Chain sent, strict rules held, old versions refused: no note at all, and the verdict is ready."""
    found = told(Ordinary(context=formal().context()))
    assert (found.alarms, notes(found.findings), found.verdict) == ([], [], Verdict.READY)
    assert {
        "tls.certificate-chain-complete",
        "tls.certificate-strictly-valid",
        "tls.certificate-strong",
        "tls.same-certificate-without-name",
    } <= {finding.code for finding in found.findings}


def test_a_formal_flaw_is_a_note() -> None:
    """Both results are told; mail flows, so the verdict stays ready."""
    found = told(Ordinary(context=good().context()))
    assert (found.alarms, notes(found.findings), found.verdict) == ([], ["tls.certificate-formal-flaw"], Verdict.READY)


def test_a_missing_intermediate_is_told_as_such() -> None:
    """Not "unknown issuer": the certificate says where its issuer's is. No password went out."""
    found = told(Ordinary(context=authority().intermediate("Issuing").issue_formal("bare", HOST, fetch_at=PLACE).context()))
    assert found.alarms == ["tls.intermediate-missing"]
    told_so = next(finding for finding in found.findings if finding.code == "tls.intermediate-missing")
    assert told_so.remedy is not None
    assert any(PLACE in step for step in told_so.remedy.steps)
    assert "AUTH" not in found.verbs


def test_outdated_versions_beside_the_new_ones() -> None:
    """TLS 1.0 and 1.1 are named, and nothing is alarmed."""
    found = told(Ordinary(context=formal().speaking(VERSION.TLSv1, VERSION.TLSv1_3)))
    assert (found.alarms, notes(found.findings)) == ([], ["tls.outdated-version-accepted"])
    assert any("TLS 1.1 and TLS 1.0" in finding.title for finding in found.findings)


def test_another_certificate_without_the_name() -> None:
    """A machine with many names: told as information."""
    default = authority().issue("default-live", "www.provider.example")
    found = told(Ordinary(context=default.unless_named(HOST, formal())))
    assert (found.alarms, notes(found.findings)) == ([], ["tls.other-certificate-without-name"])


def test_a_busy_server_is_not_blamed_for_looks_from_aside() -> None:
    """Two connections are taken, all further ones put off: the login was among the two, and the verdict is ready."""

    async def counting(peer: Peer) -> None:
        ordinary = Ordinary(context=formal().context())
        if peer.number > 1:
            ordinary.replies = {"GREETING": "421 4.7.0 too many connections"}
        await ordinary(peer)

    found = told(counting)
    assert (found.alarms, notes(found.findings), found.verdict) == ([], [], Verdict.READY)


async def judge_two(leaves: dict[str, Leaf], **changes: Any) -> tuple[list[Finding], Verdict]:
    """Judge one name with two addresses, each with a certificate of its own."""
    async with FakeServer(Ordinary(context=leaves["127.0.0.1"].context())) as first:
        second = FakeServer(Ordinary(context=leaves["127.0.0.2"].context()))
        more = await asyncio.start_server(second._serve, "127.0.0.2", first.port)
        async with more:
            smtp = World(timeouts=QUICK).gatherer({PORT: first.port})
            gather = Both(ZoneWorld("mx A 127.0.0.1\nmx A 127.0.0.2"), smtp)
            subjects = of_settings(parse({"servers": [{**SERVER, **changes}]}), now=datetime.now(UTC))
            results = await Run(gather=gather, allow=frozenset({Effect.LOOK}), deadline=20).judge(
                select(["port", "tls"]), subjects
            )
            return [finding for result in results for finding in result.findings], verdict(results)


@pytest.mark.parametrize(
    ("other", "alarms", "note"),
    [
        (lambda: authority().issue("two-expired", HOST, days=(-90, -3)), ["tls.certificate-expired"], "tls.uneven-certificates"),
        (lambda: authority().issue("two-name", "x.example"), ["tls.certificate-name-mismatch"], "tls.uneven-certificates"),
        (
            lambda: authority().intermediate("Issuing").issue_formal("two-bare", HOST, fetch_at=PLACE),
            ["tls.intermediate-missing"],
            "tls.uneven-certificates",
        ),
        (lambda: authority().issue_formal("two-other", HOST), [], "tls.different-certificates"),
    ],
    ids=["expired", "another name", "no intermediate", "another good one"],
)
def test_one_address_of_two_is_named(other: Any, alarms: list[str], note: str) -> None:
    """The fault is told once, with the address; a good but different certificate is only a note."""
    findings, _ = asyncio.run(judge_two({"127.0.0.1": formal(), "127.0.0.2": other()}))
    assert sorted(finding.code for finding in findings if finding.status in ALARMING) == alarms
    assert note in notes(findings)
    for finding in findings:
        if finding.code in alarms:
            assert "at 127.0.0.2" in finding.title
