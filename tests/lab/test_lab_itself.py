"""Proves that the lab is real: what the other tests rely on, seen with tools that are not ours."""

from __future__ import annotations

import hashlib
import hmac
import imaplib
import os
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from secrets import token_hex
from socket import create_connection

import dkim
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.reversename
import pytest

from .ca import self_signed
from .lab import Lab
from .names import (
    BY_NAME,
    CLUB,
    FRIENDS,
    HASHED,
    MX_HOST,
    NOREPLY,
    READER,
    SMTP_HOST,
    UMLAUT,
    UNKNOWN_USER,
    Account,
    Port,
)
from .process import LOOPBACK, LabError, free_ports, on_free_ports, program, wait_until
from .zones import BROKEN, edited, render, reverse_zones, split_strings

pytestmark = pytest.mark.lab

SECONDS = 5.0
OUR_ROOT = Path(__file__).parents[2]


# --- DNS


def ask(address: str, name: str, rtype: str, *, tcp: bool = False) -> dns.message.Message:
    host, _, port = address.partition(":")
    query = dns.message.make_query(name, rtype)
    return (dns.query.tcp if tcp else dns.query.udp)(query, host, port=int(port), timeout=SECONDS)


def texts(answer: dns.message.Message) -> list[str]:
    return [b"".join(record.strings).decode() for rrset in answer.answer for record in rrset]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_healthy_spf(lab: Lab, tcp: bool) -> None:
    """NSD answers with authority, over UDP and TCP."""
    answer = ask(lab.nameserver, CLUB, "TXT", tcp=tcp)
    assert texts(answer) == ["v=spf1 mx -all"]
    assert answer.flags & dns.flags.AA
    assert answer.answer[0].ttl == 300


def test_dkim_record_is_split(lab: Lab) -> None:
    """A 2048 bit key is published in two strings that join to the record."""
    answer = ask(lab.nameserver, f"{lab.dkim.selector}._domainkey.{CLUB}", "TXT")
    assert texts(answer) == [lab.dkim.record]
    assert [len(part) for part in answer.answer[0][0].strings] == [255, len(lab.dkim.record) - 255]


def test_dkim_key_signs(lab: Lab) -> None:
    """A message signed with the lab's key verifies against the published record."""
    message = b"From: noreply@club.example\r\nSubject: signed\r\n\r\nHello\r\n"
    signed = dkim.sign(message, lab.dkim.selector.encode(), lab.dkim.domain.encode(), lab.dkim.private_pem) + message

    def record(name: bytes, timeout: float = SECONDS) -> bytes:
        assert timeout
        return texts(ask(lab.nameserver, name.decode(), "TXT"))[0].encode()

    assert dkim.verify(signed, dnsfunc=record)
    assert not dkim.verify(signed + b"changed", dnsfunc=record)


def test_nxdomain_and_nodata(lab: Lab) -> None:
    """No such name and no such record are two answers, inside and outside the zones."""
    assert ask(lab.nameserver, f"absent.{CLUB}", "A").rcode() == dns.rcode.NXDOMAIN
    nodata = ask(lab.nameserver, f"mx.{CLUB}", "AAAA")
    assert (nodata.rcode(), nodata.answer) == (dns.rcode.NOERROR, [])
    assert ask(lab.nameserver, "elsewhere.test", "A").rcode() == dns.rcode.NXDOMAIN


def test_reverse_is_forward_confirmed(lab: Lab) -> None:
    """The server's address has a name, and the name has the address."""
    pointer = ask(lab.nameserver, "1.0.0.127.in-addr.arpa", "PTR").answer[0][0]
    assert str(pointer) == f"{MX_HOST}."
    assert str(ask(lab.nameserver, MX_HOST, "A").answer[0][0]) == "127.0.0.1"


def test_huge_answer_is_truncated(lab: Lab) -> None:
    """Too large for UDP: the answer is cut and says so; TCP has it whole."""
    many = "\n".join(f'@ TXT "verification-{number}={"x" * 200}"' for number in range(40))
    with lab.zones({"huge.example": many}) as nsd:
        assert ask(nsd.address, "huge.example", "TXT").flags & dns.flags.TC
        assert len(texts(ask(nsd.address, "huge.example", "TXT", tcp=True))) == 40


