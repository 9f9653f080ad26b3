"""The small records about receiving: TLS-RPT, TLSA, CAA, BIMI."""

from __future__ import annotations

import time

import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.bimi import is_bimi, parse_bimi
from checks.records.caa import parse_caa
from checks.records.tags import MAX_PROBLEMS
from checks.records.tls_rpt import MAX_URIS, is_tls_rpt, parse_tls_rpt
from checks.records.tlsa import parse_tlsa

SHA256, SHA512 = "ab" * 32, "cd" * 64


# --- TLS-RPT (RFC 8460 section 3) -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "uris"),
    [
        ("v=TLSRPTv1; rua=mailto:reports@club.example", ("mailto:reports@club.example",)),
        ("v=TLSRPTv1;rua=https://reports.example/v1/tlsrpt;", ("https://reports.example/v1/tlsrpt",)),
        ("v=TLSRPTv1 ; rua=mailto:a@club.example , https://b.example:8443/x?y=z", ("mailto:a@club.example", "https://b.example:8443/x?y=z")),
        ("v=TLSRPTv1; rua=mailto:a@club.example; more=b", ("mailto:a@club.example",)),
        ("v=TLSRPTv1; rua=mailto:a%2Cb@club.example?subject=x", ("mailto:a%2Cb@club.example?subject=x",)),
    ],
)  # fmt: skip
def test_a_good_request_for_reports(text: str, uris: tuple[str, ...]) -> None:
    assert is_tls_rpt(text)
    assert (parse_tls_rpt(text).uris, parse_tls_rpt(text).problems) == (uris, ())


@pytest.mark.parametrize(
    "text", ["", "v=TLSRPTv1", "v=tlsrptv1; rua=mailto:a@b.example", "v=TLSRPTv12; rua=x", " v=TLSRPTv1;", "v=DMARC1; p=none"]
)
def test_what_is_no_request_for_reports(text: str) -> None:
    assert not is_tls_rpt(text)
    assert parse_tls_rpt(text).problems


@pytest.mark.parametrize(
    ("text", "kind", "position"),
    [
        ("v=TLSRPTv1;", "no-rua", 11),
        ("v=TLSRPTv1; rua=", "bad-address", 16),
        ("v=TLSRPTv1; rua=reports@club.example", "bad-address", 16),
        ("v=TLSRPTv1; rua=mailto:reports", "bad-address", 16),
        ("v=TLSRPTv1; rua=http://reports.example/", "bad-address", 16),
        ("v=TLSRPTv1; rua=javascript:alert(1)", "bad-address", 16),
        ("v=TLSRPTv1; rua=mailto:a@b.example!10m", "bad-address", 16),
        ("v=TLSRPTv1; rua=mailto:a@b.example,, mailto:c@d.example", "bad-address", 35),
        ("v=TLSRPTv1;; rua=mailto:a@b.example", "bad-field", 11),
        ("v=TLSRPTv1; mailto:a@b.example", "bad-field", 12),
        ("v=TLSRPTv1; rua=" + ",".join(f"mailto:a{n}@b.example" for n in range(100)), "too-many", 426),
    ],
)
def test_a_fault_of_a_request_has_its_place(text: str, kind: str, position: int) -> None:
    record = parse_tls_rpt(text)
    assert (kind, position) in {(problem.kind, problem.position) for problem in record.problems}
    assert len(record.uris) <= MAX_URIS


# --- TLSA (RFC 6698, RFC 7672) ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"3 1 1 {SHA256}",
        f"2 1 1 {SHA256.upper()}",
        f"2 0 2 {SHA512}",
        "3 0 0 3082",
        f"3 1 2 {SHA512[:128]} {SHA512[128:]}".strip(),
    ],
)
def test_a_record_that_senders_can_use(text: str) -> None:
    assert parse_tlsa(text).fault == ""
    assert parse_tlsa(text).data == parse_tlsa(text).data.lower()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"0 0 1 {SHA256}", "usage is 0"),
        (f"1 1 1 {SHA256}", "usage is 1"),
        (f"255 1 1 {SHA256}", "usage is 255"),
        (f"3 2 1 {SHA256}", "selector is 2"),
        (f"3 1 3 {SHA256}", "matching type is 3"),
        (f"3 1 1 {SHA256[:-2]}", "wrong length"),
        (f"3 1 1 {SHA512}", "wrong length"),
        (f"3 1 2 {SHA256}", "wrong length"),
        ("3 1 0", "wrong length"),
        ("3 1 0 abc", "wrong length"),
        ("", "not three numbers"),
        ("3 1 1 xyz", "not three numbers"),
        ("\u0663 1 1 " + SHA256, "not three numbers"),
        ("3 1 1 " + "a" * 200_000, "not three numbers"),
    ],
)
def test_a_record_of_no_use_says_why(text: str, words: str) -> None:
    assert words in parse_tlsa(text).fault


def test_a_long_record_is_read_as_dns_shows_it() -> None:
    """Presentation form cuts long values into groups."""
    shown = dns.rdata.from_text("IN", "TLSA", "3 0 0 " + "ab" * 1000).to_text()
    assert parse_tlsa(shown).data == "ab" * 1000


