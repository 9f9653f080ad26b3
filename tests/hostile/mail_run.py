"""Runs the whole program against one mail world: the real command as a process, or its parts in this one. Brings everything home.

Demanded of every world by `demand`: an end in time, a documented exit code, no traceback, the password in no output in any form,
at most one login, and that inside TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

import tomlkit

from checks.gather.smtp import Timeouts
from tests.fakes.dns_server import DnsServer
from tests.fakes.smtp_server import FakeServer, Script
from tests.fakes.smtp_world import HOST, authority
from tests.hostile.mail_leaks import leaks
from tests.hostile.mail_servers import PASSWORD, USER
from wizard.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
READY, WARNINGS, NOT_READY, NOT_TESTED = range(4)
APART = 0.2  # seconds between the starts of runs side by side, or they would wait for each other
SLACK = 2.0  # seconds that a run may take beyond its deadline
IMPATIENT = Timeouts(connect=1.0, greeting=0.6, handshake=1.5, reply=1.0, message=0.8, quit=0.2)
TEST_ADDRESS = "reader@friends.example"
MEASURED = """
import os, re, sys, time
from wizard.cli import main
begun = time.monotonic()
try:
    main(sys.argv[1:])
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    open(os.environ["MEASURED"], "w").write(f"{time.monotonic() - begun} {peak}")
"""
ZONE = """
@ MX 10 mx.club.example.
@ A 127.0.0.1
@ TXT "v=spf1 mx -all"
mx.club.example. A 127.0.0.1
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@club.example"
lab._domainkey TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""


@dataclass(frozen=True, kw_only=True)
class MailWorld:
    """One server and what must be said of it."""

    script: Script | None
    """None: nobody listens."""
    code: int = READY
    alarms: tuple[str, ...] = ()
    """Codes of everything that is fail, warn or unknown, each once."""
    words: tuple[str, ...] = ()
    """What the alarms' sentences must hold, in any case of letters."""
    notes: tuple[str, ...] = ()
    """Codes that must be among the notes."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Other settings of the server; None takes one out."""
    host: str = HOST
    port: int = 587
    addresses: tuple[str, ...] = ("127.0.0.1",)
    """What DNS says of the server's name."""
    listens: tuple[str, ...] = ("127.0.0.1",)
    """Where the server is; the port is closed elsewhere."""
    program: bool = False
    """Run the real program; otherwise its parts in this process, with less patience for silent servers."""
    timeout: float = 20.0
    logins: int = 1
    """How often AUTH may be heard."""
    password: str = PASSWORD
    format: str = "json"
    filtered: bool = False
    """The port neither takes nor refuses connections."""


@dataclass(kw_only=True)
class Told:
    """What a run said, and what the server heard."""

    code: int
    report: dict[str, Any]
    texts: dict[str, str]
    """Everything that was written, by name."""
    seconds: float
    server: FakeServer | None = None
    peak: int = 0
    """Megabytes of memory that a process took at most."""

    def findings(self, *statuses: str) -> list[dict[str, Any]]:
        return [one for check in self.report["checks"] for one in check["findings"] if one["status"] in statuses]

    @property
    def alarms(self) -> list[str]:
        return sorted(one["code"] for one in self.findings("fail", "warn", "unknown", "broken"))

    @property
    def sentences(self) -> str:
        return "\n".join(one["title"] for one in self.findings("fail", "warn", "unknown", "broken"))


def settings(world: MailWorld) -> dict[str, Any]:
    """Return the settings document of a world."""
    usual = {
        "name": "Main",
        "default": True,
        "host": world.host,
        "port": world.port,
        "security": "starttls",
        "username": USER,
        "password": {"source": "file", "ref": "pw"},
        "sender": {"name": "Golf Club", "email": USER},
        "selectors": ["lab"],
        "ehlo": "client.club.example",
    }
    return {"servers": [{key: value for key, value in (usual | dict(world.changes)).items() if value is not None}]}


def zone(world: MailWorld) -> str:
    """Return a zone in which all is well, with the server's name."""
    lines = [] if _is_address(world.host) else [f"{world.host}. {_type(one)} {one}" for one in world.addresses]
    pointers = [f"{ip_address(one).reverse_pointer}. PTR mx.club.example." for one in {"127.0.0.1", *world.addresses}]
    listed = [line for line in ZONE.strip().splitlines() if world.host != HOST or not line.startswith(f"{HOST}.")]
    return "\n".join([*listed, *lines, *pointers])


def _type(address: str) -> str:
    return "AAAA" if ":" in address else "A"


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host


def run(world: MailWorld, folder: Path) -> Told:
    """Start the name server and the mail server, run, and bring everything home."""
    with DnsServer(zone(world)) as names:
        return asyncio.run(_run(world, folder, names, _process if world.program else _inside))


def run_all(worlds: Mapping[str, MailWorld], folder: Path) -> dict[str, Told | BaseException]:
    """Run several worlds side by side in this process, with the program's own patience: those that wait cost no time of the machine."""

    async def one(number: int, world: MailWorld) -> Told:
        own = folder / str(number)
        own.mkdir()
        await asyncio.sleep(number * APART)
        with DnsServer(zone(world)) as names:
            return await _run(world, own, names, _beside)

    async def together() -> list[Told | BaseException]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(len(worlds)))
        runs = (one(number, world) for number, world in enumerate(worlds.values()))
        with _captured() as (out, err):
            told = await asyncio.gather(*runs, return_exceptions=True)
        for each in told:
            if isinstance(each, Told):
                each.texts |= {"stdout": out.getvalue(), "stderr": err.getvalue()}  # everybody's: who said what cannot be told
        return told

    return dict(zip(worlds, asyncio.run(together()), strict=True))


