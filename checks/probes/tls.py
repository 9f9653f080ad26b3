"""What a TLS handshake showed, whatever protocol was to be spoken inside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """The server's own (leaf) certificate, as data. Times are ISO 8601, UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """subjectAltName, DNS and IP (RFC 6125 section 6.4: the common name no longer counts)."""
    not_before: str
    not_after: str
    key_type: str
    """RSA, EC, Ed25519 ..."""
    key_bits: int
    signature: str
    """Hash of the signature, like sha256."""
    self_issued: bool
    sha256: str
    """Fingerprint of the DER form, hex."""


@dataclass(frozen=True, kw_only=True)
class TlsFacts:
    """What a handshake showed. If it was not verified, nothing but the certificate was taken from it."""

    verified: bool
    version: str = ""
    """Like TLSv1.3; of the verified handshake, else of the one that fetched the certificate."""
    cipher: str = ""
    verify_code: int = 0
    """OpenSSL's X509_V_ERR code when verification failed: 9 not yet valid, 10 expired, 18 self-signed, 19/20/21 unknown issuer, 62 wrong name."""
    verify_reason: str = ""
    """OpenSSL's words for the code."""
    error: str = ""
    """Why no handshake came about at all (like WRONG_VERSION_NUMBER, UNSUPPORTED_PROTOCOL); empty if one did."""
    certificate: CertificateFacts | None = None
