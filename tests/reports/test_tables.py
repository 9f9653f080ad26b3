"""The triangle and the receivers as tables: readable in both formats, and nothing that a stranger wrote acts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import CheckResult, Outcome, Status
from reports import html, text
from reports.chapters import by_finding, chapters
from reports.model import Report, build
from reports.view import view
from tests.reports import pages, sample, sample_tables
from tests.reports.test_html import BENIGN, HOSTILE

FIXED = {"bulk", "who", "applies", "state", "sources", "behind"}
"""Enumerations; and what may become a link, or no link: `test_only_pages_and_findings_become_links`."""
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
        "Gmail asks for more yes: 12,000 messages are planned for the busiest day, and from 5,000 a day on you count as one a DMARC",
        "Yahoo and AOL nothing known is missing perhaps: Yahoo publishes no number \u2013 fewer than 3",
        "WEB.DE has what it asks for makes no difference \u2013 \u2013",
        "GMX has what it asks for no \u2013 \u2013",
        "Gmail: 3 requirements, 1 not met, 1 not known yet Bulk senders: close to 5,000 messages or more a day.",
        "met SPF or DKIM passes Enforced since February 2024. Findings: spf.authorised, triangle.agreed support.google.com/mail/answer/81126 (read on 23 November 2026; the text is of 2 July 2026)",
        "not met a DMARC record is published Asked of bulk senders, as you are. Enforced since February 2024. Otherwise: refused for a time or for good. Finding: dmarc.missing",
        "not known yet fewer than 3 of 1,000 recipients complain Otherwise: no help. It shows in the receiver's own statistics only.",
        "not met, and not asked of you DKIM passes Asked of bulk senders only, which you are not. Finding: dkim.no-keys",
    ):
        assert words in shown, words


def test_a_terminal_shows_the_same() -> None:
    shown = text.render(sample_tables.tables(), colour=False, width=80, manual=sample.manual)
    assert max(map(len, shown[shown.index("== Who will take your mail") :].split("== Not tested")[0].splitlines())) <= 80
    for words in (
        "== Who will take your mail",
        "WARN Gmail: asks for more",
        "Bulk sender there: yes: 12,000 messages are planned",
        "Not there yet: a DMARC record is published",
        "WARN a DMARC record is published: not met",
        "Finding: dmarc.missing.",
        "(source: as above)",
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
            return {key: inner if key in FIXED else spoil(inner) for key, inner in value.items()}
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


def of_receivers(**requirement: Any) -> dict[str, Any]:
    asked = {"what": "SPF passes", "state": "not-met", **requirement}
    return {"rows": [{"name": "Gmail", "bulk": "yes", "missing": ["SPF passes"], "open": [], "requirements": [asked]}]}


def test_the_finding_behind_a_requirement_is_one_click_away() -> None:
    """The code leads to the card of the finding; without such a card, it is text."""
    missing = Outcome(code="spf.missing", status=Status.FAIL, title="no SPF")(about="club.example")
    receivers = ODD(about="receivers", table=of_receivers(behind=["spf.missing", "spf.other"]))
    results = [
        CheckResult(check="spf.record", findings=(missing,)),
        CheckResult(check="receivers.requirements", findings=(receivers,)),
    ]
    page = pages.read(html.render(build(results=results, tool="t", taken_at=sample.TAKEN, subject={}, vantage={}, tables=[])))
    leads = [href[1:] for href in page.values("href") if href.startswith("#finding-")]
    assert leads
    assert set(leads) <= set(page.values("id"))
    assert "Findings: spf.missing , spf.other" in page.text


@pytest.mark.parametrize(
    "source", ["javascript:alert(1)", "http://a.example/", 'https://a.example/"onclick=x', "data:text/html,x"]
)
def test_only_pages_and_findings_become_links(source: str) -> None:
    """A report from elsewhere cannot plant a link."""
    table = of_receivers(behind=["#x", "javascript:x"], sources=[source], checked="<b>")
    page = pages.read(html.render(report_of("receivers.requirements", table)))
    assert not [href for href in page.values("href") if not href.startswith(("#", "https://"))]
    assert "onclick" not in {name for _, name, _ in page.attributes}
    assert "<b>" in page.text


def test_a_report_of_an_older_release_is_still_drawn() -> None:
    """It had the names alone."""
    row = {"name": "Gmail", "bulk": "perhaps", "missing": ["a DMARC record"], "open": []}
    (chapter,) = chapters(report_of("receivers.requirements", {"rows": [row]}))
    (figure,) = chapter.figures
    assert figure.table is not None
    assert figure.table.rows[0].cells == ("perhaps", "a DMARC record", "")
    assert not figure.folds


def test_a_flood_of_requirements_is_bounded() -> None:
    """A thousand long lines from elsewhere: a page of bounded size that says what it left out."""
    asked = {
        "what": "x" * 2_000,
        "state": "met",
        "behind": ["c" * 200] * 9,
        "sources": ["https://a.example/" + "y" * 900] * 9,
    }
    row = {"name": "G", "bulk": "yes", "missing": [], "open": [], "requirements": [asked] * 50}
    report = report_of("receivers.requirements", {"rows": [row] * 30})
    page = html.render(report)
    assert "And 30 requirements more; report.json has them." in page
    assert len(page) < 4_000_000


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
