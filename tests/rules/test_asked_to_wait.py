"""When to come back, where a server's temporary refusal says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checks.probes import Reply
from checks.rules._refusal import asked_to_wait


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("<me@recv.example>: Recipient address rejected: Greylisted for 300 seconds", 300),
        ("Greylisted, please try again in 900 seconds", 900),
        ("Greylisted, try again after 5 minutes", 300),
        ("please come back in 00:05:00", 300),
        ("Try again in 1 hour", 3600),
        ("more than 100 messages in 60 seconds; try again in 1 hour", 3600),
        ("wait 10 min.", 600),
        ("wait at least 90 sec and come back", 90),
        ("Retry in 20s", 60),
        ("try again in 86400 seconds", 86400),
    ],
)
def test_a_plain_time_is_read(words: str, seconds: int) -> None:
    """Less than a minute is a minute."""
    assert asked_to_wait(Reply(code=450, lines=(words,))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "words",
    [
        "Please try again later",
        "try again in a few minutes",
        "try again in 0 seconds",
        "try again in 86401 seconds",
        "come back in 99:99:99",
        "queue 1234567890 in 3 mailboxes",
        "in 5 messages",
        "in 99999999999999999999 seconds",
        "from 192.0.2.10 for 5 shops",
        "",
    ],
)
def test_anything_else_is_no_time(words: str) -> None:
    """What is not credible is not repeated to a person."""
    assert asked_to_wait(Reply(code=450, lines=(words,))) is None


def test_a_refusal_for_good_names_no_time() -> None:
    assert asked_to_wait(Reply(code=550, lines=("blocked for 300 seconds",))) is None


def test_a_time_may_be_broken_over_two_lines() -> None:
    assert asked_to_wait(Reply(code=451, lines=("Greylisted, try again in", "300 seconds"))) == timedelta(minutes=5)
