"""Keeps the answers of a wizard that was left in the middle. Holds no password: those are typed again."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wizard import atomic
from wizard.parsing import Value
from wizard.questions import BY_KEY
from wizard.view import Answers

VERSION = 1
MAX_BYTES = 2_000_000

Slot = tuple[int | None, str]
"""A server's place (None: common) and a question's key."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Answers, and which of them are settled."""

    answers: Answers
    settled: frozenset[Slot]
    saved_at: datetime


class Drafts:
    """The draft of one settings file."""

    def __init__(self, settings: Path, folder: Path | None = None) -> None:
        name = hashlib.sha256(os.fsencode(settings.resolve())).hexdigest()[:20]
        self._settings = str(settings.resolve())
        self.path = (folder or _folder()) / f"{name}.json"

    def save(self, answers: Answers, settled: set[Slot], now: datetime) -> None:
        """Keep the answers. Raises `OSError`."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        document = {
            "draft": VERSION,
            "settings": self._settings,
            "saved_at": now.isoformat(),
            "common": answers.common,
            "servers": answers.servers,
            "settled": sorted(([place, key] for place, key in settled), key=str),
        }
        atomic.write(self.path, json.dumps(document, indent=1))

    def load(self) -> Draft | None:
        """Return the draft; None if there is none, or none that this version can read."""
        try:
            with self.path.open("rb") as file:
                document = json.loads(file.read(MAX_BYTES))
            if document["draft"] != VERSION:
                return None
            return Draft(
                answers=Answers(_answers(document["common"]), [_answers(row) for row in document["servers"]]),
                settled=frozenset((place if isinstance(place, int) else None, str(key)) for place, key in document["settled"]),
                saved_at=datetime.fromisoformat(document["saved_at"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def remove(self) -> None:
        """Forget the draft."""
        self.path.unlink(missing_ok=True)


def _answers(row: dict[str, object]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in row.items():
        if key not in BY_KEY:
            continue
        if isinstance(value, list):
            found[key] = tuple(str(item) for item in value)
        elif value is None or isinstance(value, str | int | bool):
            found[key] = value
    return found


def _folder() -> Path:
    import platformdirs  # noqa: PLC0415 - only where a draft is kept

    return platformdirs.user_state_path("sendready") / "drafts"
