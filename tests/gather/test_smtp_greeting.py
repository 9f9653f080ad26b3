"""Connecting, the greeting and EHLO: every way in which a server, or what stands in its place, can begin badly."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import time

import pytest

from checks.evidence import State
from checks.gather.smtp import SmtpGatherer, _no_connection
from checks.probes import DnsProbe, Fault, SmtpProbe, SmtpReading, Stage
from checks.secret import Secret, SecretSource
from checks.settings import Security
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer, Script
from tests.fakes.smtp_world import QUICK, World, look, transcript

SOON = World(timeouts=QUICK)


def saying(*octets: str | bytes, hush: bool = False) -> Script:
    """Return a script that only talks, then hangs up (or stays)."""

    async def script(peer: Peer) -> None:
        for part in octets:
            await peer.send(part)
        if hush:
            await peer.until_gone()

    return script


def test_an_ordinary_server() -> None:
    """Greeting, EHLO, QUIT; capabilities as offered."""
    reading, server = look(Ordinary(tls="none"))
    assert (reading.state, reading.stage, reading.fault, reading.detail) == (State.OK, Stage.QUIT, Fault.NONE, "")
    assert reading.greeting is not None
    assert reading.greeting.text == "mx.club.example ESMTP"
    assert reading.capabilities == reading.capabilities_clear
    assert reading.capability("size") == "1000000"
    assert server.lines == ["EHLO client.example", "QUIT"]
    assert transcript(reading).splitlines()[:2] == ["S: 220 mx.club.example ESMTP", "C: EHLO client.example"]
    assert transcript(reading).splitlines()[-2:] == ["C: QUIT", "S: 221 2.0.0 bye"]


def test_the_probes_name_goes_first() -> None:
    async def run() -> list[str]:
        async with FakeServer(Ordinary(tls="none")) as server:
            probe = SmtpProbe(host="mx.club.example", address="127.0.0.1", port=587, security=Security.NONE, ehlo="other.example")
            await SOON.gatherer({587: server.port})(probe, 5)
            return server.lines

    assert asyncio.run(run())[0] == "EHLO other.example"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_nobody_listens() -> None:
    probe = SmtpProbe(host="mx.club.example", address="127.0.0.1", port=587, security=Security.NONE)
    reading = asyncio.run(SOON.gatherer({587: free_port()})(probe, 5))
    assert isinstance(reading, SmtpReading)
    assert (reading.state, reading.stage, reading.fault) == (State.REFUSED, Stage.CONNECT, Fault.REFUSED)


@pytest.mark.parametrize(
    ("code", "state", "fault"),
    [
        (errno.ECONNREFUSED, State.REFUSED, Fault.REFUSED),
        (errno.ENETUNREACH, State.NOT_ATTEMPTED, Fault.UNREACHABLE),
        (errno.EHOSTUNREACH, State.NOT_ATTEMPTED, Fault.UNREACHABLE),
        (errno.ETIMEDOUT, State.TIMEOUT, Fault.TIMEOUT),
        (errno.ECONNRESET, State.REFUSED, Fault.CLOSED),
        (errno.EMFILE, State.NOT_ATTEMPTED, Fault.UNREACHABLE),
    ],
)
def test_why_there_is_no_connection(code: int, state: State, fault: Fault) -> None:
    assert _no_connection(OSError(code, "x"))[:2] == (state, fault)


@pytest.mark.parametrize("address", ["mx.club.example", "127.0.0.1\n", "", "127.1"])
def test_only_addresses_are_connected_to(address: str) -> None:
    """A name would be looked up behind the back of the DNS checks."""
    probe = SmtpProbe(host="mx.club.example", address=address, port=587, security=Security.NONE)
    reading = asyncio.run(SOON.gatherer({})(probe, 5))
    assert isinstance(reading, SmtpReading)
    assert (reading.state, reading.fault) == (State.NOT_ATTEMPTED, Fault.MALFORMED)


def test_silence() -> None:
    """A port that says nothing: not one octet from us, and the sentence names the usual cause."""
    reading, server = look(saying(hush=True), world=SOON)
    assert (reading.state, reading.stage, reading.fault) == (State.OK, Stage.GREETING, Fault.TIMEOUT)
    assert "TLS from the first byte" in reading.detail
    assert server.lines == []


def test_hanging_up_at_once() -> None:
    reading, server = look(saying(), world=SOON)
    assert (reading.stage, reading.fault) == (Stage.GREETING, Fault.CLOSED)
    assert server.lines == []


def test_drip() -> None:
    """One octet at a time does not keep us: the bound is on the whole greeting."""

    async def script(peer: Peer) -> None:
        for char in "220 mx.club.example ESMTP\r\n" * 10:
            await peer.send(char)
            await asyncio.sleep(0.1)

    began = time.monotonic()
    reading, server = look(script, world=SOON)
    assert time.monotonic() - began < 2.5
    assert (reading.stage, reading.fault, reading.first_bytes[:3]) == (Stage.GREETING, Fault.TIMEOUT, "220")
    assert server.lines == []


def test_slow_but_honest() -> None:
    """The same replies in pieces of one to seven octets give the same reading."""

    def sliced(size: int) -> Script:
        async def script(peer: Peer) -> None:
            async def send(text: str) -> None:
                for start in range(0, len(text), size):
                    await peer.send(text[start : start + size])
                    await asyncio.sleep(0.001)

            await send("220-mx.club.example ESMTP\r\n220 welcome\r\n")
            await peer.expect("EHLO ")
            await send("250-mx\r\n250-SIZE 1000\r\n250 HELP\r\n")
            await peer.expect("QUIT")
            await send("221 bye\r\n")

        return script

    readings = [look(sliced(size))[0] for size in range(1, 8)]
    assert all(reading == readings[0] for reading in readings)
    assert readings[0].fault is Fault.NONE


@pytest.mark.parametrize("endless", [b"220-welcome to a very long story\r\n", b"220 " + b"A" * 1000])
def test_endless_greeting(endless: bytes) -> None:
    """100 MB of greeting: stopped early, memory does not grow with it."""

    async def script(peer: Peer) -> None:
        for _ in range(100_000_000 // len(endless) // 100):
            await peer.send(endless * 100)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading, server = look(script, world=SOON)
    assert (reading.stage, reading.fault) == (Stage.GREETING, Fault.TOO_LONG)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000  # kilobytes
    assert len(transcript(reading)) < 70_000
    assert server.lines == []


def test_three_hundred_lines() -> None:
    reading, _ = look(saying("220-a\r\n" * 299 + "220 a\r\n", hush=True), world=SOON)
    assert reading.fault is Fault.TOO_LONG


@pytest.mark.parametrize(
    "greeting",
    [
        "2_0 hi",
        "+22 hi",
        " 22 hi",
        "-20 hi",
        "000 hi",
        "999 hi",
        "220-a\r\n550 b",
        "550-a\r\n220 b",
        "220-a\r\n\r\n220 b",
        "22 hi",
    ],
)
def test_odd_codes(greeting: str) -> None:
    """Never taken for a greeting; nothing is said after."""
    reading, server = look(saying(f"{greeting}\r\n", hush=True), world=SOON)
    assert (reading.stage, reading.fault, reading.greeting) == (Stage.GREETING, Fault.MALFORMED, None)
    assert reading.first_bytes.startswith(greeting[:3])
    assert server.lines == []


@pytest.mark.parametrize(
    "banner",
    [
        "HTTP/1.1 400 Bad Request\r\n\r\n<html>",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n",
        "+OK POP3 ready\r\n",
        "\x15\x03\x03\x00\x02\x02\x46",
        "J\0\0\0\n5.7.30\0",
        "200 news.example InterNetNews\r\n",
        "hello?",
    ],
)
def test_another_service(banner: str) -> None:
    """Named by what it says first; nothing is said to it."""
    reading, server = look(saying(banner, hush=True), world=SOON)
    assert (reading.stage, reading.fault, reading.greeting) == (Stage.GREETING, Fault.NOT_SMTP, None)
    assert reading.first_bytes == banner
    assert server.lines == []


def test_first_bytes_are_few() -> None:
    reading, _ = look(saying("SSH-" + "x" * 1000 + "\r\n", hush=True), world=SOON)
    assert len(reading.first_bytes) == 200


def test_a_file_server() -> None:
    """FTP greets with 220 too; it gives itself away when it does not know EHLO."""

    async def script(peer: Peer) -> None:
        await peer.send("220 (vsFTPd 3.0.3)\r\n")
        await peer.expect("EHLO")
        await peer.send("530 Please login with USER and PASS.\r\n")
        await peer.until_gone()

    reading, _ = look(script, world=SOON)
    assert reading.fault is Fault.NOT_SMTP
    assert reading.first_bytes.startswith("220 (vsFTPd 3.0.3)\r\n")


def test_a_mail_server_called_ftp() -> None:
    """The name alone says nothing."""
    reading, _ = look(Ordinary(tls="none", replies={"GREETING": "220 ftp.club.example"}))
    assert reading.fault is Fault.NONE


def test_waiting_for_the_last_line() -> None:
    """A server that watches who talks too early: nothing is sent before the greeting's last line."""

    async def script(peer: Peer) -> None:
        await peer.send("220-wait\r\n")
        await peer.silence(0.7)
        await peer.send("220 now\r\n")
        await peer.expect("EHLO")
        await peer.send("250 mx\r\n")
        await peer.expect("QUIT")
        await peer.send("221 bye\r\n")

    reading, _ = look(script)
    assert reading.fault is Fault.NONE
    assert reading.greeting is not None
    assert reading.greeting.lines == ("wait", "now")


