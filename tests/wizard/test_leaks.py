"""The last door: a secret that got as far as the finished report is taken out of it, and the report is written all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.evidence import Probe, Reading, State, from_json, to_json
from checks.model import CheckResult, Outcome, Status
from checks.probes import KINDS, ArrivalProbe, ArrivalReading, Reply, SubmissionReading, TranscriptLine
from checks.secret import LeakGuard, Secret
from checks.subject import Way
from reports.model import Report, build
from tests.fakes.smtp_world import probe
from wizard.leaks import REMARK, LeakError, sealed

SAID = Outcome(code="auth.said", status=Status.FAIL, title="{where} says {reply}")
TAKEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def guard(*secrets: str) -> LeakGuard:
    made = LeakGuard()
    for one in secrets:
        made.learn(Secret(one), username="office@club.example")
    return made


def report(reply: str) -> Report:
    finding = SAID(about="Main", where="mx.club.example", reply=reply)
    return build(
        results=[CheckResult(check="auth.accepted", findings=(finding,))],
        tool="sendready 1",
        taken_at=TAKEN,
        subject={},
        vantage={},
    )


def evidence(reply: str, **more: object) -> str:
    reading = SubmissionReading(
        state=State.OK, auth=Reply(code=535, lines=(reply,)), transcript=(TranscriptLine(direction="S", text=reply),)
    )
    known: dict[Probe[Any], Reading] = {probe(): reading}
    return to_json(known, about={"tool": "sendready 1", **more})


@pytest.mark.parametrize("reply", ["bad abcd efgh ijkl mnop", "bad YWJjZCBlZmdoIGlqa2wgbW5vcA=="])
def test_a_secret_is_taken_out_and_the_report_stays(reply: str) -> None:
    """Of sentences, arguments and transcripts; what is left can be read again, and says that something is missing."""
    before, text = report(reply), evidence(reply)
    after, clean = sealed(before, text, guard("abcd efgh ijkl mnop"), lambda: "")
    assert "efgh" not in after.to_json() + clean
    assert "YWJjZC" not in after.to_json() + clean
    assert (after.verdict, after.checks[0].findings[0].args["reply"].split(" ")[0]) == (before.verdict, "bad")
    assert after.vantage["not_tested"] == [REMARK]
    readings, about = from_json(clean, KINDS)
    assert about == {"schema": "sendready.evidence/1", "tool": "sendready 1"}
    assert isinstance(only := readings[probe()], SubmissionReading)
    assert only.transcript[0].text.startswith("bad [secret]")


def test_a_clean_report_is_not_touched() -> None:
    before, text = report("no"), evidence("no")
    assert sealed(before, text, guard("abcd efgh ijkl mnop"), lambda: pytest.fail("not needed")) == (before, text)


def test_words_of_our_own_are_no_leak() -> None:
    """A password that stands in every report cannot be told from it."""
    before, text = report("submission"), evidence("submission")
    assert sealed(before, text, guard("submission"), lambda: "submission of mail") == (before, text)


def test_a_few_digits_within_a_number_are_no_leak() -> None:
    """Neither in a name of somebody's machine nor in a number of ours."""
    before, text = report("AM0PR02MB1234"), evidence("AM0PR02MB1234", count=41234)
    assert sealed(before, text, guard("1234"), lambda: "") == (before, text)
    after, _ = sealed(report("it is 1234"), text, guard("1234"), lambda: "")
    assert after.checks[0].findings[0].title == "mx.club.example says it is [secret]"


def test_a_message_is_measured_by_itself() -> None:
    """It was looked through before: a short word in it may stay, so that its signatures can be judged again."""
    asked, reading = (
        ArrivalProbe(way=Way.FILE, sha256="00"),
        ArrivalReading(state=State.OK, found=True, raw="a day of golf", reply="golf"),
    )
    _, clean = sealed(report("no"), to_json({asked: reading}, about={}), guard("golf"), lambda: "")
    found = from_json(clean, KINDS)[0][asked]
    assert isinstance(found, ArrivalReading)
    assert (found.raw, found.reply) == ("a day of golf", "[secret]")


def test_an_answer_that_is_none_without_the_secret_is_left_out() -> None:
    """A mask where a word of ours should stand."""
    text = evidence("no").replace('"state": "ok"', '"state": "refused"')
    _, clean = sealed(report("no"), text, guard("refused"), lambda: "")
    assert json.loads(clean)["readings"] == []


def test_what_cannot_be_taken_out_is_not_written() -> None:
    """A mask in the place of the report's own time makes it no report."""
    with pytest.raises(LeakError):
        sealed(report("no"), evidence("no"), guard("2026-11-23"), lambda: "")
