"""SPF record text: what it says, and what is wrong with it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records.spf import Kind, Mechanism, Modifier, is_spf, parse, parse_term
from checks.records.spf_edit import deduplicated, inserted, merged, with_all, without
from checks.records.spf_macro import MAX_NAME, as_name, ends_well, expand, is_askable, split, static_name
from checks.records.spf_repair import almost_spf, repaired

ALPHABET = 'av=spf1 include:mx/24%{idr}.-_~?+,;0129redirect\tÃ©\x00\\"ptrexistsall:'
RECORDS = st.one_of(st.text(alphabet=ALPHABET, max_size=120), st.text(max_size=60)).map("v=spf1 ".__add__)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("v=spf1", True),
        ("V=SPF1 mx", True),
        ("v=spf1 ", True),
        ("v=spf10 mx", False),
        ("v=spf1\tmx", False),
        (" v=spf1 mx", False),
        ("v=spf1;mx", False),
        ("", False),
    ],
)
def test_the_version_is_the_whole_text_or_followed_by_a_space(text: str, answer: bool) -> None:
    assert is_spf(text) is answer


def test_terms_keep_their_order_position_and_text() -> None:
    record = parse("v=spf1  -MX:Mail.Example/24//64 ip6:2001:db8::/32 redirect=_spf.%{d} ra=me")
    first, second, third, fourth = record.terms
    assert isinstance(first, Mechanism)
    assert (first.qualifier, first.name, first.domain, first.cidr4, first.cidr6, first.position) == (
        "-",
        "mx",
        "Mail.Example",
        24,
        64,
        8,
    )
    assert first.text == "-MX:Mail.Example/24//64"
    assert isinstance(second, Mechanism)
    assert (second.network, second.cidr6) == ("2001:db8::", 32)
    assert isinstance(third, Modifier)
    assert (third.name, third.value) == ("redirect", "_spf.%{d}")
    assert isinstance(fourth, Modifier)
    assert not record.problems


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("foo", Kind.UNKNOWN_MECHANISM),
        ("ipv4:192.0.2.1", Kind.UNKNOWN_MECHANISM),
        ("=mx", Kind.UNKNOWN_MECHANISM),
        ("-redirect=example.org", Kind.UNKNOWN_MECHANISM),
        ("--all", Kind.UNKNOWN_MECHANISM),
        ("all.", Kind.UNKNOWN_MECHANISM),
        ("all/8", Kind.ALL_ARGUMENT),
        ("include", Kind.EMPTY_DOMAIN),
        ("include:", Kind.EMPTY_DOMAIN),
        ("exists", Kind.EMPTY_DOMAIN),
        ("ptr:", Kind.EMPTY_DOMAIN),
        ("a:", Kind.EMPTY_DOMAIN),
        ("a:/24", Kind.EMPTY_DOMAIN),
        ("redirect=", Kind.EMPTY_DOMAIN),
        ("include/24", Kind.BAD_CIDR),
        ("a:example", Kind.BAD_DOMAIN),
        ("a:foo.example.123", Kind.BAD_DOMAIN),
        ("a:foo.-example", Kind.BAD_DOMAIN),
        ("include:foo.example/24", Kind.BAD_DOMAIN),
        ("a:192.0.2.1", Kind.ADDRESS_FOR_NAME),
        ("a:192.0.2.1/24", Kind.ADDRESS_FOR_NAME),
        ("mx:2001:db8::1", Kind.ADDRESS_FOR_NAME),
        ("exists:%{x}.example", Kind.BAD_MACRO),
        ("exists:%{d0}.example", Kind.BAD_MACRO),
        ("exists:%{t}.example", Kind.BAD_MACRO),
        ("exists:%(d).example", Kind.BAD_MACRO),
        ("moo=%", Kind.BAD_MACRO),
        ("ip4", Kind.MISSING_ADDRESS),
        ("ip4:", Kind.MISSING_ADDRESS),
        ("ip4:192.0.2", Kind.BAD_IP4),
        ("ip4:192.0.2.01", Kind.BAD_IP4),
        ("ip4:192.0.2.256", Kind.BAD_IP4),
        ("ip6:192.0.2.1", Kind.BAD_IP6),
        ("ip6:fe80::1%eth0", Kind.BAD_IP6),
        ("ip6:2001:db8:::1", Kind.BAD_IP6),
        ("ip4:192.0.2.0/33", Kind.BAD_CIDR),
        ("ip4:192.0.2.0/024", Kind.BAD_CIDR),
        ("ip4:192.0.2.0/", Kind.BAD_CIDR),
        ("ip4:192.0.2.0//24", Kind.BAD_CIDR),
        ("ip6:2001:db8::/129", Kind.BAD_CIDR),
        ("a/33", Kind.BAD_CIDR),
        ("mx//129", Kind.BAD_CIDR),
        ("a/", Kind.BAD_CIDR),
        ("mx,a", Kind.COMMA),
        ("m\u00e9x", Kind.NON_ASCII),
        ("mx\ta", Kind.CONTROL),
    ],
)
def test_each_fault_of_the_grammar_has_its_name(word: str, kind: Kind) -> None:
    assert parse_term(word) is kind


@pytest.mark.parametrize(
    "word",
    [
        "a", "A/0", "mx//0", "+a:foo.example.", "?mx:%{d}/24", "~ptr", "ptr:example.org", "exists:%{ir}.%{v}._spf.%{d2}", "a:foo.xn--p1ai",
        "exists:%{l1r+-}.example", "include:%{d}", "a:%%%_%-.example.org", "ip4:0.0.0.0/0", "ip6:::/0", "ip6:::ffff:192.0.2.1", "moo.cow_far-out=man:dog/cat",
        "exp=%{d}", "unknown=", "exists:foo/bar.example.org", "a:foo.1-2",
    ],
)  # fmt: skip
def test_what_the_grammar_allows_is_no_fault(word: str) -> None:
    assert not isinstance(parse_term(word), Kind)


def test_mechanisms_behind_all_and_a_redirect_beside_it_are_not_in_force() -> None:
    record = parse("v=spf1 a -all include:x.example redirect=y.example")
    assert [term.text for term in record.mechanisms] == ["a", "-all"]
    assert record.redirect is None
    assert [term.text for term in record.counted] == ["a"]
    assert [problem.kind for problem in record.problems] == [Kind.AFTER_ALL, Kind.REDIRECT_IGNORED]
    assert not record.fatal


def test_a_space_behind_the_colon_is_one_problem() -> None:
    record = parse("v=spf1 ip4: 192.0.2.1 -all")
    assert [(problem.kind, problem.position, problem.text) for problem in record.problems] == [
        (Kind.SPACE_INSIDE, 7, "ip4: 192.0.2.1")
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("spf1 mx -all", "v=spf1 mx -all"),
        ("v=spf1; mx; -all", "v=spf1 mx -all"),
        ("v=spf1,mx,-all", "v=spf1 mx -all"),
        (" v=spf1 mx -all", "v=spf1 mx -all"),
        ('"v=spf1 mx -all"', "v=spf1 mx -all"),
        ("v=spf1include:x.example -all", "v=spf1 include:x.example -all"),
        ("v = spf1 mx", "v=spf1 mx"),
        ("v=spf1\u00c2\u00a0mx -all", "v=spf1 mx -all"),
        ("v=spf10 mx", ""),
        ("spf2.0/pra mx", ""),
        ("spf1 is set up by Bob", ""),
        ("v=spf1 mx -all", ""),
        ("google-site-verification=abc", ""),
    ],
)
def test_a_misspelt_version_is_recognised_only_in_front_of_terms(text: str, meant: str) -> None:
    assert almost_spf(text) == meant


@given(RECORDS)
@settings(max_examples=200, deadline=None)
def test_reading_and_mending_any_text_never_fails(text: str) -> None:
    """Every problem points at its term, and a mended record has no problem left."""
    record = parse(text)
    for problem in record.problems:
        assert record.text[problem.position :].startswith(problem.text)
    for term in record.terms:
        assert record.text[term.position :].startswith(term.text)
    mended = repaired(record)
    assert not mended or not parse(mended).problems
    assert almost_spf(text) == ""


@given(RECORDS, RECORDS)
@settings(max_examples=200, deadline=None)
def test_edits_of_any_record_can_be_read_again(one: str, other: str) -> None:
    record = parse(one)
    assert not [
        problem
        for problem in parse(merged([one, other])).problems
        if problem.kind is not Kind.ODD_DOMAIN and problem.kind is not Kind.EQUALS_SIGN
    ]
    if not record.fatal:
        for text in (
            inserted(record, ["ip4:192.0.2.1"]),
            inserted(record, ["a"], first=True),
            without(record, ["mx"]),
            with_all(record, "~"),
            deduplicated(record),
        ):
            assert not parse(text).fatal


@given(st.text(alphabet="%{}dsi0123456789r.-+,/_=xA ", max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_macro_string_expands_to_something_bounded(text: str) -> None:
    if split(text) is not None:
        name = as_name(expand(text, lambda letter: f"{letter}.value" * 50))
        assert len(name) <= MAX_NAME or "." not in name
    assert isinstance(ends_well(text), bool)


def test_a_record_with_more_terms_than_an_answer_can_carry_addresses_is_not_read_further() -> None:
    record = parse("v=spf1" + " a" * 7000)
    assert [problem.kind for problem in record.fatal] == [Kind.TOO_LONG]
    assert len(record.terms) == 6000


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 " + "a:" + "a" * 60000 + "!",
        "v=spf1 " + "a " * 30000,
        "v=spf1 " + "%{" * 30000,
        "v=spf1 " + "x," * 30000,
        "v=spf1 " + "/1" * 30000,
    ],
)
def test_the_longest_record_that_dns_can_carry_takes_no_time(text: str) -> None:
    begun = time.process_time()
    repaired(parse(text))
    almost_spf(text)
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("%{s}", "strong-bad@email.example.com"), ("%{o}", "email.example.com"), ("%{d4}", "email.example.com"), ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"), ("%{d2r}", "example.email"), ("%{l-}", "strong.bad"), ("%{lr-}", "bad.strong"), ("%{l1r-}", "strong"),
        ("%{S}", "strong-bad%40email.example.com"), ("%%%_%-x", "% %20x"), ("%{d00000000000000000000001}", "com"), ("%{d99999999999999999999}", "email.example.com"),
    ],
)  # fmt: skip
def test_macros_expand_as_in_section_7_4(text: str, result: str) -> None:
    values = {"s": "strong-bad@email.example.com", "o": "email.example.com", "d": "email.example.com", "l": "strong-bad"}
    assert expand(text, values.__getitem__) == result


def test_a_name_that_is_too_long_is_cut_from_the_left() -> None:
    """RFC 7208 section 7.3: whole labels go until the rest fits."""
    name = as_name(".".join(["a" * 60] * 5 + ["example", "org."]))
    assert len(name) <= MAX_NAME
    assert name.endswith("a.example.org")


@pytest.mark.parametrize(
    "name", ["", "a..b", "a" * 64 + ".example", "a\\.example", "\u00e4.example", "a\n.example", ".".join(["a"] * 127) + ".aa"]
)
def test_names_that_no_question_can_hold_are_not_asked(name: str) -> None:
    assert not is_askable(name)


def test_only_what_does_not_depend_on_the_message_is_expanded_ahead() -> None:
    assert static_name("_spf.%{d}.%{o}", domain="a.example", origin="b.example") == "_spf.a.example.b.example"
    assert static_name("%{i}._spf.%{d}", domain="a.example", origin="b.example") == ""


def test_merging_keeps_every_sender_once_and_the_milder_end() -> None:
    assert merged(["v=spf1 mx ~all", "v=spf1 MX a redirect=x.example"]) == "v=spf1 mx a include:x.example ~all"
    assert merged(["v=spf1 -all", "v=spf1 a -all"]) == "v=spf1 a -all"
    assert merged(["v=spf1 ?mx -all", "v=spf1 mx -all"]) == "v=spf1 mx -all"


def test_inserting_keeps_the_rest_as_published() -> None:
    assert inserted(parse("v=spf1  MX   ~ALL exp=x.example"), ["a"]) == "v=spf1  MX   a ~ALL exp=x.example"
    assert inserted(parse("v=spf1"), ["a"]) == "v=spf1 a"
    assert inserted(parse("v=spf1 redirect=x.example"), ["a", "mx"]) == "v=spf1 a mx redirect=x.example"
    assert inserted(parse("v=spf1"), ["a"], first=True) == "v=spf1 a"
    assert (
        inserted(parse("v=spf1 ?mx -IP4:192.0.2.0/24 -all"), ["ip4:192.0.2.9/24"], first=True)
        == "v=spf1 ip4:192.0.2.9/24 ?mx -all"
    )