@pytest.mark.parametrize("greeting", ["554 5.7.1 no service for you", "421 4.3.2 too busy"])
def test_turned_away(greeting: str) -> None:
    """A refusal as greeting is answered with QUIT (RFC 5321 section 3.1)."""
    reading, server = look(Ordinary(tls="none", replies={"GREETING": greeting}))
    assert (reading.stage, reading.fault) == (Stage.GREETING, Fault.REJECTED)
    assert reading.reply is not None
    assert str(reading.reply) == greeting
    assert server.lines == ["QUIT"]


@pytest.mark.parametrize("refusal", ["500 5.5.1 what?", "502 not implemented"])
def test_helo_for_the_old(refusal: str) -> None:
    """RFC 5321 section 3.2; then there are no capabilities, and the refusal is kept, because it says why."""
    reading, server = look(Ordinary(tls="none", replies={"EHLO": refusal}))
    assert (reading.fault, reading.capabilities) == (Fault.NONE, ())
    assert str(reading.ehlo_refused) == refusal
    assert server.verbs == ["EHLO", "HELO", "QUIT"]


@pytest.mark.parametrize("refusal", ["550 5.7.1 your name is bad", "450 4.7.1 later", "504 5.5.2 need a full name"])
def test_ehlo_refused(refusal: str) -> None:
    reading, server = look(Ordinary(tls="none", replies={"EHLO": refusal}))
    assert (reading.stage, reading.fault) == (Stage.EHLO, Fault.REJECTED)
    assert str(reading.reply) == refusal
    assert server.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("250-mx\r\n\r\n250 SIZE", Fault.MALFORMED),
        ("250-mx\r\n550 no", Fault.MALFORMED),
        ("354 go ahead", Fault.MALFORMED),
        ("250-" + "x" * 3000, Fault.TOO_LONG),
        ("HUSH", Fault.TIMEOUT),
        ("CUT", Fault.CLOSED),
    ],
)
def test_broken_answers_to_ehlo(answer: str, fault: Fault) -> None:
    """Among them the empty line inside an EHLO reply. Nothing but QUIT to a late server follows."""
    reading, server = look(Ordinary(tls="none", replies={"EHLO": answer}), world=SOON)
    assert (reading.stage, reading.fault) == (Stage.EHLO, fault)
    assert reading.capabilities == ()
    assert "".join(server.lines[1:]) == ("QUIT\r\n" if fault is Fault.TIMEOUT else "")


