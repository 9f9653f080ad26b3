"""Who will take the mail: what counts as met, what as missing, and who is a bulk sender."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import CheckResult, Finding, Outcome, Status
from checks.rules._bulk import Bulk, bulk, is_bulk
from checks.rules._receiver_facts import FACTS
from checks.rules._receiver_seen import Answer, Sender, seen, senders
from checks.rules.arrival_one_click import BOTH, FLAWS, NO_POST
from checks.rules.receivers_requirements import NEEDED, conclude
from checks.settings import Volume, parse
from checks.subject import DomainSubject, of_settings
from checks.tables.receivers import receivers, requirements
from tests.rules import letters
from tests.rules.test_cases import run_case

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FAIL, WARN, NOTE, PASS, UNKNOWN = Status.FAIL, Status.WARN, Status.NOTE, Status.PASS, Status.UNKNOWN


def said(code: str, status: Status, *, check: str = "", about: str = "Main", **args: Any) -> CheckResult:
    """One finding of one check."""
    outcome = Outcome(code=code, status=status, title="so", also=tuple(args))
    return CheckResult(check=check or code, findings=(outcome(about=about, **args),))


def answer(fact: str, *results: CheckResult, known: tuple[Sender, ...] = ()) -> str:
    return seen(fact, results, known).answer.value


# --- one fact ---------------------------------------------------------------------------------------------------------

REVERSE = ("reverse-name", "reverse-name-own", "reverse-name-there", "reverse-name-of-domain")
OURS = said("reverse.server-confirmed", PASS, check="reverse.name")


@pytest.mark.parametrize("fact", REVERSE)
def test_an_address_without_name_is_not_met_whatever_the_server_is_called(fact: str) -> None:
    """The message came from another machine than the one that took it."""
    assert answer(fact, OURS, said("arrival.reverse-name-missing", FAIL, check="arrival.reverse-name")) == "not-met"
    assert answer(fact, OURS, said("arrival.reverse-name-missing", WARN, check="arrival.reverse-name")) == "not-met"


@pytest.mark.parametrize(
    ("code", "answers"),
    [
        ("confirmed", ("met", "met", "met", "not-known-yet")),
        ("unconfirmed", ("not-met", "not-met", "met", "not-met")),
        ("generic", ("met", "not-met", "met", "not-met")),
        ("missing", ("not-met", "not-met", "not-met", "not-met")),
    ],
)
def test_what_receivers_ask_of_the_reverse_name(code: str, answers: tuple[str, ...]) -> None:
    """That it is there, that it leads back, that it is of its own: three things."""
    for fact, expected in zip(REVERSE, answers, strict=True):
        for status in (FAIL, WARN, NOTE):
            assert answer(fact, said(f"arrival.reverse-name-{code}", status, check="arrival.reverse-name")) == expected, fact
        sender = {"missing": "without-name"}.get(code, code)
        assert answer(fact, said(f"reverse.sender-{sender}", WARN, check="reverse.sending-address")) == expected, fact


@pytest.mark.parametrize("fact", REVERSE)
def test_the_name_of_the_server_that_takes_the_mail_shows_nothing_of_the_one_that_delivers_it(fact: str) -> None:
    assert answer(fact, OURS) == "not-known-yet"
    assert answer(fact, said("reverse.server-generic", NOTE, check="reverse.name")) == "not-known-yet"  # a provider's
    assert answer(fact, said("reverse.server-without-name", WARN, check="reverse.name")) == "not-known-yet"
    own = said("reverse.server-without-name", FAIL, check="reverse.name")
    assert answer(fact, own) == "not-met"
    relayed = said("arrival.reverse-name-confirmed", PASS, check="arrival.reverse-name")
    named = said("reverse.sender-confirmed", PASS, check="reverse.sending-address", about="192.0.2.25")
    for better in (relayed, named):
        assert answer(fact, own, better) == ("not-known-yet" if fact == "reverse-name-of-domain" else "met")


def test_several_names_of_which_none_is_known_to_lead_back_show_only_that_there_is_one() -> None:
    found = said("reverse.sender-several-names", NOTE, check="reverse.sending-address")
    assert answer("reverse-name", found) == "not-known-yet"
    assert answer("reverse-name-there", found) == "met"


def test_one_address_without_answer_leaves_the_question_open() -> None:
    """Two addresses send; of one, DNS did not answer."""
    results = (
        said("reverse.sender-confirmed", PASS, check="reverse.sending-address", about="192.0.2.25"),
        said("reverse.sending-address-unknown", UNKNOWN, check="reverse.sending-address", about="club.example"),
    )
    assert answer("reverse-name", *results) == "not-known-yet"
    assert answer("reverse-name", *results, said("arrival.reverse-name-confirmed", PASS)) == "met"


def test_a_message_that_has_arrived_outweighs_what_dns_shows() -> None:
    """A key that is missing under some selector does not matter to a message whose signature holds; nor the other way round."""
    missing = said("dkim.key-missing", FAIL, check="dkim.key", about="club.example")
    holds = said("arrival.signature-valid", PASS, check="arrival.signatures")
    broken = said("arrival.signature-broken", WARN, check="arrival.signatures", why="body-changed")
    assert answer("dkim", missing) == "not-met"
    assert answer("dkim", missing, holds) == "met"
    assert seen("dkim", (missing, broken)).behind == ("arrival.signature-broken",)
    assert answer("spf", said("spf.authorised", PASS), said("arrival.spf-not-passed", WARN, result="softfail")) == "not-met"
    assert answer("alignment", said("dmarc.unaligned", NOTE)) == "not-met"
    assert answer("alignment", said("dmarc.unaligned", FAIL), said("arrival.dmarc-pass", PASS)) == "met"


def test_a_broken_signature_beside_one_that_holds_does_no_harm() -> None:
    holds = said("arrival.signature-valid", PASS)
    assert answer("dkim", said("arrival.signature-broken", NOTE, why="body-changed"), holds) == "met"
    assert answer("dkim-aligned", said("arrival.signature-broken", NOTE, why="x"), holds) == "not-known-yet"


def test_each_server_is_judged_by_its_own_message() -> None:
    """What arrived through one server says nothing of the other; what is wrong with one is not met."""
    main = Sender(name="Main", domains=frozenset({"club.example"}))
    news = Sender(name="News", domains=frozenset({"news.example"}))
    both = (main, news)
    holds = said("arrival.signature-valid", PASS)
    assert answer("dkim", holds, known=(main,)) == "met"
    half = seen("dkim", (holds,), both)
    assert half.answer is Answer.UNKNOWN
    assert "still open: News" in half.later
    missing = said("dkim.key-missing", FAIL, check="dkim.key", about="news.example")
    assert answer("dkim", holds, missing, known=both) == "not-met"
    mine = said("dkim.key-missing", FAIL, check="dkim.key", about="club.example")
    assert answer("dkim", holds, mine, said("arrival.signature-valid", PASS, about="News"), known=both) == "met"
    assert answer("blocklists", said("reputation.listed-address", WARN, about="192.0.2.1"), known=both) == "not-met"


def test_servers_are_told_apart_by_name_and_domain() -> None:
    server = letters.SETTINGS["servers"][0]
    other = {**server, "name": "News", "default": False, "filter": ["@news.example"], "sender": {"email": "n@news.example"}}
    found = senders(of_settings(parse({**letters.SETTINGS, "servers": [server, other]}), now=NOW))
    assert [(one.name, sorted(one.domains)) for one in found] == [("Main", ["club.example"]), ("News", ["news.example"])]
    assert [one.name for one in senders([DomainSubject(now=NOW, domain="club.example")])] == ["club.example"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (said("spf.missing", FAIL, check="spf.record"), "met"),  # no record says nothing (RFC 7208 section 2.6.1)
        (said("spf.authorised", PASS), "met"),
        (said("spf.not-authorised", FAIL, check="spf.authorisation", result="softfail"), "met"),
        (said("spf.not-authorised", FAIL, check="spf.authorisation", result="fail"), "not-met"),
        (said("arrival.spf-not-passed", WARN, result="softfail"), "met"),
        (said("arrival.spf-not-passed", FAIL, result="fail"), "not-met"),
        (said("spf.no-sending-address", Status.NOT_APPLICABLE), "not-known-yet"),
        (said("spf.provider-not-included", WARN), "not-known-yet"),
    ],
)
def test_spf_that_does_not_say_fail(found: CheckResult, expected: str) -> None:
    """laposte.net refuses the result "fail"; a domain without a record never has it."""
    assert answer("spf-not-fail", found) == expected


@pytest.mark.parametrize(
    ("found", "one_click", "in_header", "link"),
    [
        (said("arrival.one-click-covered", PASS), "met", "met", "met"),
        (said("arrival.one-click-uncovered", WARN), "not-met", "met", "met"),
        (said("arrival.one-click-missing", NOTE, what=NO_POST), "not-met", "met", "not-known-yet"),
        (said("arrival.one-click-missing", WARN, what=BOTH), "not-met", "not-met", "not-known-yet"),
        *(
            (said("arrival.one-click-unusable", WARN, what=words), "not-met", expected, "not-known-yet")
            for words, expected in zip(FLAWS.values(), ("not-met", "met", "not-known-yet", "met", "not-known-yet"), strict=True)
        ),
        (said("arrival.one-click-not-asked-for", Status.NOT_APPLICABLE), "not-known-yet", "not-known-yet", "not-known-yet"),
    ],
)
def test_three_ways_to_unsubscribe(found: CheckResult, one_click: str, in_header: str, link: str) -> None:
    """Gmail asks for one click, Yahoo takes any address in the header, Apple and Outlook.com ask for a link."""
    assert [answer(fact, found) for fact in ("one-click", "list-unsubscribe", "unsubscribe")] == [one_click, in_header, link]
    asked = {row.id: row.facts for row in requirements() if "unsubscribe" in row.id or "one-click" in row.id}
    assert asked == {
        "gmail.one-click": ("one-click",),
        "yahoo.one-click": ("list-unsubscribe",),
        "outlook.unsubscribe": ("unsubscribe",),
        "icloud.unsubscribe": ("unsubscribe",),
    }


@pytest.mark.parametrize(
    ("fact", "found", "expected"),
    [
        ("helo-name", said("arrival.helo-differs", NOTE), "not-met"),
        ("helo-name", said("arrival.helo-without-name", WARN), "not-met"),
        ("helo-name", said("arrival.helo-is-reverse-name", PASS), "met"),
        ("helo-full", said("arrival.helo-differs", NOTE), "not-known-yet"),  # whether that name exists was not asked
        ("helo-full", said("arrival.helo-without-name", WARN), "not-met"),
        ("helo-full", said("arrival.helo-is-reverse-name", PASS), "met"),
        ("blocklists", said("reputation.not-listed", PASS), "not-known-yet"),  # one list is not all lists
        ("blocklists", said("reputation.listed-address", WARN), "not-met"),
        ("dkim-key-1024", said("dkim.weak-key", NOTE), "not-known-yet"),  # found by a usual name; who knows whether it signs
        ("dkim-key-1024", said("dkim.weak-key", WARN), "not-met"),
        ("dkim-key-1024", said("arrival.signature-valid", PASS), "met"),
        ("dkim-key-1024", said("arrival.signature-broken", WARN, why="key-short"), "not-met"),
        ("dkim-key-1024", said("arrival.signature-broken", WARN, why="body-changed"), "not-known-yet"),
        ("alignment", said("arrival.dmarc-without-record", NOTE, would="would pass, by the bounce address (SPF)"), "met"),
        ("alignment", said("arrival.dmarc-without-record", NOTE, would="would not pass"), "not-met"),
        ("alignment", said("arrival.dmarc-without-record", NOTE, would="might pass"), "not-known-yet"),
        ("delivery-tls", said("arrival.delivered-with-old-tls", NOTE), "met"),
    ],
)
def test_what_a_finding_says_of_a_fact(fact: str, found: CheckResult, expected: str) -> None:
    assert answer(fact, found) == expected


def test_every_fact_can_be_missing_or_is_for_others_to_see() -> None:
    """A fact that no finding can speak against would never be called missing."""
    without = {name for name, fact in FACTS.items() if not fact.unmet}
    assert without == {"web-imprint", "spam-rate", "unsubscribe"}
    against = {code for fact in FACTS.values() for code in fact.unmet}
    for name, fact in FACTS.items():
        assert {*fact.met_if} <= {*fact.met, *fact.arrived}, name
        assert {*fact.unmet_if, *fact.presumed} <= against, name


# --- bulk senders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({}, "perhaps"),
        ({"recipients_per_mailing": 2_499}, "no"),
        ({"recipients_per_mailing": 2_500}, "perhaps"),
        ({"recipients_per_mailing": 4_990}, "perhaps"),
        ({"recipients_per_mailing": 4_999}, "perhaps"),
        ({"recipients_per_mailing": 5_000}, "yes"),
        ({"recipients_per_mailing": 50_000}, "yes"),
        ({"recipients_per_mailing": 4_900, "peak_hour_messages": 2_000}, "yes"),
        ({"recipients_per_mailing": 1_000, "peak_hour_messages": 62}, "no"),
        ({"recipients_per_mailing": 1_000, "peak_hour_messages": 63}, "perhaps"),
        ({"peak_hour_messages": 5_000}, "yes"),
        ({"peak_hour_messages": 10}, "perhaps"),
        ({"recipients_per_mailing": 3_000, "mailings_per_day": 2}, "yes"),
        ({"recipients_per_mailing": 3_000, "mailings_per_week": 14}, "yes"),
        ({"recipients_per_mailing": 3_000, "mailings_per_week": 7}, "perhaps"),
        ({"recipients_per_mailing": 2_000, "growth_percent": 24}, "no"),
        ({"recipients_per_mailing": 2_000, "growth_percent": 25}, "perhaps"),
        ({"recipients_per_mailing": 2_000, "growth_percent": 300}, "perhaps"),  # not yet today
        ({"recipients_per_mailing": 20_000, "outside_percent": 10}, "no"),
        ({"recipients_per_mailing": 50_000, "outside_percent": 10}, "yes"),
        ({"recipients_per_mailing": 50_000, "outside_percent": 0}, "no"),
    ],
)
def test_who_is_a_bulk_sender(volume: dict[str, int], expected: str) -> None:
    """All mail of a day counts; "no" needs a distance, because Gmail says "close to 5,000" and never takes it back."""
    plan = Volume.model_validate(volume)
    assert bulk(plan, 5_000).value == expected
    assert is_bulk(plan) is (expected == "yes")


def test_more_than_a_number_does_not_begin_at_it() -> None:
    """Outlook.com says "more than 5,000"."""
    plan = Volume(recipients_per_mailing=5_000)
    assert [bulk(plan, 5_000, beyond=True), bulk(plan, 5_000)] == [Bulk.PERHAPS, Bulk.YES]
    assert [one.id for one in receivers() if one.beyond] == ["outlook"]


def test_without_a_number_nobody_is_sure() -> None:
    assert bulk(Volume(recipients_per_mailing=1), None) is bulk(Volume(recipients_per_mailing=10**7), None) is Bulk.PERHAPS


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 3_000))
def test_more_mail_never_makes_less_of_a_bulk_sender(few: int, more: int, other: int) -> None:
    order = (Bulk.NO, Bulk.PERHAPS, Bulk.YES)
    less, much = sorted((few, more))
    small, large = (bulk(Volume(recipients_per_mailing=size), 5_000) for size in (less, much))
    with_other = bulk(Volume(recipients_per_mailing=much, peak_hour_messages=other), 5_000)
    assert order.index(small) <= order.index(large) <= order.index(with_other)


# --- the table --------------------------------------------------------------------------------------------------------


def table(volume: dict[str, int], *results: CheckResult) -> dict[str, Any]:
    subject = DomainSubject(now=NOW, domain="club.example", volume=Volume.model_validate(volume))
    others = [CheckResult(check=check, findings=()) for check in NEEDED]
    (finding,) = conclude([subject], [*others, *results])
    shown = finding.args["table"]
    assert isinstance(shown, dict)
    return {row["receiver"]: row for row in shown["rows"]}


NO_DMARC = said("dmarc.missing", WARN, check="dmarc.record", about="club.example")


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        (200, {"gmail": "no", "yahoo": "perhaps", "outlook": "no", "icloud": "perhaps", "gmx": "perhaps"}),
        (4_990, {"gmail": "perhaps", "yahoo": "perhaps", "outlook": "perhaps", "icloud": "perhaps", "gmx": "perhaps"}),
        (50_000, {"gmail": "yes", "yahoo": "perhaps", "outlook": "yes", "icloud": "perhaps", "gmx": "perhaps"}),
    ],
)
def test_the_table_says_who_is_a_bulk_sender_where(recipients: int, expected: dict[str, str]) -> None:
    """Receivers that ask everybody for the same say nothing of bulk senders."""
    rows = table({"recipients_per_mailing": recipients}, NO_DMARC)
    same = dict.fromkeys(("t-online", "web-de", "laposte"), "")
    assert {name: row["bulk"] for name, row in rows.items()} == expected | same
    lacking = any("DMARC" in words for words in rows["gmail"]["missing"])
    assert lacking is (expected["gmail"] != "no")
    if recipients == 50_000:
        assert rows["gmail"]["bulk_words"].startswith("50,000 messages are planned for the busiest day")


def test_the_findings_behind_a_line_are_all_named() -> None:
    """Two things are asked for in one line, and both are missing."""
    unaligned = said("dmarc.unaligned", NOTE, check="dmarc.alignment")
    (line,) = (one for one in table({}, NO_DMARC, unaligned)["yahoo"]["requirements"] if one["id"] == "yahoo.dmarc")
    assert line["behind"] == ("dmarc.missing", "dmarc.unaligned")


def arrived(**world: Any) -> dict[str, Any]:
    """The table after a message has arrived."""
    only = ["spf", "dkim", "dmarc", "reverse", "arrival"]
    found: list[Finding] = run_case("receivers_requirements", {"name": "", "arrived": {}, "only": only, **world})
    shown = found[0].args["table"]
    assert isinstance(shown, dict)
    return {line["id"]: line["state"] for row in shown["rows"] for line in row["requirements"]}


def test_a_message_that_has_arrived_answers_for_the_sending_address() -> None:
    """The whole catalogue: another machine delivers than the one that takes the mail, and it has no name."""
    states = arrived()
    assert states["gmail.reverse-name"] == states["web-de.reverse-name"] == "met"
    states = arrived(arrived={"dns": [["25.2.0.192.in", "26.2.0.192.in"]]}, settings={"servers": [{**letters.SETTINGS["servers"][0], "host": "smtp.club.example"}]}, zone="smtp A 192.0.2.77\n77.2.0.192.in-addr.arpa. PTR smtp.club.example.\n")  # fmt: skip
    assert {state for name, state in states.items() if name.endswith(("reverse-name", "fixed-address"))} == {"not-met"}
