"""calendar.ics through the whole program: written, printed, moved by --now, and taken away when nothing comes up any more."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.reports import ics
from tests.wizard.test_terminal import NOWHERE, run

SETTINGS = """\
timezone = "Europe/Berlin"
test_mode = { enabled = true, redirect_to = "qa@club.example", until = 2027-03-01 }
[[servers]]
name = "Office 365"
default = true
sender.email = "office@club.example"
host = "smtp.office365.com"
port = 587
security = "starttls"
auth = "login"
username = "office@club.example"
password = { source = "env", ref = "SMTP_PASSWORD" }
"""
ONLY = ("--only", "settings.test-mode,office365.basic-authentication")


def codes(text: str) -> list[tuple[str, str]]:
    """Day and code of each entry."""
    events = ics.read(text.replace("\r\n", "\n").replace("\n", "\r\n")).all("VEVENT")  # text mode takes the CR away
    said = [line for event in events for line in event.text("DESCRIPTION").splitlines() if line.startswith("Code: ")]
    return [(event.properties["DTSTART"], code.removeprefix("Code: ")) for event, code in zip(events, said, strict=True)]


def test_the_calendar_follows_the_clock(tmp_path: Path) -> None:
    """Checked in November 2026, judged again later: what has come is a finding, what is still to come stays an entry."""
    (tmp_path / "club.toml").write_text(SETTINGS)
    done = run("check", "club.toml", *ONLY, *NOWHERE, "--now", "2026-11-23T09:00:00Z", "--output", "out", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "wrote out/calendar.ics" in done.stderr
    file = tmp_path / "out" / "calendar.ics"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    octets = file.read_bytes()
    ending, mode = ("20261221", "office365.password-login-ending"), ("20270301", "settings.test-mode-on")
    assert codes(octets.decode()) == [ending, mode]
    printed = run("render", "out/report.json", "--format", "ics", cwd=tmp_path).stdout
    assert codes(printed) == [ending, mode]
    assert "What comes up" in (tmp_path / "out" / "report.html").read_text("utf-8")

    def judged(now: str) -> list[tuple[str, str]]:
        found = run("judge", "out/evidence.json", "--now", now, "--format", "ics", "--output", "again", cwd=tmp_path)
        assert (tmp_path / "again" / "calendar.ics").exists() is bool(codes(found.stdout))
        return codes(found.stdout)

    off = ("20270701", "office365.password-login-off-by-default")
    certain = ("20270101", "office365.password-login-ending")
    assert judged("2026-12-20T23:59:59Z") == [ending, mode]
    assert judged("2026-12-21T00:00:00Z") == [certain, mode], "the last days of December have begun"
    assert judged("2026-12-31T23:59:59Z") == [certain, mode]
    assert judged("2027-01-01T00:00:00Z") == [mode, off]
    assert judged("2027-03-01T22:59:59Z") == [mode, off]
    assert judged("2027-03-01T23:00:00Z") == [off], "test mode is overdue now, in Berlin"
    assert judged("2027-07-01T00:00:00Z") == [], "the file of the run before is gone"


def test_a_domain_alone_has_nothing_to_come(tmp_path: Path) -> None:
    """No file is written; the format prints a calendar without entries."""
    done = run("check", "--domain", "club.example", "--only", "spf.record", "--nameserver", "127.0.0.1:9", "--timeout", "2", "--format", "ics", "--output", "out", cwd=tmp_path)  # fmt: skip
    assert codes(done.stdout) == []
    assert not (tmp_path / "out" / "calendar.ics").exists()
