"""A mailbox that does everything right: where the message is found, what is said of it, and what is left untouched."""

from __future__ import annotations

import asyncio
import time

import pytest

from checks.evidence import Effect, State, from_json, to_json
from checks.gather.imap import ImapGatherer
from checks.probes import KINDS, ArrivalFault, ArrivalProbe, ArrivalReading, ArrivalStage, DnsProbe, MailFolder
from checks.probes.arrival import MAX_MESSAGE
from checks.secret import LeakGuard, Secret, SecretSource
from checks.settings import Security
from checks.subject import Way
from tests.fakes.imap_server import Box, ImapScript
from tests.fakes.imap_world import MESSAGE, World, look, mailbox, probe, transcript
from tests.fakes.smtp_server import FakeServer
from tests.fakes.smtp_world import good

JUNK = "\\HasNoChildren \\Junk"


def holding(box: str = "INBOX", message: bytes = MESSAGE, **changes: object) -> ImapScript:
    script = mailbox(junk=JUNK, **changes)
    script.boxes[box].messages.append(message)
    return script


def test_found_in_the_inbox() -> None:
    """The whole message as it is stored, where it was, and when it came."""
    reading, server = look(holding())
    assert (reading.state, reading.found, reading.fault, reading.stage) == (
        State.OK,
        True,
        ArrivalFault.NONE,
        ArrivalStage.LOGOUT,
    )
    assert reading.raw == MESSAGE.decode("latin-1")
    assert (reading.cut, reading.masked, reading.size) == (False, False, len(MESSAGE))
    assert reading.folder == MailFolder(name="INBOX")
    assert (reading.internal_date, reading.flags) == ("2026-11-23T12:00:05+00:00", ("\\Recent",))
    assert reading.tls is not None
    assert reading.tls.verified
    verbs = [line.partition(" ")[2].partition(" ")[0] for line in server.lines]
    assert verbs == ["CAPABILITY", "AUTHENTICATE", "CAPABILITY", "LIST", "EXAMINE", "UID", "UID", "LOGOUT"]


def test_nothing_is_changed() -> None:
    """EXAMINE opens for reading only, PEEK does not mark as read, and no other command is given."""
    _, server = look(holding())
    said = "\n".join(server.lines)
    assert "EXAMINE" in said
    assert "SELECT" not in said
    assert "BODY.PEEK[]" in said
    assert "BODY[]" not in said


def test_found_in_junk() -> None:
    """Junk is known by its special use, whatever its name; both folders are named."""
    reading, _ = look(holding("Kram"))
    assert reading.found
    assert reading.folder == MailFolder(name="Kram", special_use="\\Junk", junk=True)
    assert [one.name for one in reading.folders] == ["INBOX", "Kram"]


def test_found_in_a_folder_that_is_only_called_so() -> None:
    """A server without RFC 6154: the usual names count, decoded and in several languages."""
    script = mailbox(offers="IMAP4rev1 SASL-IR AUTH=PLAIN")
    script.boxes["Courrier ind&AOk-sirable"] = Box(messages=[MESSAGE])
    reading, server = look(script)
    assert reading.folder == MailFolder(name="Courrier indésirable", junk=True)
    assert 'S004 LIST "" "*"' in server.lines


def test_waits_until_it_comes() -> None:
    """It comes while we wait; each second says what is waited for; looking again is not written down again."""
    script = mailbox(junk=JUNK)
    script.boxes["INBOX"].appears.append((2, MESSAGE))
    said: list[str] = []
    reading, server = look(script, world=World(say=said.append, budget=20))
    assert reading.found
    assert 1 <= reading.waited < 3
    assert said[0] == "waiting for the message in INBOX and Kram, 0 s"
    assert transcript(reading).count("EXAMINE") == 2
    assert sum("EXAMINE" in line for line in server.lines) == 3
    assert "looked at 2 times" in transcript(reading)


def test_not_there_when_the_time_is_up() -> None:
    """That it has not come is an answer, not a failure; one login was enough for all looks."""
    script = mailbox(junk=JUNK)
    script.boxes["INBOX"].messages.append(b"Subject: another\r\n\r\nhello")
    began = time.monotonic()
    reading, _ = look(script, world=World(budget=2))
    assert time.monotonic() - began < 2
    assert (reading.state, reading.found, reading.raw, reading.folder) == (State.OK, False, "", None)
    assert 1 <= reading.waited < 2
    assert script.logins == 1


