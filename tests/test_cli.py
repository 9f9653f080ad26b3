"""The command line itself: helps, codes, streams, start-up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from wizard import exits
from wizard.cli import COMMANDS
from wizard.terminal import safe

ROOT = Path(__file__).resolve().parent.parent
DEAD = ("--nameserver", "127.0.0.1:1", "--timeout", "3")


def sendready(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wizard", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )


def test_help_names_every_command_without_importing_them() -> None:
    """`--help` is complete, and loads neither pydantic nor dnspython nor jinja2: that is why it is quick."""
    done = sendready("--help")
    assert done.returncode == 0
    assert [name for name in COMMANDS if name not in done.stdout] == []
    probe = "import sys, wizard.cli as c; c._run(['--help']); print(sorted({m.partition('.')[0] for m in sys.modules} & {'pydantic','dns','jinja2','cryptography','rich','questionary'}))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_each_command_has_a_help(name: str) -> None:
    """Every command explains itself."""
    done = sendready(name, "--help")
    assert done.returncode == 0
    assert "Usage: sendready" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("chekc",), exits.USAGE, 'Did you mean "check"'),
        (("check",), exits.USAGE, "--domain"),
        (("check", "--domain", "not a domain"), exits.USAGE, "example.org"),
        (("check", "--domain", "a@b.example"), exits.USAGE, "behind the @"),
        (("check", "--domain", "club.example", "--only", "sfp"), exits.USAGE, '"sfp" is no check'),
        (("check", "--domain", "club.example", "--nameserver", "nonsense"), exits.USAGE, "nameserver"),
        (("check", "--domain", "club.example", "--allow", "everything"), exits.USAGE, "look"),
        (("check", "--domain", "club.example", "--allow", ","), exits.USAGE, "nothing would be checked"),
        (("check", "--domain", "club.example", "--allow", "look,send"), exits.USAGE, "send includes login"),
        (("check", "--domain", "club.example", "--allow", "login"), exits.USAGE, "login includes look"),
        (("check", "--domain", "club.example", "--now", "9999-12-31T23:59:59-12:00"), exits.USAGE, "9999"),
        (("check", "--domain", "club.example", "--port-map", "587"), exits.USAGE, "587:10587"),
        (("check", "--domain", "club.example", "--now", "tomorrow"), exits.USAGE, "ISO 8601"),
        (("check", "--domain", "club.example", "--sending-ip", "1.2.3"), exits.USAGE, "192.0.2.7"),
        (("check", "missing.toml"), exits.INVALID, "sendready wizard"),
        (("explain", "spf.recrod"), exits.USAGE, "spf.record"),
        (("providers", "microsft365"), exits.USAGE, "microsoft365"),
    ],
)
def test_wrong_usage_is_explained(arguments: tuple[str, ...], code: int, says: str) -> None:
    """A slip gets a sentence, the documented code, and nothing on stdout."""
    done = sendready(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_settings_name_every_field(tmp_path: Path) -> None:
    """All problems at once, exit 65."""
    file = tmp_path / "s.toml"
    file.write_text('[[servers]]\nname = "a"\nhsot = "x"\nport = 99999\n', "utf-8")
    done = sendready("check", str(file))
    assert done.returncode == exits.INVALID
    assert 'did you mean "host"' in done.stderr
    assert "servers[1].port" in done.stderr


def test_json_goes_to_stdout_alone_and_follows_its_schema() -> None:
    """`--format json` is one document that our schema accepts; with a dead resolver the exit code is 3."""
    done = sendready("check", "--domain", "club.example", "--format", "json", *DEAD)
    document = json.loads(done.stdout)
    schema = json.loads(sendready("schema", "report").stdout)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert (done.returncode, document["exit_code"], document["verdict"]) == (3, 3, "not-fully-tested")


@pytest.mark.parametrize("name", ["settings", "report", "dispatcher"])
def test_schemas_are_schemas(name: str) -> None:
    """`sendready schema` prints valid JSON Schema with an id."""
    schema = json.loads(sendready("schema", name).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"]


def test_explain_knows_checks_codes_and_replies() -> None:
    """A code, a check, a family and a pasted reply are all explained; an unknown reply is not guessed at."""
    assert "Why it matters" in sendready("explain", "spf.record").stdout
    assert "spf.multiple-records" in sendready("explain", "spf.multiple-records").stdout
    known = sendready("explain", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant")
    assert "Tenant" in known.stdout
    assert "https://" in known.stdout
    assert "do not guess" in sendready("explain", "599 9.9.9 purple monkey").stdout


def test_a_closed_pipe_leaves_no_traceback() -> None:
    """`sendready explain | head -1` ends quietly."""
    line = f"{sys.executable} -m wizard explain | head -1"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr == ""


def test_no_core_dump_can_hold_a_password() -> None:
    """The running program has a core limit of zero."""
    probe = "import wizard.cli as c, resource; c._limit_core_dumps(); print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    assert (
        subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == "0"
    )


def test_the_terminal_door_lets_no_control_character_through() -> None:
    """ESC, C1, bidirectional and invisible characters are written out."""
    hostile = "".join(map(chr, range(0x20))) + "\x7f\x80\x9b\u202e\u2066\u200b\ufeff\ud800"
    shown = safe(hostile + "plain ä")
    assert shown.endswith("plain ä")
    assert all(char.isprintable() for char in shown)
    assert "\\u001b" in shown
    assert "\\u202e" in shown


def test_the_worst_code_is_the_one_to_see_first() -> None:
    """Not ready outweighs not fully tested; invalid input outweighs both."""
    assert exits.worst([0, 1, 3, 2]) == 2
    assert exits.worst([0, 3, 1]) == 3
    assert exits.worst([2, 65]) == 65
    assert exits.worst([]) == 0


def test_an_output_that_cannot_be_written_is_told_before_anything_is_done(tmp_path: Path) -> None:
    """A file where the folder should be: exit 65 at once, nothing asked."""
    (tmp_path / "file").write_text("x", "utf-8")
    done = sendready("check", "--domain", "club.example", "--output", str(tmp_path / "file" / "sub"), *DEAD)
    assert (done.returncode, done.stdout) == (exits.INVALID, "")
    assert "--output" in done.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"request": "x"}, {"request": [1]}, {"request": {"settings": 5}}, {"request": {"settings": []}}, {"request": {}},
        {"request": {"domain": 5}}, {"request": {"domain": "club.example", "sending_ips": "192.0.2.1"}},
        {"request": {"domain": "club.example", "sending_ips": ["x"]}}, {"request": {"domain": "club.example", "only": ["zzz"]}},
        {"taken_at": "0001-01-01T00:00:00+14:00"}, {"vantage": 3}, {"readings": 3}, {"readings": [{"kind": "dns"}]}, {"schema": "x"},
    ],
)  # fmt: skip
def test_evidence_that_somebody_edited_is_refused_with_a_sentence(tmp_path: Path, change: dict[str, object]) -> None:
    """Exit 65, no traceback, whatever is in the file."""
    sendready("check", "--domain", "club.example", "--output", str(tmp_path), "--only", "spf.record", *DEAD)
    document = json.loads((tmp_path / "evidence.json").read_text("utf-8"))
    (tmp_path / "evidence.json").write_text(json.dumps({**document, **change}), "utf-8")
    done = sendready("judge", str(tmp_path / "evidence.json"))
    assert (done.returncode, done.stdout) == (exits.INVALID, ""), done.stderr
    assert len(done.stderr) < 500


def test_a_part_of_a_check_does_not_stamp_the_settings(tmp_path: Path) -> None:
    """`--only` leaves dispatcher.json unstamped, and verify says so; a later judge of that evidence does not stamp it either."""
    file = tmp_path / "s.toml"
    file.write_text(
        '[[servers]]\nname = "a"\ndefault = true\nsender = { email = "a@club.example" }\nhost = "smtp.club.example"\nport = 587\nsecurity = "starttls"\nauth = "none"\n',
        "utf-8",
    )
    done = sendready("check", str(file), "--only", "settings.default-server", "--output", str(tmp_path / "out"), *DEAD)
    assert done.returncode == 0
    assert "not stamped" in done.stderr
    assert sendready("verify", str(tmp_path / "out" / "dispatcher.json")).returncode == 3
    sendready("judge", str(tmp_path / "out" / "evidence.json"), "--output", str(tmp_path / "again"))
    assert json.loads((tmp_path / "again" / "dispatcher.json").read_text("utf-8"))["verified"] is None