def test_zone_overrides(lab: Lab) -> None:
    """One test's zones are its own: the healthy zones stay as they are."""
    two = edited(lab.healthy[CLUB], drop=[("_dmarc", "TXT")], add='@ TXT "v=spf1 a -all"')
    with lab.zones({CLUB: two, FRIENDS: None}) as nsd:
        assert sorted(texts(ask(nsd.address, CLUB, "TXT"))) == ["v=spf1 a -all", "v=spf1 mx -all"]
        assert ask(nsd.address, f"_dmarc.{CLUB}", "TXT").rcode() == dns.rcode.NXDOMAIN
        assert ask(nsd.address, FRIENDS, "MX").rcode() == dns.rcode.NXDOMAIN
    assert len(texts(ask(lab.nameserver, CLUB, "TXT"))) == 1


def test_reload_keeps_the_address(lab: Lab) -> None:
    """A name server can change its zones while its address stays."""
    with lab.zones({"a.example": '@ TXT "before"'}) as nsd:
        address = nsd.address
        assert texts(ask(address, "a.example", "TXT", tcp=True)) == ["before"]
        nsd.reload({"a.example": '@ TXT "after"'})
        assert nsd.address == address
        assert texts(ask(address, "a.example", "TXT")) == ["after"]


def test_without_root_zone(lab: Lab) -> None:
    """Without the root zone the server refuses names that it does not serve."""
    with lab.zones({}, root_zone=False) as nsd:
        assert ask(nsd.address, "elsewhere.test", "A").rcode() == dns.rcode.REFUSED


def test_broken_zone(lab: Lab) -> None:
    """A zone that does not load answers SERVFAIL."""
    with lab.zones({"broken.example": BROKEN}) as nsd:
        assert ask(nsd.address, "broken.example", "TXT").rcode() == dns.rcode.SERVFAIL


def test_zone_with_a_mistake(lab: Lab) -> None:
    """A zone that NSD cannot read stops the test and names the line."""
    with pytest.raises(LabError, match=r"bad\.example"), lab.zones({"bad.example": "@ A not-an-address"}):
        pass


def test_nested_zone_and_reverse_zones(lab: Lab) -> None:
    """A zone inside another is served, and so are reverse zones for IPv4 and IPv6."""
    pointers = reverse_zones({"192.0.2.7": ["a.example", "b.example"], "2001:db8::1": "six.example"})
    with lab.zones({f"sub.{CLUB}": "@ A 192.0.2.7", **pointers}) as nsd:
        assert str(ask(nsd.address, f"sub.{CLUB}", "A").answer[0][0]) == "192.0.2.7"
        names = {str(record) for record in ask(nsd.address, "7.2.0.192.in-addr.arpa", "PTR").answer[0]}
        assert names == {"a.example.", "b.example."}
        six = ask(nsd.address, dns.reversename.from_address("2001:db8::1").to_text(), "PTR")
        assert str(six.answer[0][0]) == "six.example."
        assert ask(nsd.address, "8.2.0.192.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ('@ TXT "short" ; a "comment"', '@ TXT "short" ; a "comment"'),
        ('@ TXT ""', '@ TXT ""'),
        ('@ TXT "' + "a" * 256 + '"', '@ TXT "' + "a" * 255 + '" "a"'),
        ('@ TXT "' + "a" * 254 + '\\"b"', '@ TXT "' + "a" * 254 + '\\"" "b"'),
        ('@ TXT "' + "a" * 254 + '\\065b"', '@ TXT "' + "a" * 254 + '\\065" "b"'),
        ('@ TXT "ü"', '@ TXT "\\195\\188"'),
    ],
    ids=["comment", "empty", "256", "escaped quote", "escaped byte", "not ascii"],
)
def test_long_strings_are_split(text: str, rendered: str) -> None:
    """A string is split at 255 bytes, and an escape counts as one."""
    assert split_strings(text) == rendered


def test_own_soa_and_ns_are_kept() -> None:
    """SOA and NS are added only where a zone has none."""
    assert render("A.Example", "@ A 192.0.2.1").splitlines()[:4] == [
        "$ORIGIN a.example.",
        "$TTL 300",
        "@ SOA ns.lab. hostmaster.lab. 1 3600 600 86400 300",
        "@ NS ns.lab.",
    ]
    own = "@ 60 IN SOA ns.a hostmaster.a 7 1 1 1 1\na.example. NS ns.a.example."
    assert render("a.example", own).splitlines()[2:] == own.splitlines()


# --- the resolver


