"""Further senders in one login, the end at 354, and the bytes of the password: inside TLS, and once."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from dataclasses import dataclass, field

import pytest

from checks.evidence import State
from checks.gather.smtp_submission import MAX_REFUSALS
from checks.probes import Fault, Stage, SubmissionReading
from checks.settings import Auth, Security
from tests.fakes.smtp_server import FakeServer, Gone, Ordinary, Peer
from tests.fakes.smtp_world import QUICK, World, good, probe, submit, transcript

SOON = World(timeouts=QUICK)
NEWS, BAR = "news@club.example", "bar@club.example"
NOT_YOURS = "553 5.7.1 not owned by user"


@dataclass
class Choosy(Ordinary):
    """A server that answers by address."""

    by_address: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    """Answers to RCPT, by the sender named before."""
    sender: str = ""

    async def _on_mail(self, peer: Peer, line: str) -> None:
        self.sender = line.partition("<")[2].partition(">")[0]
        answer = self.by_address.get(self.sender, "250 2.1.0 ok")
        if answer == "CUT":
            peer.cut()
            raise Gone
        await peer.send(answer + "\r\n")

    async def _on_rcpt(self, peer: Peer, _line: str) -> None:
        await peer.send(self.after.get(self.sender, "250 2.1.5 ok") + "\r\n")


def choosy(**changes: object) -> Choosy:
    server = Choosy(context=good().context())
    for name, value in changes.items():
        setattr(server, name, value)
    return server


def said(reading: SubmissionReading) -> list[tuple[str, str, str]]:
    return [(trial.address, str(trial.mail or ""), str(trial.rcpt or "")) for trial in reading.trials]


def test_all_senders_in_one_login() -> None:
    """Each is named with the recipient and taken back; then the first one goes up to 354, and no message leaves."""
    script = choosy(by_address={NEWS: NOT_YOURS}, after={BAR: "550 5.7.60 not as this sender"})
    reading, mail = submit(script, senders=(NEWS, BAR))
    assert said(reading) == [(NEWS, NOT_YOURS, ""), (BAR, "250 2.1.0 ok", "550 5.7.60 not as this sender")]
    assert (reading.stage, reading.fault, str(reading.data)) == (Stage.QUIT, Fault.NONE, "354 go ahead")
    assert mail.verbs.count("AUTH") == 1
    assert len(mail.peers) == 1
    assert mail.verbs[4:] == [*("MAIL", "RCPT"), *("RSET", "MAIL"), *("RSET", "MAIL", "RCPT"), *("RSET", "MAIL", "RCPT", "DATA")]
    assert script.messages == []
    assert "so that the server has nothing to deliver" in transcript(reading)


def test_the_message_goes_first() -> None:
    """What other senders are told cannot cost the one message; DATA is not said a second time."""
    script = choosy(by_address={NEWS: "CUT"})
    reading, mail = submit(script, senders=(NEWS, BAR), message="sr-1", world=SOON)
    assert (str(reading.accepted), reading.fault, reading.stage) == ("250 2.0.0 queued as 4711", Fault.NONE, Stage.QUIT)
    assert said(reading) == []
    assert (len(script.messages), mail.verbs.count("DATA"), len(mail.peers)) == (1, 1, 1)


def test_a_refused_first_sender_does_not_hide_the_others() -> None:
    """The reading is about the first one; the others are told too."""
    reading, mail = submit(choosy(by_address={"bounces@club.example": NOT_YOURS}), senders=(NEWS,))
    assert (reading.stage, reading.fault, str(reading.reply)) == (Stage.MAIL, Fault.REJECTED, NOT_YOURS)
    assert said(reading) == [(NEWS, "250 2.1.0 ok", "250 2.1.5 ok")]
    assert "DATA" not in mail.verbs
    assert mail.lines[-1] == "QUIT"


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", "CUT", "354 go", "2_0 ok"])
def test_a_conversation_that_ends_among_the_others(answer: str) -> None:
    """It costs those that come after, and nothing else; what is open stays open."""
    reading, mail = submit(choosy(by_address={NEWS: answer}), senders=(NEWS, BAR), world=SOON)
    assert (reading.fault, str(reading.rcpt), reading.data) == (Fault.NONE, "250 2.1.5 ok", None)
    assert BAR not in {trial.address for trial in reading.trials}
    assert len(mail.peers) == 1


def test_goodbye_to_the_first_sender_ends_everything() -> None:
    """After 421 nothing more is said."""
    reading, mail = submit(choosy(by_address={"bounces@club.example": "421 4.3.2 closing"}), senders=(NEWS,))
    assert (reading.fault, reading.trials) == (Fault.REJECTED, ())
    assert mail.verbs.count("MAIL") == 1


def test_a_server_that_refuses_many_is_left_alone() -> None:
    """Servers hang up on those who make too many errors."""
    senders = tuple(f"s{number}@club.example" for number in range(20))
    reading, mail = submit(choosy(by_address=dict.fromkeys(senders, NOT_YOURS)), senders=senders)
    assert len(reading.trials) == MAX_REFUSALS
    assert mail.verbs.count("MAIL") == MAX_REFUSALS + 2
    assert str(reading.data) == "354 go ahead"


def test_a_slow_server_is_not_asked_about_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The further senders have a time of their own; what is left of the run is for other questions."""
    monkeypatch.setattr("checks.gather.smtp_submission.TRIAL_SECONDS", 0.0)
    reading, _ = submit(choosy(), senders=(NEWS, BAR))
    assert (reading.trials, str(reading.data)) == ((), "354 go ahead")


