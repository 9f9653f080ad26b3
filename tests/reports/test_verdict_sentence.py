"""The sentence behind the verdict: what it rests on, and who must act."""

from __future__ import annotations

import pytest

from checks.model import Action, CheckResult, DnsChange, Finding, Outcome, Owner, Status
from reports.model import build
from reports.view import view
from tests.reports import sample


def finding(status: Status, owner: Owner | None = None, *records: str, code: str = "spf.x") -> Finding:
    said = Outcome(code=code, status=status, title="something is so", owner=owner, steps=("Do it.",) if owner else ())
    return said(about="a.example", records=[DnsChange(action=Action.ADD, name=name, type="TXT", value="v") for name in records])


DNS, US, MAIL = Owner.DNS_ADMIN, Owner.US, Owner.MAIL_ADMIN
FAIL, WARN, PASS, UNKNOWN = Status.FAIL, Status.WARN, Status.PASS, Status.UNKNOWN


@pytest.mark.parametrize(
    ("findings", "verdict", "sentence"),
    [
        (
            [finding(FAIL, DNS, "a", "b"), finding(FAIL, US)],
            "Not ready",
            "2 DNS records to change by your DNS administrator, 1 task for you",
        ),
        ([finding(FAIL, DNS, "a"), finding(FAIL, DNS, "a")], "Not ready", "1 DNS record to change by your DNS administrator"),
        ([finding(FAIL, DNS, "a"), finding(FAIL, DNS)], "Not ready", "2 tasks for your DNS administrator"),
        ([finding(FAIL)], "Not ready", "1 task for you"),
        (
            [finding(WARN, MAIL), finding(WARN)],
            "Ready with warnings",
            "nothing blocks sending; 1 task for your mail administrator, 1 warning to know of",
        ),
        ([finding(UNKNOWN), finding(WARN, US)], "Not fully tested", "1 question could not be answered"),
        ([finding(PASS)], "Ready", "1 point was checked and nothing stands in the way"),
        ([], "Ready", "nothing stands in the way"),
    ],
)
def test_sentence(findings: list[Finding], verdict: str, sentence: str) -> None:
    report = build(
        results=[CheckResult(check="spf.x", findings=tuple(findings))],
        tool="t",
        taken_at=sample.TAKEN,
        subject={},
        vantage={},
        tables=[],
    )
    shown = view(report, manual=lambda _: None)
    assert (shown.verdict, shown.sentence) == (verdict, sentence)


def test_ready_says_that_not_everything_was_tested() -> None:
    """The word alone must not promise what nobody looked at."""
    assert "Not everything was tested" in view(sample.healthy()).explained


def test_the_command_to_check_again_fits_what_the_finding_is_about() -> None:
    """A domain by its name, a server by its name, with the quotes that a shell needs."""
    shown = view(sample.customer(), manual=sample.manual)
    commands = {card.code: card.verify for group in shown.groups for card in group.cards}
    assert commands["spf.multiple-records"] == "sendready check --domain club.example --only spf.multiple-records"
    assert commands["dkim.key-missing"] == "sendready check --domain club.example --selector s1 --only dkim.key-missing"
    assert (
        commands["office365.basic-auth-ends"]
        == "sendready check settings.toml --server 'Office 365' --only office365.basic-auth-ends"
    )
    assert commands["settings.test-mode-on"] == "sendready check settings.toml --only settings.test-mode-on"


def test_who_could_not_answer_is_said() -> None:
    """A failing name server is not this side's fault."""
    shown = view(sample.customer(), manual=sample.manual)
    assert any("other side" in card.side for card in shown.unknown)
