"""Which published limits concern a server of the settings, as far as they hold for every customer. Judges nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from checks.model import Finding
from checks.rules._office365 import channel_of
from checks.rules._volume import HOURS, Planned, parts
from checks.settings import Server
from checks.tables import Provider, provider, providers_of_host
from checks.tables.limits import Limit, limits_of

FACT = ("unit", "window", "scope", "as_of")


def providers_behind(server: Server) -> tuple[Provider, ...]:
    """Providers that the host belongs to (one host may serve several products), else the one that the settings name."""
    if found := providers_of_host(server.host):
        return found
    row = provider(server.provider) if server.provider else None
    return (row,) if row else ()


def published(server: Server) -> tuple[Limit, ...]:
    """The limits over time that hold for every customer of the server's provider, the longest window first."""
    rows = [row for row in limits_of(row.id for row in providers_behind(server)) if row.general and row.seconds and row.value]
    return tuple(sorted((row for row in rows if row.formula is None), key=lambda row: -(row.seconds or 0)))


def conditional(server: Server) -> tuple[Limit, ...]:
    """The limits that hold under a condition (a trial, a young contract), as the table has them."""
    return tuple(row for row in limits_of(row.id for row in providers_behind(server)) if not row.general and row.formula is None)


def in_one_message(server: Server) -> tuple[Limit, ...]:
    """The numbers of recipients in one message that hold for every customer, the smallest first."""
    rows = limits_of(row.id for row in providers_behind(server))
    return tuple(sorted((row for row in rows if row.general and row.window == "message"), key=lambda row: row.value))


def told_elsewhere(server: Server) -> bool:
    """Microsoft 365 has checks of its own (family office365), which know what its numbers are about."""
    return channel_of(server) is not None


def duration(plan: Planned, server: Server, row: Limit) -> timedelta:
    """How long the busiest day's mailings keep the server busy, one message for each recipient: at the row's number, or the slower one of the settings."""
    own = server.limit
    span = timedelta(seconds=parts(plan.busiest_day, row.value) * (row.seconds or 0))
    return span if own is None else max(span, timedelta(hours=parts(plan.busiest_day, own.max) * HOURS[own.per]))


def spoken_limit(row: Limit) -> str:
    """Write a limit as it reads in a sentence: "10,000 recipients in 24 hours"."""
    unit = row.unit.removesuffix("s") if row.value == 1 else row.unit
    if row.window == "message":
        return f"{row.value:,} {unit} in one message"
    return f"{row.value:,} {unit} {'in' if row.window[0].isdigit() else 'a'} {row.window}".replace(" a hour", " an hour")


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
