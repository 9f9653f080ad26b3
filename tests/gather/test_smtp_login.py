"""Logging in: one attempt, only over verified TLS, and the password in nothing that is kept."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import html
import json
import quopri
import time
import urllib.parse
from collections.abc import Callable

import pytest

from checks.evidence import State, to_json
from checks.gather.smtp import _may_log_in
from checks.probes import Fault, Stage, SubmissionReading
from checks.secret import LeakGuard, Secret, SecretSource
from checks.settings import Auth, Security
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer, Script, Unexpected
from tests.fakes.smtp_world import QUICK, World, good, probe, submit, transcript

SOON = World(timeouts=QUICK)
CANARY = "SECRETCANARY+&=/ pässwörd€ 1"


def server(**changes: object) -> Ordinary:
    ordinary = Ordinary(context=good().context())
    for name, value in changes.items():
        setattr(ordinary, name, value)
    return ordinary


async def until_encrypted(peer: Peer) -> None:
    """Say what every server says until the second EHLO has come."""
    await peer.send("220 mx\r\n")
    await peer.expect("EHLO")
    await peer.send("250-mx\r\n250 STARTTLS\r\n")
    await peer.expect("STARTTLS")
    await peer.send("220 go\r\n")
    await peer.start_tls(good().context())
    await peer.expect("EHLO")


def auth_script(*steps: tuple[str, str], offer: str) -> Script:
    """Return a server that offers something and answers AUTH step by step: (what the client must begin with, what is answered)."""

    async def script(peer: Peer) -> None:
        await until_encrypted(peer)
        await peer.send(f"250-mx\r\n250 {offer}\r\n")
        for beginning, answer in steps:
            await peer.expect(beginning)
            await peer.send(answer + "\r\n")
        if await peer.line() != "QUIT":
            raise Unexpected(peer.lines[-1])
        await peer.send("221 bye\r\n")

    return script


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


# --- the one attempt -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offered", ["PLAIN LOGIN", "LOGIN"])
def test_a_right_password(offered: str) -> None:
    reading, mail = submit(server(mechanisms=offered), mail_from="", rcpt_to="")
    assert (reading.stage, reading.fault, reading.mechanism) == (Stage.QUIT, Fault.NONE, offered.split(maxsplit=1)[0])
    assert str(reading.auth) == "235 2.7.0 welcome"
    assert mail.verbs.count("AUTH") == 1
    assert mail.lines[-1] == "QUIT"


@pytest.mark.parametrize("offered", ["PLAIN LOGIN CRAM-MD5", "LOGIN PLAIN XOAUTH2", "LOGIN"])
@pytest.mark.parametrize("answer", ["535 5.7.8 wrong", "454 4.7.0 later", "421 4.7.0 go away", "534 5.7.9 too weak"])
def test_a_refusal_is_the_answer(offered: str, answer: str) -> None:
    """Exactly one AUTH on the wire, whatever else is offered; no mail either. Temporary stays temporary."""
    reading, mail = submit(server(mechanisms=offered, password="another", replies={"AUTH": answer}))
    assert (reading.stage, reading.fault) == (Stage.AUTH, Fault.REJECTED)
    assert reading.auth == reading.reply
    assert str(reading.auth) == answer
    assert reading.auth is not None
    assert reading.auth.transient is answer.startswith("4")
    assert mail.verbs.count("AUTH") == 1
    assert "MAIL" not in mail.verbs
    assert mail.lines[-1] == "QUIT"


@pytest.mark.parametrize("offered", ["PLAIN", "LOGIN"])
def test_passwords_travel_as_utf8(offered: str) -> None:
    """The server compares octets: it has the password in UTF-8."""
    reading, _ = submit(server(mechanisms=offered, password="pässwörd€"), world=World(password="pässwörd€"), mail_from="")
    assert reading.fault is Fault.NONE
    assert reading.auth is not None


@pytest.mark.parametrize(
    ("auth", "offered"),
    [
        (Auth.AUTO, "GSSAPI XOAUTH2"),
        (Auth.AUTO, ""),
        (Auth.LOGIN, "PLAIN"),
        (Auth.XOAUTH2, "PLAIN LOGIN"),
        (Auth.SCRAM_SHA_256, "SCRAM-SHA-1"),
    ],
)
def test_no_common_mechanism(auth: Auth, offered: str) -> None:
    reading, mail = submit(server(mechanisms=offered), auth=auth)
    assert (reading.stage, reading.fault) == (Stage.AUTH, Fault.NO_COMMON_MECHANISM)
    assert all(name in reading.detail for name in offered.split())
    assert mail.verbs == ["EHLO", "STARTTLS", "EHLO", "QUIT"]


def test_old_spelling_of_the_offer() -> None:
    """`AUTH=PLAIN`, as old servers have it."""
    reading, _ = submit(auth_script(("AUTH PLAIN", "235 ok"), offer="AUTH=PLAIN"), mail_from="")
    assert reading.fault is Fault.NONE


def test_no_login_wanted() -> None:
    """With auth = none: no AUTH although it is offered, and nobody asks for a secret."""

    def never(_source: SecretSource, _ref: str) -> Secret:
        raise AssertionError

    reading, mail = submit(server(), auth=Auth.NONE, world=World(resolve=never))
    assert reading.fault is Fault.NONE
    assert "AUTH" not in mail.verbs


def test_never_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With security = none: no AUTH and no look at the secret, unless the server is this very machine."""
    reading, _ = submit(server(tls="none"), security=Security.NONE, mail_from="")
    assert reading.auth is not None  # loopback
    monkeypatch.setattr("checks.gather.smtp._may_log_in", lambda _: False)

    def never(_source: SecretSource, _ref: str) -> Secret:
        raise AssertionError

    reading, mail = submit(server(tls="none"), security=Security.NONE, world=World(resolve=never))
    assert (reading.stage, reading.fault) == (Stage.AUTH, Fault.NO_COMMON_MECHANISM)
    assert "unencrypted" in reading.detail
    assert mail.verbs == ["EHLO", "QUIT"]


