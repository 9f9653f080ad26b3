"""Sender permission against a real Postfix: every sender of a login is tried in one conversation, and nothing is delivered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .names import BY_NAME, CLUB, READER, UMLAUT, Account, Port
from .test_program import NOT_READY, READY, mapped, run, settings

pytestmark = pytest.mark.lab
TO = READER.owns[0]
TEMPLATES = f"""
[[templates]]
name = "Newsletter"
sender = "news@{CLUB}"
"""
STRANGER = f"""
[[templates]]
name = "Bar"
sender = "hashed@{CLUB}"
"""
BY_OFFICE = {"username": f'"{BY_NAME.username}"', "sender": f'{{ email = "office@{CLUB}" }}'}
SECOND = f"""
[[servers]]
name = "News"
filter = ["news@{CLUB}"]
sender = {{ email = "news@{CLUB}" }}
host = "smtp.{CLUB}"
port = 587
security = "starttls"
username = "{BY_NAME.username}"
password = {{ source = "file", ref = "pw" }}
selectors = ["lab"]
"""


def asked(folder: Path) -> list[str]:
    """What we said in the conversation with the password, line by line."""
    readings = json.loads((folder / "out" / "evidence.json").read_text("utf-8"))["readings"]
    logins = [row["reading"] for row in readings if row["kind"] == "submission"]
    assert len(logins) == 1
    return [line["text"] for line in logins[0]["transcript"] if line["direction"] == "C"]


@pytest.mark.parametrize("account", [BY_NAME, UMLAUT], ids=["a login that is no address", "a password with umlauts"])
def test_a_check_up_to_data_delivers_nothing(lab: Lab, tmp_path: Path, account: Account) -> None:
    """SCRAM with the real server, then MAIL, RCPT and DATA: it says 354, we hang up, and no mailbox has a letter."""
    lab.mailbox(TO).clear()
    lost = lab.postfix.log_text().count("lost connection after DATA")
    changes = {"username": f'"{account.username}"', "sender": f'{{ email = "{account.owns[-1]}" }}'}
    file = settings(tmp_path, lab, changes, password=account.password)
    outcome = run(lab, "check", str(file), *mapped(lab, Port.SUBMISSION), "--to", TO, "--output", str(tmp_path / "out"))
    assert (outcome.bad, outcome.code) == (set(), READY)
    assert "sender.data-ready" in outcome.findings("pass")
    assert asked(tmp_path)[-1] == "DATA"
    assert asked(tmp_path)[3].startswith("AUTH SCRAM-SHA-256")
    assert lab.postfix.log_text().count("lost connection after DATA") == lost + 1
    assert lab.mailbox(TO).deliveries() == []


def test_a_template_that_may_not_be_sent_is_found_before_it_is(lab: Lab, tmp_path: Path) -> None:
    """smtpd_sender_login_maps: the newsletter's sender belongs to the login, the bar's does not; one login tells both."""
    file = settings(tmp_path, lab, BY_OFFICE, password=BY_NAME.password)
    file.write_text(file.read_text("utf-8") + TEMPLATES + STRANGER, "utf-8")
    outcome = run(lab, "check", str(file), *mapped(lab, Port.SUBMISSION), "--to", TO, "--output", str(tmp_path / "out"))
    assert outcome.bad == {"sender.other-not-permitted"}
    assert outcome.code == NOT_READY
    title = outcome.findings("fail")["sender.other-not-permitted"]
    assert f"hashed@{CLUB}" in title
    assert 'the template "Bar"' in title
    assert "not owned by user clubmail" in title
    assert f"news@{CLUB}" in outcome.findings("pass")["sender.others-accepted"]
    assert sum(line.startswith("AUTH") for line in asked(tmp_path)) == 1


def test_two_entries_with_one_mailbox_log_in_once(lab: Lab, tmp_path: Path) -> None:
    """Both senders are named in the same conversation; so the password goes out once, and a wrong one fails once."""
    file = settings(tmp_path, lab, {**BY_OFFICE, "filter": f'["office@{CLUB}"]'}, password=BY_NAME.password)
    file.write_text(file.read_text("utf-8") + SECOND, "utf-8")
    outcome = run(lab, "check", str(file), *mapped(lab, Port.SUBMISSION), "--to", TO, "--output", str(tmp_path / "out"))
    assert outcome.bad == set()
    said = asked(tmp_path)
    assert [line for line in said if line.startswith("MAIL")] == [
        f"MAIL FROM:<{name}@{CLUB}>" for name in ("office", "news", "office")
    ]
    before = lab.postfix.log_text().count("authentication failed")
    (tmp_path / "pw").write_text("wrong-canary-33\n", "utf-8")
    outcome = run(lab, "check", str(file), *mapped(lab, Port.SUBMISSION), "--to", TO)
    assert outcome.bad == {"auth.wrong-credentials"}
    assert lab.postfix.log_text().count("authentication failed") == before + 1
