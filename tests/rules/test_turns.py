"""Every rule whose verdict depends on a date, with the clock stopped just before and just after each turn.

The rows are judged as `sendready judge EVIDENCE --now TIME` does it: evidence.json is taken once and judged at each moment. A rule that
looks at the clock and has no row here fails `test_every_rule_that_looks_at_the_clock_is_here`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import checks.rules
from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Reading, State, to_json
from checks.model import CheckResult
from checks.probes import CertificateFacts, Reply, SmtpReading, Stage, TlsFacts
from checks.rules import receivers_requirements
from checks.settings import parse
from checks.subject import DomainSubject
from checks.tables.dated import changes
from reports.model import FindingEntry
from tests.fakes.zone import ZoneWorld
from tests.rules.test_cases import run_case
from wizard.request import Request
from wizard.run import judge_saved
from wizard.summary import Circumstances

TAKEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LOOK = "smtp mail.club.example [192.0.2.10]:587 starttls"
PASSWORD = {"source": "env", "ref": "SMTP_PASSWORD"}
SERVER = {
    "name": "Main",
    "default": True,
    "host": "mail.club.example",
    "port": 587,
    "security": "starttls",
    "username": "office@club.example",
    "password": PASSWORD,
    "sender": {"email": "office@club.example"},
}
ISSUER = "CN=R13,O=Let's Encrypt,C=US"


def certificate(begins: str, ends: str, *, subject: str = "CN=mail.club.example", issuer: str = ISSUER) -> CertificateFacts:
    return CertificateFacts(
        subject=subject, issuer=issuer, names=("mail.club.example",), not_before=begins, not_after=ends, key_type="EC", key_bits=256, signature="sha256",
        self_issued=False, sha256="aa",
    )  # fmt: skip


def shows(*path: CertificateFacts) -> dict[str, Reading]:
    """A server whose certificate held when it was looked at."""
    tls = TlsFacts(verified=True, version="TLSv1.3", certificate=path[0], chain=path[1:], sent=len(path))
    return {
        LOOK: SmtpReading(
            state=State.OK,
            stage=Stage.QUIT,
            greeting=Reply(code=220, lines=("mail.club.example ESMTP",)),
            capabilities_clear=("STARTTLS",),
            capabilities=("AUTH PLAIN LOGIN",),
            tls=tls,
        )
    }


@dataclass(frozen=True, kw_only=True)
class World:
    """What the evidence of a table was taken of."""

    check: str
    server: dict[str, Any] = field(default_factory=lambda: SERVER)
    settings: dict[str, Any] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)


QUARTER = shows(certificate("2026-10-20T00:00:00+00:00", "2027-01-18T00:00:00+00:00"))  # 90 days
YEAR = shows(certificate("2026-06-01T00:00:00+00:00", "2027-06-01T00:00:00+00:00"))
WEEK = shows(certificate("2026-11-22T00:00:00+00:00", "2026-11-28T00:00:00+00:00"))  # 6 days
ZONED = shows(certificate("2026-06-01T00:00:00+02:00", "2027-06-01T00:00:00+02:00"))
SHORT_ISSUER = shows(
    certificate("2026-10-20T00:00:00+00:00", "2027-06-01T00:00:00+00:00"),
    certificate("2024-03-13T00:00:00+00:00", "2027-03-12T00:00:00+00:00", subject=ISSUER, issuer="CN=Root"),
)
CROSS_SIGNED = shows(
    certificate("2026-10-20T00:00:00+00:00", "2027-06-01T00:00:00+00:00"),
    certificate("2024-03-13T00:00:00+00:00", "2029-03-12T00:00:00+00:00", subject=ISSUER, issuer="CN=Root"),
    certificate("2021-01-01T00:00:00+00:00", "2027-03-12T00:00:00+00:00", subject="CN=Root", issuer="CN=Old Root"),
)
OFFICE = {**SERVER, "host": "smtp.office365.com", "auth": "login"}
HIGH_VOLUME = {**OFFICE, "host": "smtp.hve.mx.microsoft"}
SHARED = {**OFFICE, "username": "office@club.onmicrosoft.com", "sender": {"email": "office@club.onmicrosoft.com"}}


def planned(recipients: int, licences: int = 1) -> dict[str, Any]:
    return {"volume": {"recipients_per_mailing": recipients, "mailings_per_week": 1, "licences": licences}}


def in_test_mode(zone: str) -> dict[str, Any]:
    return {
        "timezone": zone,
        "test_mode": {"enabled": True, "redirect_to": "qa@club.example", "until": datetime(2026, 12, 1, tzinfo=UTC).date()},
    }


ENDING_PASSWORD = {**SERVER, "password": {**PASSWORD, "expires": "2027-01-31"}}
SINCE_MAY = {**SERVER, "selectors": ["s1"], "dkim_since": "2026-05-31"}

WORLDS = {
    "90 days": World(check="tls.certificate-expiry", readings=QUARTER),
    "a year": World(check="tls.certificate-expiry", readings=YEAR),
    "six days": World(check="tls.certificate-expiry", readings=WEEK),
    "in another zone": World(check="tls.certificate-expiry", readings=ZONED),
    "issuer ends first": World(check="tls.certificate-chain", readings=SHORT_ISSUER),
    "cross-certificate ends first": World(check="tls.certificate-chain", readings=CROSS_SIGNED),
    "test mode in Berlin": World(check="settings.test-mode", settings=in_test_mode("Europe/Berlin")),
    "test mode in New York": World(check="settings.test-mode", settings=in_test_mode("America/New_York")),
    "secret with an end in Berlin": World(
        check="settings.secret-expiry", server=ENDING_PASSWORD, settings={"timezone": "Europe/Berlin"}
    ),
    "secret with an end in New York": World(
        check="settings.secret-expiry", server=ENDING_PASSWORD, settings={"timezone": "America/New_York"}
    ),
    "DKIM key in Berlin": World(check="dkim.key-age", server=SINCE_MAY, settings={"timezone": "Europe/Berlin"}),
    "DKIM key in New York": World(check="dkim.key-age", server=SINCE_MAY, settings={"timezone": "America/New_York"}),
    "password at Microsoft 365": World(check="office365.basic-authentication", server=OFFICE),
    "password at High Volume Email": World(check="office365.basic-authentication", server=HIGH_VOLUME),
    "onmicrosoft.com": World(check="office365.onmicrosoft-sender", server=SHARED, settings=planned(500)),
    "25 licences": World(check="office365.tenant-external-recipients", server=OFFICE, settings=planned(20_000, 25)),
    "26 licences": World(check="office365.tenant-external-recipients", server=OFFICE, settings=planned(20_000, 26)),
    "201 licences": World(check="office365.tenant-external-recipients", server=OFFICE, settings=planned(30_000, 201)),
}

VALID, SOON, EXPIRED = "tls.certificate-valid", "tls.certificate-expires-soon", "tls.certificate-expired"
CHAIN, CHAIN_SOON, CHAIN_OVER = "tls.certificate-chain-complete", "tls.intermediate-expires-soon", "tls.intermediate-expired"
ENDING, OFF, END = (
    "office365.password-login-ending",
    "office365.password-login-off-by-default",
    "office365.password-login-end-near",
)
HVE, SHARED_OVER, TENANT_OVER = (
    "office365.high-volume-password-login",
    "office365.onmicrosoft-limit-exceeded",
    "office365.tenant-limit-exceeded",
)
ON, OVERDUE = "settings.test-mode-on", "settings.test-mode-overdue"
LASTS, ENDS, OVER = "settings.secret-in-time", "settings.secret-end-near", "settings.secret-overdue"
TURNS = (
    # world, moment, code, status
    ("90 days", "2026-10-19T23:59:59", "tls.certificate-not-yet-valid", "fail"),
    ("90 days", "2026-10-20T00:00:00", VALID, "pass"),
    ("90 days", "2026-12-18T23:59:59", VALID, "pass"),  # more than 30 days
    ("90 days", "2026-12-19T00:00:00", SOON, "note"),
    ("90 days", "2027-01-03T23:59:59", SOON, "note"),  # more than 14 days
    ("90 days", "2027-01-04T00:00:00", SOON, "warn"),
    ("90 days", "2027-01-17T23:59:59", SOON, "warn"),
    ("90 days", "2027-01-18T00:00:00", EXPIRED, "fail"),
    ("a year", "2027-05-01T23:59:59", VALID, "pass"),
    ("a year", "2027-05-02T00:00:00", SOON, "note"),
    ("a year", "2027-05-17T23:59:59", SOON, "note"),
    ("a year", "2027-05-18T00:00:00", SOON, "warn"),
    ("a year", "2027-05-31T23:59:59", SOON, "warn"),
    ("a year", "2027-06-01T00:00:00", EXPIRED, "fail"),
    ("six days", "2026-11-25T23:59:59", VALID, "pass"),  # a third of its life is two days
    ("six days", "2026-11-26T00:00:00", SOON, "note"),
    ("six days", "2026-11-26T23:59:59", SOON, "note"),
    ("six days", "2026-11-27T00:00:00", SOON, "warn"),
    ("six days", "2026-11-28T00:00:00", EXPIRED, "fail"),
    ("in another zone", "2027-05-31T21:59:59", SOON, "warn"),
    ("in another zone", "2027-05-31T22:00:00", EXPIRED, "fail"),
    ("issuer ends first", "2027-02-09T23:59:59", CHAIN, "pass"),
    ("issuer ends first", "2027-02-10T00:00:00", CHAIN_SOON, "note"),
    ("issuer ends first", "2027-02-25T23:59:59", CHAIN_SOON, "note"),
    ("issuer ends first", "2027-02-26T00:00:00", CHAIN_SOON, "warn"),
    ("issuer ends first", "2027-03-11T23:59:59", CHAIN_SOON, "warn"),
    ("issuer ends first", "2027-03-12T00:00:00", CHAIN_OVER, "warn"),
    ("cross-certificate ends first", "2027-03-11T23:59:59", CHAIN, "pass"),
    ("cross-certificate ends first", "2027-03-12T00:00:00", CHAIN_OVER, "note"),
    ("test mode in Berlin", "2026-11-30T12:00:00", ON, "warn"),
    ("test mode in Berlin", "2026-12-01T22:59:59", ON, "warn"),
    ("test mode in Berlin", "2026-12-01T23:00:00", OVERDUE, "fail"),  # midnight there
    ("test mode in New York", "2026-12-02T04:59:59", ON, "warn"),
    ("test mode in New York", "2026-12-02T05:00:00", OVERDUE, "fail"),
    ("secret with an end in Berlin", "2026-12-31T22:59:59", LASTS, "pass"),  # more than 30 days
    ("secret with an end in Berlin", "2026-12-31T23:00:00", ENDS, "warn"),
    ("secret with an end in Berlin", "2027-01-31T22:59:59", ENDS, "warn"),  # on its last day it works
    ("secret with an end in Berlin", "2027-01-31T23:00:00", OVER, "fail"),
    ("secret with an end in New York", "2027-01-01T04:59:59", LASTS, "pass"),
    ("secret with an end in New York", "2027-01-01T05:00:00", ENDS, "warn"),
    ("secret with an end in New York", "2027-02-01T04:59:59", ENDS, "warn"),
    ("secret with an end in New York", "2027-02-01T05:00:00", OVER, "fail"),
    ("DKIM key in Berlin", "2026-05-30T21:59:59", "dkim.key-not-yet-in-use", "note"),
    ("DKIM key in Berlin", "2026-05-30T22:00:00", "dkim.young-key", "pass"),
    ("DKIM key in Berlin", "2026-11-30T22:59:59", "dkim.young-key", "pass"),  # November has no 31st
    ("DKIM key in Berlin", "2026-11-30T23:00:00", "dkim.old-key", "note"),
    ("DKIM key in Berlin", "2036-11-30T23:00:00", "dkim.old-key", "note"),  # it is advice, and stays advice
    ("DKIM key in New York", "2026-12-01T04:59:59", "dkim.young-key", "pass"),
    ("DKIM key in New York", "2026-12-01T05:00:00", "dkim.old-key", "note"),
    # Microsoft's days never foretell a refusal (its own word is 550 5.7.30), so these end as warnings.
    ("password at Microsoft 365", "2025-12-31T23:59:59", ENDING, "note"),
    ("password at Microsoft 365", "2026-01-01T00:00:00", ENDING, "warn"),
    ("password at Microsoft 365", "2026-12-31T23:59:59", ENDING, "warn"),
    ("password at Microsoft 365", "2027-01-01T00:00:00", OFF, "warn"),
    ("password at Microsoft 365", "2027-06-30T23:59:59", OFF, "warn"),
    ("password at Microsoft 365", "2027-07-01T00:00:00", END, "warn"),
    ("password at High Volume Email", "2027-10-01T23:59:59", HVE, "note"),  # 2028 is a leap year
    ("password at High Volume Email", "2027-10-02T00:00:00", HVE, "warn"),
    ("password at High Volume Email", "2028-09-30T23:59:59", HVE, "warn"),
    ("password at High Volume Email", "2028-10-01T00:00:00", HVE, "warn"),
    ("onmicrosoft.com", "2026-05-31T23:59:59", SHARED_OVER, "warn"),
    ("onmicrosoft.com", "2026-06-01T00:00:00", SHARED_OVER, "fail"),
    ("25 licences", "2025-04-02T23:59:59", TENANT_OVER, "note"),
    ("25 licences", "2025-04-03T00:00:00", TENANT_OVER, "warn"),
    ("26 licences", "2025-04-17T23:59:59", TENANT_OVER, "note"),
    ("26 licences", "2025-04-18T00:00:00", TENANT_OVER, "warn"),
    ("201 licences", "2025-04-27T23:59:59", TENANT_OVER, "note"),
    ("201 licences", "2025-04-28T00:00:00", TENANT_OVER, "warn"),
)


@cache
def evidence(name: str) -> str:
    """Look once, as a run does, and keep what was seen."""
    world = WORLDS[name]
    settings = parse({**world.settings, "servers": [world.server]})
    request = Request(settings=settings, name="club.toml", only=(world.check,))
    run = Run(gather=ZoneWorld("mail A 192.0.2.10", readings=world.readings), deadline=30)
    asyncio.run(run.judge(select(request.only), request.subjects(TAKEN)))
    known = Circumstances(taken_at=TAKEN, judged_as_of=TAKEN, vantage={"allowed": ["look"]})
    return to_json(run.readings, about={"tool": "sendready", **known.document(), "request": request.document()})


def judged(name: str, moment: str) -> tuple[FindingEntry, ...]:
    report = judge_saved(evidence(name), datetime.fromisoformat(moment).replace(tzinfo=UTC)).report
    return tuple(finding for check in report.checks for finding in check.findings)


@pytest.mark.parametrize(("name", "moment", "code", "status"), TURNS)
def test_turn(name: str, moment: str, code: str, status: str) -> None:
    """At that moment the rule says that and nothing else."""
    assert [(finding.code, str(finding.status)) for finding in judged(name, moment)] == [(code, status)]


@pytest.mark.parametrize("name", WORLDS)
def test_nothing_gets_better_by_waiting(name: str) -> None:
    """From the first moment on which all is well, a status only gets graver: pass, note, warn, fail."""
    order = ["pass", "note", "warn", "fail"]
    seen = [order.index(status) for world, _, code, status in TURNS if world == name and "not-yet" not in code]
    assert seen == sorted(seen)
    assert len(set(seen)) > 1


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("90 days", "2027-01-10T23:59:59", "2027-01-11T00:00:00"), ("six days", "2026-11-27T11:59:59", "2026-11-27T12:00:00")],
)
def test_in_the_last_week_the_steps_say_today(name: str, before: str, after: str) -> None:
    """Seven days, or a twelfth of the certificate's life: a renewal that was to come has failed."""
    (calm,), (urgent,) = judged(name, before), judged(name, after)
    assert calm.remedy is not None
    assert urgent.remedy is not None
    assert "today" not in calm.remedy.steps[0]
    assert "today" in urgent.remedy.steps[0]


