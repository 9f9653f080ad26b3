"""`--arrival` and `--arrival-password`: what is understood, what is refused, and what becomes of a saved message."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import Readings, State, from_json, to_json
from checks.probes import KINDS, ArrivalReading
from checks.probes.arrival import MAX_MESSAGE, saved_probe
from checks.secret import LeakGuard, Secret
from checks.settings import Security
from checks.subject import ServerSubject, Way
from tests.fakes.imap_world import MESSAGE
from tests.wizard.test_commands import SETTINGS
from tests.wizard.test_terminal import NOWHERE, run
from wizard.arrival import SCHEMA, Asked, UnusableError, asked, mailbox, masked, of_message, saved
from wizard.options import secret_reference
from wizard.present import BETWEEN_LINES, waiting_line
from wizard.request import Request, from_document

HANDOVER = {
    "address": "192.0.2.7",
    "helo": "mx.club.example",
    "mail_from": "",
    "rcpt_to": ["a@b.example"],
    "tls_version": "TLSv1.3",
}


def only(readings: Readings) -> ArrivalReading:
    [reading] = readings.values()
    assert isinstance(reading, ArrivalReading)
    return reading


# --- a mailbox ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "rest", "expected"),
    [
        ("imap", "me%40club.example@imap.club.example", ("imap.club.example", 143, Security.STARTTLS, "me@club.example")),
        ("imaps", "me@club.example@IMAP.club.example/", ("imap.club.example", 993, Security.IMPLICIT_TLS, "me@club.example")),
        ("imap", "me@imap.club.example:993", ("imap.club.example", 993, Security.IMPLICIT_TLS, "me")),
        ("imap", "me@127.0.0.1:10143", ("127.0.0.1", 10143, Security.STARTTLS, "me")),
        ("imaps", "me@[::1]:993", ("::1", 993, Security.IMPLICIT_TLS, "me")),
        ("imap", "imap.club.example", ("imap.club.example", 143, Security.STARTTLS, "to@club.example")),
    ],
)
def test_a_mailbox(scheme: str, rest: str, expected: tuple[object, ...]) -> None:
    """Host, port, how it is encrypted, and the user, who is the test address if nobody else is named."""
    one = mailbox(scheme, rest, "to@club.example")
    assert (one.host, one.port, one.security, one.username) == expected
    again, _, place = one.given.partition("://")
    assert mailbox(again, place, "") == one, "what the report repeats means the same"


@pytest.mark.parametrize(
    ("scheme", "rest"),
    [
        ("imap", "me:canary@imap.club.example"),
        ("imap", "me;AUTH=PLAIN@imap.club.example"),
        ("imap", "me@imap.club.example/INBOX"),
        ("imap", "me@imap.club.example:0"),
        ("imap", "me@imap.club.example:99999"),
        ("imap", "me@"),
        ("imap", ""),
        ("imap", "me%0aX@imap.club.example"),
        ("imap", "me@-_-"),
        ("pop3", "me@pop.club.example"),
        ("https", "mail.club.example/canary"),
    ],
)
def test_what_is_no_mailbox(scheme: str, rest: str) -> None:
    """Refused with a sentence that repeats nothing."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        mailbox(scheme, rest, "to@club.example")
    assert "canary" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_mailbox_or_a_sentence(text: str) -> None:
    try:
        one = mailbox("imap", text, "")
    except ValueError:
        return
    assert one.host
    assert one.username


def test_a_mailbox_needs_a_message_and_a_password() -> None:
    url = "imap://me@imap.club.example"
    with pytest.raises(click.UsageError, match="--allow look,login,send"):
        asked(url, password=("env", "X"), to="", sends=False)
    with pytest.raises(click.UsageError, match="--arrival-password file:"):
        asked(url, password=None, to="", sends=True)
    with pytest.raises(click.UsageError, match="goes with a mailbox"):
        asked(None, password=("env", "X"), to="", sends=True)
    found = asked(url, password=("env", "X"), to="", sends=True)
    assert found.waits
    assert found.arrival is not None
    assert found.arrival.password is not None
    assert (found.arrival.password.source, found.arrival.password.ref) == ("env", "X")
    assert asked(None, password=None, to="", sends=False) == Asked()


@pytest.mark.parametrize("text", ["canary", "canary:x", "file:", "env:a-b", "keyring:canary", "credential:../x"])
def test_a_password_itself_is_not_taken(text: str) -> None:
    """Whatever is given instead of a place, the message does not repeat it."""
    with pytest.raises(click.BadParameter) as caught:
        secret_reference(click.Context(click.Command("x")), click.Option(["--x"]), text)
    assert "canary" not in caught.value.message


