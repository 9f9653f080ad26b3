"""TLS: which certificates are trusted, and what a handshake or a certificate shows. Facts only; whether they are good is for rules.

Certificates come from strangers: reading one never raises, whatever it holds, and costs no arithmetic with its key.
"""

from __future__ import annotations

import hashlib
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

from checks.gather.tls_strict import opinion_on
from checks.probes import CertificateFacts, TlsFacts

MAX_CHAIN = 10  # certificates behind the server's own; honest servers send one or two
MAX_LINKS = 3  # places where the issuer's certificate can be fetched; one is usual
MAX_NAMES = 2000  # hosting companies put hundreds into one; our name may be the last of them
MAX_TEXT = 1000  # characters of one name; a DNS name has at most 253
MAX_DER = 65536  # octets; a certificate has about 2000
T = TypeVar("T")
TIMED_OUT = "TIMEOUT"
HUNG_UP = "CONNECTION_CLOSED"


class Trust:
    """The two ways to shake hands: verified, for everything that is said, and unverified, to look at a certificate and hang up."""

    def __init__(self, ca_file: str | None = None) -> None:
        """`ca_file`: roots trusted beside the system's. Raises `ValueError` with a sentence if it cannot be read."""
        self._ca_file = ca_file
        if ca_file is not None:
            self._add_roots(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)

    @cached_property
    def verifying(self) -> ssl.SSLContext:
        """TLS 1.2 or later, the system's roots and ours, the name must fit."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = False  # RFC 9525 section 2: the common name is no name of the server any more
        # Python 3.13 began to refuse certificates for formal flaws; what is said of a server must not depend on our Python.
        context.verify_flags &= ~_STRICTER
        if self._ca_file is not None:
            self._add_roots(context, self._ca_file)
        return context

    @contextmanager
    def strict(self) -> Iterator[ssl.SSLContext]:
        """Lend `verifying` with the rules of newer programs, for a session begun and ended meanwhile: never across an await."""
        self.verifying.verify_flags |= _STRICTER
        try:
            yield self.verifying
        finally:
            self.verifying.verify_flags &= ~_STRICTER

    @cached_property
    def looking(self) -> ssl.SSLContext:
        """Accepts anything, TLS 1.0 and weak keys included, so that they can be named. Nothing may be said on such a connection."""
        return self.looking_up_to("")

    @staticmethod
    def looking_up_to(highest: str) -> ssl.SSLContext:
        """Return what `looking` is for a program that knows this version of TLS and older ones only; "" for all.

        Raises `ValueError` for a version that OpenSSL does not know.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:COMPLEMENTOFDEFAULT:@SECLEVEL=0")
        context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # named by the module from Python 3.12 on
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of TLS 1.0; finding it is the purpose
            context.minimum_version = ssl.TLSVersion.TLSv1
            if highest:
                context.maximum_version = _version(highest)
        return context

    @staticmethod
    def _add_roots(context: ssl.SSLContext, ca_file: str) -> None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one
            reason = error.strerror if not isinstance(error, ssl.SSLError) else "it holds no certificate in PEM form"
            raise ValueError(f"the file with extra trusted certificates cannot be used: {ca_file}: {reason}") from None


# What Python 3.13 and others add to the rules: no formal flaws, and any certificate of the trust store may end a chain.
_STRICTER = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN


def _version(name: str) -> ssl.TLSVersion:
    try:
        return ssl.TLSVersion[name.replace(".", "_")]
    except KeyError:
        raise ValueError(f"there is no version of TLS called {name}") from None


def facts_of(session: ssl.SSLObject, *, verified: bool) -> TlsFacts:
    """Say what a finished handshake showed."""
    cipher = session.cipher()
    der = session.getpeercert(binary_form=True)
    sent = _sent(session)
    return TlsFacts(
        verified=verified,
        version=session.version() or "",
        cipher=cipher[0] if cipher else "",
        certificate=certificate_facts(der) if der else None,
        chain=tuple(certificate_facts(one) for one in sent[1 : MAX_CHAIN + 1]),
        sent=len(sent),
    )


