"""What DNS would say after a change: applies a remedy's records to readings, so that the remedy can be judged before it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checks.evidence import Probe, Reading, Readings, State
from checks.model import Action, DnsChange
from checks.probes import DnsProbe, DnsReading, DnsRecord, normal_name


def applied(changes: Iterable[DnsChange], readings: Mapping[Probe[Any], Reading]) -> Readings:
    """Return the readings that differ after the changes. `readings` are the ones before; what was never read starts empty."""
    after: Readings = {}
    for change in changes:
        probe = DnsProbe(change.name, change.type)
        reading = after.get(probe) or readings.get(probe)
        before = reading if isinstance(reading, DnsReading) else DnsReading(state=State.NODATA)
        records = _records(change, before.records)
        state = State.OK if records else State.NODATA
        changed = replace(before, state=state, records=records, chain=(), detail="")
        after[probe] = changed
        after.update(_seen_through_aliases(probe, changed, readings))
    return after


def _seen_through_aliases(changed: DnsProbe, reading: DnsReading, readings: Mapping[Probe[Any], Reading]) -> Readings:
    """Names whose CNAMEs end at the changed one see the same records."""
    return {
        probe: replace(reading, chain=other.chain)
        for probe, other in readings.items()
        if isinstance(probe, DnsProbe)
        and isinstance(other, DnsReading)
        and probe.type == changed.type
        and other.chain[-1:] == (changed.name,)
    }


def _records(change: DnsChange, before: tuple[DnsRecord, ...]) -> tuple[DnsRecord, ...]:
    new = _record(change)
    if change.action is Action.REMOVE:
        return tuple(record for record in before if record.value != new.value)
    if change.action is Action.REPLACE:
        return (*(record for record in before if not _same_kind(record.value, new.value, change.type)), new)
    return (*before, new)


def _same_kind(old: str, new: str, type_: str) -> bool:
    """Two TXT records are of a kind if their version tags agree ("v=spf1", "v=DMARC1"); other types have one kind each."""
    if type_.upper() not in ("TXT", "SPF"):
        return True
    return _version(old) == _version(new)


def _version(text: str) -> str:
    return text.replace(";", " ").split(" ", 1)[0].strip().lower()


def _record(change: DnsChange) -> DnsRecord:
    if change.type.upper() in ("TXT", "SPF"):
        pieces = tuple(change.value[start : start + 255] for start in range(0, len(change.value), 255))  # RFC 1035 section 3.3
        return DnsRecord(value=change.value, strings=pieces)
    if change.type.upper() == "MX":
        preference, _, exchange = change.value.partition(" ")
        return DnsRecord(value=normal_name(exchange.strip()) or ".", preference=int(preference) if preference.isdigit() else 0)
    if change.type.upper() in ("CNAME", "NS", "PTR"):
        return DnsRecord(value=normal_name(change.value))
    return DnsRecord(value=change.value)
