"""Makes a DKIM key pair: the private key as a file that only its owner reads, the public one as a DNS record. Asks and prints nothing."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path

from wizard import atomic

BITS = (2048, 3072, 4096)  # RFC 8301 section 3.2: at least 2048 should be used; verifiers need only cope with up to 4096
TYPES = ("rsa", "ed25519")
EXPONENT = 65537
MODE = 0o600


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A fresh key pair. The private half is never part of its text form."""

    private: bytes = field(repr=False)
    """PEM, PKCS #8, not encrypted: a mail server has nobody who types a passphrase."""
    record: str
    """The value of the TXT record (RFC 6376 section 3.6.1), in one string."""


def make(kind: str, bits: int) -> KeyPair:
    """Return a new key pair; `bits` counts for RSA only."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # noqa: PLC0415 - as above

    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if kind == "ed25519":
        private = ed25519.Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()  # RFC 8463 section 4.2: the bare 32 bytes
    else:
        private = rsa.generate_private_key(public_exponent=EXPONENT, key_size=bits)
        public = private.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,  # as verifiers read p= (RFC 6376 section 3.6.1)
        )
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(private=pem, record=f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}")


def keep(path: Path, pem: bytes) -> None:
    """Write the private key to a file that did not exist, readable by its owner only. Raises `OSError`; then no file was left.

    O_EXCL follows no link and replaces nothing: a key that mail is signed with today cannot be lost.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), MODE)  # whatever the umask made of it
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        atomic.sync_directory(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
