"""The certificate with which our own receiver offers TLS: one that a person brought, or one made on the spot.

Mail servers do not look at whose certificate a receiver has unless DANE or MTA-STS tell them to, so one made on the spot shows
whether they encrypt.
"""

from __future__ import annotations

import datetime as dt
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFE = dt.timedelta(days=2)  # it is gone with the receiver
MAX_COMMON_NAME = 64  # X.520 upper bound


def own_context(certificate: Path | None, key: Path | None, name: str) -> ssl.SSLContext:
    """Return the TLS set-up of a server. Raises `ValueError` with a sentence for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password="")  # an empty one, or OpenSSL would ask at the terminal
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = "they do not belong together, or are no PEM, or need a passphrase"
            raise ValueError(
                f"certificate and key cannot be used: {reason if isinstance(error, ssl.SSLError) else error}"
            ) from None
        return context
    with tempfile.TemporaryDirectory(prefix="sendready-") as folder:  # readable by us only
        file = Path(folder) / "receiver.pem"
        file.write_bytes(_made(name))
        context.load_cert_chain(file)
    return context


def _made(name: str) -> bytes:
    """Return a key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:MAX_COMMON_NAME])])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)
