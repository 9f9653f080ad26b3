"""The providers' files: one file per provider, nothing else to be told, and no row without its origin."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from checks import tables
from checks.tables import _rows, dated, limits, ways

HOME = Path(tables.__file__).parent / "providers"
NEW = """
[provider]
id = "newcomer"
name = "Newcomer Mail"
hosts = ["smtp.newcomer.example"]
endpoints = [{ port = 465, security = "implicit-tls" }]
auth = ["password"]
spf_include = "spf.newcomer.example"
mx_patterns = ["mx*.newcomer.example"]
dkim_targets = ["*.dkim.newcomer.example"]
sources = ["https://newcomer.example/smtp"]
grade = "V"
dns_grade = "V"
checked = 2026-11-23

[[limit]]
id = "newcomer.messages-per-hour"
subject = "messages"
value = 77
unit = "messages"
window = "hour"
scope = "mailbox"
grade = "V"
sources = ["https://newcomer.example/limits"]
checked = 2026-11-23

[[plan]]
id = "newcomer.plans"
names = ["Basic"]
includes = ["sending by SMTP"]
grade = "V"
sources = ["https://newcomer.example/plans"]
checked = 2026-11-23

[[change]]
id = "newcomer.port-25-closed"
what = "port 25 is closed"
when = "on 1 May 2027"
since = 2027-05-01
grade = "V"
sources = ["https://newcomer.example/news"]
checked = 2026-11-23

[[way]]
id = "newcomer.relay"
name = "A relay"
reaches = "everybody"
lifts = ["mailbox"]
step = "Use the relay."
needs = ["a contract"]
costs = ""
grade = "V"
sources = ["https://newcomer.example/relay"]
checked = 2026-11-23

[[switch]]
id = "newcomer.smtp"
what = "sending by SMTP is switched on"
concerns = "login"
where = "Look under Settings."
grade = "V"
sources = ["https://newcomer.example/smtp"]
checked = 2026-11-23
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Our files and one more."""
    home = tmp_path / "providers"
    shutil.copytree(HOME, home)
    (home / "newcomer.toml").write_text(NEW, "utf-8")
    return home


def test_a_new_file_is_a_new_provider(folder: Path) -> None:
    """Nothing else has to be touched: it is recognised by host, SPF, MX and DKIM alias, and its rows are there."""
    rows = tables.providers(folder)
    assert len(rows) == len(tables.providers()) + 1
    for found in (
        tables.providers_of_host("SMTP.newcomer.example", rows),
        tables.providers_of_mx(["mx7.newcomer.example"], rows),
        tables.providers_of_spf(["spf.newcomer.example"], rows),
        tables.providers_of_dkim(["a.dkim.newcomer.example"], rows),
    ):
        assert [row.id for row in found] == ["newcomer"]
    assert [row.value for row in limits.limits_of(["newcomer"], limits.limits(folder))] == [77]
    assert "newcomer" in {row.provider for row in limits.plans(folder)}
    assert "newcomer" in {row.provider for row in dated.changes(folder)}
    assert "newcomer" in {row.provider for row in ways.ways(folder)}
    assert "newcomer" in {row.provider for row in ways.switches(folder)}


def test_every_file_is_named_after_its_provider() -> None:
    assert {row.id for row in tables.providers()} == {file.stem for file in HOME.glob("*.toml")}


@pytest.mark.parametrize(
    ("changed", "by", "complaint"),
    [
        ("checked = 2026-11-23\n\n[[limit]]", "\n[[limit]]", "no date"),
        ('sources = ["https://newcomer.example/smtp"]\n', "", "no source"),
        ('grade = "V"\ndns_grade', 'grade = "R"\ndns_grade', "grade"),
        ('dns_grade = "V"\n', "", "dns_grade"),
        ('dns_grade = "V"\n', 'dns_grade = "R"\n', "dns_grade"),
        ('id = "newcomer"', 'id = "somebody"', "newcomer"),
        ('id = "newcomer.messages-per-hour"', 'id = "gmx.messages-per-hour"', "must begin with newcomer"),
        ("[[switch]]", "[[swich]]", "no table swich"),
        ('auth = ["password"]', 'aut = ["password"]', "no key aut"),
        ('security = "implicit-tls"', 'security = "ssl"', "ssl"),
        ('reaches = "everybody"', 'reaches = "nobody"', "reaches"),
        ('step = "Use the relay."', 'step = "use it"', "no sentence"),
        ('concerns = "login"', 'concerns = "life"', "concerns"),
        ("includes = [", "incldes = [", "incldes"),
        ("since = 2027-05-01\n", "", "when"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_trusted_is_refused(folder: Path, changed: str, by: str, complaint: str) -> None:
    """The loader says which file or row, and what is wrong with it."""
    assert changed in NEW
    (folder / "newcomer.toml").write_text(NEW.replace(changed, by, 1), "utf-8")
    with pytest.raises(ValueError, match=complaint):
        everything(folder)


def everything(folder: Path) -> list[Any]:
    return [
        tables.providers(folder), limits.limits(folder), limits.plans(folder), dated.changes(folder), ways.ways(folder), ways.switches(folder),
    ]  # fmt: skip


def test_no_row_is_from_memory_and_each_has_a_source_and_a_day() -> None:
    """Grade R, what somebody remembers, is nowhere."""
    for rows in (tables.providers(), limits.limits(), limits.plans(), dated.changes(), ways.ways(), ways.switches()):
        for row in rows:
            assert row.grade in _rows.GRADES, row
            assert row.sources, row
            assert all(source.startswith("https://") for source in row.sources), row
            assert date(2026, 1, 1) < row.checked < date(2100, 1, 1), row


def test_of_products_on_one_server_the_usual_one_comes_first() -> None:
    """Microsoft's mail exchanger is that of its mailboxes, not of High Volume Email."""
    assert [row.id for row in tables.providers_of_mx(["club-example.mail.protection.outlook.com"])] == [
        "microsoft365", "microsoft365-relay", "microsoft365-hve",
    ]  # fmt: skip
    assert tables.providers_of_mx(["mx00.kundenserver.de"])[0].id == "ionos"
    assert tables.providers_of_spf(["amazonses.com"])[0].id == "amazon-ses"


