"""The real program in a pseudo-terminal: what a person sees and types, and what is on the disk afterwards."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wizard.terminal import ROOT, SECONDS, Terminal
from wizard.store import load

CANARY = "SECRETCANARY-7f3a"
# Nobody listens there, so that the checks end at once: the server's port is closed, DNS is unknown. The deadline is long, because a
# busy machine that runs out of time before it has tried the port finds "not fully tested" in place of "not ready".
NOWHERE = ("--nameserver", "127.0.0.1:9", "--timeout", "60")
PLAIN = [
    ("Which address does the mail come from", "office@club.example"),
    ("Which name do recipients see", "Club"),
    ("Where do replies go", ""),
    ("Which server takes the mail", "127.0.0.1"),
    ("Which port", "9 starttls"),
    ("What do you want to call", "Lab"),
    ("How does the dispatcher log in", ""),
    ("Which user name", ""),
    ("Where is the password kept", "1"),
    ("What is that place called", ""),
    ("The password", CANARY),
    ("Which senders use this server", ""),
    ("Is there a limit", "3"),
    ("How many messages", "500"),
    ("What is the DKIM selector", ""),
    ("another server", ""),
    ("Who hands the mail", ""),
    ("What opens when", ""),
    ("Turn test mode on", ""),
    ("Who must never get mail", "@rival.example"),
    ("How many recipients", "800"),
    ("How many such mailings", "-"),
    ("At what time", "-"),
    ("one test message", "me@club.example"),
    ("Save these settings", "1"),
]


def play(terminal: Terminal, script: list[tuple[str, str]]) -> None:
    """Answer each question when it comes, with its prompt shown."""
    for words, typed in script:
        terminal.wait_for(words)
        terminal.wait_for(".*?> $")
        if words == "The password":
            assert not terminal.echoes()
        terminal.type(typed)


def run(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program with no terminal."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "XDG_STATE_HOME": str(cwd / "state"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, "-m", "wizard", *arguments],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_an_interactive_run_replayed_as_an_answers_file_writes_the_identical_settings(tmp_path: Path) -> None:
    with Terminal("wizard", "a.toml", "--plain", "--save-answers", "answers.toml", *NOWHERE, cwd=tmp_path) as terminal:
        play(terminal, PLAIN)
        terminal.wait_for("wrote a.toml")
        play(terminal, [("Send one test message now, to me@club.example, through Lab, as office@club.example", "no")])
        terminal.wait_for("What to do next")
        code = terminal.ends()
    assert code == 2  # the port is closed
    assert CANARY not in terminal.screen
    assert "Taken: 17 characters." in terminal.screen
    assert (tmp_path / "lab.password").read_text() == CANARY + "\n"
    assert CANARY not in (tmp_path / "a.toml").read_text() + (tmp_path / "answers.toml").read_text()
    assert stat.S_IMODE((tmp_path / "a.toml").stat().st_mode) == 0o600
    assert {entry.name for entry in (tmp_path / "a-report").iterdir()} == {
        "report.html",
        "report.json",
        "evidence.json",
        "dispatcher.json",
    }
    assert not any(CANARY in entry.read_text() for entry in (tmp_path / "a-report").iterdir())
    assert not list((tmp_path / "state").rglob("*.json"))

    replayed = run("wizard", "b.toml", "--answers", "answers.toml", "--no-input", *NOWHERE, cwd=tmp_path)
    assert replayed.returncode == code, replayed.stderr
    assert (tmp_path / "b.toml").read_bytes() == (tmp_path / "a.toml").read_bytes()
    by_stdin = run("wizard", "c.toml", "--answers", "-", *NOWHERE, cwd=tmp_path, stdin=(tmp_path / "answers.toml").read_text())
    assert by_stdin.returncode == code, by_stdin.stderr
    assert (tmp_path / "c.toml").read_bytes() == (tmp_path / "a.toml").read_bytes()


def test_menus_and_lines_of_the_full_terminal_give_settings_too(tmp_path: Path) -> None:
    down = "\x1b[B"
    script = [
        ("come from", "office@club.example\r"),
        ("Which name do recipients see", "\r"),
        ("Where do replies go", "\r"),
        ("Which server takes the mail", "smtp.office365.com\r"),
        ("Which port", "\r"),  # the catalogue's proposal
        ("What do you want to call", "\r"),
        ("How does the dispatcher log in", "\r"),
        ("Which user name", "\r"),
        ("Where is the password kept", down + "\r"),  # an environment variable
        ("What is that place called", "SMTP_PW\r"),
        ("Which senders use this server", "\r"),
        ("Is there a limit", "\r"),
        ("What is the DKIM selector", "\r"),
        ("another server", "\r"),
        ("Who hands the mail", "\r"),
        ("What opens when", "\r"),
        ("Turn test mode on", "\r"),
        ("Who must never get mail", "\r"),
        ("How many recipients", "800\r"),
        ("How many such mailings", "\r"),
        ("At what time", "\r"),
        ("Which Microsoft 365 plan", down + down + down + "\r"),
        ("How many licences", "25\r"),
        ("one test message", "\r"),
    ]
    with Terminal("wizard", "--dry-run", *NOWHERE, cwd=tmp_path) as terminal:
        for words, keys in script:
            terminal.wait_for(words)
            terminal.wait_for(r"\?25h|\x1b\[\?1l|\x1b\[0?m? ?$|$")
            terminal.key(keys)
        assert terminal.ends() == 0
    review = terminal.screen[terminal.screen.rindex("Microsoft 365 (server 1, default)") :]
    assert "587 starttls" in review
    assert "SMTP_PW" in review
    assert "office@club.example: Microsoft 365" in review
    assert not (tmp_path / "settings.toml").exists()


def test_ctrl_c_leaves_no_settings_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with Terminal("wizard", "a.toml", "--plain", *NOWHERE, cwd=tmp_path) as terminal:
        play(terminal, PLAIN[:10])
        terminal.wait_for("The password.*?>")
        terminal.key("\x03")
        terminal.wait_for("To go on: sendready wizard a.toml --plain --nameserver 127.0.0.1:9 --timeout 60")
        assert terminal.ends() == 130
        assert terminal.echoes()
    assert not (tmp_path / "a.toml").exists()
    assert "Traceback" not in terminal.screen
    with Terminal("wizard", "a.toml", "--plain", *NOWHERE, cwd=tmp_path) as terminal:
        play(terminal, [("There is a draft", "yes"), *PLAIN[10:], ("Send one test message", "\x03")])
        assert terminal.ends() == 130
    assert load(tmp_path / "a.toml").settings.servers[0].name == "Lab"


def test_the_keys_of_the_header_act_at_once_in_a_menu_and_letters_do_nothing(tmp_path: Path) -> None:
    with Terminal(
        "wizard", "a.toml", "--set", "sender.email=o@club.example", "--set", "host=h.club.example", cwd=tmp_path
    ) as terminal:
        for words in ("Which name do recipients see", "Where do replies go"):
            terminal.wait_for_line(words)
            terminal.key("\r")
        terminal.wait_for("Which port")
        terminal.wait_for("Save a draft and leave")
        terminal.key("jjkx?")
        terminal.wait_for("STARTTLS: the connection begins unencrypted")
        terminal.wait_for("like 2525 starttls, 2525 implicit-tls or 2525 none")
        terminal.wait_for("Save a draft and leave")
        terminal.key("-")
        terminal.wait_for("cannot be skipped")
        terminal.wait_for("Save a draft and leave")
        terminal.key("<")
        terminal.wait_for_line("Where do replies go")
        terminal.key("\r")
        terminal.wait_for("Which port")
        terminal.wait_for("Save a draft and leave")
        terminal.key("j\r")  # the first choice, whatever letter was typed
        terminal.wait_for_line("What do you want to call")
        terminal.key("\r")
        terminal.wait_for("How does the dispatcher log in")
        terminal.wait_for("Save a draft and leave")
        terminal.key("!")
        terminal.wait_for("kept as a draft in ~/state/sendready/drafts/")
        terminal.wait_for(r"sendready wizard a.toml --set sender.email=o@club.example --set[ \\]+host=h.club.example")
        assert terminal.ends() == 130
    draft = next((tmp_path / "state").rglob("*.json")).read_text()
    assert '"connection": "587 starttls"' in draft


def test_going_on_with_a_draft_shows_the_answers_and_goes_back_to_each(tmp_path: Path) -> None:
    with Terminal("wizard", "a.toml", "--plain", cwd=tmp_path) as terminal:
        play(terminal, [*PLAIN[:4], ("Which port", "!")])
        assert terminal.ends() == 130
    with Terminal("wizard", "a.toml", "--plain", cwd=tmp_path) as terminal:
        play(terminal, [("There is a draft", "yes")])
        terminal.wait_for("Your answers so far.*Sender's address: office@club.example.*Sender's name: Club.*Server: 127.0.0.1")
        back = ["Which port", "Which server takes", "Where do replies", "Which name do", "Which address does"]
        play(terminal, [(words, "<") for words in back])
        play(terminal, [("This is the first question.*Which address", "!")])
        assert terminal.ends() == 130
    assert terminal.shown().overruns == []


def test_a_wrong_line_is_explained_in_full_above_and_stays_to_be_mended(tmp_path: Path) -> None:
    with Terminal("wizard", "a.toml", cwd=tmp_path) as terminal:
        terminal.wait_for_line("Which address does")
        terminal.key("office@hotel\r")
        terminal.wait_for_line("has no ending after a dot")
        terminal.key(".example\r")
        terminal.wait_for_line("Which name do recipients")
        terminal.key("!\r")
        assert terminal.ends() == 130
    screen = terminal.shown()
    assert screen.overruns == []
    said = 'the part behind the @, "hotel", has no ending after a dot (like .org); an address looks like office@example.org.'
    assert said in screen.words
    assert '"sender.email": "office@hotel.example"' in next((tmp_path / "state").rglob("*.json")).read_text()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose name fits a terminal: a path cannot be wrapped, and pytest's own are long."""
    with tempfile.TemporaryDirectory(prefix="w", dir="/tmp") as name:
        yield Path(name)