def test_resolver_counts_down(lab: Lab) -> None:
    """The resolver answers from its cache, even when its source is gone, and the time to live falls."""
    with lab.zones({"short.example": '$TTL 30\n@ TXT "x"'}) as nsd, lab.resolver(nsd) as resolver:
        first = ask(resolver.address, "short.example", "TXT")
        assert texts(first) == ["x"]
        assert not first.flags & dns.flags.AA
        nsd.stop()
        wait_until(lambda: _ttl(resolver.address) < 30, seconds=SECONDS, what="the time to live falls")


def _ttl(address: str) -> int:
    return ask(address, "short.example", "TXT").answer[0].ttl


def test_resolver_passes_on_failures(lab: Lab) -> None:
    """Through unbound a broken zone is SERVFAIL, an absent name NXDOMAIN, and loopback's reverse zone is the lab's."""
    with lab.zones({"broken.example": BROKEN}) as nsd, lab.resolver(nsd) as resolver:
        assert ask(resolver.address, "broken.example", "TXT").rcode() == dns.rcode.SERVFAIL
        assert ask(resolver.address, f"absent.{CLUB}", "A").rcode() == dns.rcode.NXDOMAIN
        assert str(ask(resolver.address, "1.0.0.127.in-addr.arpa", "PTR").answer[0][0]) == f"{MX_HOST}."


# --- SMTP


def trusting(lab: Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(lab.ca_file))


def submission(lab: Lab, port: str = Port.SUBMISSION) -> smtplib.SMTP:
    client = smtplib.SMTP(LOOPBACK, lab.ports[port], local_hostname="client.example", timeout=SECONDS)
    client._host = SMTP_HOST  # type: ignore[attr-defined]  # the name that starttls() verifies
    return client


@pytest.fixture
def client(lab: Lab) -> Iterator[smtplib.SMTP]:
    """A connection to the submission port with TLS established."""
    with submission(lab) as connection:
        connection.starttls(context=trusting(lab))
        connection.ehlo()
        yield connection


def letter(subject: str, *, sender: str = NOREPLY.owns[0], to: str = READER.username) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content("Hello\n")
    return message


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_mail_arrives(lab: Lab, client: smtplib.SMTP, mechanism: str) -> None:
    """A letter sent after each kind of login lands in the recipient's Maildir."""
    authenticate(client, NOREPLY, mechanism)
    subject = f"by {mechanism} {time.time_ns()}"
    client.send_message(letter(subject))
    arrived = lab.mailbox(READER.username).wait_for("Subject", subject)
    assert arrived.message["Return-Path"] == f"<{NOREPLY.owns[0]}>"
    assert "ESMTPSA" in str(arrived.message.get_all("Received"))


def authenticate(client: smtplib.SMTP, account: Account, mechanism: str) -> None:
    client.user, client.password = account.username, account.password
    method = getattr(client, "auth_" + mechanism.lower().replace("-", "_"))
    code, _ = client.auth(mechanism, method)
    assert code == 235


def test_mail_arrives_as_it_was_sent(lab: Lab, client: smtplib.SMTP) -> None:
    """The server completes no header: a letter without Date and Message-ID arrives without them."""
    authenticate(client, NOREPLY, "PLAIN")
    subject = f"bare {time.time_ns()}"
    client.sendmail(NOREPLY.owns[0], [READER.username], f"Subject: {subject}\r\n\r\nHello\r\n")
    arrived = lab.mailbox(READER.username).wait_for("Subject", subject)
    assert set(arrived.message.keys()) == {"Return-Path", "Delivered-To", "Received", "Subject"}
    assert arrived.raw.endswith(b"\n\nHello\n")


def test_mechanisms(client: smtplib.SMTP) -> None:
    """After STARTTLS the server offers the four mechanisms and its size limit."""
    assert set(client.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}
    assert client.esmtp_features["size"] == "1048576"


def test_submission_before_tls(lab: Lab) -> None:
    """Before STARTTLS there is no AUTH, and MAIL is refused with 530."""
    with submission(lab) as client:
        client.ehlo()
        assert "starttls" in client.esmtp_features
        assert "auth" not in client.esmtp_features
        assert client.mail(NOREPLY.owns[0])[0] == 530