def with_strict_opinion(facts: TlsFacts, session: ssl.SSLObject, host: str, trust: Trust) -> TlsFacts:
    """Add whether a certificate that was verified holds by the strict rules, too."""
    sent = _sent(session)
    if not facts.verified or facts.certificate is None or len(sent) > MAX_CHAIN + 1:
        return facts
    with trust.strict() as context:
        found = opinion_on(sent, facts.certificate.key_type, host, context)
    if found is None:
        return facts
    return replace(facts, strict=found.holds, strict_code=found.code, strict_reason=found.reason)


def _sent(session: ssl.SSLObject) -> list[bytes]:
    """Return the certificates that the server sent, its own first, as DER."""
    public = getattr(session, "get_unverified_chain", None)  # from Python 3.13 on
    if public is not None:
        return [bytes(one) for one in public() or ()]
    inner = getattr(getattr(session, "_sslobj", None), "get_unverified_chain", None)  # where 3.11 and 3.12 keep it
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in (inner() if inner else None) or ()]


def facts_of_failure(error: ssl.SSLError) -> TlsFacts:
    """Say why a handshake failed: by OpenSSL's codes, never by its words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFacts(verified=False, verify_code=error.verify_code, verify_reason=error.verify_message)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return TlsFacts(verified=False, error=HUNG_UP)
    return TlsFacts(verified=False, error=error.reason or "SSL_ERROR")


def certificate_facts(der: bytes) -> CertificateFacts:
    """Read a certificate. Never raises; what cannot be read is empty, a key that cannot be read is `unknown` with 0 bits."""
    digest = hashlib.sha256(der).hexdigest()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of formal flaws that certificates in use have
        certificate = _tried(lambda: x509.load_der_x509_certificate(der), None) if len(der) <= MAX_DER else None
        if certificate is None:
            return CertificateFacts(
                subject="",
                issuer="",
                names=(),
                not_before="",
                not_after="",
                key_type="unknown",
                key_bits=0,
                signature="",
                self_issued=False,
                sha256=digest,
                sha512=hashlib.sha512(der).hexdigest(),
            )
        cert = certificate
        key_type, key_bits = _tried(lambda: _key(cert), ("unknown", 0))
        key = _tried(lambda: cert.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), b"")
        return CertificateFacts(
            subject=_tried(lambda: cert.subject.rfc4514_string()[:MAX_TEXT], ""),
            issuer=_tried(lambda: cert.issuer.rfc4514_string()[:MAX_TEXT], ""),
            names=_tried(lambda: _names(cert), ()),
            not_before=_tried(lambda: cert.not_valid_before_utc.isoformat(timespec="seconds"), ""),
            not_after=_tried(lambda: cert.not_valid_after_utc.isoformat(timespec="seconds"), ""),
            key_type=key_type,
            key_bits=key_bits,
            signature=_tried(lambda: _signature(cert), ""),
            self_issued=_tried(lambda: cert.subject == cert.issuer, default=False),
            sha256=digest,
            ca_issuers=_tried(lambda: _ca_issuers(cert), ()),
            sha512=hashlib.sha512(der).hexdigest(),
            key_sha256=hashlib.sha256(key).hexdigest() if key else "",
            key_sha512=hashlib.sha512(key).hexdigest() if key else "",
        )


def _tried(read: Callable[[], T], default: T) -> T:
    try:
        return read()
    except Exception:  # noqa: BLE001 - a stranger's certificate may break any part of the parser
        return default
    except BaseException as panic:
        if type(panic).__name__ == "PanicException":  # how a fault in the library's Rust part arrives; it is no Exception
            return default
        raise


def _names(cert: x509.Certificate) -> tuple[str, ...]:
    found = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = [str(name.value)[:MAX_TEXT] for name in found if isinstance(name, x509.DNSName | x509.IPAddress)]
    return tuple(names[:MAX_NAMES])


def _ca_issuers(cert: x509.Certificate) -> tuple[str, ...]:
    try:
        found = cert.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ()
    places = [one.access_location for one in found if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS]
    links = [place.value[:MAX_TEXT] for place in places if isinstance(place, x509.UniformResourceIdentifier)]
    return tuple(links[:MAX_LINKS])


def _key(cert: x509.Certificate) -> tuple[str, int]:
    key = cert.public_key()
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 256
        case ed448.Ed448PublicKey():
            return "Ed448", 456
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
    return type(key).__name__.removesuffix("PublicKey").lstrip("_"), 0


def _signature(cert: x509.Certificate) -> str:
    algorithm = cert.signature_hash_algorithm
    return algorithm.name if algorithm else ""
