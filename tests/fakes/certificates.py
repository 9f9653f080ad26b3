"""Makes an authority and server certificates, sound and faulty, in memory and as PEM files. Opens no socket."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A server certificate and its key."""

    certificate: x509.Certificate
    pem: Path
    """Certificate and key in one file."""

    @property
    def der(self) -> bytes:
        """The certificate as it goes over the wire."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def context(self, *, old: bool = False) -> ssl.SSLContext:
        """Return a server's TLS set-up; `old`: it knows TLS 1.0 only."""
        return self.speaking(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1) if old else self._context()

    def speaking(self, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> ssl.SSLContext:
        """Return a server's TLS set-up that knows these versions and those between them."""
        context = self._context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of old TLS; to have it is the purpose
            context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
            context.minimum_version, context.maximum_version = lowest, highest
        return context

    def with_name(self, name: str) -> ssl.SSLContext:
        """Return a server's TLS set-up that hangs up with an alert unless this name is asked for (RFC 6066 section 3)."""
        context = self._context()
        unknown = ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        context.sni_callback = lambda _session, asked, _context: None if asked == name else unknown
        return context

    def unless_named(self, name: str, named: Leaf) -> ssl.SSLContext:
        """Return a server's TLS set-up that shows this certificate, and another one to who asks for its name."""
        context, other = self._context(), named._context()

        def choose(session: ssl.SSLObject, asked: str | None, _context: ssl.SSLContext) -> None:
            if asked == name:
                session.context = other

        context.sni_callback = choose
        return context

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")  # or a small key could not be served
        context.load_cert_chain(self.pem)
        return context


class Authority:
    """Signs certificates. `roots` is its own certificate as a file."""

    def __init__(self, folder: Path, name: str = "Test Root", *, signer: Authority | None = None) -> None:
        self._folder = folder
        self._name = common_name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._signer = signer
        above = signer or self
        builder = _builder(self._name, above._name, self._key.public_key(), -100, 1000)
        builder = with_key_marks(builder, self._key.public_key(), above._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = builder.add_extension(usage, critical=True).sign(above._key, hashes.SHA256())
        self.roots = folder / f"{name}.pem"
        self.roots.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def intermediate(self, name: str) -> Authority:
        """Return an authority that this one has signed."""
        return Authority(self._folder, name, signer=self)

    def issue_formal(self, label: str, *names: str, fetch_at: str = "", along: tuple[Authority, ...] = ()) -> Leaf:
        """Sign a certificate that is right in every formal respect, as great authorities make them.

        `fetch_at`: where it says that its issuer's certificate can be fetched. `along`: whose certificates the server sends with it.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(common_name(names[0]), self._name, key.public_key(), -1, 90)
        builder = with_key_marks(builder, key.public_key(), self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(alternative_names(*names), critical=False)
        if fetch_at:
            place = x509.UniformResourceIdentifier(fetch_at)
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        leaf = _leaf(self._folder / f"{label}.pem", builder.sign(self._key, hashes.SHA256()), key)
        with leaf.pem.open("ab") as file:
            for authority in along:
                file.write(authority.certificate.public_bytes(serialization.Encoding.PEM))
        return leaf

    def issue(
        self, label: str, *names: str, days: tuple[float, float] = (-1, 90), rsa_bits: int = 0, alternative: bool = True
    ) -> Leaf:
        """Sign a certificate for host names and addresses, valid between two days counted from now.

        `alternative`: False leaves out the extension that names belong into; the first is the common name then.
        """
        key = new_key(rsa_bits)
        certificate = self.sign(names, key.public_key(), days=days, alternative=alternative)
        return _leaf(self._folder / f"{label}.pem", certificate, key)

    def sign(
        self,
        names: tuple[str, ...],
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        *,
        days: tuple[float, float] = (-1, 90),
        alternative: bool = True,
    ) -> x509.Certificate:
        """Sign a certificate for a public key; its private half need not exist."""
        builder = _builder(common_name(names[0][:60]), self._name, key, *days)
        if alternative:
            builder = builder.add_extension(alternative_names(*names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def self_signed(folder: Path, label: str, *names: str) -> Leaf:
    """Make a certificate that only its own key has signed."""
    key = new_key(0)
    name = common_name(names[0])
    builder = _builder(name, name, key.public_key(), -1, 90)
    return _leaf(
        folder / f"{label}.pem", builder.add_extension(alternative_names(*names), critical=False).sign(key, hashes.SHA256()), key
    )


def with_key_marks(
    builder: x509.CertificateBuilder, own: ec.EllipticCurvePublicKey, issuer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Add which key it is for and by which one it is signed, as strict programs want it (RFC 5280 sections 4.2.1.1 and 4.2.1.2)."""
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)


def new_key(rsa_bits: int) -> PrivateKey:
    """Make an RSA key of that size; 0: a P-256 key, which takes no time."""
    if rsa_bits:
        return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def common_name(text: str) -> x509.Name:
    """Return a name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def alternative_names(*names: str) -> x509.SubjectAlternativeName:
    """Return host names and addresses as the extension that carries them."""
    return x509.SubjectAlternativeName([_general(name) for name in names])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, first_day: float, last_day: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now + first_day * DAY)
        .not_valid_after(now + last_day * DAY)
    )


def _leaf(path: Path, certificate: x509.Certificate, key: PrivateKey) -> Leaf:
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + encoded)
    return Leaf(certificate=certificate, pem=path)
