"""The table of controls: enough independent witnesses for each port, and nothing from nowhere."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks.probes import normal_name
from checks.tables import dates
from checks.tables.control import ANY_WAY_OUT, WITNESSES, controls, controls_on, read

ROW: dict[str, Any] = {
    "id": "some-submission", "operator": "Some", "host": "smtp.some.example", "ports": [587],
    "grade": "V", "sources": ["https://some.example/help"], "checked": date(2026, 11, 23),
}  # fmt: skip
OTHER = {**ROW, "id": "other-submission", "operator": "Other", "host": "smtp.other.example"}


@pytest.mark.parametrize("port", [25, 465, 587, 2525, ANY_WAY_OUT])
def test_each_port_has_enough_witnesses_even_if_one_is_the_server_in_question(port: int) -> None:
    """Where a customer's server is in the table itself, two of other operators remain."""
    rows = controls_on(port)
    assert len({row.operator for row in rows}) == len(rows) > WITNESSES


def test_hosts_are_full_names_in_normal_form() -> None:
    """So that a server of the settings is recognised as one of them."""
    assert not [row.host for row in controls() if row.host != normal_name(row.host) or row.host.count(".") < 2]


def test_other_ports_have_none() -> None:
    assert controls_on(10025) == ()


@pytest.mark.parametrize("missing", ["sources", "checked", "grade", "host", "operator", "ports"])
def test_a_row_without_its_origin_or_meaning_is_refused(missing: str) -> None:
    """A host from nowhere cannot enter the table."""
    with pytest.raises(ValueError, match=r"control\.toml: some-submission"):
        read([{key: value for key, value in ROW.items() if key != missing}, OTHER])


def test_recollection_is_refused() -> None:
    """Grade R is never shipped."""
    with pytest.raises(ValueError, match="grade"):
        read([{**ROW, "grade": "R"}, OTHER])


def test_a_port_with_one_witness_is_refused() -> None:
    """One alone may be out of order; and two servers of one operator are one witness."""
    with pytest.raises(ValueError, match="port 587 has fewer than 2 independent servers"):
        read([ROW])
    with pytest.raises(ValueError, match="Some on port 587 is there twice"):
        read([ROW, {**OTHER, "operator": "Some"}])
    assert len(read([ROW, OTHER])) == 2


def test_the_report_tells_how_old_the_table_is() -> None:
    assert "control" in dict(dates())