def test_an_answer_to_the_message_is_not_the_message() -> None:
    """The search finds it by its subject; it is read and left aside, once."""
    script = mailbox()
    script.boxes["INBOX"].messages.append(b"Subject: Re: sendready test message sendready-0123456789abcdef\r\n\r\nAway")
    reading, server = look(script)
    assert (reading.state, reading.found) == (State.OK, False)
    assert sum("FETCH" in line for line in server.lines) == 1


def test_a_provider_wrote_a_new_message_id() -> None:
    """Then our own header field or the subject finds it."""
    changed = MESSAGE.replace(b"Message-ID: <sendready-", b"Message-ID: <provider-")
    reading, _ = look(holding(message=changed))
    assert reading.raw.encode("latin-1") == changed


def test_a_server_that_searches_for_message_ids_only() -> None:
    """The longer question is refused, the plain one is asked."""

    class Plain(ImapScript):
        async def _on_search(self, peer: object, tag: str, rest: str) -> None:
            if " OR " in rest:
                await peer.send(f"{tag} BAD too difficult\r\n")  # type: ignore[attr-defined]
                return
            await super()._on_search(peer, tag, rest)  # type: ignore[arg-type]

    reading, _ = look(Plain(boxes={"INBOX": Box(messages=[MESSAGE])}, context=good().context()))
    assert reading.found


def test_a_large_message_is_cut() -> None:
    """No more than the bound is asked for, and the reading says that it is a part."""
    reading, _ = look(holding(message=MESSAGE + b"x" * MAX_MESSAGE), world=World(budget=10))
    assert (reading.cut, len(reading.raw), reading.size) == (True, MAX_MESSAGE, len(MESSAGE) + MAX_MESSAGE)


def test_junk_that_cannot_be_opened_is_left_aside() -> None:
    reading, _ = look(holding(replies={"EXAMINE Kram": "{tag} NO [NOPERM] not yours\r\n"}, password="silver orchard"))
    assert reading.found
    reading, _ = look(mailbox(junk=JUNK, replies={"EXAMINE Kram": "{tag} NO [NOPERM] not yours\r\n"}))
    assert (reading.state, reading.found) == (State.OK, False)
    assert [one.name for one in reading.folders] == ["INBOX"]
    assert "NOPERM" in transcript(reading)


# --- encryption and login -------------------------------------------------------------------------------------------------


def test_starttls() -> None:
    """imap://: the password only inside TLS (the fake fails otherwise)."""
    reading, server = look(holding(tls="starttls"), security=Security.STARTTLS, port=143)
    assert reading.found
    assert [line.partition(" ")[2] for line in server.lines[:3]] == ["CAPABILITY", "STARTTLS", "CAPABILITY"]


def test_never_in_clear_on_this_machine_neither() -> None:
    """A server on a loopback address is no exception: what listens there may be another user's."""
    reading, server = look(holding(tls="none"), security=Security.STARTTLS, port=143)
    assert reading.fault is ArrivalFault.STARTTLS_NOT_OFFERED
    assert not reading.found
    assert not [line for line in server.lines if "AUTHENTICATE" in line or "LOGIN" in line]


@pytest.mark.parametrize(
    ("offers", "password"),
    [
        ("IMAP4rev1 AUTH=PLAIN SASL-IR", "pässwörd€"),
        ("IMAP4rev1 AUTH=PLAIN", "pässwörd€"),
        ("IMAP4rev1", 'quo"ted \\ word'),
        ("IMAP4rev1", "pässwörd€"),
    ],
    ids=["PLAIN at once", "PLAIN when asked", "LOGIN", "LOGIN with a literal"],
)
def test_ways_to_log_in(offers: str, password: str) -> None:
    """Each way brings the same octets to the server, and none of them into the transcript."""
    reading, _ = look(holding(offers=offers, password=password), world=World(password=password))
    assert reading.found
    assert "[secret]" in transcript(reading)
    guard = LeakGuard()
    guard.learn(Secret(password), username="reader@club.example")
    assert not guard.leaks(to_json({probe(): reading}, about={}))


