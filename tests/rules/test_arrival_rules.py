"""All rules about a message that has arrived together: one fault is one alarm, hostile messages do nothing, the work is done once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.catalogue import catalogue, select
from checks.engine import MAX_PROBES, Run
from checks.evidence import Effect, State, from_json, to_json
from checks.model import CheckResult, Finding, Status
from checks.probes import KINDS, ArrivalReading
from checks.probes.arrival import saved_probe
from checks.records import dkim_door
from checks.records.dmarc_result import Standard
from checks.rules import _arrived, _arrived_proof
from checks.rules._receiver_facts import FACTS
from checks.settings import Settings, parse
from checks.subject import Arrival, TestPlan, Way, of_domain, of_settings
from tests.fakes.zone import ZoneWorld
from tests.rules import letters
from tests.rules.test_cases import NOW

ALARMING = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.BROKEN)
FAMILIES = ("arrival", "triangle")
BULK = {**letters.SETTINGS, "volume": {"recipients_per_mailing": 10_000}}
NOT_OURS = [["ip4:192.0.2.25", "ip4:192.0.2.99"]]


def judged(
    spoiled: dict[str, Any], *, document: dict[str, Any] = letters.SETTINGS, families: tuple[str, ...] = FAMILIES, **world: Any
) -> tuple[list[CheckResult], Run]:
    """Judge a message by every rule of some families."""
    came = letters.arrived(spoiled)
    gather = ZoneWorld(came.zone + world.pop("zone", ""), readings=came.readings, **world)
    run = Run(gather=gather, allow=frozenset(Effect), deadline=30)
    asked = subjects(came.arrival, parse(document))
    results = asyncio.run(run.judge(select(families), asked))
    assert not any(result.traceback for result in results), [result.traceback for result in results if result.traceback]
    assert all(result.findings for result in results), "a check always says something"
    assert len(gather.asked) == len(set(gather.asked)), "a question was asked twice"
    again = Run(readings=from_json(to_json(run.readings, about={}), KINDS)[0], allow=frozenset(Effect))
    assert asyncio.run(again.judge(select(families), asked)) == results, "saved evidence is judged alike with the network off"
    return results, run


def subjects(arrival: Arrival, document: Settings) -> list[Any]:
    test = TestPlan(to=letters.READER, message=letters.MARK)
    return of_settings(document, now=NOW, test=test, arrival=arrival)


def said(results: list[CheckResult], *statuses: Status) -> dict[str, Finding]:
    return {finding.code: finding for result in results for finding in result.findings if finding.status in (statuses or Status)}


def alarms(spoiled: dict[str, Any], **world: Any) -> list[str]:
    return sorted(said(judged(spoiled, **world)[0], *ALARMING))


# --- codes --------------------------------------------------------------------------------------------------------------------


def test_every_code_that_receivers_are_compared_with_exists() -> None:
    """A code that no check can say would leave a requirement open for ever."""
    known = {outcome.code for check in catalogue() for outcome in check.outcomes}
    checks = {check.id for check in catalogue()}
    for name, fact in FACTS.items():
        assert {*fact.met, *fact.unmet, *fact.arrived} <= known, name
        assert set(fact.failing) <= checks, name


def test_what_receivers_ask_for_is_met_by_a_message_that_has_arrived() -> None:
    """Nothing that a message can show stays open: only what a person or the receiver alone can see."""
    letter = {"letter": {"unsubscribe": "https://club.example/leave"}, "way": "imap"}
    names = ["from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post"]
    results, _ = judged({**letter, "signed": [{"headers": names}]})
    codes = said(results, Status.PASS)
    for name in (
        "spf",
        "dkim",
        "dkim-aligned",
        "alignment",
        "reverse-name",
        "delivery-tls",
        "message-format",
        "one-click",
        "helo-name",
    ):
        fact = FACTS[name]
        assert codes.keys() & {*fact.arrived, *fact.met}, name


# --- one fault, one alarm -----------------------------------------------------------------------------------------------------

CLEAR = [
    "from out.club.example (out.club.example [192.0.2.25]) by mx.mail.example with ESMTP id 7; Mon, 23 Nov 2026 08:59:10 +0000"
]
LOCALHOST = [
    "from localhost (out.club.example [192.0.2.25]) (using TLSv1.3) by mx.mail.example with ESMTPS id 7; Mon, 23 Nov 2026 08:59:10 +0000"
]
WORLDS: dict[str, tuple[list[str], dict[str, Any], dict[str, Any]]] = {
    "a healthy message": ([], {"way": "imap"}, {}),
    "a healthy message that was saved": ([], {}, {}),
    "among the spam": (["arrival.message-in-junk"], {"way": "imap", "reading": {"folder": {"name": "Junk", "junk": True}}}, {}),
    "it has not come": (["arrival.message-not-found"], {"way": "imap", "reading": {"found": False}}, {}),
    "a mailbox that refuses the login": (
        ["arrival.mailbox-closed"], {"way": "imap", "reading": {"found": False, "state": "refused", "fault": "login-refused"}}, {},
    ),
    "a mailbox server whose address nobody knows": (
        ["arrival.found-unknown"], {"way": "imap"}, {"faults": {f"dns imap.mail.example {kind}": "servfail" for kind in ("A", "AAAA")}},
    ),
    "a message of somebody else": (
        ["arrival.another-message"], {"letter": {"from_email": "a@b.example"}, "without": ["X-Sendready-Id"], "signed": []}, {},
    ),
    "the record names others": (["arrival.spf-not-passed"], {"dns": NOT_OURS}, {}),
    "no signature": (["arrival.signature-missing"], {"signed": []}, {}),
    "a broken signature": (["arrival.signature-broken"], {"replaced": [["nothing to do", "much to do"]]}, {}),
    "a provider's signature": (
        ["arrival.signature-unaligned"], {"signed": [{"domain": "p.example"}]},
        {"zone": "s1._domainkey.p.example. CNAME s1._domainkey.club.example.\n"},
    ),
    "everything in a provider's name": (
        ["arrival.dmarc-not-passed", "arrival.signature-unaligned"],
        {"signed": [{"domain": "p.example"}], "return_path": "<b@p.example>"},
        {"zone": 's1._domainkey.p.example. CNAME s1._domainkey.club.example.\np.example. TXT "v=spf1 ip4:192.0.2.25 -all"\n'},
    ),
    "delivered in clear": (["arrival.delivered-in-clear"], {"received": CLEAR}, {}),
    "no reverse name": (["arrival.reverse-name-missing"], {"dns": [["25.2.0.192.in", "26.2.0.192.in"]]}, {}),
    "a server that calls itself localhost": (["arrival.helo-without-name"], {"received": LOCALHOST}, {}),
    "no date": (["arrival.message-malformed"], {"without": ["Date"], "signed": [{"headers": ["from", "subject"]}]}, {}),
    "another sender than the settings say": (["triangle.from-differs"], {"letter": {"from_email": "me@club.example"}}, {}),
    "a key that nobody can look up": (
        ["arrival.signatures-unknown"], {}, {"faults": {"dns s1._domainkey.club.example TXT": "timeout"}},
    ),
    "an SPF record that nobody can look up": (["arrival.spf-unknown"], {}, {"faults": {"dns club.example TXT": "timeout"}}),
    "a DMARC record that nobody can look up": (["arrival.dmarc-unknown"], {}, {"faults": {"dns _dmarc.club.example TXT": "timeout"}}),
    "a message that never left its server": (
        [], {"letter": {"to": "b@club.example"}, "received": ["from x ([203.0.113.9]) by mail.club.example with ESMTPSA id 3; Mon, 23 Nov 2026 08:59:08 +0000"]}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_one_fault_is_one_alarm(name: str) -> None:
    """Exactly the expected findings alarm; the others pass, do not apply, or say why they were not judged."""
    wanted, spoiled, world = WORLDS[name]
    assert alarms(spoiled, **world) == wanted


@pytest.mark.parametrize("name", WORLDS)
def test_every_sentence_can_be_read(name: str) -> None:
    """No dangling template; each alarm says what to do."""
    _, spoiled, world = WORLDS[name]
    results, _ = judged(spoiled, **world)
    for finding in said(results).values():
        assert "{" not in finding.title, finding.title
        if finding.status in ALARMING:
            assert finding.remedy is not None, finding.code
            assert all(step[0].isupper() and step[-1] in ".e5DS" for step in finding.remedy.steps), finding.remedy.steps


@pytest.mark.parametrize(
    ("spoiled", "code", "few", "many"),
    [
        ({"signed": []}, "arrival.signature-missing", Status.WARN, Status.FAIL),
        ({"replaced": [["nothing to do", "much to do"]]}, "arrival.signature-broken", Status.WARN, Status.FAIL),
        ({"dns": [["ip4:192.0.2.25 -all", "ip4:192.0.2.99 ~all"]]}, "arrival.spf-not-passed", Status.WARN, Status.FAIL),
        ({"dns": NOT_OURS}, "arrival.spf-not-passed", Status.FAIL, Status.FAIL),
        ({"signed": [], "dns": [*NOT_OURS, ["p=reject", "p=none"]]}, "arrival.dmarc-not-passed", Status.WARN, Status.FAIL),
        ({"signed": [], "dns": [*NOT_OURS, ["p=reject", "p=quarantine"]]}, "arrival.dmarc-not-passed", Status.FAIL, Status.FAIL),
        ({"header": ["List-Unsubscribe: <https://x.example>"]}, "arrival.one-click-missing", Status.NOTE, Status.WARN),
    ],
)
def test_the_volume_weighs(spoiled: dict[str, Any], code: str, few: Status, many: Status) -> None:
    """What large receivers ask of bulk senders only is a warning for the others."""
    assert said(judged(spoiled)[0])[code].status is few
    assert said(judged(spoiled, document=BULK)[0])[code].status is many


def test_a_difference_to_the_receiver_weighs_by_what_it_costs() -> None:
    """Worse at the receiver: a warning, unless it is long ago. Better there: a note."""
    worse = "Authentication-Results: mx.mail.example; dkim=fail header.d=club.example header.s=s1"
    assert said(judged({"top": [worse]})[0])["arrival.opinion-differs"].status is Status.WARN
    better = "Authentication-Results: mx.mail.example; spf=pass smtp.mailfrom=club.example"
    assert said(judged({"top": [better], "dns": NOT_OURS})[0])["arrival.opinion-differs"].status is Status.NOTE


def test_a_provider_answers_for_its_own_machines() -> None:
    """The customer cannot set the reverse name of a provider's machine."""
    server = {**letters.SETTINGS["servers"][0], "host": "smtp.sendgrid.net", "selectors": []}
    results, _ = judged({"dns": [["25.2.0.192.in", "26.2.0.192.in"]]}, document={"servers": [server]})
    assert said(results)["arrival.reverse-name-missing"].status is Status.WARN