Runner = Callable[[MailWorld, Path, DnsServer, int], Awaitable[Told]]


async def _run(world: MailWorld, folder: Path, names: DnsServer, runner: Runner) -> Told:
    (folder / "pw").write_text(world.password + "\n", "utf-8")
    (folder / "pw").chmod(0o600)
    (folder / "settings.toml").write_text(tomlkit.dumps(settings(world)), "utf-8")
    async with AsyncExitStack() as stack:
        server = None
        port = stack.enter_context(deaf_port()) if world.filtered else 1
        if world.script is not None:
            server = await stack.enter_async_context(FakeServer(world.script))
            port = server.port
            for address in world.listens:
                if address != "127.0.0.1":
                    more = await asyncio.start_server(server._serve, address, port, limit=1 << 20)
                    stack.callback(more.close)
            if "127.0.0.1" not in world.listens:
                server._server.close()
        told = await runner(world, folder, names, port)
        told.server = server
    return told


def _arguments(world: MailWorld, folder: Path, names: DnsServer, port: int) -> list[str]:
    return [
        "check", str(folder / "settings.toml"),
        "--nameserver", names.address, "--port-map", f"{world.port}:{port}", "--ca-file", str(authority().roots), "--allow-private",
        "--allow", "look,login,send", "--to", TEST_ADDRESS, "--timeout", f"{world.timeout:g}", "--format", world.format,
        "--output", str(folder / "out"),
    ]  # fmt: skip


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Yield a port that drops what comes, as firewalls do: its queue is full and nobody empties it."""
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):
            knocking = stack.enter_context(socket.socket())
            knocking.setblocking(False)  # noqa: FBT003 - so is its signature
            knocking.connect_ex(deaf.getsockname())
        yield deaf.getsockname()[1]


def _as_installed(environment: Mapping[str, str]) -> dict[str, str]:
    """An installed program has its modules translated; one that may not keep the translations begins with half a second of that."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


async def _process(world: MailWorld, folder: Path, names: DnsServer, port: int) -> Told:
    """Run the program as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MEASURED, *_arguments(world, folder, names, port), cwd=ROOT,
        env={**_as_installed(os.environ), "NO_COLOR": "1", "MEASURED": str(folder / "measured")},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), world.timeout + 30)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError("it hangs: not ended 30 s after its deadline") from None
    assert process.returncode is not None
    assert (folder / "measured").is_file(), err.decode()
    seconds, peak = (folder / "measured").read_text().split()
    told = _told(process.returncode, folder, float(seconds))
    told.peak = int(peak) // 1024
    told.texts |= {"stdout": out.decode(), "stderr": err.decode()}
    return told


async def _inside(world: MailWorld, folder: Path, names: DnsServer, port: int) -> Told:
    """Run the program in this process, which saves its start, and with less patience for silent servers."""
    with patch("checks.gather.smtp.Timeouts", return_value=IMPATIENT), _captured() as (out, err):
        told = await _beside(world, folder, names, port)
    told.texts |= {"stdout": out.getvalue(), "stderr": err.getvalue()}
    return told


async def _beside(world: MailWorld, folder: Path, names: DnsServer, port: int) -> Told:
    """Run the program in a thread; what it prints is the caller's."""
    begun = time.monotonic()

    def run() -> int:
        try:
            main(_arguments(world, folder, names, port))
        except SystemExit as end:
            return int(end.code or 0)

    code = await asyncio.to_thread(run)
    return _told(code, folder, time.monotonic() - begun)


@contextlib.contextmanager
def _captured() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


def _told(code: int, folder: Path, seconds: float) -> Told:
    assert (folder / "out" / "report.json").is_file(), f"nothing was written, exit code {code}"
    written = {path.name: path.read_text("utf-8") for path in (folder / "out").iterdir()}
    report = json.loads(written["report.json"])
    return Told(code=code, report=report, texts=written, seconds=seconds)


# --- what is demanded of every world ------------------------------------------------------------------------------------


def _slack() -> float:
    """Return the seconds that a run may take beyond its deadline: more where others keep the machine busy."""
    return SLACK * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def demand(told: Told, world: MailWorld) -> None:
    """Check what must hold whatever the server does."""
    assert "Traceback" not in "".join(told.texts.values())
    assert told.code in (READY, WARNINGS, NOT_READY, NOT_TESTED)
    assert told.seconds < world.timeout + _slack(), f"ended after {told.seconds:.1f} s, deadline {world.timeout:g} s"
    for name, text in told.texts.items():
        assert not (found := leaks(text, world.password)), f"{name} shows the password: {found}"
    if told.server is not None:
        _the_password_was_kept(told.server, world)


def _the_password_was_kept(server: FakeServer, world: MailWorld) -> None:
    logins = [line for line in server.lines if line.upper().startswith("AUTH ")]
    assert len(logins) <= world.logins, logins
    safe = world.changes.get("security") == "implicit-tls" or _is_address(world.host)
    for peer in server.peers:
        begins = next((number for number, line in enumerate(peer.lines) if line == "STARTTLS"), len(peer.lines))
        open_lines = [] if safe else peer.lines[: begins + 1] if peer.encrypted else peer.lines
        assert not any(leaks(line, world.password) or line.startswith("AUTH") for line in open_lines), open_lines