def test_in_80_columns_no_line_is_longer_and_no_word_is_broken(short_path: Path) -> None:
    with Terminal("wizard", "a.toml", *NOWHERE, cwd=short_path) as terminal:
        for words in ("Which address", "Which name", "Where do replies", "Which server takes"):
            terminal.wait_for_line(words)
            terminal.key({"Which address": "o@club.example", "Which server takes": "smtp.office365.com"}.get(words, "?") + "\r")
            if words in ("Which name", "Where do replies"):
                terminal.wait_for_line("In an answers file")
                terminal.key("\r")
        terminal.wait_for("Which port.*Save a draft and leave")
        menu = terminal.shown()
        terminal.key("!")
        terminal.wait_for("To go on")
        assert terminal.ends() == 130
    assert menu.overruns == terminal.shown().overruns == []
    assert "switched on by command, and required): documented by Microsoft 365" in menu.words  # nothing was cut off at the edge
    assert max(map(len, terminal.shown().text.split("\n"))) <= 80

    with Terminal("wizard", "b.toml", "--plain", "--dry-run", *NOWHERE, cwd=short_path) as terminal:
        for words, typed in PLAIN[:-1]:
            play(terminal, [(words, "?"), (words, typed)] if words != "The password" else [(words, typed)])
        assert terminal.ends() == 0
    assert terminal.shown().overruns == []
    assert max(map(len, terminal.shown().text.split("\n"))) <= 80
    assert "for your user only" in terminal.shown().words


