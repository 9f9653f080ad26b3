"""Stored messages: read whatever they are, odd ones with the oddity named."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records.arrived import DateState, MessageIdState, Unsubscribe, date_state, read_date, read_message
from checks.records.header_fields import MAX_FIELDS, MAX_HEADER, LineEnds
from checks.records.header_text import Mailbox, decode_words, lex, read_mailboxes, split_at, without_comments
from checks.records.mime_outline import part_text
from tests.records.mail import LETTER, NOW, RECEIVED, SENT

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def kinds(raw: bytes) -> list[str]:
    return [problem.kind for problem in read_message(raw).problems]


def test_the_test_message() -> None:
    """What the program sends is clean, and everything in it is found again."""
    message = read_message(RECEIVED + SENT)
    assert (message.problems, message.duplicates, message.missing, message.whole) == ((), (), (), True)
    assert message.author.found == (Mailbox(name="Ruderverein München", address="news@club.example"),)
    assert (message.author_domain, message.author.clear) == ("club.example", True)
    assert message.reply_to.found[0].address == "office@club.example"
    assert message.to.found[0].domain == "mail.example"
    assert (message.message_id, message.message_id_state) == (LETTER.message_id, MessageIdState.OK)
    assert message.date == NOW.replace(microsecond=0)
    assert date_state(message, now=NOW) is DateState.OK
    assert message.line_ends is LineEnds.CRLF
    assert [part.type for part in message.outline.parts] == ["multipart/alternative", "text/plain", "text/html"]
    assert "Dies ist eine Testnachricht" in part_text(message.body, message.outline.parts[1])
    assert message.fields[0].name == "Received"
    assert message.fields[0].text.startswith("from out.club.example (out.club.example [192.0.2.1])\t(using")


def test_fields_keep_their_bytes() -> None:
    """Raw values are as stored, folds as CRLF; names are found in any case; order is kept."""
    message = read_message(b"X-One:  a\n b\nSubject :z\nx-one:c\n\nbody")
    assert [(one.name, one.raw, one.space) for one in message.fields] == [
        ("X-One", b"  a\r\n b", b""),
        ("Subject", b"z", b" "),
        ("x-one", b"c", b""),
    ]
    assert [one.text for one in message.all("x-ONE")] == ["a b", "c"]
    assert (message.text("none"), message.first("none"), message.count("subject")) == ("", None, 1)
    assert message.body == b"body"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"From: a@b.example\r\nnot a field\r\n\r\n", "bad-field"),
        (b"\xef\xbb\xbfFrom: a@b.example\r\n\r\n", "byte-order-mark"),
        (b"From: a@b.example\r\n\r\none\ntwo\r\n", "bare-line-feed"),
        (b"From: a@b.example\r\n\r\none\rtwo\r\n", "bare-return"),
        (b"From: a@b.example\r\n\r\n\0\r\n", "null-byte"),
        (b"From: a@b.example\r\n\r\n" + b"x" * 999 + b"\r\n", "long-line"),
        ("From: ä@b.example\r\n\r\n".encode(), "eight-bit-header"),
        (b"From: a@b.example\r\nFROM: c@d.example\r\n\r\n", "duplicate-field"),
        (b"Subject: a\r\n" * 2 + b"\r\n", "duplicate-field"),
        (b"X: a\r\n" * (MAX_FIELDS + 1) + b"\r\n", "too-many-fields"),
        (b"X: " + b" a\r\n" * (MAX_HEADER // 3) + b"\r\n", "header-too-large"),
        (b"X: " + b" a" * 40_000 + b"\r\n\r\n", "long-field"),
    ],
)
def test_oddities(raw: bytes, kind: str) -> None:
    """Each is named."""
    assert kind in kinds(raw)


@pytest.mark.parametrize(
    "raw",
    [
        SENT,
        SENT.replace(b"\r\n", b"\n"),
        b"From a@b.example Mon Nov 23 10:00:00 2026\n" + SENT.replace(b"\r\n", b"\n"),
        b"\r\n\r\n" + SENT,
        b"From: a@b.example\r\n\r\n" + b"x" * 998 + b"\r\n",
        b"Received: a\r\nReceived: b\r\nX: 1\r\nX: 2\r\nComments: a\r\nComments: b\r\n\r\n",
    ],
)
def test_harmless_forms(raw: bytes) -> None:
    """Line feeds of Unix files, the first line of an mbox file and empty lines before it are no fault."""
    assert kinds(raw) == []
    assert read_message(raw).fields


def test_a_message_that_was_cut_says_so() -> None:
    assert not read_message(SENT, cut=True).whole
    assert not read_message(b"X: " + b"a" * 70_000 + b"\r\n\r\n").whole


@pytest.mark.parametrize(
    ("text", "found", "clear"),
    [
        ("a@b.example", [("", "a@b.example")], True),
        ("<a@b.example>", [("", "a@b.example")], True),
        ("Club e.V. <a@b.example>", [("Club e.V.", "a@b.example")], True),
        ('"Doe, Jo" <a@b.example>, c@d.example', [("Doe, Jo", "a@b.example"), ("", "c@d.example")], True),
        ("=?utf-8?q?J=C3=BCrg?= <a@b.example>", [("Jürg", "a@b.example")], True),
        ("a@b.example (a comment, with @ and <x@y>)", [("", "a@b.example")], True),
        ('"a b"@b.example', [("", '"a b"@b.example')], True),
        ("Team: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")], True),
        ("undisclosed-recipients:;", [], True),
        ("", [], True),
        ("<>", [("", "")], True),
        ("<@relay.example:a@b.example>", [("", "a@b.example")], True),
        ("a@b.example <c@d.example>", [("a@b.example", "c@d.example")], False),
        ('"a@b.example" <c@d.example>', [("a@b.example", "c@d.example")], True),
        ("a@b.example@c.example", [("", "a@b.example@c.example")], False),
        ("<a@b.example> <c@d.example>", [("", "a@b.example")], False),
        ("<a@b.example", [("", "a@b.example")], False),
        ("nobody", [("", "nobody")], False),
    ],
)
def test_mailboxes(text: str, found: list[tuple[str, str]], clear: bool) -> None:
    """Addresses as receivers take them; whatever can be read in two ways is not clear."""
    read = read_mailboxes(text)
    assert [(box.name, box.address) for box in read.found] == found
    assert read.clear is clear


def test_the_author_domain_is_one_or_none() -> None:
    """DMARC needs exactly one (RFC 7489 section 6.6.1)."""
    assert read_message(b"From: a@b.example, c@B.example\r\n\r\n").author_domain == "b.example"
    assert read_message(b"From: a@b.example, c@d.example\r\n\r\n").author_domain == ""
    assert read_message(b"From: a@b.example\r\nFrom: a@b.example\r\n\r\n").author_domain == ""
    assert read_message("From: a@bücher.example\r\n\r\n".encode()).author_domain == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("field", "state"),
    [
        (b"Message-ID: <a@b.example>", "ok"),
        (b"Message-ID: <a@[192.0.2.1]>", "ok"),
        (b"", "missing"),
        (b"Message-ID: a@b.example", "malformed"),
        (b"Message-ID: <a>", "malformed"),
        (b"Message-ID: <a@b.example> <c@d.example>", "malformed"),
        (b"Message-ID: <a@b.example>\r\nMessage-ID: <c@d.example>", "several"),
        (b"Message-ID: <a@localhost>", "local"),
        (b"Message-ID: <a@pc.local>", "local"),
    ],
)
def test_message_id(field: bytes, state: str) -> None:
    assert read_message(field + b"\r\n\r\n").message_id_state == MessageIdState(state)


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0000", "ok"),
        ("Mon, 23 Nov 2026 11:05:00 +0100 (CET)", "ok"),
        ("23 Nov 2026 10:00:00 -0000", "ok"),
        ("Mon, 23 Nov 2026 10:00:00 +0100", "ok"),
        ("Mon, 23 Nov 2026 11:00:00 +0000", "future"),
        ("Sun, 22 Nov 2026 09:00:00 +0000", "old"),
        ("Thu, 1 Jan 1970 00:00:00 +0000", "old"),
        ("yesterday", "unreadable"),
        ("Mon, 99 Nov 2026 10:00:00 +9999", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_dates(date: str, state: str) -> None:
    """Judged at the moment of arrival."""
    message = read_message(f"Date: {date}\r\n\r\n".encode())
    assert date_state(message, now=AT + timedelta(days=30), received=AT) == DateState(state)


def test_an_old_message_is_not_old_for_its_arrival() -> None:
    """A saved message that is looked at a month later is no older than it was."""
    message = read_message(b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n")
    assert date_state(message, now=AT + timedelta(days=30)) is DateState.OK
    assert date_state(read_message(b"\r\n"), now=AT) is DateState.MISSING
    assert read_date("Mon, 1 Jan 9999999999 00:00:00") is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"", Unsubscribe()),
        (
            b"List-Unsubscribe: <mailto:u@b.example>, <https://b.example/u?a=(1),2>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click",
            Unsubscribe(uris=("mailto:u@b.example", "https://b.example/u?a=(1),2"), post=True, post_present=True),
        ),
        (
            b"List-Unsubscribe: (leave) <https://b.example/\r\n long/path>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click, x",
            Unsubscribe(uris=("https://b.example/long/path",), post=False, post_present=True),
        ),
        (b"List-Unsubscribe: https://b.example/u", Unsubscribe()),
    ],
)
def test_unsubscribe_fields(fields: bytes, expected: Unsubscribe) -> None:
    found = read_message(fields + b"\r\n\r\n").unsubscribe
    assert found == expected


def test_parts_within_parts() -> None:
    """Numbered as mail programs do, with place and size; preamble and epilogue are no parts."""
    raw = (
        b'Content-Type: multipart/mixed; boundary=out\r\n\r\npreamble\r\n--out\r\nContent-Type: multipart/alternative;\r\n boundary="in ner"\r\n\r\n'
        b"--in ner\r\n\r\nplain\r\n--in ner\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"PHA+/DwvcD4=\r\n--in ner--\r\nepilogue\r\n--out\r\nContent-Type: image/png; name=a.png\r\n\r\nxyz\r\n--out--\r\nend\r\n"
    )
    message = read_message(raw)
    parts = message.outline.parts
    assert [(part.number, part.type, part.depth) for part in parts] == [
        ("", "multipart/mixed", 0),
        ("1", "multipart/alternative", 1),
        ("1.1", "text/plain", 2),
        ("1.2", "text/html", 2),
        ("2", "image/png", 1),
    ]
    assert [part_text(message.body, part) for part in message.outline.leaves] == ["plain", "<p>ü</p>", "xyz"]
    assert (parts[4].filename, parts[4].size, message.outline.problems) == ("a.png", 3, ())


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"Content-Type: multipart/mixed\r\n\r\n", "no-boundary"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx", "unclosed-part"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 300, "too-many-parts"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--x\n" * 100_001, "too-many-lines"),
        (
            b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
            + b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (at, at + 1) for at in range(40)),
            "too-deep",
        ),
    ],
)
def test_odd_parts(raw: bytes, kind: str) -> None:
    assert kind in [problem.kind for problem in read_message(raw).outline.problems]


HOSTILE = [
    b"(" * 1_000_000,
    b"From: " + b"(" * 60_000 + b"\r\n\r\n",
    b"From: " + b"<" * 60_000 + b"\r\n\r\n",
    b"From: " + b'"\\' * 30_000 + b"\r\n\r\n",
    b"List-Unsubscribe: " + b"<" * 60_000 + b"\r\n\r\n",
    b"Subject: " + b"=?utf-8?q?" * 6_000 + b"\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=" + b"a" * 60_000 + b"\r\n\r\n",
    b"Content-Type: multipart/mixed;" + b' b="' * 16_000 + b"\r\n\r\n--",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"\n--a" * 500_000,
    b"A:" + b"\r\n " * 300_000,
    b"\r" * 1_000_000,
    b"\r\n" * 1_000_000,
    b"a" * 3_000_000,
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_messages_cost_little(raw: bytes) -> None:
    start = time.process_time()
    look(raw)
    assert time.process_time() - start < 2


def look(raw: bytes) -> None:
    """Use everything that there is."""
    message = read_message(raw)
    for boxes in (message.author, message.sender, message.reply_to, message.to, message.return_path):
        assert all(len(box.domain) + len(box.local) <= 200_000 for box in boxes.found)
    assert message.message_id_state in MessageIdState
    assert len(message.unsubscribe.https) <= 10
    assert "@" not in message.author_domain
    decode_words(message.text("subject"))
    date_state(message, now=AT, received=AT)
    for part in message.outline.parts:
        assert 0 <= part.start <= part.end <= len(message.body)
        part_text(message.body, part)


PIECES = st.sampled_from(
    [
        b"From:",
        b"Date:",
        b"Message-ID: <",
        b"\r\n",
        b"\n",
        b" ",
        b"\r\n\r\n",
        b"Content-Type: multipart/x; boundary=q",
        b"--q",
        b"--q--",
        b"=?utf-8?b?",
        b"?=",
        b"(",
        b")",
        b'"',
        b"\\",
        b"<",
        b">",
        b"@",
        b";",
        b",",
        b":",
        b"List-Unsubscribe:",
        b"\x00",
        b"\xff",
        b"Mon, 1 ",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=8), max_size=40))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    """Nothing raises."""
    look(b"".join(pieces))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab@.()<>",;:\\[] =?\n\té', max_size=60))
def test_any_field_text_is_read(text: str) -> None:
    """Tokens lie in order and inside the text; nothing is lost between the pieces."""
    tokens = lex(text)
    assert all(one.end <= other.start for one, other in itertools.pairwise(tokens))
    assert all(0 <= one.start < one.end <= len(text) for one in tokens)
    assert ";".join(split_at(text, ";")) == text
    without_comments(text)
    read_mailboxes(text)
