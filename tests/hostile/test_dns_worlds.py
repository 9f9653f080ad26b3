"""The whole program against DNS: one spoilt answer at a time, healthy domains of every shape, and each fault by its name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from checks.engine import MAX_PROBES
from checks.evidence import State
from checks.model import CheckResult, Finding, Status, Verdict
from tests.fakes.dns_server import DnsServer, Step, plainly, rcode
from tests.hostile.dns_faults import CLOSED, PTR, cases, dkim_text
from tests.hostile.dns_healthy import healthy
from tests.hostile.dns_worlds import (
    MANNERS,
    TEMPORARY,
    Told,
    World,
    domain_checks,
    ed25519_key,
    judge_all,
    judge_here,
    nodata,
    nxdomain,
    quoted,
    rsa_key,
)

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_QUESTIONS = 250  # for one domain
MOST_OF_A_BROKEN_TREE = 60
ALARMING = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.BROKEN, Status.NOT_RUN)
SAYS_NOTHING = frozenset((Status.UNKNOWN, Status.NOT_RUN, Status.NOT_APPLICABLE))

NAMED = World(
    zone=f"""
        @ TXT "v=spf1 include:spf.mailer.example include:spf.crm.example a:mail6.club.example a:web.club.example mx:club.example -all"
        @ TXT "google-site-verification=abc"
        @ MX 10 mail
        @ MX 20 backup
        @ A 192.0.2.80
        mail A 192.0.2.25
        mail6 AAAA 2001:db8::25
        backup A 192.0.2.26
        web A 192.0.2.80
        spf.mailer.example. TXT "v=spf1 ip4:203.0.113.0/26 ~all"
        spf.crm.example. TXT "v=spf1 include:out.crm.example -all"
        out.crm.example. TXT "v=spf1 ip4:198.51.100.0/28 -all"
        s1._domainkey CNAME s1.club.keys.mailer.example.
        s1.club.keys.mailer.example. TXT {quoted("v=DKIM1; k=rsa; p=" + rsa_key())}
        s2._domainkey TXT {quoted("v=DKIM1; k=ed25519; p=" + ed25519_key())}
        _dmarc TXT "v=DMARC1; p=reject; rua=mailto:club@reports.example"
        club.example._report._dmarc.reports.example. TXT "v=DMARC1"
        25.2.0.192.in-addr.arpa. PTR mail
        5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR mail6
    """,
    sending_ips=("192.0.2.25", "2001:db8::25"),
    selectors=("s1", "s2"),
)
GUESSED = World(
    domain="news.club.example",
    zone=f"""
        @ TXT "v=spf1 include:spf.messagingengine.com redirect=%{{d}}.spf.crm.example"
        @ MX 10 in1-smtp.messagingengine.com.
        in1-smtp.messagingengine.com. A 192.0.2.1
        spf.messagingengine.com. TXT "v=spf1 ip4:192.0.2.0/28 ?all"
        news.club.example.spf.crm.example. TXT "v=spf1 exists:%{{i}}.allow.crm.example -all"
        203.0.113.7.allow.crm.example. A 127.0.0.2
        _dmarc.club.example. TXT "v=DMARC1; p=quarantine; np=reject"
        fm1._domainkey CNAME fm1.news.club.example.dkim.fmhosted.com.
        fm1.news.club.example.dkim.fmhosted.com. TXT {quoted("v=DKIM1; k=rsa; p=" + rsa_key())}
        fm2._domainkey TXT "v=DKIM1; p="
        fm3._domainkey TXT {quoted("v=DKIM1; k=rsa; p=" + rsa_key(1024))}
        7.113.0.203.in-addr.arpa. PTR out7.crm.example.
        out7.crm.example. A 203.0.113.7
    """,
    sending_ips=("203.0.113.7",),
)
LITTLE_KNOWN = World(
    zone="""
        @ TXT "v=spf1 a mx ~all"
        @ A 192.0.2.1
        here._domainkey TXT "v=DKIM1; p="
        _dmarc TXT "v=DMARC1; p=none; rua=mailto:reports@club.example"
    """
)
BASES = {"named": NAMED, "guessed": GUESSED, "little known": LITTLE_KNOWN}
COMMON = ("SERVFAIL", "no answer")
ABSENT: dict[str, dict[str, set[str]]] = {
    "named": {
        "dns club.example TXT": {"spf.missing"},
        "dns club.example MX": {
            "spf.not-authorised"
        },  # mail goes to the address (RFC 5321 section 5.1), which is another machine
        "dns _dmarc.club.example TXT": {"dmarc.missing"},
        "dns s1._domainkey.club.example TXT": {"dkim.key-missing"},
        "dns s2._domainkey.club.example TXT": {"dkim.key-missing"},
        "dns 25.2.0.192.in-addr.arpa PTR": {"reverse.sender-without-name"},
        "dns 5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR": {"reverse.sender-without-name"},
        "dns mail.club.example A": {"mx.target-unresolvable", "reverse.sender-unconfirmed", "spf.not-authorised"},
        "dns backup.club.example A": {"mx.target-unresolvable"},
        # mail6, web and mail have no IPv6 address: the third void look-up is one too many (RFC 7208 section 4.6.4).
        "dns mail6.club.example AAAA": {"reverse.sender-unconfirmed", "spf.permanent-error"},
        "dns spf.mailer.example TXT": {"spf.include-without-record"},
        "dns spf.crm.example TXT": {"spf.include-without-record"},
        "dns out.crm.example TXT": {"spf.include-without-record"},
    },
    "guessed": {
        "dns news.club.example TXT": {"spf.missing"},
        "dns news.club.example MX": {"mx.missing"},
        "dns _dmarc.club.example TXT": {"dmarc.missing"},
        "dns 7.113.0.203.in-addr.arpa PTR": {"reverse.sender-without-name"},
        "dns out7.crm.example A": {"reverse.sender-unconfirmed"},
        "dns in1-smtp.messagingengine.com A": {"mx.target-unresolvable"},
        "dns 203.0.113.7.allow.crm.example A": {"spf.not-authorised"},
        "dns spf.messagingengine.com TXT": {"spf.include-without-record"},
        "dns news.club.example.spf.crm.example TXT": {"spf.include-without-record"},
    },
    "little known": {
        "dns club.example TXT": {"spf.missing"},
        "dns club.example A": {"mx.missing"},
        "dns _dmarc.club.example TXT": {"dmarc.missing"},
    },
}
"""What is wrong once an answer says that there is nothing; with every other answer, nothing is."""
ONLY_NXDOMAIN = {"dns _domainkey.club.example TXT": {"dkim.no-keys"}}
"""RFC 8020 section 2: nothing lies below a name that does not exist."""
RARE = tuple(fault for fault in TEMPORARY if fault not in COMMON)
FAILED = tuple(state for state in State if not state.answered and state is not State.BOGUS)
STEPS: dict[str, tuple[Step, str]] = {**TEMPORARY, "NXDOMAIN": (nxdomain, "ok"), "NODATA": (nodata, "ok")}


def key(finding: Finding) -> tuple[str, str, str, Status]:
    return finding.code, finding.about, finding.title, finding.status


def keys(told: Told) -> set[tuple[str, str, str, Status]]:
    return {key(finding) for finding in told.findings}


def sound(told: Told, most: int = MOST_QUESTIONS) -> None:
    """No bug of ours, no question twice, no flood."""
    assert not told.tracebacks
    assert not told.codes(Status.BROKEN)
    assert all(result.findings for result in told.results), "a check always says something"
    assert len(told.asked) == len(set(told.asked)), "a question was asked twice"
    assert len(told.asked) <= most


# --- one spoilt answer ------------------------------------------------------------------------------------------------


@cache
def clean(name: str) -> Told:
    return judge_all([BASES[name]])[0]


@cache
def spoilt(name: str, fault: str) -> list[tuple[str, Told]]:
    """Judge a base world once for each probe of its clean run, with that answer spoilt. Rare faults take every third probe in turn."""
    by, tcp = STEPS[fault]
    probes = clean(name).asked
    if fault in RARE:
        probes = probes[RARE.index(fault) % 3 :: 3]  # what the rules see of them is a state, and those are tried on every probe
    return list(zip(probes, judge_all(replace(BASES[name], spoilt=probe, by=by, tcp=tcp) for probe in probes), strict=True))


@pytest.mark.parametrize("name", BASES)
def test_a_clean_run_has_no_alarm(name: str) -> None:
    """The worlds that are going to be spoilt are healthy."""
    told = clean(name)
    sound(told)
    assert not told.codes(Status.FAIL, Status.WARN, Status.UNKNOWN)
    assert told.verdict is Verdict.READY


@pytest.mark.parametrize(
    ("name", "fault"),
    [*(("named", fault) for fault in TEMPORARY), ("guessed", "SERVFAIL"), ("little known", "SERVFAIL")],
)
def test_a_passing_fault_is_never_more_than_unknown(name: str, fault: str) -> None:
    """What depended on the answer is unknown; all else stays as it was; the verdict becomes "not fully tested" or stays."""
    for probe, told in spoilt(name, fault):
        never_more_than_unknown(clean(name), probe, told)


@pytest.mark.parametrize(
    ("name", "state"),
    [*(("named", state) for state in FAILED), *((name, State.BOGUS) for name in BASES), ("guessed", State.NOT_ATTEMPTED)],
)
def test_every_failed_reading_of_every_look_up_is_never_more_than_unknown(name: str, state: State) -> None:
    """The same of each state that the gatherer can report, on each probe."""
    before = judge_here([BASES[name]])[0]
    for probe in before.asked:
        never_more_than_unknown(before, probe, judge_here([replace(BASES[name], spoilt=probe)], state=state)[0])


def never_more_than_unknown(before: Told, probe: str, told: Told) -> None:
    sound(told)
    new = [finding for finding in told.findings if key(finding) not in keys(before)]
    assert {finding.status for finding in new} <= SAYS_NOTHING, (probe, [finding.title for finding in new])
    gone = [finding for finding in before.findings if key(finding) not in keys(told)]
    assert all(probe in finding.consulted for finding in gone), (probe, [finding.title for finding in gone])
    assert told.verdict in (Verdict.READY, Verdict.NOT_FULLY_TESTED), probe
    for then, now in zip(before.results, told.results, strict=True):
        lost = {f.code for f in then.findings if f.status is Status.PASS} - {f.code for f in now.findings}
        assert not lost or now.status is Status.UNKNOWN, (probe, lost)
        assert now.informational or now.status is not Status.UNKNOWN or told.verdict is Verdict.NOT_FULLY_TESTED


@pytest.mark.parametrize("name", BASES)
def test_what_passes_in_spite_of_a_fault_did_not_depend_on_the_answer(name: str) -> None:
    """Whoever is fine without an answer is fine with "there is none" as well."""
    for (probe, failed), (_, none) in zip(spoilt(name, "SERVFAIL"), spoilt(name, "NODATA"), strict=True):
        passes = {key(finding) for finding in failed.findings if finding.status is Status.PASS}
        assert passes <= keys(none), (probe, passes - keys(none))


@pytest.mark.parametrize("fault", ["NXDOMAIN", "NODATA"])
@pytest.mark.parametrize("name", BASES)
def test_an_absent_record_has_its_own_code(name: str, fault: str) -> None:
    """To say "there is none" is an answer: it gives exactly the alarms of what is missing, and nothing is unknown."""
    expected = {**ABSENT[name], **(ONLY_NXDOMAIN if fault == "NXDOMAIN" else {})}
    for probe, told in spoilt(name, fault):
        sound(told)
        assert told.alarms == expected.get(probe, set()), probe
        assert not told.codes(Status.UNKNOWN), probe


def test_a_name_server_that_never_answers_raises_no_alarm() -> None:
    """Nothing is known, so nothing is claimed. That every answer is called false by DNSSEC is a fault of the domain, told once."""
    worlds = [replace(NAMED, spoilt="*", by=by, tcp=tcp) for by, tcp in TEMPORARY.values()]
    for fault, told in zip(TEMPORARY, judge_all(worlds), strict=True):
        sound(told)
        false = {"dnssec.false-signatures"} if fault == "a signature that does not fit" else set()
        assert told.codes(*Status) - told.codes(Status.UNKNOWN, Status.NOT_APPLICABLE) == false, fault
        assert told.codes(Status.FAIL) == false, fault
        assert told.verdict is (Verdict.NOT_READY if false else Verdict.NOT_FULLY_TESTED), fault


# --- healthy domains --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "judge"), [(0, judge_all), (50, judge_all), (100, judge_here), (200, judge_here)])
def test_a_healthy_domain_of_any_shape_raises_no_alarm(first: int, judge: Callable[[Iterable[World]], list[Told]]) -> None:
    """Every legal way of writing things is fine; a failure names the seed."""
    seeds = range(first, first + (50 if judge is judge_all else 100))
    for seed, told in zip(seeds, judge(map(healthy, seeds)), strict=True):
        sound(told)
        wrong = [finding.title for finding in told.findings if finding.status in ALARMING]
        assert not wrong, f"seed {seed}: {wrong}"
        assert told.verdict is Verdict.READY, seed


@pytest.mark.parametrize("manner", MANNERS)
def test_a_name_server_of_odd_manners_changes_nothing(manner: str) -> None:
    """Order, case, a missing SOA and records beside the answer are not the domain's fault (RFC 4343, RFC 2308, RFC 5452)."""
    for told in judge_all(replace(base, spoilt="*", by=MANNERS[manner]) for base in BASES.values()):
        sound(told)
        assert not told.codes(*ALARMING)
        assert told.verdict is Verdict.READY


