"""Providers and their limits: what is said on which day, one fault one alarm, and that every fact says when it was read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.catalogue import catalogue, select
from checks.engine import Run
from checks.model import CheckResult, Finding, Status
from checks.rules._volume import ordinal
from checks.settings import parse
from checks.subject import of_settings
from checks.tables import dated, providers
from checks.tables.limits import limits
from reports import html, text
from reports.model import build
from tests.fakes.zone import ZoneWorld
from tests.reports import sample
from tests.rules.test_cases import ALL, run_case

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FAMILIES = ("office365", "settings", "limits", "facts", "provider")
ALARMS = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.BROKEN)


def server(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Mail", "default": True, "filter": ["@club.example"], "sender": {"name": "Club", "email": "office@club.example"},
        "host": "smtp.office365.com", "port": 587, "security": "starttls", "auth": "xoauth2", "username": "office@club.example",
        "password": {"source": "env", "ref": "SMTP_TOKEN"},
    } | changes  # fmt: skip


def other(host: str, **changes: Any) -> dict[str, Any]:
    return server(host=host, port=465, security="implicit-tls", auth="plain", **changes)


def results(one: dict[str, Any], volume: dict[str, Any], now: datetime = NOW) -> list[CheckResult]:
    subjects = of_settings(parse({"servers": [one], "volume": volume}), now=now)
    wanted = [check for check in catalogue() if check.family in FAMILIES]
    found = asyncio.run(Run(gather=ZoneWorld()).judge(wanted, subjects))
    assert not [result.traceback for result in found if result.traceback]
    return found


def judged(one: dict[str, Any], volume: dict[str, Any] | None = None, now: datetime = NOW) -> list[Finding]:
    return [finding for result in results(one, volume or {}, now) for finding in result.findings]


def status(code: str, findings: list[Finding]) -> Status | None:
    return next((finding.status for finding in findings if finding.code == code), None)


def plan(recipients: int, mailings: int = 1, **more: Any) -> dict[str, Any]:
    return {"recipients_per_mailing": recipients, "mailings_per_week": mailings, **more}


# --- the days ---------------------------------------------------------------------------------------------------------

PASSWORD = server(auth="plain")
SHARED = server(sender={"email": "office@club.onmicrosoft.com"}, filter=[], username="office@club.onmicrosoft.com")
HIGH_VOLUME = server(host="smtp.hve.mx.microsoft", auth="plain")


def tenant(licences: int) -> tuple[dict[str, Any], dict[str, Any], str]:
    one = {**server(host="club-example.mail.protection.outlook.com", port=25, auth="none"), "password": None}
    return one, plan(90_000, licences=licences), "office365.tenant-limit-exceeded"


DAYS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, Status], tuple[str, Status]]] = {
    "microsoft365.password-login-off-by-default": (
        PASSWORD, {}, ("office365.password-login-ending", Status.WARN), ("office365.password-login-off-by-default", Status.WARN),
    ),
    "microsoft365.password-login-end-announced": (
        PASSWORD, {}, ("office365.password-login-off-by-default", Status.WARN), ("office365.password-login-end-near", Status.WARN),
    ),
    "microsoft365.onmicrosoft-throttle": (
        SHARED, plan(500), ("office365.onmicrosoft-limit-exceeded", Status.WARN), ("office365.onmicrosoft-limit-exceeded", Status.FAIL),
    ),
    "microsoft365.tenant-limit-small": (*tenant(25)[:2], (tenant(25)[2], Status.NOTE), (tenant(25)[2], Status.WARN)),
    "microsoft365.tenant-limit-medium": (*tenant(200)[:2], (tenant(200)[2], Status.NOTE), (tenant(200)[2], Status.WARN)),
    "microsoft365.tenant-limit-large": (*tenant(500)[:2], (tenant(500)[2], Status.NOTE), (tenant(500)[2], Status.WARN)),
    "microsoft365-hve.password-login-end": (
        HIGH_VOLUME, {}, ("office365.high-volume-password-login", Status.WARN), ("office365.high-volume-password-login", Status.WARN),
    ),
}  # fmt: skip
NOTHING_TO_JUDGE = {"microsoft365-hve.metered"}  # a price


@pytest.mark.parametrize("name", [row.id for row in dated.changes() if row.id not in NOTHING_TO_JUDGE])
def test_the_day_before_and_the_day_itself_are_told_apart(name: str) -> None:
    """Every dated change of the table has a frozen clock on each side of its day."""
    one, volume, before, after = DAYS[name]
    midnight = datetime.combine(dated.change(name).since, datetime.min.time(), tzinfo=UTC)
    said = []
    for now, (code, expected) in ((midnight - timedelta(seconds=1), before), (midnight, after)):
        findings = judged(one, volume, now)
        assert status(code, findings) is expected, (now, [finding.title for finding in findings])
        said.append(next(finding for finding in findings if finding.code == code))
    assert said[0].status != said[1].status or said[0].title != said[1].title


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2025, 12, 31, 23, 59, tzinfo=UTC), Status.NOTE),
        (datetime(2026, 1, 1, tzinfo=UTC), Status.WARN),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), Status.WARN),
    ],
)
def test_a_password_login_works_and_is_a_warning_a_year_before_its_day(now: datetime, expected: Status) -> None:
    assert status("office365.password-login-ending", judged(PASSWORD, now=now)) is expected


# --- the club ---------------------------------------------------------------------------------------------------------


def test_a_club_with_12000_members_on_one_mailbox_is_told_in_one_sentence_what_happens_and_what_to_do() -> None:
    """From the 10,001st recipient on each is refused, with which code, until when, and how long it takes; then the ways out."""
    found = results(server(), plan(12_000))
    finding = next(finding for result in found for finding in result.findings if finding.code == "office365.daily-limit-exceeded")
    assert finding.title == (
        "Mail: a mailing to 12,000 recipients stops after 10,000, because Microsoft 365 takes no more recipients from a mailbox in 24 hours "
        "(as of 2026-11-23): from the 10,001st on, each is refused (554 5.2.0 SubmissionQuotaExceeded, 550 5.1.90 or 550 5.2.2) until "
        "24 hours have passed since the first; the rest has to wait until the next day, 2 days in all"
    )
    assert finding.remedy is not None
    steps = " ".join(finding.remedy.steps)
    for way in ("the limits that the check capacity.entry names for Mail", "below 10,000 recipients a day", "connector", "Azure Communication Services", "relay service", "mail server of your own", "High Volume Email is no way out"):  # fmt: skip
        assert way in steps
    report = build(
        results=found, tool=sample.TOOL, taken_at=sample.TAKEN, subject=sample.subject(), vantage={"observations": {}}, tables=[]
    )
    for shown in (text.render(report, colour=False), html.render(report)):
        flat = " ".join(shown.split())
        assert "from the 10,001st on, each is refused" in flat
        assert "as of 2026-11-23" in flat


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (112, "112th"), (10_001, "10,001st")]
)
def test_places_in_a_row_are_written_as_people_do(count: int, words: str) -> None:
    assert ordinal(count) == words


# --- one fault, one alarm ---------------------------------------------------------------------------------------------

TOO_MUCH = {
    "Infomaniak without a limit": (other("mail.infomaniak.com"), plan(6_000), ["settings.limit-absent"]),
    "Infomaniak, the settings wait": (
        other("mail.infomaniak.com", limit={"max": 1440, "per": "day", "unit": "recipients"}), plan(6_000), ["limits.mailing-time"],
    ),
    "Infomaniak, every day": (other("mail.infomaniak.com"), plan(6_000, 7), ["settings.limit-absent"]),
    "IONOS, the settings wait some hours": (other("smtp.ionos.de", limit={"max": 500, "per": "hour"}), plan(3_000), []),
    "Google Workspace": (other("smtp.gmail.com"), plan(2_500), ["settings.limit-absent"]),
    "Google Workspace, most of it inside and in shared messages": (
        other("smtp.gmail.com"), plan(2_500, outside_percent=20, recipients_per_message=100), [],
    ),
    "a free Gmail account": (other("smtp.gmail.com") | {"username": "club@gmail.com"}, plan(1_500), ["settings.limit-absent"]),
    "Microsoft 365, in shared messages": (server(), plan(5_000, recipients_per_message=500), []),
    "Microsoft 365, a slow burst limit": (
        server(burst={"max": 5, "per": "minute"}), plan(12_000, licences=25), ["office365.mailing-over-several-days"],
    ),
    "a limit of its own in messages": (
        other("mail.club.example", limit={"max": 100, "per": "day"}), plan(5_000, recipients_per_message=100), [],
    ),
    "High Volume Email for colleagues": (server(host="smtp.hve.mx.microsoft"), plan(50_000, outside_percent=0), []),
    "an onmicrosoft.com sender who writes to colleagues": (
        server(sender={"email": "office@club.onmicrosoft.com"}, filter=[]), plan(500, outside_percent=0), [],
    ),
    "Amazon SES, whose quota is individual": (other("email-smtp.eu-central-1.amazonaws.com"), plan(50_000), []),
    "STRATO, which publishes nothing": (other("smtp.strato.de"), plan(5_000), []),
    "a server of one's own": (other("mail.club.example"), plan(50_000), []),
    "Microsoft 365": (server(burst={"max": 30, "per": "minute"}), plan(12_000, licences=25), ["office365.daily-limit-exceeded"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_plan_that_is_too_large_raises_one_alarm(name: str) -> None:
    one, volume, expected = TOO_MUCH[name]
    assert [finding.code for finding in judged(one, volume) if finding.status in ALARMS] == expected


@pytest.mark.parametrize("row", [row for row in providers() if row.hosts], ids=lambda row: row.id)
def test_a_small_mailing_raises_no_alarm_at_any_provider(row: Any) -> None:
    """Whatever is known of a provider, 20 recipients a week fit. Passwords have their own rule at Microsoft."""
    host = row.hosts[0].replace("*", "x1")
    endpoint = row.endpoints[0]
    by_address = "ip" in row.auth and "oauth2" not in row.auth and endpoint.port == 25
    one = server(host=host, port=endpoint.port, security=endpoint.security, auth="none" if by_address else "xoauth2")
    if by_address:
        one["password"] = None
    accepted = {"office365.inside-recipients-only"}  # High Volume Email reaches nobody outside
    findings = judged(one, plan(20))
    assert not {finding.code for finding in findings if finding.status in ALARMS} - accepted


# --- ways and switches of other providers than Microsoft ------------------------------------------------------------------


def steps(code: str, findings: list[Finding]) -> str:
    found = next(finding for finding in findings if finding.code == code)
    assert found.remedy is not None
    return " ".join(found.remedy.steps)


def test_a_mailing_too_large_for_a_google_mailbox_is_shown_the_relay() -> None:
    """The organisation's own relay comes before a service of somebody else."""
    findings = judged(other("smtp.gmail.com", limit={"max": 1900, "per": "day"}), plan(12_000))
    told = steps("limits.mailing-time", findings)
    assert "smtp-relay.gmail.com" in told
    assert told.index("smtp-relay.gmail.com") < told.index("a service that is made for them") < told.index("sendready providers google-workspace")  # fmt: skip
    assert "smtp-relay" not in steps("limits.mailing-time", judged(other("smtp-relay.gmail.com"), plan(40_000)))


