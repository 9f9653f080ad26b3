"""Passwords are found where the reference says, exactly as they are, and no message shows one."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from checks.secret import Secret
from wizard import secrets
from wizard.secrets import exists, remarks, resolve, store_secret

CANARY = "SECRETCANARY-7f3a"
PASSWORDS = ["a", " leading", "trailing ", "two  spaces", "tab\tinside", "ümläut€", 'quo"te', "apo'strophe", "$HOME `x` \\", "#hash", "%s%n", "=equals", "ends\n", "emoji😀", "x" * 500]  # fmt: skip


@pytest.mark.parametrize("value", PASSWORDS)
def test_a_stored_password_comes_back_character_for_character(tmp_path: Path, value: str) -> None:
    store_secret("file", "smtp.password", Secret(value), tmp_path)
    assert resolve("file", "smtp.password", tmp_path).reveal() == value
    assert (tmp_path / "smtp.password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("raw", "value"), [(b"pw", "pw"), (b"pw\n", "pw"), (b"pw\r\n", "pw"), (b"pw\n\n", "pw\n"), (b" pw \n", " pw ")]
)
def test_exactly_one_line_end_is_not_part_of_the_password(tmp_path: Path, raw: bytes, value: str) -> None:
    (tmp_path / "p").write_bytes(raw)
    assert resolve("file", "p", tmp_path).reveal() == value


def test_a_file_is_looked_for_beside_the_settings_and_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(CANARY)
    (tmp_path / "link").symlink_to("real")
    assert resolve("file", "link", tmp_path).reveal() == CANARY
    assert resolve("file", str(tmp_path / "real"), Path("/nowhere")).reveal() == CANARY


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 70_000, "larger than"),
    ],
)
def test_an_unusable_file_is_named_with_what_is_wrong(tmp_path: Path, raw: bytes | None, says: str) -> None:
    if raw is not None:
        (tmp_path / "smtp.password").write_bytes(raw)
    with pytest.raises(LookupError, match=says) as caught:
        resolve("file", "smtp.password", tmp_path)
    assert "smtp.password" in str(caught.value)


def test_a_pipe_in_the_place_of_a_password_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LookupError, match="not an ordinary file"):
        resolve("file", "pipe", tmp_path)


def test_a_file_that_others_may_read_is_used_and_remarked(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("pw")
    (tmp_path / "p").chmod(0o644)
    assert resolve("file", "p", tmp_path).reveal() == "pw"
    assert "chmod 600" in remarks("file", "p", tmp_path)[0]
    (tmp_path / "p").chmod(0o600)
    assert not remarks("file", "p", tmp_path)


def test_an_environment_variable_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PW", "pw\n")
    assert resolve("env", "SMTP_PW", tmp_path).reveal() == "pw\n"
    monkeypatch.delenv("SMTP_PW")
    with pytest.raises(LookupError, match="SMTP_PW is not set"):
        resolve("env", "SMTP_PW", tmp_path)


def test_a_password_that_is_no_utf_8_is_refused_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wire takes it: said in the sentence that files get, before anybody is called."""
    latin = os.fsdecode("grüße-geheim".encode("latin-1"))
    monkeypatch.setenv("MAIL_SECRET", latin)
    ring = Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    ring.set_password("sendready", "me", latin)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "pw").write_bytes(os.fsencode(latin))
    printing = f'{shlex.quote(sys.executable)} -c "import sys; sys.stdout.buffer.write(bytes([103, 252]))"'
    for source, ref in (("env", "MAIL_SECRET"), ("keyring", "sendready/me"), ("credential", "pw"), ("command", printing)):
        with pytest.raises(LookupError, match="not UTF-8 text") as caught:
            resolve(source, ref, tmp_path)
        assert "geheim" not in str(caught.value)
    with pytest.raises(LookupError, match="not UTF-8 text"):
        store_secret("file", "new.password", Secret(latin), tmp_path)


