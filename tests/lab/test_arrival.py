"""The test message on its whole way: sent through a real Postfix, found by IMAP in a real Dovecot, inbox and junk, and left as it was."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.engine import Run
from checks.evidence import Effect, to_json
from checks.gather.imap import ImapGatherer
from checks.probes import ArrivalFault, ArrivalProbe, ArrivalReading, MailFolder
from checks.probes.arrival import mailbox_probe
from checks.rules._arrival import arrived, need_arrived
from checks.secret import LeakGuard, Secret, SecretSource
from checks.settings import SecretRef
from checks.subject import Arrival, ServerSubject
from tests.fakes.imap_world import LETTER, MARK, MESSAGE
from wizard.arrival import mailbox
from wizard.options import World
from wizard.request import Request
from wizard.run import live
from wizard.store import load

from .dovecot import MAIL_USER
from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .names import FRIENDS, IMAP_HOST, READER, UMLAUT, Account
from .test_program import run, settings

pytestmark = pytest.mark.lab
TO = READER.owns[0]


def world(lab: Lab, *ports: tuple[int, int], seconds: float = 30.0) -> World:
    host, _, port = lab.nameserver.rpartition(":")
    now = datetime.now(UTC)
    return World(
        nameservers=((host, int(port)),),
        timeout=seconds,
        allow_private=True,
        ca_file=lab.ca_file,
        port_map=dict(ports),
        evidence=None,
        now=now,
        taken_at=now,
    )


def subject_of(lab: Lab, folder: Path, arrival: Arrival, mark: str) -> ServerSubject:
    """Return the lab's healthy server with a test message to the reader, who is asked by IMAP."""
    (folder / "imap.password").write_text(READER.password + "\n", "utf-8")
    arrival = replace(arrival, password=SecretRef(source=SecretSource.FILE, ref="imap.password"))
    loaded = load(settings(folder, lab)).settings
    request = Request(settings=loaded, name="settings.toml", to=TO, message=mark, arrival=arrival, allow_private=True)
    return next(one for one in request.subjects(datetime.now(UTC)) if isinstance(one, ServerSubject))


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_sent_and_found(scheme: str, lab: Lab, tmp_path: Path) -> None:
    """Engine, helper and gatherers: the message is sent first and then found; every rule that asks gets the same reading for one login."""
    mark = f"sendready-arrival-{scheme}"
    lab.mailbox(TO).clear()
    subject = subject_of(lab, tmp_path, mailbox(scheme, IMAP_HOST, TO), mark)
    guard, said = LeakGuard(), list[str]()
    engine = Run(allow=frozenset(Effect), deadline=30)
    before = lab.dovecot.log_text().count("imap-login: Info: Login")

    async def go() -> tuple[ArrivalReading | None, ArrivalReading | None]:
        ports = ((587, lab.ports["submission"]), (143, lab.ports["imap"]), (993, lab.ports["imaps"]))
        async with live(world(lab, *ports), tmp_path, guard, say=said.append) as gather:
            engine.gather = gather
            return await engine.answer(lambda ev: arrived(subject, ev)), await engine.answer(lambda ev: need_arrived(subject, ev))

    reading, again = asyncio.run(go())
    assert reading is not None
    assert reading is again
    assert (reading.found, reading.fault, reading.folder) == (True, ArrivalFault.NONE, MailFolder(name="INBOX")), reading
    assert f"X-Sendready-Id: {mark}" in reading.raw
    assert "Received: " in reading.raw
    assert reading.internal_date
    assert reading.tls is not None
    assert reading.tls.verified
    [delivery] = lab.mailbox(TO).deliveries()
    assert delivery.path.parent.name == "new", "it is not even marked as seen"
    assert reading.raw.replace("\r\n", "\n").encode("latin-1") == delivery.raw.replace(b"\r\n", b"\n")
    assert lab.dovecot.log_text().count("imap-login: Info: Login") == before + 1
    text = to_json(engine.readings, about={})
    assert READER.password not in text
    assert not guard.leaks(text)


def test_what_is_not_sent_is_not_looked_for(lab: Lab, tmp_path: Path) -> None:
    """Without leave to send there is no message and no login to the mailbox."""
    subject = subject_of(lab, tmp_path, mailbox("imap", IMAP_HOST, TO), "sendready-never")
    engine = Run(allow=frozenset({Effect.LOOK, Effect.LOGIN}), deadline=30)

    async def go() -> ArrivalReading | None:
        async with live(world(lab, (587, lab.ports["submission"])), tmp_path, LeakGuard()) as gather:
            engine.gather = gather
            return await engine.answer(lambda ev: arrived(subject, ev))

    assert asyncio.run(go()) is None
    assert not any(isinstance(probe, ArrivalProbe) for probe in engine.readings)


