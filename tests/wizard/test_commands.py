"""The commands' own manners: what they refuse, what they warn of, and what they say of a file that is for another command."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from tests.wizard.test_terminal import NOWHERE, run
from wizard import documents
from wizard.options import World

SETTINGS = """\
[[servers]]
name = "Lab"
default = true
sender.email = "o@club.example"
host = "127.0.0.1"
port = 9
security = "starttls"
username = "o@club.example"
password = { source = "file", ref = "lab.password" }
"""
ANSWERS = 'sender.email = "o@club.example"\nhost = "127.0.0.1"\nconnection = "9 starttls"\n[password]\nsource = "file"\nref = "lab.password"\n'


def kept(folder: Path, mode: int = 0o600) -> None:
    """Write settings and their password."""
    (folder / "a.toml").write_text(SETTINGS)
    (folder / "lab.password").write_text("x\n")
    (folder / "lab.password").chmod(mode)


@pytest.mark.parametrize("allow", [(), ("--allow", "look"), ("--allow", "look,login")])
def test_an_address_for_the_test_message_without_leave_to_send_sends_nothing_and_says_so(
    tmp_path: Path, allow: tuple[str, ...]
) -> None:
    kept(tmp_path)
    found = run("check", "a.toml", "--to", "me@club.example", *allow, *NOWHERE, cwd=tmp_path)
    assert found.returncode == 2, "nothing listens there"
    assert "Nothing is sent" in found.stderr
    assert "--allow look,login,send" in found.stderr


@pytest.mark.parametrize(
    "command",
    [("check", "a.toml"), ("send-test", "a.toml", "--to", "me@club.example", "--yes"), ("wizard", "a.toml", "--no-input")],
)
def test_a_password_file_that_others_may_read_is_warned_of_before_the_result(tmp_path: Path, command: tuple[str, ...]) -> None:
    kept(tmp_path, 0o644)
    found = run(*command, *NOWHERE, cwd=tmp_path)
    assert "Warning: Other users of this machine may read the password file lab.password" in found.stderr
    assert "chmod 600" in found.stderr
    (tmp_path / "lab.password").chmod(0o600)
    assert "Warning" not in run(*command, *NOWHERE, cwd=tmp_path).stderr


def test_a_test_address_without_leave_to_send_is_told_how(tmp_path: Path) -> None:
    kept(tmp_path)
    found = run("wizard", "a.toml", "--no-input", "--to", "<me@club.example>", *NOWHERE, cwd=tmp_path)
    assert "No test message was sent to me@club.example, because this run did not allow it" in found.stderr
    assert "sendready send-test a.toml --to me@club.example" in found.stderr


def test_selectors_are_taken_from_files_and_set_and_stand_in_the_review(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text('selectors = ["house", "garden"]\n' + ANSWERS)
    by_file = run("wizard", "b.toml", "--answers", "answers.toml", "--no-input", "--dry-run", cwd=tmp_path)
    assert "DKIM selectors       house, garden" in by_file.stdout
    (tmp_path / "plain.toml").write_text(ANSWERS)
    by_set = run(
        "wizard", "b.toml", "--answers", "plain.toml", "--set", "selectors=house,garden", "--no-input", "--dry-run", cwd=tmp_path
    )
    assert by_set.stdout == by_file.stdout


@pytest.mark.parametrize(
    ("typed", "code"), [("nonsense", 64), ("x@", 64), ("", 0), ("o@club.example", 0), ("<o@club.example>", 0)]
)
def test_spf_takes_an_address_or_nothing_as_sender(tmp_path: Path, typed: str, code: int) -> None:
    found = run("spf", "--ip", "192.0.2.1", "--mail-from", typed, "--helo", "mail.club.example", *NOWHERE, cwd=tmp_path)
    assert found.returncode == code, found.stderr
    if code == 0:
        assert "1 look-ups" not in found.stdout


@pytest.mark.parametrize(
    ("command", "file", "says"),
    [
        ("render", "a.toml", "this is not a report of sendready, but a settings file. To check it: sendready check a.toml"),
        ("render", "answers.toml", "but a file of answers for the wizard. To use it: sendready wizard --answers answers.toml"),
        ("render", "evidence.json", "To judge it again: sendready judge evidence.json"),
        (
            "judge",
            "report.json",
            "this is not an evidence file of sendready, but a report of sendready. To show it: sendready render",
        ),
        ("verify", "report.json", "this is not a dispatcher config of sendready, but a report"),
        ("render", "dispatcher.json", "sendready verify dispatcher.json"),
        (
            "check",
            "report.json",
            "this is not a settings file, but a report of sendready. To show it: sendready render report.json",
        ),
        ("check", "answers.toml", "sendready wizard --answers answers.toml"),
        ("render", "noise.txt", "noise.txt: this is not a report of sendready."),
        ("judge", "noise.txt", "noise.txt: this is not an evidence file of sendready."),
        ("verify", "noise.bin", "it is not even UTF-8 text"),
        ("render", "list.json", "this is not a report of sendready."),
    ],
)
def test_a_file_for_another_command_gets_that_command_named(tmp_path: Path, command: str, file: str, says: str) -> None:
    kept(tmp_path)
    (tmp_path / "answers.toml").write_text(ANSWERS)
    (tmp_path / "noise.txt").write_text("Hello\n")
    (tmp_path / "noise.bin").write_bytes(b"\xff\xfe\0")
    (tmp_path / "list.json").write_text("[1]")
    for name in ("report", "evidence", "dispatcher"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"schema": f"sendready.{name}/1"}))
    found = run(command, file, cwd=tmp_path)
    assert (found.returncode, found.stdout) == (65, ""), found.stderr
    assert says in found.stderr
    assert "Expecting value" not in found.stderr


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("wizard", "FILE"), "a settings file"),
        (("wizard", "FILE", "--no-input"), "a settings file"),
        (("wizard", "new.toml", "--no-input", "--answers", "FILE"), "a file of answers for the wizard"),
        (("check", "FILE"), "a settings file"),
        (("send-test", "FILE", "--to", "qa@tester.example", "--yes"), "a settings file"),
        (("route", "FILE", "--from", "a@club.example", "--to", "b@club.example"), "a settings file"),
        (("audit", "FILE"), "a list of targets"),
    ],
)
@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("report.json", '{"schema": "sendready.report/1"}', "a report of sendready. To show it: sendready render report.json\n"),
        ("my evidence", '\n {"schema": "sendready.evidence/1"}', "To judge it again: sendready judge 'my evidence'\n"),
        ("other.json", '{"a": 1}', "JSON.\n"),
        ("list.json", '["club.example"]', "JSON.\n"),
        ("torn.json", '{"schema": "sendready.report/1", "checks": [', "JSON.\n"),
    ],
)
def test_json_is_not_called_bad_toml(
    tmp_path: Path, arguments: tuple[str, ...], wanted: str, file: str, text: str, words: str
) -> None:
    """Whoever gives a report where settings, answers or targets belong is told what it is, and what to type instead."""
    (tmp_path / file).write_text(text)
    found = run(*(file if word == "FILE" else word for word in arguments), cwd=tmp_path)
    assert (found.returncode, found.stdout) == (65, "")
    assert f"{file}: this is not {wanted}, but " in found.stderr
    assert words in found.stderr
    assert "valid TOML" not in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_settings_with_a_mistake_are_still_called_settings(tmp_path: Path) -> None:
    """Only JSON is something else for the wizard; a table of TOML begins with a bracket, too."""
    (tmp_path / "a.toml").write_text('[[servers]]\nname = "Mail"\nport = 70000\n')
    found = run("wizard", "a.toml", "--no-input", cwd=tmp_path)
    assert found.returncode == 65
    assert "servers[1].port" in found.stderr
    assert "JSON" not in found.stderr


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (PermissionError(13, "Permission denied"), 65, "permission denied"),
        (FileNotFoundError(2, "No such file"), 64, "There is no file"),
        (IsADirectoryError(21, "Is a directory"), 64, "is a folder"),
        (OSError(5, "Input/output error"), 65, "Input/output error"),
    ],
)
def test_a_file_that_may_not_be_read_is_not_called_missing(
    monkeypatch: pytest.MonkeyPatch, error: OSError, code: int, says: str
) -> None:
    def refuse(self: Path, encoding: str) -> str:
        raise error

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(click.ClickException) as caught:
        documents.text_of(Path("report.json"), "report")
    assert says in caught.value.message
    assert (64 if isinstance(caught.value, click.UsageError) else caught.value.exit_code) == code


def test_a_run_is_dated_when_it_looks_and_not_when_the_questions_began() -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    world = World(
        nameservers=(), timeout=1, allow_private=False, ca_file=None, port_map={}, evidence=None, now=long_ago, taken_at=long_ago
    )  # fmt: skip
    found = world.renewed()
    assert abs(found.taken_at.timestamp() - time.time()) < 5
    assert found.now == found.taken_at
    given = replace(world, now=datetime(2027, 1, 15, tzinfo=UTC)).renewed()
    assert given.now == datetime(2027, 1, 15, tzinfo=UTC)
    assert abs(given.taken_at.timestamp() - time.time()) < 5
