"""Finds the rules; their text is the manual. A rule is registered by lying in checks/rules."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import checks.rules
from checks.evidence import Evidence
from checks.model import CheckResult, Finding, Outcome, Owner, Status
from checks.subject import Subject

HEADINGS = ("What it checks", "Why it matters", "How to fix it")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule file, read."""

    id: str
    """`family.name`, from the file name: spf_record.py is spf.record."""
    title: str
    """First line of the docstring."""
    sections: dict[str, str]
    """The text under each of `HEADINGS`."""
    outcomes: tuple[Outcome, ...]
    judge: Callable[[typing.Any, Evidence], Iterator[Finding]]
    """Says nothing in a check that concludes."""
    conclude: Callable[[Sequence[Subject], Sequence[CheckResult]], Iterator[Finding]] | None
    """Of a rule that puts together what the others found; it asks nothing."""
    subject_type: type[Subject]
    informational: bool
    """Not being able to tell does not stand in the way of "ready" (module constant INFORMATIONAL)."""
    unknown: Outcome
    not_run: Outcome
    over_budget: Outcome
    broken: Outcome

    @property
    def family(self) -> str:
        """The part before the dot."""
        return self.id.partition(".")[0]

    @property
    def everything(self) -> tuple[Outcome, ...]:
        """All outcomes, the common ones included."""
        return (*self.outcomes, self.unknown, self.not_run, self.over_budget, self.broken)


@cache
def catalogue() -> tuple[Check, ...]:
    """Return every check, ordered by id. Raises `TypeError` for a rule file that does not keep the form."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.rules.__path__) if not module.name.startswith("_"))
    return tuple(_read(importlib.import_module(f"checks.rules.{name}"), name) for name in names)


def select(only: Iterable[str] = (), skip: Iterable[str] = ()) -> tuple[Check, ...]:
    """Return the checks that `--only` and `--skip` leave. Each word is a family (spf), a check (spf.record) or an outcome's code.

    Raises `KeyError` with the word that names nothing.
    """
    wanted = {check.id for word in only for check in _named(word)}
    unwanted = {check.id for word in skip for check in _named(word)}
    return tuple(check for check in catalogue() if (not wanted or check.id in wanted) and check.id not in unwanted)


def find(word: str) -> tuple[Check, ...]:
    """Return the checks that a family, check id or outcome code names; empty if none."""
    return tuple(
        check
        for check in catalogue()
        if word in (check.id, check.family) or word in {outcome.code for outcome in check.everything}
    )


def _named(word: str) -> tuple[Check, ...]:
    if not (found := find(word)):
        raise KeyError(word)
    return found


def _read(module: ModuleType, name: str) -> Check:
    family, _, rest = name.partition("_")
    check = f"{family}.{rest.replace('_', '-')}"
    title, sections = _manual(inspect.getdoc(module) or "", check)
    outcomes = tuple(value for value in vars(module).values() if isinstance(value, Outcome))
    conclude = getattr(module, "conclude", None)
    judge = _nothing if conclude else module.judge
    subject_type = Subject if conclude else typing.get_type_hints(judge)["subject"]
    for outcome in outcomes:
        if not re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*", outcome.code) or not outcome.code.startswith(f"{family}."):
            raise TypeError(f"{check}: the code {outcome.code} must be {family}.some-noun")
    return Check(
        id=check,
        title=title,
        sections=sections,
        outcomes=outcomes,
        judge=judge,
        conclude=conclude,
        subject_type=subject_type,
        informational=bool(getattr(module, "INFORMATIONAL", False)),
        unknown=Outcome(
            code=f"{check}-unknown",
            status=Status.UNKNOWN,
            title="{subject}: could not be determined, because {reason}",
            owner=Owner.US,
            steps=(
                'Run the check again later; if it stays so, show the answer under "how we know" ({probe}) to whoever runs that server.',
            ),
        ),
        not_run=Outcome(
            code=f"{check}-not-run", status=Status.NOT_RUN, title="{subject}: not checked, because {reason}", also=("probe",)
        ),
        over_budget=Outcome(
            code=f"{check}-over-budget",
            status=Status.UNKNOWN,
            title="{subject}: given up, because finding out would take more questions than sendready asks about one name",
        ),
        broken=Outcome(
            code=f"{check}-broken",
            status=Status.BROKEN,
            title="{subject}: sendready has a bug here; the other checks stand",
            owner=Owner.US,
            steps=("Please send us the evidence file and the lines that sendready printed.",),
        ),
    )


def _nothing(_subject: Subject, _ev: Evidence) -> Iterator[Finding]:
    return iter(())


def _manual(text: str, check: str) -> tuple[str, dict[str, str]]:
    title, _, body = text.partition("\n")
    pattern = "|".join(HEADINGS)
    parts = re.split(rf"^({pattern}):?\n?", body, flags=re.MULTILINE)
    sections = {heading: inspect.cleandoc(part).strip() for heading, part in zip(parts[1::2], parts[2::2], strict=True)}
    if not title.strip() or [heading for heading in HEADINGS if not sections.get(heading)]:
        raise TypeError(f"{check}: its docstring needs a title line and the headings {', '.join(HEADINGS)}")
    return title.strip().rstrip("."), sections
