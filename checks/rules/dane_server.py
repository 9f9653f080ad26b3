"""The server's certificate is the one that the DNS names.

What it checks:
Whether the server for sending publishes its certificate in the DNS (DANE, a TLSA record at its port), and if DNSSEC protects that
record from forgery, whether the server shows the certificate that it names.

Why it matters:
Few servers for sending publish this, and few programs ask for it; but those that do send nothing where the two disagree. It happens when
the certificate is renewed and the record is not.

How to fix it:
Publish a record for the present certificate, before the certificate changes; or delete the records.
"""

import hashlib
from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import CertificateFacts, DnsProbe, TlsFacts
from checks.records.tlsa import Tlsa, parse_tlsa
from checks.rules._certificate import path_of
from checks.rules._hosts import literal_address
from checks.rules._server import Layer, Look, look, not_tried, out_of_time, skipped, where_of, without_tls
from checks.settings import Security
from checks.subject import ServerSubject

INFORMATIONAL = True

MATCH = Outcome(
    code="dane.server-match",
    status=Status.PASS,
    title="{where} shows the certificate that its DNS names (DANE, {kinds}), and DNSSEC proves it",
    references=("RFC 6698 section 2.1", "RFC 7671 section 5"),
)
MISMATCH = Outcome(
    code="dane.server-mismatch",
    status=Status.WARN,
    title="{where} shows another certificate than its DNS names (DANE, {kinds}); programs that ask for it send nothing",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Publish at {name} a record for the present certificate: {wanted}",
        "At the next renewal, publish the record of the new certificate some days before it is used; or keep the key.",
    ),
    references=("RFC 6698 section 2.1", "RFC 7671 section 8.1"),
)
UNUSABLE = Outcome(
    code="dane.server-unusable",
    status=Status.NOTE,
    title="The DNS of {where} names its certificate (DANE) in a way that cannot be used: {faults}",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the TLSA records at {name} by one that begins with 3 1 1, or delete them.",),
    references=("RFC 6698 section 2.1",),
)
UNPROVEN = Outcome(
    code="dane.server-unproven",
    status=Status.NOT_APPLICABLE,
    title="The DNS of {where} names its certificate (DANE), but that DNSSEC proves it cannot be seen from here, so it does not count",
    references=("RFC 6698 section 4.1",),
)
ABSENT = Outcome(
    code="dane.server-absent",
    status=Status.NOT_APPLICABLE,
    title="The DNS does not name the certificate of {where} (DANE); nothing requires it",
)
BY_ADDRESS = Outcome(
    code="dane.server-by-address",
    status=Status.NOT_APPLICABLE,
    title="{where} is given by its address, and the DNS names certificates of host names only (DANE)",
)
NOT_TRIED = not_tried("dane.server", "Certificate named in the DNS")
WITHOUT = without_tls("dane.server", "Certificate named in the DNS")

MAX_TOLD = 3
SERVER = 3  # usage: the server's own certificate, and not one above it (RFC 6698 section 2.1.1)
WHOLE = 0  # selector: the whole certificate, and not its key (section 2.1.2)
SHA256, SHA512 = 1, 2  # matching type (section 2.1.3)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask for the records only where there is a certificate to compare them with."""
    where, about, host = where_of(subject), subject.name, subject.server.host
    if subject.server.security is Security.NONE:
        yield WITHOUT(about=about, where=where)
        return
    if literal_address(host):
        yield BY_ADDRESS(about=about, where=where)
        return
    seen = look(subject, ev)
    if seen.layer <= Layer.SECURITY or not seen.handshakes:
        yield skipped(NOT_TRIED, subject, seen, seen.reason or "no certificate was shown")
        return
    name = f"_{subject.server.port}._tcp.{host}"
    reading = ev[DnsProbe(name, "TLSA")]
    if out_of_time(reading):  # which a question that is only for information need not tell again
        yield skipped(NOT_TRIED, subject, seen, "the time for the whole run was up")
    elif not ev.need(DnsProbe(name, "TLSA")).values:
        yield ABSENT(about=about, where=where)
    elif not reading.authentic:
        yield UNPROVEN(about=about, where=where)
    else:
        yield _compared(subject, seen, name, [parse_tlsa(value) for value in reading.values])


def _compared(subject: ServerSubject, seen: Look, name: str, records: list[Tlsa]) -> Finding:
    usable = [record for record in records if not record.fault]
    about, where = subject.name, seen.where
    if not usable:
        return UNUSABLE(about=about, where=where, name=name, faults=sorted({record.fault for record in records})[:MAX_TOLD])
    shown = [facts for _, facts in seen.handshakes if facts.certificate is not None]
    if not shown:
        return skipped(NOT_TRIED, subject, seen, "the certificate could not be read")
    told = sorted({record.parameters for record in usable})[:MAX_TOLD]
    wrong = [facts for facts in shown if not any(_pins(record, facts) for record in usable)]
    if not wrong:
        return MATCH(about=about, where=where, kinds=told)
    if any(_carries_authority(record) for record in usable):
        return skipped(NOT_TRIED, subject, seen, "the record holds an authority's whole certificate, which is not compared")
    key = wrong[0].certificate.key_sha256 if wrong[0].certificate else ""
    wanted = f"3 1 1 {key}" if key else "3 1 1 and the SHA-256 of its key"
    return MISMATCH(about=about, where=where, kinds=told, name=name, wanted=wanted)


def _pins(record: Tlsa, facts: TlsFacts) -> bool:
    """Whether the record names the server's certificate, or one above it that was sent (RFC 7671 sections 5.1 and 5.2)."""
    path = path_of(facts)
    return any(_is(record, one) for one in (path[:1] if record.usage == SERVER else path[1:]))


def _is(record: Tlsa, one: CertificateFacts) -> bool:
    whole = record.selector == WHOLE
    if record.matching == SHA512:
        return record.data == (one.sha512 if whole else one.key_sha512)
    data = record.data if record.matching == SHA256 else hashlib.sha256(bytes.fromhex(record.data)).hexdigest()
    return data == (one.sha256 if whole else one.key_sha256)


def _carries_authority(record: Tlsa) -> bool:
    """Whether the record itself brings the certificate of the authority, so that the server need not send it (RFC 7671 section 5.2.2)."""
    return record.usage != SERVER and record.matching not in (SHA256, SHA512)