def test_wrong_password(client: smtplib.SMTP) -> None:
    """A wrong password is 535, at once."""
    started = time.monotonic()
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        authenticate(client, replace(NOREPLY, password="wrong"), "PLAIN")
    assert refused.value.smtp_code == 535
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("account", [BY_NAME, UMLAUT, HASHED], ids=["name", "umlaut", "hashed"])
def test_other_accounts(client: smtplib.SMTP, account: Account) -> None:
    """A login that is no address, a password outside ASCII and a password stored for SCRAM work with PLAIN."""
    code, _ = client.docmd("AUTH", "PLAIN " + plain_response(account))
    assert code == 235


def plain_response(account: Account) -> str:
    return b64encode(f"\0{account.username}\0{account.password}".encode()).decode()


@pytest.mark.parametrize("account", [NOREPLY, HASHED], ids=["plain", "hashed"])
def test_scram(client: smtplib.SMTP, account: Account) -> None:
    """SCRAM-SHA-256 works from a stored password and from a stored SCRAM secret, and the server proves that it knows it."""
    bare = f"n={account.username},r={token_hex(12)}"
    first = step(client, "AUTH SCRAM-SHA-256 " + b64encode(f"n,,{bare}".encode()).decode())
    fields = dict(field.split("=", 1) for field in first.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", account.password.encode(), b64decode(fields["s"]), int(fields["i"]))
    final = f"c=biws,r={fields['r']}"
    said = f"{bare},{first},{final}".encode()
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), said, "sha256")
    proof = b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    server_proof = step(client, b64encode(f"{final},p={proof}".encode()).decode())
    assert server_proof == "v=" + b64encode(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), said, "sha256")).decode()
    assert client.docmd("")[0] == 235


def step(client: smtplib.SMTP, line: str) -> str:
    """Send one line of a login; return what the server asks next."""
    code, challenge = client.docmd(line)
    assert code == 334, challenge
    return b64decode(challenge).decode()


def test_hashed_account_cannot_do_cram(client: smtplib.SMTP) -> None:
    """From a SCRAM secret the server cannot check CRAM-MD5."""
    with pytest.raises(smtplib.SMTPAuthenticationError):
        authenticate(client, HASHED, "CRAM-MD5")


@pytest.mark.parametrize(
    ("sender", "recipient", "code"),
    [
        (NOREPLY.owns[0], READER.username, 250),
        ("chairman@club.example", READER.username, 553),
        (BY_NAME.owns[0], READER.username, 553),
        (NOREPLY.owns[0], "someone@outside.example", 554),
        (NOREPLY.owns[0], f"{UNKNOWN_USER}@{FRIENDS}", 550),
        (NOREPLY.owns[0], f"full@{FRIENDS}", 452),
        (NOREPLY.owns[0], f"greylisted@{FRIENDS}", 451),
    ],
)
def test_recipient_replies(client: smtplib.SMTP, sender: str, recipient: str, code: int) -> None:
    """The reply to RCPT depends on whose address is used, and on the recipient; nothing is relayed outside."""
    authenticate(client, NOREPLY, "PLAIN")
    assert client.mail(sender)[0] == 250
    assert client.rcpt(recipient)[0] == code


def test_too_large(client: smtplib.SMTP) -> None:
    """A message over the limit is refused at MAIL if its size is announced."""
    authenticate(client, NOREPLY, "PLAIN")
    assert client.mail(NOREPLY.owns[0], ["size=1048577"])[0] == 552


def test_smtps(lab: Lab) -> None:
    """Implicit TLS: the greeting comes inside TLS, the login works."""
    with smtplib.SMTP(timeout=SECONDS) as client:
        client.sock = open_tls(lab, Port.SMTPS, SMTP_HOST)
        assert client.getreply()[0] == 220
        authenticate(client, NOREPLY, "PLAIN")


def open_tls(lab: Lab, port: str, name: str) -> ssl.SSLSocket:
    raw = create_connection((LOOPBACK, lab.ports[port]), timeout=SECONDS)
    try:
        return trusting(lab).wrap_socket(raw, server_hostname=name)
    except BaseException:
        raw.close()
        raise


@pytest.mark.parametrize(
    ("port", "message"),
    [
        (Port.SUBMISSION_EXPIRED, "certificate has expired"),
        (Port.SUBMISSION_NOT_YET, "not yet valid"),
        (Port.SUBMISSION_SELF_SIGNED, "self-signed certificate"),
        (Port.SUBMISSION_WRONG_NAME, "Hostname mismatch"),
        (Port.SUBMISSION_UNTRUSTED, "unable to get local issuer"),
        (Port.SUBMISSION_NO_CHAIN, "unable to get local issuer"),
        (Port.SUBMISSION_WEAK_KEY, "key too weak"),
    ],
)
def test_faulty_certificates(lab: Lab, port: Port, message: str) -> None:
    """Each faulty certificate is refused by Python for its own fault."""
    with submission(lab, port) as client:
        with pytest.raises(ssl.SSLCertVerificationError, match=message):
            client.starttls(context=trusting(lab))
        client.close()


