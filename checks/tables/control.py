"""Servers of others that are known to listen, for telling "blocked from here" from "closed there". No judgement here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from checks.tables._rows import document, once, sourced

FILE = "control.toml"
ANY_WAY_OUT = 443  # a network that lets anything out lets the web out
WITNESSES = 2  # of different operators; one alone may be out of order


@dataclass(frozen=True, kw_only=True)
class Control:
    """One server that takes connections."""

    id: str
    operator: str
    host: str
    ports: tuple[int, ...]
    grade: str
    sources: tuple[str, ...]
    checked: date
    note: str = ""


@cache
def controls() -> tuple[Control, ...]:
    """Return every row, in the table's order."""
    return read(document(FILE)["control"])


def controls_on(port: int) -> tuple[Control, ...]:
    """Return the servers known to listen on a port, each of another operator; empty if the table has none."""
    return tuple(row for row in controls() if port in row.ports)


def read(rows: list[dict[str, Any]]) -> tuple[Control, ...]:
    """Read rows. Raises `ValueError` for one without source, date or grade, and for a port with too few independent servers."""
    found = []
    for row in sourced(rows, FILE):
        if not row.get("host") or not row.get("operator") or not row.get("ports"):
            raise ValueError(f"{FILE}: {row.get('id')} does not say who listens where")
        found.append(Control(**row))
    once([row.id for row in found], FILE)
    once([f"{row.operator} on port {port}" for row in found for port in row.ports], FILE)
    listed = [port for row in found for port in row.ports]
    if lonely := sorted({port for port in listed if listed.count(port) < WITNESSES}):
        raise ValueError(f"{FILE}: port {lonely[0]} has fewer than {WITNESSES} independent servers")
    return tuple(found)


def oldest() -> date:
    """Return the oldest day on which a row was checked."""
    return min(row.checked for row in controls())
