"""`sendready receive` as a program of its own: what it takes, what it writes down, and what it does with everybody else."""

from __future__ import annotations

import json
import re
import shutil
import smtplib
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from checks.probes import ArrivalReading
from checks.probes.arrival import MAX_MESSAGE
from checks.records.arrived import read_message
from checks.records.received import Tls, read_received
from checks.subject import Way
from tests.fakes.certificates import Authority
from tests.fakes.imap_world import LETTER, MESSAGE
from wizard.arrival import saved

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 20.0
TEXT = MESSAGE.decode()


@dataclass
class Running:
    """The program, and where it listens."""

    process: subprocess.Popen[str]
    port: int

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=SECONDS)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return code, stdout and stderr."""
        out, err = self.process.communicate(timeout=SECONDS)
        assert "Traceback" not in err
        return self.process.returncode, out, err

    def document(self) -> dict[str, Any]:
        code, out, _ = self.end()
        assert code == 0
        found: dict[str, Any] = json.loads(out)
        return found


@contextmanager
def receiving(folder: Path, *arguments: str) -> Iterator[Running]:
    words = [sys.executable, "-m", "wizard", "receive", "--listen", "127.0.0.1:0", "--name", "mx.club.example"]
    process = subprocess.Popen(
        [*words, "--output", str(folder), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        match = re.search(r"Listening on 127\.0\.0\.1:([0-9]+) as mx\.club\.example", first)
        assert match, first
        yield Running(process, int(match[1]))
    finally:
        process.kill()
        process.communicate()


def trusting_nobody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_message_with_tls(tmp_path: Path) -> None:
    """The file is the message under the two fields that a receiver writes; the note says what the connection showed."""
    with receiving(tmp_path, "--format", "json") as program:
        with program.client() as client:
            client.ehlo()
            assert client.has_extn("starttls")
            client.starttls(context=trusting_nobody())
            client.ehlo()
            assert not client.has_extn("auth"), "nobody's password is wanted"
            client.sendmail("bounce@club.example", ["a@b.example"], MESSAGE)
        document = program.document()
    raw = Path(document["path"]).read_bytes()
    assert raw.endswith(MESSAGE)
    assert document["sha256"] == sha256(raw).hexdigest()
    assert document["message_id"] == LETTER.message_id
    connection = document["connection"]
    assert (connection["address"], connection["helo"], connection["esmtp"]) == ("127.0.0.1", "client.example", True)
    assert (connection["mail_from"], connection["rcpt_to"]) == ("bounce@club.example", ["a@b.example"])
    assert connection["tls_version"] == "TLSv1.3"
    assert connection["tls_cipher"].startswith("TLS_")
    for path in (document["path"], document["note"]):
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    assert len(list(tmp_path.iterdir())) == 2


def test_the_headers_in_front_can_be_read(tmp_path: Path) -> None:
    """Rules see the hop as they see any receiver's: address, name, protocol, encryption, envelope."""
    with receiving(tmp_path, "--format", "json") as program:
        with program.client() as client:
            client.starttls(context=trusting_nobody())
            client.sendmail("bounce@club.example", ["a@b.example"], MESSAGE)
        document = program.document()
    message = read_message(Path(document["path"]).read_bytes())
    assert message.return_path.found[0].address == "bounce@club.example"
    hop = read_received(message).hops[0]
    assert (hop.address, hop.from_name, hop.by, hop.protocol) == ("127.0.0.1", "client.example", "mx.club.example", "ESMTPS")
    assert (hop.tls, hop.tls_version, hop.tls_cipher) == (Tls.YES, "TLSv1.3", document["connection"]["tls_cipher"])
    assert hop.recipient == "a@b.example"
    assert hop.date is not None


