"""Reading HTTP answers from octets (RFC 9112): however they are cut, and whatever a hostile server makes of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.gather.http_reader import MAX_BODY, HttpReply, UnreadableError
from checks.probes import HttpsFault

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, *, step: int = 1 << 20, end: bool = True) -> HttpReply:
    reply = HttpReply()
    for at in range(0, len(data), step):
        if not reply.complete:
            reply.feed(data[at : at + step])
    if end:
        reply.end()
    return reply


WHOLE = {
    "a stated length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    "a stated length, twice the same": (OK + b"Content-Length: 5\r\nContent-Length: 5, 5\r\n\r\nhello", b"hello"),
    "until the end": (OK + b"\r\nhello", b"hello"),
    "an old server": (b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nhello", b"hello"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
    "chunks in capitals": (OK + b"TRANSFER-ENCODING: Chunked\r\n\r\n0A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "bare line ends": (b"HTTP/1.1 200\nContent-Length: 5\n\nhello", b"hello"),
    "nothing": (OK + b"Content-Length: 0\r\n\r\n", b""),
    "interim answers": (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    "octets behind the end": (OK + b"Content-Length: 5\r\n\r\nhello world", b"hello"),
    "as much as allowed": (OK + b"\r\n" + b"a" * MAX_BODY, b"a" * MAX_BODY),
    "identity": (OK + b"Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("step", [1, 2, 7, 1 << 20])
def test_an_answer_is_the_same_however_it_is_cut(name: str, step: int) -> None:
    data, body = WHOLE[name]
    if step < 7 and len(data) > 1000:
        step = 999
    reply = read(data, step=step)
    assert (reply.status, reply.body, reply.complete) == (200, body, True)


def test_other_answers_have_no_body() -> None:
    """A redirect or an error page is not read, and nobody waits for it."""
    reply = read(b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\nContent-Length: 99999999\r\n\r\n<html>", end=False)
    assert (reply.status, reply.body, reply.complete, reply.header("location")) == (301, b"", True, "http://127.0.0.1/")


FAULTS: dict[str, tuple[bytes, HttpsFault]] = {
    "nothing at all": (b"", HttpsFault.CLOSED),
    "half a head": (OK + b"Content-Type: text", HttpsFault.CLOSED),
    "a body cut short": (OK + b"Content-Length: 5\r\n\r\nhell", HttpsFault.CLOSED),
    "chunks cut short": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", HttpsFault.CLOSED),
    "another service": (b"220 mail.example ESMTP\r\n", HttpsFault.MALFORMED),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", HttpsFault.MALFORMED),
    "an odd code": (b"HTTP/1.1 2_0 OK\r\n\r\n", HttpsFault.MALFORMED),
    "a code of four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", HttpsFault.MALFORMED),
    "a folded header": (OK + b"A: b\r\n c\r\n\r\n", HttpsFault.MALFORMED),
    "a header without name": (OK + b": b\r\n\r\n", HttpsFault.MALFORMED),
    "a space before the colon": (OK + b"Content-Length : 5\r\n\r\nhello", HttpsFault.MALFORMED),
    "NUL in a header": (OK + b"A: \x00\r\n\r\n", HttpsFault.MALFORMED),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", HttpsFault.MALFORMED),
    "a length that is no number": (OK + b"Content-Length: 0x5\r\n\r\nhello", HttpsFault.MALFORMED),
    "digits of another script": (OK + b"Content-Length: \xb2\r\n\r\nhello", HttpsFault.MALFORMED),
    "a negative length": (OK + b"Content-Length: -1\r\n\r\n", HttpsFault.MALFORMED),
    "length and chunks": (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HttpsFault.MALFORMED),
    "chunks of an old server": (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HttpsFault.MALFORMED),
    "a chunk without size": (OK + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n", HttpsFault.MALFORMED),
    "a chunk longer than it says": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", HttpsFault.MALFORMED),
    "an endless chunk size": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5000, HttpsFault.MALFORMED),
    "gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", HttpsFault.CODED),
    "gzip as transfer coding": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", HttpsFault.CODED),
    "three gigabytes, it says": (OK + b"Content-Length: 3000000000\r\n\r\n", HttpsFault.TOO_LONG),
    "a body too long": (OK + b"\r\n" + b"a" * (MAX_BODY + 1), HttpsFault.TOO_LONG),
    "a giant chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", HttpsFault.TOO_LONG),
    "endless tiny chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;aaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n" * 10_000,
        HttpsFault.TOO_LONG,
    ),
    "a giant header": (OK + b"A: " + b"a" * 20_000, HttpsFault.TOO_LONG),
    "a hundred and one headers": (OK + b"A: b\r\n" * 101 + b"\r\n", HttpsFault.TOO_LONG),
    "interim answers without end": (b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, HttpsFault.MALFORMED),
    "another protocol": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", HttpsFault.MALFORMED),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_answer_is_refused_by_name(name: str) -> None:
    data, fault = FAULTS[name]
    for step in (1 << 20, 1000):
        with pytest.raises(UnreadableError) as caught:
            read(data, step=step)
        assert caught.value.fault is fault


def test_octets_one_by_one_cost_little() -> None:
    began = time.monotonic()
    with pytest.raises(UnreadableError):
        read(OK + b"A: " + b"\r" * 16_400, step=1)
    with pytest.raises(UnreadableError):
        read(OK + b"A: " + b"a" * 16_400, step=1)
    assert time.monotonic() - began < 2


PIECES = st.sampled_from(
    [OK, b"HTTP/1.1 ", b"200", b"\r\n", b"\r\n\r\n", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"3\r\n", b"abc", b"0\r\n", b":", b"\x00", b"\xff"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=20).map(b"".join)), st.integers(1, 50))
def test_no_octets_make_the_reader_fall_over(data: bytes, step: int) -> None:
    """An answer or a named fault, the same whole and in pieces."""

    def outcome(step: int) -> object:
        try:
            reply = read(data, step=step)
        except UnreadableError as error:
            return error.fault
        return reply.status, reply.body

    assert outcome(step) == outcome(1 << 20)
