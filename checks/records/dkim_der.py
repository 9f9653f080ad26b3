"""RSA public keys in DER, read with the sizes checked before anything is computed with them.

A record of five kilobytes can hold numbers that keep a processor busy for minutes; so the lengths are looked at first, and only a
key within bounds is given to the cryptographic library.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_DER = 2048  # bytes; a key of 8192 bits has 1062
MAX_MODULUS = 8192  # bits; far above the 4096 that verifiers must cope with (RFC 8301 section 3.2)
MAX_EXPONENT = 64  # bits; 65537 has 17
LIBRARY_MINIMUM = 1024  # bits; smaller keys are told by their size alone, libraries differ in whether they load them

_SEQUENCE, _INTEGER, _BIT_STRING, _OBJECT_ID = 0x30, 0x02, 0x03, 0x06
_RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")  # RFC 8017 appendix C
_LONG_FORM = 0x80
_MAX_LENGTH_BYTES = 2  # lengths above 65,535 cannot be within MAX_DER


class KeyFault(Exception):  # noqa: N818 - the fault is the key's
    """The bytes are no key that can be used."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class RsaKey:
    """An RSA public key within bounds."""

    bits: int
    """Size of the modulus."""
    exponent: int
    wrapped: bool
    """SubjectPublicKeyInfo, as RFC 6376 wants it in practice; False: a bare RSAPublicKey."""


def read_rsa(raw: bytes) -> RsaKey:
    """Read SubjectPublicKeyInfo (RFC 5280 section 4.1) or RSAPublicKey (RFC 8017 appendix A.1.1). Raises `KeyFault`."""
    if len(raw) > MAX_DER:
        raise KeyFault("too-large", f"a key of {len(raw):,} bytes; nobody reads more than {MAX_DER:,}")
    if len(raw) == 32:  # the size of an Ed25519 key, RFC 8463 section 4.2
        raise KeyFault("ed25519-as-rsa", "a key that looks like Ed25519, but k=ed25519 is not given")
    inner, rest = _take(raw, _SEQUENCE)
    if rest:
        raise KeyFault("bad-key", "a key (p=) with something behind its end")
    wrapped = inner[:1] == bytes([_SEQUENCE])
    if wrapped:
        algorithm, rest = _take(inner, _SEQUENCE)
        if _take(algorithm, _OBJECT_ID)[0] != _RSA_ENCRYPTION:
            raise KeyFault("not-rsa", "a key of another kind than the RSA key that the record announces")
        string, rest = _take(rest, _BIT_STRING)
        if rest or string[:1] != b"\0":
            raise KeyFault("bad-key", "a key (p=) that is damaged")
        inner, rest = _take(string[1:], _SEQUENCE)
        if rest:
            raise KeyFault("bad-key", "a key (p=) with something behind its end")
    key = _numbers(inner, wrapped=wrapped)
    if key.bits >= LIBRARY_MINIMUM:
        _second_opinion(raw)
    return key


def _numbers(inner: bytes, *, wrapped: bool) -> RsaKey:
    modulus, rest = _take(inner, _INTEGER)
    exponent, rest = _take(rest, _INTEGER)
    if rest or _negative(modulus) or _negative(exponent):
        raise KeyFault("bad-key", "a key (p=) that is damaged")
    bits = _bits(modulus)
    if bits > MAX_MODULUS:
        raise KeyFault("oversized-modulus", f"an RSA key of {bits:,} bits; receivers refuse more than {MAX_MODULUS:,}")
    if _bits(exponent) > MAX_EXPONENT:
        raise KeyFault("oversized-exponent", f"an RSA key whose exponent has {_bits(exponent):,} bits")
    number = int.from_bytes(exponent, "big")
    if number <= 1 or number % 2 == 0 or modulus[-1] % 2 == 0:
        raise KeyFault("bad-key", "numbers in p= that cannot be an RSA key")
    return RsaKey(bits=bits, exponent=number, wrapped=wrapped)


def _second_opinion(raw: bytes) -> None:
    """Let the library that verifiers use load the key, now that its size is known to be harmless."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 40 ms that `--help` does not need
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        load_der_public_key(raw)  # reads both forms
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFault("bad-key", "a key (p=) that cannot be loaded") from None


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Split off one DER element (X.690 section 8.1.3); return its contents and what follows."""
    if len(data) < 2 or data[0] != tag:  # tag and length
        raise KeyFault("bad-key", "a key (p=) that is damaged, cut off or no RSA key")
    length, start = data[1], 2
    if length & _LONG_FORM:
        count = length & ~_LONG_FORM
        if not 1 <= count <= _MAX_LENGTH_BYTES or len(data) < 2 + count:
            raise KeyFault("bad-key", "a key (p=) that is damaged")
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if len(data) < start + length:
        raise KeyFault("bad-key", "a key (p=) that was cut off")
    return data[start : start + length], data[start + length :]


def _bits(integer: bytes) -> int:
    stripped = integer.lstrip(b"\0")
    return 8 * (len(stripped) - 1) + stripped[0].bit_length() if stripped else 0


def _negative(integer: bytes) -> bool:
    return not integer or bool(integer[0] & 0x80)
