"""One password goes out once in a run, however the settings write it; two different ones may each be tried."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from checks.evidence import State
from checks.gather.imap import ImapGatherer
from checks.gather.smtp import SmtpGatherer
from checks.gather.smtp_once import Once
from checks.probes import ArrivalFault, ArrivalReading, Fault, SubmissionReading
from checks.secret import Secret, SecretSource
from tests.fakes import imap_world, smtp_world
from tests.fakes.smtp_server import FakeServer
from tests.fakes.smtp_world import QUICK, transcript
from tests.gather.test_smtp_login import server

KEPT = {"pw": "correct horse", "./pw": "correct horse", "MAIL_PASSWORD": "correct horse", "other": "purple wagon"}
ELSEWHERE: Mapping[str, dict[str, object]] = {
    "another way to write the file": {"secret_ref": "./pw"},
    "another place of the password": {"secret_source": SecretSource.ENV, "secret_ref": "MAIL_PASSWORD"},
    "another spelling of the user": {"username": "Office@Club.example"},
    "another port": {"port": 2525},
    "the host's name with its dot": {"host": "mx.club.example."},
    "all of these": {"secret_ref": "./pw", "username": "OFFICE@club.example", "port": 2525},
}


def resolve(_source: SecretSource, ref: str) -> Secret:
    return Secret(KEPT[ref])


def submissions(password: str, *changes: dict[str, object]) -> tuple[list[SubmissionReading], int]:
    """Ask several questions of one gatherer, one after the other; return the readings and how often AUTH was said."""

    async def run() -> tuple[list[SubmissionReading], int]:
        async with FakeServer(server(password=password)) as fake:
            world = smtp_world.World(resolve=resolve, timeouts=QUICK)
            gather: SmtpGatherer = world.gatherer({587: fake.port, 2525: fake.port})
            found = [await gather(smtp_world.probe(**({"secret_ref": "pw"} | one)), 20) for one in changes]
            return [reading for reading in found if isinstance(reading, SubmissionReading)], fake.verbs.count("AUTH")

    return asyncio.run(run())


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_wrong_password_is_presented_once(name: str) -> None:
    """Whoever asks again gets the first one's answer, and the transcript says that nothing was sent."""
    (first, second), attempts = submissions("another", {}, ELSEWHERE[name])
    assert attempts == 1
    assert (second.fault, second.auth) == (first.fault, first.auth) == (Fault.REJECTED, first.auth)
    assert "not tried again" in transcript(second)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_right_password_is_presented_once(name: str) -> None:
    """Whatever the port: the second is told so in words."""
    (first, second), attempts = submissions("correct horse", {}, ELSEWHERE[name])
    assert attempts == 1
    assert (first.fault, second.fault, second.state) == (Fault.NONE, Fault.ALREADY_TRIED, State.NOT_ATTEMPTED)
    assert "does not go out twice" in second.detail


def test_another_password_is_another_login() -> None:
    """The first being wrong says nothing about the second."""
    (first, second), attempts = submissions(
        "purple wagon",
        {},
        {"secret_ref": "other"},
    )
    assert attempts == 2
    assert (first.fault, second.fault) == (Fault.REJECTED, Fault.NONE)


@pytest.mark.parametrize("error", [RuntimeError(), asyncio.CancelledError()])
def test_a_conversation_that_broke_off_in_our_own_code_may_have_said_it(error: BaseException) -> None:
    """Whatever went wrong on our side, the login does not go out again."""

    async def broken() -> SubmissionReading:
        raise error

    async def run() -> object:
        once, login = Once(), ("mx.club.example", "office@club.example", b"digest")
        with pytest.raises(type(error)):
            await once(login, broken)
        return await once(login, broken)

    reading = asyncio.run(run())
    assert isinstance(reading, SubmissionReading)
    assert reading.fault is Fault.ALREADY_TRIED


@pytest.mark.parametrize("change", [{"secret_ref": "./pw"}, {"username": "Reader@club.example"}, {"port": 994}])
def test_a_mailbox_is_opened_once(change: dict[str, object]) -> None:
    """The same for the mailbox that the message should arrive in."""
    script = imap_world.mailbox(password="another")

    async def run() -> list[ArrivalReading]:
        async with FakeServer(script) as fake:
            gather: ImapGatherer = imap_world.World(resolve=resolve).gatherer({993: fake.port, 994: fake.port})
            asked = ({"secret_ref": "pw"}, {"secret_ref": "pw"} | change)
            found = [await gather(imap_world.probe(**one), 2) for one in asked]
            return [reading for reading in found if isinstance(reading, ArrivalReading)]

    first, second = asyncio.run(run())
    assert (first.fault, second.fault) == (ArrivalFault.LOGIN_REFUSED, ArrivalFault.LOGIN_REFUSED)
    assert script.logins == 1
    assert "not tried twice" in second.detail


def test_a_password_that_no_wire_can_carry() -> None:
    """Half a surrogate pair, however it came there: said in words, and nobody is called."""
    bad = smtp_world.World(resolve=lambda _source, _ref: Secret("gr\udcfcn"))
    reading, mail = smtp_world.submit(server(), world=bad)
    assert (reading.fault, mail.peers) == (Fault.NO_SECRET, [])
    assert "not UTF-8" in reading.detail
    arrival, box = imap_world.look(
        imap_world.mailbox(), world=imap_world.World(resolve=lambda _source, _ref: Secret("gr\udcfcn"))
    )
    assert (arrival.fault, box.peers) == (ArrivalFault.NO_SECRET, [])


@pytest.mark.parametrize("value", ["correct\nhorse", "correct horse\r\nfoo", "\ncorrect horse", "horse\r"])
def test_a_password_of_several_lines_is_not_tried(value: str) -> None:
    """The server would call it wrong, and nobody would look for the second line."""
    reading, mail = smtp_world.submit(server(), world=smtp_world.World(resolve=lambda _source, _ref: Secret(value)))
    assert (reading.fault, mail.peers) == (Fault.NO_SECRET, [])
    assert "line break" in reading.detail
    assert "horse" not in reading.detail
    arrival, box = imap_world.look(imap_world.mailbox(), world=imap_world.World(resolve=lambda _source, _ref: Secret(value)))
    assert (arrival.fault, box.peers) == (ArrivalFault.NO_SECRET, [])
