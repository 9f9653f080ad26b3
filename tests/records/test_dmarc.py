"""DMARC records after RFC 9989, old records included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.dmarc import Policy, is_dmarc, meant_as_dmarc, nearest_tag, parse_dmarc
from checks.records.dmarc_uri import MAX_ADDRESSES


def kinds(text: str) -> list[str]:
    return [problem.kind for problem in parse_dmarc(text).problems]


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1;p=none", "v = DMARC1 ; p=none", "V=DMARC1;", "v=DMARC1\t;p=none"])
def test_is_a_record(text: str) -> None:
    """The version stands first; space around the equals sign is allowed."""
    assert is_dmarc(text)


@pytest.mark.parametrize(
    "text",
    [
        "v=dmarc1; p=none",
        "v=DMARC1 p=none",
        "v=DMARC2; p=none",
        "p=none; v=DMARC1",
        "v=DMARC1\\; p=none",
        '"v=DMARC1; p=none"',
        " v=DMARC1; p=none",
        "",
    ],
)
def test_is_no_record(text: str) -> None:
    """Receivers discard what does not begin exactly so (RFC 9989 section 4.7)."""
    assert not is_dmarc(text)


def test_meant_as_record() -> None:
    """Slips that a person would still call a DMARC record are recognised as such; other texts are not."""
    assert all(
        meant_as_dmarc(text)
        for text in ["v=dmarc1; p=none", "v=DMARC1 p=none", '"v=DMARC1; p=none"', " v=DMARC1;", "v=DMARC 1; p=none"]
    )
    assert not any(meant_as_dmarc(text) for text in ["v=spf1 -all", "google-site-verification=abc", ""])


def test_everything() -> None:
    """All tags of RFC 9989 are read, in any case and order."""
    record = parse_dmarc(
        "v=DMARC1; P=Reject; sp=quarantine; np=reject; adkim=s; ASPF=S; fo=1; psd=n; t=y; rua=mailto:a@club.example , mailto:b@x.example; ruf=mailto:c@club.example;"
    )
    assert record.problems == ()
    assert (record.policy, record.subdomain, record.nonexistent) == (Policy.REJECT, Policy.QUARANTINE, Policy.REJECT)
    assert record.strict_dkim
    assert record.strict_spf
    assert record.psd == "n"
    assert record.testing
    assert [uri.address for uri in record.rua] == ["a@club.example", "b@x.example"]
    assert [uri.domain for uri in record.ruf] == ["club.example"]


def test_defaults() -> None:
    """Without tags: relaxed, not testing, psd to be found out."""
    record = parse_dmarc("v=DMARC1; p=none")
    assert not record.strict_dkim
    assert not record.strict_spf
    assert not record.testing
    assert record.psd == "u"
    assert record.usable


def test_policy_missing() -> None:
    """Without a valid p= the record counts as p=none if rua= has an address, else it is of no use (RFC 9989 section 4.10.1)."""
    assert parse_dmarc("v=DMARC1; rua=mailto:a@club.example").usable
    assert not parse_dmarc("v=DMARC1; p=monitor").usable
    assert not parse_dmarc("v=DMARC1").policy_given
    wrong = parse_dmarc("v=DMARC1; p=reject; sp=all; rua=mailto:a@club.example")
    assert wrong.policy is Policy.NONE
    assert kinds("v=DMARC1; p=monitor") == ["bad-p"]


def test_removed_and_unknown_tags() -> None:
    """pct, rf and ri are told; unknown tags are no problem (RFC 9989 section 4.7)."""
    record = parse_dmarc("v=DMARC1; p=none; pct=50; ri=86400; rf=afrf; ruas=mailto:x@y.example")
    assert record.removed == ("pct=50", "rf=afrf", "ri=86400")
    assert record.unknown == ("ruas",)
    assert record.problems == ()
    assert nearest_tag("ruas") == "rua"
    assert nearest_tag("zzzz") == ""


def test_policy_second() -> None:
    """Where p= stands is told, since older readers want it second."""
    assert parse_dmarc("v=DMARC1; p=none; rua=mailto:a@b.example").policy_second
    assert not parse_dmarc("v=DMARC1; rua=mailto:a@b.example; p=none").policy_second


def test_in_force() -> None:
    """Sub-domains take sp=, missing ones np=, and t=y takes one step off."""
    record = parse_dmarc("v=DMARC1; p=reject; sp=quarantine; np=none")
    assert record.in_force(inherited=False) is Policy.REJECT
    assert record.in_force(inherited=True) is Policy.QUARANTINE
    assert record.in_force(inherited=True, exists=False) is Policy.NONE
    assert parse_dmarc("v=DMARC1; p=reject; t=y").in_force(inherited=False) is Policy.QUARANTINE
    assert parse_dmarc("v=DMARC1; p=quarantine; t=y").in_force(inherited=False) is Policy.NONE
    assert parse_dmarc("v=DMARC1; p=quarantine").in_force(inherited=True) is Policy.QUARANTINE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("adkim=relaxed", "bad-adkim"),
        ("aspf=x", "bad-aspf"),
        ("fo=2", "bad-fo"),
        ("psd=maybe", "bad-psd"),
        ("t=1", "bad-t"),
        ("sp=no", "bad-sp"),
        ("np=no", "bad-np"),
        ("p=none", "duplicate-tag"),
        ("rua=postmaster@club.example", "bad-rua"),
        ("rua=mailto:postmaster", "bad-rua"),
        ("rua=mailto:a@b.example,", "bad-rua"),
        ("ruf=https://club.example/x", "bad-ruf"),
        ("reject", "no-equals"),
    ],
)
def test_slips(text: str, kind: str) -> None:
    """Each slip has its kind, and the rest of the record stands."""
    assert kinds(f"v=DMARC1; p=none; {text}") == [kind]
    assert parse_dmarc(f"v=DMARC1; p=none; {text}").policy is Policy.NONE


def test_several_failure_options() -> None:
    """fo=1:d:s of older records is understood."""
    assert kinds("v=DMARC1; p=none; fo=1:d:s") == []


def test_size_limits() -> None:
    """!10m is read past, and told."""
    uri = parse_dmarc("v=DMARC1; p=none; rua=mailto:a@b.example!10m").rua[0]
    assert (uri.address, uri.size_limit, uri.fault) == ("a@b.example", True, "")


def test_address_floods_are_bounded() -> None:
    """Three hundred addresses are cut at the bound, and told."""
    many = ",".join(f"mailto:a@x{n}.example" for n in range(300))
    record = parse_dmarc(f"v=DMARC1; p=none; rua={many}")
    assert len(record.rua) == MAX_ADDRESSES
    assert [problem.kind for problem in record.problems] == ["too-many-addresses"]


@given(st.text(max_size=300) | st.text(alphabet="vpsnrufat=:;, !@.-\\DMARC1mailto\xff", max_size=120).map("v=DMARC1;".__add__))
def test_any_text_is_read(text: str) -> None:
    """No text from the network raises, and problems point into it."""
    record = parse_dmarc(text)
    meant_as_dmarc(text)
    is_dmarc(text)
    assert all(0 <= problem.position <= len(text) for problem in record.problems)
    assert all(uri.fault or uri.domain for uri in (*record.rua, *record.ruf))