def test_what_loopback_is() -> None:
    answers = {
        address: _may_log_in(probe(security=Security.NONE, address=address))
        for address in ("127.0.0.1", "::1", "192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1")
    }
    assert answers == {"127.0.0.1": True, "::1": True, "192.0.2.1": False, "10.0.0.1": False, "::ffff:192.0.2.1": False}
    assert _may_log_in(probe(security=Security.STARTTLS, address="192.0.2.1"))


# --- exchanges with challenges ---------------------------------------------------------------------------------------------


def scram_server(*, wrong_proof: bool = False, skip_proof: bool = False) -> Script:
    """Return a server that knows "correct horse" by its SCRAM keys."""

    async def script(peer: Peer) -> None:
        await until_encrypted(peer)
        await peer.send("250-mx\r\n250 AUTH PLAIN SCRAM-SHA-256\r\n")
        bare = base64.b64decode((await peer.expect("AUTH SCRAM-SHA-256 ")).split(" ")[2]).decode().removeprefix("n,,")
        nonce = bare.partition(",r=")[2] + "server"
        first = f"r={nonce},s={b64('salt')},i=4096"
        await peer.send(f"334 {b64(first)}\r\n")
        final, _, proof = base64.b64decode(await peer.line()).decode().partition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", b"correct horse", b"salt", 4096)
        whole = f"{bare},{first},{final}".encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        stamp = hmac.digest(hashlib.sha256(key).digest(), whole, "sha256")
        assert base64.b64decode(proof) == bytes(one ^ other for one, other in zip(key, stamp, strict=True))
        signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256")
        if not skip_proof:
            await peer.send(f"334 {b64('v=' + b64(b'wrong' if wrong_proof else signature))}\r\n")
            await peer.expect("*" if wrong_proof else "")
        await peer.send("501 cancelled\r\n" if wrong_proof else "235 ok\r\n")
        await peer.expect("QUIT")
        await peer.send("221 bye\r\n")

    return script


def test_scram() -> None:
    """The best mechanism is taken, both sides prove themselves, and the transcript gives no stuff for guessing."""
    reading, _ = submit(scram_server(), mail_from="")
    assert (reading.fault, reading.mechanism) == (Fault.NONE, "SCRAM-SHA-256")
    text = transcript(reading)
    assert "C: AUTH SCRAM-SHA-256 [secret]" in text
    assert text.count("S: 334 [challenge]") == 2


@pytest.mark.parametrize("skip", [False, True])
def test_scram_with_a_server_that_does_not_know_the_password(skip: bool) -> None:
    """Wrong proof is cancelled; a yes without proof is no yes."""
    reading, _ = submit(scram_server(wrong_proof=not skip, skip_proof=skip))
    assert (reading.stage, reading.fault, reading.auth) == (Stage.AUTH, Fault.MALFORMED, None)
    assert "knows the password" in reading.detail


