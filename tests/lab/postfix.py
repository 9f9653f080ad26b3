"""A real Postfix with its own configuration and queue. Takes mail for the lab's domains, hands it to LMTP, relays nothing.

It has no SMTP client at all, and it asks no name server: neither for clients' names nor for destinations.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from .listeners import Listener
from .names import FULL_USER, GREYLISTED_USER, MAIL_DOMAINS, MESSAGE_SIZE_LIMIT, MX_HOST, UNKNOWN_USER, Account
from .process import LOOPBACK, LabError, Server, Workspace, on_free_ports, program

OWNER = "postfix"
SETGID_GROUP = "postdrop"
STARTED = "daemon started"
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
COMMAND_SECONDS = 10.0
AGE_SECONDS = 60.0

SERVICES = """\
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
lmtp      unix  - - n -     - lmtp
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running Postfix; `ports` maps each listener's name to its port."""

    def __init__(
        self,
        workspace: Workspace,
        listeners: Sequence[Listener],
        *,
        accounts: Iterable[Account],
        auth_socket: Path,
        lmtp_socket: Path,
    ) -> None:
        self._workspace = workspace
        self._listeners = listeners
        self._folder = workspace.folder("postfix")
        self._master = _daemon_directory() / "master"
        _make_folders(self._folder)
        main = _main_cf(self._folder, accounts, auth_socket=auth_socket, lmtp_socket=lmtp_socket)
        _write_aged(self._folder / "main.cf", main)
        self.ports, self._server = on_free_ports(len(listeners), self._start)

    def log_text(self) -> str:
        """What Postfix has logged."""
        return self._server.log_text()

    def stop(self) -> None:
        self._server.stop()

    def _start(self, free: list[int]) -> tuple[dict[str, int], Server]:
        ports = {listener.name: port for listener, port in zip(self._listeners, free, strict=True)}
        services = [_service(listener, ports[listener.name]) for listener in self._listeners]
        _write_aged(self._folder / "master.cf", "\n".join([*services, SERVICES]))
        server = self._workspace.start("postfix", [str(self._master), "-c", str(self._folder), "-s"], folder=self._folder)
        server.wait_ready(lambda: STARTED in server.log_text())
        return ports, server


def _daemon_directory() -> Path:
    command = [program("postconf"), "-d", "-h", "daemon_directory"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
    if answer.returncode != 0:
        raise LabError(f"postconf does not say where Postfix's programs are: {answer.stderr}")
    return Path(answer.stdout.strip())


def _make_folders(folder: Path) -> None:
    """Make the queue with the owners that Postfix asks for, as `postfix check` would, only faster."""
    queue = folder / "queue"
    for path, mode in [(queue, 0o755), (queue / "pid", 0o755), *((queue / name, 0o700) for name in QUEUES)]:
        path.mkdir(mode=mode)
    for path in [folder / "data", *(queue / name for name in QUEUES)]:
        path.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(path, OWNER)
    for name, mode in (("public", 0o710), ("maildrop", 0o730)):
        (queue / name).mkdir()
        shutil.chown(queue / name, OWNER, SETGID_GROUP)
        (queue / name).chmod(mode)


def _write_aged(path: Path, text: str) -> None:
    """Write a file that looks old: Postfix waits for seconds before it trusts a main.cf that was only just written."""
    path.write_text(text, encoding="utf-8")
    past = time.time() - AGE_SECONDS
    os.utime(path, (past, past))


def _service(listener: Listener, port: int) -> str:
    keys = {"smtpd_tls_chain_files": f"{listener.keys.key_file},{listener.keys.cert_file}"}
    options = {**keys, **listener.options, "syslog_name": f"lab/{listener.name}"}
    lines = [f"  -o {{ {name} = {value} }}" for name, value in options.items()]
    return "\n".join([f"{LOOPBACK}:{port} inet n - n - - smtpd", *lines])


def _main_cf(folder: Path, accounts: Iterable[Account], *, auth_socket: Path, lmtp_socket: Path) -> str:
    owners = ", ".join(f"{{ {address} = {account.username} }}" for account in accounts for address in account.owns)
    refused = ", ".join(
        [
            f"{{ {UNKNOWN_USER}@ = 550 5.1.1 No such user here }}",
            f"{{ {FULL_USER}@ = 452 4.2.2 The mailbox is full }}",
            f"{{ {GREYLISTED_USER}@ = 451 4.7.1 Greylisted, try again later }}",
        ]
    )
    nowhere = "error:5.4.4 this server sends no mail elsewhere"
    return f"""\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = {OWNER}
setgid_group = {SETGID_GROUP}
maillog_file = /dev/stdout
myhostname = {MX_HOST}
inet_interfaces = {LOOPBACK}
inet_protocols = ipv4
mydestination =
mynetworks =
alias_maps =
alias_database =
notify_classes =
biff = no

# neither asks a name server nor connects to another machine
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
default_transport = {nowhere}
relay_transport = {nowhere}
local_transport = {nowhere}

virtual_mailbox_domains = {", ".join(MAIL_DOMAINS)}
virtual_mailbox_maps = static:delivered
virtual_transport = lmtp:unix:{lmtp_socket}
recipient_delimiter = +
message_size_limit = {MESSAGE_SIZE_LIMIT}

smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{ {refused} }}
smtpd_sender_login_maps = inline:{{ {owners} }}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_sasl_auth_enable = no
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
smtpd_sasl_authenticated_header = no
smtpd_tls_session_cache_database =

# a letter arrives as it was sent: no header is added or completed
local_header_rewrite_clients =

# tests connect often and fail on purpose
smtpd_error_sleep_time = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
smtpd_client_connection_count_limit = 0
"""