@pytest.mark.parametrize(
    ("port", "message"),
    [
        (Port.SMTPS_EXPIRED, "certificate has expired"),
        (Port.SMTPS_SELF_SIGNED, "self-signed certificate"),
        (Port.SMTPS_WRONG_NAME, "Hostname mismatch"),
    ],
)
def test_faulty_certificates_with_implicit_tls(lab: Lab, port: Port, message: str) -> None:
    """The same faults where TLS comes first."""
    with pytest.raises(ssl.SSLCertVerificationError, match=message):
        open_tls(lab, port, SMTP_HOST)


def test_certificate_that_expires_soon(lab: Lab) -> None:
    """The certificate that ends in five days is still good today."""
    with submission(lab, Port.SUBMISSION_EXPIRES_SOON) as client:
        assert client.starttls(context=trusting(lab))[0] == 220
        assert isinstance(client.sock, ssl.SSLSocket)
        ends = ssl.cert_time_to_seconds(str((client.sock.getpeercert() or {})["notAfter"]))
        assert 4 < (ends - time.time()) / 86400 < 5.1


def test_old_tls(lab: Lab) -> None:
    """The old listener speaks TLS 1.1 with a client that allows it, and no TLS 1.2."""
    with submission(lab, Port.SUBMISSION_OLD_TLS) as client:
        with pytest.raises(ssl.SSLError):
            client.starttls(context=trusting(lab))
        client.close()
    old = trusting(lab)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with submission(lab, Port.SUBMISSION_OLD_TLS) as client:
        client.starttls(context=old)
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.sock.version() == "TLSv1.1"


@pytest.mark.parametrize(
    ("port", "starttls", "mechanisms"),
    [
        (Port.PLAIN, True, ""),
        (Port.NO_STARTTLS, False, ""),
        (Port.CLEARTEXT_AUTH, False, "CRAM-MD5 LOGIN PLAIN SCRAM-SHA-256"),
        (Port.OPTIONAL_TLS_AUTH, True, "CRAM-MD5 LOGIN PLAIN SCRAM-SHA-256"),
    ],
)
def test_offers_in_clear(lab: Lab, port: Port, starttls: bool, mechanisms: str) -> None:
    """What each port offers before any TLS."""
    with submission(lab, port) as client:
        client.ehlo()
        assert ("starttls" in client.esmtp_features) is starttls
        assert " ".join(sorted(client.esmtp_features.get("auth", "").split())) == mechanisms


@pytest.mark.parametrize(
    ("port", "mechanisms"),
    [(Port.SUBMISSION_NO_AUTH, ""), (Port.SUBMISSION_LOGIN_ONLY, "LOGIN"), (Port.SUBMISSION_CRAM_ONLY, "CRAM-MD5")],
)
def test_offers_after_starttls(lab: Lab, port: Port, mechanisms: str) -> None:
    """The ports that offer one mechanism, or none, after STARTTLS."""
    with submission(lab, port) as client:
        client.starttls(context=trusting(lab))
        client.ehlo()
        assert client.esmtp_features.get("auth", "").strip() == mechanisms


