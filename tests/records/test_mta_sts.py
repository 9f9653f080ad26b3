"""MTA-STS records and policies (RFC 8461 sections 3.1 and 3.2)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.mta_sts import MAX_PATTERNS, Mode, is_announcement, parse_policy, parse_record
from checks.records.tags import MAX_PROBLEMS

GOOD = "version: STSv1\nmode: enforce\nmx: mail.club.example\nmx: *.club.example\nmax_age: 604800\n"


@pytest.mark.parametrize(
    "text",
    [
        "v=STSv1; id=20160831085700Z;",
        "v=STSv1;id=1",
        "v = STSv1 ; id = abc ;",
        "v=STSv1; id=a; more=x!y",
        "v=STSv1;\tid=" + "a" * 32,
    ],
)
def test_a_good_announcement(text: str) -> None:
    assert is_announcement(text)
    assert not parse_record(text).problems
    assert parse_record(text).id


@pytest.mark.parametrize(
    "text", ["", "v=STSv1", "V=STSv1; id=1", "v=STSv11; id=1", "v=stsv1; id=1", " v=STSv1; id=1", "wild", "id=1; v=STSv1;"]
)
def test_what_senders_discard(text: str) -> None:
    """RFC 8461 section 3.1: a record that does not begin with "v=STSv1;" is none."""
    assert not is_announcement(text)
    assert parse_record(text).problems


@pytest.mark.parametrize(
    ("text", "kind", "position"),
    [
        ("v=STSv1;", "no-id", 8),
        ("v=STSv1; id=", "bad-field", 9),
        ("v=STSv1; id=2026-11-23", "bad-id", 9),
        ("v=STSv1; id=" + "a" * 33, "bad-id", 9),
        ("v=STSv1; id=a; id=b", "duplicate-id", 15),
        ("v=STSv1;; id=a", "bad-field", 8),
        ("v=STSv1; id=a; x", "bad-field", 15),
        ("v=STSv1; id=a; x=y z", "bad-field", 15),
        ("v=STSv1; id=\u00e4", "bad-field", 9),
    ],
)
def test_a_fault_of_an_announcement_has_its_place(text: str, kind: str, position: int) -> None:
    assert (kind, position) in {(problem.kind, problem.position) for problem in parse_record(text).problems}


def test_a_good_policy() -> None:
    policy = parse_policy(GOOD)
    assert (policy.mode, policy.max_age, policy.patterns, policy.problems) == (
        Mode.ENFORCE, 604800, ("mail.club.example", "*.club.example"), (),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD + "\n\n",
        GOOD.replace(": ", ":"),
        GOOD.replace("\n", " \t\n"),
        GOOD + "mode: testing\nversion: STSv2\n",  # of two, the first counts
        GOOD + "future.thing: yes please\n",
        "\n".join(reversed(GOOD.split("\n"))),
        GOOD.replace("604800", "31557600"),
    ],
)
def test_other_ways_of_writing_the_same(text: str) -> None:
    policy = parse_policy(text)
    assert policy.problems == ()
    assert policy.mode is Mode.ENFORCE
    assert set(policy.patterns) == {"mail.club.example", "*.club.example"}


def test_a_withdrawn_policy_needs_no_servers() -> None:
    """RFC 8461 section 8.3."""
    assert parse_policy("version: STSv1\nmode: none\nmax_age: 86400\n").problems == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "bad-version"),
        (GOOD.replace("STSv1", "STSv2"), "bad-version"),
        (GOOD.replace("version", "Version"), "bad-version"),
        (GOOD.replace("enforce", "Enforce"), "bad-mode"),
        (GOOD.replace("enforce", "enforce now"), "bad-mode"),
        (GOOD.replace("mode: enforce\n", ""), "bad-mode"),
        (GOOD.replace("604800", "31557601"), "bad-max-age"),
        (GOOD.replace("604800", "-1"), "bad-max-age"),
        (GOOD.replace("604800", "\u0661"), "bad-max-age"),
        (GOOD.replace("604800", "9" * 5000), "bad-max-age"),
        (GOOD.replace("max_age: 604800\n", ""), "bad-max-age"),
        (GOOD.replace("mx: mail.club.example\nmx: *.club.example\n", ""), "no-mx"),
        (GOOD.replace("mail.club.example", "mail.*.example"), "bad-mx"),
        (GOOD.replace("mail.club.example", "*mail.club.example"), "bad-mx"),
        (GOOD.replace("mail.club.example", "mail.club.example."), "bad-mx"),
        (GOOD.replace("mail.club.example", "mail.club.example, b.example"), "bad-mx"),
        (GOOD.replace("mail.club.example", ".club.example"), "bad-mx"),
        ("<!DOCTYPE html><html></html>", "bad-line"),
        ("\ufeff" + GOOD, "bad-line"),
    ],
)
def test_a_fault_of_a_policy_is_named(text: str, kind: str) -> None:
    assert kind in {problem.kind for problem in parse_policy(text).problems}


@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("mail.club.example", True),
        ("MAIL.Club.example.", True),
        ("mx1.club.example", True),
        ("club.example", False),  # a wildcard stands for exactly one label (RFC 8461 section 4.1)
        ("a.b.club.example", False),
        ("mail.club.example.evil.example", False),
        ("", False),
    ],
)
def test_a_server_is_listed_or_not(host: str, listed: bool) -> None:
    assert parse_policy(GOOD).lists(host) is listed


def test_a_wildcard_does_not_stand_for_a_name_of_one_label() -> None:
    policy = parse_policy(GOOD.replace("*.club.example", "*.example"))
    assert policy.lists("club.example")
    assert not policy.lists("example")


def test_floods_are_bounded() -> None:
    """A long text costs little time and few problems."""
    began = time.monotonic()
    policy = parse_policy(GOOD + "".join(f"mx: m{number}.example\n" for number in range(1500)))
    assert len(policy.patterns) == MAX_PATTERNS
    for text in ("x\n" * 32_000, "mx: " + "a-" * 30_000, "a" * 65_536, "mx:" + " " * 65_000 + "\x00", "*." * 30_000):
        assert len(parse_policy(text).problems) <= MAX_PROBLEMS
        assert len(parse_record(text.replace("\n", ";")).problems) <= MAX_PROBLEMS
    assert time.monotonic() - began < 2


WORDS = st.sampled_from(
    [
        "v=STSv1;",
        "id=",
        ";",
        "=",
        " ",
        "\t",
        "\r\n",
        "\n",
        "version: STSv1",
        "mode: ",
        "enforce",
        "mx: ",
        "*.",
        "a.example",
        "max_age: ",
        "1",
        ":",
        "\x00",
        "\u00e4",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=40).map("".join)))
def test_no_text_makes_the_parsers_fall_over(text: str) -> None:
    """Problems lie within the text, and are few; their words never repeat it."""
    for problems in (parse_record(text).problems, parse_policy(text).problems):
        assert len(problems) <= MAX_PROBLEMS
        assert all(0 <= problem.position <= len(text) for problem in problems)
        assert all(problem.message.isascii() and problem.message.isprintable() for problem in problems)