# --- faults by name ---------------------------------------------------------------------------------------------------

EACH = pytest.mark.parametrize("number", range(len(cases())), ids=[case.name for case in cases()])


@cache
def told_of_cases() -> list[Told]:
    return judge_all(case.world for case in cases())


@EACH
def test_a_fault_has_exactly_its_own_alarms(number: int) -> None:
    """No fault is missed, and none is told twice or for another."""
    case, told = cases()[number], told_of_cases()[number]
    sound(told, MOST_OF_A_BROKEN_TREE)
    assert told.alarms == case.alarms, [
        finding.title for finding in told.findings if finding.status in (Status.FAIL, Status.WARN)
    ]
    assert bool(told.codes(Status.UNKNOWN)) == case.unknown
    for finding in told.findings:
        assert "{" not in finding.title.replace("%{", ""), finding.title


def test_a_domain_that_does_not_exist_is_told_once() -> None:
    """One clear alarm; every other check says that there is nothing to look for."""
    absent = [told for case, told in zip(cases(), told_of_cases(), strict=True) if case.alarms == {"mx.domain-missing"}]
    assert len(absent) == 3
    for told in absent[:1] + absent[2:]:
        assert told.codes(Status.FAIL) == {"mx.domain-missing"}
        assert {"spf.domain-missing", "dkim.domain-missing", "dmarc.domain-missing"} <= told.codes(Status.NOT_APPLICABLE)