def test_check_takes_it_up(tmp_path: Path) -> None:
    with receiving(tmp_path, "--format", "json") as program:
        with program.client() as client:
            client.sendmail("", ["a@b.example"], MESSAGE)
        document = program.document()
    found = saved(document["path"])
    assert found.arrival is not None
    assert found.arrival.way is Way.RECEIVER
    [reading] = found.readings.values()
    assert isinstance(reading, ArrivalReading)
    assert reading.handover is not None
    assert (reading.handover.mail_from, reading.handover.tls_version) == ("", "")


def test_without_tls_and_in_words(tmp_path: Path) -> None:
    """Old HELO, null sender, several recipients; the summary says how to go on."""
    with receiving(tmp_path, "--no-tls") as program:
        with program.client() as client:
            client.helo("old.example")
            client.mail("")
            assert client.rcpt("a@b.example")[0] == 250
            assert client.rcpt("c@d.example")[0] == 250
            assert client.data(MESSAGE)[0] == 250
        code, out, err = program.end()
    assert code == 0
    assert "from      127.0.0.1, which calls itself old.example" in out
    assert "envelope  <> to a@b.example, c@d.example" in out
    assert "TLS       none" in out
    assert "--arrival" in out
    assert "not encrypted" in err
    [file] = tmp_path.glob("*.eml")
    assert b"with SMTP;" in file.read_bytes()


@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
@pytest.mark.parametrize("tls", [("--tls",), ()])
def test_swaks(tls: tuple[str, ...], tmp_path: Path) -> None:
    """Another program's dialogue."""
    with receiving(tmp_path, "--format", "json") as program:
        subprocess.run(
            [
                "swaks",
                "--server",
                "127.0.0.1",
                "--port",
                str(program.port),
                "--from",
                "x@club.example",
                "--to",
                "a@b.example",
                *tls,
            ],
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )
        document = program.document()
    assert bool(document["connection"]["tls_version"]) is bool(tls)