@pytest.mark.parametrize(("moment", "words"), [("2028-09-30T23:59:59", "ends in"), ("2028-10-01T00:00:00", "has ended in")])
def test_the_end_of_passwords_at_high_volume_email_is_told_in_its_tense(moment: str, words: str) -> None:
    assert words in judged("password at High Volume Email", moment)[0].title


BROKEN_THERE = {
    "top": [
        "Authentication-Results: mx.mail.example; dkim=fail header.d=club.example header.s=s1; spf=pass smtp.mailfrom=club.example"
    ]
}


@pytest.mark.parametrize(
    ("rule", "arrived", "moment", "code", "status"),
    [
        ("arrival_found", {}, "2026-11-26T08:59:09", "arrival.message-given", "pass"),  # it came at 08:59:10, three days before
        ("arrival_found", {}, "2026-11-26T08:59:10", "arrival.message-is-old", "note"),
        ("arrival_second_opinion", BROKEN_THERE, "2026-11-26T08:59:09", "arrival.opinion-differs", "warn"),
        ("arrival_second_opinion", BROKEN_THERE, "2026-11-26T08:59:10", "arrival.opinion-differs", "note"),
    ],
)
def test_a_saved_message_grows_old(rule: str, arrived: dict[str, Any], moment: str, code: str, status: str) -> None:
    """What DNS says today need not be what it said then, and what was wrong long ago may have been mended."""
    found = run_case(rule, {"name": "", "arrived": arrived, "now": datetime.fromisoformat(moment).replace(tzinfo=UTC)})
    assert [(finding.code, str(finding.status)) for finding in found] == [(code, status)]


