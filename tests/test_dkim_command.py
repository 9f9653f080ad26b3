"""`sendready dkim new-key`: the pair fits together, the record is in every form, the private key stays in its file."""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

import dkim
import dns.zone
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from checks.records.dkim import parse_key
from wizard import exits
from wizard.cli import _run
from wizard.dkim_key import make

MESSAGE = b"From: news@club.example\r\nTo: anna@home.example\r\nSubject: hello\r\n\r\nHello.\r\n"
NAME = "mail2026._domainkey.club.example"


def new_key(folder: Path, *more: str, domain: str = "club.example", selector: str = "mail2026") -> int:
    return _run(["dkim", "new-key", "--domain", domain, "--selector", selector, "--output", str(folder), *more])


def record_of(shown: str) -> str:
    """Return the value as it stands in one string."""
    return next(line.strip() for line in shown.splitlines() if line.strip().startswith("v=DKIM1"))


def private_key(path: Path) -> rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey)
    return key


def in_zone(line: str) -> str:
    """Read a line of a zone file as a name server does."""
    zone = dns.zone.from_text(line, origin="club.example.", relativize=False, check_origin=False)
    (rdata,) = zone.find_rdataset(f"{NAME}.", "TXT")
    assert all(len(string) <= 255 for string in rdata.strings)
    return b"".join(rdata.strings).decode()


