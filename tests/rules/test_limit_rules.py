"""What the rules about limits and settings weigh, where their numbers come from, and that a healthy customer hears no alarm."""

from __future__ import annotations

import asyncio
import itertools
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import catalogue
from checks.engine import Run
from checks.model import Finding, Status
from checks.rules import office365_messages_per_minute as pace
from checks.rules import office365_recipients_per_day as daily
from checks.rules._capacity import Stated, setup_of
from checks.rules._volume import Planned, burst_paces, lets_through, planned, spoken_time
from checks.settings import Burst, Limit, Volume, parse
from checks.subject import ServerSubject, of_settings
from checks.tables.limits import limit

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FAMILIES = ("office365", "settings")


def server(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Mail", "default": True, "filter": ["@hotel.example"], "sender": {"name": "Hotel", "email": "desk@hotel.example"},
        "host": "smtp.office365.com", "port": 587, "security": "starttls", "auth": "xoauth2", "username": "desk@hotel.example",
        "password": {"source": "env", "ref": "SMTP_TOKEN"},
    } | changes  # fmt: skip


def judged(*servers: dict[str, Any], now: datetime = NOW, families: tuple[str, ...] = FAMILIES, **settings: Any) -> list[Finding]:
    """Judge settings by every check of the families, with the network off."""
    subjects = of_settings(parse({"servers": list(servers), **settings}), now=now)
    wanted = [check for check in catalogue() if check.family in families]
    results = asyncio.run(Run().judge(wanted, subjects))
    assert not [result.traceback for result in results if result.traceback]
    return [finding for result in results for finding in result.findings]


def alarms(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings if finding.status not in (Status.PASS, Status.NOTE, Status.NOT_APPLICABLE)]


def status_of(code: str, findings: list[Finding]) -> Status:
    return next(finding.status for finding in findings if finding.code == code)