def test_a_reply_too_many() -> None:
    """An extra reply is nobody's answer: the conversation ends instead of shifting by one."""
    script = Ordinary(tls="none", replies={"GREETING": "220 mx\r\n250 not asked for"})
    reading, server = look(script, world=SOON)
    assert (reading.stage, reading.fault, reading.capabilities) == (Stage.EHLO, Fault.MALFORMED, ())
    assert server.lines == []
    assert "S: 250 not asked for" in transcript(reading)


def test_shutting_down_unasked() -> None:
    """421 may come at any time (RFC 5321 section 3.8)."""
    reading, _ = look(Ordinary(tls="none", replies={"EHLO": "250 mx\r\n421 4.3.2 going down"}), world=SOON)
    assert reading.fault is Fault.NONE  # QUIT was next: nothing was lost
    reading, _ = look(Ordinary(tls="none", replies={"GREETING": "220 mx\r\n421 4.3.2 going down"}), world=SOON)
    assert reading.fault is Fault.REJECTED
    assert str(reading.reply) == "421 4.3.2 going down"


@pytest.mark.parametrize("answer", ["HUSH", "CUT", "500 no"])
def test_quit_does_not_matter(answer: str) -> None:
    began = time.monotonic()
    reading, _ = look(Ordinary(tls="none", replies={"QUIT": answer}))
    assert time.monotonic() - began < 2.5
    assert (reading.stage, reading.fault) == (Stage.QUIT, Fault.NONE)


