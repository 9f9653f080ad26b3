"""The formats for programs: right for whoever reads them, and harmless whatever strangers wrote."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET

import pytest

from checks.model import CheckResult, Outcome, Status
from reports.machine import junit, markdown, nagios, table
from reports.model import build
from tests.reports import sample
from tests.reports.test_html import HOSTILE, poisoned

FINDINGS = [finding for check in sample.customer().checks for finding in check.findings]


@pytest.mark.parametrize("render", [junit.render, markdown.render, nagios.render, table.render])
def test_no_character_of_a_stranger_acts(render: object) -> None:
    assert callable(render)
    shown = render(poisoned(sample.customer(), HOSTILE))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202e]", shown)
    assert not re.search("^LOGCANARY", shown, re.MULTILINE)


@pytest.mark.parametrize("begin", list("=+-@|\t\r\n"))
def test_no_cell_of_the_table_is_a_formula(begin: str) -> None:
    """CWE-1236: a spreadsheet shows the text instead of running it."""
    odd = Outcome(code="spf.odd", status=Status.NOTE, title="{text}")
    report = build(
        results=[CheckResult(check="spf.odd", findings=(odd(about=f"{begin}1+1", text=f"{begin}cmd"),))],
        tool="t",
        taken_at=sample.TAKEN,
        subject={},
        vantage={},
    )
    row = next(iter(csv.DictReader(io.StringIO(table.render(report)))))
    assert row["title"].startswith("'")
    assert row["about"].startswith("'")


def test_the_table_has_a_line_per_finding() -> None:
    rows = list(csv.DictReader(io.StringIO(table.render(sample.customer()))))
    assert [row["code"] for row in rows] == [finding.code for finding in FINDINGS]
    assert any(sample.NEW_SPF in row["records"] for row in rows)


def test_monitoring_gets_one_line_and_then_the_details() -> None:
    """Only one bar, which begins the counts."""
    rows = nagios.render(sample.customer()).splitlines()
    assert (
        rows[0]
        == "NOT READY club.example - 2 DNS records to change by your DNS administrator, 1 task for you | fail=3 warn=4 unknown=1 pass=6"
    )
    assert nagios.render(poisoned(sample.customer(), "|x")).count("|") == 1


def test_junit_counts_what_failed_and_what_was_not_settled() -> None:
    suite = ET.fromstring(junit.render(sample.customer()))  # noqa: S314 - our own output
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (str(len(sample.customer().checks)), "3", "1")
    assert {case.get("name") for case in suite if case.find("failure") is not None} == {
        "spf.record",
        "dkim.key",
        "settings.test-mode",
    }


def test_markdown_makes_neither_links_nor_html_of_strangers_text() -> None:
    shown = markdown.render(poisoned(sample.customer(), "![x](http://evil.example) <b> `` ``` [a](b)"))
    outside = re.sub(r"(`+).*?\1", "", re.sub(r"\\.", "", shown), flags=re.DOTALL)
    assert not re.search(r"[<\[`]", outside)
    assert "http://" not in outside