def test_the_quota_of_amazon_is_looked_up_before_anybody_is_asked() -> None:
    told = steps("limits.unpublished", judged(other("email-smtp.eu-central-1.amazonaws.com"), plan(50_000)))
    assert told.index("sandbox") < told.index("Ask Amazon SES")
    assert "sandbox" not in steps("limits.unpublished", judged(other("smtp.strato.de"), plan(50_000)))


def test_an_unknown_server_with_a_planned_volume_is_told_to_ask_and_to_enter_the_number() -> None:
    findings = judged(other("mail.club.example"), plan(12_000))
    assert status("limits.provider-unknown", findings) is Status.NOTE
    assert "Ask whoever runs mail.club.example" in steps("limits.provider-unknown", findings)
    assert "send limit of this server" in steps("limits.provider-unknown", findings)
    assert status("limits.provider-and-volume-unknown", judged(other("mail.club.example"))) is Status.NOT_APPLICABLE
    entered = judged(other("mail.club.example", limit={"max": 100, "per": "hour"}), plan(12_000))
    assert status("limits.own-limit-entered", entered) is Status.PASS


@pytest.mark.parametrize(
    ("host", "changes", "expected"),
    [
        ("smtp.gmail.com", {}, ["2-Step Verification", "App passwords", "sendready providers gmail or sendready providers google-workspace"]),
        ("smtp.mail.me.com", {}, ["account.apple.com", "App-Specific Passwords"]),
        ("smtp-relay.gmail.com", {}, ["SMTP relay service", "app password", "port 587"]),
        ("smtp-relay.gmail.com", {"auth": "none", "username": None, "password": None}, ["public address is listed there", "--to ADDRESS"]),
        ("email-smtp.eu-central-1.amazonaws.com", {}, ["Create SMTP credentials"]),
        ("smtp.gmail.com", {"auth": "xoauth2"}, ["scope https://mail.google.com/"]),
    ],
)  # fmt: skip
def test_where_no_login_was_tried_the_switches_are_a_note(host: str, changes: dict[str, Any], expected: list[str]) -> None:
    """Never an alarm: it may all be in order."""
    findings = judged(other(host) | changes)
    assert status("provider.login-conditions-open", findings) is Status.NOTE
    told = steps("provider.login-conditions-open", findings)
    for words in expected:
        assert words in told, told