def test_the_runs_time_is_up() -> None:
    """The partial transcript comes home before the budget is over, instead of a cancellation."""
    began = time.monotonic()
    reading, _ = look(Ordinary(tls="none", replies={"EHLO": "HUSH"}), world=World(budget=0.6))
    assert time.monotonic() - began < 1.1
    assert (reading.state, reading.stage, reading.fault) == (State.OK, Stage.EHLO, Fault.TIMEOUT)
    assert "whole run" in reading.detail
    assert reading.greeting is not None
    assert "C: EHLO" in transcript(reading)


def test_one_at_a_time() -> None:
    """Two questions to the same address and port wait for each other; a third one without time says so."""

    async def run() -> tuple[FakeServer, list[Fault]]:
        async def slow(peer: Peer) -> None:
            await asyncio.sleep(0.2)
            await Ordinary(tls="none")(peer)

        async with FakeServer(slow) as server:
            gather = World().gatherer({587: server.port, 25: server.port})
            names = ("a.example", "b.example", "c.example")
            probes = [
                SmtpProbe(host=name, address="127.0.0.1", port=port, security=Security.NONE)
                for name, port in zip(names, (587, 25, 587), strict=True)
            ]
            readings = await asyncio.gather(*(gather(probe, budget) for probe, budget in zip(probes, (5, 5, 0.15), strict=True)))
            return server, [reading.fault for reading in readings if isinstance(reading, SmtpReading)]

    server, faults = asyncio.run(run())
    assert server.most_at_once == 1
    assert faults == [Fault.NONE, Fault.NONE, Fault.TIMEOUT]


def test_one_gatherer_in_two_event_loops() -> None:
    gather = World().gatherer({587: free_port()})
    probe = SmtpProbe(host="mx.club.example", address="127.0.0.1", port=587, security=Security.NONE)
    for _ in range(2):
        assert asyncio.run(gather(probe, 5)).state is State.REFUSED


def test_strangers_octets_are_kept_as_they_came() -> None:
    """Escaping is for those who show them."""
    reading, _ = look(Ordinary(tls="none", replies={"GREETING": "220 \x1b]0;ESCCANARY\x07 <script>\xff"}))
    assert reading.greeting is not None
    assert reading.greeting.text == "\x1b]0;ESCCANARY\x07 <script>\xff"


@pytest.mark.parametrize("name", ["a b", "a\r\nMAIL FROM:<x>", "<x>", "a" * 300, "[127.0.0.1", "ä.example"])
def test_our_name_is_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="name that we present"):
        World(ehlo_name=name).gatherer({})
    probe = SmtpProbe(host="mx.club.example", address="127.0.0.1", port=587, security=Security.NONE, ehlo=name)
    reading = asyncio.run(World().gatherer({587: free_port()})(probe, 5))
    assert isinstance(reading, SmtpReading)
    assert (reading.state, reading.fault) == (State.NOT_ATTEMPTED, Fault.MALFORMED)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ("box.club.example", "box.club.example"),
        ("box", "[127.0.0.1]"),
        ("localhost.localdomain", "[127.0.0.1]"),
        ("1.0.0.127.in-addr.arpa", "[127.0.0.1]"),
    ],
)
def test_our_own_name(monkeypatch: pytest.MonkeyPatch, found: str, name: str) -> None:
    """The machine's full name if it has one, an address literal otherwise (RFC 5321 section 4.1.4)."""
    monkeypatch.setattr(socket, "getfqdn", lambda: found)
    _, server = look(Ordinary(tls="none"), world=World(ehlo_name=""))
    assert server.lines[0] == f"EHLO {name}"


def test_other_questions_are_not_for_us() -> None:
    def never(_source: SecretSource, _ref: str) -> Secret:
        raise AssertionError

    with pytest.raises(TypeError):
        asyncio.run(SmtpGatherer(resolve_secret=never)(DnsProbe("a.example", "MX"), 1))
