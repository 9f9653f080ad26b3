"""A DNS change as a person needs it in front of a DNS panel: both forms of the name, both forms of the value. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from checks.model import Action
from reports.escape import MAX_VALUE, line
from reports.model import FindingEntry, RecordEntry
from reports.words import ACTION

MAX_STRING = 255  # octets in one character-string of a TXT record (RFC 1035 section 3.3.14)
MAX_PUBLISHED = 20  # records shown that have to make way
TTL = "3600 (one hour), or what the panel proposes"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One record to add, replace or remove."""

    verb: str
    """Add, Replace or Remove."""
    action: str
    name: str
    """In full, without trailing dot."""
    short: str
    """Relative to `zone`; "@" is the zone itself. Empty where a short form helps nobody (reverse names)."""
    zone: str
    type: str
    value: str
    whole: bool
    """The value is shown in full and may be copied."""
    parts: tuple[str, ...]
    """The value as quoted strings of at most 255 octets, if it needs more than one."""
    instead: tuple[str, ...] = ()
    """Published values that make way."""

    @property
    def caption(self) -> str:
        """What to do, in one line."""
        return f"{self.verb} {'the' if self.action == Action.REPLACE else 'this'} {self.type} record {'to' if self.action == Action.ADD else 'at'} {self.name}"


def changes(finding: FindingEntry) -> tuple[Change, ...]:
    """Return the DNS changes of a finding. What is published today stands beside the record that replaces it."""
    records = finding.remedy.records if finding.remedy else ()
    published = published_today(finding)
    replaced = [record for record in records if record.action is Action.REPLACE]
    return tuple(_change(record, published if len(replaced) == 1 and record is replaced[0] else ()) for record in records)


def published_today(finding: FindingEntry) -> tuple[str, ...]:
    """Return the records that a finding is about, as rules name them."""
    return texts(finding.args.get("published") or finding.args.get("record"))


def texts(value: Any) -> tuple[str, ...]:
    """Return an argument that may be one text, a list of them, or absent."""
    items: Sequence[Any] = value if isinstance(value, list | tuple) else () if value in (None, "") else (value,)
    shown = [line(item) for item in items[:MAX_PUBLISHED]]
    if len(items) > MAX_PUBLISHED:
        shown.append(f"(and {len(items) - MAX_PUBLISHED:,} more)")
    return tuple(shown)


def _change(record: RecordEntry, instead: tuple[str, ...]) -> Change:
    name = line(record.name)
    zone = zone_of(record.name)
    short = "" if not zone else "@" if record.name == zone else record.name.removesuffix(f".{zone}")
    return Change(
        verb=ACTION[record.action],
        action=str(record.action),
        name=name,
        short=line(short),
        zone=line(zone),
        type=line(record.type, 20),
        value=line(record.value, MAX_VALUE),
        whole=len(record.value) <= MAX_VALUE,
        parts=tuple(line(part) for part in quoted(record.value))
        if record.type == "TXT" and len(record.value) <= MAX_VALUE
        else (),
        instead=instead,
    )


def quoted(value: str) -> tuple[str, ...]:
    """Cut a TXT value into quoted strings of at most 255 octets, as zone files and some panels want it; empty if one is enough."""
    parts = [""]
    size = 0
    for char in value:
        octets = len(char.encode("utf-8", "replace"))
        if size + octets > MAX_STRING:
            parts.append("")
            size = 0
        parts[-1] += char
        size += octets
    if len(parts) == 1:
        return ()
    return tuple('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)  # RFC 1035 section 5.1


def zone_of(name: str) -> str:
    """Return the domain that a DNS panel most likely lists this name under: the registered one. Empty for reverse names."""
    if name.endswith(".arpa") or len(name) > 253 or "." not in name:  # RFC 1035 section 2.3.4
        return ""
    found = _suffixes().privatesuffix(name)
    return str(found) if found else ""


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - reads 15,000 lines

    return PublicSuffixList(only_icann=True)
