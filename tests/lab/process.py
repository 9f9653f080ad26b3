"""Starts and stops servers as child processes in a temporary folder. Knows nothing of DNS or mail."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket
from typing import TypeVar

from .leash import FOLDER_PREFIX

LOOPBACK = "127.0.0.1"
PORT_RANGE = range(10_240, 32_768)  # below Linux' ephemeral ports, so that no outgoing connection takes one meanwhile
PORT_TRIES = 500
START_ATTEMPTS = 4  # with other free ports each time
START_SECONDS = 15.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.01
LOG_TAIL = 3_000  # characters of a server's log in an error
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Started = TypeVar("Started")


class LabError(RuntimeError):
    """The lab cannot do what a test asked for; the sentence says what to change."""


class ServerDied(LabError):  # noqa: N818 - states what happened
    """A server ended while it was being started, perhaps because its port was taken."""


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until `ready()` is true; raise LabError at the deadline."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds:g} seconds")
        time.sleep(POLL_SECONDS)


def require_root() -> None:
    """The servers drop privileges to their own users, which only root can do."""
    if os.geteuid() != 0:
        raise LabError("the lab starts real mail and name servers and needs root; run the tests as root")


def program(name: str) -> str:
    """Return the path of an installed program."""
    found = shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise LabError(f"{name} is not installed; run scripts/install-debian-packages")
    return found


def free_ports(count: int) -> list[int]:
    """Return ports that are free for TCP and UDP on loopback right now."""
    chance = SystemRandom()
    held: dict[int, tuple[socket, socket]] = {}
    try:
        for _ in range(PORT_TRIES):
            if len(held) == count:
                return list(held)
            port = chance.choice(PORT_RANGE)
            pair = _bind_both(port)
            if pair is not None:
                held[port] = pair
    finally:
        for pair in held.values():
            for one in pair:
                one.close()
    raise LabError(f"found no {count} free ports on {LOOPBACK}")


def _bind_both(port: int) -> tuple[socket, socket] | None:
    tcp, udp = socket(AF_INET, SOCK_STREAM), socket(AF_INET, SOCK_DGRAM)
    try:
        tcp.bind((LOOPBACK, port))
        udp.bind((LOOPBACK, port))
    except OSError:
        tcp.close()
        udp.close()
        return None
    return tcp, udp


def on_free_ports(count: int, start: Callable[[list[int]], Started]) -> Started:
    """Call `start` with free ports; again with others if the server died, as it does when a port was taken meanwhile."""
    for _ in range(START_ATTEMPTS - 1):
        with suppress(ServerDied):
            return start(free_ports(count))
    return start(free_ports(count))


class Server:
    """One running server and the process group that it leads."""

    def __init__(self, name: str, command: Sequence[str], *, folder: Path, leash: Leash) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._leash = leash
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={"PATH": SYSTEM_PATH, "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
            )
        leash.hold(self.pid)

    @property
    def pid(self) -> int:
        return self._child.pid

    def alive(self) -> bool:
        """Whether it still runs. Does not reap it: until then nobody else can get its process group id."""
        if self._child.returncode is not None:
            return False
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def wait_ready(self, ready: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
        """Wait until it answers; stop it and raise if it does not."""
        try:
            wait_until(lambda: not self.alive() or ready(), seconds=seconds, what=f"{self.name} answers")
        except LabError as problem:
            self.stop()
            raise LabError(f"{problem}\n{self.log_tail()}") from None
        if not self.alive():
            self.stop()
            raise ServerDied(f"{self.name} ended while it was being started\n{self.log_tail()}")

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def log_tail(self) -> str:
        return self.log_text()[-LOG_TAIL:]

    def stop(self) -> None:
        """End it and every process of its group; a second call does nothing."""
        if self._child.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with suppress(LabError):
            wait_until(lambda: not self.alive(), seconds=STOP_SECONDS, what=f"{self.name} stops")
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait(timeout=STOP_SECONDS)
        self._leash.release(self.pid)


class Leash:
    """The helper process that ends the servers if this process is killed; see leash.py."""

    def __init__(self, folder: Path) -> None:
        script = Path(__file__).with_name("leash.py")
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", script, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def hold(self, pid: int) -> None:
        self._say(f"hold {pid}")

    def release(self, pid: int) -> None:
        self._say(f"release {pid}")

    def _say(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(f"{line}\n")
        self._child.stdin.flush()

    def close(self) -> None:
        self._child.communicate(timeout=STOP_SECONDS)


class Workspace:
    """A temporary folder and the servers that run in it; closing it ends them all and removes the folder."""

    def __init__(self) -> None:
        # Short, because a path of a Unix socket has at most 107 bytes.
        self.root = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir="/tmp"))
        self.root.chmod(0o755)  # servers that dropped privileges must get through
        self._leash = Leash(self.root)
        self._servers: list[Server] = []
        self._folders = 0

    def folder(self, name: str) -> Path:
        """Make a new folder that belongs to one server."""
        self._folders += 1
        made = self.root / f"{name}{self._folders}"
        made.mkdir(mode=0o755)
        return made

    def start(self, name: str, command: Sequence[str], *, folder: Path) -> Server:
        server = Server(name, command, folder=folder, leash=self._leash)
        self._servers.append(server)
        return server

    def close(self) -> None:
        for server in reversed(self._servers):
            server.stop()
        shutil.rmtree(self.root, ignore_errors=True)
        self._leash.close()
