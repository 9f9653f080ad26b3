"""Reading a hostile header costs a bounded number of steps, counted in tokens: no clock, so that a busy machine changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checks.records import header_text
from checks.records.arrived import MAX_SAME, ArrivedMessage, read_message
from checks.records.authentication_results import read_results
from checks.records.header_text import MAX_TOKENS, Token, lex, read_mailboxes, split_at, without_comments
from checks.records.received import MAX_CHAIN_TOKENS, MAX_HOPS, read_received

NAMES = ("From", "To", "Reply-To", "Sender", "Return-Path", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Date")
PATTERNS = ["<", ";", "[", "\\", "<a>,", "a ", '""', "()", "(", '"', "from a "]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count tokens."""
    count = [0]
    inner = header_text._tokens

    def counting(text: str) -> Iterator[Token]:
        for token in inner(text):
            count[0] += 1
            yield token

    monkeypatch.setattr(header_text, "_tokens", counting)
    return count


def hostile(name: str, pattern: str, *, fields: int = 60, size: int = 16_000) -> ArrivedMessage:
    value = (pattern * size)[:size]
    return read_message("".join(f"{name}: {value}\r\n" for _ in range(fields)).encode() + b"\r\n")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_way(pattern: str, steps: list[int]) -> None:
    """Many large Received fields, or very many small ones; what was not read is counted."""
    for fields, size in ((60, 16_000), (400, 2_400)):
        steps[0] = 0
        message = hostile("Received", pattern, fields=fields, size=size)
        chain = read_received(message)
        assert steps[0] <= MAX_CHAIN_TOKENS + MAX_TOKENS + 200 * len(chain.hops)  # and a date each
        assert len(chain.hops) + chain.dropped == fields
        assert chain.hops


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_receivers_words(pattern: str, steps: list[int]) -> None:
    message = hostile("Authentication-Results", f"mx.mail.example; {pattern}")
    found = read_results(message, trusted=["mx.mail.example"])
    assert steps[0] <= 40_000
    assert len(found.trusted) + len(found.ignored) + found.dropped == 60


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", NAMES)
def test_what_rules_ask_for(name: str, pattern: str, steps: list[int]) -> None:
    """Addresses, number, date and the rest are read once, however often they are asked for."""
    message = hostile(name, pattern)

    def ask() -> None:
        _ = message.author, message.to, message.reply_to, message.sender, message.return_path, message.author_domain
        _ = message.message_id, message.message_id_state, message.date, message.unsubscribe

    ask()
    cost = steps[0]
    assert cost <= (MAX_SAME + 1) * MAX_TOKENS
    ask()
    assert steps[0] == cost


def test_what_is_left_out_is_not_taken_for_understood() -> None:
    """Beyond the bound nothing is cut, and an address list that was not read to its end is not clear."""
    many = "a@b.example" + ";" * MAX_TOKENS
    assert len(lex(many)) == MAX_TOKENS
    assert not read_mailboxes(many).clear
    assert read_mailboxes("a@b.example, c@d.example").clear
    assert without_comments("<" * MAX_TOKENS + "(a)") == "<" * MAX_TOKENS + "(a)"
    assert split_at("<" * MAX_TOKENS + ";a", ";") == ("<" * MAX_TOKENS + ";a",)
    message = read_message(b"To: a@b.example\r\n" * (MAX_SAME + 1) + b"\r\n")
    assert (len(message.to.found), message.to.clear) == (MAX_SAME, False)


def test_honest_headers_are_far_from_the_bounds() -> None:
    """A hundred recipients with names, and a way over a hundred hosts, are read whole."""
    boxes = ", ".join(f'"Person No. {number}" <person{number}@club.example>' for number in range(100))
    assert len(read_mailboxes(boxes).found) == 100
    hop = (
        "from out.club.example (out.club.example [192.0.2.25]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
        " key-exchange X25519 server-signature RSA-PSS (2048 bits)) (No client certificate requested) by mx.mail.example"
        " (Postfix) with ESMTPS id 4abc for <reader@mail.example>; Mon, 23 Nov 2026 08:59:10 +0000 (UTC)"
    )
    chain = read_received(read_message(f"Received: {hop}\r\n".encode() * MAX_HOPS + b"\r\n"))
    assert (len(chain.hops), chain.dropped) == (MAX_HOPS, 0)