def test_only_the_expected_message(tmp_path: Path) -> None:
    """Others are refused for good, and it goes on waiting."""
    with receiving(tmp_path, "--expect", f"<{LETTER.message_id}>", "--format", "json") as program:
        with program.client() as client, pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("x@y.example", ["a@b.example"], "Subject: buy now\r\n\r\nspam")
        assert caught.value.smtp_code == 550
        with program.client() as client:
            client.sendmail("x@y.example", ["a@b.example"], MESSAGE)
        assert program.document()["message_id"] == LETTER.message_id
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_nothing_comes(tmp_path: Path) -> None:
    with receiving(tmp_path, "--timeout", "0.5", "--format", "json") as program:
        code, out, _ = program.end()
    assert (code, json.loads(out)["received"]) == (2, False)
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_of_ones_own(tmp_path: Path) -> None:
    """The client can verify it."""
    leaf = Authority(tmp_path).issue("mx", "mx.club.example")
    out = tmp_path / "out"
    with receiving(out, "--certificate", str(leaf.pem), "--format", "json") as program:
        context = ssl.create_default_context(cafile=str(tmp_path / "Test Root.pem"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        with program.client() as client:
            client._host = "mx.club.example"  # type: ignore[attr-defined]  # the name that smtplib verifies
            client.starttls(context=context)
            client.sendmail("x@y.example", ["a@b.example"], MESSAGE)
        assert program.document()["connection"]["tls_version"]


# --- strangers ------------------------------------------------------------------------------------------------------------


def talk(port: int, *lines: bytes, wait: float = 1.0) -> bytes:
    """Say lines without listening in between; return what comes back until the end or the time is up."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as one:
        try:
            for line in lines:
                one.sendall(line)
            while octets := one.recv(65536):
                said += octets
        except OSError:
            pass
    return said


def test_strangers_do_not_stop_it(tmp_path: Path) -> None:
    """Nonsense, endless lines, half a handshake, too much, too many recipients, a login: refused or cut, and the message still comes."""
    envelope = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n"
    with receiving(tmp_path, "--format", "json") as program:
        assert b"500" in talk(program.port, b"\xff\x00\x1b[2J\r\nGET / HTTP/1.1\r\n\r\nQUIT\r\n")
        assert b"538" in talk(program.port, b"EHLO x\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n")
        assert b"452 4.5.3" in talk(program.port, envelope, b"RCPT TO:<c@d.example>\r\n" * 25, b"QUIT\r\n")
        assert b"421" in talk(program.port, b"NOOP\r\n" * 100)
        assert b"552" in talk(program.port, b"EHLO x\r\nMAIL FROM:<a@b.example> SIZE=99999999\r\nQUIT\r\n")
        began = time.monotonic()
        talk(program.port, envelope, b"RCPT TO:<c@d.example>\r\nDATA\r\n", b"x" * (3 * MAX_MESSAGE), wait=5)
        assert time.monotonic() - began < 5, "an endless line is cut"
        talk(program.port, b"EHLO x\r\nSTARTTLS\r\n", b"\x16\x03\x01nonsense" * 100, wait=0.5)
        talk(program.port, b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<injected@b.example>\r\n", wait=0.3)
        with program.client() as client:
            client.sendmail("x@y.example", ["a@b.example"], MESSAGE)
        assert program.document()["connection"]["mail_from"] == "x@y.example"
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_too_many_at_once(tmp_path: Path) -> None:
    """The twenty-first is told to come later; when the others have gone, the message is taken."""
    with receiving(tmp_path, "--format", "json") as program:
        waiting = [socket.create_connection(("127.0.0.1", program.port), timeout=SECONDS) for _ in range(20)]
        assert [one.recv(3) for one in waiting] == [b"220"] * 20
        assert talk(program.port).startswith(b"421")
        for one in waiting:
            one.close()
        time.sleep(0.2)
        with program.client() as client:
            client.sendmail("x@y.example", ["a@b.example"], MESSAGE)
        program.document()


def test_harmful_words_are_made_harmless(tmp_path: Path) -> None:
    """No stranger writes header fields or terminal codes with a name, an address or a recipient."""
    with receiving(tmp_path) as program:
        answer = talk(
            program.port,
            b"EHLO x]\x1b[31m\x80(evil)\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n",
            TEXT.encode() + b".\r\nQUIT\r\n",
        )
        assert b"250 2.0.0" in answer
        code, out, err = program.end()
    assert code == 0
    assert "\x1b" not in out + err
    [file] = tmp_path.glob("*.eml")
    head = file.read_bytes().removesuffix(MESSAGE)
    assert head.count(b"\r\n") == head.count(b"\n")
    assert b"\x1b" not in head
    assert b"(evil)" not in head
    note = json.loads(next(tmp_path.glob("*.json")).read_text())
    assert "\x1b[31m\x80" in note["connection"]["helo"], "the note has it as it came"


# --- usage ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--listen", "25"), 64, "0.0.0.0:25"),
        (("--listen", ":25"), 64, "0.0.0.0:25"),
        (("--listen", "mx.example.org:25"), 64, "IP address"),
        (("--listen", "127.0.0.1:99999"), 64, "IP address"),
        ((), 64, "--listen"),
        (("--listen", "192.0.2.1:2525"), 65, "does not have that address"),
        (("--listen", "127.0.0.1:0", "--key", __file__), 64, "--certificate"),
        (("--listen", "127.0.0.1:0", "--certificate", __file__), 65, "cannot be used"),
        (("--listen", "127.0.0.1:0", "--name", "a b"), 64, "host name"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], code: int, says: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "receive", *arguments, "--output", str(tmp_path), "--timeout", "1"],
        capture_output=True, text=True, check=False, timeout=SECONDS, cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "")
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_port_is_taken(tmp_path: Path) -> None:
    with receiving(tmp_path) as program:
        done = subprocess.run(
            [sys.executable, "-m", "wizard", "receive", "--listen", f"127.0.0.1:{program.port}", "--output", str(tmp_path)],
            capture_output=True, text=True, check=False, timeout=SECONDS, cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 65
    assert "another program listens" in done.stderr
