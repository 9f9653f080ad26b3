"""Evidence with one change in it, so that a remedy can be judged before it is shown. Everything else is asked of the real evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from checks.evidence import Evidence, Probe, R, Reading, State
from checks.probes import DnsProbe, DnsRecord
from checks.records.spf import is_spf


class Changed(Evidence):
    """A view of other evidence in which some readings differ. What is missing is missing there, too."""

    def __init__(self, ev: Evidence, readings: Mapping[Probe[Any], Reading]) -> None:
        super().__init__(readings)
        self._ev = ev

    def all(self, *probes: Probe[R]) -> tuple[R, ...]:
        """Return the readings of siblings, gathered in one round."""
        ours = {probe: cast("R", self._readings[probe]) for probe in probes if probe in self._readings}
        others = tuple(probe for probe in probes if probe not in ours)
        found = {**ours, **dict(zip(others, self._ev.all(*others), strict=True))}
        return tuple(found[probe] for probe in probes)

    @property
    def consulted(self) -> tuple[str, ...]:
        """Ids of the probes looked at so far, in order."""
        return self._ev.consulted


def with_record(ev: Evidence, domain: str, text: str) -> Evidence:
    """Return the evidence as it would be if `domain` published `text` as its only SPF record. Other TXT records stay."""
    probe = DnsProbe(domain, "TXT")
    before = ev[probe]
    kept = tuple(record for record in before.records if not is_spf(record.value))
    after = replace(before, state=State.OK, detail="", records=(*kept, DnsRecord(value=text, strings=(text,))))
    return Changed(ev, {probe: after})