def test_without_a_test_address_senders_are_named_only() -> None:
    """No RCPT and no DATA without an address that somebody confirmed."""
    reading, mail = submit(choosy(by_address={NEWS: NOT_YOURS}), senders=(NEWS,), rcpt_to="")
    assert said(reading) == [(NEWS, NOT_YOURS, "")]
    assert not {"RCPT", "DATA"} & set(mail.verbs)
    assert mail.lines[-1] == "QUIT"


def test_a_second_naming_that_is_refused_costs_the_question_only() -> None:
    """A server that counts mails may refuse the first sender when it comes again: then DATA stays unasked."""

    class Once(Choosy):
        async def _on_mail(self, peer: Peer, line: str) -> None:
            again = any(one.startswith("MAIL FROM:<bounces") for one in peer.lines[:-1])
            self.by_address = {"bounces@club.example": "450 4.7.1 too often"} if again else {}
            await super()._on_mail(peer, line)

    reading, mail = submit(Once(context=good().context()), senders=(NEWS,))
    assert (reading.fault, reading.data, str(reading.mail)) == (Fault.NONE, None, "250 2.1.0 ok")
    assert mail.lines[-1] == "QUIT"


@pytest.mark.parametrize("answer", ["550 5.7.60 not as this sender", "451 4.3.0 later", "CUT", "250 ok"])
def test_a_refusal_of_data_is_the_answer(answer: str) -> None:
    """Neither is anything sent nor said again."""
    script = Ordinary(context=good().context(), replies={"DATA": answer})
    reading, mail = submit(script, world=SOON)
    assert reading.stage is Stage.DATA
    assert reading.fault is {"C": Fault.CLOSED, "2": Fault.MALFORMED}.get(answer[0], Fault.REJECTED)
    assert (script.messages, mail.verbs.count("DATA")) == ([], 1)


@pytest.mark.parametrize("address", ["a@b\r\nDATA", "a b@c", "nobody"])
def test_further_senders_are_checked_again(address: str) -> None:
    """Refused by name, before anybody is called."""
    reading, mail = submit(choosy(), senders=(address,))
    assert (reading.fault, mail.peers) == (Fault.MALFORMED, [])


# --- once per run ----------------------------------------------------------------------------------------------------------