@pytest.mark.parametrize("error", ["invalid-proof", "unknown-user", "other-error"])
def test_scram_that_the_server_refuses_inside_the_exchange(error: str) -> None:
    """RFC 5802 section 7: e= is acknowledged with an empty line, and the reply after it is the verdict."""

    async def script(peer: Peer) -> None:
        await until_encrypted(peer)
        await peer.send("250-mx\r\n250 AUTH SCRAM-SHA-256\r\n")
        bare = base64.b64decode((await peer.expect("AUTH SCRAM-SHA-256 ")).split(" ")[2]).decode().removeprefix("n,,")
        await peer.send(f"334 {b64('r=' + bare.partition(',r=')[2] + 'server,s=' + b64('salt') + ',i=4096')}\r\n")
        await peer.line()
        await peer.send(f"334 {b64('e=' + error)}\r\n")
        assert await peer.line() == ""
        await peer.send("535 5.7.8 no\r\n")
        await peer.expect("QUIT")
        await peer.send("221 bye\r\n")

    reading, _ = submit(script)
    assert (reading.stage, reading.fault) == (Stage.AUTH, Fault.REJECTED)
    assert reading.reply is not None
    assert (reading.reply.code, reading.reply.enhanced) == (535, "5.7.8")


def test_cram_md5() -> None:
    digest = hmac.new(b"correct horse", b"<1@mx>", "md5").hexdigest()
    script = auth_script(
        ("AUTH CRAM-MD5", f"334 {b64('<1@mx>')}"), (b64(f"office@club.example {digest}"), "235 ok"), offer="AUTH CRAM-MD5"
    )
    reading, _ = submit(script, mail_from="")
    assert (reading.fault, reading.mechanism) == (Fault.NONE, "CRAM-MD5")


@pytest.mark.parametrize("challenge", ["334 !!!", "334", "334 =", "334 \xff\xff"])
def test_garbage_for_a_challenge(challenge: str) -> None:
    """Cancelled in the way of RFC 4954 section 4, and nothing tried again."""
    reading, mail = submit(auth_script(("AUTH CRAM-MD5", challenge), ("*", "501 cancelled"), offer="AUTH CRAM-MD5 GSSAPI"))
    assert (reading.stage, reading.fault) == (Stage.AUTH, Fault.MALFORMED)
    assert mail.verbs.count("AUTH") == 1


def test_endless_challenges() -> None:
    script = auth_script(
        ("AUTH LOGIN", "334 "),
        (b64("office@club.example"), "334 "),
        (b64("correct horse"), "334 "),
        ("*", "501 no"),
        offer="AUTH LOGIN",
    )
    assert submit(script)[0].fault is Fault.MALFORMED


def test_xoauth2() -> None:
    """Asked for by name; the token's error is answered with an empty line, kept in words, and the 535 is the answer."""
    error = json.dumps({"status": "400", "schemes": "Bearer"})
    script = auth_script(("AUTH XOAUTH2 ", f"334 {b64(error)}"), ("", "535 5.7.8 no"), offer="AUTH LOGIN XOAUTH2")
    reading, mail = submit(script, auth=Auth.XOAUTH2)
    assert (reading.fault, reading.mechanism) == (Fault.REJECTED, "XOAUTH2")
    assert str(reading.auth) == "535 5.7.8 no"
    assert mail.lines[-2] == ""
    assert error in transcript(reading)


def test_oauthbearer() -> None:
    """The standard's form: the error is acknowledged (RFC 7628 section 3.2.3), kept in words, and the 535 is the answer."""
    error = json.dumps({"status": "invalid_token"})
    script = auth_script(
        ("AUTH OAUTHBEARER ", f"334 {b64(error)}"), (b64("\x01"), "535 5.7.8 no"), offer="AUTH OAUTHBEARER XOAUTH2"
    )
    reading, mail = submit(script, auth=Auth.OAUTHBEARER)
    assert (reading.fault, reading.mechanism, mail.verbs.count("AUTH")) == (Fault.REJECTED, "OAUTHBEARER", 1)
    assert error in transcript(reading)
    assert base64.b64decode(mail.lines[-3].split(" ")[2]) == b"n,a=office@club.example,\x01auth=Bearer correct horse\x01\x01"


