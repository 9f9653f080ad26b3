"""`sendready providers`: everything that is known, each fact with its number, unit, window, scope, source, date and grade."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from checks import tables
from checks.tables import dated, limits, ways
from reports.providers import Sourced
from wizard.commands.providers import command


def shown(*words: str) -> str:
    result = CliRunner().invoke(command, list(words), standalone_mode=False)
    assert result.exception is None, result.exception
    return result.output


def test_the_list_names_every_provider_in_the_order_of_ids() -> None:
    ids = [line.split()[0] for line in shown().splitlines()]
    assert ids == sorted(row.id for row in tables.providers())


@pytest.mark.parametrize("name", [row.id for row in tables.providers()])
def test_every_page_tells_all_sources_and_days(name: str) -> None:
    """Nothing of a provider's file is left out."""
    page = shown(name)
    row = tables.provider(name)
    assert row is not None
    rows: list[Sourced] = [row, *limits.limits_of([name]), *dated.changes_of(name), *ways.ways_of(name), *ways.switches_of(name)]
    for one in rows:
        assert all(source in page for source in one.sources), one
        assert one.checked.isoformat() in page
    assert bool(limits.limits_of([name])) is ("ask the provider, and enter the number" not in page)


def test_microsofts_page_has_what_people_ask_for() -> None:
    page = " ".join(shown("microsoft365").split())
    for text in (
        "10,000 recipients in any 24 hours (for each mailbox)", "30 messages a minute (for each mailbox)", "3 connections at once",
        "500 x licences ^ 0.7 + 9,500 recipients", "25: 14,259", "only for: trial licences only", "(V)", "(V2)",
        "at the end of December 2026", "E1, E3, E5, F3", "Port 465 does not exist here", "42 USD", "Security Defaults",
        "SmtpClientAuthenticationDisabled", "outbound spam policy", "Send as",
    ):  # fmt: skip
        assert text in page, text


def test_json_has_every_part_of_a_limit() -> None:
    plain = json.loads(shown("infomaniak", "--format", "json"))
    assert plain["schema"] == "sendready.provider/1"
    limit = next(row for row in plain["limits"] if row["id"] == "infomaniak.recipients-per-day")
    assert (limit["value"], limit["unit"], limit["window"], limit["seconds"]) == (1440, "recipients", "24 hours", 86400)
    assert limit["checked"] == "2026-11-23"
    assert limit["grade"] == "V"
    assert limit["sources"][0].startswith("https://www.infomaniak.com/")
    assert {"scope", "condition", "source_date", "note"} <= limit.keys()


def test_json_lists_all() -> None:
    plain = json.loads(shown("--format", "json"))
    assert plain["schema"] == "sendready.providers/1"
    assert len(plain["providers"]) == len(tables.providers())
    ways_there = json.loads(shown("microsoft365", "--format", "json"))["ways"]
    assert {"needs", "costs", "takes", "checks", "sources"} <= ways_there[0].keys()
