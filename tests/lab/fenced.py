"""Runs the real program in a network of its own, in which addresses for examples belong to this machine and nothing leads out of it.

Run by `unshare --user --map-root-user --net`: there, 192.0.2.0/24 and 198.51.100.0/24 are this machine, everything else has no route.
Prints the report. Usage: fenced.py SITUATION FOLDER
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from checks.gather.connect import ConnectGatherer
from checks.gather.smtp import Timeouts
from tests.fakes.dns_server import DnsServer
from wizard.cli import main

HERE, AWAY, CONTROLS = "192.0.2.10", "203.0.113.10", ("198.51.100.1", "198.51.100.2")
ZONE = f"""
deaf A {HERE}
away A {AWAY}
six AAAA 2001:db8::10
both A {HERE}
both AAAA 2001:db8::10
smtp.gmail.com. A {CONTROLS[0]}
smtp.gmail.com. AAAA 2001:db8::1
smtp.office365.com. A {CONTROLS[1]}
smtp.office365.com. AAAA 2001:db8::2
support.google.com. AAAA 2001:db8::1
learn.microsoft.com. AAAA 2001:db8::2
"""
SETTINGS = """
schema_version = 1
[[servers]]
name = "Main"
default = true
host = "{host}.club.example"
port = 587
security = "none"
auth = "none"
sender = {{ email = "office@club.example" }}
"""
PATIENCE = 0.4  # seconds, in place of the program's own
HURRIED = Timeouts(connect=PATIENCE, greeting=PATIENCE, handshake=PATIENCE)


@contextlib.contextmanager
def listening(address: str, *, deaf: bool) -> Iterator[None]:
    """Listen on port 587; deaf: drop what comes, as firewalls do, because the queue is full and nobody empties it."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((address, 587))
        server.listen(0 if deaf else 10)
        for _ in range(3 if deaf else 0):
            knocking = stack.enter_context(socket.socket())
            knocking.setblocking(False)  # noqa: FBT003 - so is its signature
            knocking.connect_ex((address, 587))
        yield


def situation(name: str, stack: contextlib.ExitStack) -> str:
    """Set up who listens; return the server's first label."""
    host, _, controls = name.partition(", ")
    if host in ("deaf", "both"):
        stack.enter_context(listening(HERE, deaf=host == "deaf"))
    if controls == "controls listen":
        stack.enter_context(listening(CONTROLS[0], deaf=False))
    if controls == "controls deaf":
        for address in CONTROLS:
            stack.enter_context(listening(address, deaf=True))
    return host


def run(name: str, folder: Path) -> int:
    """Put up the fence, and check."""
    for command in ("link set lo up", "route add local 192.0.2.0/24 dev lo", "route add local 198.51.100.0/24 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    with contextlib.ExitStack() as stack:
        host = situation(name, stack)
        names = stack.enter_context(DnsServer(ZONE))
        stack.enter_context(patch("checks.gather.smtp.Timeouts", return_value=HURRIED))
        stack.enter_context(patch("checks.gather.connect.ConnectGatherer", hasty))
        (folder / "settings.toml").write_text(SETTINGS.format(host=host), "utf-8")
        try:
            main([
                "check", str(folder / "settings.toml"), "--nameserver", names.address, "--allow-private", "--only", "port.open,vantage",
                "--timeout", "20", "--format", "json",
            ])  # fmt: skip
        except SystemExit as end:
            return int(end.code or 0)


def hasty(**usual: object) -> ConnectGatherer:
    """Return the gatherer with less patience."""
    return ConnectGatherer(**{**usual, "patience": PATIENCE})  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], Path(sys.argv[2])))
