"""What the catalogue says about a check, as a report needs it: why it matters, and what kind of thing it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checks.subject import DomainSubject, ServerSubject

ABOUT_RECEIVING = ("mtasts.", "tlsrpt.", "caa.", "bimi.", "dane.tlsa")
"""Checks whose findings are for information: nothing of them stands in the way of what is sent."""
FOR_INFORMATION = "For information, not about what you send."


@dataclass(frozen=True, kw_only=True)
class Page:
    """One check's page of the manual, shortened."""

    title: str
    why: str
    of: str
    """domain, server or settings: how a person checks it again."""


Manual = Callable[[str], Page | None]
"""Finds the page of a check id; None for a check that this version does not know (an old report)."""


def from_catalogue(check: str) -> Page | None:
    """Look the check up among the rules."""
    from checks.catalogue import catalogue  # noqa: PLC0415 - reads every rule; a list of audits needs none

    found = next((entry for entry in catalogue() if entry.id == check), None)
    if found is None:
        return None
    of = "domain" if found.subject_type is DomainSubject else "server" if found.subject_type is ServerSubject else "settings"
    why = " ".join(found.sections["Why it matters"].split())
    label = f"{FOR_INFORMATION} " if check.startswith(ABOUT_RECEIVING) else ""
    return Page(title=found.title, why=label + why, of=of)
