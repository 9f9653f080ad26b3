"""What is said of a message that has gone through a real Postfix and Dovecot: signatures, folder, DMARC, and how the program ends."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest

from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Effect, Probe, Reading, State
from checks.model import Status
from checks.probes import Reply, Stage, SubmissionReading
from checks.records.message import Letter, build_test_message
from checks.secret import LeakGuard
from wizard.arrival import mailbox
from wizard.run import live

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .names import CLUB, IMAP_HOST, NOREPLY, READER, Port
from .test_arrival import put, subject_of, world
from .test_program import NOT_READY, READY, WARNINGS, Outcome, run, settings

pytestmark = pytest.mark.lab
TO = READER.owns[0]
FAMILIES = ("arrival", "triangle")


def signed(lab: Lab, mark: str) -> bytes:
    """The test message with a signature that the lab's DNS has the key for."""
    letter = Letter(from_name="Golf Club", from_email=NOREPLY.owns[0], to=TO, unique_id=mark, date=datetime.now(UTC))
    message = build_test_message(letter)
    field: bytes = dkim.sign(
        message, lab.dkim.selector.encode(), CLUB.encode(), lab.dkim.private_pem, canonicalize=(b"relaxed", b"relaxed")
    )
    return field + message


def saved(lab: Lab, folder: Path, file: Path, *arguments: str) -> Outcome:
    """Check a saved message with the lab's settings, by the rules about messages."""
    outcome = run(
        lab,
        "check",
        str(settings(folder, lab)),
        "--arrival",
        str(file),
        "--only",
        ",".join(FAMILIES),
        "--allow",
        "look",
        *arguments,
    )
    assert len(outcome.report["checks"]) == len(select(FAMILIES))
    return outcome


def test_a_signature_survives_the_servers(lab: Lab, tmp_path: Path) -> None:
    """Handed in at the port for other servers, stored by LMTP, read from the Maildir: the signature holds, DMARC passes, nothing alarms."""
    lab.mailbox(TO).clear()
    with smtplib.SMTP("127.0.0.1", lab.ports[Port.PLAIN], local_hostname=f"mx.{CLUB}") as server:
        server.sendmail(NOREPLY.owns[0], [TO], signed(lab, "judged-1"))
    delivery = lab.mailbox(TO).wait_for("X-Sendready-Id", "judged-1")
    file = tmp_path / "message.eml"
    file.write_bytes(delivery.raw)
    outcome = saved(lab, tmp_path, file)
    assert outcome.bad == set(), outcome.findings("fail", "warn", "unknown", "broken")
    good = outcome.findings("pass")
    assert {
        "arrival.signature-valid",
        "arrival.signature-aligned",
        "arrival.dmarc-pass",
        "arrival.message-well-formed",
    } <= good.keys()
    assert "triangle.agreed" in good
    assert outcome.code == READY
    file.write_bytes(delivery.raw.replace(b"nothing to do", b"much to do"))
    outcome = saved(lab, tmp_path, file)
    assert outcome.bad == {"arrival.signature-broken"}
    assert "a body that was changed after it was signed" in outcome.findings("warn")["arrival.signature-broken"]
    assert outcome.code == WARNINGS


def test_the_key_is_gone(lab: Lab, tmp_path: Path) -> None:
    """The same message, and a name server without the key."""
    file = tmp_path / "message.eml"
    file.write_bytes(b"Return-Path: <noreply@club.example>\n" + signed(lab, "judged-2"))
    zone = lab.healthy[CLUB].replace(f"{lab.dkim.selector}._domainkey", "other._domainkey")
    with lab.zones({CLUB: zone}) as nsd:
        outcome = run(
            lab, "check", str(settings(tmp_path, lab)), "--arrival", str(file), "--only", "arrival.signatures,dkim.key", "--allow", "look",
            nameserver=nsd.address,
        )  # fmt: skip
    assert outcome.bad == {"arrival.signature-broken", "dkim.key-missing"}
    assert outcome.code == NOT_READY


