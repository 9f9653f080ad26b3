"""The rules about servers on real sockets: our own gatherer, a scripted mail server on loopback, DNS from a zone text."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Effect, Probe, Reading
from checks.gather.smtp import SmtpGatherer
from checks.model import Finding, Status, Verdict, verdict
from checks.probes import DnsProbe
from checks.secret import Secret
from checks.settings import parse
from checks.subject import TestPlan, of_settings
from tests.fakes.certificates import self_signed
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer, Script
from tests.fakes.smtp_world import HOST, QUICK, World, authority, good
from tests.fakes.zone import ZoneWorld

PORT = 587
SERVER: dict[str, Any] = {
    "name": "Main",
    "default": True,
    "host": HOST,
    "port": PORT,
    "security": "starttls",
    "username": "office@club.example",
    "password": {"source": "env", "ref": "SMTP_PASSWORD"},
    "sender": {"email": "office@club.example"},
}
ALARMING = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.BROKEN)


@dataclass
class Told:
    """What the rules said, and what the server heard."""

    findings: list[Finding]
    verdict: Verdict
    verbs: list[str] = field(default_factory=list)

    @property
    def alarms(self) -> list[str]:
        return sorted(finding.code for finding in self.findings if finding.status in ALARMING)


class Both:
    """DNS from the zone, everything else from the network."""

    def __init__(self, zone: ZoneWorld, smtp: SmtpGatherer) -> None:
        self._zone = zone
        self._smtp = smtp

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        return await (self._zone if isinstance(probe, DnsProbe) else self._smtp)(probe, budget)


async def judge(port: int, changes: dict[str, Any], *, password: str) -> tuple[list[Finding], Verdict]:
    """Judge the server at a local port by every rule about servers."""
    smtp = World(password=password, timeouts=QUICK, resolve=lambda _source, _ref: Secret(password)).gatherer({PORT: port})
    gather = Both(ZoneWorld("mx A 127.0.0.1"), smtp)
    plan = TestPlan(to="test@elsewhere.example", message="sr-1")
    subjects = of_settings(parse({"servers": [{**SERVER, **changes}]}), now=datetime.now(UTC), test=plan)
    run = Run(gather=gather, allow=frozenset(Effect), deadline=20)
    results = await run.judge(select(["port", "tls", "auth", "sender", "send"]), subjects)
    assert not any(result.traceback for result in results), [result.traceback for result in results if result.traceback]
    return [finding for result in results for finding in result.findings], verdict(results)


def told(script: Script, *, password: str = "correct horse", **changes: Any) -> Told:
    """Start the server, judge it, and bring home what it heard."""

    async def run() -> Told:
        async with FakeServer(script) as server:
            findings, summed = await judge(server.port, changes, password=password)
            return Told(findings=findings, verdict=summed, verbs=server.verbs)

    return asyncio.run(run())


def test_a_healthy_server_is_ready() -> None:
    """Every rule passes or does not apply; one message left, with one login."""
    found = told(Ordinary(context=good().context()))
    assert found.alarms == [], [finding.title for finding in found.findings]
    assert found.verdict is Verdict.READY
    assert (found.verbs.count("AUTH"), found.verbs.count("DATA")) == (1, 1)


def test_a_healthy_server_with_implicit_tls_is_ready() -> None:
    """The same from the first byte."""
    found = told(Ordinary(tls="implicit", context=good().context()), security="implicit-tls")
    assert (found.alarms, found.verdict) == ([], Verdict.READY)


def test_a_wrong_password_is_one_finding_and_one_attempt() -> None:
    """The code says credentials, the server heard AUTH once, nothing else is blamed."""
    found = told(Ordinary(context=good().context()), password="wrong horse")
    assert found.alarms == ["auth.wrong-credentials"]
    assert found.verdict is Verdict.NOT_READY
    assert found.verbs.count("AUTH") == 1
    assert not any("wrong horse" in finding.title for finding in found.findings)


def test_an_expired_certificate_is_told_as_such() -> None:
    """Neither the issuer nor the name is blamed, and no password went out."""
    found = told(Ordinary(context=authority().issue("expired-live", HOST, days=(-90, -3)).context()))
    assert found.alarms == ["tls.certificate-expired"]
    assert "AUTH" not in found.verbs


def test_an_expired_certificate_for_another_name_is_told_twice() -> None:
    """OpenSSL reports one fault; both are true, and both are told."""
    found = told(Ordinary(context=authority().issue("both-live", "other.example", days=(-90, -3)).context()))
    assert found.alarms == ["tls.certificate-expired", "tls.certificate-name-mismatch"]


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """Self-signed, for the right name and in time: one finding."""
    found = told(Ordinary(context=self_signed(tmp_path, "own", HOST).context()))
    assert found.alarms == ["tls.certificate-self-signed"]
    assert "AUTH" not in found.verbs


def test_a_certificate_that_expires_in_five_days_is_a_warning() -> None:
    """Mail flows, but it will stop at a known date."""
    found = told(Ordinary(context=authority().issue("soon-live", HOST, days=(-85, 5.5)).context()))
    assert found.alarms == ["tls.certificate-expires-soon"]
    assert found.verdict is Verdict.READY_WITH_WARNINGS


def test_a_server_without_starttls() -> None:
    """One finding; neither AUTH nor MAIL was said."""
    found = told(Ordinary(tls="none"))
    assert found.alarms == ["tls.starttls-missing"]
    assert not {"AUTH", "MAIL", "STARTTLS"} & set(found.verbs)


def test_a_closed_port() -> None:
    """One finding, whatever else could be said about a server that nobody reached."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    findings, summed = asyncio.run(judge(port, {}, password="correct horse"))
    assert [finding.code for finding in findings if finding.status in ALARMING] == ["port.refused"]
    assert summed is Verdict.NOT_READY