def test_a_file_on_the_command_line_starts_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    context, option = click.Context(click.Command("x")), click.Option(["--x"])
    assert secret_reference(context, option, "file:pw") == ("file", str(tmp_path / "pw"))
    assert secret_reference(context, option, "command:pass show a:b") == ("command", "pass show a:b")


# --- a saved message ------------------------------------------------------------------------------------------------------


def test_a_saved_message(tmp_path: Path) -> None:
    """Its octets, and nothing that nobody knows."""
    file = tmp_path / "message.eml"
    file.write_bytes(MESSAGE)
    found = saved(str(file))
    reading = only(found.readings)
    assert (reading.state, reading.found, reading.cut, reading.folder, reading.handover) == (State.OK, True, False, None, None)
    assert reading.raw.encode("latin-1") == MESSAGE
    assert found.arrival is not None
    assert (found.arrival.way, found.arrival.sha256) == (Way.FILE, sha256(MESSAGE).hexdigest())
    assert list(found.readings) == [saved_probe(found.arrival)]
    assert from_json(to_json(found.readings, about={}), KINDS)[0] == found.readings


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSAGE)))
    assert only(saved("-").readings).raw.encode("latin-1") == MESSAGE


def test_a_large_message_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "large.eml"
    file.write_bytes(MESSAGE + b"x" * 2 * MAX_MESSAGE)
    reading = only(saved(str(file)).readings)
    assert (reading.cut, len(reading.raw), reading.size) == (True, MAX_MESSAGE, file.stat().st_size)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "nothing in it"),
        (b" \r\n\r\n", "nothing in it"),
        (b"\xd0\xcf\x11\xe0 outlook", ".msg"),
        (b"<html>hello</html>", "no mail message"),
        (b'{"schema": "sendready.report/1"}', "no mail message"),
        (b"\x00\xff" * 100, "no mail message"),
    ],
)
def test_what_is_no_message(content: bytes, says: str, tmp_path: Path) -> None:
    """Told in a sentence that says how to save one."""
    file = tmp_path / "message.eml"
    file.write_bytes(content)
    with pytest.raises(UnusableError, match=says):
        saved(str(file))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="no such file"):
        saved(str(tmp_path / "missing.eml"))
    with pytest.raises(UnusableError, match="folder"):
        saved(str(tmp_path))


def test_what_receive_wrote_is_taken_up_by_either_name(tmp_path: Path) -> None:
    """The message and the note belong together by the message's checksum."""
    (tmp_path / "a.eml").write_bytes(MESSAGE)
    note = {"schema": SCHEMA, "file": "a.eml", "sha256": sha256(MESSAGE).hexdigest(), "connection": HANDOVER}
    (tmp_path / "a.json").write_text(json.dumps(note))
    for name in ("a.eml", "a.json"):
        found = saved(str(tmp_path / name))
        assert found.arrival is not None
        assert found.arrival.way is Way.RECEIVER
        handover = only(found.readings).handover
        assert handover is not None
        assert (handover.helo, handover.rcpt_to, handover.tls_version) == ("mx.club.example", ("a@b.example",), "TLSv1.3")
    (tmp_path / "a.eml").write_bytes(MESSAGE + b"changed")
    assert only(saved(str(tmp_path / "a.eml")).readings).handover is None
    with pytest.raises(UnusableError, match="changed since"):
        saved(str(tmp_path / "a.json"))


@pytest.mark.parametrize(
    "change", [{"file": "../a.eml"}, {"file": 7}, {"connection": {"address": 1}}, {"connection": None}, {"file": "b.eml"}]
)
def test_notes_that_do_not_hold(change: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MESSAGE)
    note = {"schema": SCHEMA, "file": "a.eml", "sha256": sha256(MESSAGE).hexdigest(), "connection": HANDOVER} | change
    (tmp_path / "n.json").write_text(json.dumps(note))
    with pytest.raises(UnusableError):
        saved(str(tmp_path / "n.json"))


def test_a_password_in_a_saved_message_does_not_stop_the_report() -> None:
    """It is taken out of the evidence, and the reading says so."""
    guard = LeakGuard()
    guard.learn(Secret("silver orchard"))
    found = of_message(MESSAGE + b"silver orchard", given="-")
    clean = only(masked(found.readings, guard))
    assert clean.masked
    assert "silver" not in clean.raw
    assert masked(of_message(MESSAGE, given="-").readings, guard) == {}


