"""What is known of a mail provider, as a page for people and as plain data. Everything comes with its source, date and grade."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any, Protocol

from checks.tables import Provider, provider
from checks.tables.dated import Change, changes_of
from checks.tables.limits import Limit, Plans, limit, limits_of, plans
from checks.tables.ways import Switch, Way, switches_of, ways_of, ways_to

UNKNOWN = "not known from any source that we read"
ASK = "No published limit is known: ask the provider, and enter the number as the send limit of the server."
ASK_OTHERWISE = "For everybody else, no limit over time is published: ask, and enter the number as the send limit of the server."
NONE_KNOWN = "no published limit known"
MAX_LISTED = 3  # limits in a line of the list; the page has them all
GRADES = {
    "V": "the provider's own text (V)",
    "V2": "a secondary text (V2)",
    "C": "independent configurations (C)",
}
EXAMPLES = (1, 2, 25, 100, 1_000, 10_000)  # licences, as Microsoft publishes them
WIDTH = 100


class Sourced(Protocol):
    """What every row has."""

    @property
    def sources(self) -> tuple[str, ...]: ...
    @property
    def checked(self) -> date: ...
    @property
    def grade(self) -> str: ...


def document(row: Provider) -> dict[str, Any]:
    """Return everything that is known of a provider as plain data."""
    return {
        "schema": "sendready.provider/1",
        "provider": plain(row),
        "limits": _plain_limits(limits_of([row.id])),
        "shared_limits": _plain_limits(limit(name) for name in row.shared_limits),
        "plans": [plain(plan) for plan in plans() if plan.provider == row.id],
        "changes": [plain(change) for change in changes_of(row.id)],
        "ways": [plain(way) for way in ways_of(row.id)],
        "ways_from_elsewhere": [plain(way) for way in ways_to(row.id)],
        "switches": [plain(switch) for switch in switches_of(row.id)],
    }


def listing(rows: Iterable[Provider]) -> dict[str, Any]:
    """Return a list of providers as plain data, each with the limits that it publishes."""
    return {
        "schema": "sendready.providers/1",
        "providers": [{**plain(row), "limits": _plain_limits(limits_of([row.id]))} for row in rows],
    }


def lines(rows: Iterable[Provider]) -> Iterator[str]:
    """Write a list of providers, a line for each: id, name, and how much it takes as far as that is published."""
    listed = sorted(rows, key=lambda row: row.id)
    width = max((len(row.id) for row in listed), default=0)
    for row in listed:
        yield f"{row.id:<{width}}  {row.name}: {in_short(row)}"


def in_short(row: Provider) -> str:
    """How much a provider takes, in a few words; the cases that hold for some customers only where there is nothing for all of them."""
    over_time = [one for one in (*limits_of([row.id]), *map(limit, row.shared_limits)) if one.seconds]
    if for_all := [amount(one) for one in over_time if _for_all(one)]:
        return ", ".join(for_all[:MAX_LISTED])
    by_case: dict[str, list[str]] = {}
    for one in over_time[:MAX_LISTED]:
        by_case.setdefault(one.condition, []).append(amount(one))
    return "; ".join(f"{', '.join(amounts)} ({case})" for case, amounts in by_case.items()) or NONE_KNOWN


def _for_all(row: Limit) -> bool:
    return row.general or row.product


def _plain_limits(rows: Iterable[Limit]) -> list[dict[str, Any]]:
    return [{**plain(row), "seconds": row.seconds} for row in rows]


def plain(row: Any) -> dict[str, Any]:
    """Return a row of a table as JSON knows it."""
    return {name: _plain(value) for name, value in (asdict(row) if is_dataclass(row) else row).items()}  # type: ignore[arg-type]  # a dataclass


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return plain(value) if isinstance(value, dict) else value


def page(row: Provider) -> str:
    """Write everything that is known of a provider."""
    facts = [
        ("Name", row.name),
        ("Server", ", ".join(row.hosts) or UNKNOWN),
        *([("Old server", ", ".join(row.former_hosts))] if row.former_hosts else []),
        ("Ports", ", ".join(f"{endpoint.port} ({endpoint.security})" for endpoint in row.endpoints) or UNKNOWN),
        ("Login by", ", ".join(row.auth) or UNKNOWN),
        ("SPF", f"include:{row.spf_include}" if row.spf_include else UNKNOWN),
        ("DKIM selectors", ", ".join(row.selectors) or UNKNOWN),
        ("DKIM aliases", ", ".join(row.dkim_targets) or UNKNOWN),
        ("Receives at", ", ".join(row.mx_patterns) or UNKNOWN),
        ("Read on", f"{row.checked.isoformat()}, in {GRADES[row.grade]}" + _of_dns(row)),
        ("Host confirmed", "by the provider or two maintained sources" if row.verified else "by one source only"),
    ]
    lines = [f"{label:<16}{value}" for label, value in facts]
    lines += [f"{'Note':<16}{row.note}"] if row.note else []
    lines += ["Sources", *(f"  {source}" for source in row.sources)]
    for title, part in (
        ("Limits", _limits(row)),
        ("Plans", _plans(plan for plan in plans() if plan.provider == row.id)),
        ("What changes on a day", _changes(changes_of(row.id))),
        ("Ways to send", _ways((*ways_of(row.id), *ways_to(row.id)), row.id)),
        ("What an administrator can set", _switches(switches_of(row.id))),
    ):
        found = list(part)
        lines += ["", title, *found] if found else []
    return "\n".join(lines) + "\n"


def _of_dns(row: Provider) -> str:
    return f"; SPF, DKIM and MX in {GRADES[row.dns_grade]}" if row.dns_grade and row.dns_grade != row.grade else ""


def number(row: Limit) -> str:
    """Write a limit's number with its unit, window and scope."""
    if row.scope == row.window:  # each message has its own, which the window says already
        return amount(row)
    scope = "it is not stated who shares them" if row.scope == "not stated" else f"for each {row.scope}"
    return f"{amount(row)} ({scope})"