def test_a_refused_login_is_not_tried_again() -> None:
    """One attempt in a run, whoever asks; the server's words are kept."""
    script = mailbox(password="another")

    async def run() -> list[ArrivalReading]:
        async with FakeServer(script) as server:
            gatherer = World().gatherer({993: server.port})
            return [await gatherer(probe(), 2), await gatherer(probe(message_id="other@club.example"), 2)]  # type: ignore[list-item]

    first, second = asyncio.run(run())
    assert (first.state, first.fault, first.stage) == (State.REFUSED, ArrivalFault.LOGIN_REFUSED, ArrivalStage.LOGIN)
    assert first.reply == "NO [AUTHENTICATIONFAILED] Wrong user or password."
    assert second.fault is ArrivalFault.LOGIN_REFUSED
    assert script.logins == 1


@pytest.mark.parametrize("offers", ["IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2 AUTH=OAUTHBEARER", "IMAP4rev1 LOGINDISABLED"])
def test_no_way_to_log_in_with_a_password(offers: str) -> None:
    reading, _ = look(mailbox(offers=offers))
    assert reading.fault is ArrivalFault.NO_COMMON_LOGIN
    assert "XOAUTH2" in reading.detail or "XOAUTH2" not in offers


@pytest.mark.parametrize("found", [LookupError("password (file): not there"), Secret(""), Secret("a\0b")])
def test_without_a_password_nobody_is_bothered(found: Secret | LookupError) -> None:
    """No connection is made for a password that is not there."""

    def resolve(_source: SecretSource, _ref: str) -> Secret:
        if isinstance(found, Secret):
            return found
        raise found

    reading, server = look(mailbox(), world=World(resolve=resolve))
    assert (reading.state, reading.fault) == (State.NOT_ATTEMPTED, ArrivalFault.NO_SECRET)
    assert server.peers == []


def test_the_next_address_is_tried_before_the_login() -> None:
    reading, _ = look(holding(), addresses=("127.0.0.2", "127.0.0.1"))
    assert reading.found


def test_no_address_and_nobody_there() -> None:
    async def run(**changes: object) -> ArrivalReading:
        reading = await World().gatherer({993: 1})(probe(**changes), 2)
        assert isinstance(reading, ArrivalReading)
        return reading

    assert asyncio.run(run(addresses=())).fault is ArrivalFault.UNREACHABLE
    assert asyncio.run(run(addresses=("nonsense",))).fault is ArrivalFault.UNREACHABLE
    closed = asyncio.run(run())
    assert (closed.state, closed.fault, closed.stage) == (State.REFUSED, ArrivalFault.REFUSED, ArrivalStage.CONNECT)


def test_a_password_in_the_message_is_taken_out_and_said() -> None:
    """Such a message cannot be judged by its signature any more."""
    reading, _ = look(holding(message=MESSAGE + b"your password is silver orchard\r\n"))
    assert reading.masked
    assert "silver" not in reading.raw


# --- the probe ------------------------------------------------------------------------------------------------------------


def test_what_asking_does() -> None:
    """A mailbox is opened with a password; a saved message costs nobody anything."""
    assert probe().effects == {Effect.LOOK, Effect.LOGIN}
    assert ArrivalProbe(way=Way.FILE, sha256="00").effects == {Effect.LOOK}


def test_probe_and_reading_survive_the_evidence_file() -> None:
    reading, _ = look(holding("Kram"))
    text = to_json({probe(): reading}, about={})
    assert from_json(text, KINDS)[0] == {probe(): reading}
    assert "silver orchard" not in text


def test_other_questions() -> None:
    """A saved message is not looked for; another kind of question is a mistake of ours."""
    gatherer = ImapGatherer(resolve_secret=lambda _source, _ref: Secret("x"))
    assert asyncio.run(gatherer(ArrivalProbe(way=Way.FILE), 1)).state is State.NOT_ATTEMPTED
    with pytest.raises(TypeError):
        asyncio.run(gatherer(DnsProbe("club.example", "A"), 1))
