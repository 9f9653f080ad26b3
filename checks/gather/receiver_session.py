"""One connection to our own receiver: bounded in octets, commands and time, whoever is at the other end.

The SMTP is aiosmtpd's, but for the message itself (receiver_data).
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP

from checks.gather.receiver_data import TOO_LARGE, Refusal, Room, read_data
from checks.probes import Handover
from checks.probes.arrival import MAX_MESSAGE

MAX_RECIPIENTS = 20  # a test message has one
MAX_COMMANDS = 60  # of one kind, in one connection
MAX_OCTETS = 2 * MAX_MESSAGE + 65_536  # in one connection: a message, and another try
READ_OCTETS = 16_384  # at a time from one connection; asyncio would keep 16 times that in readiness for each
IDLE_SECONDS = 60.0  # between two commands
SESSION_SECONDS = 240.0  # of one connection, however slowly the octets drip
_ODD = re.compile(r"[^A-Za-z0-9.:_\[\]-]")
_ODD_IN_PATH = re.compile(r"[^!-;=?-~]")


@dataclass(frozen=True, kw_only=True)
class Received:
    """A message that was taken."""

    octets: bytes
    """With the two header fields in front that a receiver writes (RFC 5321 section 4.4)."""
    handover: Handover


Take = Callable[[bytes, Handover], str]
"""Given the message as it came, says what to answer: "250 ..." once it is kept."""


class Session(SMTP):
    """The protocol of one connection."""

    def __init__(self, handler: Handler, *, ended: Callable[[Session], None], room: Room, **settings: Any) -> None:
        super().__init__(handler, loop=asyncio.get_running_loop(), data_size_limit=MAX_MESSAGE, **settings)
        self._handler = handler
        self._ended = ended
        self._room = room
        self._octets = 0
        self._last_resort: asyncio.TimerHandle | None = None
        self._first: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        if self._first is None:  # it comes again after STARTTLS
            self._first = transport
            transport.max_size = READ_OCTETS
            self._last_resort = self.loop.call_later(SESSION_SECONDS, transport.abort)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._octets += len(data)
        if self._octets > MAX_OCTETS:  # a line without end is collected by nobody
            self.abort()
            return
        super().data_received(data)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take the message (RFC 5321 section 4.1.1.4)."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        found = await read_data(self._reader, self._room)
        answer = self._handler.answer(found, self.session, self.envelope)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await super().push(answer)

    async def push(self, status: AnyStr) -> None:
        """Answer. The library refuses by itself what is announced as too large (RFC 1870 section 6.1)."""
        if status[:3] in ("552", b"552"):
            self._handler.answer(TOO_LARGE, self.session, self.envelope)
        await super().push(status)

    def connection_lost(self, error: Exception | None) -> None:
        if self._last_resort is not None:
            self._last_resort.cancel()
        self._ended(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """Cut the connection."""
        if self._first is not None:
            self._first.abort()


class Handler:
    """What the receiver says to each command; aiosmtpd finds the methods by their names."""

    def __init__(self, take: Take, refused: Callable[[str, Handover], None], broken: Callable[[Exception], None]) -> None:
        """`refused` is told why a message was not taken, `broken` of a bug of ours."""
        self._take = take
        self._refused = refused
        self._broken = broken

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: object, session: Any, _envelope: object, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer everything but a login: nobody's password is wanted here."""
        session.host_name = hostname
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: object, _session: object, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take any recipient: this is the end of the way, nothing is passed on."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient OK"

    def answer(self, found: bytes | Refusal, session: Any, envelope: Any) -> str:
        """Hand over a message, or why it was not taken; return what to say to the client. A bug of ours is told at home."""
        try:
            handover = handover_of(session, envelope)
            if isinstance(found, Refusal):
                self._refused(found.why, handover)
                return found.answer
            return self._take(found, handover)
        except Exception as error:
            self._broken(error)
            raise

    async def handle_exception(self, _error: Exception) -> str:
        """Say nothing of our insides; what a stranger's words break in the library costs the others nothing."""
        return "451 4.3.0 Something went wrong here"


def handover_of(session: Any, envelope: Any) -> Handover:
    """Return what the connection showed."""
    encrypted = session.ssl["ssl_object"] if session.ssl else None
    cipher = encrypted.cipher() if encrypted else None
    return Handover(
        address=_address(session.peer[0]),
        helo=_latin(session.host_name or ""),
        esmtp=bool(session.extended_smtp),
        mail_from=_latin(envelope.mail_from or "").removeprefix("<").removesuffix(">"),
        rcpt_to=tuple(_latin(one) for one in envelope.rcpt_tos),
        tls_version=(encrypted.version() or "") if encrypted else "",
        tls_cipher=cipher[0] if cipher else "",
        received_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _address(text: str) -> str:
    """Return an address in normal form; IPv4 that came in through an IPv6 socket as IPv4."""
    found = ipaddress.ip_address(text.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _latin(text: str) -> str:
    """Return text of the client's as it came, one character per octet."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def traced(octets: bytes, handover: Handover, *, name: str) -> bytes:
    """Put Return-Path and Received in front of a message, as a receiver does (RFC 5321 section 4.4). Strangers' words are made harmless."""
    address = f"IPv6:{handover.address}" if ":" in handover.address else handover.address
    helo = _ODD.sub("?", handover.helo)[:255] or "unknown"
    tls = f"\r\n\t(using {handover.tls_version} with cipher {handover.tls_cipher})" if handover.tls_version else ""
    protocol = ("ESMTP" if handover.esmtp else "SMTP") + ("S" if handover.tls_version else "")  # RFC 3848
    rcpt = f"\r\n\tfor <{_path(handover.rcpt_to[0])}>" if len(handover.rcpt_to) == 1 else ""
    date = format_datetime(datetime.fromisoformat(handover.received_at))
    lines = (
        f"Return-Path: <{_path(handover.mail_from)}>\r\n"
        f"Received: from {helo} ([{address}]){tls}\r\n\tby {name} (sendready) with {protocol}{rcpt};\r\n\t{date}\r\n"
    )
    return lines.encode("ascii") + octets


def _path(text: str) -> str:
    return _ODD_IN_PATH.sub("?", text)[:254]
