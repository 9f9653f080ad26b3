"""A mail server made of a script: real sockets on loopback, TLS when the script says so, and a log of every line that came.

Strict: a line that the script does not expect, a line that does not end with CRLF, and octets after the script's end are failures
of the test. `Ordinary` is the script of a server that does everything right, with single replies exchanged.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Script = Callable[["Peer"], Awaitable[None]]


class Unexpected(AssertionError):  # noqa: N818 - it is a failed expectation
    """The client said something that the script did not foresee."""


class Gone(Exception):  # noqa: N818 - the client hung up, which may be right
    """The client hung up."""


class Peer:
    """One connection, as the script sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self._reader = reader
        self._writer = writer
        self.number = number
        """Which connection of the server, from 0."""
        self.lines: list[str] = []
        """What the client said, line by line, without CRLF."""
        self.encrypted = False

    async def send(self, text: str | bytes) -> None:
        """Send as it is: line ends are the script's."""
        self._writer.write(text.encode("latin-1") if isinstance(text, str) else text)
        try:
            await self._writer.drain()
        except ConnectionError:
            raise Gone from None

    async def line(self) -> str:
        """Read one line."""
        try:
            octets = await self._reader.readuntil(b"\r\n")
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError) as error:
            rest = error.partial if isinstance(error, asyncio.IncompleteReadError) else b""
            if rest:
                self.lines.append(rest.decode("latin-1"))
            raise Gone from None
        line = octets.removesuffix(b"\r\n").decode("latin-1")
        self.lines.append(line)
        if "\r" in line or "\n" in line:
            raise Unexpected(f"a line end that is not CRLF in {line!r}")
        return line

    async def expect(self, beginning: str) -> str:
        """Read one line that must begin so."""
        line = await self.line()
        if not line.startswith(beginning):
            raise Unexpected(f"expected {beginning!r}, got {line!r}")
        return line

    async def silence(self, seconds: float) -> None:
        """Wait; the client must not say anything meanwhile."""
        try:
            octets = await asyncio.wait_for(self._reader.read(100), seconds)
        except TimeoutError:
            return
        if not octets:
            raise Gone
        self.lines.append(octets.decode("latin-1"))
        raise Unexpected(f"expected silence, got {octets!r}")

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands as the server. A client that does not want to is gone."""
        try:
            await self._writer.start_tls(context, ssl_handshake_timeout=5)
        except (ssl.SSLError, ConnectionError, OSError):
            raise Gone from None
        self.encrypted = True

    async def hello(self) -> None:
        """Read the client's part of a TLS handshake, without answering; it is not logged."""
        if not await self._reader.read(4096):
            raise Gone

    async def until_gone(self) -> None:
        """Read until the client hangs up; what it says is logged."""
        while True:
            octets = await self._reader.read(4096)
            if not octets:
                raise Gone
            self.lines.append(octets.decode("latin-1"))

    def cut(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()


class FakeServer:
    """Listens on 127.0.0.1. Leaving the context fails if the client did something unexpected."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._tasks: list[asyncio.Task[None]] = []
        self.peers: list[Peer] = []
        self.port = 0
        self.most_at_once = 0
        self._open = 0

    @property
    def lines(self) -> list[str]:
        """Everything that any client said, in order of the connections."""
        return [line for peer in self.peers for line in peer.lines]

    @property
    def verbs(self) -> list[str]:
        """The first word of each line."""
        return [line.partition(" ")[0].upper() for line in self.lines]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            try:
                await asyncio.wait_for(task, 0.2)
            except (TimeoutError, asyncio.CancelledError):
                continue  # a script that waits for ever has been cancelled by wait_for
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        peer = Peer(reader, writer, len(self.peers))
        self.peers.append(peer)
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            await self._script(peer)
        except Gone:
            return
        finally:
            self._open -= 1
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()


@dataclass
class Ordinary:
    """The script of a server that does everything right."""

    tls: str = "starttls"
    """starttls, implicit or none."""
    context: ssl.SSLContext | None = None
    mechanisms: str = "PLAIN LOGIN"
    """What it offers once encrypted; empty: no AUTH."""
    user: str = "office@club.example"
    password: str = "correct horse"
    replies: Mapping[str, str] = field(default_factory=dict)
    """Other replies, by verb: GREETING EHLO HELO STARTTLS AUTH MAIL RCPT DATA DOT QUIT; without CRLF. "CUT" hangs up instead, "HUSH" says nothing."""
    offers: tuple[str, ...] = ("PIPELINING", "SIZE 1000000", "8BITMIME")
    messages: list[bytes] = field(default_factory=list)
    """Messages taken, as they came, dots still doubled."""

    async def __call__(self, peer: Peer) -> None:
        if self.tls == "implicit":
            await self._encrypt(peer)
        await self._say(peer, "GREETING", "220 mx.club.example ESMTP")
        while True:
            line = await peer.line()
            verb = line.partition(" ")[0].upper()
            handler = getattr(self, f"_on_{verb.lower()}", None)
            if handler is None:
                raise Unexpected(f"no such command: {line!r}")
            await handler(peer, line)
            if verb == "QUIT":
                return

    async def _encrypt(self, peer: Peer) -> None:
        assert self.context is not None
        await peer.start_tls(self.context)

    async def _say(self, peer: Peer, verb: str, usual: str) -> str:
        text = self.replies.get(verb, usual)
        if text == "CUT":
            peer.cut()
            raise Gone
        if text == "HUSH":
            await peer.until_gone()
        await peer.send(text + "\r\n")
        return text

    async def _on_ehlo(self, peer: Peer, _line: str) -> None:
        offers = list(self.offers)
        if self.tls == "starttls" and not peer.encrypted:
            offers.append("STARTTLS")
        elif self.mechanisms:
            offers.append(f"AUTH {self.mechanisms}")
        lines = ["mx.club.example", *offers]
        usual = "\r\n".join(f"250{' ' if number == len(lines) else '-'}{text}" for number, text in enumerate(lines, start=1))
        await self._say(peer, "EHLO", usual)

    async def _on_helo(self, peer: Peer, _line: str) -> None:
        await self._say(peer, "HELO", "250 mx.club.example")

    async def _on_starttls(self, peer: Peer, _line: str) -> None:
        text = await self._say(peer, "STARTTLS", "220 2.0.0 ready")
        if text.startswith("220"):
            await self._encrypt(peer)

    async def _on_auth(self, peer: Peer, line: str) -> None:
        if not peer.encrypted and self.tls != "none":
            raise Unexpected("AUTH without TLS")
        words = line.split(" ")
        if words[1] == "PLAIN":
            given = words[2] if len(words) > 2 else await self._ask(peer, "")
            right = base64.b64decode(given) == f"\0{self.user}\0{self.password}".encode()
        elif words[1] == "LOGIN":
            user = await self._ask(peer, "Username:")
            right = (base64.b64decode(user), base64.b64decode(await self._ask(peer, "Password:"))) == (
                self.user.encode(),
                self.password.encode(),
            )
        else:
            raise Unexpected(f"no such mechanism: {line!r}")
        await self._say(peer, "AUTH", "235 2.7.0 welcome" if right else "535 5.7.8 user name or password is wrong")

    async def _ask(self, peer: Peer, prompt: str) -> str:
        await peer.send(f"334 {base64.b64encode(prompt.encode()).decode()}\r\n")
        return await peer.line()

    async def _on_mail(self, peer: Peer, _line: str) -> None:
        await self._say(peer, "MAIL", "250 2.1.0 ok")

    async def _on_rcpt(self, peer: Peer, _line: str) -> None:
        await self._say(peer, "RCPT", "250 2.1.5 ok")

    async def _on_rset(self, peer: Peer, _line: str) -> None:
        await self._say(peer, "RSET", "250 2.0.0 ok")

    async def _on_data(self, peer: Peer, _line: str) -> None:
        text = await self._say(peer, "DATA", "354 go ahead")
        if not text.startswith("354"):
            return
        lines = []
        while (line := await peer.line()) != ".":
            lines.append(line.encode("latin-1") + b"\r\n")
        self.messages.append(b"".join(lines))
        await self._say(peer, "DOT", "250 2.0.0 queued as 4711")

    async def _on_quit(self, peer: Peer, _line: str) -> None:
        await self._say(peer, "QUIT", "221 2.0.0 bye")
