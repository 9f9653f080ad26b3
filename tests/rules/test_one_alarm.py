"""One fault, one alarm: all rules about a server together, on the worlds that people meet most."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Effect, Reading, State
from checks.model import Finding, Status
from checks.probes import CertificateFacts, Fault, Reply, SmtpReading, Stage, SubmissionReading, TlsFacts, TlsReading
from checks.settings import parse
from checks.subject import TestPlan, of_settings
from tests.fakes.zone import ZoneWorld

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SERVER: dict[str, Any] = {
    "name": "Main",
    "default": True,
    "host": "mail.club.example",
    "port": 587,
    "security": "starttls",
    "username": "office@club.example",
    "password": {"source": "env", "ref": "SMTP_PASSWORD"},
    "sender": {"email": "office@club.example"},
}
LOOK = "smtp mail.club.example [192.0.2.10]:587 starttls"
OTHER_LOOK = "smtp mail.club.example [192.0.2.10]:587 implicit-tls"
SENDING = "submission mail.club.example [192.0.2.10]:587 starttls test message office@club.example"
ASIDE = "tls mail.club.example [192.0.2.10]:587 starttls"
ALARMING = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.BROKEN)

CERTIFICATE = CertificateFacts(
    subject="CN=mail.club.example",
    issuer="CN=R13",
    names=("mail.club.example",),
    not_before="2026-10-20T00:00:00+00:00",
    not_after="2027-01-18T00:00:00+00:00",
    key_type="EC",
    key_bits=256,
    signature="sha256",
    self_issued=False,
    sha256="aa",
)
EXPIRED = replace(CERTIFICATE, not_before="2026-08-01T00:00:00+00:00", not_after="2026-11-20T00:00:00+00:00")
GREETING = Reply(code=220, lines=("mail.club.example ESMTP",))
GOOD = SmtpReading(
    state=State.OK,
    stage=Stage.QUIT,
    greeting=GREETING,
    capabilities_clear=("STARTTLS",),
    capabilities=("AUTH PLAIN LOGIN",),
    tls=TlsFacts(verified=True, version="TLSv1.3", certificate=CERTIFICATE),
)
YES = Reply(code=250, enhanced="2.0.0", lines=("Ok",))
SENT = SubmissionReading(
    state=State.OK,
    stage=Stage.QUIT,
    mechanism="PLAIN",
    auth=Reply(code=235, lines=("welcome",)),
    mail=YES,
    rcpt=YES,
    data=Reply(code=354, lines=("go on",)),
    accepted=YES,
    message_id="sr-1@club.example",
)

# What is asked beside the conversation itself: as an older program, without the server's name, and other ports where this one fails.
TOO_OLD = TlsReading(state=State.OK, fault=Fault.TLS_FAILED, tls=TlsFacts(verified=False, error="TLSV1_ALERT_PROTOCOL_VERSION"))
SHOWN = TlsReading(state=State.OK, tls=TlsFacts(verified=False, version="TLSv1.2", certificate=CERTIFICATE))
BESIDE: dict[str, Reading] = {
    f"{ASIDE} up to TLSv1.2": SHOWN,
    f"{ASIDE} up to TLSv1.1": TOO_OLD,
    f"{ASIDE} without its name": SHOWN,
    "smtp mail.club.example [192.0.2.10]:25 starttls": SmtpReading(state=State.REFUSED, fault=Fault.REFUSED),
    "smtp mail.club.example [192.0.2.10]:465 implicit-tls": GOOD,
    "smtp mail.club.example [192.0.2.10]:2525 starttls": SmtpReading(state=State.TIMEOUT, fault=Fault.TIMEOUT),
}


def stopped(stage: Stage, fault: Fault, *, tls: TlsFacts | None = None, first_bytes: str = "") -> SmtpReading:
    return SmtpReading(
        state=State.OK,
        stage=stage,
        fault=fault,
        greeting=GREETING,
        capabilities_clear=("SIZE 1",),
        capabilities=("SIZE 1",),
        tls=tls,
        first_bytes=first_bytes,
    )


def refused(stage: Stage, code: int, enhanced: str, text: str) -> SubmissionReading:
    reply = Reply(code=code, enhanced=enhanced, lines=(text,))
    reading = SubmissionReading(state=State.OK, stage=stage, fault=Fault.REJECTED, reply=reply, mechanism="PLAIN", auth=SENT.auth)
    return replace(reading, auth=reply) if stage is Stage.AUTH else replace(reading, mail=reply)


WORLDS: dict[str, tuple[list[str], dict[str, Reading], dict[str, str]]] = {
    "a healthy server": ([], {LOOK: GOOD, SENDING: SENT}, {}),
    "a closed port": (["port.refused"], {LOOK: SmtpReading(state=State.REFUSED, fault=Fault.REFUSED)}, {}),
    "a filtered port": (["port.no-answer"], {LOOK: SmtpReading(state=State.TIMEOUT, fault=Fault.TIMEOUT)}, {}),
    "a dead name server": (
        ["port.failed-look-up"],
        {},
        {"dns mail.club.example A": "timeout", "dns mail.club.example AAAA": "timeout"},
    ),
    "no name server": (
        ["port.failed-look-up"],
        {},
        {"dns mail.club.example A": "not-attempted", "dns mail.club.example AAAA": "not-attempted"},
    ),
    "no STARTTLS": (["tls.starttls-missing"], {LOOK: stopped(Stage.STARTTLS, Fault.STARTTLS_NOT_OFFERED)}, {}),
    "a web server": (
        ["port.other-service"],
        {LOOK: stopped(Stage.GREETING, Fault.NOT_SMTP, first_bytes="HTTP/1.1 400 Bad Request")},
        {},
    ),
    "the wrong kind of encryption": (
        ["port.unexpected-implicit-tls"],
        {LOOK: SmtpReading(state=State.OK, stage=Stage.GREETING, fault=Fault.TIMEOUT), OTHER_LOOK: GOOD},
        {},
    ),
    "an outdated TLS": (
        ["tls.outdated-version"],
        {
            LOOK: stopped(
                Stage.HANDSHAKE, Fault.TLS_FAILED, tls=TlsFacts(verified=False, version="TLSv1", error="UNSUPPORTED_PROTOCOL")
            )
        },
        {},
    ),
    "an expired certificate": (
        ["tls.certificate-expired"],
        {
            LOOK: stopped(
                Stage.HANDSHAKE,
                Fault.TLS_FAILED,
                tls=TlsFacts(verified=False, version="TLSv1.3", verify_code=10, certificate=EXPIRED),
            )
        },
        {},
    ),
    "a self-signed certificate": (
        ["tls.certificate-self-signed"],
        {
            LOOK: stopped(
                Stage.HANDSHAKE,
                Fault.TLS_FAILED,
                tls=TlsFacts(verified=False, version="TLSv1.3", verify_code=18, certificate=CERTIFICATE),
            )
        },
        {},
    ),
    "a certificate for another name": (
        ["tls.certificate-name-mismatch"],
        {
            LOOK: stopped(
                Stage.HANDSHAKE,
                Fault.TLS_FAILED,
                tls=TlsFacts(
                    verified=False, version="TLSv1.3", verify_code=62, certificate=replace(CERTIFICATE, names=("other.example",))
                ),
            )
        },
        {},
    ),
    "a missing intermediate certificate": (
        ["tls.intermediate-missing"],
        {
            LOOK: stopped(
                Stage.HANDSHAKE,
                Fault.TLS_FAILED,
                tls=TlsFacts(
                    verified=False,
                    version="TLSv1.3",
                    verify_code=20,
                    sent=1,
                    certificate=replace(CERTIFICATE, ca_issuers=("http://r13.i.example/",)),
                ),
            )
        },
        {},
    ),
    "a key that is too short": (
        ["tls.certificate-not-trusted"],
        {
            LOOK: stopped(
                Stage.HANDSHAKE,
                Fault.TLS_FAILED,
                tls=TlsFacts(
                    verified=False,
                    version="TLSv1.3",
                    verify_code=66,
                    certificate=replace(CERTIFICATE, key_type="RSA", key_bits=1024),
                ),
            )
        },
        {},
    ),
    "a crossed-out STARTTLS": (
        ["tls.starttls-stripped"],
        {LOOK: replace(stopped(Stage.STARTTLS, Fault.STARTTLS_NOT_OFFERED), capabilities_clear=("SIZE 1", "XXXXXXXA"))},
        {},
    ),
    "a formal flaw in the certificate": (
        [],
        {
            LOOK: replace(
                GOOD,
                tls=TlsFacts(verified=True, version="TLSv1.3", certificate=CERTIFICATE, strict=False, strict_code=85, sent=1),
            ),
            SENDING: SENT,
        },
        {},
    ),
    "old versions of TLS beside the new": (
        [],
        {
            LOOK: GOOD,
            SENDING: SENT,
            f"{ASIDE} up to TLSv1.1": replace(SHOWN, tls=TlsFacts(verified=False, version="TLSv1")),
        },
        {},
    ),
    "no login offered": (["auth.offer-missing"], {LOOK: replace(GOOD, capabilities=("SIZE 1",))}, {}),
    "only modern login": (["auth.oauth-only"], {LOOK: replace(GOOD, capabilities=("AUTH XOAUTH2",))}, {}),
    "a wrong password": (
        ["auth.wrong-credentials"],
        {LOOK: GOOD, SENDING: refused(Stage.AUTH, 535, "5.7.8", "authentication failed")},
        {},
    ),
    "a missing password": (
        ["auth.secret-unavailable"],
        {
            LOOK: GOOD,
            SENDING: SubmissionReading(state=State.NOT_ATTEMPTED, fault=Fault.NO_SECRET, detail="there is no such variable"),
        },
        {},
    ),
    "a sender that is not ours": (
        ["sender.envelope-not-permitted"],
        {LOOK: GOOD, SENDING: refused(Stage.MAIL, 553, "5.7.1", "Sender address rejected: not owned by user x")},
        {},
    ),
    "a second connection that fails": (
        ["auth.login-broken-off"],
        {LOOK: GOOD, SENDING: SubmissionReading(state=State.REFUSED, fault=Fault.REFUSED)},
        {},
    ),
}


def judged(readings: dict[str, Reading], faults: dict[str, str], **changes: Any) -> tuple[list[Finding], list[str]]:
    """Judge a world by every rule about servers; return the findings and what was asked."""
    world = ZoneWorld("mail A 192.0.2.10", faults=faults, readings={**BESIDE, **readings})
    document = {"servers": [{**SERVER, **changes}]}
    subjects = of_settings(parse(document), now=NOW, test=TestPlan(to="test@gmail.example", message="sr-1"))
    checks = select(["port", "tls", "auth", "sender", "send"])
    results = asyncio.run(Run(gather=world, allow=frozenset(Effect)).judge(checks, subjects))
    assert not any(result.traceback for result in results), [result.traceback for result in results if result.traceback]
    assert all(result.findings for result in results), "a check always says something"
    return [finding for result in results for finding in result.findings], world.asked


@pytest.mark.parametrize("name", WORLDS)
def test_one_fault_is_one_alarm(name: str) -> None:
    """Exactly the expected finding alarms; every other rule passes, does not apply, or says that it was not tried."""
    alarms, readings, faults = WORLDS[name]
    findings, _ = judged(readings, faults)
    assert sorted(finding.code for finding in findings if finding.status in ALARMING) == alarms, [
        finding.title for finding in findings
    ]


@pytest.mark.parametrize("name", WORLDS)
def test_the_password_goes_out_at_most_once(name: str) -> None:
    """All rules share one conversation with a password; and where looking failed, there is none."""
    _, readings, faults = WORLDS[name]
    _, asked = judged(readings, faults)
    assert sum(probe.startswith("submission") for probe in asked) == (1 if SENDING in readings else 0)


@pytest.mark.parametrize("name", WORLDS)
def test_every_sentence_can_be_read(name: str) -> None:
    """Each finding names the server, ends without a dangling template, and each alarm says what to do."""
    _, readings, faults = WORLDS[name]
    findings, _ = judged(readings, faults)
    for finding in findings:
        assert "{" not in finding.title, finding.title
        assert finding.about == "Main"
        if finding.status in ALARMING:
            assert finding.remedy is not None, finding.code
            assert all(step[0].isupper() and step[-1] in ".e" for step in finding.remedy.steps), finding.remedy.steps


def test_a_healthy_server_is_asked_at_no_other_port() -> None:
    """Other ports, and the other kind of encryption, are looked at only where the configured port fails; three looks from aside remain."""
    _, asked = judged({LOOK: GOOD, SENDING: SENT}, {})
    assert [probe for probe in asked if probe.startswith("smtp ")] == [LOOK]
    assert sum(probe.startswith("tls ") for probe in asked) == 3
    _, asked = judged({LOOK: SmtpReading(state=State.REFUSED, fault=Fault.REFUSED)}, {})
    assert sum(probe.startswith("smtp ") for probe in asked) == 4
    assert not any(probe.startswith("tls ") for probe in asked)


def test_words_of_the_server_do_not_make_a_finding_new() -> None:
    """Servers put times and numbers into replies; the finding of yesterday and of today is the same."""
    prints = set()
    for text in ("authentication failed (1)", "authentication failed (2)"):
        findings, _ = judged({LOOK: GOOD, SENDING: refused(Stage.AUTH, 535, "5.7.8", text)}, {})
        prints |= {finding.fingerprint for finding in findings if finding.code == "auth.wrong-credentials"}
    assert len(prints) == 1


def test_no_title_of_the_healthy_server_says_delivered() -> None:
    """The server's yes is "accepted"; whether the message arrived, nobody knows yet."""
    findings, _ = judged({LOOK: GOOD, SENDING: SENT}, {})
    assert not any("delivered" in finding.title.lower() for finding in findings)
    assert any("Accepted is not yet arrived" in finding.title for finding in findings)
