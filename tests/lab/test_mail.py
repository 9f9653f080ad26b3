"""The program beside other people's programs: where swaks and msmtp are let in, so are we; where they are refused, so are we."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .names import BY_NAME, CLUB, FRIENDS, HASHED, NOREPLY, READER, UMLAUT, Account, Port
from .test_program import NOT_READY, NOT_TESTED, READY, Outcome, run, settings

pytestmark = pytest.mark.lab
TO = READER.owns[0]
SECONDS = 30.0
MESSAGE = "From: {sender}\nTo: {to}\nSubject: other program\n\nHello.\n"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One way to send."""

    listener: Port = Port.SUBMISSION
    account: Account = NOREPLY
    password: str = ""
    """Empty: the right one."""
    sender: str = ""
    """Empty: the account's own."""
    to: str = TO
    code: int = READY
    alarm: str = ""

    @property
    def secret(self) -> str:
        return self.password or self.account.password

    @property
    def mail_from(self) -> str:
        return self.sender or self.account.owns[0]

    @property
    def starttls(self) -> bool:
        return not self.listener.startswith("smtps")


ATTEMPTS = {
    "all is well": Attempt(),
    "TLS from the first byte": Attempt(listener=Port.SMTPS),
    "a login that is no address": Attempt(account=BY_NAME),
    "a password that the server keeps hashed": Attempt(account=HASHED),
    "a password with umlauts": Attempt(account=UMLAUT),
    "AUTH LOGIN only": Attempt(listener=Port.SUBMISSION_LOGIN_ONLY),
    "CRAM-MD5 only": Attempt(listener=Port.SUBMISSION_CRAM_ONLY),
    "a wrong password": Attempt(password="wrong-canary-11", code=NOT_READY, alarm="auth.wrong-credentials"),
    "a wrong password by LOGIN": Attempt(
        listener=Port.SUBMISSION_LOGIN_ONLY, password="wrong-canary-11", code=NOT_READY, alarm="auth.wrong-credentials"
    ),
    "a wrong password by CRAM-MD5": Attempt(
        listener=Port.SUBMISSION_CRAM_ONLY, password="wrong-canary-11", code=NOT_READY, alarm="auth.wrong-credentials"
    ),
    "somebody else's address": Attempt(sender=f"office@{CLUB}", code=NOT_READY, alarm="sender.not-permitted"),
    "an unknown recipient": Attempt(to=f"unknown@{FRIENDS}", code=NOT_TESTED, alarm="sender.test-address-rejected"),
    "a full mailbox": Attempt(to=f"full@{FRIENDS}", code=NOT_TESTED, alarm="sender.recipient-deferred"),
    "greylisting": Attempt(to=f"greylisted@{FRIENDS}", code=NOT_TESTED, alarm="sender.greylisting"),
    "no login offered": Attempt(listener=Port.SUBMISSION_NO_AUTH, code=NOT_READY, alarm="auth.offer-missing"),
    "no STARTTLS": Attempt(listener=Port.NO_STARTTLS, code=NOT_READY, alarm="tls.starttls-missing"),
    "a password asked for in clear": Attempt(listener=Port.CLEARTEXT_AUTH, code=NOT_READY, alarm="tls.starttls-missing"),
    "an expired certificate": Attempt(listener=Port.SUBMISSION_EXPIRED, code=NOT_READY, alarm="tls.certificate-expired"),
    "a certificate for another name": Attempt(
        listener=Port.SUBMISSION_WRONG_NAME, code=NOT_READY, alarm="tls.certificate-name-mismatch"
    ),
    "a missing intermediate certificate": Attempt(
        listener=Port.SUBMISSION_NO_CHAIN, code=NOT_READY, alarm="tls.certificate-unknown-issuer"
    ),
    "an unknown issuer": Attempt(listener=Port.SUBMISSION_UNTRUSTED, code=NOT_READY, alarm="tls.certificate-unknown-issuer"),
}


def ours(lab: Lab, folder: Path, attempt: Attempt) -> Outcome:
    """Send through the lab with `sendready check`."""
    port, security = (587, "starttls") if attempt.starttls else (465, "implicit-tls")
    changes = {
        "port": str(port),
        "security": f'"{security}"',
        "username": f'"{attempt.account.username}"',
        "sender": f'{{ name = "Golf Club", email = "{attempt.mail_from}" }}',
    }
    file = settings(folder, lab, changes, password=attempt.secret)
    mapped = f"{port}:{lab.ports[attempt.listener]}"
    return run(lab, "check", str(file), "--port-map", mapped, "--allow", "look,login,send", "--to", attempt.to)


def msmtp(lab: Lab, attempt: Attempt, folder: Path) -> bool:
    """Send with msmtp; it verifies the certificate for the name localhost, which all the lab's good certificates have."""
    (folder / "secret").write_text(attempt.secret + "\n", "utf-8")
    return _ends_well(
        [
            "msmtp", "--file=/dev/null", "--host=localhost", f"--port={lab.ports[attempt.listener]}", "--timeout=10",
            "--tls=on", f"--tls-starttls={'on' if attempt.starttls else 'off'}", f"--tls-trust-file={lab.ca_file}",
            "--auth=on", f"--user={attempt.account.username}", f"--passwordeval=cat {folder / 'secret'}",
            f"--from={attempt.mail_from}", attempt.to,
        ],
        MESSAGE.format(sender=attempt.mail_from, to=attempt.to),
    )  # fmt: skip


def swaks(lab: Lab, attempt: Attempt) -> bool:
    """Send with swaks, which does not look at certificates."""
    return _ends_well(
        [
            "swaks", "--server", "127.0.0.1", "--port", str(lab.ports[attempt.listener]), "--timeout", "10",
            "--tls" if attempt.starttls else "--tls-on-connect", "--auth", "--auth-user", attempt.account.username,
            "--auth-password", attempt.secret, "--from", attempt.mail_from, "--to", attempt.to, "--helo", "client.club.example",
        ],
        "",
    )  # fmt: skip


def _ends_well(command: Sequence[str], words: str) -> bool:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, input=words, capture_output=True, text=True, check=False, timeout=SECONDS)
    return done.returncode == 0


@pytest.mark.parametrize("name", ATTEMPTS)
def test_we_are_let_in_where_others_are(lab: Lab, tmp_path: Path, name: str) -> None:
    """The same server and login: msmtp, swaks and we are all let in or all refused; our refusal has one alarm, the right one."""
    attempt = ATTEMPTS[name]
    outcome = ours(lab, tmp_path, attempt)
    assert outcome.bad == ({attempt.alarm} if attempt.alarm else set()), outcome.findings("fail", "warn", "unknown")
    assert outcome.code == attempt.code
    assert "wrong-canary" not in str(outcome.report)
    let_in = attempt.code == READY
    assert msmtp(lab, attempt, tmp_path) is let_in
    if "certificate" not in attempt.alarm:
        assert swaks(lab, attempt) is let_in


def test_a_refused_password_reaches_the_server_once(lab: Lab, tmp_path: Path) -> None:
    """The real server counts one failed login for a whole run of all checks."""
    before = lab.postfix.log_text().count("authentication failed")
    ours(lab, tmp_path, Attempt(password="wrong-canary-22"))
    assert lab.postfix.log_text().count("authentication failed") == before + 1


@pytest.mark.parametrize(
    ("listener", "alarm", "words"),
    [
        (Port.SUBMISSION_WEAK_KEY, "tls.certificate-not-trusted", "too short"),
        (Port.SUBMISSION_OLD_TLS, "tls.outdated-version", "outdated"),
    ],
)
def test_we_are_stricter_than_others_where_standards_are(
    lab: Lab, tmp_path: Path, listener: Port, alarm: str, words: str
) -> None:
    """1024 bits of RSA, and TLS 1.1 (RFC 8997 section 3): some programs still go along; we say in plain words why we do not."""
    outcome = ours(lab, tmp_path, Attempt(listener=listener))
    assert outcome.bad == {alarm}
    assert words in outcome.findings("fail")[alarm]
