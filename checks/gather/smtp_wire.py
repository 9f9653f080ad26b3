"""One TCP connection, clear or inside TLS. Knows no SMTP and no clock: whoever waits sets the deadline.

TLS runs in memory between the socket and the reader, so that the first octets of a peer that does not speak TLS can be seen, and so
that what came in clear can never be taken for something that came inside.
"""

from __future__ import annotations

import asyncio
import ssl

ENOUGH = 65536  # octets held before reading pauses; what the peer sends faster waits in the kernel
CHUNK = 16384  # one TLS record holds no more (RFC 8446 section 5.1)
FIRST = 200  # octets kept of what came first, to name a service that is not SMTP


class _Inbox(asyncio.Protocol):
    """Holds what the socket received until somebody takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self._data = bytearray()
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_connection gives no other
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        if len(self._data) >= ENOUGH and self.transport is not None:
            self.transport.pause_reading()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a reset is an end like any other
        self.ended = True
        self._news.set()

    def take(self) -> bytes:
        """Return what is there, perhaps nothing."""
        data = bytes(self._data)
        self._data.clear()
        self._news.clear()
        if self.ended:
            self._news.set()
        elif self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
        return data

    async def news(self) -> None:
        """Wait until there is something, or the end."""
        await self._news.wait()


class Wire:
    """Octets out, octets in. `open_wire` makes it."""

    def __init__(self, inbox: _Inbox) -> None:
        self._inbox = inbox
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session: ssl.SSLObject | None = None
        self._ended = False
        self.first = b""
        """What came first, at most `FIRST` octets; during a handshake as it was on the wire, after it what came first inside TLS."""
        self.hello = b""
        """What `first` was when the handshake had succeeded: the beginning of the server's part in it."""
        self.trouble: ssl.SSLError | None = None
        """What TLS said when the connection ended by it after our part of the handshake: a server of TLS 1.3 refuses only then."""

    # --- octets -------------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send, or do nothing if the peer has gone: then its last words may still be there to be received.

        Nothing here waits for the peer to read: all that we ever say fits the kernel's buffer.
        """
        if self._session is None:
            self._write(data)
            return
        try:
            self._session.write(data)
        except ssl.SSLError as error:
            self._stopped(error)
        self._flush()

    async def receive(self) -> bytes:
        """Wait for some octets and return them; empty at the end."""
        while True:
            data = self.take()
            if data or self._ended:
                return data
            await self._inbox.news()

    def take(self) -> bytes:
        """Return what has arrived and was not taken yet, without waiting."""
        data = self._inbox.take()
        if self._session is None:
            self._ended = self._inbox.ended
        else:
            self._incoming.write(data)
            data = self._decrypted(self._session)
        self.first = (self.first + data)[:FIRST]
        return data

    def _decrypted(self, session: ssl.SSLObject) -> bytes:
        clear = bytearray()
        try:
            while chunk := session.read(CHUNK):
                clear += chunk
            self._ended = True
        except ssl.SSLWantReadError:
            self._ended = self._ended or self._inbox.ended
        except ssl.SSLError as error:
            self._stopped(error)
        self._flush()  # a key update of the peer wants an answer
        return bytes(clear)

    def _stopped(self, error: ssl.SSLError) -> None:
        self._ended = True
        if not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):  # these are a peer that hangs up
            self.trouble = self.trouble or error

    # --- TLS ----------------------------------------------------------------------------------------------------------

    async def handshake(self, context: ssl.SSLContext, host: str | None) -> ssl.SSLObject:
        """Begin TLS; without `host` no name is asked for. Raises `ssl.SSLError`, or `ValueError` if `host` cannot be a name."""
        self.first = b""
        try:
            session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        except (TypeError, ValueError):
            raise ValueError("the server's name cannot be asked for in a TLS handshake") from None
        self._session = session
        while True:
            try:
                session.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                await self._feed()
            except ssl.SSLError:
                self._flush()  # the alert that says why
                self._ended = True
                raise
            else:
                self._flush()
                self.hello, self.first = self.first, b""
                return session

    async def _feed(self) -> None:
        await self._inbox.news()
        if data := self._inbox.take():
            self.first = (self.first + data)[:FIRST]
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._write(data)

    def _write(self, data: bytes) -> None:
        transport = self._inbox.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    # --- the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Hang up at once; unsent octets are not worth waiting for."""
        transport = self._inbox.transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()


async def open_wire(address: str, port: int) -> Wire:
    """Connect to a numeric address. Raises `OSError`."""
    _, inbox = await asyncio.get_running_loop().create_connection(_Inbox, address, port)
    return Wire(inbox)
