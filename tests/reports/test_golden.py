"""Fixed input gives fixed bytes; a change of wording shows up here and is accepted by running `python -m tests.reports.golden`."""

from __future__ import annotations

import pytest

from tests.reports.golden import FILES, GOLDEN


@pytest.mark.parametrize("name", FILES)
def test_the_same_report_is_the_same_bytes(name: str) -> None:
    """A report can be compared with the one of yesterday, byte for byte."""
    assert FILES[name]() == (GOLDEN / name).read_text("utf-8"), "wording changed? run: python -m tests.reports.golden"
    assert FILES[name]() == FILES[name]()
