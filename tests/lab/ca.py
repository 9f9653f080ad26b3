"""Makes certificate authorities and server certificates, sound and faulty. Writes PEM files; opens no socket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, kw_only=True)
class Validity:
    """From when to when a certificate is valid."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A certificate with its private key, as PEM files."""

    cert_file: Path
    """The certificate, followed by the intermediate if there is one."""
    key_file: Path
    certificate: x509.Certificate
    key: PrivateKey


def valid(*, start_days: float = -1, end_days: float = 90) -> Validity:
    """Return a validity relative to now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Validity(start=now + timedelta(days=start_days), end=now + timedelta(days=end_days))


EXPIRED_DAYS = (-60, -2)
NOT_YET_DAYS = (2, 60)


def new_key(rsa_bits: int | None = None) -> PrivateKey:
    """Return an RSA key of that size, or a P-256 key, which takes no time to make."""
    if rsa_bits is None:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)


class Authority:
    """A root (or, made by `intermediate`, another link of the chain) that issues certificates into a folder."""

    def __init__(self, folder: Path, name: str, *, issuer: Authority | None = None) -> None:
        self.folder = folder
        self._issuer = issuer
        self.name = name
        key = new_key()
        signer = issuer or self
        self._key = key
        builder = _builder(
            _name(name), key, valid(start_days=-100, end_days=3650), issuer=_name(signer.name), issuer_key=signer._key
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(ca=True), critical=True)
        self.certificate = builder.sign(signer._key, hashes.SHA256())
        self.cert_file = folder / f"{_slug(name)}.pem"
        self.cert_file.write_bytes(_pem(self.certificate))

    def intermediate(self, name: str) -> Authority:
        """Return an authority that this one signed."""
        return Authority(self.folder, name, issuer=self)

    def issue(
        self,
        label: str,
        *names: str,
        validity: Validity | None = None,
        rsa_bits: int | None = None,
        send_chain: bool = True,
        fetch_at: str = "",
        marked: bool = True,
    ) -> KeyPair:
        """Issue a server certificate for host names or addresses.

        Without `send_chain` the intermediate is left out; `fetch_at`: where the certificate says that it lies. Without `marked` the
        certificate does not say which keys it is for and from, as strict programs want it.
        """
        key = new_key(rsa_bits)
        builder = _leaf(names, key, validity or valid(), issuer=_name(self.name), issuer_key=self._key if marked else None)
        if fetch_at:
            builder = builder.add_extension(_issuer_place(fetch_at), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return _write(self.folder, label, certificate, key, chain=self._chain() if send_chain else [])

    def _chain(self) -> list[x509.Certificate]:
        """Return what a server sends besides its own certificate: all but the root."""
        return [] if self._issuer is None else [self.certificate, *self._issuer._chain()]


def self_signed(folder: Path, label: str, *names: str, validity: Validity | None = None, rsa_bits: int | None = None) -> KeyPair:
    """Make a server certificate that nobody but its own key has signed."""
    key = new_key(rsa_bits)
    builder = _leaf(names, key, validity or valid(), issuer=_name(names[0]), issuer_key=key)
    return _write(folder, label, builder.sign(key, hashes.SHA256()), key, chain=[])


def _leaf(
    names: tuple[str, ...], key: PrivateKey, validity: Validity, *, issuer: x509.Name, issuer_key: PrivateKey | None
) -> x509.CertificateBuilder:
    builder = _builder(_name(names[0]), key, validity, issuer=issuer, issuer_key=issuer_key)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(ca=False), critical=True)
    return builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)


def _builder(
    subject: x509.Name, key: PrivateKey, validity: Validity, *, issuer: x509.Name, issuer_key: PrivateKey | None
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
    )
    if issuer_key is None:
        return builder
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)


def _issuer_place(url: str) -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)])


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(folder: Path, label: str, certificate: x509.Certificate, key: PrivateKey, *, chain: list[x509.Certificate]) -> KeyPair:
    cert_file, key_file = folder / f"{label}.pem", folder / f"{label}.key"
    cert_file.write_bytes(b"".join(_pem(one) for one in [certificate, *chain]))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return KeyPair(cert_file=cert_file, key_file=key_file, certificate=certificate, key=key)