def test_a_declined_test_message_is_not_sent_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[[servers]]\nname = "Lab"\ndefault = true\nsender.email = "o@club.example"\nhost = "127.0.0.1"\nport = 9\nsecurity = "starttls"\nauth = "none"\n'
    )
    with Terminal("send-test", "a.toml", "--to", "me@club.example", *NOWHERE, cwd=tmp_path) as terminal:
        terminal.wait_for("Send it.*: ")
        terminal.type("n")
        terminal.wait_for("Nothing was sent.")
        assert terminal.ends() == 130
    assert "Interrupted" not in terminal.screen
    refused = run("send-test", "a.toml", "--to", "me@club.example", *NOWHERE, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (64, "")
    assert "say --yes" in refused.stderr
    assert run("send-test", "a.toml", "--to", "me@club.example", "--yes", *NOWHERE, cwd=tmp_path).returncode == 2


def test_a_vanished_terminal_leaves_no_settings_and_keeps_the_draft(tmp_path: Path) -> None:
    terminal = Terminal("wizard", "a.toml", "--plain", cwd=tmp_path)
    with terminal:
        play(terminal, PLAIN[:3])
        terminal.wait_for("Which server takes the mail")
    assert not (tmp_path / "a.toml").exists()
    assert list((tmp_path / "state").rglob("*.json"))


def test_hostile_text_reaches_the_terminal_escaped(tmp_path: Path) -> None:
    with Terminal("wizard", "--plain", "--dry-run", "--set", "sender.name=\u202eCANARY\u200b", cwd=tmp_path) as terminal:
        play(terminal, [PLAIN[0], *PLAIN[2:10], ("The password", "x"), *PLAIN[11:-1]])
        terminal.ends()
    assert "\\u202eCANARY\\u200b" in terminal.screen
    assert "\u202e" not in terminal.screen


@pytest.mark.parametrize("flags", [(), ("--no-input",), ("--answers", "-")])
def test_without_a_terminal_nobody_waits_and_everything_missing_is_named(tmp_path: Path, flags: tuple[str, ...]) -> None:
    found = run("wizard", *flags, cwd=tmp_path)
    assert found.returncode == 65
    assert found.stdout == ""
    for key in ("sender.email", "host", "connection", "password.source", "password.ref"):
        assert f"  {key}: this is missing" in found.stderr
    assert not (tmp_path / "settings.toml").exists()


def test_a_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = run("wizard", "--no-input", "--set", f"password={CANARY}", cwd=tmp_path)
    assert found.returncode == 65
    assert CANARY not in found.stdout + found.stderr
    assert run("wizard", "--password", CANARY, cwd=tmp_path).returncode == 64


def test_a_dry_run_prints_the_review_and_writes_nothing(tmp_path: Path) -> None:
    sets = [
        "sender.email=office@club.example",
        "host=mail.club.example",
        "connection=587",
        "password.source=env",
        "password.ref=SMTP_PW",
        "test_to=me@club.example",
    ]
    found = run("wizard", "--dry-run", *[word for one in sets for word in ("--set", one)], cwd=tmp_path)
    assert found.returncode == 0
    assert "somebody@elsewhere.example: club.example (the default server)" in found.stdout
    assert "One test message goes to me@club.example" in found.stdout
    assert not list(tmp_path.iterdir())


def test_a_broken_settings_file_is_explained_and_kept(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("servers = 3\n")
    found = run("wizard", "--no-input", cwd=tmp_path)
    assert found.returncode == 65
    assert "servers (line 1): this must be a list" in found.stderr
    assert (tmp_path / "settings.toml").read_text() == "servers = 3\n"
