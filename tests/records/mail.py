"""Messages for the tests of what arrives: built, signed with dkimpy, and the DNS that goes with them. Nothing touches the network."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from checks.evidence import Evidence, Missing, Probe, Reading, State
from checks.probes import DnsProbe, DnsReading, DnsRecord
from checks.records.message import Letter, build_test_message

T = TypeVar("T")
NOW = datetime.now(UTC)
"""dkimpy signs with its own clock."""
LETTER = Letter(
    from_name="Ruderverein München",
    from_email="news@club.example",
    reply_to="office@club.example",
    to="test@mail.example",
    unique_id="abc123",
    date=NOW,
)
SENT = build_test_message(LETTER)
RECEIVED = (
    b"Received: from out.club.example (out.club.example [192.0.2.1])\r\n"
    b"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
    b"\tby mx.mail.example (Postfix) with ESMTPS id 4A\r\n\tfor <test@mail.example>; Mon, 23 Nov 2026 10:00:02 +0100 (CET)\r\n"
)


@cache
def rsa_key(bits: int, number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ed_key(number: int) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def rsa_record(
    bits: int = 2048, *, number: int = 0, head: str = "v=DKIM1; k=rsa; ", form: PublicFormat = PublicFormat.SubjectPublicKeyInfo
) -> str:
    raw = rsa_key(bits, number).public_key().public_bytes(Encoding.DER, form)
    return f"{head}p={base64.b64encode(raw).decode()}"


def ed_record(*, number: int = 0, head: str = "v=DKIM1; k=ed25519; ") -> str:
    raw = ed_key(number).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"{head}p={base64.b64encode(raw).decode()}"


def sign(
    message: bytes,
    *,
    domain: str = "club.example",
    selector: str = "s1",
    ed: bool = False,
    bits: int = 2048,
    canon: tuple[str, str] = ("relaxed", "simple"),
    headers: Sequence[str] | None = None,
    length: bool = False,
    identity: str | None = None,
) -> bytes:
    """Return the message with a signature on top."""
    signer = dkim.DKIM(message)
    if ed:
        raw = ed_key(0).private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        key, algorithm = base64.b64encode(raw), b"ed25519-sha256"
    else:
        key, algorithm = (
            rsa_key(bits, 0).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
            b"rsa-sha256",
        )
    field: bytes = signer.sign(
        selector.encode(),
        domain.encode(),
        key,
        signature_algorithm=algorithm,
        identity=identity.encode() if identity else None,
        canonicalize=(canon[0].encode(), canon[1].encode()),
        include_headers=[name.encode() for name in headers] if headers else None,
        length=length,
    )
    return field + message


def run(question: Callable[[Evidence], T], texts: Mapping[str, Sequence[str]]) -> T:
    """Answer what is asked from TXT records; a value "!state" is a failure. Every round must bring something new."""
    readings: dict[Probe[Reading], Reading] = {}
    while True:
        try:
            return question(Evidence(readings))
        except Missing as missing:
            for probe in missing.probes:
                assert isinstance(probe, DnsProbe)
                assert probe not in readings
                readings[probe] = _answer(list(texts.get(probe.name, [])), exists=probe.name in texts)


def _answer(values: list[str], *, exists: bool) -> DnsReading:
    if values and values[0].startswith("!"):
        return DnsReading(state=State(values[0][1:]))
    state = State.OK if values else State.NODATA if exists else State.NXDOMAIN
    return DnsReading(state=state, records=tuple(DnsRecord(value=value) for value in values))
