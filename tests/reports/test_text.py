"""The terminal's text: no byte of a stranger steers the terminal, values can be copied, colour is only ours."""

from __future__ import annotations

import itertools
import re
import shlex

import pytest

from reports import text
from tests.reports import sample
from tests.reports.test_html import HOSTILE, poisoned


@pytest.mark.parametrize("colour", [False, True])
def test_no_byte_of_a_stranger_reaches_the_terminal(colour: bool) -> None:
    """Titles, records, replies with ESC, OSC, C1, bidi: only line feeds and our own colours are control characters."""
    shown = text.render(poisoned(sample.customer(), HOSTILE), colour=colour, manual=sample.manual)
    if colour:
        assert any(code in shown for code in text.PAINT.values())
        for code in text.PAINT.values():
            shown = shown.replace(code, "")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", shown)
    assert not re.search("^LOGCANARY", shown, re.MULTILINE)
    assert "56945529" not in shown


def test_values_to_be_copied_stay_on_one_line() -> None:
    shown = text.render(sample.customer(), colour=False, width=60, manual=sample.manual)
    assert any(row.endswith(sample.KEY) for row in shown.splitlines())


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_command_to_check_again_fits_into_80_columns_and_is_read_as_one(width: int) -> None:
    shown = text.render(sample.customer(), colour=False, width=width, manual=sample.manual).splitlines()
    at = [number for number, row in enumerate(shown) if row.strip() == "check again:"]
    assert len(at) > 5
    for start in at:
        rows = list(itertools.takewhile(lambda row: row.startswith("         "), shown[start + 1 :]))
        assert max(map(len, rows)) <= min(width, 80)
        assert [row.endswith("\\") for row in rows] == [True] * (len(rows) - 1) + [False]
        assert shlex.split("\n".join(rows))[:3] == ["sendready", "check", "settings.toml"]


@pytest.mark.parametrize("width", [10, 60, 100, 200])
def test_sentences_keep_to_the_width(width: int) -> None:
    shown = text.render(sample.customer(), colour=False, width=width, manual=sample.manual)
    copied = ("         ", "                ")
    assert all(
        len(row) <= max(width, text.NARROWEST)
        for row in shown.splitlines()
        if not row.startswith(copied) and " " in row.strip() and "==" not in row and "(" not in row
    )


def test_the_verdict_is_on_top_and_the_counts_at_the_end() -> None:
    rows = text.render(sample.customer(), colour=False, width=200, manual=sample.manual).splitlines()
    assert rows[1].startswith("Not ready: 2 DNS records to change by your DNS administrator")
    assert rows[-1].startswith("In all: 3 must be fixed, 4 warnings")


def test_colour_changes_nothing_but_colour() -> None:
    plain = text.render(sample.customer(), colour=False, manual=sample.manual)
    painted = text.render(sample.customer(), colour=True, manual=sample.manual)
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain
