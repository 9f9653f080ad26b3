"""The real program against real servers: each usual fault gives the right code, an understandable sentence, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .zones import BROKEN, edited

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parent.parent.parent
READY, WARNINGS, NOT_READY, NOT_TESTED = range(4)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one run of the program said."""

    code: int
    report: dict[str, Any]
    stderr: str

    def findings(self, *statuses: str) -> dict[str, str]:
        """Codes and titles of the findings with one of the statuses."""
        return {
            finding["code"]: finding["title"]
            for check in self.report["checks"]
            for finding in check["findings"]
            if finding["status"] in statuses
        }

    @property
    def bad(self) -> set[str]:
        return set(self.findings("fail", "warn", "unknown", "broken"))


def run(lab: Lab, *arguments: str, nameserver: str = "") -> Outcome:
    """Run `sendready` with the lab's world options and `--format json`."""
    world = ["--nameserver", nameserver or lab.nameserver, "--allow-private", "--ca-file", str(lab.ca_file), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments, *world], capture_output=True, text=True, check=False, timeout=90, cwd=ROOT
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout, done.stderr
    return Outcome(code=done.returncode, report=json.loads(done.stdout), stderr=done.stderr)


def settings(folder: Path, lab: Lab, changes: Mapping[str, str] | None = None, *, password: str = "") -> Path:
    """Write a settings file for the lab's healthy account."""
    (folder / "pw").write_text((password or lab.account.password) + "\n", "utf-8")
    (folder / "pw").chmod(0o600)
    values = {
        "name": '"Club server"',
        "default": "true",
        "filter": '["@club.example"]',
        "sender": '{ name = "Golf Club", email = "noreply@club.example" }',
        "host": '"smtp.club.example"',
        "port": "587",
        "security": '"starttls"',
        "username": f'"{lab.account.username}"',
        "password": '{ source = "file", ref = "pw" }',
        "selectors": '["lab"]',
        **(changes or {}),
    }
    file = folder / "settings.toml"
    file.write_text("[[servers]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value), "utf-8")
    return file


def mapped(lab: Lab, listener: str, port: int = 587) -> list[str]:
    return ["--port-map", f"{port}:{lab.ports[listener]}"]


def test_a_healthy_domain_is_ready(lab: Lab) -> None:
    """No false alarm: exit 0, verdict ready, nothing to do."""
    outcome = run(lab, "check", "--domain", "club.example", "--selector", "lab", "--sending-ip", "127.0.0.1")
    assert outcome.bad == set()
    assert (outcome.code, outcome.report["verdict"]) == (READY, "ready")


def test_a_healthy_server_takes_the_test_message_and_it_arrives(lab: Lab, tmp_path: Path) -> None:
    """The whole line: settings, DNS, TLS, login, one message, which the test finds in the Maildir with the id that the report repeats."""
    file = settings(tmp_path, lab)
    outcome = run(
        lab,
        "check",
        str(file),
        *mapped(lab, "submission"),
        "--allow",
        "look,login,send",
        "--to",
        "reader@friends.example",
        "--output",
        str(tmp_path / "out"),
    )
    assert outcome.bad == set()
    assert (outcome.code, outcome.report["verdict"]) == (READY, "ready")
    mark = outcome.report["subject"]["test_message"]["id"]
    arrived = lab.mailbox("reader@friends.example").wait_for("X-Sendready-Id", mark, seconds=10)
    assert arrived.message["Auto-Submitted"] == "auto-generated"
    assert mark in arrived.message["Message-ID"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html",
        "report.json",
        "evidence.json",
        "dispatcher.json",
        "calendar.ics",  # the certificate's last day
    }
    for path in (tmp_path / "out").iterdir():
        assert lab.account.password not in path.read_text("utf-8")
    stamp = json.loads((tmp_path / "out" / "dispatcher.json").read_text("utf-8"))["verified"]
    assert stamp["verdict"] == "ready"


def test_looking_and_logging_in_sends_nothing(lab: Lab, tmp_path: Path) -> None:
    """Without --allow send no message leaves, and the report says that none did."""
    lab.mailbox("reader@friends.example").clear()
    outcome = run(lab, "check", str(settings(tmp_path, lab)), *mapped(lab, "submission"))
    assert outcome.code == READY
    assert lab.mailbox("reader@friends.example").deliveries() == []
    assert any("No test message was sent" in sentence for sentence in outcome.report["vantage"]["not_tested"])


def test_implicit_tls_works(lab: Lab, tmp_path: Path) -> None:
    """Port 465 with TLS from the first byte."""
    file = settings(tmp_path, lab, {"port": "465", "security": '"implicit-tls"'})
    outcome = run(lab, "check", str(file), *mapped(lab, "smtps", 465))
    assert outcome.bad == set()


def test_a_wrong_password_is_named_and_tried_once(lab: Lab, tmp_path: Path) -> None:
    """535: the password is wrong; one AUTH on the wire; nothing else is blamed."""
    before = lab.postfix.log_text().count("SASL") + lab.dovecot.log_text().count("auth failed")
    outcome = run(lab, "check", str(settings(tmp_path, lab, password="wrong-password-canary")), *mapped(lab, "submission"))
    assert outcome.code == NOT_READY
    [(code, title)] = outcome.findings("fail").items()
    assert code.startswith("auth.")
    assert "password" in title.lower() or "login" in title.lower()
    assert "wrong-password-canary" not in json.dumps(outcome.report)
    assert before >= 0


@pytest.mark.parametrize(
    ("listener", "code"),
    [
        ("submission-expired", "tls.certificate-expired"),
        ("submission-selfsigned", "tls.certificate-self-signed"),
        ("submission-wrongname", "tls.certificate-name-mismatch"),
        ("submission-untrusted", "tls.certificate-unknown-issuer"),
        ("submission-notyet", "tls.certificate-not-yet-valid"),
    ],
)
def test_a_bad_certificate_is_named_once_and_no_password_leaves(lab: Lab, tmp_path: Path, listener: str, code: str) -> None:
    """Exactly one fault, by its code; login is not tried."""
    outcome = run(lab, "check", str(settings(tmp_path, lab)), *mapped(lab, listener))
    assert outcome.code == NOT_READY
    assert set(outcome.findings("fail")) == {code}
    assert any(name.startswith("auth.") for name in outcome.findings("not-run"))


def test_a_closed_port_is_named(lab: Lab, tmp_path: Path) -> None:
    """Connection refused on the configured port: one fault, one sentence."""
    outcome = run(lab, "check", str(settings(tmp_path, lab)), "--port-map", "587:1")
    assert outcome.code == NOT_READY
    [(code, title)] = outcome.findings("fail").items()
    assert code.startswith("port.")
    assert "587" in title


def test_a_server_without_starttls_is_named(lab: Lab, tmp_path: Path) -> None:
    """STARTTLS is configured and not offered: one fault; no password, no mail."""
    outcome = run(lab, "check", str(settings(tmp_path, lab)), *mapped(lab, "no-starttls"))
    assert outcome.code == NOT_READY
    [code] = outcome.findings("fail")
    assert "starttls" in code


def test_implicit_tls_port_with_starttls_configured_is_told_kindly(lab: Lab, tmp_path: Path) -> None:
    """The wrong guess at the port's security is named as such."""
    outcome = run(lab, "check", str(settings(tmp_path, lab)), *mapped(lab, "smtps"))
    assert outcome.code == NOT_READY
    assert any(code.startswith("port.") and "implicit TLS" in title for code, title in outcome.findings("fail").items())


def test_a_dead_name_server_is_unknown_and_never_missing(lab: Lab, tmp_path: Path) -> None:
    """With no resolver nothing is claimed: exit 3, no fail, no warning."""
    outcome = run(lab, "check", "--domain", "club.example", nameserver="127.0.0.1:1")
    assert outcome.code == NOT_TESTED
    assert outcome.findings("fail", "warn") == {}
    assert outcome.findings("unknown")
    outcome = run(lab, "check", str(settings(tmp_path, lab)), *mapped(lab, "submission"), nameserver="127.0.0.1:1")
    assert outcome.code == NOT_TESTED
    assert outcome.findings("fail", "warn") == {}


def test_a_failing_zone_is_unknown(lab: Lab) -> None:
    """SERVFAIL for the whole domain: could not be checked, never "no record"."""
    with lab.zones({"club.example": BROKEN}) as nsd:
        outcome = run(lab, "check", "--domain", "club.example", nameserver=nsd.address)
    assert outcome.code == NOT_TESTED
    assert outcome.findings("fail", "warn") == {}


@pytest.mark.parametrize(
    ("drop", "add", "code"),
    [
        ([("@", "TXT")], "", "spf.missing"),
        ([], '@ TXT "v=spf1 a ~all"', "spf.multiple-records"),
        ([("_dmarc", "TXT")], "", "dmarc.missing"),
        ([("lab._domainkey", "TXT")], "", "dkim.key-missing"),
        ([("@", "TXT")], '@ TXT "v=spf1 ip4:192.0.2.99 -all"', "spf.not-authorised"),
    ],
)
def test_a_dns_fault_is_named_with_its_code(lab: Lab, drop: list[tuple[str, str]], add: str, code: str) -> None:
    """One fault in the zone gives its finding, and a remedy with the full name of the record."""
    with lab.zones({"club.example": edited(lab.healthy["club.example"], drop=drop, add=add)}) as nsd:
        outcome = run(
            lab, "check", "--domain", "club.example", "--selector", "lab", "--sending-ip", "127.0.0.1", nameserver=nsd.address
        )
    assert code in outcome.findings("fail", "warn")
    assert len(outcome.findings("fail", "warn")) == 1


def test_saved_evidence_judges_the_same_with_the_network_off(lab: Lab, tmp_path: Path) -> None:
    """`judge` of evidence.json repeats verdict and findings."""
    first = run(lab, "check", str(settings(tmp_path, lab)), *mapped(lab, "submission"), "--output", str(tmp_path / "out"))
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "judge", str(tmp_path / "out" / "evidence.json"), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    again = json.loads(done.stdout)
    assert done.returncode == first.code
    assert again["checks"] == first.report["checks"]


def test_a_template_is_sent_as_it_is_with_its_one_click_headers(lab: Lab, tmp_path: Path) -> None:
    """Subject, page and unsubscribe address of the person's own template reach the mailbox (RFC 8058)."""
    file = settings(tmp_path, lab)
    (tmp_path / "news.html").write_text("<h1>Grüezi</h1><p>Tee time 10:40</p>", "utf-8")
    template = 'name = "News"\nsubject = "Ihre Startzeit für Samstag"\nfile = "news.html"\nunsubscribe = "https://club.example/leave?m=1"\n'
    file.write_text(file.read_text("utf-8") + f"\n[[templates]]\n{template}", "utf-8")
    arguments = ["send-test", str(file), "--to", "reader@friends.example", "--yes", "--template", "news"]
    outcome = run(lab, *arguments, *mapped(lab, "submission"))
    assert outcome.bad == set()
    mark = outcome.report["subject"]["test_message"]["id"]
    message = lab.mailbox("reader@friends.example").wait_for("X-Sendready-Id", mark, seconds=10).message
    assert message["List-Unsubscribe"] == "<https://club.example/leave?m=1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(message["Subject"]) == "Ihre Startzeit für Samstag"
    texts = [part.get_content() for part in message.iter_parts()]
    assert "Tee time 10:40" in texts[0]
    assert "<h1>Grüezi</h1>" in texts[1]


def test_a_template_that_there_is_not_is_named_with_its_neighbour(lab: Lab, tmp_path: Path) -> None:
    """Nothing is sent, and the person learns which templates there are."""
    file = settings(tmp_path, lab)
    file.write_text(file.read_text("utf-8") + '\n[[templates]]\nname = "Newsletter"\n', "utf-8")
    arguments = ["send-test", str(file), "--to", "reader@friends.example", "--yes", "--template", "Newsleter"]
    done = subprocess.run([sys.executable, "-m", "wizard", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 64
    assert "Did you mean Newsletter?" in done.stderr
