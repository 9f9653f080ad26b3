"""Looks from aside: as an older program, without the server's name; after everything else, with little patience; nothing is said."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Any

import pytest

from checks.evidence import State
from checks.gather.smtp import SmtpGatherer
from checks.probes import Fault, SmtpProbe, SmtpReading, Stage, SubmissionReading, TlsProbe, TlsReading
from checks.settings import Security
from tests.fakes.certificates import Leaf
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer, Script
from tests.fakes.smtp_world import HOST, QUICK, USUAL, World, authority, good, look, probe

VERSION = ssl.TLSVersion
TLS, STARTTLS = Security.IMPLICIT_TLS, Security.STARTTLS
SOON = World(timeouts=QUICK)


def aside(**changes: Any) -> TlsProbe:
    usual: dict[str, Any] = {"host": HOST, "address": "127.0.0.1", "port": 587, "security": STARTTLS}
    return TlsProbe(**(usual | changes))


def glimpse(script: Script, *, world: World = USUAL, **changes: Any) -> tuple[TlsReading, FakeServer]:
    """Look once; return the reading and the server with its log."""

    async def run() -> tuple[TlsReading, FakeServer]:
        async with FakeServer(script) as server:
            reading = await world.gatherer({587: server.port})(aside(**changes), world.budget)
            assert isinstance(reading, TlsReading)
            return reading, server

    return asyncio.run(run())


@pytest.mark.parametrize("security", [STARTTLS, TLS])
@pytest.mark.parametrize(
    ("lowest", "highest", "asked", "version"),
    [
        (VERSION.TLSv1, VERSION.TLSv1_3, "", "TLSv1.3"),
        (VERSION.TLSv1, VERSION.TLSv1_3, "TLSv1.2", "TLSv1.2"),
        (VERSION.TLSv1, VERSION.TLSv1_3, "TLSv1.1", "TLSv1.1"),
        (VERSION.TLSv1, VERSION.TLSv1_3, "TLSv1", "TLSv1"),
        (VERSION.TLSv1, VERSION.TLSv1, "TLSv1.1", "TLSv1"),
        (VERSION.TLSv1_2, VERSION.TLSv1_3, "TLSv1.1", ""),
        (VERSION.TLSv1_3, VERSION.TLSv1_3, "TLSv1.2", ""),
    ],
)
def test_versions(lowest: ssl.TLSVersion, highest: ssl.TLSVersion, asked: str, version: str, security: Security) -> None:
    """The newest version that both know, or a handshake that fails; then the connection is closed, and nothing was said."""
    kind = "starttls" if security is STARTTLS else "implicit"
    reading, server = glimpse(Ordinary(tls=kind, context=good().speaking(lowest, highest)), highest=asked, security=security)
    assert reading.tls is not None
    assert (reading.state, reading.stage, reading.tls.version) == (State.OK, Stage.HANDSHAKE, version)
    assert reading.fault is (Fault.NONE if version else Fault.TLS_FAILED)
    assert not reading.tls.verified
    assert server.verbs == (["EHLO", "STARTTLS"] if security is STARTTLS else [])


def test_the_key_exchange_is_named() -> None:
    """With TLS 1.3 the server tells it; before that it does not."""
    reading, _ = look(Ordinary(context=good().context()), security=STARTTLS)
    assert reading.tls is not None
    assert reading.tls.group in ("x25519", "X25519MLKEM768")
    old, _ = glimpse(Ordinary(context=good().context()), highest="TLSv1.2")
    assert old.tls is not None
    assert old.tls.group == ""


def test_another_certificate_without_the_name() -> None:
    """A server with many names shows who says none what it shows by default."""
    default = authority().issue("default", "www.provider.example")
    for named, name in ((True, HOST), (False, "www.provider.example")):
        reading, _ = glimpse(Ordinary(tls="implicit", context=default.unless_named(HOST, good())), security=TLS, named=named)
        assert reading.tls is not None
        assert reading.tls.certificate is not None
        assert reading.tls.certificate.names == (name,)


def test_no_handshake_without_the_name() -> None:
    """The server's alert is told by OpenSSL's name for it."""
    script = Ordinary(tls="implicit", context=good().with_name(HOST))
    assert glimpse(script, security=TLS)[0].fault is Fault.NONE
    reading, _ = glimpse(script, security=TLS, named=False)
    assert reading.tls is not None
    assert reading.fault is Fault.TLS_FAILED
    assert reading.tls.error == "CONNECTION_CLOSED" or reading.tls.error.endswith("UNRECOGNIZED_NAME")


def issuing_chain() -> tuple[Leaf, Leaf, Leaf]:
    """Return certificates of an intermediate authority: with it sent along, without it, and with another one in its place."""
    issuing, other = authority().intermediate("Issuing"), authority().intermediate("Other")
    place = "http://ca.example/issuing.der"
    return (
        issuing.issue_formal("whole", HOST, fetch_at=place, along=(issuing,)),
        issuing.issue_formal("alone", HOST, fetch_at=place),
        issuing.issue_formal("mixed", HOST, fetch_at=place, along=(other,)),
    )


def test_the_chain_as_it_was_sent() -> None:
    """Subject and issuer of each certificate, and where the issuer's can be fetched."""
    whole, alone, mixed = issuing_chain()
    seen = {}
    for label, leaf in (("whole", whole), ("alone", alone), ("mixed", mixed)):
        reading, _ = look(Ordinary(context=leaf.context()), security=STARTTLS)
        assert reading.tls is not None
        assert reading.tls.certificate is not None
        assert reading.tls.certificate.ca_issuers == ("http://ca.example/issuing.der",)
        subjects = [(one.subject, one.issuer) for one in reading.tls.chain]
        seen[label] = (reading.tls.verify_code, reading.tls.sent, subjects, reading.tls.strict)
    assert seen == {
        "whole": (0, 2, [("CN=Issuing", "CN=Test Root")], True),
        "alone": (20, 1, [], None),
        "mixed": (20, 2, [("CN=Other", "CN=Test Root")], None),
    }