def test_the_whole_program(lab: Lab, tmp_path: Path) -> None:
    """`send-test --arrival`: the reference is kept, the password nowhere, and the report says what was asked for."""
    (tmp_path / "imap.password").write_text(READER.password + "\n", "utf-8")
    (tmp_path / "imap.password").chmod(0o600)
    outcome = run(
        lab, "send-test", str(settings(tmp_path, lab)), "--to", TO, "--yes", "--output", str(tmp_path / "out"),
        "--arrival", f"imaps://{IMAP_HOST}", "--arrival-password", f"file:{tmp_path / 'imap.password'}",
        "--port-map", f"587:{lab.ports['submission']}", "--port-map", f"993:{lab.ports['imaps']}",
    )  # fmt: skip
    assert outcome.findings("fail", "broken") == {}
    assert outcome.report["subject"]["arrival"] == f"imaps://reader%40friends.example@{IMAP_HOST}:993"
    assert not any("look into the mailbox" in sentence for sentence in outcome.report["vantage"]["not_tested"])
    for file in (tmp_path / "out").iterdir():
        assert READER.password not in file.read_text("utf-8")


# --- the mailbox alone ----------------------------------------------------------------------------------------------------


def put(lab: Lab, account: Account, folder: str, message: bytes = MESSAGE) -> Path:
    """Store a message in a folder of a Maildir, as a delivery would."""
    box = lab.mailbox(account.owns[0]).path
    place = box / folder
    for name in ("cur", "new", "tmp"):
        (place / name).mkdir(parents=True, exist_ok=True)
    file = place / "new" / f"{time.time():.6f}.lab.{MARK}"
    file.write_bytes(message)
    for path in (box.parent, *box.parent.rglob("*")):
        shutil.chown(path, MAIL_USER, MAIL_USER)
    return file


def look(lab: Lab, *, account: Account = READER, password: str = "", seconds: float = 6.0, **changes: Any) -> ArrivalReading:
    arrival = mailbox("imap", IMAP_HOST, account.username)
    arrival = replace(arrival, password=SecretRef(source=SecretSource.FILE, ref="x"))
    question = mailbox_probe(arrival, addresses=("127.0.0.1",), message_id=LETTER.message_id, mark=MARK)
    gatherer = ImapGatherer(
        resolve_secret=lambda _source, _ref: Secret(password or account.password),
        ca_file=str(lab.ca_file),
        port_map={143: lab.ports["imap"]},
    )
    reading = asyncio.run(gatherer(replace(question, **changes), seconds))
    assert isinstance(reading, ArrivalReading)
    assert account.password not in to_json({question: reading}, about={})
    return reading


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (".Kram", MailFolder(name="Kram", special_use="\\Junk", junk=True)),
        (".Junk-E-Mail", MailFolder(name="Junk-E-Mail", junk=True)),
        (".Courrier ind&AOk-sirable", MailFolder(name="Courrier indésirable", junk=True)),
    ],
    ids=["by its special use", "by its name", "in French"],
)
def test_found_in_junk(folder: str, expected: MailFolder, lab: Lab) -> None:
    """By what the server says, or what the folder is called; nothing is changed there."""
    box = lab.mailbox(TO).path
    shutil.rmtree(box, ignore_errors=True)
    put(lab, READER, ".", b"Subject: another\n\nhello\n")
    file = put(lab, READER, folder)
    reading = look(lab)
    assert (reading.found, reading.folder) == (True, expected), reading
    assert file.exists()
    shutil.rmtree(box)


def test_it_comes_while_we_wait(lab: Lab) -> None:
    """Found at a later look, on the same connection."""
    shutil.rmtree(lab.mailbox(TO).path, ignore_errors=True)
    put(lab, READER, ".", b"Subject: another\n\nhello\n")

    async def later() -> ArrivalReading:
        async def deliver() -> None:
            await asyncio.sleep(0.5)
            await asyncio.to_thread(put, lab, READER, ".")

        return (await asyncio.gather(asyncio.to_thread(look, lab, seconds=15.0), deliver()))[0]

    reading = asyncio.run(later())
    assert reading.found
    assert reading.waited >= 0.5
    shutil.rmtree(lab.mailbox(TO).path)


def test_it_does_not_come(lab: Lab) -> None:
    reading = look(lab, seconds=1.5, message_id=f"nobody@{FRIENDS}", mark="sendready-nobody")
    assert (reading.found, reading.fault) == (False, ArrivalFault.NONE)


def test_a_wrong_password(lab: Lab) -> None:
    """One attempt, and the server's words."""
    reading = look(lab, password="wrong-canary")
    assert reading.fault is ArrivalFault.LOGIN_REFUSED
    assert "AUTHENTICATIONFAILED" in reading.reply
    assert "wrong-canary" not in repr(reading)


def test_a_password_with_umlauts(lab: Lab) -> None:
    put(lab, UMLAUT, ".")
    reading = look(lab, account=UMLAUT)
    assert reading.found
    shutil.rmtree(lab.mailbox(UMLAUT.owns[0]).path)


def test_a_server_with_another_name(lab: Lab) -> None:
    """The password does not go to whoever has a certificate for something else."""
    reading = look(lab, host="imap.elsewhere.example")
    assert reading.fault is ArrivalFault.TLS_FAILED
