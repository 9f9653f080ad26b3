"""Whether a domain exists at all. One rule raises the alarm (mx.record); for the others nothing is left to judge."""

from __future__ import annotations

from checks.evidence import Evidence, State
from checks.probes import DnsProbe, DnsReading


def is_absent(domain: str, ev: Evidence) -> bool:
    """Tell whether DNS says that there is no such name (RFC 8020 section 2).

    Some servers say so of each type of record that they lack; hence one that is there, or is merely empty, outweighs the rest.
    """
    text = ev[DnsProbe(domain, "TXT")]
    if _is_there(text):
        return False
    readings = (text, *ev.all(DnsProbe(domain, "MX"), DnsProbe(domain, "A")))
    return any(reading.state is State.NXDOMAIN for reading in readings) and not any(map(_is_there, readings))


def _is_there(reading: DnsReading) -> bool:
    """An alias is there, whatever becomes of its target."""
    return reading.state in (State.OK, State.NODATA) or (reading.state is State.NXDOMAIN and bool(reading.chain))
