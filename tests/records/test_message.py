"""The test message: nothing that a person types can become a header, and the wire form has CRLF only."""

from __future__ import annotations

import email
import email.header
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records.message import Letter, address_problem, build_test_message, for_data

LETTER = Letter(
    from_name="Club Example",
    from_email="office@club.example",
    reply_to="answers@club.example",
    to="test@elsewhere.example",
    unique_id="sr-20261123-abc",
    date=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
)
HEADERS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Sendready-Id",
    "MIME-Version",
    "Content-Type",
]


def test_headers_are_the_intended_ones() -> None:
    message = email.message_from_bytes(build_test_message(LETTER), policy=email.policy.default)
    assert message.keys() == HEADERS
    assert message["From"] == "Club Example <office@club.example>"
    assert message["To"] == "test@elsewhere.example"
    assert message["Reply-To"] == "answers@club.example"
    assert message["Date"].datetime == LETTER.date
    assert message["Message-ID"] == "<sr-20261123-abc@club.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Sendready-Id"] == "sr-20261123-abc"
    assert not message.defects


def test_text_and_page_say_the_same_in_three_languages() -> None:
    message = email.message_from_bytes(build_test_message(LETTER), policy=email.policy.default)
    assert message.get_content_type() == "multipart/alternative"
    for part in message.iter_parts():
        content = part.get_content()
        assert all(words in content for words in ("There is nothing to do", "Sie müssen nichts tun", "rien", "sr-20261123-abc"))


def test_no_reply_to_unless_asked_for() -> None:
    message = email.message_from_bytes(build_test_message(replace(LETTER, reply_to="")))
    assert "Reply-To" not in message


def test_same_letter_same_octets() -> None:
    assert build_test_message(LETTER) == build_test_message(LETTER)


NAMES = [
    "A =?UTF-8?Q?=0A?=Bcc: x@y",
    "=?UTF-8?Q?=0D=0ABcc:_x@y.example?=",
    "=?utf-8?b?QmNjOiB4QHk=?=",
    "=?",
    "?=",
    'Karl "the cat" O\\Neil',
    "Doe, Jane <x@evil.example>",
    "Straße & Söhne GmbH",
    "日本語 " * 30,
    "x" * 998,
    "Dr. Who (the first)",
    "a: b; c",
    " leading and trailing ",
    "🎉",
    "=",
    '"',
    "\\",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_becomes_a_header(name: str) -> None:
    """Read back, the headers are exactly the intended list and the name is the one typed."""
    raw = build_test_message(replace(LETTER, from_name=name))
    assert email.message_from_bytes(raw, policy=email.policy.default).keys() == HEADERS
    assert email.message_from_bytes(raw, policy=email.policy.default)["From"].addresses[0].addr_spec == "office@club.example"
    assert shown_name(raw) == name
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


def shown_name(raw: bytes) -> str:
    """Return the display name as RFC 2047 section 6.2 reads it, without the parser's own ideas on white space."""
    value = str(email.message_from_bytes(raw)["From"])
    phrase = re.sub(r"\r?\n(?=[ \t])", "", value).rpartition("<")[0].removesuffix(" ")
    if phrase.startswith('"'):
        return re.sub(r"\\(.)", r"\1", phrase[1:-1])
    return str(email.header.make_header(email.header.decode_header(phrase)))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "=?",
                "utf-8",
                "?q?",
                "?b?",
                "=0A",
                "=0D",
                "?=",
                "Bcc: x@y",
                " ",
                "ä",
                '"',
                "<",
                ">",
                ",",
                "a",
                "\\",
                "\n",
                "\r",
                "\x85",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_names_made_of_tricks(name: str) -> None:
    """Refused, or the header list stays what it is."""
    try:
        raw = build_test_message(replace(LETTER, from_name=name))
    except ValueError:
        assert any(char in name for char in "\r\n\x85")
        return
    assert email.message_from_bytes(raw, policy=email.policy.default).keys() == HEADERS
    assert b"\nBcc:" not in raw


@pytest.mark.parametrize(
    "name", ["a\nBcc: x@y", "a\r\nb", "a\0b", "a\x1b[0m", "a\x7f", "a\x85b", "a\u2028b", "\ud800", "x" * 999]
)
def test_control_characters_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="sender name"):
        build_test_message(replace(LETTER, from_name=name))


BAD_ADDRESSES = [
    "a@b,c@d",
    "a@b> SIZE=1",
    "a@b\r\nDATA",
    "a@b\0",
    "<a@b>",
    "a b@c",
    "a@b@c",
    "a",
    "@b",
    "a@",
    "a@b.",
    ".a@b",
    "a..b@c",
    "a@[127.0.0.1]",
    '"a b"@c',
    "ä@b",
    "a@b.example\n",
    "a@b;c@d",
    "a" * 65 + "@b",
    "a@" + "b" * 300,
    "a\t@b",
    "a@b\x7f",
    "a:b@c",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_addresses_are_refused_not_cut(address: str) -> None:
    assert address_problem(address)
    for letter in (replace(LETTER, from_email=address), replace(LETTER, to=address), replace(LETTER, reply_to=address)):
        with pytest.raises(ValueError, match="address"):
            build_test_message(letter)


@pytest.mark.parametrize(
    "address", ["office@club.example", "a+b_c@xn--strae-oqa.example", "o'neil/x=y@sub.club.example", "root@localhost"]
)
def test_honest_addresses_pass(address: str) -> None:
    assert not address_problem(address)


@pytest.mark.parametrize("unique_id", ["", "a b", "a\r\nBcc: x", "a>b", "a@b", "x" * 65, ".a", "a..b", "ä"])
def test_the_id_is_plain(unique_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        build_test_message(replace(LETTER, unique_id=unique_id))


def test_the_date_has_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        build_test_message(replace(LETTER, date=datetime(2026, 1, 1)))  # noqa: DTZ001 - the fault under test


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200), st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\0"]), max_size=20).map(b"".join)
    )
)
def test_wire_form(message: bytes) -> None:
    """No bare CR or LF, one end of data, and undoing the dots gives the lines back (RFC 5321 section 4.5.2)."""
    wire = for_data(message)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n"
    assert (b"\r\n" + wire).count(b"\r\n.\r\n") == 1
    lines = wire.split(b"\r\n")[:-2]
    undone = [line.removeprefix(b".") for line in lines]
    expected = re.split(rb"\r\n|\r|\n", message)
    assert undone == (expected[:-1] if expected[-1] == b"" else expected)