# --- what becomes of it -------------------------------------------------------------------------------------------------------


def test_the_request_keeps_it(tmp_path: Path) -> None:
    """Saved evidence can be judged again; only the server that sends is asked about."""
    from datetime import UTC, datetime

    from wizard.store import load

    (tmp_path / "a.toml").write_text(
        SETTINGS + SETTINGS.replace("Lab", "Other").replace("default = true", 'filter = ["x@club.example"]')
    )
    settings = load(tmp_path / "a.toml").settings
    one = asked("imap://me@imap.club.example", password=("env", "X"), to="", sends=True).arrival
    request = Request(settings=settings, name="a.toml", to="me@club.example", message="sendready-1", arrival=one)
    assert from_document(json.loads(json.dumps(request.document()))) == request
    subjects = [subject for subject in request.subjects(datetime.now(UTC)) if isinstance(subject, ServerSubject)]
    assert [subject.arrival for subject in subjects] == [one, None]
    with pytest.raises(ValueError, match="arrival"):
        from_document(request.document() | {"arrival": {"way": "pigeon"}})
    assert replace(request, arrival=None).document().get("arrival") is None


class Terminal(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, *, tty: bool) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def fileno(self) -> int:
        raise OSError


def test_waiting_is_shown() -> None:
    """On a terminal one line that is written over; in a log a line now and then; never anything unescaped."""
    screen, log, now = Terminal(tty=True), Terminal(tty=False), [0.0]
    for stream in (screen, log):
        show = waiting_line(stream, lambda: now[0])
        show("waiting in \x1b[2JJunk, 0 s")
        now[0] += 1
        show("waiting in Junk, 1 s")
        now[0] += BETWEEN_LINES
        show("waiting in Junk, 31 s")
    assert screen.getvalue().count("\r\x1b[K") == 3
    assert "\x1b[2J" not in screen.getvalue() + log.getvalue()
    assert [line for line in log.getvalue().splitlines() if line.endswith("1 s")] == ["waiting in Junk, 31 s"]
    assert len(log.getvalue().splitlines()) == 2


def test_the_commands_take_it(tmp_path: Path) -> None:
    """A saved message goes with settings, into the evidence, and nothing is sent for it."""
    (tmp_path / "a.toml").write_text(SETTINGS)
    (tmp_path / "m.eml").write_bytes(MESSAGE)
    found = run("check", "a.toml", "--arrival", "m.eml", "--output", "out", *NOWHERE, cwd=tmp_path)
    assert found.returncode == 2, "nothing listens there"
    request = json.loads((tmp_path / "out" / "evidence.json").read_text())["request"]
    assert request["arrival"] == {"way": "file", "sha256": sha256(MESSAGE).hexdigest(), "given": "m.eml"}
    assert run("judge", "out/evidence.json", cwd=tmp_path).returncode == 2
    for arguments, code, says in (
        (("check", "--domain", "club.example", "--arrival", "imaps://me@x.example"), 64, "settings file"),
        (("check", "--domain", "club.example", "--arrival", "none.eml"), 65, "no such file"),
        (("check", "a.toml", "--arrival", "imaps://me:canary@x.example"), 64, "password does not belong"),
        (("check", "a.toml", "--arrival", "none.eml"), 65, "no such file"),
        (("send-test", "a.toml", "--to", "me@club.example", "--yes", "--arrival", "imaps://x.example"), 64, "--arrival-password"),
    ):
        found = run(*arguments, *NOWHERE, cwd=tmp_path)
        assert (found.returncode, found.stdout) == (code, "")
        assert says in found.stderr
        assert "canary" not in found.stderr


def test_a_saved_message_shows_the_selector_of_a_bare_domain(tmp_path: Path) -> None:
    """`check --domain D --arrival FILE`: what the message is signed with is looked for in DNS; the evidence keeps the message."""
    (tmp_path / "m.eml").write_bytes(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=club.example; s=odd7; h=from; bh=AAAA; b=AAAA\r\n" + MESSAGE
    )
    found = run(
        "check", "--domain", "club.example", "--arrival", "m.eml", "--only", "dkim.key", "--output", "out", *NOWHERE, cwd=tmp_path
    )
    assert found.returncode == 3, "no name server answers"
    readings = json.loads((tmp_path / "out" / "evidence.json").read_text())["readings"]
    assert "dns odd7._domainkey.club.example TXT" in {row["id"] for row in readings}
    assert run("judge", "out/evidence.json", cwd=tmp_path).returncode == 3
