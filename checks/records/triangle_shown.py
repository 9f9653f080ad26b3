"""What the settings say, what DNS says and what the receiver saw, side by side: typed here, plain data in report.json. Read back totally.

`{"server": .., "rows": [{"row": "From", "settings": .., "dns": .., "receiver": .., "agrees": true}]}`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from checks.evidence import adapter


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """One thing that three sides speak about. A text is empty where a side says nothing."""

    row: str
    settings: str = ""
    dns: str = ""
    receiver: str = ""
    agrees: bool | None = None
    """None: there is nothing to compare, or not enough is known."""
    grave: bool = False
    """A difference that is a warning; others are worth knowing."""


@dataclass(frozen=True, kw_only=True)
class ShownTriangle:
    """The table of one server."""

    server: str
    rows: tuple[ShownRow, ...]


def plain(shown: ShownTriangle) -> dict[str, Any]:
    """Return it as the data of JSON."""
    found: dict[str, Any] = adapter(ShownTriangle).dump_python(shown, mode="json")
    return found


def triangle_of(value: object) -> ShownTriangle | None:
    """Read a table; None if this is none."""
    try:
        return cast("ShownTriangle", adapter(ShownTriangle).validate_python(value)) if isinstance(value, dict) else None
    except (ValidationError, RecursionError):
        return None
