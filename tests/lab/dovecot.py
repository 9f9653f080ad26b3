"""A real Dovecot: checks passwords for Postfix, takes mail by LMTP into Maildirs, serves it by IMAP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from socket import create_connection

from .ca import KeyPair
from .maildir import Mailbox
from .names import MX_HOST, Account, Port
from .process import LOOPBACK, Server, Workspace, on_free_ports, program

MAIL_USER = "mail"  # exists on every Debian
MECHANISMS = "plain login cram-md5 scram-sha-256"
SCRAM_ITERATIONS = 4096  # RFC 7677 section 4: at least this many
CONNECT_SECONDS = 1.0


class Dovecot:
    """A running Dovecot. Every recipient exists: its Maildir is made by the first message."""

    def __init__(self, workspace: Workspace, accounts: Iterable[Account], keys: KeyPair) -> None:
        self._workspace = workspace
        self._program = program("dovecot")
        self._folder = workspace.folder("dovecot")
        self._keys = keys
        self.auth_socket = self._folder / "auth-client"
        self.lmtp_socket = self._folder / "lmtp"
        self._mail = self._folder / "mail"
        self._mail.mkdir()
        shutil.chown(self._mail, MAIL_USER, MAIL_USER)
        users = "".join(f"{one.username}:{stored_password(one)}\n" for one in accounts)
        (self._folder / "users").write_text(users, encoding="utf-8")
        self.ports, self._server = on_free_ports(2, self._start)

    def mailbox(self, recipient: str) -> Mailbox:
        """Return the Maildir of an address; `+detail` belongs to the address without it."""
        local, _, domain = recipient.lower().rpartition("@")
        return Mailbox(self._mail / f"{local.split('+')[0]}@{domain}" / "Maildir")

    def log_text(self) -> str:
        """What Dovecot has logged."""
        return self._server.log_text()

    def stop(self) -> None:
        self._server.stop()

    def _start(self, free: list[int]) -> tuple[dict[Port, int], Server]:
        ports = {Port.IMAP: free[0], Port.IMAPS: free[1]}
        config = self._folder / "dovecot.conf"
        config.write_text(_config(self._folder, ports, self._keys), encoding="utf-8")
        server = self._workspace.start("dovecot", [self._program, "-F", "-c", str(config)], folder=self._folder)
        server.wait_ready(lambda: _greets(ports[Port.IMAP]) and self.auth_socket.exists() and self.lmtp_socket.exists())
        return ports, server


def stored_password(account: Account) -> str:
    """Return the password in the form that Dovecot's passwd-file holds."""
    if account.scheme == "PLAIN":
        return "{PLAIN}" + account.password
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", account.password.encode(), salt, SCRAM_ITERATIONS)
    stored_key = hashlib.sha256(_hmac(salted, b"Client Key")).digest()  # RFC 5802 section 3
    fields = [
        str(SCRAM_ITERATIONS),
        *(base64.b64encode(part).decode() for part in (salt, stored_key, _hmac(salted, b"Server Key"))),
    ]
    return "{SCRAM-SHA-256}" + ",".join(fields)


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _greets(port: int) -> bool:
    try:
        with create_connection((LOOPBACK, port), timeout=CONNECT_SECONDS) as connection:
            return connection.recv(4) == b"* OK"
    except OSError:
        return False


def _config(folder: Path, ports: dict[Port, int], keys: KeyPair) -> str:
    return f"""\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
hostname = {MX_HOST}
listen = {LOOPBACK}
protocols = imap lmtp
first_valid_uid = 1
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  mailbox Kram {{
    # a folder for spam that only its special use tells (RFC 6154); it exists where a test makes it
    special_use = \\Junk
  }}
}}
recipient_delimiter = +
ssl = yes
ssl_cert = <{keys.cert_file}
ssl_key = <{keys.key_file}
auth_mechanisms = {MECHANISMS}
auth_failure_delay = 0
auth_username_chars =
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={MAIL_USER} gid={MAIL_USER} home={folder}/mail/%u allow_all_users=yes
}}
service auth {{
  unix_listener {folder}/auth-client {{
    mode = 0666
  }}
}}
service anvil {{
  # a wrong password shall not slow down the tests that come after it
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {ports[Port.IMAP]}
  }}
  inet_listener imaps {{
    port = {ports[Port.IMAPS]}
    ssl = yes
  }}
}}
"""