@EACH
def test_a_passing_fault_does_not_make_a_bad_domain_better_or_worse(number: int) -> None:
    """A fault is still told, or "not fully tested"; and no alarm appears where there was none."""
    case = cases()[number]
    if len(case.world.zone) > 20_000:
        pytest.skip("too large a zone to be judged so often")
    before = told_of_cases()[number]
    for probe in before.asked:
        concerned = {r.check: r for r in before.results if any(probe in finding.consulted for finding in r.findings)}
        checks = [check for check in domain_checks() if check.id in concerned]
        told = judge_here([replace(case.world, spoilt=probe)], checks)[0]
        sound(told)
        for now in told.results:
            _not_better_or_worse(concerned[now.check], now, probe)


def _not_better_or_worse(then: CheckResult, now: CheckResult, probe: str) -> None:
    bad = (Status.FAIL, Status.WARN)
    had = any(finding.status in bad for finding in then.findings)
    old = {key(finding) for finding in then.findings}
    for finding in now.findings:
        allowed = key(finding) in old or finding.status in SAYS_NOTHING or (had and finding.status in bad)
        assert allowed, (probe, finding.title)
    assert not had or now.status in (*bad, *SAYS_NOTHING), probe


# --- floods -----------------------------------------------------------------------------------------------------------