def in_case(stem: str, name: str) -> Finding:
    (found,) = (run_case(one, case) for one, case in ALL if one == stem and case["name"] == name)
    return found[0]


def test_a_refused_password_is_told_the_switches_and_the_way_without_a_password() -> None:
    """The alarm is the one of the login; the note says what the provider asks for, and what else there is."""
    said = in_case("provider_login_conditions", "Google wants an app password: what that needs is told")
    assert said.status is Status.NOTE
    assert said.remedy is not None
    told = " ".join(said.remedy.steps)
    for words in (
        "2-Step Verification",
        "App passwords",
        "scope https://mail.google.com/",
        "smtp-relay.gmail.com",
        "sendready providers",
    ):
        assert words in told
    assert "https://support.google.com/a/answer/3726730" in said.references


def test_a_sender_of_another_domain_weighs_less_once_a_recipient_was_taken() -> None:
    stem = "provider_sender_conditions"
    assert in_case(stem, "IONOS: a sender of another domain is refused").status is Status.WARN
    taken = "IONOS: the recipient was taken all the same, which weighs less than it seems"
    assert in_case(stem, taken).status is Status.NOTE


def test_a_token_is_not_asked_for_app_passwords() -> None:
    told = steps(
        "provider.login-conditions-open",
        judged(
            other(
                "smtp.gmail.com",
            )
            | {"auth": "xoauth2"}
        ),
    )
    assert "App passwords" not in told
    assert "provider.login-conditions-unknown" in {
        finding.code for finding in judged(other("smtp.mail.me.com") | {"auth": "xoauth2"})
    }