def test_the_whole_program_judges_what_it_has_sent(lab: Lab, tmp_path: Path) -> None:
    """`send-test --arrival`: found in the inbox; the server does not sign, which is the one alarm; what never left it is not judged."""
    lab.mailbox(TO).clear()
    (tmp_path / "imap.password").write_text(READER.password + "\n", "utf-8")
    (tmp_path / "imap.password").chmod(0o600)
    outcome = run(
        lab, "send-test", str(settings(tmp_path, lab)), "--to", TO, "--yes",
        "--arrival", f"imaps://{IMAP_HOST}", "--arrival-password", f"file:{tmp_path / 'imap.password'}",
        "--port-map", f"587:{lab.ports['submission']}", "--port-map", f"993:{lab.ports['imaps']}",
    )  # fmt: skip
    assert outcome.bad == {"arrival.signature-missing"}, outcome.findings("fail", "warn", "unknown", "broken")
    good = outcome.findings("pass")
    assert {
        "arrival.message-in-inbox",
        "arrival.message-well-formed",
        "arrival.delivered-quickly",
        "send.message-accepted",
    } <= good.keys()
    not_run = outcome.findings("not-run")
    assert {"arrival.spf-not-judged", "arrival.transport-not-judged", "arrival.reverse-name-not-judged"} <= not_run.keys()
    assert "never left the mail system" in not_run["arrival.spf-not-judged"]
    assert "arrival.message-changed" not in outcome.findings("note"), "Postfix and Dovecot leave the message as it is"
    assert outcome.code == WARNINGS
    tables = [
        finding["args"]["table"]
        for check in outcome.report["checks"]
        for finding in check["findings"]
        if "table" in finding["args"]
    ]
    rows = {row["row"]: row for row in tables[0]["rows"]}
    assert rows["Visible sender (From)"]["receiver"] == NOREPLY.owns[0]
    assert rows["Bounce address (return path)"]["agrees"] is True


@pytest.mark.parametrize(("folder", "code"), [(".", "arrival.message-in-inbox"), (".Kram", "arrival.message-in-junk")])
def test_inbox_and_junk(folder: str, code: str, lab: Lab, tmp_path: Path) -> None:
    """A signed message in a folder of a real mailbox, asked for by IMAP: where it lies is told, and that its signature holds."""
    box = lab.mailbox(TO).path
    shutil.rmtree(box, ignore_errors=True)
    put(lab, READER, ".", b"Subject: another\n\nhello\n")
    moment = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    trace = f"Received: from x ([203.0.113.9]) by mx.{CLUB} with ESMTPSA id 1; {moment}\n".encode()
    put(lab, READER, folder, b"Return-Path: <noreply@club.example>\n" + trace + signed(lab, "judged-3").replace(b"\r\n", b"\n"))
    subject = subject_of(lab, tmp_path, mailbox("imaps", IMAP_HOST, TO), "judged-3")
    yes = Reply(code=250, lines=("Ok",))
    sent = SubmissionReading(
        state=State.OK, stage=Stage.QUIT, mechanism="PLAIN", auth=yes, mail=yes, rcpt=yes, data=yes, accepted=yes, message_id=f"judged-3@{CLUB}"
    )  # fmt: skip

    async def go() -> dict[str, Status]:
        ports = ((587, lab.ports["submission"]), (993, lab.ports["imaps"]))
        async with live(world(lab, *ports), tmp_path, LeakGuard()) as ask:

            async def gather(probe: Probe[Any], budget: float) -> Reading:
                return sent if probe.kind == "submission" else await ask(probe, budget)

            results = await Run(gather=gather, allow=frozenset(Effect), deadline=30).judge(select(FAMILIES), [subject])
            assert not any(result.traceback for result in results)
            return {finding.code: finding.status for result in results for finding in result.findings}

    said = asyncio.run(go())
    shutil.rmtree(box)
    assert said[code] is (Status.WARN if "junk" in code else Status.PASS)
    assert {"arrival.signature-valid", "arrival.signature-aligned", "arrival.dmarc-pass"} <= said.keys()
    assert not {name for name, status in said.items() if status in (Status.FAIL, Status.UNKNOWN, Status.BROKEN)}