def _flood(text: str, more: str = "") -> str:
    return "\n".join(
        (
            dkim_text(),
            f"@ TXT {quoted(text)}",
            "@ MX 10 mail\nmail A 192.0.2.25",
            f"{PTR} PTR out\nout A 192.0.2.25",
            '_dmarc TXT "v=DMARC1; p=reject"',
            more,
        )
    )


def _includes(count: int, prefix: str) -> str:
    return "v=spf1 " + " ".join(f"include:{prefix}{number}.m.example" for number in range(count)) + " -all"


def _mx_terms(terms: int, *, addresses: bool = True) -> str:
    text = "v=spf1 " + " ".join(f"mx:m{number}.example" for number in range(terms)) + " -all"
    rows = [
        f"m{number}.example. MX {host} h{host}.m{number}.example."
        + (f"\nh{host}.m{number}.example. A 198.51.100.{number * 10 + host + 1}" if addresses else "")
        for number in range(terms)
        for host in range(10)
    ]
    return _flood(text, "\n".join(rows))


FLOODS: dict[str, tuple[str, int]] = {
    "a hundred includes of a hundred includes": (
        _flood(_includes(100, "a"), "\n".join(f"a{n}.m.example. TXT {quoted(_includes(100, f'b{n}x'))}" for n in range(100))),
        MOST_OF_A_BROKEN_TREE,
    ),
    "forty redirects": (
        _flood(
            "v=spf1 redirect=r0.example", "\n".join(f'r{n}.example. TXT "v=spf1 redirect=r{n + 1}.example"' for n in range(40))
        ),
        MOST_OF_A_BROKEN_TREE,
    ),
    "a thousand hosts": (_flood("v=spf1 " + " ".join(f"a:h{n}.example" for n in range(1000)) + " -all"), MOST_OF_A_BROKEN_TREE),
    "ten mail domains with ten hosts each, all legal": (_mx_terms(10), MOST_QUESTIONS),
    "eleven mail domains with ten hosts each": (_mx_terms(11), MOST_OF_A_BROKEN_TREE),
    "a hundred hosts without address": (_mx_terms(10, addresses=False), MOST_QUESTIONS),
    "a thousand networks": (
        _flood("v=spf1 " + " ".join(f"ip4:198.51.{n // 256}.{n % 256}" for n in range(1000)) + " -all"),
        MOST_OF_A_BROKEN_TREE,
    ),
    "a thousand mail servers": (
        _flood("v=spf1 mx -all", "\n".join(f"@ MX {n} h{n}" for n in range(1000))),
        MOST_OF_A_BROKEN_TREE,
    ),
    "a thousand reverse names": (
        _flood("v=spf1 ptr -all", "\n".join(f"{PTR} PTR n{n}.x.example." for n in range(1000))),
        MOST_OF_A_BROKEN_TREE,
    ),
    "forty report addresses": (
        _flood("v=spf1 ip4:192.0.2.25 -all").replace(
            '"v=DMARC1; p=reject"', quoted("v=DMARC1; p=reject; rua=" + ",".join(f"mailto:a@r{n}.example" for n in range(40)))
        ),
        MOST_OF_A_BROKEN_TREE,
    ),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_hostile_domain_cannot_make_us_ask_much(name: str) -> None:
    """Questions are bounded, and no check gives up for their number."""
    zone, most = FLOODS[name]
    [told] = judge_all([World(zone=zone, sending_ips=("192.0.2.25",), selectors=("s1",))])
    sound(told, most)
    assert not [code for code in told.codes(*Status) if code.endswith("-over-budget")]


def test_twenty_addresses_and_a_record_that_asks_for_each_are_judged() -> None:
    """Terms that differ from address to address are asked in one round, so that the bound on rounds is for circles only."""
    addresses = tuple(f"192.0.2.{number}" for number in range(25, 45))
    world = World(
        zone=_flood("v=spf1 exists:%{i}.a.example exists:%{ir}.b.example exists:%{i}.c.example -all"), sending_ips=addresses
    )
    [told] = judge_all([world])
    sound(told, MAX_PROBES)
    assert not [code for code in told.codes(*Status) if code.endswith("-over-budget")]


# --- the command line -------------------------------------------------------------------------------------------------


def _check(zone: str, domain: str, *, always: Step = plainly, origin: str = "club.example") -> tuple[int, dict[str, str]]:
    with DnsServer(zone, origin=origin, always=always) as server:
        done = subprocess.run(
            [sys.executable, "-m", "wizard", "check", "--domain", domain, "--selector", "s1", "--sending-ip", "192.0.2.25",
             "--nameserver", server.address, "--timeout", "20", "--format", "json"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout)
    return done.returncode, {finding["code"]: finding["status"] for check in report["checks"] for finding in check["findings"]}


def test_the_command_says_ready_of_a_healthy_domain() -> None:
    """Exit code 0; a name with letters beyond ASCII is looked up in its own spelling of DNS (RFC 5891)."""
    zone = "\n".join(
        (CLOSED, dkim_text(), '_dmarc TXT "v=DMARC1; p=reject"', "@ MX 10 mail\nmail A 192.0.2.25", f"{PTR} PTR mail")
    )
    code, found = _check(zone, "m\u00fcnchen.example", origin="xn--mnchen-3ya.example")
    assert (code, [name for name, status in found.items() if status in ("fail", "warn", "unknown")]) == (0, [])


def test_the_command_says_once_that_a_domain_does_not_exist() -> None:
    """Exit code 2, one alarm about the domain."""
    code, found = _check(
        f"club.example. A 192.0.2.1\n{PTR} PTR out.club.example.\nout.club.example. A 192.0.2.25", "clbu.example"
    )
    assert (code, [name for name, status in found.items() if status in ("fail", "warn", "unknown")]) == (2, ["mx.domain-missing"])


def test_the_command_claims_nothing_when_the_name_server_refuses() -> None:
    """Exit code 3."""
    code, found = _check("", "club.example", always=rcode("REFUSED"))
    assert code == 3
    assert not [name for name, status in found.items() if status in ("fail", "warn", "pass")]


@pytest.mark.parametrize(
    "name", ["a hundred includes of a hundred includes", "a thousand hosts", "eleven mail domains with ten hosts each"]
)
def test_a_tree_that_is_not_legal_is_cheap_even_where_there_is_much_else_to_ask(name: str) -> None:
    """Four name servers to compare, no selector known: the whole domain, every check of it, stays within the bound."""
    servers = "\n".join(f"@ NS ns{n}\nns{n} A 127.0.0.{n + 10}" for n in range(4))
    zone = FLOODS[name][0].replace(dkim_text(), "") + "\n" + servers
    [told] = judge_all([World(zone=zone, sending_ips=("192.0.2.25", "192.0.2.26", "2001:db8::25"), selectors=())])
    sound(told, MOST_OF_A_BROKEN_TREE)
