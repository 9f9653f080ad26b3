"""DKIM key records: grammar, keys of every form, and keys that are meant to do harm."""

import base64
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from checks.records.dkim import DkimKey, is_key, parse_key

SPKI, BARE = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
N1024 = int("c" + "5" * 254 + "1", 16)  # odd, 1024 bits: all that a reader of public keys can see


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else bytes([0x82, size >> 8, size & 255])
    return bytes([tag]) + length + body


def number(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def record(raw: bytes, head: str = "v=DKIM1; k=rsa; ") -> str:
    return f"{head}p={base64.b64encode(raw).decode()}"


def bare(modulus: int, exponent: int = 65537) -> str:
    return record(der(0x30, number(modulus), number(exponent)))


def kinds(key: DkimKey) -> list[str]:
    return [problem.kind for problem in key.problems]


@pytest.fixture(scope="module")
def rsa2048() -> rsa.RSAPublicKey:
    return rsa.generate_private_key(65537, 2048).public_key()


@pytest.mark.parametrize("form", [SPKI, BARE])
def test_both_forms_of_an_rsa_key(rsa2048: rsa.RSAPublicKey, form: PublicFormat) -> None:
    """SubjectPublicKeyInfo and bare RSAPublicKey are read alike."""
    key = parse_key(record(rsa2048.public_bytes(Encoding.DER, form)))
    assert (key.bits, key.readable, key.problems) == (2048, True, ())


def test_space_within_the_key(rsa2048: rsa.RSAPublicKey) -> None:
    """Space and tabs inside p= are no part of it (RFC 6376 section 3.2)."""
    text = base64.b64encode(rsa2048.public_bytes(Encoding.DER, SPKI)).decode()
    spaced = " ".join(text[at : at + 60] for at in range(0, len(text), 60))
    assert parse_key(f"p= {spaced}\t; t=s").bits == 2048


def test_padding_may_be_left_away() -> None:
    """RFC 6376 section 2.10 makes the equals signs optional."""
    text = bare(N1024)
    assert parse_key(text.rstrip("=")).bits == 1024


def test_defaults() -> None:
    """Only p= is needed; the rest has defaults (RFC 6376 section 3.6.1)."""
    key = parse_key("p=")
    assert key.revoked
    assert (key.version, key.key_type, key.hashes, key.services, key.flags, key.problems) == ("DKIM1", "rsa", (), ("*",), (), ())
    assert key.allows_email
    assert key.allows_sha256


def test_tags_are_read() -> None:
    """h, s and t are lists with colons, in any case, with space."""
    key = parse_key("v=DKIM1; h=SHA1 : sha256; s=email:tlsrpt; t=y:s; p=")
    assert key.hashes == ("sha1", "sha256")
    assert key.allows_sha256
    assert key.allows_email
    assert key.testing
    assert key.strict_identity


def test_keys_that_forbid_mail() -> None:
    """A key for another service, or for sha1 only, is told."""
    assert not parse_key("s=tlsrpt; p=").allows_email
    assert not parse_key("h=sha1; p=").allows_sha256


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("v=DKIM1; k=rsa", "no-key"),
        ("v=dkim1; p=", "bad-version"),
        ("k=rsa; v=DKIM1; p=", "version-not-first"),
        ("v=DKIM1; k=dsa; p=AAAA", "unknown-key-type"),
        ("v=DKIM1; p=AAA$", "bad-base64"),
        ("v=DKIM1; p=AAAAA", "bad-base64"),
        ("v=DKIM1; p=-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----", "pem-armour"),
        ("v=DKIM1; p=AAAA", "bad-key"),
        ("v=DKIM1\\; k=rsa\\; p=", "escaped-semicolon"),
    ],
)
def test_slips(text: str, kind: str) -> None:
    """Each slip of a record has its kind."""
    assert kind in kinds(parse_key(text))


