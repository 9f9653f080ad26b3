"""The triangle and the receivers as tables: readable in both formats, and nothing that a stranger wrote acts."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.model import CheckResult, Outcome, Status
from reports import html, text
from reports.chapters import by_finding, chapters
from reports.model import Report, build
from reports.view import view
from tests.reports import pages, sample, sample_tables
from tests.reports.test_html import BENIGN, HOSTILE

ODD = Outcome(code="triangle.odd", status=Status.NOTE, title="so", also=("table",))


def report_of(check: str, table: Any) -> Report:
    return build(
        results=[CheckResult(check=check, findings=(ODD(about="x", table=table),))],
        tool="t", taken_at=sample.TAKEN, subject={}, vantage={}, tables=[],
    )  # fmt: skip


def test_the_page_has_three_columns_and_says_where_they_differ() -> None:
    shown = pages.read(html.render(sample_tables.tables(), manual=sample.manual)).text
    for words in (
        "What The settings say DNS says The receiver saw",
        "Visible sender (From) agree news@club.example DMARC of club.example: p=reject news@club.example",
        "Bounce address (return path) differ news@club.example SPF of bounce.",
        "Selector of the key nothing to compare none named s1: key published s1",
        "Gmail asks for more a DMARC record is published fewer than 3 of 1,000 recipients complain",
        "Yahoo and AOL (you count as a bulk sender there) nothing known is missing \u2013 fewer than 3",
        "GMX (you are no bulk sender there) has what it asks for \u2013 \u2013",
    ):
        assert words in shown, words


def test_a_terminal_shows_the_same() -> None:
    shown = text.render(sample_tables.tables(), colour=False, width=80, manual=sample.manual)
    assert max(map(len, shown[shown.index("== Who will take your mail") :].split("== Not tested")[0].splitlines())) <= 80
    for words in (
        "== Who will take your mail",
        "WARN Gmail: asks for more",
        "Not there yet: a DMARC record is published",
        "== Settings, DNS and receiver of Newsletter, side by side",
        "WARN Bounce address (return path): differ",
        "The settings say: news@club.example",
        "n/a  Selector of the key: nothing to compare",
    ):
        assert words in shown, words


def test_each_finding_leads_to_its_table() -> None:
    report = sample_tables.tables()
    drawn = by_finding(chapters(report))
    assert {finding.fingerprint for entry in report.checks for finding in entry.findings} == set(drawn)


def spoiled(poison: str) -> str:
    """The page with the poison behind every text of the tables."""

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: inner if key == "bulk" else spoil(inner) for key, inner in value.items()}
        return [spoil(one) for one in value] if isinstance(value, list) else value + poison if isinstance(value, str) else value

    plain = json.loads(sample_tables.tables().to_json())
    for entry in plain["checks"]:
        for finding in entry["findings"]:
            finding["args"] = spoil(finding["args"])
    return html.render(Report.from_json(json.dumps(plain)), manual=sample.manual)


def test_strangers_text_does_nothing() -> None:
    """The same page with hostile words in every cell has the same elements and attributes."""
    good, bad = pages.read(spoiled(BENIGN)), pages.read(spoiled(HOSTILE))
    assert "The receiver saw" in bad.text
    assert good.tags == bad.tags
    assert "<script>alert" not in spoiled("<script>alert(1)</script>")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["server", "rows", "row", "name", "missing"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_table_of_a_foreign_report_is_drawn_or_left_out(table: Any) -> None:
    """A report.json from elsewhere cannot break the page."""
    for check in ("triangle.agreement", "receivers.requirements"):
        chapters(report_of(check, table if isinstance(table, dict) else {"rows": table}))


def test_a_message_that_has_arrived_is_no_longer_looked_for() -> None:
    """The report's first page does not send a person to a mailbox that was looked into."""
    sent = Outcome(code="send.message-accepted", status=Status.PASS, title="so")(about="a")
    for code, words in (("message-in-inbox", "and it has arrived in the inbox."), ("message-in-junk", "among the spam.")):
        found = Outcome(code=f"arrival.{code}", status=Status.PASS, title="so")(about="a")
        results = [CheckResult(check="send.accepted", findings=(sent,)), CheckResult(check="arrival.found", findings=(found,))]
        subject = {"kind": "settings", "test_message": {"to": "qa@a.example", "id": "sr-1"}}
        report = build(results=results, tool="t", taken_at=sample.TAKEN, subject=subject, vantage={})
        shown = view(report, manual=lambda _: None).scope.message
        assert words in shown
        assert "please look" not in shown
