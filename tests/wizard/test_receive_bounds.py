"""`sendready receive` among strangers: its memory is bounded, and what it does not take is told to the person who waits."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from checks.probes.arrival import MAX_MESSAGE
from checks.records.arrived import read_message
from checks.records.received import read_received
from tests.fakes.imap_world import LETTER, MESSAGE
from tests.wizard.test_receive import Running, receiving, trusting_nobody

GROWTH = 16_000  # kilobytes
MANY = 18


def peak(program: Running) -> int:
    """Return the most memory that the program has had, in kilobytes."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{program.process.pid}/status").read_text())
    assert found
    return int(found[1])


def in_data(program: Running, *, tls: bool) -> socket.socket:
    """Begin a message, and return the connection."""
    client = program.client()
    if tls:
        client.starttls(context=trusting_nobody())
    client.ehlo()
    client.mail("a@b.example")
    client.rcpt("c@d.example")
    assert client.docmd("DATA")[0] == 354
    sock = client.sock
    assert sock is not None
    client.sock = None  # the connection is ours now
    sock.settimeout(0.3)
    return sock


def pour(socks: list[socket.socket], octets: bytes) -> None:
    """Send to all of them by turns, for as long as each takes it."""
    open_ones = dict.fromkeys(socks, 0)
    while open_ones:
        for sock, at in list(open_ones.items()):
            try:
                sock.sendall(octets[at : at + 65_536])
            except OSError:
                del open_ones[sock]
                continue
            open_ones[sock] = at + 65_536
            if open_ones[sock] >= len(octets):
                del open_ones[sock]


@contextmanager
def pouring(folder: Path, octets: bytes, *, tls: bool) -> Iterator[Running]:
    with receiving(folder, "--expect", LETTER.message_id) as program:
        with program.client() as client:
            if tls:
                client.starttls(context=trusting_nobody())
            client.ehlo()
        before = peak(program)
        with ExitStack() as stack:
            socks = [stack.enter_context(in_data(program, tls=tls)) for _ in range(MANY)]
            pour(socks, octets)
            for one in socks:
                one.settimeout(0.05)
                with suppress(OSError):
                    one.recv(100)
            assert peak(program) - before < GROWTH
            yield program


@pytest.mark.parametrize("tls", [False, True], ids=["in clear", "with TLS"])
@pytest.mark.parametrize(
    "octets",
    [b"a\r\n" * 330_000, b"a" * 990_000],
    ids=["short lines", "one line"],
)
def test_many_at_once_cost_little_memory(octets: bytes, tls: bool, tmp_path: Path) -> None:
    """A megabyte each, none of which ends: growth stays below 16 MB, and the one message is still taken."""
    with pouring(tmp_path, octets, tls=tls) as program:
        with program.client() as client:
            client.sendmail("x@y.example", ["a@b.example"], MESSAGE)
        assert program.end()[0] == 0
    assert len(list(tmp_path.glob("*.eml"))) == 1


@pytest.mark.parametrize("octets", [b"A:\n" * 300_000, b"a\n" * 400_000, b"A: b\n" + b" \n" * 400_000, b"b" * 990_000])
def test_a_message_that_is_taken_costs_little_memory(octets: bytes, tmp_path: Path) -> None:
    """A megabyte of whatever: also reading and writing it down costs less than 16 MB."""
    taken: list[int] = []
    with receiving(tmp_path) as program:
        with program.client() as client:
            client.ehlo()
            before = peak(program)
            client.mail("a@b.example")
            client.rcpt("c@d.example")
            client.docmd("DATA")
            client.send(octets + b"\r\n.\r\n")
            assert client.getreply()[0] == 250
            taken.append(peak(program) - before)
        assert program.end()[0] == 0
    assert taken[0] < GROWTH


def test_a_long_line_is_taken_as_it_is(tmp_path: Path) -> None:
    """More than 998 octets in a line (RFC 5322 section 2.1.1) is for the checks to judge."""
    message = MESSAGE + b"y" * 5000 + b"\r\n"
    with receiving(tmp_path) as program:
        with program.client() as client:
            client.sendmail("x@y.example", ["a@b.example"], message)
        assert program.end()[0] == 0
    [file] = tmp_path.glob("*.eml")
    raw = file.read_bytes()
    assert raw.endswith(message)
    assert "long-line" in [one.kind for one in read_message(raw).problems]


def hand_in(client: smtplib.SMTP, message: bytes) -> int:
    try:
        client.sendmail("x@y.example", ["a@b.example"], message)
    except smtplib.SMTPDataError as error:
        return error.smtp_code
    except smtplib.SMTPSenderRefused as error:
        return error.smtp_code
    return 250


def unannounced(client: smtplib.SMTP) -> None:
    client.helo("old.example")


@pytest.mark.parametrize(
    ("message", "begin", "code", "told"),
    [
        (b"\tfolded into it\r\n" + MESSAGE, unannounced, 554, "it begins with a space or tab"),
        (b"x" * MAX_MESSAGE, unannounced, 552, f"it is larger than {MAX_MESSAGE:,} octets"),
        (b"x" * MAX_MESSAGE, smtplib.SMTP.ehlo, 552, f"it is larger than {MAX_MESSAGE:,} octets"),
    ],
    ids=["begins with a tab", "too large", "too large by its own word"],
)
def test_what_is_refused_is_told_at_home(
    message: bytes, begin: Callable[[smtplib.SMTP], object], code: int, told: str, tmp_path: Path
) -> None:
    """The person who waits reads that something came and why it was not taken; the next message is."""
    with receiving(tmp_path) as program:
        with program.client() as client:
            begin(client)
            assert hand_in(client, message) == code
            client.rset()
            assert hand_in(client, MESSAGE) == 250
        ended, _, err = program.end()
    assert ended == 0
    assert told in err
    assert "and was refused." in err
    [file] = tmp_path.glob("*.eml")
    hop = read_received(read_message(file.read_bytes())).hops[0]
    assert (hop.by, hop.recipient) == ("mx.club.example", "a@b.example")
