"""Reads a table file and refuses rows that do not say where they come from. For the tables that carry graded statements."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

GRADES = ("V", "V2", "C")
"""Read in the provider's own text; in a secondary text; seen in independent configurations. Recollection (R) is never shipped."""

Row = Mapping[str, Any]
T = TypeVar("T")

FOLDER = "providers"
KINDS = ("provider", "limit", "plan", "change", "way", "switch")
"""Tables that the file of a provider may have; the first is the provider itself."""


@cache
def of_providers(folder: Path | None = None) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Read the providers' files, ours or those of another folder: one TOML file each, named after the provider's id.

    Raises `ValueError` for a file that is about another provider, or has a table that we do not know.
    """
    home: Traversable = resources.files(__package__ or "checks.tables").joinpath(FOLDER) if folder is None else folder
    found = []
    for file in sorted(home.iterdir(), key=lambda one: one.name.removesuffix(".toml")):
        if not file.name.endswith(".toml"):
            continue
        plain = tomllib.loads(file.read_text("utf-8"))
        name = file.name.removesuffix(".toml")
        if strange := plain.keys() - set(KINDS):
            raise ValueError(f"{file.name}: there is no table {min(strange)}; known: {', '.join(KINDS)}")
        if plain.get("provider", {}).get("id") != name:
            raise ValueError(f'{file.name} needs a table [provider] with id = "{name}"')
        found.append((name, plain))
    return tuple(found)


def rows_of(kind: str, folder: Path | None = None) -> list[dict[str, Any]]:
    """Return the rows of one kind from all files. Raises `ValueError` for one whose id belongs to another provider."""
    found: list[dict[str, Any]] = []
    for name, plain in of_providers(folder):
        for row in plain.get(kind, ()):
            if str(row.get("id")).partition(".")[0] != name:
                raise ValueError(f"{name}.toml: the id {row.get('id')} must begin with {name}. and a dot")
            found.append(row)
    return found


def made(cls: type[T], row: Row, file: str) -> T:
    """Make a row's object. Raises `ValueError` for a key that is missing or unknown."""
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]  # a dataclass; the bound has no public name
    needed = {name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING}
    if wrong := sorted(row.keys() - known.keys()) or sorted(needed - row.keys()):
        fault = "there is no key" if wrong[0] in row else "this key is missing:"
        raise ValueError(f"{file}: {row.get('id')}: {fault} {wrong[0]}")
    return cls(**row)


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
