"""What one run of the wizard knows: what was asked for, what is there already, and what the questions brought. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from checks.evidence import Effect
from wizard.options import World

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

    from checks.settings import Settings
    from wizard.answers_given import Given
    from wizard.flow import Flow
    from wizard.view import Answers, Surroundings


@dataclass(kw_only=True)
class Job:
    """One run of the wizard: what was asked for, and what is there already."""

    path: Path
    output: Path
    dry_run: bool
    plain: bool
    save_answers: Path | None
    allow: frozenset[Effect] | None
    world: World
    again: tuple[str, ...]
    """The words that start this wizard again, the same way."""
    around: Surroundings
    existing: Settings | None = None
    document: TOMLDocument | None = None
    given: Given = field(kw_only=True)
    only_missing: bool = False

    @property
    def base(self) -> Path:
        """The directory that references to passwords start from."""
        return self.path.resolve().parent


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What the questions brought, before anything is written."""

    settings: Settings
    answers: Answers
    flow: Flow | None
    """The walk, if a person was asked."""
