"""Puts our gatherer in front of a scripted mail server and brings home the reading and the server's log."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from checks.gather.smtp import SmtpGatherer, Timeouts
from checks.probes import SmtpProbe, SmtpReading, SubmissionProbe, SubmissionReading
from checks.secret import LeakGuard, Secret, SecretSource
from checks.settings import Auth, Security
from tests.fakes.certificates import Authority, Leaf
from tests.fakes.smtp_server import FakeServer, Script

HOST = "mx.club.example"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUICK = Timeouts(connect=2, greeting=0.5, handshake=1.0, reply=0.6, message=0.6, quit=0.2)
PATIENT = Timeouts()


@cache
def authority() -> Authority:
    """The one authority that the tests' clients trust."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Authority(Path(folder))


@cache
def good() -> Leaf:
    """A certificate without fault."""
    return authority().issue("good", HOST)


@dataclass(frozen=True, kw_only=True)
class World:
    """How our side is set up."""

    password: str = "correct horse"
    resolve: Callable[[SecretSource, str], Secret] | None = None
    timeouts: Timeouts = PATIENT
    budget: float = 20.0
    guard: LeakGuard | None = None
    ehlo_name: str = "client.example"

    def gatherer(self, ports: dict[int, int]) -> SmtpGatherer:
        """Return a gatherer that finds port 587 on one of ours."""
        resolve = self.resolve or (lambda _source, _ref: Secret(self.password))
        return SmtpGatherer(
            resolve_secret=resolve,
            ehlo_name=self.ehlo_name,
            ca_file=str(authority().roots),
            port_map=ports,
            guard=self.guard,
            timeouts=self.timeouts,
            now=lambda: NOW,
        )


USUAL = World()


def look(
    script: Script, *, security: Security = Security.NONE, host: str = HOST, world: World = USUAL
) -> tuple[SmtpReading, FakeServer]:
    """Hold a conversation without a password; return the reading and the server with its log."""

    async def run() -> tuple[SmtpReading, FakeServer]:
        async with FakeServer(script) as server:
            probe = SmtpProbe(host=host, address="127.0.0.1", port=587, security=security)
            reading = await world.gatherer({587: server.port})(probe, world.budget)
            assert isinstance(reading, SmtpReading)
            return reading, server

    return asyncio.run(run())


def probe(**changes: object) -> SubmissionProbe:
    """Return the usual submission, with changes."""
    usual: dict[str, Any] = {
        "host": HOST,
        "address": "127.0.0.1",
        "port": 587,
        "security": Security.STARTTLS,
        "auth": Auth.AUTO,
        "username": "office@club.example",
        "secret_source": SecretSource.FILE,
        "secret_ref": "smtp.password",
        "mail_from": "bounces@club.example",
        "rcpt_to": "test@elsewhere.example",
        "from_name": "Club Example",
        "from_email": "office@club.example",
    }
    return SubmissionProbe(**(usual | changes))


def submit(script: Script, *, world: World = USUAL, **changes: object) -> tuple[SubmissionReading, FakeServer]:
    """Hold a whole submission; return the reading and the server with its log."""

    async def run() -> tuple[SubmissionReading, FakeServer]:
        async with FakeServer(script) as server:
            reading = await world.gatherer({587: server.port})(probe(**changes), world.budget)
            assert isinstance(reading, SubmissionReading)
            return reading, server

    return asyncio.run(run())


def transcript(reading: SmtpReading) -> str:
    """Return the transcript as text."""
    return "\n".join(f"{line.direction}: {line.text}" for line in reading.transcript)
