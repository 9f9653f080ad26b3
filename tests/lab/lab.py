"""The whole lab as one object: a healthy domain in DNS, its mail server, its mailboxes, and easy ways to spoil each."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .ca import Authority
from .dovecot import Dovecot
from .listeners import all_listeners
from .maildir import Mailbox
from .names import (
    ACCOUNTS,
    CLUB,
    DKIM_SELECTOR,
    FRIENDS,
    IMAP_HOST,
    MX_HOST,
    NOREPLY,
    SERVER_ADDRESS,
    SERVER_NAMES,
    SMTP_HOST,
    Account,
)
from .nsd import Nsd
from .postfix import Postfix
from .process import LabError, Workspace, require_root
from .unbound import Unbound
from .zones import normal, reverse_zones

DKIM_BITS = 2048


@dataclass(frozen=True, kw_only=True)
class DkimKey:
    """The key that signs for the healthy domain."""

    domain: str
    selector: str
    private_pem: bytes
    """What dkimpy takes as `privkey`."""
    record: str
    """The TXT record at selector._domainkey.domain."""


class Lab:
    """Everything that runs. Start it with `with Lab() as lab`; in tests use the fixture `lab`."""

    def __init__(self) -> None:
        require_root()
        self.workspace = Workspace()
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        certificates = self.workspace.folder("ca")
        root = Authority(certificates, "Lab Root CA")
        self.root = root
        self.ca_file: Path = root.cert_file
        self.accounts: tuple[Account, ...] = ACCOUNTS
        self.account: Account = NOREPLY
        self.dkim = new_dkim_key()
        self.healthy: Mapping[str, str] = healthy_zones(self.dkim)
        self.nsd = Nsd(self.workspace, self.healthy)
        self.dovecot = Dovecot(self.workspace, ACCOUNTS, root.issue("imap", *SERVER_NAMES))
        self.postfix = Postfix(
            self.workspace,
            all_listeners(root, Authority(certificates, "Another Root CA")),
            accounts=ACCOUNTS,
            auth_socket=self.dovecot.auth_socket,
            lmtp_socket=self.dovecot.lmtp_socket,
        )
        self.ports: Mapping[str, int] = {
            str(name): port for name, port in [*self.postfix.ports.items(), *self.dovecot.ports.items()]
        }

    @property
    def nameserver(self) -> str:
        """The address of the name server with the healthy zones, as `--nameserver` takes it."""
        return self.nsd.address

    def mailbox(self, recipient: str) -> Mailbox:
        """Return where the mail of a recipient arrives."""
        return self.dovecot.mailbox(recipient)

    @contextmanager
    def zones(self, overrides: Mapping[str, str | None], *, root_zone: bool = True) -> Iterator[Nsd]:
        """Serve the healthy zones with some replaced, added, or (None) removed, on a name server of its own."""
        nsd = Nsd(self.workspace, merged(self.healthy, overrides), root_zone=root_zone)
        try:
            yield nsd
        finally:
            nsd.stop()

    @contextmanager
    def resolver(self, upstream: Nsd | None = None, *, extra: str = "") -> Iterator[Unbound]:
        """Run a caching resolver in front of a name server; `extra` goes into the server section of its configuration."""
        unbound = Unbound(self.workspace, upstream or self.nsd, extra=extra)
        try:
            yield unbound
        finally:
            unbound.stop()

    def close(self) -> None:
        self.workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def merged(zones: Mapping[str, str], overrides: Mapping[str, str | None]) -> dict[str, str]:
    """Return the zones with the overrides applied; a zone that is overridden with None must exist."""
    result = {normal(name).rstrip(".") or ".": text for name, text in zones.items()}
    for name, text in overrides.items():
        key = normal(name).rstrip(".") or "."
        if text is not None:
            result[key] = text
        elif result.pop(key, None) is None:
            raise LabError(f"there is no zone {key} to remove")
    return result


def new_dkim_key(domain: str = CLUB, selector: str = DKIM_SELECTOR, bits: int = DKIM_BITS) -> DkimKey:
    """Make an RSA key and the record that publishes it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"
    return DkimKey(domain=domain, selector=selector, private_pem=private, record=record)


def healthy_zones(dkim: DkimKey) -> dict[str, str]:
    """Return zones in which nothing is wrong. One record is one line, so that `zones.edited` can change it."""
    club = f"""\
@ MX 10 {MX_HOST}.
@ A {SERVER_ADDRESS}
@ TXT "v=spf1 mx -all"
mx A {SERVER_ADDRESS}
mx TXT "v=spf1 a -all"
{SMTP_HOST}. A {SERVER_ADDRESS}
{IMAP_HOST}. A {SERVER_ADDRESS}
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{CLUB}"
{dkim.selector}._domainkey TXT "{dkim.record}"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@{CLUB}"
_submission._tcp SRV 0 1 587 {SMTP_HOST}.
_submissions._tcp SRV 0 1 465 {SMTP_HOST}.
_imap._tcp SRV 10 1 143 {IMAP_HOST}.
_imaps._tcp SRV 0 1 993 {IMAP_HOST}.
"""
    friends = f"""\
@ MX 10 {MX_HOST}.
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject"
"""
    return {CLUB: club, FRIENDS: friends, **reverse_zones({SERVER_ADDRESS: MX_HOST})}