# --- strangers ----------------------------------------------------------------------------------------------------------------


def raw_judged(raw: bytes) -> tuple[list[CheckResult], Run]:
    """Judge octets, by the rules about messages and those about the domain."""
    arrival = Arrival(way=Way.FILE, sha256="0" * 64, given="x.eml")
    reading = ArrivalReading(state=State.OK, found=True, raw=raw.decode("latin-1"), size=len(raw))
    run = Run(gather=ZoneWorld(letters.arrived({}).zone), deadline=60, readings={saved_probe(arrival): reading})
    asked = [*subjects(arrival, parse(letters.SETTINGS)), *of_domain("club.example", now=NOW, arrival=arrival)]
    results = asyncio.run(run.judge(select([*FAMILIES, "dkim", "spf.authorisation"]), asked))
    assert not any(result.traceback for result in results), [result.traceback for result in results if result.traceback]
    return results, run


EVIL = b"\x1b[2J<script>alert(1)</script>\xe2\x80\xae{0}{subject}%s"
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"From", b"Received", b"Return-Path", b"DKIM-Signature", b"Authentication-Results", b"To", b"Date", b"Message-ID",
             b"Delivered-To", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"Content-Type", b"X-Sendready-Id"]
        ),
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b"<a@club.example>", b"from a.b (c.d [192.0.2.25]) by mx.mail.example with ESMTPS; Mon, 23 Nov 2026 08:59:10 +0000",
                 b"from [::1] by [10.0.0.1] with SMTP; 1", b"by ..; Fri, 31 Dec 9999 23:59:59 -1200", b"by mx.mail.example",
                 b"v=1; a=rsa-sha256; d=club.example; s=s1; h=from; bh=AAAA; b=AAAA", b"mx.mail.example; spf=pass smtp.mailfrom=a@..",
                 b"mx.mail.example; dkim=fail header.d=" + b"x" * 300, b"a@" + b"b." * 120 + b"c", b"", EVIL]
            ),
        ),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(HEADERS, st.binary(max_size=40))