@pytest.mark.parametrize("bits", [2048, 4096])
def test_the_published_rsa_key_is_that_of_the_file(bits: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Our own parser reads the record without complaint and finds the private key's modulus."""
    assert new_key(tmp_path, "--bits", str(bits)) == exits.READY
    key = parse_key(record_of(capsys.readouterr().out))
    private = private_key(tmp_path / f"{NAME}.pem")
    assert isinstance(private, rsa.RSAPrivateKey)
    assert key.rsa is not None
    assert (key.problems, key.bits) == ((), bits)
    public = base64.b64encode(
        private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert key.text == f"v=DKIM1; k=rsa; p={public.decode()}"


def test_the_published_ed25519_key_is_that_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The record has the bare 32 bytes (RFC 8463 section 4.2), and it is said that an RSA key is needed beside it."""
    assert new_key(tmp_path, "--type", "ed25519") == exits.READY
    shown = capsys.readouterr().out
    key = parse_key(record_of(shown))
    private = private_key(tmp_path / f"{NAME}.pem")
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    assert (key.problems, key.ed25519) == ((), private.public_key().public_bytes_raw())
    assert "sign with an RSA key as well" in shown


def test_without_a_word_the_key_is_rsa_of_2048_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The default is what RFC 8301 and Gmail recommend."""
    new_key(tmp_path)
    assert parse_key(record_of(capsys.readouterr().out)).bits == 2048


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_what_is_signed_with_the_file_verifies_with_the_record(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An independent signer and verifier (dkimpy) accepts the pair."""
    new_key(tmp_path, "--type", kind)
    record = record_of(capsys.readouterr().out).encode()
    private = private_key(tmp_path / f"{NAME}.pem")
    # dkimpy takes an Ed25519 key as its 32 bytes in base64.
    given = (
        base64.b64encode(private.private_bytes_raw())
        if isinstance(private, ed25519.Ed25519PrivateKey)
        else (tmp_path / f"{NAME}.pem").read_bytes()
    )
    signature = dkim.sign(MESSAGE, b"mail2026", b"club.example", given, signature_algorithm=f"{kind}-sha256".encode())
    asked = []

    def dnsfunc(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(signature + MESSAGE, dnsfunc=dnsfunc)
    assert asked == [f"{NAME}.".encode()]
    assert not dkim.verify(signature + MESSAGE + b"More.\r\n", dnsfunc=dnsfunc)


def test_every_form_of_the_value_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One string, quoted strings of at most 255 characters and the line of a zone file carry the identical record."""
    new_key(tmp_path, "--bits", "4096")
    shown = capsys.readouterr().out
    record = record_of(shown)
    chunks = next(line.strip() for line in shown.splitlines() if line.strip().startswith('"'))
    strings = re.findall(r'"([^"]*)"', chunks)
    assert "".join(strings) == record
    assert len(strings) == 3
    assert all(len(string) <= 255 for string in strings)
    assert in_zone(next(line.strip() for line in shown.splitlines() if " IN TXT " in line)) == record


def test_a_short_record_is_quoted_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record that fits one string reads the same in all forms."""
    new_key(tmp_path, "--type", "ed25519")
    shown = capsys.readouterr().out
    assert f'    "{record_of(shown)}"\n' in shown
    assert in_zone(next(line.strip() for line in shown.splitlines() if " IN TXT " in line)) == record_of(shown)


def test_the_name_is_shown_whole_and_relative(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What to type depends on where the zone begins; the next steps name the command that checks."""
    new_key(tmp_path)
    shown = capsys.readouterr().out
    assert f"  Name   {NAME}\n" in shown
    assert "mail2026._domainkey   (where the panel adds club.example by itself)" in shown
    assert "sendready check --domain club.example --selector mail2026" in shown
    new_key(tmp_path, domain="news.club.co.uk")
    shown = capsys.readouterr().out
    assert "mail2026._domainkey.news   (where the panel adds club.co.uk by itself)" in shown
    assert "mail2026._domainkey   (where news.club.co.uk is a zone of its own)" in shown


def test_an_international_domain_is_published_in_its_ascii_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DNS knows A-labels only."""
    new_key(tmp_path, domain="münchen.example")
    assert "mail2026._domainkey.xn--mnchen-3ya.example" in capsys.readouterr().out


def test_only_the_owner_reads_the_private_key(tmp_path: Path) -> None:
    """The file has mode 0600 and a new directory 0700, and nothing else is left there."""
    folder = tmp_path / "keys"
    new_key(folder)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_key_that_exists_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run for the same name ends with a sentence; the first key is untouched."""
    new_key(tmp_path)
    file = tmp_path / f"{NAME}.pem"
    before = file.read_bytes()
    capsys.readouterr()
    assert new_key(tmp_path) == exits.INVALID
    said = capsys.readouterr()
    assert said.out == ""
    assert "was left as it is" in said.err
    assert file.read_bytes() == before


def test_a_planted_link_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A link under the file's name leads nowhere: what it points at is neither made nor changed."""
    (tmp_path / f"{NAME}.pem").symlink_to(tmp_path / "elsewhere")
    assert new_key(tmp_path) == exits.INVALID
    assert not (tmp_path / "elsewhere").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_a_directory_that_cannot_be_made_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback, and no key anywhere."""
    (tmp_path / "file").write_text("x")
    assert new_key(tmp_path / "file" / "keys") == exits.INVALID
    said = capsys.readouterr()
    assert (said.out, "Traceback" in said.err) == ("", False)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_private_key_is_in_no_output(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither stream has a line of the file or the key's numbers, nor has the text form of the pair."""
    new_key(tmp_path, "--type", kind)
    said = capsys.readouterr()
    pem = (tmp_path / f"{NAME}.pem").read_text()
    secret = [line for line in pem.splitlines() if not line.startswith("-----")]
    assert secret
    assert not any(line in said.out + said.err for line in secret)
    assert "PRIVATE KEY" not in said.out + said.err
    pair = make(kind, 2048)
    assert "private" not in repr(pair)
    assert pair.private.decode().splitlines()[1] not in repr(pair)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--selector", "a b"), "one selector"),
        (("--selector", "../../etc/x"), "letters, digits"),
        (("--selector", "a" * 64), "63"),
        (("--selector", "a..b"), "letters, digits"),
        (("--selector", "s", "--domain", "not a domain"), "example.org"),
        (("--selector", "s", "--bits", "1024"), "2048"),
        (("--selector", "s", "--bits", "2048", "--type", "ed25519"), "one length"),
        (("--selector", "s" * 60, "--domain", ".".join(["d" * 60] * 4)), "shorter selector"),
    ],
)
def test_wrong_usage_makes_no_key(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip gets a sentence and the documented code; nothing was written."""
    given = arguments if "--domain" in arguments else (*arguments, "--domain", "club.example")
    assert _run(["dkim", "new-key", "--output", str(tmp_path), *given]) == exits.USAGE
    said = capsys.readouterr()
    assert says in " ".join(said.err.split())
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []
