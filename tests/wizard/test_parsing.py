"""What people type is read as they meant it, or answered with what would do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard import parsing

CANARY = "hunter2-CANARY"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("587", "587 starttls"),
        ("465", "465 implicit-tls"),
        ("25", "25 starttls"),
        ("587 with STARTTLS", "587 starttls"),
        ("465, implicit TLS", "465 implicit-tls"),
        ("2525 starttls", "2525 starttls"),
        ("2525/starttls", "2525 starttls"),
        ("25 none", "25 none"),
        ("25, not encrypted", "25 none"),
        (" 465 implicit ", "465 implicit-tls"),
        ("587 implicit-tls", "587 implicit-tls"),
    ],
)
def test_port_and_security_are_one_answer(typed: str, meant: str) -> None:
    assert parsing.connection(typed) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [("587 tls", "can mean two things"), ("465 SSL", "can mean two things"), ("2525", "say how port 2525"), ("0", "give the port"), ("70000 starttls", "give the port"), ("starttls", "give the port"), ("587 magic", "587 starttls"), ("\u0665\u0668\u0667", "give the port")],
)  # fmt: skip
def test_an_unclear_connection_is_not_guessed(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parsing.connection(typed)


@pytest.mark.parametrize(
    ("typed", "meant"), [("800", 800), ("10,000", 10000), ("10.000", 10000), ("1 000 000", 1000000), (" 5 ", 5)]
)
def test_numbers_are_read_as_written(typed: str, meant: int) -> None:
    assert parsing.count(typed) == meant


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "1,5", "ten", "\u0665", "", "1e3", "99999999999"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parsing.count(typed)


def test_patterns_may_be_separated_by_commas_spaces_or_semicolons() -> None:
    assert parsing.patterns("@a.example, b@b.example;*@c.example  @*.d.example @a.example") == (
        "@a.example",
        "b@b.example",
        "@c.example",
        "@*.d.example",
    )


@pytest.mark.parametrize("source", ["env", "keyring", "credential"])
def test_a_password_typed_as_a_reference_is_refused_without_showing_it(source: str) -> None:
    with pytest.raises(ValueError, match="not the password itself") as caught:
        parsing.reference(source, f"{CANARY} !")
    assert CANARY not in str(caught.value)


def test_an_address_may_be_pasted_with_its_angle_brackets() -> None:
    assert parsing.address(" <empfang@hotel.example> ") == "empfang@hotel.example"
    assert parsing.patterns("<a@hotel.example>, @b.example") == ("a@hotel.example", "@b.example")


@pytest.mark.parametrize("parse", [parsing.address, parsing.patterns])
def test_a_domain_without_an_ending_is_named(parse: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match='"hotel", has no ending after a dot'):
        parse("empfang@hotel")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("selector1, selector2", ("selector1", "selector2")),
        ("s=mail;", ("mail",)),
        ("k1._domainkey.club.example", ("k1",)),
        ("a.b", ("a.b",)),
    ],
)
def test_selectors_are_taken_as_they_are_pasted(typed: str, meant: tuple[str, ...]) -> None:
    assert parsing.selectors(typed) == meant


@pytest.mark.parametrize("typed", ["a b!", "d=club.example; s=", "-x", "x" * 201])
def test_what_is_no_selector_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="a selector is one name"):
        parsing.selectors(typed)


@given(st.text(max_size=50))
def test_no_text_breaks_a_parser(text: str) -> None:
    for parse in (
        parsing.line,
        parsing.address,
        parsing.host,
        parsing.count,
        parsing.yes_no,
        parsing.day,
        parsing.connection,
        parsing.patterns,
        parsing.words,
        parsing.selectors,
    ):
        try:
            parse(text)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - any other exception fails the test
