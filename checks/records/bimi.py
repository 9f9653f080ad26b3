"""BIMI records (draft-brand-indicators-for-message-identification, section 4): where a sender's logo is. Text -> addresses and problems.

Pure and total. Nothing that a record names is ever fetched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from checks.records.tags import MAX_PROBLEMS, Problem, parse_tags

_RECORD = re.compile(r"v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)")
_HTTPS = re.compile(
    r"https://(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}(?:[/?][\x21-\x7e]*)?\Z", re.IGNORECASE
)
_NAMES = {"l": "the logo (l=)", "a": "the evidence for it (a=)"}


@dataclass(frozen=True, kw_only=True)
class BimiRecord:
    """A logo, or the wish to have none shown."""

    logo: str
    evidence: str
    """The certificate that proves the right to the logo."""
    problems: tuple[Problem, ...]

    @property
    def declined(self) -> bool:
        """Both addresses are empty: no logo is to be shown."""
        return not self.problems and not self.logo and not self.evidence


def is_bimi(text: str) -> bool:
    """Tell whether a TXT record is a BIMI record; receivers discard all others."""
    return _RECORD.match(text) is not None


def parse_bimi(text: str) -> BimiRecord:
    """Read a record."""
    listed = parse_tags(text)
    problems = list(listed.problems)
    if not is_bimi(text):
        problems.append(Problem(position=0, kind="no-version", message="it does not begin with v=BIMI1;"))
    found = {"l": "", "a": ""}
    for name, what in _NAMES.items():
        tag = listed.get(name)
        if tag is None:
            if name == "l":
                problems.append(Problem(position=listed.end, kind="no-logo", message=f"there is no address of {what}"))
        elif tag.value and not _HTTPS.match(tag.value):
            message = f"the address of {what} is not one that begins with https:// and a name"
            problems.append(Problem(position=tag.value_position, kind="bad-address", message=message))
        else:
            found[name] = tag.value
    return BimiRecord(logo=found["l"], evidence=found["a"], problems=tuple(problems[:MAX_PROBLEMS]))
