"""How each provider's DKIM records are set up, as far as a source describes it: steps for its administrator. No judgement here."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from datetime import date
from functools import cache

from checks.tables import Provider
from checks.tables._rows import document, sourced

FILE = "dkim.toml"


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
    grade: str
    sources: tuple[str, ...]
    checked: date

    def worded(self, domain: str) -> tuple[str, ...]:
        """Return the steps for a domain."""
        return tuple(step.format(domain=domain) for step in self.steps)

    def owns(self, domain: str) -> bool:
        """Tell whether a domain is the provider's, so that there is nothing for its customer to publish."""
        return any(fnmatch.fnmatchcase(domain, pattern) for pattern in self.own_domains)


@cache
def setups() -> tuple[Setup, ...]:
    """Return every row. Raises `ValueError` for one without source or date."""
    return tuple(Setup(**row) for row in sourced(document(FILE)["setup"], FILE))


def setup_of(provider: Provider | None) -> Setup | None:
    """Return how DKIM is set up at a provider; None if no source was read."""
    return next((row for row in setups() if provider is not None and provider.id in row.providers), None)