def test_the_plans_say_what_they_include_and_that_the_old_rule_is_wrong() -> None:
    """Not only E1, E3 and E5: every plan with a mailbox may send by SMTP."""
    row = limits.plans_of("microsoft365")
    assert {"Business Basic", "Business Standard", "E1", "E3", "E5", "F3", "Exchange Online Kiosk"} <= set(row.names)
    assert any("SMTP AUTH" in text for text in row.includes)
    assert any("connector" in text for text in row.includes)
    assert "E1, E3 and E5" in row.note


@pytest.mark.parametrize("name", ["oauth", "connector", "high-volume-email", "azure-communication-services", "relay-service", "own-server", "direct-send"])  # fmt: skip
def test_every_alternative_says_what_it_needs(name: str) -> None:
    row = ways.way(f"microsoft365.{name}")
    assert row.needs
    assert row.step
    assert not row.provider_id or tables.provider(row.provider_id), "it leads to a provider of the table"


def test_what_reaches_the_inside_only_lifts_no_limit_towards_the_outside() -> None:
    inside = [row.id for row in ways.ways() if row.reaches == "inside"]
    assert inside == ["microsoft365.direct-send", "microsoft365.high-volume-email"]
    assert "42 USD" in ways.way("microsoft365.high-volume-email").costs


def test_limits_that_count_elsewhere_too_are_limits_of_the_table() -> None:
    shared = {name for row in tables.providers() for name in row.shared_limits}
    assert shared
    assert shared <= {row.id for row in limits.limits()}


@pytest.mark.parametrize(
    "name",
    ["microsoft365", "google-workspace", "gmail", "ionos", "infomaniak", "icloud", "yahoo", "amazon-ses", "azure-acs-email"],
)
def test_who_is_known_well_has_ways_and_switches(name: str) -> None:
    """Each with what it needs; its login or its numbers depend on something that can be looked at."""
    assert ways.ways_of(name)
    assert ways.switches_of(name)
    for row in ways.ways_of(name):
        assert not row.provider_id or tables.provider(row.provider_id), "it leads to a provider of the table"


def test_the_relay_of_google_is_known_by_address_or_by_login() -> None:
    rows = {row.id: row.concerns for row in ways.switches_of("google-workspace-relay")}
    assert rows["google-workspace-relay.address"] == "relay"
    assert rows["google-workspace-relay.login"] == "login"
    assert {row.id for row in ways.ways_to("google-workspace-relay")} == {
        "google-workspace.relay-by-address", "google-workspace.relay-by-login",
    }  # fmt: skip


def test_a_switch_that_matters_to_nobody_is_refused(folder: Path) -> None:
    file = folder / "newcomer.toml"
    file.write_text(NEW.replace('concerns = "login"', 'concerns = "login"\npassword_only = true\ntoken_only = true'), "utf-8")
    with pytest.raises(ValueError, match="matters to nobody"):
        ways.switches(folder)


@pytest.mark.parametrize("read", [ways.way, ways.switch])
def test_an_unknown_id_is_a_slip_of_ours(read: Any) -> None:
    with pytest.raises(KeyError):
        read("nobody.nothing")
