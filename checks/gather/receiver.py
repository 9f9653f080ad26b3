"""Listens for one message on a machine that the MX of a domain points to, and keeps what the connection showed. Passes nothing on.

Bounded: few connections at a time, each bounded in octets, memory and time, one message in all. It offers TLS and never a login.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
import socket
import ssl
from asyncio import sslproto
from collections.abc import Callable

from checks.gather.receiver_data import Room
from checks.gather.receiver_session import IDLE_SECONDS, MAX_COMMANDS, READ_OCTETS, Handler, Received, Session, traced
from checks.probes import Handover
from checks.records.own_message import is_it

MAX_CONNECTIONS = 20  # at a time
MAX_WORDS = 200  # lines about what happens: strangers must not fill a log
PARTING_SECONDS = 2.0  # the client has its 250 and wants to say QUIT
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")
NO_NAME = "receiver.invalid"  # RFC 6761 section 6.4: says of itself that it is none


class CannotListenError(Exception):
    """The port cannot be used; the text says why, for a person."""


class Receiver:
    """Takes one message."""

    def __init__(
        self,
        *,
        name: str,
        context: ssl.SSLContext | None,
        keep: Callable[[Received], None],
        say: Callable[[str], None],
        expected: str = "",
    ) -> None:
        """`keep` stores the message and raises `OSError` if it cannot; only then is it acknowledged. `say` is told what happens.

        `expected`: the Message-ID or the id of the one message that is waited for; others are refused. Empty: the first is taken.
        """
        self._name = name
        self._context = context
        self._keep = keep
        self._tell = say
        self._words = 0
        self._expected = expected.strip().strip("<>")
        self._sessions: set[Session] = set()
        self._room = Room()
        self._result: asyncio.Future[Received] | None = None
        self._empty = asyncio.Event()

    async def run(self, address: str, port: int, seconds: float) -> Received | None:
        """Listen until the message is there or the time is up. Raises `CannotListenError`."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)  # a client that goes away in the middle is no news
        for library in ("mail.log", "asyncio"):  # they would write strangers' octets to stderr as they are
            logging.getLogger(library).setLevel(logging.CRITICAL + 1)
        sslproto.SSLProtocol.max_size = READ_OCTETS
        self._result = loop.create_future()
        try:
            server = await loop.create_server(self._session, address, port, backlog=MAX_CONNECTIONS)
        except (OSError, OverflowError) as error:
            raise CannotListenError(_why_not(error, port)) from None
        try:
            where = server.sockets[0].getsockname()
            tls = "encryption is offered (STARTTLS)" if self._context else "no encryption is offered"
            self._say(f"Listening on {shown(where[0], where[1])} as {self._name}; {tls}. Waiting up to {seconds:g} s.")
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._result)
        except TimeoutError:
            return None
        finally:
            server.close()
            await self._part()

    async def _part(self) -> None:
        """Let clients say QUIT, then cut what is left."""
        self._forget_closed()
        try:
            async with asyncio.timeout(PARTING_SECONDS if self._result and self._result.done() else 0):
                await self._empty.wait()
        except TimeoutError:
            for session in tuple(self._sessions):
                session.abort()
            await asyncio.sleep(0)

    # --- connections --------------------------------------------------------------------------------------------------

    def _session(self) -> asyncio.Protocol:
        if len(self._sessions) >= MAX_CONNECTIONS or (self._result and self._result.done()):
            return _Busy()
        session = Session(
            Handler(self._take, self._refused, self._broken),
            ended=self._ended,
            room=self._room,
            hostname=self._name,
            ident="sendready receiver",
            enable_SMTPUTF8=True,
            tls_context=self._context,
            timeout=IDLE_SECONDS,
            command_call_limit=MAX_COMMANDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
        )
        self._sessions.add(session)
        self._empty.clear()
        return session

    def _ended(self, session: Session) -> None:
        self._sessions.discard(session)
        self._forget_closed()

    def _forget_closed(self) -> None:
        if not self._sessions:
            self._empty.set()

    def _take(self, octets: bytes, handover: Handover) -> str:
        assert self._result is not None  # noqa: S101 - made before anybody can connect
        who = _who(handover)
        if self._result.done():
            return "421 4.3.2 Another message was taken already"
        if self._expected and not is_it(octets, message_id=self._expected, mark=self._expected.partition("@")[0]):
            self._say(f"{who}; it is not the one that is waited for, and was refused.")
            return "550 5.7.1 Another message is waited for here"
        received = Received(octets=traced(octets, handover, name=self._name), handover=handover)
        try:
            self._keep(received)
        except OSError as error:
            self._say(f"{who}; it could not be stored ({error.strerror or 'unknown reason'}), and was put off.")
            return "452 4.3.1 It cannot be stored now"
        self._say(f"{who}, {f'encrypted with {handover.tls_version}' if handover.tls_version else 'not encrypted'}.")
        self._result.set_result(received)
        return "250 2.0.0 Message taken"

    def _refused(self, why: str, handover: Handover) -> None:
        self._say(f"{_who(handover)}; {why}, and was refused.")

    def _broken(self, error: Exception) -> None:
        if self._result is not None and not self._result.done():
            self._result.set_exception(error)

    def _say(self, text: str) -> None:
        self._words += 1
        if self._words <= MAX_WORDS:
            self._tell(text)


class _Busy(asyncio.Protocol):
    """Turns a connection away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server gives no other
        transport.write(b"421 4.3.2 Too busy, try again later\r\n")
        transport.close()


def _who(handover: Handover) -> str:
    return f"{handover.address} ({handover.helo}) hands over a message from <{handover.mail_from}>"


def own_name() -> str:
    """Return this machine's full name, or one that says that there is none. It may ask the name service."""
    found = socket.getfqdn()
    return found if _NAME.fullmatch(found) and not found.startswith("localhost") else NO_NAME


def shown(address: str, port: int) -> str:
    """Write address and port as a person does."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _why_not(error: Exception, port: int) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.EACCES, errno.EPERM):
        return (
            f"port {port} may only be used by root; run this as root, or choose a port from 1024 on and forward port {port} to it"
        )
    if code == errno.EADDRINUSE:
        return f"another program listens on port {port} already; stop it for a while (a mail server?), or choose another port"
    if code == errno.EADDRNOTAVAIL:
        return "this machine does not have that address; name one of its own, or 0.0.0.0 for all"
    return f"it cannot be listened there ({getattr(error, 'strerror', '') or 'unknown reason'})"
