"""Reads a table file and refuses rows that do not say where they come from. For the tables that carry graded statements."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import resources
from typing import Any

GRADES = ("V", "V2", "C")
"""Read in the provider's own text; in a secondary text; seen in independent configurations. Recollection (R) is never shipped."""

Row = Mapping[str, Any]


def document(name: str) -> dict[str, Any]:
    """Read one of the TOML files beside this module."""
    return tomllib.loads(resources.files(__package__ or "checks.tables").joinpath(name).read_text("utf-8"))


def sourced(rows: list[dict[str, Any]], file: str) -> Iterator[dict[str, Any]]:
    """Yield the rows with lists as tuples. Raises `ValueError` for one without source, date or a grade that may be shipped."""
    for row in rows:
        where = f"{file}: {row.get('id') or row.get('names')}"
        sources = row.get("sources")
        if not isinstance(sources, list) or not sources or not all(str(source).startswith("https://") for source in sources):
            raise ValueError(f"{where} has no source (a list of https:// addresses)")
        if type(row.get("checked")) is not date:
            raise ValueError(f"{where} has no date on which its sources were read (checked = 2026-11-23)")
        if row.get("grade") not in GRADES:
            raise ValueError(f"{where} has no grade that may be used; it must be one of {', '.join(GRADES)}")
        yield {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def once(ids: list[str], file: str) -> None:
    """Raise `ValueError` if two rows have the same id."""
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"{file}: {twice[0]} is there twice")
