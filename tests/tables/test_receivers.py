"""The table of receivers: every row says where it comes from, and speaks of facts that can be answered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from checks.catalogue import catalogue
from checks.rules._receiver_facts import FACTS
from checks.tables.receivers import read, receivers, requirements

ROW: dict[str, Any] = {
    "id": "gmail.more",
    "who": "all",
    "what": "more",
    "facts": ["spf"],
    "grade": "V",
    "sources": ["https://receiver.example/"],
    "checked": date(2026, 11, 23),
}


def test_every_receiver_asks_for_something() -> None:
    """No line of the table is empty."""
    assert len(receivers()) == 8
    assert all(receiver.requirements for receiver in receivers())


def test_every_fact_can_be_answered() -> None:
    """A row speaks of facts that checks.rules knows, and a fact of findings that some check can make."""
    assert {fact for row in requirements() for fact in row.facts} == set(FACTS)
    codes = {outcome.code for check in catalogue() for outcome in check.everything}
    named = {code for fact in FACTS.values() for code in (*fact.met, *fact.unmet, *fact.arrived)}
    assert {code for code in named if not code.startswith("arrival.")} <= codes
    assert {check for fact in FACTS.values() for check in fact.failing} <= {check.id for check in catalogue()}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sources": []}, "no source"),
        ({"checked": None}, "no date"),
        ({"grade": "R"}, "no grade"),
        ({"who": "nobody"}, "needs who"),
        ({"needs": "some"}, "needs who"),
        ({"facts": []}, "needs who"),
        ({"since": "2024"}, "no day in since"),
        ({"id": "nobody.more"}, "belongs to no receiver"),
    ],
)
def test_a_row_without_its_source_is_refused(change: dict[str, Any], complaint: str) -> None:
    """The loader says which row, and what is missing."""
    with pytest.raises(ValueError, match=complaint):
        read([{**ROW, **change}])


def test_a_rule_with_a_day_begins_on_that_day() -> None:
    """Outlook.com: 5 May 2025."""
    row = next(row for row in requirements() if row.id == "outlook.dmarc")
    assert not row.in_force(datetime(2025, 5, 4, 23, 59, tzinfo=UTC))
    assert row.in_force(datetime(2025, 5, 5, tzinfo=UTC))
