"""Naming sender and recipient, and the one test message: once, to one address, and never called delivered."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest

from checks.evidence import State
from checks.probes import Fault, Stage
from checks.settings import Security
from tests.fakes.smtp_server import Ordinary, Unexpected
from tests.fakes.smtp_world import QUICK, World, good, look, submit, transcript

SOON = World(timeouts=QUICK)


def server(**replies: str) -> Ordinary:
    return Ordinary(context=good().context(), replies=replies)


def test_nothing_leaves_without_a_message() -> None:
    """Up to 354, then the connection is closed without another word: the server must forget it (RFC 5321 section 4.1.1.10)."""
    script = server()
    reading, mail = submit(script)
    assert (reading.stage, reading.fault, reading.message_id) == (Stage.QUIT, Fault.NONE, "")
    assert (str(reading.mail), str(reading.rcpt), str(reading.data)) == ("250 2.1.0 ok", "250 2.1.5 ok", "354 go ahead")
    assert reading.accepted is None
    assert mail.lines[-3:] == ["MAIL FROM:<bounces@club.example>", "RCPT TO:<test@elsewhere.example>", "DATA"]
    assert script.messages == []
    assert "C: QUIT" not in transcript(reading)


def test_stops_where_addresses_stop() -> None:
    """No sender: after AUTH. No recipient: after MAIL."""
    assert submit(server(), mail_from="")[1].verbs[-2:] == ["AUTH", "QUIT"]
    assert submit(server(), rcpt_to="")[1].verbs[-3:] == ["MAIL", "RSET", "QUIT"]
    assert submit(server(), rcpt_to="", message="sr-1")[1].verbs[-3:] == ["MAIL", "RSET", "QUIT"]


def test_the_message() -> None:
    """It is taken, once, to exactly one address; the headers are the intended ones and the size was announced."""
    script = server()
    reading, mail = submit(script, message="sr-20261123-1", reply_to="answers@club.example")
    assert (reading.stage, reading.fault) == (Stage.QUIT, Fault.NONE)
    assert (str(reading.data), str(reading.accepted)) == ("354 go ahead", "250 2.0.0 queued as 4711")
    assert reading.message_id == "sr-20261123-1@club.example"
    assert [line for line in mail.lines if line.startswith("RCPT")] == ["RCPT TO:<test@elsewhere.example>"]
    assert len(script.messages) == 1
    message = email.message_from_bytes(script.messages[0], policy=email.policy.default)
    assert message["From"] == "Club Example <office@club.example>"
    assert message["Reply-To"] == "answers@club.example"
    assert message["To"] == "test@elsewhere.example"
    assert message["Message-ID"] == "<sr-20261123-1@club.example>"
    assert message["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert f"MAIL FROM:<bounces@club.example> SIZE={len(script.messages[0])}" in mail.lines
    assert "nothing to do" not in transcript(reading)
    assert "C: [the test message," in transcript(reading)


def test_size_only_where_it_is_understood() -> None:
    script = server()
    script.offers = ("8BITMIME",)
    _, mail = submit(script, message="sr-1")
    assert "MAIL FROM:<bounces@club.example>" in mail.lines


@pytest.mark.parametrize(
    ("verb", "stage", "after"),
    [("MAIL", Stage.MAIL, ["MAIL", "QUIT"]), ("RCPT", Stage.RCPT, ["RCPT", "QUIT"]), ("DATA", Stage.DATA, ["DATA", "QUIT"])],
)
@pytest.mark.parametrize(
    "answer", ["450 4.2.0 greylisted, come back later", "550 5.7.60 not as this sender", "421 4.3.2 closing"]
)
def test_refusals(verb: str, stage: Stage, after: list[str], answer: str) -> None:
    """The server's words are the result; nothing is tried again."""
    script = server(**{verb: answer})
    reading, mail = submit(script, message="sr-1")
    assert (reading.stage, reading.fault) == (stage, Fault.REJECTED)
    assert reading.reply == {"MAIL": reading.mail, "RCPT": reading.rcpt, "DATA": reading.data}[verb]
    assert str(reading.reply) == answer
    assert mail.verbs[-2:] == after
    assert (script.messages, reading.message_id) == ([], "")


def test_refused_after_the_dot() -> None:
    reading, mail = submit(server(DOT="554 5.2.252 SendAsDenied"), message="sr-1")
    assert (reading.stage, reading.fault) == (Stage.MESSAGE, Fault.REJECTED)
    assert str(reading.accepted) == "554 5.2.252 SendAsDenied"
    assert mail.verbs.count("DATA") == 1