def test_both_results() -> None:
    """A certificate without the mark of the signing key: lenient yes, strict no, in one connection."""
    reading, server = look(Ordinary(context=good().context()), security=STARTTLS)
    assert reading.tls is not None
    assert (reading.tls.verified, reading.tls.strict, reading.tls.strict_code) == (True, False, 85)
    assert "Key Identifier" in reading.tls.strict_reason
    assert len(server.peers) == 1


def test_a_long_chain_is_cut() -> None:
    """Forty certificates: ten are kept, all are counted, and nothing is said about strict rules."""
    issuing = authority().intermediate("Issuing")
    reading, _ = look(Ordinary(context=issuing.issue_formal("long", HOST, along=(issuing,) * 39).context()), security=STARTTLS)
    assert reading.tls is not None
    assert (len(reading.tls.chain), reading.tls.sent, reading.tls.strict) == (10, 40, None)


# --- order and patience --------------------------------------------------------------------------------------------------


def test_the_login_goes_first() -> None:
    """Looks that were asked for before the login still come after it."""

    async def run() -> tuple[FakeServer, list[Any]]:
        async with FakeServer(Ordinary(context=good().context())) as server:
            gather = USUAL.gatherer({587: server.port})
            asks = [aside(highest="TLSv1.1"), aside(named=False), probe(), SmtpProbe(host=HOST, address="127.0.0.1", port=587, security=STARTTLS)]  # fmt: skip
            return server, list(await asyncio.gather(*(gather(one, 20.0) for one in asks)))

    server, readings = asyncio.run(run())
    assert [type(one) for one in readings] == [TlsReading, TlsReading, SubmissionReading, SmtpReading]
    assert all(one.state is State.OK for one in readings)
    heard = ["AUTH" if any(line.startswith("AUTH") for line in peer.lines) else peer.lines[-1] for peer in server.peers]
    assert sorted(heard[:2]) == ["AUTH", "QUIT"]
    assert heard[2:] == ["STARTTLS", "STARTTLS"]
    assert server.most_at_once == 1


def test_a_slow_server_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look ends after its own short time, and the next ones are left out."""
    monkeypatch.setattr("checks.gather.smtp.GLIMPSE", 0.4)

    async def run() -> tuple[list[TlsReading], FakeServer]:
        async with FakeServer(Peer.until_gone) as server:
            gather: SmtpGatherer = USUAL.gatherer({587: server.port})
            asks = [gather(aside(highest=version), 20.0) for version in ("", "TLSv1.2", "TLSv1.1")]
            found = await asyncio.gather(*asks)
            return [one for one in found if isinstance(one, TlsReading)], server

    began = time.monotonic()
    readings, server = asyncio.run(run())
    assert time.monotonic() - began < 1.5
    assert [(one.fault, one.tls) for one in readings] == [(Fault.TIMEOUT, None)] * 3
    assert len(server.peers) == 1


def test_no_look_when_the_time_is_short() -> None:
    """What is left of the run belongs to the questions that count."""

    async def run() -> TlsReading:
        async with FakeServer(Ordinary(context=good().context())) as server:
            reading = await USUAL.gatherer({587: server.port})(aside(), 3.0)
            assert server.peers == []
            assert isinstance(reading, TlsReading)
            return reading

    reading = asyncio.run(run())
    assert (reading.state, reading.fault, reading.tls) == (State.NOT_ATTEMPTED, Fault.TIMEOUT, None)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (Ordinary(replies={"GREETING": "421 too many connections"}), Fault.REJECTED),
        (Ordinary(tls="none"), Fault.STARTTLS_NOT_OFFERED),
        (Ordinary(replies={"GREETING": "CUT"}), Fault.CLOSED),
        (Ordinary(replies={"STARTTLS": "454 not now"}), Fault.REJECTED),
    ],
    ids=["busy", "no STARTTLS", "cut", "refused"],
)
def test_a_server_that_does_not_want_to(script: Script, fault: Fault) -> None:
    """The look comes home with the reason, and never with a password."""
    reading, server = glimpse(script, world=SOON)
    assert (reading.fault, reading.tls) == (fault, None)
    assert "AUTH" not in server.verbs


def test_a_closed_port() -> None:
    async def run() -> TlsReading:
        reading = await SOON.gatherer({587: 1})(aside(), 20.0)
        assert isinstance(reading, TlsReading)
        return reading

    assert asyncio.run(run()).state is State.REFUSED
