"""Facts about providers: data with a source and a date, read from the TOML files beside this one. No judgement here."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A port that a provider documents, and how it is protected."""

    port: int
    security: str
    """implicit-tls or starttls."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A company that takes submissions, as far as a stored source describes it. Empty means: no source read, not "none"."""

    id: str
    name: str
    hosts: tuple[str, ...]
    """Submission host names; `*` stands for a part that differs by customer or region."""
    endpoints: tuple[Endpoint, ...] = ()
    auth: tuple[str, ...] = ()
    """oauth2, password, app-password, api-key, ip, client-cert."""
    spf_include: str = ""
    """The domain that customers include in their SPF record."""
    selectors: tuple[str, ...] = ()
    """DKIM selectors that it uses, as far as they are the same for every customer."""
    mx_patterns: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    verified: bool = False
    """The host is confirmed by the provider's own page or by two maintained sources."""
    checked: date = date.min
    """When the sources were read."""


@cache
def providers() -> tuple[Provider, ...]:
    """Return every known provider, in the table's order. Raises `ValueError` for a row without source or date."""
    document = tomllib.loads(resources.files(__name__).joinpath("providers.toml").read_text("utf-8"))
    found = []
    for row in document["provider"]:
        if not row.get("sources") or not row.get("checked"):
            raise ValueError(f"providers.toml: {row.get('id')} has no source or no date")
        endpoints = tuple(Endpoint(**endpoint) for endpoint in row.pop("endpoints", ()))
        listed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        found.append(Provider(endpoints=endpoints, **listed))
    return tuple(found)


def provider(name: str) -> Provider | None:
    """Return the provider of that id."""
    return next((row for row in providers() if row.id == name), None)


def provider_of_host(host: str) -> Provider | None:
    """Recognise a provider by its submission host; of several products on one host, the first."""
    return next(iter(providers_of_host(host)), None)


def providers_of_host(host: str) -> tuple[Provider, ...]:
    """Recognise providers by their submission host; products that share a host all come."""
    return tuple(row for row in providers() if any(fnmatch.fnmatchcase(host.lower(), pattern) for pattern in row.hosts))


def providers_of_mx(names: Iterable[str]) -> tuple[Provider, ...]:
    """Recognise providers by the names of mail exchangers; rows that share a pattern all come."""
    lowered = [name.lower() for name in names]
    return tuple(
        row for row in providers() if any(fnmatch.fnmatchcase(name, pattern) for pattern in row.mx_patterns for name in lowered)
    )


def providers_of_spf(includes: Iterable[str]) -> tuple[Provider, ...]:
    """Recognise providers by the domains that an SPF record includes or redirects to."""
    lowered = {name.lower().rstrip(".") for name in includes}
    return tuple(row for row in providers() if row.spf_include and row.spf_include in lowered)


def dates() -> list[tuple[str, date]]:
    """Return each table's name and the oldest day on which one of its rows was checked."""
    from checks.tables import blocklists, control, dated, limits, receivers, replies  # noqa: PLC0415 - read only when somebody asks how old they are

    return [
        ("providers", min(row.checked for row in providers())),
        ("limits", limits.oldest()),
        ("dated", dated.oldest()),
        ("reply_codes", replies.oldest()),
        ("receivers", receivers.oldest()),
        ("blocklists", blocklists.oldest()),
        ("control", control.oldest()),
    ]