def test_port_25_takes_mail_for_the_lab_only(lab: Lab) -> None:
    """Without a login the plain port delivers to the lab's domains, and relays nothing."""
    subject = f"from outside {time.time_ns()}"
    with submission(lab, Port.PLAIN) as client:
        client.send_message(letter(subject, sender="someone@elsewhere.example", to=f"info+tag@{CLUB}"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.send_message(letter(subject, to="someone@outside.example"))
    lab.mailbox(f"info@{CLUB}").wait_for("Subject", subject)


def test_swaks(lab: Lab) -> None:
    """Another person's client agrees: STARTTLS verified, login, delivery."""
    subject = f"swaks {time.time_ns()}"
    login = ["--auth", "PLAIN", "--auth-user", NOREPLY.username, "--auth-password", NOREPLY.password]
    tls = ["--tls", "--tls-verify", "--tls-ca-path", str(lab.ca_file)]
    people = ["--from", NOREPLY.owns[0], "--to", READER.username, "--header", f"Subject: {subject}"]
    server = ["--server", LOOPBACK, "--port", str(lab.ports["submission"]), "--helo", "client.example"]
    done = subprocess.run(
        [program("swaks"), *server, *tls, *login, *people], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lab.mailbox(READER.username).wait_for("Subject", subject)


# --- IMAP


def test_imap(lab: Lab, client: smtplib.SMTP) -> None:
    """What arrived can be read by IMAP over TLS, with the account's password."""
    authenticate(client, NOREPLY, "PLAIN")
    subject = f"by imap {time.time_ns()}"
    client.send_message(letter(subject))
    lab.mailbox(READER.username).wait_for("Subject", subject)
    context = trusting(lab)
    context.check_hostname = False  # imaplib cannot be told a name that differs from the address
    with imaplib.IMAP4_SSL(LOOPBACK, lab.ports["imaps"], ssl_context=context, timeout=SECONDS) as mailbox:
        assert mailbox.login(READER.username, READER.password)[0] == "OK"
        mailbox.select("INBOX")
        assert mailbox.search(None, "SUBJECT", f'"{subject}"')[1] != [b""]


def test_imap_wrong_password(lab: Lab) -> None:
    """IMAP refuses a wrong password."""
    with imaplib.IMAP4(LOOPBACK, lab.ports["imap"], timeout=SECONDS) as mailbox, pytest.raises(imaplib.IMAP4.error):
        mailbox.login(READER.username, "wrong")


# --- the lab as a tenant of this machine


def test_nothing_is_left_behind() -> None:
    """Closing a lab ends its processes and removes its folder."""
    with Lab() as another:
        folder = another.workspace.root
        assert processes_of(folder)
    assert not folder.exists()
    assert not processes_of(folder)


def test_killed_run_leaves_nothing_behind() -> None:
    """A test run that is killed without warning leaves no server and no folder either."""
    program_text = f"from {Lab.__module__} import Lab; lab = Lab(); print(lab.workspace.root, flush=True); input()"
    run = subprocess.Popen(
        [sys.executable, "-c", program_text],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=OUR_ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert processes_of(folder)
        run.send_signal(signal.SIGKILL)
    wait_until(lambda: not folder.exists() and not processes_of(folder), seconds=SECONDS, what="the lab is cleaned up")


def processes_of(folder: Path) -> list[str]:
    """Return the commands of running processes whose working directory or arguments are in a folder."""
    assert folder.name.startswith("sr-")
    return [text for process in Path("/proc").glob("[0-9]*") if str(folder) in (text := _describe(process))]


def _describe(process: Path) -> str:
    try:
        return f"{(process / 'cwd').readlink()} {(process / 'cmdline').read_text(errors='replace')}"
    except OSError:
        return ""  # it has ended meanwhile


def test_taken_port_is_tried_again(lab: Lab) -> None:
    """If a port is taken between choice and start, the server starts on another."""
    taken, free = lab.nsd.port, free_ports(1)[0]
    offered = iter([taken, free])
    nsd_folder = lab.workspace.folder("taken")

    def start(_: list[int]) -> int:
        port = next(offered)
        with_port = f'server:\n  ip-address: {LOOPBACK}@{port}\n  username: ""\n  database: ""\n  pidfile: ""\n  zonesdir: "{nsd_folder}"\n'
        files = f'  xfrdir: "{nsd_folder}"\n  xfrdfile: ""\n  zonelistfile: "{nsd_folder}/zone.list"\nremote-control:\n  control-enable: no\n'
        (nsd_folder / "nsd.conf").write_text(with_port + files)
        server = lab.workspace.start("nsd", [program("nsd"), "-d", "-c", str(nsd_folder / "nsd.conf")], folder=nsd_folder)
        server.wait_ready(lambda: "nsd started" in server.log_text())
        server.stop()
        return port

    assert on_free_ports(1, start) == free


def test_missing_program_is_an_error() -> None:
    """A program that is not installed stops the tests and names the remedy."""
    with pytest.raises(LabError, match="install-debian-packages"):
        program("no-such-program")


def test_self_signed_has_the_wanted_key(tmp_path: Path) -> None:
    """A certificate is made with the key size asked for."""
    assert self_signed(tmp_path, "weak", "a.example", rsa_bits=1024).key.key_size == 1024