# --- CAA (RFC 8659) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tag", "issuer"),
    [
        ('0 issue "letsencrypt.org"', "issue", "letsencrypt.org"),
        ('0 issue "LetsEncrypt.org; validationmethods=dns-01"', "issue", "letsencrypt.org"),
        ('128 issue ";"', "issue", ""),
        ('0 issue ""', "issue", ""),
        ('0 ISSUEWILD " ca.example "', "issuewild", "ca.example"),
        ('0 iodef "mailto:security@club.example"', "iodef", ""),
        ('0 issue "a\\"b.example"', "issue", ""),
        ('0 future "x"', "future", ""),
        ("0 issue ca.example", "issue", "ca.example"),
    ],
)
def test_a_property_is_read(text: str, tag: str, issuer: str) -> None:
    assert (parse_caa(text).tag, parse_caa(text).issuer) == (tag, issuer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('128 future "x"', "calls it critical"),
        ('0 issue "let\'s encrypt"', "authority's name"),
        ('0 issue "https://letsencrypt.org"', "authority's name"),
        ('0 issue "a..b"', "authority's name"),
        ("", "not a number"),
        ('256 issue "ca.example"', "not a number"),
        ('0 is-sue "ca.example"', "not a number"),
        ('0 issue "ca.example', "not a number"),
        ("\\# 3 000500", "not a number"),
    ],
)
def test_a_faulty_property_says_why(text: str, words: str) -> None:
    assert words in parse_caa(text).fault


@pytest.mark.parametrize("value", [b"ca.example", b'a"b\\c', b"\x00\xff;", b""])
def test_what_dns_shows_is_understood(value: bytes) -> None:
    """The value survives the way through presentation form."""
    wire = b"\x00\x05issue" + value
    shown = dns.rdata.from_wire("IN", "CAA", wire, 0, len(wire)).to_text()
    assert parse_caa(shown).value == value.decode("latin-1")


# --- BIMI -------------------------------------------------------------------------------------------------------------


def test_a_logo_and_the_wish_for_none() -> None:
    record = parse_bimi("v=BIMI1; l=https://club.example/logo.svg; a=https://club.example/logo.pem")
    assert (record.logo, record.evidence, record.problems, record.declined) == (
        "https://club.example/logo.svg", "https://club.example/logo.pem", (), False,
    )  # fmt: skip
    assert parse_bimi("v=BIMI1;l=https://club.example/logo.svg;").problems == ()
    assert parse_bimi("v=BIMI1; l=https://club.example/logo.svg; a=; lps=x; avp=brand").problems == ()
    assert parse_bimi("v=BIMI1; l=; a=;").declined


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("v=BIMI1", "no-logo"),
        ("v=BIMI1; a=https://club.example/logo.pem", "no-logo"),
        ("v=BIMI1; l=http://club.example/logo.svg", "bad-address"),
        ("v=BIMI1; l=data:image/svg+xml,x", "bad-address"),
        ("v=BIMI1; l=javascript:alert(1)", "bad-address"),
        ("v=BIMI1; l=https://user@club.example/logo.svg", "bad-address"),
        ("v=BIMI1; l=https://127.0.0.1:22/", "bad-address"),
        ("v=BIMI1; l=https:\\\\club.example\\logo.svg", "bad-address"),
        ("v=BIMI1; l=https://club.example/l.svg; a=file:///etc/passwd", "bad-address"),
        ("v=BIMI1; l=https://club.example/l.svg; l=https://club.example/m.svg", "duplicate-tag"),
        ("v=bimi1; l=https://club.example/l.svg", "no-version"),
        ("l=https://club.example/l.svg; v=BIMI1", "no-version"),
    ],
)
def test_a_fault_of_a_logo_record_is_named(text: str, kind: str) -> None:
    assert kind in {problem.kind for problem in parse_bimi(text).problems}


def test_other_texts_are_no_logo_record() -> None:
    assert [is_bimi(text) for text in ("v=BIMI1", "v = BIMI1 ;", "v=BIMI11;", "v=BIMI2;", "wild", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


# --- all --------------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["v=TLSRPTv1;", "v=BIMI1;", "rua=", "mailto:", "@", "a.example", ",", ";", "=", " ", "3 1 1 ", "ab", "0 issue ", '"', "\\", "l=", "a=", "https://", "\x00", "\u00e4"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=30).map("".join)))
def test_no_text_makes_a_parser_fall_over(text: str) -> None:
    """Problems are few, lie within the text, and never repeat it."""
    for problems in (parse_tls_rpt(text).problems, parse_bimi(text).problems):
        assert len(problems) <= MAX_PROBLEMS
        assert all(0 <= problem.position <= len(text) for problem in problems)
        assert all(problem.message.isascii() and problem.message.isprintable() for problem in problems)
    assert all(fault.isascii() and fault.isprintable() for fault in (parse_tlsa(text).fault, parse_caa(text).fault))


def test_long_texts_cost_little() -> None:
    began = time.monotonic()
    for text in ("a." * 30_000, "v=TLSRPTv1;" + "rua=mailto:a@" + "a-" * 30_000, "3 1 1" + " ab" * 20_000, '0 issue "' + "\\" * 60_000, "v=BIMI1; l=https://" + "a." * 30_000, ";" * 60_000):  # fmt: skip
        for parse in (parse_tls_rpt, parse_tlsa, parse_caa, parse_bimi):
            parse(text)
    assert time.monotonic() - began < 2
