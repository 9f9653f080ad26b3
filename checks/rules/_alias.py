"""Whether a name is an alias (CNAME), beside which no other record can lie, and what is to be done then instead of adding one."""

from __future__ import annotations

from dataclasses import dataclass

from checks.evidence import Evidence
from checks.model import Action, DnsChange
from checks.probes import DnsProbe


@dataclass(frozen=True, kw_only=True)
class Mending:
    """How a text record comes to be at a name: as a change of its zone, or, for an alias, in words."""

    records: tuple[DnsChange, ...] = ()
    steps: tuple[str, ...] = ()
    """Empty: the outcome's own steps fit."""


def mending_at(name: str, value: str, ev: Evidence, action: Action = Action.REPLACE) -> Mending:
    """Return how to publish `value`, if any, as the text record of a name. An alias leaves no room for it."""
    if not value:
        return Mending()
    probe = DnsProbe(name, "TXT")
    if target := alias_at(probe, ev):
        word = published_at_target if action is Action.ADD else changed_at_target
        return Mending(steps=(word(probe.name, target, value),))
    return Mending(records=(DnsChange(action=action, name=probe.name, type="TXT", value=value),))


def alias_at(probe: DnsProbe, ev: Evidence) -> str:
    """Return what the name is an alias for; empty if there is room for a record of its own (RFC 1034 section 3.6.2).

    What a wildcard makes up gives way to a record of the name itself (RFC 4592 section 2.2.1); that is asked only where there is an alias.
    """
    chain = ev[probe].chain
    if not chain:
        return ""
    any_name = ev[DnsProbe(f"*.{probe.name.partition('.')[2]}", probe.type)]
    return "" if any_name.chain == chain else chain[-1]


def changed_at_target(name: str, target: str, text: str) -> str:
    """Say where a record that stands behind an alias is changed."""
    return (
        f"{name} is an alias (CNAME) for {target}. Have whoever keeps {target} publish this there instead, "
        f"or replace the alias by a TXT record: {text}"
    )


def published_at_target(name: str, target: str, text: str) -> str:
    """Say where a record is to be published that an alias leaves no room for."""
    return (
        f"{name} is an alias (CNAME) for {target}, where there is no such record. Have whoever keeps {target} publish this there, "
        f"or replace the alias by a TXT record: {text}"
    )
