"""The sentence behind the verdict: what it rests on, and who must act."""

from __future__ import annotations

from typing import Any

import pytest

from checks.model import Action, CheckResult, DnsChange, Finding, Outcome, Owner, Status
from reports.model import build
from reports.view import View, view
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
        ([], "Not fully tested", "nothing was checked"),
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


def ready(subject: dict[str, Any], vantage: dict[str, Any], *findings: Finding) -> View:
    results = [CheckResult(check="spf.x", findings=findings)]
    report = build(results=results, tool="t", taken_at=sample.TAKEN, subject=subject, vantage=vantage)
    return view(report, manual=lambda _: None)


SERVERS = {"kind": "settings", "servers": [{"name": "a", "auth": "login"}, {"name": "b", "auth": "none"}]}
ALL = {"allowed": ["look", "login"]}


@pytest.mark.parametrize(
    ("subject", "vantage", "words"),
    [
        ({"kind": "domain"}, {}, "no server was contacted"),
        ({"kind": "domain"}, {"narrowed_by": ["only"]}, "only some of the checks were run; no server was contacted"),
        (SERVERS, ALL | {"narrowed_by": ["skip"]}, "only some of the checks were run"),
        (SERVERS | {"server": "a"}, ALL | {"narrowed_by": ["server"]}, "only one of 2 servers was looked at"),
        (SERVERS, {"allowed": ["look"]}, "the login was not tried"),
    ],
)
@pytest.mark.parametrize("status", [PASS, WARN])
def test_a_partial_run_promises_no_more_than_it_saw(subject: Any, vantage: Any, words: str, status: Status) -> None:
    """What was left out stands in the sentence, and nothing says that mail can go out."""
    shown = ready(subject, vantage, finding(PASS), finding(status, code="spf.y"))
    assert shown.sentence.endswith(words)
    assert "no yes to sending" in shown.explained
    assert "has what receivers ask for" not in shown.explained
    assert "Mail can go out" not in shown.explained


def test_a_whole_run_may_promise() -> None:
    assert "has what receivers ask for" in ready(SERVERS, ALL, finding(PASS)).explained
    assert "Mail can go out" in ready(SERVERS, ALL, finding(PASS), finding(WARN, code="spf.y")).explained


def test_nothing_confirmed_is_not_green() -> None:
    """No check had anything to say: grey, and no promise."""
    shown = ready(SERVERS, ALL, finding(Status.NOT_APPLICABLE))
    assert (shown.status, shown.sentence) == ("unknown", "nothing was found to check")
    assert "says nothing about sending" in shown.explained


def test_who_could_not_answer_is_said() -> None:
    """A failing name server is not this side's fault."""
    shown = view(sample.customer(), manual=sample.manual)
    assert any("other side" in card.side for card in shown.unknown)


def message(status: Status, code: str = "send.x", **args: Any) -> str:
    title = " ".join(f"{{{name}}}" for name in args) or "so"
    said = Outcome(code=code, status=status, title=title)(about="a", **args)
    results = [CheckResult(check="send.accepted", findings=(said,))]
    subject = {"kind": "settings", "test_message": {"to": "qa@a.example", "id": "sr-1"}}
    return view(
        build(results=results, tool="t", taken_at=sample.TAKEN, subject=subject, vantage={}), manual=lambda _: None
    ).scope.message


def test_what_became_of_the_test_message() -> None:
    """Sent or not is told apart from accepted or not."""
    assert message(PASS).startswith("The server accepted the test message to qa@a.example.")
    assert "Its id is sr-1." in message(PASS)
    assert "was not accepted" in message(FAIL)
    assert (
        message(Status.NOT_RUN, reason="the login did not succeed")
        == "No test message was sent, because the login did not succeed."
    )
    assert message(UNKNOWN, "send.message-deferred").startswith("No test message was sent; the reason is")
    assert "is not known" in message(UNKNOWN, "send.unconfirmed")
