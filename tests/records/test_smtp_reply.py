"""The reply parser against honest, odd and hostile servers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.probes import Reply
from checks.records.smtp_reply import (
    MAX_LINE,
    MAX_LINES,
    ReplyParser,
    ReplyProblem,
    begins_like_a_reply,
    capabilities,
    make_reply,
    mechanisms,
    service_of,
)


def parsed(octets: bytes) -> Reply | ReplyProblem | None:
    parser = ReplyParser()
    parser.feed(octets)
    return parser.take()


def whole(octets: bytes) -> Reply:
    found = parsed(octets)
    assert isinstance(found, Reply)
    return found


@pytest.mark.parametrize(
    ("octets", "code", "lines", "enhanced"),
    [
        (b"220 mx.example ESMTP\r\n", 220, ("mx.example ESMTP",), ""),
        (b"250-mx\r\n250-SIZE 1\r\n250 HELP\r\n", 250, ("mx", "SIZE 1", "HELP"), ""),
        (b"535 5.7.139 Authentication unsuccessful\r\n", 535, ("Authentication unsuccessful",), "5.7.139"),
        (b"550-5.1.1 no\r\n550 5.1.1 such user\r\n", 550, ("no", "such user"), "5.1.1"),
        (b"550-5.1.1 no\r\n550 5.1.2 such user\r\n", 550, ("no", "5.1.2 such user"), "5.1.1"),
        (b"550 4.7.1 mixed up\r\n", 550, ("mixed up",), "4.7.1"),
        (b"250 2.0.0\r\n", 250, ("",), "2.0.0"),
        (b"250\r\n", 250, ("",), ""),
        (b"250 \r\n", 250, ("",), ""),
        (b"250 bare line feed\n", 250, ("bare line feed",), ""),
        (b"220 5.4.1 is the version\r\n", 220, ("5.4.1 is the version",), ""),
        (b"220---------- Welcome\r\n220 you\r\n", 220, ("--------- Welcome", "you"), ""),
        (b"250 \xff\x00\x1b[0m\r\n", 250, ("\xff\x00\x1b[0m",), ""),
    ],
)
def test_what_servers_say(octets: bytes, code: int, lines: tuple[str, ...], enhanced: str) -> None:
    assert whole(octets) == Reply(code=code, lines=lines, enhanced=enhanced)


@pytest.mark.parametrize(
    "octets",
    [
        *(
            b"2_0 hello",
            b"+22 hello",
            b" 22 hello",
            b"-20 hello",
            b"000 hello",
            b"999 hello",
            b"199 hello",
            b"600 x",
            b"25 x",
            b"2200 x",
        ),
        *(b"220x", b"", b"hello", b"250\thello", b"\xb2\xb2\xb0 x", "٢٢٠ x".encode()),
        *(b"220-a\r\n550 b", b"550-a\r\n220 b", b"250-a\r\n\r\n250 b", b"250-a\r\nSIZE\r\n250 b"),
    ],
)
def test_odd_codes_are_no_replies(octets: bytes) -> None:
    """Three ASCII digits from 200 to 599, the same on all lines (RFC 5321 section 4.2.1)."""
    found = parsed(octets + b"\r\n")
    assert isinstance(found, ReplyProblem)
    assert not found.too_long


def test_position_of_a_problem() -> None:
    found = parsed(b"250-a\r\n\r\n250 b\r\n")
    assert isinstance(found, ReplyProblem)
    assert (found.line, found.position) == (2, 0)


def test_incomplete_is_nothing_yet() -> None:
    assert parsed(b"250-mx\r\n250 SI") is None
    assert parsed(b"") is None


def test_bounds_of_line_and_reply() -> None:
    """The longest allowed passes, one more does not, and an endless line is noticed before its end."""
    assert whole(b"220 " + b"a" * (MAX_LINE - 4) + b"\r\n").code == 220
    for octets in (
        b"220 " + b"a" * (MAX_LINE - 3) + b"\r\n",
        b"a" * (MAX_LINE + 2),
        b"250-a\r\n" * 300,
        b"250-" + b"a" * 1000 + b"\r\n",
    ):
        parser = ReplyParser()
        for _ in range(100):
            parser.feed(octets)
            found = parser.take()
        assert isinstance(found, ReplyProblem), octets[:20]
        assert found.too_long
    assert whole(b"250-a\r\n" * (MAX_LINES - 1) + b"250 a\r\n").code == 250
    assert isinstance(parsed(b"250-a\r\n" * MAX_LINES + b"250 a\r\n"), ReplyProblem)


def test_a_problem_is_final() -> None:
    """After nonsense, a good reply is not believed either."""
    parser = ReplyParser()
    parser.feed(b"nonsense\r\n250 ok\r\n")
    first = parser.take()
    assert isinstance(first, ReplyProblem)
    assert parser.take() is first


def test_replies_come_one_by_one() -> None:
    parser = ReplyParser()
    parser.feed(b"250 one\r\n250 two\r\n25")
    assert (parser.take(), parser.seen()) == (Reply(code=250, lines=("one",)), ["250 one"])
    assert parser.waiting
    assert (parser.take(), parser.seen()) == (Reply(code=250, lines=("two",)), ["250 two"])
    assert parser.take() is None
    assert parser.rest == b"25"


reply_like = st.lists(
    st.sampled_from(
        [b"250", b"220", b"550", b"-", b" ", b"\r\n", b"\n", b"\r", b"5.7.1 ", b"AUTH=LOGIN", b"2_0", b"\xff", b"\0", b"x" * 700]
    ),
    max_size=30,
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), reply_like), st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_cutting_does_not_change_replies(octets: bytes, cuts: list[int]) -> None:
    """However TCP divides the octets, the same comes out, and never an exception."""

    def run(pieces: list[bytes]) -> list[object]:
        parser = ReplyParser()
        out: list[object] = []
        for piece in pieces:
            parser.feed(piece)
            while (found := parser.take()) is not None:
                out.append(found)
                if isinstance(found, ReplyProblem):
                    return out
                capabilities(found)
                mechanisms(found.lines)
        return out

    pieces, rest, number = [], octets, 0
    while rest:
        size = cuts[number % len(cuts)]
        pieces.append(rest[:size])
        rest, number = rest[size:], number + 1
    assert run([octets]) == run(pieces)


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_banners_are_total(octets: bytes) -> None:
    begins_like_a_reply(octets)
    service_of(octets.decode("latin-1"))


@pytest.mark.parametrize(
    ("banner", "service"),
    [
        ("SSH-2.0-OpenSSH_9.2", "SSH"),
        ("HTTP/1.1 400 Bad Request", "HTTP"),
        ("* OK [CAPABILITY IMAP4rev1] ready", "IMAP"),
        ("+OK POP3 ready", "POP3"),
        ("220 (vsFTPd 3.0.3)", "FTP"),
        ("220 ftp.example ESMTP", "SMTP"),
        ("220 mx.example", "SMTP"),
        ("554 no service", "SMTP"),
        ("\x15\x03\x03\x00\x02\x02\x46", "TLS"),
        ("J\0\0\0\n5.7.30", ""),
        ("", ""),
    ],
)
def test_services_by_their_first_words(banner: str, service: str) -> None:
    assert service_of(banner) == service


@pytest.mark.parametrize(
    ("octets", "like"),
    [(b"2_0 x", True), (b"+22 x", True), (b" 22 x", True), (b"2", True), (b"+OK", False), (b"SSH-2", False), (b"", False)],
)
def test_broken_smtp_is_told_from_another_protocol(octets: bytes, like: bool) -> None:
    assert begins_like_a_reply(octets) is like


def test_ehlo_lines() -> None:
    """Keywords in upper case, the server's name left out, empty lines too."""
    reply = make_reply(250, ["mx.example hello", "size 1000", "", " starttls ", "Auth  PLAIN Login"])
    assert capabilities(reply) == ("SIZE 1000", "STARTTLS", "AUTH PLAIN Login")


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        (("AUTH PLAIN LOGIN",), ("PLAIN", "LOGIN")),
        (("AUTH=LOGIN PLAIN",), ("LOGIN", "PLAIN")),
        (("AUTH PLAIN", "AUTH=PLAIN LOGIN"), ("PLAIN", "LOGIN")),
        (("AUTH scram-sha-256",), ("SCRAM-SHA-256",)),
        (("AUTH",), ()),
        (("XAUTH PLAIN", "SIZE 1"), ()),
    ],
)
def test_mechanisms_offered(lines: tuple[str, ...], offered: tuple[str, ...]) -> None:
    assert mechanisms(lines) == offered