# --- every fact says when it was read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("volume", [{}, plan(5), plan(12_000, licences=3, plan="E3"), plan(12_000, 7, plan="trial")])
def test_the_sentence_shows_the_day_of_the_fact(volume: dict[str, Any]) -> None:
    """Whatever leans on a fact says "as of" in its sentence and cites where it comes from."""
    hosts = [row.hosts[0].replace("*", "x1") for row in providers() if row.hosts]
    seen = 0
    for host in hosts:
        for finding in judged(server(host=host, auth="plain"), volume):
            if as_of := finding.args.get("as_of"):
                seen += 1
                assert f"as of {as_of}" in finding.title, finding.title
                assert finding.references, finding.code
    assert seen > 20


def test_a_report_whose_facts_are_old_says_so_and_one_whose_facts_are_not_does_not() -> None:
    """Only facts that the report leans on count; the note names the findings, and is no alarm."""
    later = judged(server(), plan(12_000), NOW + timedelta(days=400))
    note = next(finding for finding in later if finding.code == "facts.old-facts")
    assert note.status is Status.NOTE
    assert "2026-11-23" in note.title
    assert isinstance(note.args["facts"], list)
    assert "office365.daily-limit-exceeded: 2026-11-23" in note.args["facts"]
    assert status("facts.recent-facts", judged(server(), plan(12_000))) is Status.NOT_APPLICABLE
    assert status("facts.no-facts", judged(other("mail.club.example"), plan(5), NOW + timedelta(days=4000)))


def test_every_published_number_over_time_is_compared_somewhere() -> None:
    """A limit of the table that holds for everybody reaches some rule: too much for it is never passed over in silence."""
    for row in limits():
        provider = next(one for one in providers() if one.id == row.provider)
        if not provider.hosts or not row.general or not row.seconds:
            continue
        host = provider.hosts[0].replace("*", "x1")
        findings = judged(server(host=host), plan(10_000_000))
        told = [
            finding
            for finding in findings
            if finding.status in (Status.NOTE, *ALARMS) and finding.code.startswith(("limits.", "office365.", "settings."))
        ]
        assert told, row.id


def test_the_new_checks_never_stand_in_the_way_of_ready() -> None:
    """What cannot be told about providers is informational; only too much mail is a warning."""
    informational = {check.id for check in catalogue() if check.informational}
    assert {"provider.recognised", "facts.age", "office365.connector", "office365.login-conditions"} <= informational
    assert len(select(["limits"])) == 3
