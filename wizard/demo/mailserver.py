"""A mail server on loopback for the demo: STARTTLS with a certificate of its own authority, AUTH, one account."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass
class Mailbox(MessageHandler):
    """Keeps what is delivered."""

    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)


class MailServer:
    """One port on 127.0.0.1, one account."""

    def __init__(self, directory: Path, names: list[str], *, username: str, password: str, days: int) -> None:
        self.mailbox = Mailbox()
        self.ca_file = directory / "demo-ca.pem"
        certificate = directory / "demo-server.pem"
        _issue(self.ca_file, certificate, names, days)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

        def authenticate(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
            good = isinstance(given, LoginPassword) and (given.login, given.password) == (username.encode(), password.encode())
            return AuthResult(success=good, handled=False)

        self.port = _free_port()
        """The port that plays 587."""
        self._controller = Controller(
            self.mailbox, hostname="127.0.0.1", port=self.port, ident="demo mail server", server_hostname=names[0],
            tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._controller.stop()


def _free_port() -> int:
    """Find a free port; the controller cannot work with one that the system chooses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _issue(ca_file: Path, server_file: Path, names: list[str], days: int) -> None:
    """Make an authority and a certificate for `names` that is good for `days` more days."""
    now = dt.datetime.now(dt.UTC)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sendready demo authority")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=90 - days))  # a usual certificate: 90 days in all
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server_file.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    server_file.chmod(0o600)