def amount(row: Limit) -> str:
    """Write a limit's number with its unit and window."""
    formula = row.formula and f"{row.formula.factor:g} x licences ^ {row.formula.exponent:g} + {row.formula.base:,.0f}"
    value = f"{formula or f'{row.value:,}'} {row.noun}"
    named = {"message": f"in one message{' by default' * row.default}", "at once": "at once"}
    digits = f"in any {row.window}" if row.window == "24 hours" else f"in {row.window}"
    window = named.get(row.window) or (digits if row.window[0].isdigit() else f"a {row.window}".replace("a hour", "an hour"))
    return f"{value} {window}"


def _limits(of: Provider) -> Iterator[str]:
    own = limits_of([of.id])
    if of.unnumbered:
        yield from _wrapped(f"{of.unnumbered}.")
    if of.shared_limits:
        yield from _wrapped("What the whole organisation may send holds here too:")
    elif not own and not of.unnumbered:
        yield f"  {ASK}"
    for row in (*map(limit, of.shared_limits), *own):
        yield from _wrapped(number(row))
        yield from _under(f"of what: {row.subject}")
        yield from _under(f"only for: {row.condition}" if row.condition else "")
        yield from _under(f"beyond it: {row.refusal}" if row.refusal else "")
        if row.formula:
            examples = ", ".join(f"{count:,}: {row.for_licences(count):,}" for count in EXAMPLES)
            yield from _under(f"by licences: {examples}")
        yield from _under(row.note)
        yield from _origin(row, row.source_date)
    if own and not of.shared_limits and not any(row.seconds and _for_all(row) for row in own):
        yield from _wrapped(ASK_OTHERWISE)


def _plans(rows: Iterable[Plans]) -> Iterator[str]:
    for row in rows:
        yield from _wrapped(", ".join(row.names))
        for included in row.includes:
            yield from _under(f"includes: {included}")
        yield from _under(row.note)
        yield from _origin(row, row.source_date)


def _changes(rows: Iterable[Change]) -> Iterator[str]:
    for row in rows:
        yield from _wrapped(f"{row.when} (certainly from {row.since.isoformat()} on): {row.what}")
        yield from _under(row.note)
        yield from _origin(row, row.source_date)


def _ways(rows: Iterable[Way], provider_id: str) -> Iterator[str]:
    for row in rows:
        reaches = "reaches everybody" if row.reaches == "everybody" else "reaches recipients inside of the organisation only"
        yield from _wrapped(f"{row.name}: {reaches}")
        other = provider(row.provider) if row.provider != provider_id else None
        yield from _under(f"for customers of: {other.short} (sendready providers {other.id})" if other else "")
        for need in row.needs:
            yield from _under(f"needs: {need}")
        yield from _under(f"numbers: {row.takes}" if row.takes else "")
        yield from _under(f"costs: {row.costs}" if row.costs else "costs: the sources that we read say nothing")
        for look in row.checks:
            yield from _under(f"check first: {look}")
        yield from _under(row.note)
        yield from _origin(row, row.source_date)


def _switches(rows: Iterable[Switch]) -> Iterator[str]:
    for row in rows:
        yield from _wrapped(row.what)
        yield from _under(f"if nobody touched it: {row.default}" if row.default else "")
        yield from _under(row.where)
        yield from _under(row.note)
        yield from _origin(row, row.source_date)


def _wrapped(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _under(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _origin(row: Sourced, source_date: str) -> Iterator[str]:
    dated = f", text of {source_date}" if source_date else ""
    yield f"    read {row.checked.isoformat()} in {GRADES[row.grade]}{dated}:"
    yield from (f"      {source}" for source in row.sources)
