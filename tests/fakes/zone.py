"""A world made of zone text: answers DNS probes as a name server would, with no socket. Everything else must be prepared by id.

The domain that the zone is about has a SOA record, as every zone has, unless it does not exist or is an alias. A prepared reading of a
DNS probe counts before the zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dns.rdatatype
import dns.zone

from checks.evidence import Probe, Reading, State
from checks.probes import DnsProbe, DnsReading, DnsRecord, normal_name

MAX_CHAIN = 10
NEGATIVE_TTL = 300


class UnexpectedProbe(BaseException):
    """A rule asked something that the test did not prepare. Not an `Exception`: the engine must not turn it into a finding."""


class ZoneWorld:
    """Gatherer for tests. `zone` is master-file text, its names relative to `origin`; names anywhere in the tree may be written out."""

    def __init__(
        self,
        zone: str = "",
        *,
        origin: str = "club.example",
        faults: Mapping[str, str] | None = None,
        readings: Mapping[str, Reading] | None = None,
    ) -> None:
        text = f"$TTL 300\n$ORIGIN {origin}.\n" + "\n".join(line.strip() for line in zone.strip().splitlines()) + "\n"
        parsed = dns.zone.from_text(text, origin=".", relativize=False, check_origin=False)
        self._names: dict[str, dict[str, list[DnsRecord]]] = {}
        for name, node in parsed.nodes.items():
            types = self._names.setdefault(normal_name(name.to_text()), {})
            for rdataset in node:
                types[dns.rdatatype.to_text(rdataset.rdtype)] = [_record(rdata, rdataset.ttl) for rdata in rdataset]
        self._add_soa(normal_name(origin))
        self._faults = dict(faults or {})
        self._readings = dict(readings or {})
        self.asked: list[str] = []

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        self.asked.append(probe.id)
        if fault := self._faults.get(probe.id):
            return probe.reading(state=State(fault))
        if isinstance(probe, DnsProbe) and probe.id not in self._readings:
            return self.answer(probe.name, probe.type)
        try:
            return self._readings[probe.id]
        except KeyError:
            raise UnexpectedProbe(probe.id) from None

    def _add_soa(self, origin: str) -> None:
        exists = any(name == origin or name.endswith(f".{origin}") for name in self._names)
        if exists and "CNAME" not in self._names.setdefault(origin, {}):
            soa = f"ns.{origin}. hostmaster.{origin}. 1 3600 600 86400 {NEGATIVE_TTL}"
            self._names[origin].setdefault("SOA", [DnsRecord(value=soa, ttl=NEGATIVE_TTL)])

    def answer(self, name: str, rdtype: str) -> DnsReading:
        """Answer one question, following CNAMEs (RFC 1034 section 4.3.2) and wildcards (RFC 4592)."""
        chain: list[str] = []
        while len(chain) <= MAX_CHAIN:
            types = self._at(name)
            if types is None:
                return DnsReading(state=State.NXDOMAIN, chain=tuple(chain), negative_ttl=NEGATIVE_TTL)
            if rdtype in types:
                return DnsReading(state=State.OK, records=tuple(types[rdtype]), chain=tuple(chain))
            if "CNAME" not in types:
                return DnsReading(state=State.NODATA, chain=tuple(chain), negative_ttl=NEGATIVE_TTL)
            name = types["CNAME"][0].value
            chain.append(name)
            if f"dns {name} {rdtype}" in self._faults:
                return DnsReading(state=State(self._faults[f"dns {name} {rdtype}"]), chain=tuple(chain))
        return DnsReading(state=State.SERVFAIL, chain=tuple(chain), detail="the alias runs in circles")

    def _at(self, name: str) -> dict[str, list[DnsRecord]] | None:
        if name in self._names:
            return self._names[name]
        if any(other.endswith(f".{name}") for other in self._names):
            return {}  # an empty non-terminal exists (RFC 8020 section 2)
        parent = name.partition(".")[2]
        while parent:
            if f"*.{parent}" in self._names:
                return self._names[f"*.{parent}"]
            if parent in self._names:
                return None
            parent = parent.partition(".")[2]
        return None


def _record(rdata: Any, ttl: int) -> DnsRecord:
    kind = dns.rdatatype.to_text(rdata.rdtype)
    if kind in ("TXT", "SPF"):
        strings = tuple(string.decode("latin-1") for string in rdata.strings)
        return DnsRecord(value="".join(strings), strings=strings, ttl=ttl)
    if kind == "MX":
        return DnsRecord(value=normal_name(rdata.exchange.to_text()) or ".", preference=rdata.preference, ttl=ttl)
    if kind in ("CNAME", "NS", "PTR"):
        return DnsRecord(value=normal_name(rdata.target.to_text()) or ".", ttl=ttl)
    return DnsRecord(value=rdata.to_text(), ttl=ttl)
