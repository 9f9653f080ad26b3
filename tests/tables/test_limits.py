"""The limits and the dated changes: numbers that can be trusted because each says where it comes from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from checks import tables
from checks.tables import dated, limits

ROW: dict[str, Any] = {
    "id": "some.messages-per-day", "subject": "messages", "value": 5, "unit": "messages", "window": "day", "scope": "mailbox",
    "grade": "V", "sources": ["https://provider.example/limits"], "checked": date(2026, 11, 23),
}  # fmt: skip


@pytest.mark.parametrize(
    ("licences", "published"), [(1, 10_000), (2, 10_312), (25, 14_259), (100, 22_059), (1_000, 72_446), (10_000, 324_979)]
)
def test_the_tenant_formula_gives_the_numbers_that_microsoft_published(licences: int, published: int) -> None:
    """Rounding to the nearest whole number reproduces all six published examples."""
    assert limits.limit("microsoft365.tenant-external-recipients").for_licences(licences) == published


def test_more_licences_never_mean_less() -> None:
    limit = limits.limit("microsoft365.tenant-external-recipients")
    numbers = [limit.for_licences(count) for count in range(1, 3000)]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("name", "value", "unit", "window"),
    [
        ("microsoft365.recipients-per-day", 10_000, "recipients", "24 hours"),
        ("microsoft365.messages-per-minute", 30, "messages", "minute"),
        ("microsoft365.connections", 3, "connections", "at once"),
        ("microsoft365.recipients-per-message", 1_000, "recipients", "message"),
        ("microsoft365.tenant-external-recipients-trial", 5_000, "recipients", "24 hours"),
        ("microsoft365.onmicrosoft-external-recipients", 100, "recipients", "24 hours"),
        ("google-workspace.messages-per-day", 2_000, "messages", "24 hours"),
        ("infomaniak.recipients-per-day", 1_440, "recipients", "24 hours"),
        ("brevo.messages-per-day-free", 300, "messages", "day"),
        ("azure-acs-email.messages-per-minute-azure-domain", 5, "messages", "minute"),
        ("google-workspace.different-recipients-per-day-in-all", 3_000, "recipients", "day"),
        ("microsoft365.message-size", 25, "MB", "message"),
        ("icloud.message-size", 20, "MB", "message"),
        ("amazon-ses.message-size", 40, "MB", "message"),
        ("azure-acs-email.message-size", 10, "MB", "message"),
    ],
)
def test_a_number_comes_with_its_unit_and_window(name: str, value: int, unit: str, window: str) -> None:
    row = limits.limit(name)
    assert (row.value, row.unit, row.window) == (value, unit, window)


def test_every_row_belongs_to_a_provider_that_we_know() -> None:
    known = {row.id for row in tables.providers()} | {"microsoft365-hve"}
    assert not {row.provider for row in limits.limits()} - known


@pytest.mark.parametrize("missing", ["sources", "checked", "grade", "unit", "window", "scope", "value"])
def test_a_row_without_its_origin_or_meaning_is_refused(missing: str) -> None:
    """A bare number, or one from nowhere, cannot enter the table."""
    with pytest.raises(ValueError, match=r"some\.messages-per-day"):
        limits.read([{key: value for key, value in ROW.items() if key != missing}])


@pytest.mark.parametrize(
    "bad",
    [
        {"grade": "R"},
        {"grade": ""},
        {"sources": []},
        {"sources": ["a page I remember"]},
        {"checked": "yesterday"},
        {"window": "fortnight"},
        {"value": 0},
    ],
)
def test_recollection_and_vague_rows_are_refused(bad: dict[str, Any]) -> None:
    """Grade R is what somebody remembers; it is never shipped."""
    with pytest.raises(ValueError, match=r"some\.messages-per-day"):
        limits.read([{**ROW, **bad}])


def test_a_row_says_by_itself_that_it_counts_outside_recipients_alone() -> None:
    """Whoever is meant by a limit's subject is counted: no list of such rows stands in the code."""
    outside = {row.id for row in limits.limits() if "outside" in row.subject and "inside and outside" not in row.subject}
    assert {row.id for row in limits.limits() if row.external} == outside
    assert {row.id for row in limits.limits() if row.different} == {
        row.id for row in limits.limits() if "different" in row.subject
    }


def test_a_size_is_one_of_a_message() -> None:
    with pytest.raises(ValueError, match="size of one message"):
        limits.read([{**ROW, "unit": "MB"}])
    assert limits.read([{**ROW, "unit": "MB", "window": "message"}])[0].octets == 5 * 1024 * 1024


def test_the_number_of_free_gmail_rests_on_the_texts_that_name_it() -> None:
    """Google's page for organisations says nothing of free accounts."""
    row = limits.limit("gmail.messages-per-day")
    assert row.grade == "V2"
    assert not any("support.google.com/a/" in source for source in row.sources)


def test_the_same_id_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        limits.read([ROW, ROW])


@pytest.mark.parametrize(
    ("written", "plan"),
    [
        ("Office 365 E3", "E3"), ("e5", "E5"), ("Microsoft 365 Business Standard", "Business Standard"), ("business  basic", "Business Basic"),
        ("Exchange Online (Plan 1)", "Exchange Online Plan 1"), ("Exchange Online Plan 2", "Exchange Online Plan 2"), ("M365 F3", "F3"),
        ("Visio Plan 2", None), ("", None), ("Business", None),
    ],
)  # fmt: skip
def test_plans_are_recognised_as_people_write_them(written: str, plan: str | None) -> None:
    assert limits.plans_of("microsoft365").named(written) == plan


def test_a_change_has_come_only_when_it_is_certainly_there() -> None:
    """The last days of December 2026 are still "at the end of December 2026"; in January it has happened."""
    change = dated.change("microsoft365.password-login-off-by-default")
    assert not change.has_come(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert change.has_come(datetime(2027, 1, 1, tzinfo=UTC))


def test_a_change_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="source"):
        dated.read(
            [{"id": "a.b", "what": "x", "when": "some day", "since": date(2027, 1, 1), "grade": "V", "checked": date(2026, 1, 1)}]
        )


def test_a_change_without_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="when"):
        dated.read(
            [
                {
                    "id": "a.b",
                    "what": "x",
                    "when": "some day",
                    "grade": "V",
                    "checked": date(2026, 1, 1),
                    "sources": ["https://a.example"],
                }
            ]
        )


def test_the_tables_tell_their_age() -> None:
    """A report shows how old the facts are that it stands on."""
    assert {"limits", "dated"} <= dict(tables.dates()).keys()


@pytest.mark.parametrize("read", [limits.limit, limits.plans_of, dated.change])
def test_an_unknown_id_is_a_slip_of_ours(read: Any) -> None:
    with pytest.raises(KeyError):
        read("nobody.nothing")
