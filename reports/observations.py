"""Turns a question and its answer into plain, bounded text for the appendix "how we know". Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.engine import REASONS
from checks.evidence import Probe, Reading, State
from checks.probes import (
    ArrivalReading,
    AuthorityProbe,
    CertificateFacts,
    DnsProbe,
    DnsReading,
    DnsRecord,
    HttpsReading,
    Reply,
    SmtpReading,
    SubmissionReading,
    TlsFacts,
    TlsReading,
)
from reports.escape import MAX_BLOCK, line

MAX_RECORDS = 50  # the appendix shows what an answer was; evidence.json has all of it
MAX_RECORD = 2_500  # a DKIM key of 8,192 bits fits
MAX_TRANSCRIPT = 120  # lines; an EHLO reply has a dozen
MAX_HEADER_LINES = 60  # of a message; evidence.json has all of it
MAX_NAMES = 20  # of a certificate
MAX_LINE = 300  # characters of a line that a web server sent


def describe(probe: Probe[Any], reading: Reading) -> dict[str, str]:
    """Return what was answered, as `vantage.observations` holds it: {"state", "text"}. The text has visible characters only."""
    if isinstance(reading, DnsReading) and isinstance(probe, DnsProbe | AuthorityProbe):
        rows = list(_dns(probe, reading))
    elif isinstance(reading, SmtpReading):
        rows = list(_smtp(reading))
    elif isinstance(reading, TlsReading):
        rows = list(_tls_aside(reading))
    elif isinstance(reading, HttpsReading):
        rows = list(_https(reading))
    elif isinstance(reading, ArrivalReading):
        rows = list(_arrival(reading))
    else:
        rows = [reading.detail or REASONS.get(reading.state, "answered")]
    text = ""
    for number, row in enumerate(rows):
        if len(text) + len(row) > MAX_BLOCK:
            text += f"({len(rows) - number:,} more lines; evidence.json has them)"
            break
        text += row + "\n"
    return {"state": str(reading.state), "text": text.rstrip("\n")}


# --- DNS --------------------------------------------------------------------------------------------------------------


def _dns(probe: DnsProbe | AuthorityProbe, reading: DnsReading) -> Iterator[str]:
    for target in reading.chain[:MAX_RECORDS]:
        yield f"alias (CNAME) to {line(target)}"
    if reading.state is State.OK:
        for record in reading.records[:MAX_RECORDS]:
            yield _record(probe.type, record)
        if len(reading.records) > MAX_RECORDS:
            yield f"(and {len(reading.records) - MAX_RECORDS:,} more records; evidence.json has them)"
        if not reading.records and not reading.chain:
            yield "no records"
    elif reading.state is State.NXDOMAIN:
        yield f"There is no such name (NXDOMAIN).{_remembered(reading)}"
    elif reading.state is State.NODATA:
        yield f"The name exists, but has no {probe.type} record (NODATA).{_remembered(reading)}"
    else:
        yield _sentence(reading)
    if reading.server:
        yield f"answered by {line(reading.server)}"


def _record(kind: str, record: DnsRecord) -> str:
    if kind in ("TXT", "SPF"):
        parts = record.strings or (record.value,)
        value = " ".join(f'"{part}"' for part in parts)
    else:
        value = f"{record.preference} {record.value}" if kind == "MX" else record.value
    return f"{kind} {line(value, MAX_RECORD)}   (TTL {record.ttl})"


def _remembered(reading: DnsReading) -> str:
    return "" if reading.negative_ttl is None else f" Resolvers remember this for {reading.negative_ttl:,} seconds."


def _sentence(reading: Reading) -> str:
    reason = line(reading.detail or REASONS.get(reading.state, str(reading.state)))
    return f"No answer ({reading.state}): {reason}"


# --- a message that has arrived ---------------------------------------------------------------------------------------


def _arrival(reading: ArrivalReading) -> Iterator[str]:
    looked = ", ".join(line(one.name, 100) for one in reading.folders)
    if not reading.state.answered:
        yield _sentence(reading)
    elif not reading.found:
        yield f"The message was not there after {reading.waited:.0f} seconds."
    else:
        yield f"A message of {reading.size:,} bytes{', of which the beginning was kept' if reading.cut else ''}."
    if reading.folder:
        spam = ", which holds what was taken for spam" if reading.folder.junk else ""
        yield f"It lay in the folder {line(reading.folder.name, 100)}{spam}."
    if looked:
        yield f"folders looked into: {looked}"
    if reading.internal_date:
        yield f"stored there on {line(reading.internal_date)}"
    if shown := reading.handover:
        tls = f"{line(shown.tls_version)}, {line(shown.tls_cipher)}" if shown.tls_version else "not encrypted"
        yield f"received from {line(shown.address)}, which calls itself {line(readable(shown.helo))}; {tls}"
        yield f"envelope: <{line(readable(shown.mail_from))}> to {', '.join(line(readable(one), 300) for one in shown.rcpt_to[:MAX_NAMES])}"
    if reading.raw:
        yield "header:"
        for one in reading.raw.split("\n", MAX_HEADER_LINES)[:MAX_HEADER_LINES]:
            if not one.strip():
                break
            yield f"  {line(readable(one.rstrip()), MAX_LINE)}"


# --- HTTPS ------------------------------------------------------------------------------------------------------------


def _https(reading: HttpsReading) -> Iterator[str]:
    if reading.state is not State.OK:
        yield _sentence(reading)
    elif reading.fault:
        yield f"The web server gave nothing that can be used ({reading.fault}): {line(reading.detail)}"
    else:
        yield f"The web server answered with code {reading.status}."
    if reading.tls:
        yield from _tls(reading.tls)
    if reading.location:
        yield f"it points to {line(readable(reading.location), MAX_LINE)}, which was not followed"
    if reading.content_type:
        yield f"kind of content: {line(readable(reading.content_type), MAX_LINE)}"
    rows = readable(reading.body).splitlines()
    for row in rows[:MAX_RECORDS]:
        yield f"  {line(row, MAX_LINE)}"
    if len(rows) > MAX_RECORDS:
        yield f"  (and {len(rows) - MAX_RECORDS:,} more lines; evidence.json has them)"


# --- SMTP and TLS -----------------------------------------------------------------------------------------------------


def _smtp(reading: SmtpReading) -> Iterator[str]:
    if reading.state is not State.OK:
        yield _sentence(reading)
    elif reading.fault:
        detail = f": {line(reading.detail)}" if reading.detail else ""
        yield f"The conversation stopped at stage {reading.stage} ({reading.fault}){detail}"
    else:
        yield f"The conversation went through to its end (stage {reading.stage})."
    if reading.first_bytes:
        yield f"came first, and is no mail server's greeting: {line(readable(reading.first_bytes))}"
    if reading.tls:
        yield from _tls(reading.tls)
    if isinstance(reading, SubmissionReading):
        yield from _submission(reading)
    if reading.transcript:
        yield "conversation (S the server, C sendready, * a remark; passwords are never recorded):"
        for row in reading.transcript[:MAX_TRANSCRIPT]:
            yield f"  {line(row.direction, 3)} {line(readable(row.text))}"
        if len(reading.transcript) > MAX_TRANSCRIPT:
            yield f"  (and {len(reading.transcript) - MAX_TRANSCRIPT:,} more lines; evidence.json has them)"
    elif reading.reply:
        yield f"the server said: {_reply(reading.reply)}"


def _tls_aside(reading: TlsReading) -> Iterator[str]:
    """A look of which only the handshake counts, and which trusts nobody."""
    tls = reading.tls
    if reading.state is not State.OK:
        yield _sentence(reading)
    elif tls is None:
        yield f"No handshake was come to; it ended at stage {reading.stage} ({reading.fault}): {line(reading.detail)}"
    elif tls.error:
        yield f"TLS: no handshake came about ({line(tls.error)})"
    else:
        yield f"TLS: {line(tls.version)}, {line(tls.cipher)}; whether the certificate holds was not asked"
    if tls and tls.certificate:
        yield from _certificate(tls.certificate)


def _tls(tls: TlsFacts) -> Iterator[str]:
    if tls.error:
        yield f"TLS: no handshake came about ({line(tls.error)})"
    elif tls.verified:
        yield f"TLS: {line(tls.version)}, {line(tls.cipher)}; the certificate holds"
    else:
        yield f"TLS: {line(tls.version) or 'handshake failed'}; the certificate does not hold: {line(tls.verify_reason)} (OpenSSL code {tls.verify_code})"
    if tls.group:
        yield f"  key exchange {line(tls.group)}"
    if tls.strict is not None:
        holds = "holds" if tls.strict else f"does not hold: {line(tls.strict_reason)} (OpenSSL code {tls.strict_code})"
        yield f"  by the strict rules of newer programs it {holds}"
    if tls.certificate:
        yield from _certificate(tls.certificate)
    for one in tls.chain:
        yield f"sent with it: {line(readable(one.subject))}"
        yield f"  issued by {line(readable(one.issuer))}, valid to {line(one.not_after)}, SHA-256 {line(one.sha256)}"


def _certificate(certificate: CertificateFacts) -> Iterator[str]:
    names = ", ".join(line(readable(name), 300) for name in certificate.names[:MAX_NAMES]) or "none"
    more = len(certificate.names) - MAX_NAMES
    yield f"certificate of {line(readable(certificate.subject))}"
    yield f"  issued by {line(readable(certificate.issuer))}{' (by itself)' if certificate.self_issued else ''}"
    yield f"  for {names}{f' (and {more:,} more)' if more > 0 else ''}"
    yield f"  valid from {line(certificate.not_before)} to {line(certificate.not_after)}"
    yield f"  key {line(certificate.key_type)} {certificate.key_bits}, signed with {line(certificate.signature)}"
    yield f"  SHA-256 {line(certificate.sha256)}"


def _submission(reading: SubmissionReading) -> Iterator[str]:
    if reading.mechanism:
        yield f"login with {line(reading.mechanism)}"
    for words, reply in (
        ("login", reading.auth), ("sender", reading.mail), ("recipient", reading.rcpt), ("ready for the message", reading.data),
        ("message taken by the server, which is not yet delivered", reading.accepted),
    ):  # fmt: skip
        if reply:
            yield f"{words}: {_reply(reply)}"
    for trial in reading.trials:
        if last := trial.rcpt or trial.mail:
            yield f"further sender {line(trial.address)}: {_reply(last)}"
    if reading.message_id:
        yield f"Message-ID of the test message: {line(reading.message_id)}"


def _reply(reply: Reply) -> str:
    return line(readable(str(reply)))


def readable(text: str) -> str:
    """Return text that came as one character per byte as the UTF-8 that it most likely is; else as it came."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