def test_a_token_that_is_none_is_not_sent() -> None:
    """Two lines where a token should be: no AUTH, and the sentence does not show it."""
    reading, mail = submit(server(mechanisms="XOAUTH2"), auth=Auth.XOAUTH2, world=World(password="SECRETCANARY\nmore"))
    assert (reading.fault, "AUTH" in mail.verbs) == (Fault.NO_SECRET, False)
    assert "SECRETCANARY" not in repr(reading)


def test_long_tokens_wait_for_the_challenge() -> None:
    """A command line has 512 octets; a longer first message is sent when asked for (RFC 4954 section 4)."""
    token = "t" * 2000
    line = b64(f"user=office@club.example\x01auth=Bearer {token}\x01\x01")
    script = auth_script(("AUTH XOAUTH2", "334 "), (line, "235 ok"), offer="AUTH XOAUTH2")
    reading, mail = submit(script, auth=Auth.XOAUTH2, world=World(password=token), mail_from="")
    assert reading.fault is Fault.NONE
    assert "AUTH XOAUTH2" in mail.lines
    assert token not in transcript(reading)
    assert line not in transcript(reading)


@pytest.mark.parametrize("answer", ["250 fine", "220 ready", "354 go", "2_5 x"])
def test_odd_answers_to_auth(answer: str) -> None:
    """Success is 235 and nothing else (RFC 4954 section 4): no mail goes out behind another yes."""
    reading, mail = submit(server(replies={"AUTH": answer}), world=SOON)
    assert (reading.stage, reading.fault, reading.auth) == (Stage.AUTH, Fault.MALFORMED, None)
    assert "_" in answer or f"answers the login with {answer}" in reading.detail
    assert mail.verbs.count("AUTH") == 1
    assert "MAIL" not in mail.verbs


@pytest.mark.parametrize(("answer", "fault"), [("CUT", Fault.CLOSED), ("HUSH", Fault.TIMEOUT)])
def test_lost_in_auth(answer: str, fault: Fault) -> None:
    reading, mail = submit(server(replies={"AUTH": answer}), world=SOON)
    assert (reading.stage, reading.fault, reading.auth) == (Stage.AUTH, fault, None)
    assert mail.verbs.count("AUTH") == 1
    assert len(mail.peers) == 1


# --- the secret ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LookupError("the variable SMTP_PASSWORD is not set"), "SMTP_PASSWORD"),
        (KeyError("there is no file smtp.password"), "there is"),
        (ValueError("the file is empty"), "empty"),
        (LookupError(), "not found"),
    ],
)
def test_no_secret_no_connection(error: Exception, words: str) -> None:
    """The reference is resolved before anybody is called."""

    def resolve(source: SecretSource, ref: str) -> Secret:
        assert (source, ref) == (SecretSource.FILE, "smtp.password")
        raise error

    reading, mail = submit(server(), world=World(resolve=resolve))
    assert (reading.state, reading.stage, reading.fault) == (State.NOT_ATTEMPTED, Stage.CONNECT, Fault.NO_SECRET)
    assert words in reading.detail
    assert not reading.detail.startswith("'")
    assert mail.peers == []


@pytest.mark.parametrize(("password", "username"), [("", "office"), ("a\0b", "office"), ("right", ""), ("right", "a\0b")])
def test_secrets_that_cannot_be_said(password: str, username: str) -> None:
    reading, mail = submit(server(), world=World(password=password), username=username)
    assert (reading.fault, mail.peers) == (Fault.NO_SECRET, [])


def test_no_reference() -> None:
    reading, mail = submit(server(), secret_source=None)
    assert (reading.fault, mail.peers) == (Fault.NO_SECRET, [])


def _latin(value: str) -> str:
    return value.encode().decode("latin-1")


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": _latin,
    "Latin-1": lambda value: value.replace("€", "EUR"),
    "base64": b64,
    "base64 of PLAIN": lambda value: b64(f"\0office@club.example\0{value}"),
    "base64 shifted by one": lambda value: b64("x" + value + "xyz"),
    "base64 shifted by two": lambda value: b64("xx" + value + "xyz"),
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "URL": lambda value: urllib.parse.quote(value, safe=""),
    "form": urllib.parse.quote_plus,
    "quoted-printable": lambda value: quopri.encodestring(value.encode(), quotetabs=True).decode(),
    "HTML": lambda value: html.escape(_latin(value)),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("where", ["AUTH", "MAIL", "RCPT", "QUIT"])
