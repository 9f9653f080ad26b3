"""Days that belong into a calendar. Whatever a rule says may carry one: `SOME_OUTCOME(..., due=due(...))`; reports.coming reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from checks.model import Owner
from checks.tables.dated import Change


def due(
    on: date | datetime, *, of: str, what: str, owner: Owner | None = None, steps: Sequence[str] = (), words: str = ""
) -> dict[str, Any]:
    """Describe a day on which something ends or changes, for the argument `due`. Give a moment if the hour is known.

    `of`: names the thing in the same way in every run, whatever its date and status ("certificate mail.example.org:587"), so that the
    entry in somebody's calendar moves with it. `what`: a sentence without the date ("The certificate of ... expires").
    `owner` and `steps`: who does what, where the finding has no remedy of its own. `words`: how exact the day is, in the source's words.
    """
    moment = on.astimezone(UTC) if isinstance(on, datetime) else None
    found: dict[str, Any] = {"on": (moment.date() if moment else on).isoformat(), "of": of, "what": what}
    if moment is not None:
        found["at"] = moment.isoformat()
    if owner is not None and steps:
        found |= {"owner": owner.value, "steps": list(steps)}
    if words:
        found["words"] = words
    return found


def due_of(change: Change, now: datetime, *, who: str) -> dict[str, Any] | None:
    """Describe the day of an announced change; None if it has come. `who` announced it."""
    if change.has_come(now):
        return None
    words = f"{change.when}, as announced (read on {change.checked.isoformat()}); look it up before then"
    return due(change.to_remember(now), of=change.id, what=f"{who}: {change.what}", words=words)
