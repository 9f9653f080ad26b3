"""Which domain an organisation's names belong to, by the public suffix list, and whether two domains align.

RFC 9989 finds the organizational domain by a walk in DNS (checks.records.dmarc_walk); receivers that still follow RFC 7489 take the
list. Pure.
"""

from __future__ import annotations

from functools import cache
from typing import Any


def by_suffix_list(domain: str) -> str:
    """Return the organizational domain by the public suffix list (RFC 7489 section 3.2); a public suffix is its own."""
    return _private(domain) or domain


def is_public_suffix(domain: str) -> bool:
    """Tell whether names directly below this one belong to different owners."""
    return not domain or _private(domain) is None


def is_within(domain: str, parent: str) -> bool:
    """Tell whether a name is `parent` or lies below it."""
    return domain == parent or domain.endswith(f".{parent}")


def aligned(author: str, other: str, *, strict: bool, author_organisation: str, other_organisation: str) -> bool:
    """Tell whether an authenticated domain speaks for the header From's domain (RFC 9989 section 4.4)."""
    if author == other:
        return True
    return not strict and author_organisation == other_organisation


def _private(domain: str) -> str | None:
    # Only a name with an A-label needs the half of the list that is written in A-labels, which takes most of the time to read.
    found: str | None = _suffix_list(encoded="xn--" in domain).privatesuffix(domain)
    return found


@cache
def _suffix_list(*, encoded: bool) -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - slow to read, and `--help` does not need it

    return PublicSuffixList(accept_encoded_idn=encoded)
