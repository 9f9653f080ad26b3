"""The appendix's text: what was answered, bounded and visible."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.evidence import Reading, State
from checks.probes import (
    ArrivalProbe,
    ArrivalReading,
    CertificateFacts,
    DnsProbe,
    DnsReading,
    DnsRecord,
    Fault,
    Handover,
    HttpsFault,
    HttpsProbe,
    HttpsReading,
    MailFolder,
    Reply,
    SmtpReading,
    Stage,
    SubmissionReading,
    TlsFacts,
    TlsProbe,
    TlsReading,
    TranscriptLine,
)
from checks.probes.submission import Trial
from checks.settings import Security
from checks.subject import Way
from reports.escape import MAX_BLOCK
from reports.observations import describe
from tests.reports import sample

TXT = DnsProbe("club.example", "TXT")
MX = DnsProbe("club.example", "MX")
WEB = HttpsProbe(host="mta-sts.club.example", address="192.0.2.80", path="/.well-known/mta-sts.txt")
ASIDE = TlsProbe(host="mail.club.example", address="192.0.2.10", port=587, security=Security.STARTTLS, highest="TLSv1.1")
ISSUER = CertificateFacts(
    subject="CN=R13",
    issuer="CN=ISRG Root X1",
    names=(),
    not_before="2024-03-13T00:00:00+00:00",
    not_after="2027-03-12T00:00:00+00:00",
    key_type="RSA",
    key_bits=2048,
    signature="sha256",
    self_issued=False,
    sha256="bb",
)


def record(value: str, **more: Any) -> DnsRecord:
    return DnsRecord(value=value, ttl=300, **more)


@pytest.mark.parametrize(
    ("probe", "reading", "words"),
    [
        (
            TXT,
            DnsReading(state=State.OK, records=(record("ab", strings=("a", "b")),), server="192.0.2.53:53"),
            ['TXT "a" "b"', "TTL 300", "answered by 192.0.2.53:53"],
        ),
        (
            MX,
            DnsReading(state=State.OK, records=(record("mail.example", preference=10),), chain=("b.example",)),
            ["MX 10 mail.example", "alias (CNAME) to b.example"],
        ),
        (TXT, DnsReading(state=State.NXDOMAIN, negative_ttl=900), ["no such name (NXDOMAIN)", "900 seconds"]),
        (TXT, DnsReading(state=State.NODATA), ["has no TXT record (NODATA)"]),
        (TXT, DnsReading(state=State.SERVFAIL), ["No answer (servfail)", "SERVFAIL"]),
        (TXT, DnsReading(state=State.TIMEOUT, detail="nobody there"), ["No answer (timeout): nobody there"]),
        (
            WEB,
            HttpsReading(state=State.OK, status=200, content_type="text/plain", body="mode: none\r\nmx: \x1b[31m\n"),
            ["answered with code 200", "text/plain", "  mode: none\n", "mx: "],
        ),
        (
            WEB,
            HttpsReading(state=State.OK, status=301, location="http://127.0.0.1/"),
            ["code 301", "http://127.0.0.1/, which was not"],
        ),
        (WEB, HttpsReading(state=State.OK, fault=HttpsFault.CODED, detail="it is compressed"), ["(coded): it is compressed"]),
        (WEB, HttpsReading(state=State.REFUSED, detail="nobody there"), ["No answer (refused): nobody there"]),
        (sample.TALK, SmtpReading(state=State.REFUSED, detail="connection refused"), ["No answer (refused): connection refused"]),
        (
            sample.LOGIN,
            SubmissionReading(
                state=State.OK, trials=(Trial(address="news@club.example", mail=Reply(code=553, lines=("not yours",))),)
            ),
            ["further sender news@club.example: 553 not yours"],
        ),
        (
            sample.TALK,
            SmtpReading(state=State.OK, stage=Stage.GREETING, fault=Fault.NOT_SMTP, first_bytes="HTTP/1.1 400"),
            ["stopped at stage greeting (not-smtp)", "HTTP/1.1 400"],
        ),
        (
            sample.TALK,
            SmtpReading(state=State.OK, fault=Fault.REJECTED, reply=Reply(code=550, lines=("Empf\xc3\xa4nger",))),
            ["550 Empfänger"],
        ),
        (
            sample.TALK,
            SmtpReading(state=State.OK, tls=TlsFacts(verified=False, verify_code=10, verify_reason="certificate has expired")),
            ["does not hold: certificate has expired (OpenSSL code 10)"],
        ),
        (
            sample.TALK,
            SmtpReading(state=State.OK, tls=TlsFacts(verified=False, error="WRONG_VERSION_NUMBER")),
            ["no handshake came about (WRONG_VERSION_NUMBER)"],
        ),
        (
            sample.TALK,
            SmtpReading(
                state=State.OK,
                tls=TlsFacts(
                    verified=True,
                    version="TLSv1.3",
                    group="x25519",
                    certificate=ISSUER,
                    chain=(ISSUER,),
                    strict=False,
                    strict_code=85,
                    strict_reason="Missing Authority Key Identifier",
                ),
            ),
            [
                "key exchange x25519",
                "it does not hold: Missing Authority Key Identifier (OpenSSL code 85)",
                "sent with it: CN=R13",
            ],
        ),
        (
            ASIDE,
            TlsReading(state=State.OK, tls=TlsFacts(verified=False, version="TLSv1.1", cipher="AES", certificate=ISSUER)),
            ["TLS: TLSv1.1, AES; whether the certificate holds was not asked", "certificate of CN=R13"],
        ),
        (
            ASIDE,
            TlsReading(state=State.OK, fault=Fault.TLS_FAILED, tls=TlsFacts(verified=False, error="UNSUPPORTED_PROTOCOL")),
            ["no handshake came about (UNSUPPORTED_PROTOCOL)"],
        ),
        (
            ASIDE,
            TlsReading(state=State.OK, stage=Stage.GREETING, fault=Fault.REJECTED, detail="too many"),
            ["stage greeting (rejected): too many"],
        ),
        (ASIDE, TlsReading(state=State.TIMEOUT, detail="no time"), ["No answer (timeout): no time"]),
        (
            sample.LOGIN,
            sample.readings()[sample.LOGIN],
            [
                "login with LOGIN",
                "235 2.7.0",
                "not yet delivered",
                "C AUTH LOGIN [secret]",
                "certificate of CN=outlook.com",
                "*.office365.com",
            ],
        ),
        (
            sample.LOGIN,
            SubmissionReading(state=State.NOT_ATTEMPTED, detail="not allowed"),
            ["No answer (not-attempted): not allowed"],
        ),
    ],
)
def test_it_says_what_was_answered(probe: Any, reading: Reading, words: list[str]) -> None:
    found = describe(probe, reading)
    assert found["state"] == reading.state
    assert all(word in found["text"] for word in words), found["text"]


def test_a_message_that_has_arrived() -> None:
    """Where it was, how it was taken, and its header; the body stays in the evidence."""
    probe = ArrivalProbe(way=Way.IMAP, message_id="a@b.example")
    reading = ArrivalReading(
        state=State.OK,
        found=True,
        raw="From: a@b.example\r\nSubject: hello\r\n\r\nthe body\r\n",
        size=50,
        folder=MailFolder(name="Kram", special_use="\\Junk", junk=True),
        folders=(MailFolder(name="INBOX"), MailFolder(name="Kram")),
        handover=Handover(
            address="192.0.2.7", helo="mx.b.example", mail_from="", rcpt_to=("c@d.example",), tls_version="TLSv1.3"
        ),
    )
    text = describe(probe, reading)["text"]
    assert "It lay in the folder Kram, which holds what was taken for spam." in text
    assert "folders looked into: INBOX, Kram" in text
    assert "received from 192.0.2.7, which calls itself mx.b.example; TLSv1.3" in text
    assert text.endswith("header:\n  From: a@b.example\n  Subject: hello")
    assert describe(probe, ArrivalReading(state=State.OK, waited=12))["text"] == "The message was not there after 12 seconds."
    assert describe(probe, ArrivalReading(state=State.REFUSED, detail="no"))["text"] == "No answer (refused): no"


HOSTILE = "\x1b]0;x\x07\u202e\r\n" + "y" * 70_000


@pytest.mark.parametrize(
    ("probe", "reading"),
    [
        (
            TXT,
            DnsReading(
                state=State.OK, records=(record(HOSTILE, strings=(HOSTILE,)),) * 900, chain=(HOSTILE,) * 900, server=HOSTILE
            ),
        ),
        (
            sample.TALK,
            SmtpReading(
                state=State.OK,
                fault=Fault.MALFORMED,
                detail=HOSTILE,
                first_bytes=HOSTILE,
                transcript=(TranscriptLine(direction=HOSTILE, text=HOSTILE),) * 900,
            ),
        ),
        (
            ArrivalProbe(way=Way.FILE),
            ArrivalReading(
                state=State.OK,
                found=True,
                raw=HOSTILE * 20,
                folder=MailFolder(name=HOSTILE),
                folders=(MailFolder(name=HOSTILE),) * 5,
                internal_date=HOSTILE,
                handover=Handover(address=HOSTILE, helo=HOSTILE, mail_from=HOSTILE, rcpt_to=(HOSTILE,) * 50, tls_version=HOSTILE),
            ),
        ),
        (
            sample.LOGIN,
            replace(
                sample.readings()[sample.LOGIN],
                accepted=Reply(code=250, lines=(HOSTILE,) * 500),
                mechanism=HOSTILE,
                message_id=HOSTILE,
            ),
        ),
    ],
)
def test_hostile_answers_stay_bounded_and_visible(probe: Any, reading: Reading) -> None:
    text = describe(probe, reading)["text"]
    assert len(text) < MAX_BLOCK + 100
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert "\u202e" not in text
