"""Lists of sending addresses that receivers consult, and what their answers mean. No judgement here."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from checks.tables._rows import document, once, sourced

FILE = "blocklists.toml"
MUST_BE_LISTED = "127.0.0.2"  # RFC 5782 section 5: the entry that every list has
NEVER_LISTED = "127.0.0.1"  # RFC 5782 section 5: the entry that no list has


@dataclass(frozen=True, kw_only=True)
class Blocklist:
    """One list."""

    id: str
    name: str
    zone: str
    site: str
    """Where a listing is looked up and its removal asked for."""
    listings: Mapping[str, str]
    """Answers that mean "listed", and as what."""
    errors: tuple[str, ...]
    """Networks of answers that mean "not answered"."""
    error_codes: Mapping[str, str]
    """Those among them that are explained."""
    refused_by: tuple[str, ...]
    """Large receivers that refuse what is listed."""
    grade: str
    sources: tuple[str, ...]
    checked: date

    def question(self, address: str) -> str:
        """Return the name that stands for an address (RFC 5782 sections 2.1 and 2.4)."""
        reverse = ipaddress.ip_address(address).reverse_pointer
        return f"{reverse.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{self.zone}"

    def listed_as(self, answers: Iterable[str]) -> tuple[str, ...]:
        """Return what an address is listed as; empty where the answers mean nothing of the kind."""
        return tuple(self.listings[answer] for answer in answers if answer in self.listings)

    def refusal(self, answers: Iterable[str]) -> str:
        """Return why the list did not answer, in words; empty if no answer says so."""
        for answer in answers:
            if any(_within(answer, network) for network in self.errors):
                return self.error_codes.get(answer, f"it answers with the error {answer}")
        return ""


def _within(answer: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(answer) in ipaddress.ip_network(network)
    except ValueError:
        return False


@cache
def blocklists() -> tuple[Blocklist, ...]:
    """Return every list. Raises `ValueError` for a row without source or date, or with an answer that is both."""
    rows = tuple(Blocklist(**row) for row in sourced(document(FILE)["list"], FILE))
    once([row.id for row in rows], FILE)
    for row in rows:
        if row.refusal(row.listings) or not all(row.refusal([code]) == words for code, words in row.error_codes.items()):
            raise ValueError(
                f"{FILE}: {row.id} has an answer that is both a listing and an error, or an error outside its networks"
            )
    return rows


def oldest() -> date:
    """Return the oldest day on which a row was checked."""
    return min(row.checked for row in blocklists())