HOTEL = {"recipients_per_mailing": 200, "mailings_per_week": 2, "plan": "Business Standard", "licences": 8}
HEALTHY = {
    "a small hotel at Microsoft 365": (server(), HOTEL),
    "the same, three years on": (server(), HOTEL),
    "a hotel that said nothing of its volume": (server(), {}),
    "a club at Infomaniak": (
        server(host="mail.infomaniak.com", port=465, security="implicit-tls", auth="plain"),
        {"recipients_per_mailing": 800},
    ),
    "a company at IONOS with a limit": (
        server(host="smtp.ionos.de", auth="plain", limit={"max": 500, "per": "hour"}),
        {"recipients_per_mailing": 3000},
    ),
    "a company with a mail server of its own": (
        server(host="mail.hotel.example", auth="plain"),
        {"recipients_per_mailing": 12000, "mailings_per_week": 2},
    ),
    "an internal relay without a login": (
        {**server(host="relay.hotel.example", port=25, auth="none"), "password": None},
        {"recipients_per_mailing": 500},
    ),
    "a club at a relay service": (
        server(host="email-smtp.eu-central-1.amazonaws.com", auth="plain", username="AKIA123"),
        {"recipients_per_mailing": 50000},
    ),
    "a hoster whose host sounds like an example": (server(host="mail.your-server.de", auth="plain"), {}),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_customer_hears_no_alarm(name: str) -> None:
    one, volume = HEALTHY[name]
    now = NOW.replace(year=2029) if "three years" in name else NOW
    assert not alarms(judged(one, now=now, volume=volume))


@pytest.mark.parametrize(
    ("recipients", "status"), [(31, Status.NOTE), (1800, Status.NOTE), (1801, Status.WARN), (12_000, Status.WARN)]
)
def test_a_wait_is_worth_knowing_and_a_wait_of_more_than_an_hour_is_a_warning(recipients: int, status: Status) -> None:
    assert status_of("office365.pace-exceeded", judged(server(), volume={"recipients_per_mailing": recipients})) is status


def test_a_mailing_that_stops_is_a_warning_and_a_queue_that_never_empties_is_a_failure() -> None:
    twelve = {"recipients_per_mailing": 12_000, "mailings_per_week": 1}
    assert status_of("office365.daily-limit-exceeded", judged(server(), volume=twelve)) is Status.WARN
    assert (
        status_of("office365.weekly-volume-too-large", judged(server(), volume=twelve | {"mailings_per_week": 7})) is Status.FAIL
    )


@pytest.mark.parametrize(("licences", "mailings", "status"), [(5, 1, Status.WARN), (5, 7, Status.FAIL), (1000, 1, Status.NOTE)])
def test_the_tenants_number_weighs_by_what_follows(licences: int, mailings: int, status: Status) -> None:
    """A day too long, a week too long, and an organisation so large that Microsoft had paused the number."""
    volume = {
        "recipients_per_mailing": 20_000 if licences < 1000 else 80_000,
        "mailings_per_week": mailings,
        "licences": licences,
    }
    relay = {**server(host="hotel-example.mail.protection.outlook.com", port=25, auth="none"), "password": None}
    assert status_of("office365.tenant-limit-exceeded", judged(relay, volume=volume)) is status


def test_a_limit_above_the_providers_alarms_only_when_the_volume_may_reach_it() -> None:
    high = server(limit={"max": 20_000, "per": "day", "unit": "recipients"}, burst={"max": 60, "per": "minute"})
    for code in ("settings.limit-above-provider", "settings.burst-above-provider"):
        assert status_of(code, judged(high)) is Status.WARN
        assert status_of(code, judged(high, volume={"recipients_per_mailing": 20})) is Status.NOTE


def test_high_volume_emails_password_login_becomes_a_warning_when_its_day_has_come() -> None:
    one = server(host="smtp.hve.mx.microsoft", auth="plain")
    assert status_of("office365.high-volume-password-login", judged(one)) is Status.NOTE
    assert status_of("office365.high-volume-password-login", judged(one, now=NOW.replace(year=2028))) is Status.WARN


def test_no_date_foretells_a_refusal() -> None:
    """550 5.7.30 is the server's own word; a date alone never makes a failure of a password login."""
    for now in (NOW, NOW + timedelta(days=60), NOW + timedelta(days=400)):
        findings = [
            finding for finding in judged(server(auth="plain"), now=now, volume=HOTEL) if "password-login" in finding.code
        ]
        assert [finding.status for finding in findings] == [Status.WARN]
        assert "5.7.30" not in findings[0].title


@pytest.mark.parametrize("provider", [server(), server(host="smtp.ionos.de", auth="plain")])
def test_every_finding_that_rests_on_a_number_says_which_from_where_and_of_when(provider: dict[str, Any]) -> None:
    findings = judged(provider, volume={"recipients_per_mailing": 12_000, "mailings_per_week": 1, "plan": "trial", "licences": 1})
    resting = [finding for finding in findings if "as_of" in finding.args]
    assert len(resting) > 1 or provider["host"] != "smtp.office365.com"
    assert resting
    for finding in resting:
        assert finding.references, finding.code
        assert all(reference.startswith("https://") for reference in finding.references)
        assert finding.args["as_of"] == "2026-11-23"


def test_numbers_in_the_remedies_are_those_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed table leaves no number stale: whatever the row says stands in title and steps."""
    monkeypatch.setattr(daily, "DAILY", replace(daily.DAILY, value=7_777))
    monkeypatch.setattr(pace, "PACE", replace(pace.PACE, value=23))
    findings = judged(server(), volume={"recipients_per_mailing": 12_000})
    for code, number in (("office365.daily-limit-exceeded", "7,777"), ("office365.pace-exceeded", "23")):
        finding = next(finding for finding in findings if finding.code == code)
        assert number in finding.title
        assert finding.remedy is not None
        assert number in finding.remedy.steps[0]
    for outcome in (daily.EXCEEDED, daily.PACED, daily.ENDLESS, pace.SLOWED):
        assert not re.search(r"\b(10,?000|30)\b", outcome.title + outcome.steps[0])


NUMBERED = {
    "easyname": (server(host="mail.hotel.example", provider="easyname", auth="plain"), 3_000),
    "Infomaniak": (server(host="mail.infomaniak.com", auth="plain"), 6_000),
    "IONOS": (server(host="smtp.ionos.de", auth="plain"), 3_000),
    "hosting.de": (server(host="mail.hotel.example", provider="hosting-de", auth="plain"), 3_000),
    "Microsoft 365": (server(), 12_000),
    "a free Gmail account": (server(host="smtp.gmail.com", auth="plain", username="hotel@gmail.com"), 1_500),
}
TOO_HIGH = {"limit": {"max": 90_000, "per": "hour", "unit": "messages"}, "burst": {"max": 900, "per": "second"}}
ENTERED = re.compile(r"(limit|burst) = (\{[^}]*\})")


def told_to_enter(findings: list[Finding]) -> dict[str, set[str]]:
    """What the steps of all findings tell to enter, by field."""
    steps = [step for finding in findings if finding.remedy for step in finding.remedy.steps]
    return {field: {text for step in steps for found, text in ENTERED.findall(step) if found == field} for field in TOO_HIGH}


@pytest.mark.parametrize("name", NUMBERED)
@pytest.mark.parametrize("entered", [{}, TOO_HIGH], ids=["nothing entered", "too much entered"])
def test_no_two_checks_name_different_numbers_for_one_field(name: str, entered: dict[str, Any]) -> None:
    """Where a volume is planned, capacity.entry has the number, and every other check points to it."""
    one, recipients = NUMBERED[name]
    findings = judged(one | entered, families=(*FAMILIES, "limits", "capacity"), volume={"recipients_per_mailing": recipients})
    named = [finding for finding in findings if finding.remedy and any(map(ENTERED.search, finding.remedy.steps))]
    assert all(len(texts) <= 1 for texts in told_to_enter(findings).values())
    pointing = [finding for finding in findings if finding.remedy and "capacity.entry names" in finding.remedy.steps[0]]
    assert pointing
    assert {finding.code for finding in named} & {"capacity.entry-missing", "capacity.volume-uncarried"}


@pytest.mark.parametrize("name", NUMBERED)
def test_numbers_named_without_a_volume_break_none_of_the_providers(name: str) -> None:
    """Whoever enters what the step says hears nothing more about these limits, however much is sent later."""
    one, _ = NUMBERED[name]
    told = told_to_enter(judged(one | TOO_HIGH))
    assert any(told.values())
    assert all(len(texts) <= 1 for texts in told.values())
    followed = {field: tomllib.loads(f"x = {texts.pop()}")["x"] for field, texts in told.items() if texts}
    findings = judged(one | followed, volume={"recipients_per_mailing": 1_000_000})
    codes = {finding.code for finding in findings}
    assert not {code for code in codes if code.endswith(("-above-provider", "-absent", "-by-calendar", "limit-exceeded"))}


def test_with_several_servers_a_remedy_says_that_the_volume_may_leave_elsewhere() -> None:
    second = server(
        name="Other",
        default=False,
        host="mail.hotel.example",
        filter=["@news.hotel.example"],
        sender={"email": "a@news.hotel.example"},
    )
    steps = [
        finding.remedy.steps[-1]
        for finding in judged(server(), second, volume={"recipients_per_mailing": 12_000})
        if finding.code == "office365.daily-limit-exceeded" and finding.remedy
    ]
    assert ["another server of the settings" in step for step in steps] == [True]


def test_what_a_row_counts_is_what_is_played() -> None:
    """No list of rows stands in the code: a provider's file says by itself that it counts outside recipients alone."""
    one = server(host="smtp.gmail.com", auth="plain")
    subjects = of_settings(parse({"servers": [one], "volume": {"recipients_per_mailing": 9}}), now=NOW)
    plan = next(setup_of(subject, Stated()) for subject in subjects if isinstance(subject, ServerSubject))
    assert plan is not None
    played = {limit.name: limit.external_only for limit in plan.plan.limits}
    assert set(played.values()) == {True, False}
    assert all(external is limit(name).external for name, external in played.items())


# --- volume -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mailings", "a_day"), [(None, 1), (1, 1), (7, 1), (8, 2), (14, 2), (15, 3)])
def test_up_to_seven_mailings_a_week_go_out_one_a_day(mailings: int | None, a_day: int) -> None:
    found = planned(Volume(recipients_per_mailing=100, mailings_per_week=mailings))
    assert found is not None
    assert (found.mailings_a_day, found.busiest_day) == (a_day, 100 * a_day)


def test_nothing_is_planned_as_long_as_nobody_said_how_large_a_mailing_is() -> None:
    assert planned(Volume(mailings_per_week=3)) is None


@given(st.integers(1, 10**9), st.none() | st.integers(1, 10**6))
def test_a_week_is_never_busier_than_seven_of_its_busiest_days(recipients: int, mailings: int | None) -> None:
    plan = Planned(recipients=recipients, mailings=mailings)
    assert plan.week is None or plan.week <= 7 * plan.busiest_day
    assert plan.within(60) <= plan.within(3600) <= plan.within(86400)


@given(st.integers(1, 10**6), st.integers(1, 1000), st.none() | st.integers(0, 100))
def test_a_unit_never_counts_more_than_the_recipients(recipients: int, in_one: int, percent: int | None) -> None:
    """Messages, and whoever is outside, are a part of all recipients; every recipient is in some message."""
    plan = Planned(recipients=recipients, mailings=1, in_one=in_one, outside_percent=percent)
    assert plan.messages <= recipients <= plan.messages * in_one
    assert plan.outside <= recipients
    assert plan.of("messages", external=True) <= min(plan.messages, plan.outside)
    assert plan.of("recipients", external=True) == plan.outside


@given(st.integers(1, 10**5), st.sampled_from(["second", "minute"]), st.integers(1, 100))
def test_a_burst_limit_paces_exactly_what_it_lets_through(most: int, per: str, in_one: int) -> None:
    burst = Burst.model_validate({"max": most, "per": per})
    a_day = most * (86_400 if per == "second" else 1_440) * in_one
    for value, kept in ((a_day, True), (a_day - 1, False)):
        assert burst_paces(burst, replace(daily.DAILY, value=value), in_one) is kept


@given(st.integers(1, 10**9), st.sampled_from(["hour", "day", "week"]))
def test_a_longer_stretch_never_lets_less_through(most: int, per: str) -> None:
    limit = Limit.model_validate({"max": most, "per": per})
    found = [lets_through(limit, seconds) for seconds in (60, 3600, 86400, 7 * 86400)]
    assert all(one <= other for one, other in itertools.pairwise(found))
    assert found[0] == most


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.1, "1 minute"),
        (1, "1 minute"),
        (1.5, "2 minutes"),
        (60, "1 hour"),
        (400, "6 hours 40 minutes"),
        (1440, "1 day"),
        (1680, "1 day 4 hours"),
        (2900, "2 days"),
    ],
)
def test_a_stretch_of_time_is_said_as_a_person_would(minutes: float, words: str) -> None:
    assert spoken_time(timedelta(minutes=minutes)) == words
