"""Which published limits concern a server of the settings, as far as they hold for every customer. Judges nothing."""

from __future__ import annotations

from checks.model import Arg
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


def spoken_window(row: Limit) -> str:
    """Write a limit as it reads in a sentence: "10,000 recipients in 24 hours"."""
    return f"{row.value:,} {row.unit} {'in' if row.window[0].isdigit() else 'a'} {row.window}".replace(" a hour", " an hour")


def fact(row: Limit) -> dict[str, Arg]:
    """Return the arguments that say where a number comes from."""
    return {"unit": row.unit, "window": row.window, "scope": row.scope, "as_of": row.checked.isoformat()}
