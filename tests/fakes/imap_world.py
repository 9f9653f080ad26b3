"""Puts our gatherer in front of a scripted mailbox server and brings home the reading and the server's log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.gather.imap import ImapGatherer, ImapTimeouts
from checks.probes import ArrivalProbe, ArrivalReading
from checks.records.message import Letter, build_test_message
from checks.secret import LeakGuard, Secret, SecretSource
from checks.settings import Security
from checks.subject import Way
from tests.fakes.imap_server import Box, ImapScript
from tests.fakes.smtp_server import FakeServer, Script
from tests.fakes.smtp_world import HOST, authority, good

MARK = "sendready-0123456789abcdef"
LETTER = Letter(
    from_email="office@club.example", to="reader@club.example", unique_id=MARK, date=datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
)
MESSAGE = b"Received: by mx.club.example; Mon, 23 Nov 2026 13:00:05 +0100\r\n" + build_test_message(LETTER)
QUICK = ImapTimeouts(connect=2, greeting=0.4, handshake=0.8, reply=0.4, fetch=0.4, logout=0.2)


@dataclass(frozen=True, kw_only=True)
class World:
    """How our side is set up."""

    password: str = "silver orchard"
    resolve: Callable[[SecretSource, str], Secret] | None = None
    timeouts: ImapTimeouts = QUICK
    budget: float = 1.5
    guard: LeakGuard | None = None
    say: Callable[[str], None] | None = None

    def gatherer(self, ports: dict[int, int]) -> ImapGatherer:
        """Return a gatherer that finds port 993 on one of ours."""
        return ImapGatherer(
            resolve_secret=self.resolve or (lambda _source, _ref: Secret(self.password)),
            ca_file=str(authority().roots),
            port_map=ports,
            guard=self.guard,
            timeouts=self.timeouts,
            say=self.say,
        )


USUAL = World()


def probe(**changes: object) -> ArrivalProbe:
    """Return the usual question, with changes."""
    usual: dict[str, Any] = {
        "way": Way.IMAP,
        "message_id": LETTER.message_id,
        "mark": MARK,
        "host": HOST,
        "addresses": ("127.0.0.1",),
        "port": 993,
        "security": Security.IMPLICIT_TLS,
        "username": "reader@club.example",
        "secret_source": SecretSource.FILE,
        "secret_ref": "imap.password",
    }
    return ArrivalProbe(**(usual | changes))


def mailbox(*, junk: str = "", **changes: Any) -> ImapScript:
    """Return a server with the usual folders: INBOX, Sent, and Junk if it is given attributes for that."""
    boxes = {"INBOX": Box(), "Sent": Box(attributes="\\Sent"), **({"Kram": Box(attributes=junk)} if junk else {})}
    usual: dict[str, Any] = {"boxes": boxes, "context": good().context()}
    return ImapScript(**(usual | changes))


def look(script: Script, *, world: World = USUAL, **changes: object) -> tuple[ArrivalReading, FakeServer]:
    """Look for the message; return the reading and the server with its log."""

    async def run() -> tuple[ArrivalReading, FakeServer]:
        async with FakeServer(script) as server:
            reading = await world.gatherer({993: server.port, 143: server.port})(probe(**changes), world.budget)
            assert isinstance(reading, ArrivalReading)
            return reading, server

    return asyncio.run(run())


def transcript(reading: ArrivalReading) -> str:
    """Return the transcript as text."""
    return "\n".join(f"{line.direction}: {line.text}" for line in reading.transcript)
