"""Secrets stay secret: in text, in repr, in any usual encoding."""

from __future__ import annotations

import base64
import json
import pickle
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.secret import LeakGuard, Secret

VALUE = "pässw örd€ +/=9"


def test_a_secret_never_shows_itself() -> None:
    """str, repr, format, pickle and JSON do not carry the value."""
    secret = Secret(VALUE)
    assert VALUE not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps({"password": secret})


def test_the_hint_tells_what_helps_and_no_more() -> None:
    """Length, odd spaces and non-ASCII characters are told; the text is not."""
    assert Secret("abc ").hint() == "4 characters, ends with a space"
    assert Secret("ä").hint() == "1 character, has non-ASCII characters"


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        VALUE.encode().hex(),
        urllib.parse.quote(VALUE, safe=""),
        urllib.parse.quote_plus(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(b"\0user\0" + VALUE.encode()).decode(),
        base64.b64encode(b"x" + VALUE.encode() + b"tail").decode(),
        base64.b64encode(b"xy" + VALUE.encode()).decode(),
        "".join(f"={byte:02X}" for byte in VALUE.encode()),
        json.dumps(f"said {VALUE}"),
    ],
)
def test_the_guard_finds_every_usual_form(form: str) -> None:
    """Plain, hex, URL, quoted-printable, and Base64 in each alignment are found and masked."""
    guard = LeakGuard()
    guard.learn(Secret(VALUE), username="user")
    text = f"535 5.7.8 bad login {form} sorry"
    assert guard.leaks(text)
    assert not guard.leaks(guard.mask(text))
    assert guard.mask("535 5.7.8 bad login") == "535 5.7.8 bad login"


@given(
    st.binary(max_size=20),
    st.binary(max_size=20),
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=30),
)
def test_base64_of_any_surroundings_is_found(before: bytes, after: bytes, value: str) -> None:
    """Whatever stands before and behind it, Base64 of a text that holds the secret is recognised."""
    guard = LeakGuard()
    guard.learn(Secret(value))
    assert guard.leaks(base64.b64encode(before + value.encode() + after).decode())


def test_an_ordinary_word_as_password_does_not_stop_every_report() -> None:
    """A password that is also a word of the settings cannot be told from that word; its encodings still can."""
    guard = LeakGuard()
    guard.learn(Secret("office"))
    settings = "sender = office@club.example"
    assert not guard.leaks("mail from office@club.example", besides=settings)
    assert guard.leaks(base64.b64encode(b"\0office\0office").decode(), besides=settings)