def ask_twice(script: Ordinary, *changes: dict[str, object]) -> tuple[list[SubmissionReading], FakeServer]:
    """Ask several questions of one gatherer at the same time."""

    async def run() -> tuple[list[SubmissionReading], FakeServer]:
        async with FakeServer(script) as server:
            gather = SOON.gatherer({587: server.port, 588: server.port})
            found = await asyncio.gather(*(gather(probe(**one), 20) for one in changes))
            return [reading for reading in found if isinstance(reading, SubmissionReading)], server

    return asyncio.run(run())


def test_a_right_password_goes_out_once() -> None:
    """Two entries of the settings that cannot share a conversation: the second is told that the login is spent."""
    readings, mail = ask_twice(choosy(), {"ehlo": "one.example"}, {"ehlo": "two.example"})
    assert mail.verbs.count("AUTH") == 1
    assert sorted(reading.fault for reading in readings) == [Fault.NONE, Fault.ALREADY_TRIED]
    assert {reading.state for reading in readings} == {State.OK, State.NOT_ATTEMPTED}


@pytest.mark.parametrize("answer", ["535 5.7.8 no", "CUT", "HUSH", "2_5 ok"])
def test_a_login_that_failed_in_any_way_is_not_tried_again(answer: str) -> None:
    """A cut connection may hide a refusal; neither another sender nor another port of the server tries again."""
    script = choosy(replies={"AUTH": answer})
    readings, mail = ask_twice(script, {"mail_from": NEWS}, {"mail_from": BAR}, {"port": 588})
    assert mail.verbs.count("AUTH") == 1
    assert len({reading.fault for reading in readings}) == 1
    assert sum("not tried again" in transcript(reading) for reading in readings) == 2


def test_what_was_not_presented_is_not_spent() -> None:
    """A way of logging in that is not offered costs nothing: the next entry may log in."""
    readings, mail = ask_twice(choosy(), {"auth": Auth.CRAM_MD5}, {"auth": Auth.PLAIN})
    assert mail.verbs.count("AUTH") == 1
    assert {reading.fault for reading in readings} == {Fault.NO_COMMON_MECHANISM, Fault.NONE}


# --- the bytes ---------------------------------------------------------------------------------------------------------------


@dataclass
class Tap:
    """Stands between client and server and keeps what passes."""

    port: int
    passed: bytearray = field(default_factory=bytearray)
    connections: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        onward, back = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._pass(reader, back), self._pass(onward, writer))
        for end in (writer, back):
            with contextlib.suppress(ConnectionError):
                await end.wait_closed()
        self.ended.set()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self.passed += data
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_the_bytes_of_the_password(tls: str, mechanism: str) -> None:
    """On the wire there is no form of the password and no AUTH; inside TLS the server hears the password once."""
    password = "CANARY-wörd-9"

    async def run() -> tuple[Tap, FakeServer]:
        script = choosy(tls=tls, mechanisms=mechanism, password=password)
        async with FakeServer(script) as server:
            tap = Tap(port=server.port)
            async with await asyncio.start_server(tap, "127.0.0.1", 0) as listening:
                gather = World(password=password, timeouts=QUICK).gatherer({587: listening.sockets[0].getsockname()[1]})
                security = Security.STARTTLS if tls == "starttls" else Security.IMPLICIT_TLS
                reading = await gather(probe(security=security, senders=(NEWS, BAR), message="sr-1"), 20)
                assert isinstance(reading, SubmissionReading)
                assert str(reading.accepted) == "250 2.0.0 queued as 4711"
                await asyncio.wait_for(tap.ended.wait(), 5)
                return tap, server

    tap, server = asyncio.run(run())
    plain = base64.b64encode(f"\0office@club.example\0{password}".encode())
    for form in (b"AUTH", b"CANARY", plain[8:-8], base64.b64encode(password.encode())[:-4], b"CANARY".hex().encode()):
        assert form not in tap.passed
    said = "\n".join(server.lines)
    right = plain if mechanism == "PLAIN" else base64.b64encode(password.encode())
    assert (said.count(right.decode()), said.count("AUTH"), tap.connections) == (1, 1, 1)