def test_any_message_is_judged(fields: list[tuple[bytes, bytes]], body: bytes) -> None:
    """No traceback, no endless questions, no sentence that a screen could not hold."""
    head = b"".join(name + b": " + value.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n" for name, value in fields)
    results, run = raw_judged(head + b"\r\n" + body)
    assert len(run.readings) < MAX_PROBES
    assert all(len(finding.title) < 2_000 for finding in said(results).values())


def test_a_hostile_message_costs_little() -> None:
    """A megabyte of everything: hundreds of signatures, hops and results; seconds, and few questions."""
    signature = b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.evil.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
    results = b"Authentication-Results: mx.mail.example; " + b"; ".join([b"dkim=pass header.d=a.example"] * 400) + b"\r\n"
    hops = b"Received: from a.evil.example ([198.51.100.%d]) by mx.mail.example with ESMTPS; Mon, 23 Nov 2026 08:59:10 +0000\r\n"
    head = b"".join(hops % (number % 250) for number in range(300)) + results * 10
    head += b"".join(signature % number for number in range(300)) + b"From: a@club.example\r\n"
    began = time.perf_counter()
    judged_, run = raw_judged(head + b"\r\n" + b"a b \t\r\n" * 120_000)
    assert time.perf_counter() - began < 20
    assert sum(name.startswith("dns") for name in (probe.id for probe in run.readings)) < 60
    assert said(judged_)["arrival.signature-too-many"].args["count"] == 290


def test_the_arithmetic_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen rules run again and again; the signatures of one message are verified once."""
    _arrived_proof._verified.cache_clear()
    _arrived._message.cache_clear()
    count = 0

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return genuine(*args, **kwargs)

    genuine = dkim_door.verify_signatures
    monkeypatch.setattr(_arrived_proof, "verify_signatures", counting)
    judged({"way": "imap"})
    assert count == 1
    assert _arrived._message.cache_info().misses == 1


def test_both_standards_are_named() -> None:
    """Where receivers differ, the sentence says by which paper each of them goes."""
    spoiled = {"signed": [{"domain": "mail.club.example"}], "dns": NOT_OURS}
    zone = 's1._domainkey.mail CNAME s1._domainkey.club.example.\n_dmarc.mail TXT "v=DMARC1; p=none; psd=n"\n'
    finding = said(judged(spoiled, zone=zone)[0])["arrival.dmarc-disputed"]
    assert (finding.args["passing"], finding.args["failing"]) == ([str(Standard.RFC_7489)], [str(Standard.RFC_9989)])


def test_a_masked_message_is_not_judged_by_its_text() -> None:
    """A password was taken out: the text is another one, and nobody is accused of having changed it."""
    came = letters.arrived({})
    probe, reading = next(iter((saved_probe(came.arrival), one) for one in came.readings.values()))
    assert isinstance(reading, ArrivalReading)
    masked = replace(reading, raw=reading.raw.replace("nothing", "[secret]"), masked=True)
    run = Run(gather=ZoneWorld(came.zone), readings={probe: masked})
    results = asyncio.run(run.judge(select(FAMILIES), subjects(came.arrival, parse(letters.SETTINGS))))
    assert sorted(said(results, *ALARMING)) == ["arrival.signature-unverifiable"]
    title = said(results, *ALARMING)["arrival.signature-unverifiable"].title
    assert "a password was taken" in title
    assert "beginning" not in title


def test_another_machine_of_the_same_provider_is_no_new_finding() -> None:
    """A provider delivers from many addresses; what is wrong today and tomorrow is the same."""
    prints = []
    for address in ("192.0.2.26", "192.0.2.27"):
        hop = f"from o{address[-1]}.p.example ([{address}]) by mx.mail.example with ESMTP id 7; Mon, 23 Nov 2026 08:59:10 +0000"
        results, _ = judged({"received": [hop], "return_path": f"<b-{address[-1]}@club.example>"})
        prints.append(
            {code: finding.fingerprint for code, finding in said(results, Status.FAIL, Status.WARN, Status.NOTE).items()}
        )
    assert prints[0] == prints[1]
    assert {"arrival.spf-not-passed", "arrival.reverse-name-missing", "triangle.return-path-differs"} <= prints[0].keys()
