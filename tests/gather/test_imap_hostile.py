"""Mailbox servers that are broken or mean harm: each gives a reading with its fault in time, and never the password."""

from __future__ import annotations

import resource
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from checks.evidence import State, to_json
from checks.gather.imap_draft import STATES, ImapTimeouts
from checks.probes import ArrivalFault, ArrivalReading, ArrivalStage
from checks.secret import LeakGuard, Secret
from checks.settings import Security
from tests.fakes.certificates import Leaf, self_signed
from tests.fakes.imap_server import Box, ImapScript
from tests.fakes.imap_world import MESSAGE, QUICK, World, look, mailbox, probe, transcript
from tests.fakes.smtp_server import Peer, Script
from tests.fakes.smtp_world import authority, good
from tests.hostile.mail_leaks import SPELLINGS, leaks

PASSWORD = "silver orchard"
PATIENT = ImapTimeouts(reply=5, fetch=5, logout=0.2)  # a flood of lines takes a moment to read


def sound(reading: ArrivalReading) -> None:
    """What must hold whatever the server did."""
    guard = LeakGuard()
    guard.learn(Secret(PASSWORD), username="reader@club.example")
    assert not guard.leaks(to_json({probe(): reading}, about={}))
    assert not leaks(to_json({probe(): reading}, about={}), PASSWORD)
    assert reading.state is STATES[reading.fault]
    assert bool(reading.detail) is (reading.fault is not ArrivalFault.NONE)
    assert len(reading.transcript) < 200


def clear(*steps: str | bytes | Callable[[Peer], Awaitable[None]]) -> Script:
    """Return a script that says these things in clear, whatever the client says, then waits."""

    async def script(peer: Peer) -> None:
        for step in steps:
            if callable(step):
                await step(peer)
            else:
                await peer.send(step)
        await peer.until_gone()

    return script


async def a_line(peer: Peer) -> None:
    await peer.line()


def endlessly(octets: bytes, *, first: bytes = b"") -> Callable[[Peer], Awaitable[None]]:
    async def step(peer: Peer) -> None:
        await peer.send(first)
        for _ in range(2_000):
            await peer.send(octets)

    return step


async def _cut(peer: Peer) -> None:
    peer.cut()


FLOOD = b"* 1 EXISTS\r\n" * 2_000

