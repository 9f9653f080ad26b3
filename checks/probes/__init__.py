"""The questions that can be asked of the world, and their readings. How they are asked is checks.gather.

Names are normalised when a probe is made, so that equal questions are equal probes. Text from strangers is kept as it came, one
character per byte (Latin-1): nothing is lost, and escaping belongs to whoever shows it. One file per protocol.
"""

from __future__ import annotations

from typing import Any

from checks.evidence import Probe
from checks.probes.arrival import (
    ArrivalFault,
    ArrivalProbe,
    ArrivalReading,
    ArrivalStage,
    Handover,
    MailFolder,
)
from checks.probes.connect import ConnectFault, ConnectProbe, ConnectReading
from checks.probes.dns import AuthorityProbe, DnsProbe, DnsReading, DnsRecord, normal_name, reverse_name
from checks.probes.https import HttpsFault, HttpsProbe, HttpsReading
from checks.probes.smtp import Fault, Reply, SmtpProbe, SmtpReading, Stage, TranscriptLine
from checks.probes.submission import SubmissionProbe, SubmissionReading
from checks.probes.tls import CertificateFacts, TlsFacts
from checks.probes.tls_look import TlsProbe, TlsReading

KINDS: dict[str, type[Probe[Any]]] = {
    cls.kind: cls
    for cls in (DnsProbe, AuthorityProbe, ConnectProbe, SmtpProbe, SubmissionProbe, TlsProbe, HttpsProbe, ArrivalProbe)
}

__all__ = [
    "KINDS",
    "ArrivalFault",
    "ArrivalProbe",
    "ArrivalReading",
    "ArrivalStage",
    "AuthorityProbe",
    "CertificateFacts",
    "ConnectFault",
    "ConnectProbe",
    "ConnectReading",
    "DnsProbe",
    "DnsReading",
    "DnsRecord",
    "Fault",
    "Handover",
    "HttpsFault",
    "HttpsProbe",
    "HttpsReading",
    "MailFolder",
    "Reply",
    "SmtpProbe",
    "SmtpReading",
    "Stage",
    "SubmissionProbe",
    "SubmissionReading",
    "TlsFacts",
    "TlsProbe",
    "TlsReading",
    "TranscriptLine",
    "normal_name",
    "reverse_name",
]
