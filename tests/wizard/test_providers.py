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
    known = limits.limits_of([name]) or row.shared_limits
    assert bool(known) is ("ask the provider, and enter the number" not in page)
    assert all(source in page for name in row.shared_limits for source in limits.limit(name).sources)


def test_microsofts_page_has_what_people_ask_for() -> None:
    page = " ".join(shown("microsoft365").split())
    for text in (
        "10,000 recipients in any 24 hours (for each mailbox)", "30 messages a minute (for each mailbox)", "3 connections at once",
        "500 x licences ^ 0.7 + 9,500 outside recipients", "25: 14,259", "only for: trial licences only", "(V)", "(V2)",
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


def flat(name: str) -> str:
    return " ".join(shown(name).split())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("google-workspace", ["scope https://mail.google.com/", "app password", "2-Step Verification", "smtp-relay.gmail.com", "with a login"]),
        ("google-workspace-relay", ["knows the dispatcher by its address", "Allowed senders", "public address", "10,000 different recipients in any 24 hours"]),
        ("gmail", ["scope https://mail.google.com/", "2-Step Verification", "Google Workspace"]),
        ("ionos", ["Sender address is not allowed", "in its first week it sends 50", "hosted Exchange"]),
        ("infomaniak", ["instead of the Infomaniak account's", "Newsletter", "in writing"]),
        ("icloud", ["two-factor authentication", "app-specific password", "1,000 messages a day"]),
        ("yahoo", ["app password", "token", "For everybody else, no limit over time is published"]),
        ("amazon-ses", ["sandbox", "SMTP credentials", "verified", "0.10 USD", "For everybody else, no limit over time is published"]),
        ("azure-acs-email", ["30 messages a minute", "100 messages an hour", "Microsoft Entra", "for customers of: Microsoft 365"]),
        ("microsoft365-relay", ["reasonable limits", "9,500 outside recipients", "25: 14,259", "for customers of: Microsoft 365"]),
        ("sendgrid", ["apikey"]),
    ],
)  # fmt: skip
def test_a_page_tells_the_ways_and_switches_of_its_provider(name: str, told: list[str]) -> None:
    """What each way needs, and what has to be switched on, not the limits alone."""
    page = flat(name)
    for text in told:
        assert text.lower() in page.lower(), text
    assert "What an administrator can set" in page or "Ways to send" in page


def test_who_shares_a_number_is_told_only_where_the_source_tells_it() -> None:
    """hosting.de does not say for whom it counts; a limit of one message belongs to nobody else."""
    assert "mailbox" not in flat("hosting-de")
    assert "it is not stated who shares them" in flat("hosting-de")
    assert "for each message" not in flat("azure-acs-email")


def test_the_list_tells_how_much_each_takes() -> None:
    lines = {line.split()[0]: line for line in shown().splitlines()}
    assert lines["azure-acs-email"].count("30 messages a minute, 100 messages an hour (before an increase on request)") == 1
    assert lines["infomaniak"].endswith("1,440 recipients in any 24 hours")
    assert lines["strato"].endswith("no published limit known")
    assert "9,500 outside recipients" in lines["microsoft365-relay"]
    rows = {row["id"]: row for row in json.loads(shown("--format", "json"))["providers"]}
    assert {row["value"] for row in rows["azure-acs-email"]["limits"]} >= {30, 100}
    assert rows["strato"]["limits"] == []


def test_json_has_the_ways_and_switches_and_what_counts_besides() -> None:
    plain = json.loads(shown("microsoft365-relay", "--format", "json"))
    assert "reasonable limits" in plain["provider"]["unnumbered"]
    assert plain["shared_limits"][0]["id"] == "microsoft365.tenant-external-recipients"
    assert plain["ways_from_elsewhere"][0]["id"] == "microsoft365.connector"
    google = json.loads(shown("google-workspace", "--format", "json"))
    assert {row["id"] for row in google["ways"]} >= {"google-workspace.oauth", "google-workspace.relay-by-address"}
    assert all(row["sources"] and row["checked"] and row["grade"] for row in (*google["ways"], *google["switches"]))