def test_starttls_expected_where_tls_begins_at_once() -> None:
    """The port is silent until TLS begins; asked with implicit TLS, it answers."""
    found = told(Ordinary(tls="implicit", context=good().context()))
    assert found.alarms == ["port.unexpected-implicit-tls"]
    assert "AUTH" not in found.verbs


def test_implicit_tls_expected_where_starttls_is_spoken() -> None:
    """The port greets in clear; asked again, it offers STARTTLS."""

    async def tolerant(peer: Peer) -> None:
        if peer.number == 0:  # the first connection brings a TLS handshake, which no mail server understands
            await peer.send("220 mx.club.example ESMTP\r\n")
            await peer.hello()
            return
        await Ordinary(context=good().context())(peer)

    found = told(tolerant, security="implicit-tls")
    assert found.alarms == ["port.unexpected-starttls"]
    assert "AUTH" not in found.verbs


@pytest.mark.parametrize(
    ("first", "name"),
    [("HTTP/1.1 400 Bad Request\r\n", "web server"), ("* OK IMAP4rev1 ready\r\n", "IMAP"), ("SSH-2.0-OpenSSH_9.2\r\n", "SSH")],
)
def test_another_service_is_named(first: str, name: str) -> None:
    """One finding, with the name of what answers."""

    async def script(peer: Peer) -> None:
        await peer.send(first)
        await peer.until_gone()

    found = told(script)
    assert found.alarms == ["port.other-service"]
    assert any(name in finding.title for finding in found.findings if finding.code == "port.other-service")


def test_words_slipped_in_before_the_handshake() -> None:
    """Bytes behind the yes to STARTTLS are a finding, and the end of the conversation."""

    async def script(peer: Peer) -> None:
        await peer.send("220 mx\r\n")
        await peer.expect("EHLO")
        await peer.send("250-mx\r\n250 STARTTLS\r\n")
        await peer.expect("STARTTLS")
        await peer.send("220 go\r\n250 AUTH PLAIN\r\n")
        await peer.until_gone()

    found = told(script)
    assert found.alarms == ["tls.injected-bytes"]
    assert "AUTH" not in found.verbs


def test_a_sender_that_is_refused() -> None:
    """The login worked; the sender is not the login's."""
    found = told(
        Ordinary(
            context=good().context(),
            replies={"MAIL": "553 5.7.1 <office@club.example>: Sender address rejected: not owned by user x"},
        )
    )
    assert found.alarms == ["sender.envelope-not-permitted"]


def test_greylisting_is_no_refusal() -> None:
    """The recipient is put off: unknown, with a time; the verdict is not "not ready"."""
    found = told(
        Ordinary(
            context=good().context(),
            replies={"RCPT": "450 4.2.0 <test@elsewhere.example>: Recipient address rejected: Greylisted"},
        )
    )
    assert found.alarms == ["sender.greylisting"]
    assert found.verdict is Verdict.NOT_FULLY_TESTED


def test_a_message_whose_fate_is_unknown_is_not_sent_again() -> None:
    """The connection is lost after the final dot: may or may not have been accepted."""
    found = told(Ordinary(context=good().context(), replies={"DOT": "CUT"}))
    assert found.alarms == ["send.unconfirmed"]
    assert found.verbs.count("DATA") == 1
