"""What DNS would say after a change: applies a remedy's records to readings, so that the remedy can be judged before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checks.evidence import Probe, Reading, Readings, State
from checks.model import Action, DnsChange
from checks.probes import DnsProbe, DnsReading, DnsRecord, normal_name

_VERSION = re.compile(r"[\s\"'\\]*v\s*=\s*[\"']?\s*([a-z0-9]+)", re.IGNORECASE)


def alias_of(name: str, readings: Mapping[Probe[Any], Reading]) -> str:
    """Return what a name is an alias for, as far as is known; empty if it is none, and a record of its own can lie there.

    Beside a CNAME there is no room for other data (RFC 1034 section 3.6.2, RFC 2181 section 10.1). One that a wildcard makes up is none:
    it makes way for a record of the name itself (RFC 4592 section 2.2.1). A DNAME does not (RFC 6672 section 2.4).
    """
    wanted = normal_name(name)
    beside = f"*.{wanted.partition('.')[2]}"
    target = ""
    for probe, reading in readings.items():
        if isinstance(probe, DnsProbe) and probe.name == wanted and isinstance(reading, DnsReading) and reading.chain:
            any_name = readings.get(DnsProbe(beside, probe.type))
            if isinstance(any_name, DnsReading) and any_name.chain == reading.chain:
                return ""
            target = target or reading.chain[-1]
    return target


def in_the_way(changes: Iterable[DnsChange], readings: Mapping[Probe[Any], Reading]) -> str:
    """Return the first name of the changes that is an alias, so that no such record can be published there; empty if there is none."""
    return next((change.name for change in changes if change.type.upper() != "CNAME" and alias_of(change.name, readings)), "")


def applied(changes: Iterable[DnsChange], readings: Mapping[Probe[Any], Reading]) -> Readings:
    """Return the readings that differ after the changes. `readings` are the ones before; what was never read starts empty.

    What cannot be published, because the name is an alias, changes nothing.
    """
    after: Readings = {}
    for change in changes:
        if in_the_way([change], readings):
            continue
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
    """Two TXT records are of a kind if their versions agree ("v=spf1", "v = DMARC1"); other types have one kind each."""
    if type_.upper() not in ("TXT", "SPF"):
        return True
    return _version(old) == _version(new)


def _version(text: str) -> str:
    """Space around the sign is legal (RFC 9989 section 4.8); quotation marks and capitals are slips of which nobody keeps two."""
    said = _VERSION.match(text)
    return f"v={said[1]}".lower() if said else text.split(" ", 1)[0].strip().lower()


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
