"""Which published limits concern a server of the settings, as far as they hold for every customer. Judges nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from checks.model import Finding
from checks.rules._office365 import channel_of
from checks.rules._volume import Planned, needed, parts
from checks.settings import Server
from checks.subject import domain_of
from checks.tables import Provider, provider, providers_of_host
from checks.tables.limits import Limit, limits_of

FACT = ("unit", "window", "scope", "as_of")


def providers_behind(server: Server) -> tuple[Provider, ...]:
    """Providers that the host belongs to, else the one that the settings name.

    Where a host serves several products, the address that logs in (or writes, if the login is none) tells which one it is; else the settings do.
    If neither does, it may be any of them.
    """
    row = provider(server.provider) if server.provider else None
    found = providers_of_host(server.host)
    if not found:
        return (row,) if row else ()
    if len(found) == 1:
        return found
    own = [one for one in found if _login_domain(server) in one.addresses]
    return tuple(own or [one for one in found if one == row] or found)


def _login_domain(server: Server) -> str:
    login = server.username or ""
    return domain_of(login if "@" in login else server.sender.email).lower()


def _rows(server: Server) -> tuple[tuple[Limit, ...], tuple[Limit, ...]]:
    """Split what is known into the rows that hold for this customer and those whose condition nobody knows."""
    behind = providers_behind(server)
    certain = {behind[0].id} if len(behind) == 1 else set()
    rows = limits_of(row.id for row in behind)
    holding = tuple(row for row in rows if row.general or (row.product and row.provider in certain))
    return holding, tuple(row for row in rows if row not in holding)


def published(server: Server) -> tuple[Limit, ...]:
    """The limits over time that hold for this customer of the server's provider, the longest window first."""
    rows = [row for row in _rows(server)[0] if row.seconds and row.value]
    return tuple(sorted((row for row in rows if row.formula is None), key=lambda row: -(row.seconds or 0)))


def conditional(server: Server) -> tuple[Limit, ...]:
    """The limits that hold under a condition of which nobody knows whether it is fulfilled (a trial, a young contract)."""
    return tuple(row for row in _rows(server)[1] if row.formula is None)


def in_one_message(server: Server) -> tuple[Limit, ...]:
    """The numbers of recipients in one message that hold for this customer, the smallest first."""
    rows = [row for row in _rows(server)[0] if row.window == "message" and row.unit == "recipients"]
    return tuple(sorted(rows, key=lambda row: row.value))


def largest_message(server: Server) -> Limit | None:
    """How large a message may be, by what is published; None if nothing is."""
    return min((row for row in _rows(server)[0] if row.octets), key=lambda row: row.value, default=None)


def told_elsewhere(server: Server) -> bool:
    """Microsoft 365 has checks of its own (family office365), which know what its numbers are about."""
    return channel_of(server) is not None


def duration(plan: Planned, server: Server, row: Limit) -> timedelta:
    """How long the busiest day's mailings keep the server busy: at the row's number, or the slower one of the settings."""
    span = timedelta(seconds=parts(plan.a_day(row), row.value) * (row.seconds or 0))
    return max(span, needed(server, plan, plan.busiest_day))


def spoken_limit(row: Limit) -> str:
    """Write a limit as it reads in a sentence: "10,000 recipients in 24 hours", "2,000 different outside recipients a day"."""
    if row.window == "message":
        return f"{row.value:,} {row.noun} in one message{' by default' * row.default}"
    return f"{row.value:,} {row.noun} {'in' if row.window[0].isdigit() else 'a'} {row.window}".replace(" a hour", " an hour")


def known(server: Server, row: Limit) -> dict[str, Any]:
    """Return the arguments that name server, provider and number, and say where the number comes from."""
    short = next(one.short for one in providers_behind(server) if one.id == row.provider)
    fact = {"unit": row.unit, "window": row.window, "scope": row.scope, "as_of": row.checked.isoformat()}
    return {"server": server.name, "provider": short, "published": spoken_limit(row), **fact}


def resting_on(row: Limit, finding: Finding) -> Finding:
    """Return the finding with the addresses that its number comes from."""
    return replace(finding, references=row.sources)


def stretch(row: Limit) -> str:
    """Write a row's window behind "in": "24 hours", "one hour"."""
    return row.window if row.window[0].isdigit() else f"one {row.window}"