def test_a_credential_lies_in_systemds_folder_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(LookupError, match="LoadCredential=smtp"):
        resolve("credential", "smtp", tmp_path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "smtp").write_text("pw\n")
    assert resolve("credential", "smtp", Path("/nowhere")).reveal() == "pw"
    with pytest.raises(LookupError, match="no slash"):
        resolve("credential", "../smtp", tmp_path)


def command(code: str) -> str:
    return f"{sys.executable} -c '{code}'"


def test_a_command_gives_its_first_line(tmp_path: Path) -> None:
    assert resolve("command", command('print("pw 1"); print("note")'), tmp_path).reveal() == "pw 1"


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    assert resolve("command", "printf %s $HOME;touch\\ x", tmp_path).reveal() == "$HOME;touch x"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "says"),
    [("/no/such/program x", "could not be started"), ("echo 'open", "unclosed quote"), (" ", "is empty"), (command("raise SystemExit(3)"), "exit code 3"), ("true", "first line"), (command('print("x"*80000)'), "more than")],
)  # fmt: skip
def test_a_failing_command_is_explained(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(LookupError, match=says):
        resolve("command", line, tmp_path)


def test_a_command_that_waits_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(LookupError, match=r"did not end within 0\.3 seconds"):
        resolve("command", "sh -c 'echo $$ > pid; sleep 60 & sleep 60'", tmp_path)
    assert time.monotonic() - begun < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_command_inherits_no_mail_password_and_no_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMTP_PASSWORD", "OTHER_SECRET_PLACE", "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("VAULT_TOKEN", "needed")
    code = 'import os, sys; print(sorted(n for n in os.environ if n in ("SMTP_PASSWORD","OTHER_SECRET_PLACE","CREDENTIALS_DIRECTORY","VAULT_TOKEN")), sys.stdin.read())'
    line = f"{sys.executable} -c {shlex.quote(code)}"
    assert resolve("command", line, tmp_path, hide=["OTHER_SECRET_PLACE"]).reveal() == "['VAULT_TOKEN'] "


class Ring:
    """A keyring backend in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_keyring(self) -> Any:
        return self

    def get_password(self, service: str, user: str) -> str | None:
        return self.entries.get((service, user))

    def set_password(self, service: str, user: str, value: str) -> None:
        self.entries[service, user] = value


def test_the_keyring_keeps_and_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Ring())
    assert not exists("keyring", "sendready/me", tmp_path)
    with pytest.raises(LookupError, match="no entry sendready/me"):
        resolve("keyring", "sendready/me", tmp_path)
    store_secret("keyring", "sendready/me", Secret(CANARY), tmp_path)
    assert exists("keyring", "sendready/me", tmp_path)
    assert resolve("keyring", "sendready/me", tmp_path).reveal() == CANARY


def test_a_machine_without_a_keyring_says_so_and_nothing_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backends.fail
    import keyring.core

    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    with pytest.raises(LookupError, match="no keyring that can be used"):
        store_secret("keyring", "sendready/me", Secret(CANARY), tmp_path)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(LookupError, match="not installed"):
        resolve("keyring", "sendready/me", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("source", ["env", "command", "credential"])
def test_what_only_refers_is_never_written(tmp_path: Path, source: str) -> None:
    with pytest.raises(LookupError, match="put it there yourself") as caught:
        store_secret(source, "x", Secret(CANARY), tmp_path)
    assert CANARY not in str(caught.value)


def test_a_password_is_not_written_through_a_planted_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "p").symlink_to(victim)
    with pytest.raises(LookupError, match="symbolic link"):
        store_secret("file", "p", Secret(CANARY), tmp_path)
    assert victim.read_text() == "untouched"


def test_no_message_shows_what_a_command_printed(tmp_path: Path) -> None:
    with pytest.raises(LookupError) as caught:
        resolve("command", command(f'import sys; print("{CANARY}"); print("{CANARY}", file=sys.stderr); sys.exit(1)'), tmp_path)
    assert CANARY not in str(caught.value).replace(sys.executable, "")
