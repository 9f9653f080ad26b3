"""Facts about providers: data with a source and a date, one TOML file per provider in providers/. No judgement here.

What a provider takes (limits, plans) is checks.tables.limits, what changes on a day checks.tables.dated, which other ways there are and
what an administrator can set checks.tables.ways; all of it is read from the same files.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from checks.tables._rows import made, of_providers, once, sourced

GRADES_OF_DNS = ("V", "V2", "C")


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
    hosts: tuple[str, ...] = ()
    """Submission host names; `*` stands for a part that differs by customer or region."""
    former_hosts: tuple[str, ...] = ()
    """Hosts that still answer, and that the provider wants people to leave."""
    endpoints: tuple[Endpoint, ...] = ()
    auth: tuple[str, ...] = ()
    """oauth2, password, app-password, api-key, ip, client-cert."""
    spf_include: str = ""
    """The domain that customers include in their SPF record."""
    selectors: tuple[str, ...] = ()
    """DKIM selectors that it uses, as far as they are the same for every customer."""
    dkim_targets: tuple[str, ...] = ()
    """Names that its customers' DKIM aliases (CNAME) lead to; patterns."""
    mx_patterns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """Domains of addresses that only its own customers have; where products share a host, they tell whose a login is."""
    brand: str = ""
    """What its products have in common: what a mail exchanger tells is the company, not the product. Empty: the name."""
    aside: bool = False
    """Where several share a server or a record, this one is meant less often; it comes after the others."""
    sources: tuple[str, ...] = ()
    grade: str = ""
    """Of server, ports and login: V read in the provider's own text, V2 in a secondary one, C seen in configurations."""
    dns_grade: str = ""
    """Of SPF, DKIM and MX; empty if nothing is known of them."""
    verified: bool = False
    """The host is confirmed by the provider's own page or by two maintained sources."""
    checked: date = date.min
    """When the sources were read."""
    note: str = ""
    unnumbered: str = ""
    """What the provider says of limits without a number, in words."""
    shared_limits: tuple[str, ...] = ()
    """Limits of other products of the company that count here too, by id."""

    @property
    def short(self) -> str:
        """The name without what stands in brackets or behind a stroke."""
        return self.name.partition(" (")[0].partition(" / ")[0]

    @property
    def company(self) -> str:
        """Whose product it is."""
        return self.brand or self.short


@cache
def providers(folder: Path | None = None) -> tuple[Provider, ...]:
    """Return every known provider, by id, those that stand aside last; from another folder of such files, if one is given.

    Raises `ValueError` for a row without source, date or grade.
    """
    found = [_provider(row) for row in sourced([dict(plain["provider"]) for _, plain in of_providers(folder)], "providers")]
    once([row.id for row in found], "providers")
    return tuple(sorted(found, key=lambda row: row.aside))


def _provider(row: dict[str, Any]) -> Provider:
    file = f"{row['id']}.toml"
    endpoints = tuple(made(Endpoint, endpoint, file) for endpoint in row.get("endpoints", ()))
    found = made(Provider, {**row, "endpoints": endpoints}, file)
    if strange := {endpoint.security for endpoint in endpoints} - {"implicit-tls", "starttls"}:
        raise ValueError(f"{file}: {min(strange)} is no way to protect a connection (implicit-tls, starttls)")
    in_dns = found.spf_include or found.selectors or found.mx_patterns or found.dkim_targets
    if in_dns and found.dns_grade not in GRADES_OF_DNS:
        raise ValueError(f"{file} needs dns_grade ({', '.join(GRADES_OF_DNS)}), for its SPF, DKIM and MX")
    return found


def provider(name: str) -> Provider | None:
    """Return the provider of that id."""
    return next((row for row in providers() if row.id == name), None)


def provider_of_host(host: str) -> Provider | None:
    """Recognise a provider by its submission host; of several products on one host, the first."""
    return next(iter(providers_of_host(host)), None)


def providers_of_host(host: str, among: Iterable[Provider] | None = None) -> tuple[Provider, ...]:
    """Recognise providers by their submission host; products that share a host all come."""
    rows = providers() if among is None else among
    return tuple(row for row in rows if _fits(host, row.hosts))


def providers_of_mx(names: Iterable[str], among: Iterable[Provider] | None = None) -> tuple[Provider, ...]:
    """Recognise providers by the names of mail exchangers; rows that share a pattern all come."""
    listed = list(names)
    rows = providers() if among is None else among
    return tuple(row for row in rows if any(_fits(name, row.mx_patterns) for name in listed))


def providers_of_spf(includes: Iterable[str], among: Iterable[Provider] | None = None) -> tuple[Provider, ...]:
    """Recognise providers by the domains that an SPF record includes or redirects to."""
    lowered = {name.lower().rstrip(".") for name in includes}
    rows = providers() if among is None else among
    return tuple(row for row in rows if row.spf_include and row.spf_include in lowered)


def providers_of_dkim(targets: Iterable[str], among: Iterable[Provider] | None = None) -> tuple[Provider, ...]:
    """Recognise providers by the names that DKIM aliases (CNAME) lead to."""
    listed = list(targets)
    rows = providers() if among is None else among
    return tuple(row for row in rows if any(_fits(name, row.dkim_targets) for name in listed))


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in patterns)


def dates() -> list[tuple[str, date]]:
    """Return each table's name and the oldest day on which one of its rows was checked."""
    from checks.tables import blocklists, control, dated, limits, receivers, replies, ways  # noqa: PLC0415 - read only when somebody asks how old they are

    return [
        ("providers", min(row.checked for row in providers())),
        ("limits", limits.oldest()),
        ("dated", dated.oldest()),
        ("ways", ways.oldest()),
        ("reply_codes", replies.oldest()),
        ("receivers", receivers.oldest()),
        ("blocklists", blocklists.oldest()),
        ("control", control.oldest()),
    ]
