"""STARTTLS and implicit TLS: what stops us, and that nothing is said on a connection that was not verified."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.evidence import State
from checks.probes import Fault, SmtpProbe, SmtpReading, Stage
from checks.settings import Security
from tests.fakes.certificates import Authority, Leaf, self_signed
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer
from tests.fakes.smtp_world import HOST, QUICK, World, authority, good, look, submit, transcript

SOON = World(timeouts=QUICK)
TLS, STARTTLS = Security.IMPLICIT_TLS, Security.STARTTLS


def talkative(leaf: Leaf, *, tls: str, old: bool = False) -> Ordinary:
    return Ordinary(tls=tls, context=leaf.context(old=old))


def test_starttls() -> None:
    """TLS verified, EHLO said again, what was offered in clear kept apart."""
    reading, server = look(talkative(good(), tls="starttls"), security=STARTTLS)
    assert (reading.stage, reading.fault) == (Stage.QUIT, Fault.NONE)
    assert reading.tls is not None
    assert (reading.tls.verified, reading.tls.version, reading.tls.error, reading.tls.verify_code) == (True, "TLSv1.3", "", 0)
    assert reading.tls.cipher
    assert reading.tls.certificate is not None
    assert reading.tls.certificate.names == (HOST,)
    assert reading.capability_clear("STARTTLS") == ""
    assert reading.capability_clear("AUTH") is None
    assert reading.capability("STARTTLS") is None
    assert reading.capability("AUTH") == "PLAIN LOGIN"
    assert server.verbs == ["EHLO", "STARTTLS", "EHLO", "QUIT"]
    assert len(server.peers) == 1


def test_implicit_tls() -> None:
    reading, server = look(talkative(good(), tls="implicit"), security=TLS)
    assert (reading.stage, reading.fault, reading.capabilities_clear) == (Stage.QUIT, Fault.NONE, ())
    assert reading.tls is not None
    assert reading.tls.verified
    assert reading.capability("AUTH") == "PLAIN LOGIN"
    assert server.verbs == ["EHLO", "QUIT"]


def test_an_address_as_name() -> None:
    """A server that is known by its address needs a certificate with the address."""
    leaf = authority().issue("literal", "127.0.0.1")
    assert look(talkative(leaf, tls="implicit"), security=TLS, host="127.0.0.1")[0].fault is Fault.NONE
    reading, _ = look(talkative(good(), tls="implicit"), security=TLS, host="127.0.0.1")
    assert reading.tls is not None
    assert (reading.fault, reading.tls.verify_code) == (Fault.TLS_FAILED, 64)


# --- certificates that do not hold ----------------------------------------------------------------------------------


FAULTY: dict[str, Callable[[Path], Leaf]] = {
    "expired": lambda _: authority().issue("expired", HOST, days=(-60, -2)),
    "not-yet-valid": lambda _: authority().issue("early", HOST, days=(2, 60)),
    "self-signed": lambda folder: self_signed(folder, "own", HOST),
    "unknown-issuer": lambda folder: Authority(folder, "Nobody").issue("unknown", HOST),
    "wrong-name": lambda _: authority().issue("elsewhere", "mail.elsewhere.example"),
    "nul-in-name": lambda _: authority().issue("nul", f"{HOST}\0.evil.example"),
    "small-key": lambda _: authority().issue("small", HOST, rsa_bits=1024),
}


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("expired", 10),
        ("not-yet-valid", 9),
        ("self-signed", 18),
        ("unknown-issuer", 20),
        ("wrong-name", 62),
        ("nul-in-name", 62),
        ("small-key", 66),
    ],
)
def test_certificates_that_do_not_hold(tmp_path: Path, kind: str, code: int, tls: str) -> None:
    """Nothing is said after the handshake, no password and no mail; the certificate is fetched by a second connection as evidence."""
    leaf = FAULTY[kind](tmp_path)
    reading, server = submit(talkative(leaf, tls=tls), security=Security.STARTTLS if tls == "starttls" else TLS)
    assert (reading.state, reading.stage, reading.fault) == (State.OK, Stage.HANDSHAKE, Fault.TLS_FAILED)
    assert reading.tls is not None
    assert not reading.tls.verified
    assert reading.tls.verify_code == code
    assert reading.tls.verify_reason
    assert reading.tls.certificate is not None
    assert reading.tls.certificate.not_after == leaf.certificate.not_valid_after_utc.isoformat()
    assert reading.tls.version == "TLSv1.3"
    assert reading.capabilities == ()
    assert server.verbs == (["EHLO", "STARTTLS"] * 2 if tls == "starttls" else [])
    assert len(server.peers) == 2
    assert server.most_at_once == 1


def test_certificate_that_cannot_be_fetched() -> None:
    """The second connection may fail: the fault stands, the certificate is missing."""
    expired = authority().issue("expired", HOST, days=(-60, -2))

    async def script(peer: Peer) -> None:
        if peer.number:
            peer.cut()
            return
        await talkative(expired, tls="implicit")(peer)

    reading, _ = look(script, security=TLS, world=SOON)
    assert reading.tls is not None
    assert (reading.fault, reading.tls.verify_code, reading.tls.certificate) == (Fault.TLS_FAILED, 10, None)


@pytest.mark.filterwarnings("ignore:.*TLSv1 is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*OP_NO_TLSv1.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*OP_NO_SSL/.*:DeprecationWarning")
def test_old_tls_is_named() -> None:
    """A server that knows TLS 1.0 only: nothing is said to it, and the version is in the evidence."""
    reading, server = submit(talkative(good(), tls="implicit", old=True), security=TLS)
    assert reading.tls is not None
    assert reading.fault is Fault.TLS_FAILED
    assert reading.tls.error in ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "CONNECTION_CLOSED")
    assert (reading.tls.verified, reading.tls.version) == (False, "TLSv1")
    assert reading.tls.certificate is not None
    assert server.verbs == []


# --- what goes wrong before the handshake ------------------------------------------------------------------------------


@pytest.mark.parametrize("offer", ["SIZE 1000", "XXXXXXXA", "XSTARTTLS", "STARTTLSX"])
def test_starttls_not_offered(offer: str) -> None:
    """Also when a box in between has crossed it out: no password, no mail."""
    reading, server = submit(Ordinary(tls="none", mechanisms="PLAIN", offers=(offer,)))
    assert (reading.stage, reading.fault) == (Stage.STARTTLS, Fault.STARTTLS_NOT_OFFERED)
    assert server.verbs == ["EHLO", "QUIT"]


def test_keywords_in_small_letters_count() -> None:
    """RFC 5321 section 2.4."""
    script = talkative(good(), tls="starttls")
    script.replies = {"EHLO": "250-mx\r\n250 starttls"}
    assert look(script, security=STARTTLS)[0].fault is Fault.NONE


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "502 5.5.1 what?"])
def test_starttls_refused(answer: str) -> None:
    reading, server = submit(Ordinary(replies={"STARTTLS": answer}))
    assert (reading.stage, reading.fault) == (Stage.STARTTLS, Fault.REJECTED)
    assert str(reading.reply) == answer
    assert server.verbs == ["EHLO", "STARTTLS", "QUIT"]


def test_starttls_answered_with_something_else() -> None:
    reading, server = submit(Ordinary(replies={"STARTTLS": "250 fine"}), world=SOON)
    assert (reading.stage, reading.fault) == (Stage.STARTTLS, Fault.MALFORMED)
    assert server.verbs == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("injected", ["250-mx\r\n250 AUTH PLAIN\r\n", "250 x", "\n", "\x16\x03\x03"])
def test_injection(injected: str) -> None:
    """Octets behind the 220 are reported and never become part of the encrypted conversation (CVE-2011-0411)."""

    async def script(peer: Peer) -> None:
        await peer.send("220 mx\r\n")
        await peer.expect("EHLO")
        await peer.send("250-mx\r\n250 STARTTLS\r\n")
        await peer.expect("STARTTLS")
        await peer.send(f"220 go\r\n{injected}")
        await peer.until_gone()

    reading, server = submit(script, world=SOON)
    assert (reading.stage, reading.fault, reading.capabilities) == (Stage.STARTTLS, Fault.INJECTED, ("STARTTLS",))
    assert server.verbs == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("garbage", ["220 hello again\r\n", "garbage garbage garbage", "\0" * 100])
def test_garbage_instead_of_a_handshake(garbage: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.send("220 mx\r\n")
        await peer.expect("EHLO")
        await peer.send("250-mx\r\n250 STARTTLS\r\n")
        await peer.expect("STARTTLS")
        await peer.send("220 go\r\n")
        await peer.hello()
        await peer.send(garbage)
        await peer.until_gone()

    reading, server = submit(script, world=SOON)
    assert (reading.stage, reading.fault) == (Stage.HANDSHAKE, Fault.TLS_FAILED)
    assert reading.tls is not None
    assert reading.tls.error == "WRONG_VERSION_NUMBER"
    assert reading.first_bytes == garbage
    assert len(server.peers) == 1
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_silence_instead_of_a_handshake(tls: str) -> None:
    async def script(peer: Peer) -> None:
        if tls == "starttls":
            await peer.send("220 mx\r\n")
            await peer.expect("EHLO")
            await peer.send("250-mx\r\n250 STARTTLS\r\n")
            await peer.expect("STARTTLS")
            await peer.send("220 go\r\n")
        await peer.until_gone()

    began = time.monotonic()
    reading, server = submit(script, world=SOON, security=Security(tls if tls == "starttls" else "implicit-tls"))
    assert time.monotonic() - began < 2.5
    assert (reading.stage, reading.fault) == (Stage.HANDSHAKE, Fault.TIMEOUT)
    assert reading.tls is not None
    assert reading.tls.error == "TIMEOUT"
    assert len(server.peers) == 1


def test_hanging_up_in_the_handshake() -> None:
    async def script(peer: Peer) -> None:
        await peer.hello()
        peer.cut()

    reading, server = look(script, security=TLS, world=SOON)
    assert (reading.stage, reading.fault) == (Stage.HANDSHAKE, Fault.TLS_FAILED)
    assert reading.tls is not None
    assert (reading.tls.error, reading.tls.certificate) == ("CONNECTION_CLOSED", None)
    assert len(server.peers) == 2


# --- TLS where there is none, and the other way round ----------------------------------------------------------------------


def clear_first(banner: str) -> tuple[SmtpReading, FakeServer]:
    async def script(peer: Peer) -> None:
        await peer.send(banner)
        await peer.until_gone()

    return look(script, security=TLS, world=SOON)


def test_a_mail_server_in_clear_on_the_tls_port() -> None:
    """Its greeting is kept: the port speaks STARTTLS or nothing."""
    reading, server = clear_first("220 mx.club.example ESMTP\r\n")
    assert (reading.stage, reading.fault) == (Stage.HANDSHAKE, Fault.TLS_FAILED)
    assert reading.first_bytes == "220 mx.club.example ESMTP\r\n"
    assert reading.tls is not None
    assert reading.tls.error == "WRONG_VERSION_NUMBER"
    assert len(server.peers) == 1


@pytest.mark.parametrize(
    "banner", ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "* OK IMAP ready\r\n", "+OK POP3\r\n"]
)
def test_another_service_on_the_tls_port(banner: str) -> None:
    reading, server = clear_first(banner)
    assert (reading.fault, reading.first_bytes) == (Fault.NOT_SMTP, banner)
    assert len(server.peers) == 1


def test_a_tls_port_asked_in_clear() -> None:
    """It waits for a handshake, we wait for a greeting: not one octet from us."""
    reading, server = look(talkative(good(), tls="implicit"), security=STARTTLS, world=SOON)
    assert (reading.stage, reading.fault) == (Stage.GREETING, Fault.TIMEOUT)
    assert "TLS from the first byte" in reading.detail
    assert server.lines == []


def test_another_service_inside_tls() -> None:
    """IMAP over TLS on this port."""

    async def script(peer: Peer) -> None:
        await peer.start_tls(good().context())
        await peer.send("* OK IMAP ready\r\n")
        await peer.until_gone()

    reading, server = look(script, security=TLS, world=SOON)
    assert (reading.stage, reading.fault, reading.first_bytes) == (Stage.GREETING, Fault.NOT_SMTP, "* OK IMAP ready\r\n")
    assert reading.tls is not None
    assert reading.tls.verified
    assert server.lines == []


def test_hanging_up_inside_tls() -> None:
    async def script(peer: Peer) -> None:
        await peer.start_tls(good().context())
        await peer.send("220 mx\r\n")
        await peer.expect("EHLO")

    reading, _ = look(script, security=TLS, world=SOON)
    assert (reading.stage, reading.fault) == (Stage.EHLO, Fault.CLOSED)


@pytest.mark.parametrize("highest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_our_certificate(highest: ssl.TLSVersion) -> None:
    """In TLS 1.3 its refusal comes when we think that we are through (RFC 8446 section 4.4.2.4); it is one of the handshake all the same."""
    context = good().context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(str(authority().roots))
    context.maximum_version = highest

    def serve() -> None:  # asyncio's server hangs up without the alert
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(5)
                secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                with secured, contextlib.suppress(ssl.SSLError):
                    secured.do_handshake()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        probe = SmtpProbe(host=HOST, address="127.0.0.1", port=465, security=TLS)
        reading = asyncio.run(World().gatherer({465: listener.getsockname()[1]})(probe, 10))
        listener.shutdown(socket.SHUT_RDWR)
    assert isinstance(reading, SmtpReading)
    assert reading.tls is not None
    assert (reading.stage, reading.fault) == (Stage.HANDSHAKE, Fault.TLS_FAILED)
    assert reading.tls.error in ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE")
    assert not reading.tls.verified


@pytest.mark.parametrize("host", [".club.example", "a" * 70 + ".example", "", "a\0b"])
def test_names_that_cannot_be_asked_for(host: str) -> None:
    """No exception, no second connection."""
    reading, server = look(talkative(good(), tls="implicit"), security=TLS, host=host, world=SOON)
    assert (reading.stage, reading.fault) == (Stage.HANDSHAKE, Fault.TLS_FAILED)
    assert len(server.peers) == 1


def test_transcript_tells_of_tls() -> None:
    reading, _ = look(talkative(good(), tls="starttls"), security=STARTTLS)
    assert "* : TLS" not in transcript(reading)
    assert "*: TLS handshake, verified: TLSv1.3" in transcript(reading)
