"""What receivers make of the message that has arrived: SPF, its signatures, DMARC. Worked out by our own doors, from evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from checks.evidence import Evidence
from checks.probes import ArrivalReading, DnsProbe, DnsReading
from checks.records import dmarc_result, spf_door
from checks.records.dkim_door import MAX_SIGNATURES, Reason, SignatureResult, Signatures, verify_signatures
from checks.records.dkim_signature import read_signature
from checks.records.dmarc_result import DmarcResult, Standard, evaluate
from checks.records.dmarc_walk import names_walked, probe_at
from checks.records.spf_door import SpfResult, check_host
from checks.rules._arrived import Came, message_of

OPEN = (Reason.KEY_UNREACHABLE, Reason.CUT, Reason.MASKED, Reason.LIBRARY)
"""Reasons for which nobody knows whether a signature holds."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What speaks for the message."""

    spf: SpfResult | None
    """None: the sending address or the bounce address is not known, or the message never left its mail system."""
    signatures: Signatures
    dmarc: DmarcResult | None
    """None: recipients see no domain, or several."""

    @property
    def aligned(self) -> tuple[str, ...]:
        """Domains of valid signatures that speak for the domain in From, by either standard."""
        if self.dmarc is None:
            return ()
        same = [one.domain for one in self.dmarc.dkim if one.strict]  # whatever the record says
        return tuple(dict.fromkeys([*same, *(domain for one in self.dmarc.evaluations for domain in one.dkim_aligned)]))

    @property
    def dmarc_open(self) -> bool:
        """A name server whose answer may decide DMARC did not answer."""
        return self.dmarc is not None and any(one.result is dmarc_result.Result.TEMPERROR for one in self.dmarc.evaluations)

    @property
    def spf_open(self) -> bool:
        """Whether SPF passes is not known."""
        return self.spf is None or self.spf.result is spf_door.Result.TEMPERROR

    @property
    def dkim_open(self) -> tuple[SignatureResult, ...]:
        """Signatures of which nobody knows whether they hold."""
        return tuple(one for one in self.signatures.results if one.reason in OPEN)


def spf_of(came: Came, ev: Evidence) -> SpfResult | None:
    """Evaluate SPF as the receiver did: for the address that it saw and the bounce address that it was told.

    A result for an address that is only guessed counts if it is a pass: no stranger's address passes.
    """
    entry = came.entry
    if not entry.address or came.mail_from is None or came.inside or not (came.mail_from or came.envelope):
        return None
    found = check_host(ip=entry.address, mail_from=came.mail_from, helo=entry.helo, ev=ev)
    return found if entry.sure or found.result is spf_door.Result.PASS else None


def signatures_of(came: Came, ev: Evidence) -> Signatures:
    """Verify the signatures; the same message with the same keys costs its arithmetic once, however many rules ask."""
    fields = came.message.all("dkim-signature")[:MAX_SIGNATURES]
    signatures = [read_signature(one) for one in fields]
    probes = tuple(dict.fromkeys(one.probe for one in signatures if one.probe and not one.fault))
    return _verified(came.reading, tuple(zip(probes, ev.all(*probes), strict=True)), came.at)


@lru_cache(maxsize=4)  # a pure function of what was read; rules run again and again
def _verified(reading: ArrivalReading, known: tuple[tuple[DnsProbe, DnsReading], ...], at: datetime) -> Signatures:
    return verify_signatures(message_of(reading), Evidence(dict(known)), at=at)


def proof_of(came: Came, ev: Evidence) -> Proof:
    """Work out everything."""
    spf, signatures = spf_of(came, ev), signatures_of(came, ev)
    passed = came.envelope if spf is not None and spf.result is spf_door.Result.PASS else ""
    domains = list(dict.fromkeys(one.domain for one in signatures.passed))
    dmarc = evaluate(came.author, spf=passed, dkim=domains, ev=ev) if came.author else None
    return Proof(spf=spf, signatures=signatures, dmarc=dmarc)


def asked_for(dmarc: DmarcResult | None) -> str:
    """Return the policy that the domain asks receivers to follow: none, quarantine or reject; empty without a record."""
    if dmarc is None:
        return ""
    found = {one.standard: str(one.policy) for one in dmarc.evaluations if one.policy is not None}
    return found.get(Standard.RFC_9989) or found.get(Standard.RFC_7489, "")


def need(proof: Proof, ev: Evidence) -> None:
    """End the rule as *unknown* if a question without answer decides DMARC."""
    if proof.dmarc is None or not proof.dmarc_open:
        return
    for one in proof.dmarc.evaluations:
        if one.failed is not None:
            ev.need(one.failed)
    _need_walks((proof.dmarc.author, *(one.domain for one in (*proof.dmarc.dkim, proof.dmarc.spf) if one)), ev)


def need_alignment(proof: Proof, ev: Evidence) -> None:
    """End the rule as *unknown* if a question without answer decides whether a signer and the author are one organisation."""
    need(proof, ev)
    open_ones = [one.domain for one in proof.dmarc.dkim if one.walk is None] if proof.dmarc else []
    if proof.dmarc is not None and open_ones:
        _need_walks((proof.dmarc.author, *open_ones), ev)


def _need_walks(domains: Iterable[str], ev: Evidence) -> None:
    for domain in domains:
        for name in names_walked(domain):
            ev.need(probe_at(name))