@pytest.mark.parametrize("answer", ["CUT", "HUSH", "2_0 queued", "250-a\r\n550 b", "250 " + "x" * 3000])
def test_lost_after_the_dot(answer: str) -> None:
    """Nobody knows whether the server has it: said so, and not sent again (RFC 5321 section 4.2.5)."""
    script = server(DOT=answer)
    reading, mail = submit(script, message="sr-1", world=SOON)
    assert (reading.stage, reading.fault, reading.accepted) == (Stage.MESSAGE, Fault.UNCONFIRMED, None)
    assert "may or may not" in reading.detail
    assert reading.message_id == "sr-1@club.example"
    assert len(script.messages) == 1
    assert len(mail.peers) == 1


def test_time_is_up_after_the_dot() -> None:
    reading, _ = submit(server(DOT="HUSH"), message="sr-1", world=World(budget=1.0))
    assert reading.fault is Fault.UNCONFIRMED
    assert "whole run" in reading.detail


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "fault"), [("CUT", Fault.CLOSED), ("HUSH", Fault.TIMEOUT), ("+50 ok", Fault.MALFORMED)])
def test_lost_on_the_way(verb: str, answer: str, fault: Fault) -> None:
    script = server(**{verb: answer})
    reading, mail = submit(script, message="sr-1", world=SOON)
    assert (reading.stage.value, reading.fault) == (verb.lower(), fault)
    assert (script.messages, len(mail.peers)) == ([], 1)


@pytest.mark.parametrize(("verb", "answer"), [("MAIL", "354 go"), ("RCPT", "334 "), ("DATA", "250 ok"), ("DATA", "235 ok")])
def test_answers_without_meaning_here(verb: str, answer: str) -> None:
    script = server(**{verb: answer})
    reading, _ = submit(script, message="sr-1", world=SOON)
    assert (reading.fault, script.messages) == (Fault.MALFORMED, [])


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_replies_that_shift(verb: str) -> None:
    """A reply too many is not the answer to the next command; the message does not leave."""
    script = server(**{verb: "354 go\r\n250 ok" if verb == "DATA" else "250 ok\r\n250 ok"})
    reading, _ = submit(script, message="sr-1", world=SOON)
    assert (reading.fault, reading.accepted, script.messages) == (Fault.MALFORMED, None, [])


@pytest.mark.parametrize(
    "address",
    [
        "a@b,c@d",
        "a@b> SIZE=1",
        "a@b\r\nRCPT TO:<x@y>",
        "a@b\0",
        "<a@b>",
        "a b@c",
        "a@b@c",
        "nobody",
        "ä@b.example",
        "a@" + "b" * 300,
        "a@b\n",
        '"a b"@c',
    ],
)
@pytest.mark.parametrize("field", ["mail_from", "rcpt_to"])
def test_envelope_addresses_are_checked_again(field: str, address: str) -> None:
    """Refused by name, before anybody is called."""
    changes: dict[str, Any] = {field: address}
    reading, mail = submit(server(), message="sr-1", **changes)
    assert (reading.state, reading.stage, reading.fault) == (State.NOT_ATTEMPTED, Stage.CONNECT, Fault.MALFORMED)
    assert reading.detail.startswith("sender address" if field == "mail_from" else "recipient address")
    assert mail.peers == []


@pytest.mark.parametrize(
    "changes",
    [
        {"from_name": "a\r\nBcc: x@y"},
        {"from_email": "a@b\r\nBcc: x@y"},
        {"reply_to": "a@b, c@d"},
        {"message": "sr 1"},
        {"message": "sr>\r\nBcc: x"},
    ],
)
def test_what_cannot_stand_in_the_message(changes: dict[str, Any]) -> None:
    """No connection is made for a message that cannot be written."""
    merged: dict[str, Any] = {"message": "sr-1"} | changes
    reading, mail = submit(server(), **merged)
    assert (reading.fault, mail.peers) == (Fault.MALFORMED, [])


def test_a_trick_in_the_name_adds_no_header() -> None:
    script = server()
    submit(script, message="sr-1", from_name="A =?UTF-8?Q?=0A?=Bcc: x@y")
    message = email.message_from_bytes(script.messages[0], policy=email.policy.default)
    assert "Bcc" not in message
    assert message["From"].addresses[0].display_name == "A =?UTF-8?Q?=0A?=Bcc: x@y"


def test_a_look_names_nobody() -> None:
    """A look at a server: no AUTH, no addresses, no message."""
    _, mail = look(server(), security=Security.STARTTLS)
    assert set(mail.verbs) == {"EHLO", "STARTTLS", "QUIT"}


def test_the_fake_server_is_strict() -> None:
    """A server that is surprised fails the test."""

    async def surprised(peer: object) -> None:
        raise Unexpected

    with pytest.raises(Unexpected):
        look(surprised, world=SOON)
