"""SPF evaluation and the tree walk, from small worlds: results, limits, and what strangers may make us ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.evidence import Evidence, Missing, Probe, Reading, State
from checks.probes import DnsProbe, DnsReading, DnsRecord
from checks.records.spf_door import MAX_EXPLANATION, Match, Reason, Result, SpfResult, check_host
from checks.records.spf_tree import MAX_LINES, Flaw, Tree, outline, voids, walk
from checks.records.spf_view import with_record

T = TypeVar("T")
Answer = Callable[[str, str], DnsReading]
Names = Mapping[str, Mapping[str, list[str]]]
OK = {"club.example": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}}
HOSTS = [f"h{number}.example" for number in range(12)]


class World:
    """Answers from a dictionary, or from a function, and remembers what was asked. A value "!state" is a failure."""

    def __init__(self, names: Names | Answer) -> None:
        self.names = names
        self.readings: dict[Probe[Reading], Reading] = {}
        self.rounds = 0

    def answer(self, name: str, type_: str) -> DnsReading:
        if callable(self.names):
            return self.names(name, type_)
        if name not in self.names:
            return DnsReading(state=State.NXDOMAIN)
        values = self.names[name].get(type_, [])
        if values and values[0].startswith("!"):
            return DnsReading(state=State(values[0][1:]))
        return records(values)

    def run(self, question: Callable[[Evidence], T]) -> T:
        while True:
            try:
                return question(Evidence(self.readings))
            except Missing as missing:
                self.rounds += 1
                for probe in dict.fromkeys(missing.probes):
                    assert isinstance(probe, DnsProbe)
                    assert probe not in self.readings
                    assert len(probe.name) <= 253
                    assert all(0 < len(label) <= 63 for label in probe.name.split("."))
                    self.readings[probe] = self.answer(probe.name, probe.type)

    def check(self, ip: str = "192.0.2.1", mail_from: str = "news@club.example", helo: str = "mail.club.example") -> SpfResult:
        return self.run(lambda ev: check_host(ip=ip, mail_from=mail_from, helo=helo, ev=ev))

    def tree(self) -> Tree:
        return self.run(lambda ev: walk("club.example", ev))


def records(values: list[str]) -> DnsReading:
    return DnsReading(
        state=State.OK if values else State.NODATA,
        records=tuple(DnsRecord(value=value, preference=index) for index, value in enumerate(values)),
    )


def spf(text: str, more: Names | None = None) -> World:
    return World({"club.example": {"TXT": [text]}, **(more or {})})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", Result.PASS),
        ("v=spf1 -all", Result.FAIL),
        ("v=spf1 ~all", Result.SOFTFAIL),
        ("v=spf1 ?all", Result.NEUTRAL),
        ("v=spf1", Result.NEUTRAL),
        ("v=spf1 ip4:192.0.2.1 foo", Result.PERMERROR),
        ("v=spf1 a:b\u00e4d.example -all", Result.PERMERROR),
        ("some text", Result.NONE),
    ],
)
def test_each_result_is_reached(text: str, result: Result) -> None:
    assert spf(text).check().result is result


def test_a_domain_without_record_is_no_void_look_up() -> None:
    """RFC 7208 section 4.6.4 counts the look-ups of terms; the question for the record itself is none of them."""
    found = World({}).check(mail_from="news@club.example", helo="mail.club.example")
    assert (found.result, found.void_lookups) == (Result.NONE, 0)


@pytest.mark.parametrize(
    "domain", ["localhost", "[192.0.2.1]", "a..example", "a" * 64 + ".example", ".".join(["abcdefgh"] * 40), "a\\.example", ""]
)
def test_a_malformed_domain_has_no_record_and_costs_no_question(domain: str) -> None:
    """RFC 7208 section 4.3."""
    world = World({})
    assert world.check(mail_from=f"news@{domain}", helo=domain).result is Result.NONE
    assert not world.readings


def test_two_records_are_a_permanent_error() -> None:
    found = World({"club.example": {"TXT": ["v=spf1 -all", "V=SPF1 +all"]}}).check()
    assert (found.result, found.reason) == (Result.PERMERROR, Reason.SEVERAL_RECORDS)


@pytest.mark.parametrize("state", [State.SERVFAIL, State.TIMEOUT, State.REFUSED, State.BOGUS, State.NOT_ATTEMPTED])
@pytest.mark.parametrize(
    ("text", "name", "type_"),
    [
        ("", "club.example", "TXT"),
        ("v=spf1 include:x.example -all", "x.example", "TXT"),
        ("v=spf1 redirect=x.example", "x.example", "TXT"),
        ("v=spf1 a:x.example -all", "x.example", "A"),
        ("v=spf1 mx:x.example -all", "x.example", "MX"),
        ("v=spf1 exists:x.example -all", "x.example", "A"),
    ],
)
def test_a_question_without_answer_is_a_temporary_error_never_none(state: State, text: str, name: str, type_: str) -> None:
    world = World({"club.example": {"TXT": [text]}, name: {type_: [f"!{state}"]}})
    found = world.check()
    assert found.result is Result.TEMPERROR
    assert found.failure is not None
    assert found.failure.probe == DnsProbe(name, type_)
    assert found.failure.reading.state is state


def test_a_mail_exchanger_that_fails_behind_the_one_that_matches_does_not_matter() -> None:
    hosts = {"m1.example": {"A": ["192.0.2.1"]}, "m2.example": {"A": ["!servfail"]}}
    world = World({"club.example": {"TXT": ["v=spf1 mx -all"], "MX": ["m1.example", "m2.example"]}, **hosts})
    assert world.check().result is Result.PASS
    assert world.check(ip="192.0.2.9").result is Result.TEMPERROR


def test_the_tenth_look_up_is_fine_and_the_eleventh_is_not() -> None:
    hosts = {name: {"A": ["198.51.100.1"]} for name in HOSTS}
    ten = " ".join(f"a:{name}" for name in HOSTS[:10])
    assert spf(f"v=spf1 {ten} -all", hosts).check().result is Result.FAIL
    found = spf(f"v=spf1 {ten} a:{HOSTS[10]} -all", hosts).check()
    assert (found.result, found.reason, found.lookups) == (Result.PERMERROR, Reason.MANY_LOOKUPS, 11)


def test_a_redirect_counts_only_when_its_turn_comes() -> None:
    hosts = {name: {"A": ["198.51.100.1"]} for name in HOSTS[:9]} | {
        HOSTS[9]: {"A": ["192.0.2.1"]},
        "r.example": {"TXT": ["v=spf1 -all"]},
    }
    text = " ".join(["v=spf1", *(f"a:{name}" for name in HOSTS[:10]), "redirect=r.example"])
    assert spf(text, hosts).check().result is Result.PASS
    assert spf(text, hosts).check(ip="192.0.2.9").reason is Reason.MANY_LOOKUPS


def test_two_void_look_ups_are_fine_and_three_are_not() -> None:
    assert spf("v=spf1 a:x.example a:y.example -all").check().result is Result.FAIL
    found = spf("v=spf1 a:x.example a:y.example a:z.example -all").check()
    assert (found.result, found.reason, found.void_lookups) == (Result.PERMERROR, Reason.MANY_VOID, 3)


def test_more_than_ten_mail_exchangers_are_a_permanent_error() -> None:
    hosts = {name: {"A": ["198.51.100.1"]} for name in HOSTS}
    ten = World({"club.example": {"TXT": ["v=spf1 mx -all"], "MX": HOSTS[:10]}, **hosts})
    assert ten.check().result is Result.FAIL
    eleven = World({"club.example": {"TXT": ["v=spf1 mx -all"], "MX": HOSTS[:11]}, **hosts})
    assert eleven.check().reason is Reason.MANY_MX
    assert eleven.tree().faults[0].flaw is Flaw.MANY_MX


@pytest.mark.parametrize("text", ["v=spf1 include:x.example -all", "v=spf1 redirect=x.example"])
def test_leading_to_a_name_without_record_is_a_permanent_error(text: str) -> None:
    found = spf(text, {"x.example": {"A": ["192.0.2.1"]}}).check()
    assert (found.result, found.reason) == (Result.PERMERROR, Reason.NO_RECORD)


def test_an_include_of_itself_behind_the_term_that_matches_does_no_harm() -> None:
    world = spf("v=spf1 ip4:192.0.2.1 include:club.example -all")
    assert world.check().result is Result.PASS
    assert world.check(ip="192.0.2.9").reason is Reason.MANY_LOOKUPS


def test_the_path_leads_to_the_term_that_decided() -> None:
    world = spf(
        "v=spf1 include:no.example include:x.example -all",
        {
            "no.example": {"TXT": ["v=spf1 a -all"]},
            "x.example": {"TXT": ["v=spf1 redirect=y.example"]},
            "y.example": {"TXT": ["v=spf1 mx ip4:192.0.2.0/24 -all"]},
        },
    )
    assert world.check().path == (
        Match(domain="club.example", term="include:x.example"),
        Match(domain="x.example", term="redirect=y.example"),
        Match(domain="y.example", term="ip4:192.0.2.0/24"),
    )
    assert spf("v=spf1 a -all").check().path == (Match(domain="club.example", term="-all"),)
    assert spf("v=spf1").check().path == ()


def test_ipv6_and_mapped_ipv4() -> None:
    world = spf("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all")
    assert world.check(ip="2001:db8::1").result is Result.PASS
    assert world.check(ip="::ffff:192.0.2.1").result is Result.PASS
    assert world.check(ip="2001:db9::1").result is Result.FAIL
    assert world.check(ip="fe80::1%eth0").result is Result.FAIL
    with pytest.raises(ValueError, match="address"):
        world.check(ip="here")


def test_a_lookup_by_host_uses_the_length_of_its_family() -> None:
    world = spf("v=spf1 a:h.example/24//64 -all", {"h.example": {"A": ["192.0.2.99"], "AAAA": ["2001:db8::99"]}})
    assert world.check().result is Result.PASS
    assert world.check(ip="2001:db8::1").result is Result.PASS
    assert world.check(ip="2001:db8:0:1::1").result is Result.FAIL


def test_without_sender_the_helo_name_is_judged() -> None:
    """RFC 7208 section 2.4."""
    assert World(OK).check(mail_from="", helo="club.example").result is Result.PASS


def test_a_quoted_local_part_is_cut_at_its_last_at_sign() -> None:
    world = spf("v=spf1 exists:%{l}.x.example -all", {'"a@b".x.example': {"A": ["127.0.0.1"]}})
    assert world.check(mail_from='"a@b"@club.example').result is Result.PASS


def test_a_reverse_name_that_cannot_be_found_out_does_not_match() -> None:
    """RFC 7208 section 5.5."""
    world = spf("v=spf1 ptr -all", {"1.2.0.192.in-addr.arpa": {"PTR": ["!servfail"]}})
    found = world.check()
    assert found.result is Result.FAIL
    assert found.doubt is not None
    assert found.doubt.probe.type == "PTR"


def test_terms_that_differ_from_message_to_message_are_asked_in_one_round() -> None:
    """A person who waits for twenty addresses does not wait for each term of each."""
    world = spf("v=spf1 exists:%{i}.x.example exists:%{i}.y.example -all", {"192.0.2.1.y.example": {"A": ["127.0.0.1"]}})
    assert world.check().result is Result.PASS
    assert world.rounds <= 2


def test_of_a_thousand_reverse_names_ten_are_looked_up() -> None:
    world = spf("v=spf1 ptr -all", {"1.2.0.192.in-addr.arpa": {"PTR": [f"n{number}.example" for number in range(1000)]}})
    assert world.check().result is Result.FAIL
    assert len(world.readings) == 12


def test_an_explanation_is_fetched_only_for_a_fail_and_bounded() -> None:
    text = "%{i} <script>\x1b]0;x\x07 " + "x" * 2000
    world = spf("v=spf1 ip4:192.0.2.1 -all exp=e.example", {"e.example": {"TXT": [text]}})
    assert world.check().explanation == ""
    assert DnsProbe("e.example", "TXT") not in world.readings
    found = world.check(ip="192.0.2.9").explanation
    assert found.startswith("192.0.2.9 <script>")
    assert len(found) == MAX_EXPLANATION


@pytest.mark.parametrize("values", [["!servfail"], ["a", "b"], ["\xe9"], []])
def test_a_fault_in_the_explanation_changes_no_result(values: list[str]) -> None:
    found = spf("v=spf1 -all exp=e.example", {"e.example": {"TXT": values}}).check()
    assert (found.result, found.explanation) == (Result.FAIL, "")


def test_the_explanation_of_an_included_record_is_not_used_that_of_a_redirect_is() -> None:
    more = {"x.example": {"TXT": ["v=spf1 -all exp=e.example"]}, "e.example": {"TXT": ["theirs"]}}
    assert spf("v=spf1 include:x.example -all", more).check().explanation == ""
    assert spf("v=spf1 redirect=x.example", more).check().explanation == "theirs"


def test_siblings_are_asked_in_one_round() -> None:
    """A wide tree is as fast as its depth: own record, includes, their hosts."""
    hosts = {name: {"TXT": [f"v=spf1 ip4:198.51.100.{index} -all"]} for index, name in enumerate(HOSTS[:10])}
    world = spf(" ".join(["v=spf1", *(f"include:{name}" for name in HOSTS[:10]), "-all"]), hosts)
    assert world.check().result is Result.FAIL
    assert world.rounds == 2


def hostile_wildcard(name: str, type_: str) -> DnsReading:
    return records(["v=spf1 include:%{ir}.a.%{d} include:%{ir}.b.%{d} a:%{ir}.c.%{d} -all"] if type_ == "TXT" else [])


def hostile_static(name: str, type_: str) -> DnsReading:
    return records(
        [" ".join(["v=spf1", *(f"include:{letter}.{name[-60:]}" for letter in "abcdefghij"), "-all"])] if type_ == "TXT" else []
    )


def hostile_mx(name: str, type_: str) -> DnsReading:
    if type_ == "TXT":
        return records([" ".join(["v=spf1", *(f"mx:m{number}.x.example" for number in range(20)), "-all"])])
    return records([f"{number}.{name}" for number in range(10)] if type_ == "MX" else ["198.51.100.1"])


def hostile_late_mx(name: str, type_: str) -> DnsReading:
    if type_ == "TXT" and name == "club.example":
        return records(["v=spf1 mx:a.example mx:b.example mx:c.example mx:d.example mx:e.example include:x.example -all"])
    return hostile_mx(name, type_)


def hostile_many_mx(name: str, type_: str) -> DnsReading:
    return records(["v=spf1 mx -all"] if type_ == "TXT" else [f"{number}.example" for number in range(1000)])


def hostile_ptr(name: str, type_: str) -> DnsReading:
    return records(
        ["v=spf1 " + "ptr " * 30]
        if type_ == "TXT"
        else [f"{number}.{name}" for number in range(100)]
        if type_ == "PTR"
        else ["198.51.100.1"]
    )


def hostile_terms(name: str, type_: str) -> DnsReading:
    return records(["v=spf1 " + " ".join(f"a:a{number}.example" for number in range(3000))] if type_ == "TXT" else [])


def hostile_case(name: str, type_: str) -> DnsReading:
    return records(["v=spf1 include:cLuB.eXample redirect=CLUB.example."] if type_ == "TXT" else [])


@pytest.mark.parametrize(
    "world",
    [hostile_wildcard, hostile_static, hostile_mx, hostile_late_mx, hostile_many_mx, hostile_ptr, hostile_terms, hostile_case],
)
def test_a_tree_that_is_not_legal_costs_at_most_sixty_questions(world: Answer) -> None:
    asked = World(world)
    assert asked.check().result is Result.PERMERROR
    assert len(asked.readings) <= 60


def test_the_largest_legal_tree_is_evaluated_to_its_end() -> None:
    """Ten mx terms with ten hosts each, and an explanation."""

    def answer(name: str, type_: str) -> DnsReading:
        if type_ == "TXT":
            return records(
                [
                    " ".join(["v=spf1", *(f"mx:m{number}.example" for number in range(10)), "-all exp=e.example"])
                    if name == "club.example"
                    else "no"
                ]
            )
        return records([f"{number}.{name}" for number in range(10)] if type_ == "MX" else ["198.51.100.1"])

    world = World(answer)
    found = world.check()
    assert (found.result, found.explanation) == (Result.FAIL, "no")
    assert len(world.readings) <= 130


def test_the_tree_lists_each_counted_step_with_its_section() -> None:
    more = {"x.example": {"TXT": ["v=spf1 exists:%{i}.z.example ptr -all"]}, "y.example": {"TXT": ["v=spf1 ?all"]}}
    world = spf("v=spf1 a include:x.example mx redirect=y.example", more)
    assert [(step.depth, step.term, step.name, step.section[-3:]) for step in world.tree().steps] == [
        (0, "a", "club.example", "5.3"),
        (0, "include:x.example", "x.example", "5.2"),
        (1, "exists:%{i}.z.example", "", "5.7"),
        (1, "ptr", "", "5.5"),
        (0, "mx", "club.example", "5.4"),
        (0, "redirect=y.example", "y.example", "6.1"),
    ]


def test_the_tree_is_written_line_by_line_with_depth_and_section() -> None:
    more = {"x.example": {"TXT": [f"v=spf1 exists:%{{i}}.{'z' * 100}.example -all"]}}
    world = spf("v=spf1 include:x.example mx -all", more)
    assert outline(world.tree()) == [
        "1. club.example: include:x.example (RFC 7208 section 5.2)",
        f"2. · x.example: exists:%{{i}}.{'z' * 67}… (RFC 7208 section 5.7)",
        "3. club.example: mx (RFC 7208 section 5.4)",
    ]
    wide = outline(spf(" ".join(["v=spf1", *(f"a:a{number}.example" for number in range(60)), "-all"])).tree())
    assert len(wide) == MAX_LINES + 1
    assert wide[-1] == "and 20 more"


@pytest.mark.parametrize(
    ("term", "section"),
    [("-all", "5.1"), ("ip6:2001:db8::/32", "5.6"), ("?exists:%{i}.x.example", "5.7"), ("REDIRECT=x.example", "6.1")],
)
def test_each_step_of_a_path_knows_its_section(term: str, section: str) -> None:
    assert Match(domain="club.example", term=term).section == f"RFC 7208 section {section}"


def test_voids_are_names_without_address_of_either_family() -> None:
    world = spf(
        "v=spf1 a:four.example a:six.example a:none.example exists:six.example mx -all",
        {"four.example": {"A": ["192.0.2.1"]}, "six.example": {"AAAA": ["2001:db8::1"]}, "none.example": {"TXT": ["x"]}},
    )
    found, failed = world.run(lambda ev: voids(walk("club.example", ev), ev))
    assert [(void.term, void.name) for void in found] == [
        ("mx", "club.example"),
        ("a:none.example", "none.example"),
        ("exists:six.example", "six.example"),
    ]
    assert not failed


def test_a_changed_record_is_judged_without_touching_the_evidence() -> None:
    world = spf("v=spf1 -all")
    assert world.check().result is Result.FAIL
    changed = world.run(
        lambda ev: check_host(
            ip="192.0.2.1", mail_from="", helo="club.example", ev=with_record(ev, "club.example", "v=spf1 +all")
        )
    )
    assert changed.result is Result.PASS
    assert world.check().result is Result.FAIL


WORDS = [
    "a", "mx", "ptr", "+all", "-all", "?all", "include:club.example", "include:%{d}", "include:x.example", "redirect=x.example", "redirect=%{o}",
    "exists:%{p}.%{i}.%{l1r-}.example", "a:%{h}.x", "a:" + "b" * 64 + ".example", "a:" + "b.c" * 120 + ".example", "mx:x.example//0", "ip4:192.0.2.0/24",
    "ip6:2001:db8::/32", "exp=x.example", "exp=%{p}.example", "a:x..example", "exists:%_%%%-.example", "a:\\\\.example", "foo", "moo=%{c}", "a/0",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=14).map(lambda words: " ".join(["v=spf1", *words]))
VALUES = {
    "TXT": TEXTS,
    "A": st.sampled_from(["192.0.2.1", "198.51.100.7"]),
    "AAAA": st.sampled_from(["2001:db8::1", "2001:db8::2"]),
    "MX": st.sampled_from([".", "club.example", "x.example", "b" * 64 + ".example", "a..example"]),
    "PTR": st.sampled_from(["club.example", "x.example", "..", "a\\.b", "b" * 70]),
}
STATES = st.sampled_from([State.OK, State.OK, State.OK, State.NXDOMAIN, State.NODATA, State.SERVFAIL, State.TIMEOUT])


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_world_gives_a_result_and_bounded_questions(data: st.DataObject) -> None:
    """The library's slips, odd names, failures and loops: always one of the seven results, never an exception."""

    def answer(_name: str, type_: str) -> DnsReading:
        state = data.draw(STATES)
        if state is not State.OK:
            return DnsReading(state=state)
        return records(data.draw(st.lists(VALUES[type_], max_size=1 if type_ == "TXT" else 12)))

    world = World(answer)
    ip = data.draw(st.sampled_from(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"]))
    sender = data.draw(
        st.sampled_from(
            [
                "news@club.example",
                "",
                "@club.example",
                "x" * 300 + "@club.example",
                '"a\\"@b"@club.example',
                "\u00e9@club.example",
            ]
        )
    )
    helo = data.draw(st.sampled_from(["mail.club.example", "club.example", "%%%", "[192.0.2.1]", "b" * 300]))
    found = world.check(ip=ip, mail_from=sender, helo=helo)
    assert found.reason is not Reason.LIBRARY
    assert len(world.readings) <= 130
    assert (found.failure is not None) is (found.result is Result.TEMPERROR)
    world.tree()


@given(st.text(max_size=100), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_in_the_record_and_the_sender_gives_a_result(text: str, sender: str) -> None:
    found = spf(f"v=spf1 {text}").check(mail_from=f"{sender}@club.example")
    assert found.result in Result
    assert found.reason is not Reason.LIBRARY
