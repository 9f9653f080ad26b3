"""The handbook: Markdown for the documentation, plain text for a terminal."""

from __future__ import annotations

import re

import pytest

from checks.catalogue import catalogue, find
from reports.handbook import WIDTH, check_page, check_text
from reports.manual import FOR_INFORMATION, from_catalogue


@pytest.mark.parametrize("width", [60, 100, 200])
def test_plain_text_has_no_markup_and_keeps_to_the_width(width: int) -> None:
    """No pipes, no asterisks; only addresses, and a code with its status, may be longer than a line."""
    for check in catalogue():
        rows = check_text(check, width=width).splitlines()
        assert not [row for row in rows if re.search(r"[|*`]|^#", row)], check.id
        assert not [
            row
            for row in rows
            if len(row) > min(width, WIDTH) and " " in row.strip() and "://" not in row and not row.endswith(")")
        ], check.id


def test_the_code_asked_for_comes_first() -> None:
    (check,) = find("spf.multiple-records")
    shown = check_text(check, code="spf.multiple-records")
    assert shown.index("spf.multiple-records (must be fixed)") < shown.index("What it checks")
    assert "1. Replace the <count> records" in shown


def test_the_documentation_stays_markdown() -> None:
    (check,) = find("spf.record")
    assert "| code | status | sentence |" in check_page(check)


def test_what_is_only_about_receiving_says_so() -> None:
    """A note about MTA-STS must not read as if mail could not be sent; what concerns the sending server is not labelled."""
    labelled = {check.id for check in catalogue() if (page := from_catalogue(check.id)) and page.why.startswith(FOR_INFORMATION)}
    assert labelled == {"mtasts.policy", "tlsrpt.record", "caa.records", "bimi.record", "dane.tlsa"}
