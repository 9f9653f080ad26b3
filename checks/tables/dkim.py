"""How each provider's DKIM records are set up, as far as a source describes it; and how often a key is to be changed. No judgement here."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from checks.tables import Provider
from checks.tables._rows import document, made, sourced

FILE = "dkim.toml"
CERTAIN = 20  # letters and digits of a domain that must agree; providers may shorten a long one


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One row: providers of one company, and what their customers do."""

    id: str
    providers: tuple[str, ...]
    """Ids of providers.toml."""
    own_signature_only: bool
    """Without the records it signs with a domain of its own, which does not speak for the customer's."""
    steps: tuple[str, ...]
    own_domains: tuple[str, ...] = ()
    """Domains that the provider gives to customers and signs for by itself; patterns."""
    targets: tuple[str, ...] = ()
    """Where its customers' aliases (CNAME) lead, in words; {selector} and {dashes} (the domain in one label) are filled in."""
    target_hosts: tuple[str, ...] = ()
    """Names that its keys lie below; patterns."""
    grade: str
    sources: tuple[str, ...]
    checked: date

    def worded(self, domain: str) -> tuple[str, ...]:
        """Return the steps for a domain."""
        return tuple(step.format(domain=domain, dashes=dashed(domain)) for step in self.steps)

    def expected(self, selector: str, domain: str) -> tuple[str, ...]:
        """Return the forms that the target of an alias may have."""
        return tuple(form.format(selector=selector.lower(), dashes=dashed(domain)) for form in self.targets)

    def holds(self, target: str) -> bool:
        """Tell whether a name is one of those that its keys lie at."""
        return any(fnmatch.fnmatchcase(target, pattern) for pattern in self.target_hosts)

    def fits(self, selector: str, domain: str, target: str) -> bool:
        """Tell whether an alias leads to the key of this selector and domain, whatever the customer's own part is."""
        label, mark, _ = target.partition("._domainkey.")
        given = _bare(label.removeprefix(f"{selector.lower()}-"))
        wanted = _bare(domain)
        compared = min(len(given), len(wanted), CERTAIN)
        return (
            bool(mark and given)
            and self.holds(target)
            and label.startswith(f"{selector.lower()}-")
            and given[:compared] == wanted[:compared]
        )

    def owns(self, domain: str) -> bool:
        """Tell whether a domain is the provider's, so that there is nothing for its customer to publish."""
        return any(fnmatch.fnmatchcase(domain, pattern) for pattern in self.own_domains)


@dataclass(frozen=True, kw_only=True)
class Advice:
    """How often a key is to be changed."""

    id: str
    who: str
    months: int
    grade: str
    sources: tuple[str, ...]
    checked: date


def dashed(domain: str) -> str:
    """Return a domain as it stands within one label, like club-example."""
    return domain.replace(".", "-")


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name)


@cache
def setups() -> tuple[Setup, ...]:
    """Return every row. Raises `ValueError` for one without source or date."""
    return tuple(Setup(**row) for row in sourced(document(FILE)["setup"], FILE))


def setup_of(provider: Provider | None) -> Setup | None:
    """Return how DKIM is set up at a provider; None if no source was read."""
    return next((row for row in setups() if provider is not None and provider.id in row.providers), None)


@cache
def rotation() -> Advice:
    """Return the advice about the age of keys. Raises `ValueError` if it has no source or date."""
    return next(made(Advice, row, FILE) for row in sourced(document(FILE)["advice"], FILE) if row["id"] == "key-rotation")