GREETINGS: dict[str, tuple[Script, ArrivalFault]] = {
    "says nothing": (clear(), ArrivalFault.TIMEOUT),
    "half a greeting": (clear(b"* OK rea"), ArrivalFault.TIMEOUT),
    "SMTP": (clear(b"220 mx.club.example ESMTP\r\n"), ArrivalFault.NOT_IMAP),
    "POP3": (clear(b"+OK ready\r\n"), ArrivalFault.NOT_IMAP),
    "HTTP": (clear(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ArrivalFault.NOT_IMAP),
    "SSH": (clear(b"SSH-2.0-OpenSSH_9.6\r\n"), ArrivalFault.NOT_IMAP),
    "octets of no kind": (clear(b"\x00\xff\x01\r\n\r\n"), ArrivalFault.NOT_IMAP),
    "an endless line": (clear(endlessly(b"x" * 65536, first=b"* OK ")), ArrivalFault.TOO_LONG),
    "a literal of 4 GB": (clear(b"* X {4294967295}\r\n", endlessly(b"x" * 65536)), ArrivalFault.TOO_LONG),
    "turned away": (clear(b"* BYE too busy\r\n"), ArrivalFault.REJECTED),
    "a tagged greeting": (clear(b"S001 OK ready\r\n"), ArrivalFault.NOT_IMAP),
    "logged in already, in clear": (clear(b"* PREAUTH welcome\r\n"), ArrivalFault.MALFORMED),
    "nonsense to CAPABILITY": (clear(b"* OK\r\n", a_line, b"S999 OK done\r\n"), ArrivalFault.MALFORMED),
    "CAPABILITY is refused": (clear(b"* OK\r\n", a_line, b"S001 BAD what\r\n"), ArrivalFault.REJECTED),
    "an answer that is none": (clear(b"* OK\r\n", a_line, b"S001 MAYBE\r\n"), ArrivalFault.MALFORMED),
    "go on, with nothing to say": (clear(b"* OK\r\n", a_line, b"+ go on\r\n"), ArrivalFault.MALFORMED),
    "endless answers": (clear(b"* OK\r\n", a_line, endlessly(FLOOD)), ArrivalFault.TOO_LONG),
    "hangs up": (clear(b"* OK\r\n", a_line, _cut), ArrivalFault.CLOSED),
    "octets before the handshake": (
        clear(
            b"* OK [CAPABILITY IMAP4rev1 STARTTLS]\r\n", a_line, b"S001 OK begin\r\n* CAPABILITY AUTH=PLAIN\r\nS002 OK in\r\n"
        ),
        ArrivalFault.INJECTED,
    ),
    "no to STARTTLS": (clear(b"* OK [CAPABILITY IMAP4rev1 STARTTLS]\r\n", a_line, b"S001 NO\r\n"), ArrivalFault.REJECTED),
    "no handshake follows": (
        clear(b"* OK [CAPABILITY IMAP4rev1 STARTTLS]\r\n", a_line, b"S001 OK begin\r\n", lambda peer: peer.hello()),
        ArrivalFault.TIMEOUT,
    ),
    "clear text in the handshake": (
        clear(b"* OK [CAPABILITY IMAP4rev1 STARTTLS]\r\n", a_line, b"S001 OK begin\r\n", lambda peer: peer.hello(), b"* hello\r\n"),
        ArrivalFault.TLS_FAILED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GREETINGS)
def test_before_the_login(name: str) -> None:
    """No password leaves, and the fault has its name."""
    script, fault = GREETINGS[name]
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    reading, server = look(script, security=Security.STARTTLS, port=143)
    sound(reading)
    assert reading.fault is fault, reading
    assert not any("LOGIN" in line or "AUTHENTICATE" in line for line in server.lines)
    assert time.monotonic() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000  # kilobytes


CERTIFICATES: dict[str, Callable[[Any], Leaf]] = {
    "for another name": lambda _folder: authority().issue("other", "other.example"),
    "expired": lambda _folder: authority().issue("old", "mx.club.example", days=(-90, -1)),
    "signed by nobody": lambda folder: self_signed(folder, "self", "mx.club.example"),
}


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_does_not_hold(name: str, tls: str, tmp_path: Any) -> None:
    """No password leaves to whoever it is."""
    script = mailbox(context=CERTIFICATES[name](tmp_path).context(), tls=tls)
    reading, server = look(script, security=Security.STARTTLS if tls == "starttls" else Security.IMPLICIT_TLS)
    sound(reading)
    assert (reading.fault, reading.stage) == (ArrivalFault.TLS_FAILED, ArrivalStage.HANDSHAKE)
    assert reading.tls is not None
    assert reading.tls.verify_code
    assert not any("AUTHENTICATE" in line for line in server.lines)


ECHO = (
    f"{{tag}} NO [ALERT] {PASSWORD} is wrong, c2lsdmVyIG9yY2hhcmQ= too, and AHJlYWRlckBjbHViLmV4YW1wbGUAc2lsdmVyIG9yY2hhcmQ=\r\n"
)

INSIDE: dict[str, tuple[dict[str, str], ArrivalFault, ArrivalStage]] = {
    "the password comes back": ({"AUTHENTICATE": ECHO}, ArrivalFault.LOGIN_REFUSED, ArrivalStage.LOGIN),
    "the login asks on": ({"AUTHENTICATE": "+ \r\n"}, ArrivalFault.MALFORMED, ArrivalStage.LOGIN),
    "the login is never answered": ({"AUTHENTICATE": "HUSH"}, ArrivalFault.TIMEOUT, ArrivalStage.LOGIN),
    "hangs up after the login": ({"LIST": "CUT"}, ArrivalFault.CLOSED, ArrivalStage.FOLDERS),
    "a list that is none": ({"LIST": "* LIST ((((((((((((\r\n"}, ArrivalFault.TOO_LONG, ArrivalStage.FOLDERS),
    "a folder's name of a megabyte": ({"LIST": "* LIST () NIL {1000000}\r\n"}, ArrivalFault.TOO_LONG, ArrivalStage.FOLDERS),
    "twenty thousand folders": (
        {"LIST": '* LIST (\\Junk) "/" "Junk"\r\n' * 20_000}, ArrivalFault.TOO_LONG, ArrivalStage.FOLDERS,
    ),
    "the inbox cannot be opened": ({"EXAMINE": "{tag} NO gone\r\n"}, ArrivalFault.REJECTED, ArrivalStage.SEARCH),
    "the mailbox cannot be searched": ({"SEARCH": "{tag} NO no\r\n"}, ArrivalFault.REJECTED, ArrivalStage.SEARCH),
    "words for numbers": ({"SEARCH": "* SEARCH many\r\n{tag} OK\r\n"}, ArrivalFault.MALFORMED, ArrivalStage.SEARCH),
    "numbers without end": (
        {"SEARCH": ("* SEARCH" + " 4294967295" * 1_000 + "\r\n") * 20}, ArrivalFault.TOO_LONG, ArrivalStage.SEARCH,
    ),
    "the next command's answer first": ({"SEARCH": "S099 OK\r\n"}, ArrivalFault.MALFORMED, ArrivalStage.SEARCH),
    "says good-bye": ({"SEARCH": "* BYE shutting down\r\n"}, ArrivalFault.REJECTED, ArrivalStage.SEARCH),
    "a message of 4 GB": (
        {"FETCH": "* 1 FETCH (UID 101 BODY[]<0> {4294967295}\r\n"}, ArrivalFault.TOO_LONG, ArrivalStage.FETCH,
    ),
    "half a message": ({"FETCH": "* 1 FETCH (UID 101 BODY[]<0> {500}\r\nhalf"}, ArrivalFault.TIMEOUT, ArrivalStage.FETCH),
    "an answer to FETCH that is none": ({"FETCH": '* 1 FETCH (UID "\r\n'}, ArrivalFault.MALFORMED, ArrivalStage.FETCH),
    "the message cannot be read": ({"FETCH": "{tag} NO broken disk\r\n"}, ArrivalFault.REJECTED, ArrivalStage.FETCH),
    "no good-bye": ({"LOGOUT": "HUSH"}, ArrivalFault.NONE, ArrivalStage.LOGOUT),
    "nonsense for a good-bye": ({"LOGOUT": "x" * 70_000}, ArrivalFault.NONE, ArrivalStage.LOGOUT),
}  # fmt: skip


@pytest.mark.parametrize("name", INSIDE)
def test_after_the_login(name: str) -> None:
    """The password was presented once, and nothing that comes back shows it."""
    replies, fault, stage = INSIDE[name]
    script = mailbox(replies=replies)
    script.boxes["INBOX"].messages.append(MESSAGE)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    timeouts = QUICK if fault is ArrivalFault.TIMEOUT else PATIENT
    reading, server = look(script, world=World(budget=10, timeouts=timeouts))
    sound(reading)
    assert (reading.fault, reading.stage) == (fault, stage), reading
    assert sum("AUTHENTICATE" in line for line in server.lines) == 1
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32_000  # kilobytes, the server's own part included


def in_words(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


ECHOES = {name: f"{{tag}} NO {spell(PASSWORD)}\r\n" for name, spell in SPELLINGS.items()}
ECHOES |= {
    f"{name}, in words": f"{{tag}} NO bad {in_words(spell(PASSWORD))}\r\n"
    for name, spell in SPELLINGS.items()
    if name != "uuencode"
}
ECHOES |= {
    "letter by letter": f"{{tag}} NO {'-'.join(PASSWORD)}\r\n",
    "in three answers": "* OK sil- ver\r\n* OK orc- har\r\n{tag} NO silve rorch ard\r\n",
    "as a code": "{tag} NO [SILVERORCHARD] no\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", ECHOES)
def test_the_password_comes_back_in_another_shape(name: str) -> None:
    """In pieces or encoded: in no part of the reading, whose other facts stay."""
    assert leaks(ECHOES[name], PASSWORD)
    reading, _ = look(mailbox(replies={"AUTHENTICATE": ECHOES[name]}))
    sound(reading)
    assert (reading.fault, reading.reply.partition(" ")[0]) == (ArrivalFault.LOGIN_REFUSED, "NO")


def test_another_message_for_the_answer() -> None:
    """A FETCH of what was not asked for is nobody's answer; what was asked for is not there."""
    script = mailbox(replies={"FETCH": "* 1 FETCH (UID 7 BODY[]<0> {3}\r\nabc)\r\n{tag} OK\r\n"})
    script.boxes["INBOX"].messages.append(MESSAGE)
    reading, _ = look(script)
    sound(reading)
    assert (reading.state, reading.found) == (State.OK, False)


def test_the_password_as_a_folders_name() -> None:
    """Whatever the server calls its folders, flags and messages."""

    class Echo(ImapScript):
        async def _on_fetch(self, peer: Peer, tag: str, rest: str) -> None:
            text = f'* 1 FETCH (UID 101 FLAGS ({PASSWORD}) INTERNALDATE "{PASSWORD}" BODY[]<0> {{{len(MESSAGE)}}}\r\n'
            await peer.send(text.encode() + MESSAGE + f")\r\n{tag} OK {PASSWORD}\r\n".encode())

    boxes = {"INBOX": Box(), f"Junk/{PASSWORD}": Box(attributes="\\Junk", messages=[MESSAGE])}
    said: list[str] = []
    reading, _ = look(Echo(boxes=boxes, context=good().context()), world=World(say=said.append))
    sound(reading)
    assert reading.found
    assert reading.folder is not None
    assert "silver" not in reading.folder.name + "".join(said)


def test_cut_while_waiting() -> None:
    """The connection is lost between two looks: nobody logs in again, and what is known is said."""

    class Cutting(ImapScript):
        async def _on_examine(self, peer: Peer, tag: str, rest: str) -> None:
            if self.boxes["INBOX"].opened:
                peer.cut()
            await super()._on_examine(peer, tag, rest)

    script = Cutting(boxes={"INBOX": Box()}, context=good().context())
    reading, _ = look(script, world=World(budget=8))
    sound(reading)
    assert (reading.state, reading.fault) == (State.SERVFAIL, ArrivalFault.CLOSED)
    assert script.logins == 1
    assert "rounds of looking" in transcript(reading)


def test_late_in_the_last_look() -> None:
    """Once everything was looked at, being late at the very end does not turn the answer into a failure."""

    class Late(ImapScript):
        async def _on_examine(self, peer: Peer, tag: str, rest: str) -> None:
            if self.boxes["INBOX"].opened:
                await peer.until_gone()
            await super()._on_examine(peer, tag, rest)

    reading, _ = look(Late(boxes={"INBOX": Box()}, context=good().context()), world=World(budget=1.5))
    sound(reading)
    assert (reading.state, reading.found) == (State.OK, False)


def test_slow_drops_do_not_outlast_the_run() -> None:
    """One octet now and then is no answer, and the budget holds."""

    async def script(peer: Peer) -> None:
        import asyncio

        while True:
            await peer.send(b"*")
            await asyncio.sleep(0.05)

    began = time.monotonic()
    reading, _ = look(script, security=Security.STARTTLS, world=World(budget=0.6))
    sound(reading)
    assert reading.fault is ArrivalFault.TIMEOUT
    assert time.monotonic() - began < 1.2