def test_echoed_secrets_are_masked(encoding: str, where: str) -> None:
    """A server that repeats the password, in any usual encoding and at any stage: it is in nothing that is kept."""
    password = CANARY.replace("€", "EUR") if encoding == "Latin-1" else CANARY
    echo = ENCODINGS[encoding](password)
    code = "535 5.7.8" if where == "AUTH" else "250 2.1.0"
    guard = LeakGuard()
    script = server(password=password, replies={where: f"{code} you said {echo} to us"})
    reading, _ = submit(script, world=World(password=password, guard=guard, timeouts=QUICK))
    saved = to_json({probe(): reading}, about={})
    assert "SECRETCANARY" not in saved
    assert echo not in json.loads(saved).__repr__()
    assert "[secret]" in saved
    assert not guard.leaks(repr(reading))


def test_own_lines_are_redacted() -> None:
    """What we said is kept as words: neither user name nor password, not even in base64."""
    reading, _ = submit(server(mechanisms="LOGIN"), mail_from="")
    lines = [line.text for line in reading.transcript if line.direction == "C"]
    assert lines == ["EHLO client.example", "STARTTLS", "EHLO client.example", "AUTH LOGIN", "[user name]", "[secret]", "QUIT"]
    reading, _ = submit(server(mechanisms="PLAIN"), mail_from="")
    assert "C: AUTH PLAIN [secret]" in transcript(reading)


def test_echo_of_our_own_answer() -> None:
    """A server that repeats a CRAM-MD5 answer would help to guess the password: masked as well."""
    digest = hmac.new(b"correct horse", b"<1@mx>", "md5").hexdigest()
    answer = b64(f"office@club.example {digest}")
    reading, _ = submit(
        auth_script(("AUTH CRAM-MD5", f"334 {b64('<1@mx>')}"), (answer, f"535 not {answer}"), offer="AUTH CRAM-MD5")
    )
    assert str(reading.auth) == "535 not [secret]"


def test_half_a_line_with_half_a_password() -> None:
    """What was cut off inside AUTH is not kept: no guard knows half a password."""

    async def script(peer: Peer) -> None:
        await until_encrypted(peer)
        await peer.send("250-mx\r\n250 AUTH PLAIN\r\n")
        await peer.expect("AUTH PLAIN")
        await peer.send("535 5.7.8 you said SECRETCAN")

    reading, _ = submit(script, world=World(password=CANARY, timeouts=QUICK))
    assert reading.fault is Fault.CLOSED
    assert "SECRETCAN" not in repr(reading)


def test_the_guard_of_the_run_learns_the_secret() -> None:
    """So that reports and logs are searched for it, too."""
    guard = LeakGuard()
    submit(server(), world=World(guard=guard), mail_from="")
    assert guard.leaks("the password is correct horse")


def test_a_slow_secret_does_not_stop_the_others() -> None:
    """A command that takes its time runs beside the event loop, and does not outlive the deadline."""

    def slow(_source: SecretSource, _ref: str) -> Secret:
        time.sleep(0.5)
        return Secret("correct horse")

    async def run() -> tuple[SubmissionReading, int]:
        gather = World(resolve=slow).gatherer({587: 9})
        task = asyncio.create_task(gather(probe(), 0.2))
        ticks = 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        reading = task.result()
        assert isinstance(reading, SubmissionReading)
        return reading, ticks

    began = time.monotonic()
    reading, ticks = asyncio.run(run())
    assert time.monotonic() - began < 0.45  # nor is it waited for at the end
    assert reading.fault is Fault.NO_SECRET
    assert ticks > 5


def test_a_refused_login_is_not_tried_again_for_another_sender() -> None:
    """Two servers of the settings may share a mailbox: its wrong password is presented once, also when both ask at the same time."""

    async def both() -> tuple[list[SubmissionReading], int]:
        async with FakeServer(server(replies={"AUTH": "535 5.7.8 wrong"})) as fake:
            gather = World().gatherer({587: fake.port})
            asked = [gather(probe(mail_from=f"{name}@club.example"), 20) for name in ("office", "news")]
            readings = [reading for reading in await asyncio.gather(*asked) if isinstance(reading, SubmissionReading)]
            return readings, fake.verbs.count("AUTH")

    readings, attempts = asyncio.run(both())
    assert attempts == 1
    assert [str(reading.auth) for reading in readings] == ["535 5.7.8 wrong"] * 2
    assert any("not tried again" in line.text for reading in readings for line in reading.transcript)