def test_the_test_message_is_plain_on_the_wire() -> None:
    wire = for_data(build_test_message(replace(LETTER, from_name="ä" * 300)))
    assert wire.isascii()
    assert max(len(line) for line in wire.split(b"\r\n")) <= 998


def read(letter: Letter) -> email.message.EmailMessage:
    message = email.message_from_bytes(build_test_message(letter), policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    assert not message.defects
    return message


def test_a_template_is_sent_in_both_forms() -> None:
    """A page gets the plain words of it beside it, a plain text gets a page; nothing of a stranger's script is read out."""
    page = "<html><head><title>No</title><style>p{}</style></head><body><h1>Grüezi</h1><p>Your   tee time<br>10:40</p><script>x()</script></body></html>"
    message = read(replace(LETTER, page=page, title="Ihre Startzeit für Samstag"))
    assert message["Subject"] == "Ihre Startzeit für Samstag"
    plain, rich = message.iter_parts()
    assert plain.get_content().split("\r\n") == ["Grüezi", "", "Your tee time", "10:40", ""]
    assert rich.get_content().strip() == page
    plain, rich = read(replace(LETTER, text="Bill <1>\nSecond line\n.")).iter_parts()
    assert plain.get_content().split() == ["Bill", "<1>", "Second", "line", "."]
    assert "Bill &lt;1&gt;" in rich.get_content()


def test_one_click_has_both_headers() -> None:
    """RFC 8058 section 3.1: an https address, and the word that makes it one click. A long address stays whole."""
    link = "https://club.example/leave?who=" + "a1" * 400
    message = read(replace(LETTER, unsubscribe=link))
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert max(map(len, build_test_message(replace(LETTER, unsubscribe=link)).split(b"\r\n"))) <= 998
    assert "List-Unsubscribe" not in read(LETTER)


@pytest.mark.parametrize(
    "link",
    ["http://club.example/", "https://", "https://a b/", "https://a/>", "https://a/,<mailto:x@y>", "https://a/\r\nBcc: x@y.example", "mailto:a@b.example", "https://é.example/", "https://a/" + "x" * 900],
)  # fmt: skip
def test_an_unsubscribe_address_that_is_none_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="unsubscribe address: it "):
        build_test_message(replace(LETTER, unsubscribe=link))


@pytest.mark.parametrize("title", ["Hello\nBcc: evil@example.org", "a\rb", "x\x00y", "a\u2028b", "x" * 999, "half \ud83d pair"])
def test_a_subject_with_control_characters_is_refused(title: str) -> None:
    with pytest.raises(ValueError, match="subject: it has"):
        build_test_message(replace(LETTER, title=title))


@settings(max_examples=200, deadline=None)
@given(title=st.text(max_size=200), text=st.text(max_size=300), page=st.text(max_size=300))
def test_a_template_never_becomes_a_header(title: str, text: str, page: str) -> None:
    """Whatever stands in subject and body, the headers are the intended ones, and the subject reads back as it was."""
    letter = replace(LETTER, title=title, text=text, page=page)
    try:
        octets = build_test_message(letter)
    except ValueError:
        return
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message.keys() == HEADERS
    if title:
        assert str(email.header.make_header(email.header.decode_header(re.sub(r"\r\n", "", raw_subject(octets))))) == title
    assert all(len(line) <= 998 for line in octets.split(b"\r\n"))


def raw_subject(octets: bytes) -> str:
    head = octets.partition(b"\r\n\r\n")[0].decode("ascii")
    return re.search(r"^Subject: ([^\r\n]*(?:\r\n [^\r\n]*)*)", head, re.MULTILINE).group(1)  # type: ignore[union-attr] # it is there


@pytest.mark.parametrize(("name", "lines"), [("Shop", 1), ("Shop " * 11 + "Shop", 2), ("Gr\u00fc\u00dfe", 1), ("\u00dc" * 60, 4)])
def test_the_sender_stands_on_one_line_where_there_is_room(name: str, lines: int) -> None:
    """A header is folded when it gets long (RFC 5322 section 2.1.1), and not before."""
    head = build_test_message(replace(LETTER, from_name=name)).partition(b"\r\nTo:")[0].decode()
    assert head.count("\n") + 1 == lines, head
    assert max(map(len, head.split("\r\n"))) <= 78


def test_the_version_of_mime_is_said_once() -> None:
    """RFC 2045 section 4: at the top, not in each part."""
    assert build_test_message(LETTER).count(b"MIME-Version") == 1