def test_cut_off_key(rsa2048: rsa.RSAPublicKey) -> None:
    """A key that a DNS panel cut at 255 characters is no key."""
    text = record(rsa2048.public_bytes(Encoding.DER, SPKI))[:255]
    key = parse_key(text)
    assert not key.readable
    assert not key.revoked
    assert key.problems


def test_key_of_another_kind() -> None:
    """An elliptic-curve key under k=rsa is told as what it is."""
    raw = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, SPKI)
    assert kinds(parse_key(record(raw))) == ["not-rsa"]


def test_ed25519() -> None:
    """Ed25519 keys are 32 bytes as they are (RFC 8463 section 4.2)."""
    assert parse_key(record(bytes(32), "v=DKIM1; k=ed25519; ")).ed25519 == bytes(32)
    assert kinds(parse_key(record(bytes(44), "k=ed25519; "))) == ["wrapped-ed25519"]
    assert kinds(parse_key(record(bytes(31), "k=ed25519; "))) == ["bad-ed25519"]
    assert kinds(parse_key(record(bytes(32)))) == ["ed25519-as-rsa"]


def test_short_keys_are_measured() -> None:
    """A key that a library would refuse for its size is still measured, so that the report can say how short it is."""
    for bits in (512, 768, 1023):
        assert parse_key(bare((1 << bits) - 1)).bits == bits


@pytest.mark.parametrize(
    ("modulus", "exponent", "kind"),
    [
        ((1 << 8193) - 1, 3, "oversized-modulus"),
        (N1024, (1 << 65) + 1, "oversized-exponent"),
        ((1 << 16000) - 1, 65537, "oversized-modulus"),
        ((1 << 40000) - 1, 65537, "too-large"),
        (N1024, (1 << 40000) - 1, "too-large"),
        (N1024, 1, "bad-key"),
        (N1024, 65536, "bad-key"),
        (N1024 - 1, 65537, "bad-key"),
        (0, 65537, "bad-key"),
    ],
    ids=[
        "8193 bits",
        "exponent of 66 bits",
        "16000 bits",
        "40000 bits",
        "exponent of 40000 bits",
        "e=1",
        "even exponent",
        "even modulus",
        "zero",
    ],
)
def test_harmful_keys_are_refused_by_size(modulus: int, exponent: int, kind: str) -> None:
    """Numbers that would cost seconds of processor time are refused before anything is computed with them."""
    started = time.process_time()
    key = parse_key(bare(modulus, exponent))
    assert time.process_time() - started < 0.5
    assert not key.readable
    assert kinds(key) == [kind]


def test_largest_key_allowed() -> None:
    """8192 bits are read."""
    assert parse_key(bare((1 << 8192) - 1)).bits == 8192


def test_is_key() -> None:
    """What lies at a selector by accident is told from a key with slips."""
    assert is_key("k=rsa; p=AAAA")
    assert is_key("v=DKIM1; k=rsa")
    assert is_key("v=dkim1; p=")
    assert not is_key("v=spf1 -all")
    assert not is_key("v=DMARC1; sp=none")
    assert not is_key("")


ALPHABET = 'vkphst=:; \t\\"DKIM1rsaed25519y*AQ/+\xff\x00'


@given(st.text(max_size=400) | st.text(alphabet=ALPHABET, max_size=120).map("v=DKIM1; p=".__add__))
def test_any_text_is_read(text: str) -> None:
    """No text from the network raises, and problems point into it."""
    key = parse_key(text)
    is_key(text)
    assert all(0 <= problem.position <= len(text) for problem in key.problems)


@given(st.binary(max_size=300), st.sampled_from(["rsa", "ed25519"]))
def test_any_bytes_as_key(raw: bytes, kind: str) -> None:
    """No bytes in p= raise; what is not readable has a problem or is withdrawn."""
    key = parse_key(record(raw, f"k={kind}; "))
    assert key.readable or key.problems or key.revoked


@given(st.data())
def test_damaged_keys(data: st.DataObject) -> None:
    """A real key with one byte changed never raises."""
    raw = bytearray(der(0x30, number(N1024), number(65537)))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    parse_key(record(bytes(raw)))
