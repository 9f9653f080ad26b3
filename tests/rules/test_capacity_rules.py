"""Foreseeing a mailing is quick, says the same thing each day, and gives no second alarm where another check has warned."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.catalogue import select
from checks.engine import Run
from checks.model import Finding, Status
from checks.rules._capacity import Stated, setup_of
from checks.rules._capacity_foreseen import foresee, mailboxes
from checks.settings import parse
from checks.subject import ServerSubject, of_settings

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FAMILIES = ("capacity", "limits", "office365", "settings")


def club(host: str, server: dict[str, Any], **volume: Any) -> dict[str, Any]:
    row = {"name": "Mail", "default": True, "host": host, "port": 587, "security": "starttls", "auth": "none"}
    return {"volume": volume, "servers": [row | {"sender": {"email": "office@club.example"}} | server]}


def judged(document: dict[str, Any], now: datetime = NOW) -> list[Finding]:
    results = asyncio.run(Run().judge(select(FAMILIES), of_settings(parse(document), now=now)))
    assert not [result.traceback for result in results if result.traceback]
    return [finding for result in results for finding in result.findings]


@pytest.mark.parametrize("host", ["smtp.office365.com", "mail.infomaniak.com", "smtp.ionos.de", "mail.club.example"])
@pytest.mark.parametrize("volume", [(1_000_000, 1), (143_000, 7), (36_000, 28)])
def test_a_million_recipients_a_week_are_foreseen_at_once(host: str, volume: tuple[int, int]) -> None:
    """The plan, the limits to enter and the number of mailboxes: two seconds of this processor at most."""
    settings = parse(club(host, {}, recipients_per_mailing=volume[0], mailings_per_week=volume[1]))
    plan = setup_of(ServerSubject(now=NOW, server=settings.servers[0], settings=settings), Stated())
    assert plan is not None
    began = time.process_time()
    foresee(plan)
    assert time.process_time() - began < 2
    if plan.end is not None:
        mailboxes(plan, plan.end)
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    ("host", "volume"),
    [
        ("smtp.office365.com", {"recipients_per_mailing": 12_000}),
        ("smtp.office365.com", {"recipients_per_mailing": 12_000, "mailings_per_week": 7}),
        ("mail.infomaniak.com", {"recipients_per_mailing": 12_000, "mailings_per_week": 1}),
        ("smtp.ionos.de", {"recipients_per_mailing": 3_000, "mailings_per_week": 7}),
    ],
)
def test_what_others_warn_of_is_no_second_alarm(host: str, volume: dict[str, int]) -> None:
    """Where a check of limits warns already, this family has notes: one fault, one alarm."""
    found = judged(club(host, {}, **volume))
    alarms = [finding.code for finding in found if finding.status in (Status.WARN, Status.FAIL)]
    assert alarms
    assert not [code for code in alarms if code.startswith("capacity.")]


def test_what_nobody_else_sees_is_a_warning() -> None:
    """Two mailings of other mail and list together are too much for a day, though the list alone is not."""
    found = judged(club("smtp.office365.com", {}, recipients_per_mailing=9_900, peak_hour_messages=300))
    assert "capacity.rest-refused" in [finding.code for finding in found if finding.status is Status.WARN]


def test_the_same_trouble_has_the_same_fingerprint_tomorrow() -> None:
    """Dates in the sentences move on; what is compared between two reports does not."""
    document = club("smtp.office365.com", {}, recipients_per_mailing=12_000, mailings_per_week=5, growth_percent=10)
    today, later = (
        [f for f in judged(document, NOW + timedelta(days=days)) if f.code.startswith("capacity.")] for days in (0, 2)
    )
    assert [finding.title for finding in today] != [finding.title for finding in later]
    assert [finding.fingerprint for finding in today] == [finding.fingerprint for finding in later]
