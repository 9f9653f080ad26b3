"""International names are shown in both forms, unless the readable one could deceive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import Verdict
from reports import html, text
from reports.html import IndexRow
from reports.model import build
from reports.names import both_forms
from tests.reports import sample

UMLAUT = "xn--mller-kva.example"
BOTH = f"müller.example ({UMLAUT})"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("club.example", "club.example"),
        (UMLAUT, BOTH),
        ("mail.xn--mller-kva.example", "mail.müller.example (mail.xn--mller-kva.example)"),
        ("_dmarc.xn--mller-kva.example", "_dmarc.müller.example (_dmarc.xn--mller-kva.example)"),
        ("xn--e1afmkfd.example", "пример.example (xn--e1afmkfd.example)"),
        ("xn--pypal-4ve.example", "xn--pypal-4ve.example"),  # a Cyrillic letter among Latin ones
        ("xn--r8jz45g.example", "例え.example (xn--r8jz45g.example)"),
        ("xn--zzzzzz.example", "xn--zzzzzz.example"),
        ("xn--.example", "xn--.example"),
        ("xn--a.example", "xn--a.example"),
        ("XN--MLLER-KVA.example", "XN--MLLER-KVA.example"),
        ("", ""),
    ],
)
def test_both_forms(name: str, shown: str) -> None:
    assert both_forms(name) == shown


@given(st.text(alphabet="abcxyz0189-.", max_size=40))
def test_any_text_is_taken(rest: str) -> None:
    """Names come from files and lists; no text is an error, and the A-label is always there."""
    assert f"xn--{rest}" in both_forms(f"xn--{rest}")


def test_a_report_shows_both_and_its_records_keep_the_one_for_dns() -> None:
    subject = {"kind": "domain", "name": UMLAUT, "domains": [UMLAUT]}
    report = build(results=[], tool="t", taken_at=sample.TAKEN, subject=subject, vantage={})
    assert text.render(report, colour=False).startswith(f"Sending mail as {BOTH}\n")
    assert "müller.example" in html.render(report)
    row = IndexRow(target=UMLAUT, verdict=Verdict.READY, counts={})
    assert "müller.example" in html.render_index([row], taken_at=sample.TAKEN, tool="t")