@pytest.mark.parametrize(
    ("moment", "there"), [("2025-05-04T23:59:59", False), ("2025-05-05T00:00:00", True), ("2025-05-05T01:59:59+02:00", False)]
)
def test_what_a_receiver_asks_for_is_in_the_table_from_its_day_on(moment: str, there: bool) -> None:
    """Outlook.com enforces since 5 May 2025, counted in UTC."""
    when = datetime.fromisoformat(moment)
    subject = DomainSubject(now=when if when.tzinfo else when.replace(tzinfo=UTC), domain="club.example")
    results = [CheckResult(check=check, findings=()) for check in receivers_requirements.NEEDED]
    (finding,) = receivers_requirements.conclude([subject], results)
    table = finding.args["table"]
    assert isinstance(table, dict)
    asked = [line["id"] for row in table["rows"] for line in row["requirements"] if line["since"] == "2025-05-05"]
    assert bool(asked) is there


def test_what_was_still_to_come_when_it_was_read_is_in_the_calendar() -> None:
    """A row [[change]] with a day in the future needs a rule that says so before; the last moment before each day is asked."""
    coming = {row.id: row for row in changes() if row.since > row.checked}
    told = set()
    for name, row in ((name, row) for name in WORLDS if name.startswith("password") for row in coming.values()):
        eve = f"{(row.since - timedelta(days=1)).isoformat()}T12:00:00"
        told |= {finding.args["due"]["of"] for finding in judged(name, eve) if "due" in finding.args}
    assert told == coming.keys()


