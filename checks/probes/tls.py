"""What a TLS handshake showed, whatever protocol was to be spoken inside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """One certificate as data. Times are ISO 8601, UTC."""

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
    ca_issuers: tuple[str, ...] = ()
    """Where the certificate says that its issuer's certificate can be fetched (RFC 5280 section 4.2.2.1)."""
    sha512: str = ""
    """As `sha256`; this and the next two are what TLSA records pin (RFC 6698 section 2.1)."""
    key_sha256: str = ""
    """Fingerprint of the public key (SubjectPublicKeyInfo), hex."""
    key_sha512: str = ""


@dataclass(frozen=True, kw_only=True)
class TlsFacts:
    """What a handshake showed. If it was not verified, nothing but the certificates was taken from it."""

    verified: bool
    """By the rules that every program in use applies."""
    version: str = ""
    """Like TLSv1.3; of the verified handshake, else of the one that fetched the certificate."""
    cipher: str = ""
    group: str = ""
    """Key exchange like x25519, where the server names it in clear (TLS 1.3); else empty."""
    verify_code: int = 0
    """OpenSSL's X509_V_ERR code when verification failed: 9 not yet valid, 10 expired, 18 self-signed, 19/20/21 unknown issuer, 62 wrong name."""
    verify_reason: str = ""
    """OpenSSL's words for the code."""
    error: str = ""
    """Why no handshake came about at all (like WRONG_VERSION_NUMBER, UNSUPPORTED_PROTOCOL); empty if one did."""
    certificate: CertificateFacts | None = None
    """The server's own (leaf)."""
    chain: tuple[CertificateFacts, ...] = ()
    """What the server sent behind its own certificate, in that order, at most ten."""
    sent: int = 0
    """How many certificates the server sent in all; 0 if that was not seen."""
    strict: bool | None = None
    """Whether the certificate also holds by the strict rules that newer programs apply; None if that was not tried."""
    strict_code: int = 0
    """OpenSSL's code when it does not."""
    strict_reason: str = ""
    """OpenSSL's words for that code."""
