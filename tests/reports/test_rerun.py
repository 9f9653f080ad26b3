"""The command to check again repeats what produced the finding."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from checks.model import CheckResult, Outcome, Status
from reports.model import FindingEntry, Report, build
from reports.rerun import command, command_for_all, rows
from tests.reports import sample

TWO = {"kind": "settings", "file": "club settings.toml", "servers": [{"name": "Office 365"}, {"name": "-b; rm"}]}
ONE = {"kind": "settings", "file": "s.toml", "servers": [{"name": "only"}]}
MAILBOX = {"arrival": "imaps://qa%40a.example@imap.a.example:993", "arrival_password": "env:IMAP"}
DOMAIN = {"kind": "domain", "name": "club.example", "domains": ["club.example"]}


def made(subject: dict[str, Any], vantage: dict[str, Any], code: str, about: str) -> tuple[Report, FindingEntry]:
    said = Outcome(code=code, status=Status.FAIL, title="so")(about=about)
    results = [CheckResult(check="x.y", findings=(said,))]
    report = build(results=results, tool="t", taken_at=sample.TAKEN, subject=subject, vantage=vantage)
    return report, report.checks[0].findings[0]


@pytest.mark.parametrize(
    ("subject", "vantage", "of", "code", "about", "wanted"),
    [
        (DOMAIN, {}, "domain", "spf.missing", "club.example", "--domain club.example --only spf.missing"),
        (
            DOMAIN | {"sending_ips": ["192.0.2.1", "2001:db8::1"], "selectors": ["s1"]}, {}, "domain", "mx.x", "club.example",
            "--domain club.example --sending-ip 192.0.2.1 --sending-ip 2001:db8::1 --selector s1 --only mx.x",
        ),
        (ONE, {}, "domain", "spf.missing", "club.example", "s.toml --only spf.missing"),
        (ONE, {}, "server", "tls.x", "only", "s.toml --only tls.x"),
        (TWO, {}, "server", "tls.x", "Office 365", "'club settings.toml' --server 'Office 365' --only tls.x"),
        (TWO, {}, "server", "tls.x", "-b; rm", "'club settings.toml' --server '-b; rm' --only tls.x"),
        (TWO, {}, "domain", "spf.x", "Office 365", "'club settings.toml' --only spf.x"),
        (TWO | {"server": "Office 365"}, {}, "domain", "spf.x", "a.example", "'club settings.toml' --server 'Office 365' --only spf.x"),
        (TWO, {}, "settings", "settings.x", "settings", "'club settings.toml' --only settings.x"),
        (ONE | {"file": "-x.toml"}, {}, "domain", "spf.x", "a", "./-x.toml --only spf.x"),
        (DOMAIN, {"nameservers": ["the system's"]}, "domain", "spf.x", "a", "--domain club.example --only spf.x"),
        (
            DOMAIN, {"nameservers": ["127.0.0.1:53", "[::1]:53"], "allow_private": True}, "domain", "spf.x", "a",
            "--domain club.example --only spf.x --nameserver 127.0.0.1:53 --nameserver '[::1]:53' --allow-private",
        ),
        (DOMAIN, {"allow_private": False, "port_map": {}}, "domain", "spf.x", "a", "--domain club.example --only spf.x"),
        (ONE, {"ca_file": True, "ca_path": "my ca.pem"}, "server", "tls.x", "only", "s.toml --only tls.x --ca-file 'my ca.pem'"),
        (ONE, {"port_map": {"587": 10587}}, "server", "tls.x", "only", "s.toml --only tls.x --port-map 587:10587"),
        (ONE, {"allowed": ["look"]}, "server", "tls.x", "only", "s.toml --only tls.x --allow look"),
        (
            ONE | {"test_message": {"to": "qa@a.example", "id": "x"}}, {"allowed": ["look", "login", "send"]}, "server", "send.message-refused", "only",
            "s.toml --only send.message-refused --allow look,login,send --to qa@a.example",
        ),
        (
            ONE | {"test_message": {"to": "qa@a.example", "id": "x"}}, {"allowed": ["look", "login", "send"]}, "server", "auth.x", "only",
            "s.toml --only auth.x",
        ),
        (
            ONE | MAILBOX | {"test_message": {"to": "qa@a.example"}}, {"allowed": ["look", "login", "send"]}, "server", "arrival.spf-not-passed", "only",
            "s.toml --only arrival.spf-not-passed --allow look,login,send --to qa@a.example --arrival imaps://qa%40a.example@imap.a.example:993 --arrival-password env:IMAP",
        ),
        (
            ONE | MAILBOX | {"test_message": {"to": "qa@a.example"}}, {"allowed": ["look", "login", "send"]}, "domain", "spf.x", "a",
            "s.toml --only spf.x",
        ),
        (DOMAIN | {"arrival": "my message.eml"}, {}, "domain", "dkim.x", "a", "--domain club.example --only dkim.x --arrival 'my message.eml'"),
        (DOMAIN | {"arrival": "-"}, {}, "domain", "dkim.x", "a", "--domain club.example --only dkim.x"),
    ],
)  # fmt: skip
def test_the_command_repeats_the_run(subject: Any, vantage: Any, of: str, code: str, about: str, wanted: str) -> None:
    """Settings stay settings: their servers and selectors decide what is found. Only --domain runs get --domain."""
    report, finding = made(subject, vantage, code, about)
    assert " ".join(command(report, of, finding)) == f"sendready check {wanted}"


def test_a_shell_reads_back_what_was_meant() -> None:
    """Whatever a server is called, it is one word and runs nothing."""
    name = "$(touch x) `id` '\" \\ ü"
    report, finding = made(ONE | {"servers": [{"name": name}, {"name": "b"}]}, {}, "tls.x", name)
    assert shlex.split(" ".join(command(report, "server", finding)))[4] == name


def test_the_program_takes_the_command() -> None:
    """Every flag that is printed exists."""
    from wizard.commands.check import command as click_command

    flags = {flag for param in click_command.params for flag in param.opts}
    subject = TWO | {"sending_ips": ["192.0.2.1"], "selectors": ["s"], "test_message": {"to": "a@b.example", "id": "x"}}
    vantage = {"nameservers": ["192.0.2.1:53"], "allow_private": True, "port_map": {"1": 2}, "allowed": ["look", "login", "send"]}
    report, finding = made(subject, vantage, "send.x", "Office 365")
    used = {word for word in command(report, "server", finding) if word.startswith("--")}
    assert len(used) == 9
    assert used <= flags


def test_one_command_for_many() -> None:
    """A few codes are named, more become families, and many families the whole check."""

    def only(*codes: str) -> str:
        report, finding = made(DOMAIN, {}, "spf.x", "a")
        pairs = [("domain", finding.model_copy(update={"code": code})) for code in codes]
        return " ".join(command_for_all(report, pairs)).removeprefix("sendready check --domain club.example").strip()

    assert only("spf.a", "spf.b") == "--only spf.a,spf.b"
    assert only("spf.a", "spf.b", "spf.c", "mx.a") == "--only spf,mx"
    assert only("spf.a", "mx.a", "dkim.a", "dmarc.a", "reverse.a") == ""


LONG = TWO | {
    "sending_ips": ["2001:db8::25", "192.0.2.1"],
    "selectors": ["selector1-club-example"],
    "file": "customer's settings.toml",
}
WORLD = {"nameservers": ["192.0.2.53:53", "[2001:db8::53]:53"], "allow_private": True, "port_map": {"587": 10587}}


@pytest.mark.parametrize("width", [60, 72, 80])
def test_a_command_of_several_lines_is_pasted_as_one(width: int, tmp_path: Path) -> None:
    """No line is wider than asked, and a shell reads the lines as the one command that was meant."""
    report, finding = made(LONG, WORLD, "office365.limit-above-provider", "Office 365")
    words = command(report, "server", finding)
    shown = rows(words, width, indent=9)
    assert max(map(len, shown)) <= width
    assert len(shown) > 3
    assert all(row.endswith(" \\") for row in shown[:-1])
    program = tmp_path / "sendready"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    told = subprocess.run(
        ["/bin/sh", "-c", "\n".join(shown)], env={"PATH": f"{tmp_path}:/bin:/usr/bin"}, capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == shlex.split(" ".join(words))[1:]


def test_a_flag_keeps_its_value_beside_it() -> None:
    report, finding = made(LONG, WORLD, "spf.missing", "Office 365")
    shown = rows(command(report, "server", finding), 60)
    assert not [row for row in shown if row.removesuffix(" \\").split()[-1] in ("--server", "--only", "--nameserver")]
    assert rows(("sendready", "check", "a.toml"), 80, indent=2) == ["  sendready check a.toml"]


def test_long_codes_are_given_one_by_one() -> None:
    """So that no line needs to be longer than a terminal."""
    report, finding = made(DOMAIN, {}, "office365.limit-above-provider", "a")
    other = finding.model_copy(update={"code": "office365.external-recipients-above-limit"})
    assert command_for_all(report, [("domain", finding), ("domain", other)])[-4:] == (
        "--only",
        "office365.limit-above-provider",
        "--only",
        "office365.external-recipients-above-limit",
    )