CLOCKLESS = {
    "published_everywhere": "says until what o'clock an old answer may be seen; its status does not turn",
    "_refusal": "says when to try again; its status does not turn",
    "_arrived": "hands the clock to the rules about the message that has arrived",
    "_arrived_domain": "as _arrived",
    "_capacity": "which limits are in force, the rows about licences prove",
    "_capacity_mailings": "the week that is played begins tomorrow",
    "_due": "hands days to the calendar",
}
"""Rules that look at the clock for a sentence only."""
ELSEWHERE = {
    "facts_age": "its cases stop the clock at a year to the day, and on the day after",
    "arrival_content": "compares two dates of the message; only one that does not say when it came is compared with now",
    "arrival_found": "above",
    "arrival_second_opinion": "above",
    "receivers_requirements": "above",
}
"""Rules whose turns are proved by tests of their own."""


def clocked() -> Iterable[str]:
    for path in sorted(Path(checks.rules.__path__[0]).glob("*.py")):
        if re.search(r"\b(subject|came|asked|subjects\[0\])\.now\b|\bis_fresh\b|\bhas_come\(", path.read_text("utf-8")):
            yield path.stem


def test_every_rule_that_looks_at_the_clock_is_here() -> None:
    """A new rule with a date gets its rows, or a reason."""
    tabled = {world.check.replace(".", "_", 1).replace("-", "_") for world in WORLDS.values()}
    assert set(clocked()) - tabled - CLOCKLESS.keys() - ELSEWHERE.keys() == set()
