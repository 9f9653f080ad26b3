"""The test message is told from others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.message import Letter, build_test_message
from checks.records.own_message import is_it

MARK = "sendready-0123456789abcdef"
LETTER = Letter(
    from_email="office@club.example", to="a@b.example", unique_id=MARK, date=datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
)
MESSAGE = build_test_message(LETTER)


def mine(message: bytes) -> bool:
    return is_it(message, message_id=LETTER.message_id, mark=MARK)


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        MESSAGE.replace(b"\r\n", b"\n"),
        MESSAGE.replace(f"<{LETTER.message_id}>".encode(), b"<new@provider.example>"),
        MESSAGE.replace(b"X-Sendready-Id", b"X-Other").replace(b"Message-ID", b"X-Original-Message-ID"),
        b"Return-Path: <a@b>\r\nReceived: by x;\r\n date\r\n" + MESSAGE,
    ],
    ids=["as sent", "stored with line feeds", "with a new Message-ID", "by its subject alone", "with what servers add"],
)
def test_it_is_ours(message: bytes) -> None:
    """Each of three header fields is enough: providers change one or the other."""
    assert mine(message)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"Subject: Re: sendready test message " + MARK.encode() + b"\r\n\r\nI am on holiday",
        b"In-Reply-To: <" + LETTER.message_id.encode() + b">\r\nReferences: <" + LETTER.message_id.encode() + b">\r\n\r\n",
        b"Subject: Undelivered Mail\r\n\r\n" + MESSAGE,
        b"Message-ID: <other" + LETTER.message_id.encode() + b">\r\n\r\n",
    ],
    ids=["nothing", "an automatic answer", "an answer", "a bounce with ours in it", "an id that ends like ours"],
)
def test_others_are_not(message: bytes) -> None:
    assert not mine(message)


@given(st.binary(max_size=300))
def test_any_octets(message: bytes) -> None:
    is_it(message, message_id="a", mark="")
