"""Reading certificates: honest ones exactly, hostile ones without an exception and without arithmetic."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.gather.tls import Trust, certificate_facts
from tests.fakes.certificates import Authority, Leaf, alternative_names, common_name, self_signed


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Leaf:
    return authority.issue("good", "mx.club.example", "127.0.0.1", "::1", "*.club.example")


def test_an_honest_certificate(leaf: Leaf) -> None:
    facts = certificate_facts(leaf.der)
    assert facts.subject == "CN=mx.club.example"
    assert facts.issuer == "CN=Test Root"
    assert facts.names == ("mx.club.example", "127.0.0.1", "::1", "*.club.example")
    assert (facts.key_type, facts.key_bits, facts.signature, facts.self_issued) == ("EC", 256, "sha256", False)
    assert facts.not_before == leaf.certificate.not_valid_before_utc.isoformat()
    assert facts.not_after.endswith("+00:00")
    assert len(facts.sha256) == 64


def test_self_signed_and_small(tmp_path: Path, authority: Authority) -> None:
    assert certificate_facts(self_signed(tmp_path, "own", "mx.club.example").der).self_issued
    small = certificate_facts(authority.issue("small", "mx.club.example", rsa_bits=1024).der)
    assert (small.key_type, small.key_bits) == ("RSA", 1024)


def test_giant_key_costs_nothing(authority: Authority) -> None:
    """16384 bits and more: read or given up, at once."""
    for bits in (16384, 40000):
        try:
            key = rsa.RSAPublicNumbers(65537, (1 << bits) - 159).public_key()
            der = authority.sign(("mx.club.example",), key).public_bytes(Encoding.DER)
        except ValueError:
            continue  # the library itself refuses to write it
        began = time.process_time()
        facts = certificate_facts(der)
        assert time.process_time() - began < 1
        assert (facts.key_type, facts.key_bits) in (("RSA", bits), ("unknown", 0))


def test_hostile_names(authority: Authority) -> None:
    """NUL, escape sequences and mark-up come out as data."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = alternative_names("good.example\0.evil.example", "<script>.example", "x" * 5000)
    builder = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "<b>\x1b[31m\0evil")]))
    builder = builder.issuer_name(common_name("Root")).public_key(key.public_key()).serial_number(1)
    like = authority.issue("times", "a.example").certificate
    builder = builder.not_valid_before(like.not_valid_before_utc).not_valid_after(like.not_valid_after_utc)
    facts = certificate_facts(builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    assert facts.names[:2] == ("good.example\0.evil.example", "<script>.example")
    assert len(facts.names[2]) == 1000
    assert "evil" in facts.subject


def test_many_names_are_cut(authority: Authority) -> None:
    facts = certificate_facts(authority.issue("many", *(f"n{number}.example" for number in range(2100))).der)
    assert len(facts.names) == 2000


@pytest.mark.parametrize("octets", [b"", b"\0", b"0\x84\xff\xff\xff\xff", b"0\x80" * 5000, b"garbage" * 20000])
def test_garbage_is_no_exception(octets: bytes) -> None:
    facts = certificate_facts(octets)
    assert (facts.key_type, facts.key_bits, facts.names) == ("unknown", 0, ())
    assert len(facts.sha256) == 64


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_certificates_never_raise(leaf: Leaf, data: st.DataObject) -> None:
    der = bytearray(leaf.der)
    for _ in range(data.draw(st.integers(1, 6))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    certificate_facts(bytes(der))


def test_own_roots_stand_beside_the_systems(authority: Authority) -> None:
    """The extra file adds, it does not replace; what is said on a verified connection is TLS 1.2 or later."""
    plain, more = Trust().verifying, Trust(str(authority.roots)).verifying
    assert len(more.get_ca_certs()) == len(plain.get_ca_certs()) + 1
    assert more.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (more.verify_mode, more.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_roots_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=r"roots\.pem"):
        Trust(str(path))
