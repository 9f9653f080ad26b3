"""Reads the message that an SMTP client sends (RFC 5321 section 4.1.1.4), in bounded memory whatever it is made of.

aiosmtpd keeps each line as an object of its own, so that a megabyte of the shortest lines costs thirty, and refuses a line of more than
998 octets, which is just what a person wants to be told of. Here the message is one piece of memory, and all connections share a bound.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from checks.probes.arrival import MAX_MESSAGE

OWN_ROOM = 65_536  # octets that each message may have; our own has about 4,000, so that nobody can crowd it out
SHARED_ROOM = 2_500_000  # octets beyond that, of all messages that are under way together
CAREFUL = 2_000  # octets that may be read one by one; a message does not begin with a thousand empty lines
END = b"\r\n.\r\n"  # RFC 5321 section 4.1.1.4; nothing else ends a message, least of all bare line feeds (section 2.3.8)


class Room:
    """Memory that the messages under way share."""

    def __init__(self, octets: int = SHARED_ROOM) -> None:
        self.free = octets
        """What nobody has taken."""

    def take(self, octets: int) -> bool:
        """Take some, if there is so much."""
        if octets > self.free:
            return False
        self.free -= octets
        return True

    def give_back(self, octets: int) -> None:
        """Give back what was taken."""
        self.free += octets


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A message that is not taken."""

    answer: str
    """For the client."""
    why: str
    """For the person who waits; continues "it"."""


TOO_LARGE = Refusal(answer="552 5.3.4 Message too large", why=f"it is larger than {MAX_MESSAGE:,} octets")
NO_ROOM = Refusal(answer="452 4.3.1 Too busy, try again later", why="it came together with other large ones")
CONTINUES = Refusal(
    answer="554 5.6.0 The message begins with a space",
    why="it begins with a space or tab, so that its first line would have continued the receiver's own",
)


async def read_data(reader: asyncio.StreamReader, room: Room) -> bytes | Refusal:
    """Read up to the line with nothing but a dot, and return the message as it was meant: without the dots that stand for dots.

    Also what is not taken is read to its end: an answer before that is not understood (RFC 5321 section 4.2.5). Lines are not looked at
    one by one, and not an octet is read beyond the end: what comes there is the next command.
    """
    message = _Message(room)
    try:
        seen = END[:2]  # the end of the line DATA
        for _ in range(CAREFUL):
            if seen == END or not _begins(seen):
                break
            octet = await reader.readexactly(1)
            message.add(octet)
            seen = (seen + octet)[-len(END) :]
        while seen != END:
            seen = await _piece(reader)
            message.add(seen)
            seen = seen[-len(END) :]
        return message.found()
    finally:
        message.drop()


def _begins(seen: bytes) -> bool:
    """Tell whether these octets end with what the end begins with."""
    return any(seen.endswith(END[:size]) for size in range(1, len(END)))


async def _piece(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, or what has come of more than the reader keeps, which never cuts the end in two."""
    try:
        return await reader.readuntil(END)
    except asyncio.LimitOverrunError as error:
        return await reader.read(error.consumed)


class _Message:
    """What has come so far, as long as it keeps to the bounds."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0
        self._octets = bytearray()
        self._refusal: Refusal | None = None

    def add(self, piece: bytes) -> None:
        if self._refusal is not None:
            return
        size = len(self._octets) + len(piece)
        if size > MAX_MESSAGE:
            self._refuse(TOO_LARGE)
        elif not self._has_room(size):
            self._refuse(NO_ROOM)
        else:
            self._octets += piece

    def _has_room(self, size: int) -> bool:
        wanted = size - OWN_ROOM - self._taken
        if wanted <= 0:
            return True
        step = max(wanted, OWN_ROOM)
        if not self._room.take(step):
            return False
        self._taken += step
        return True

    def _refuse(self, refusal: Refusal) -> None:
        self._refusal = refusal
        self.drop()

    def found(self) -> bytes | Refusal:
        """Return the message without its end."""
        del self._octets[-3:]
        message = bytes(self._octets).removeprefix(b".").replace(b"\r\n.", b"\r\n")  # RFC 5321 section 4.5.2
        if message.startswith((b" ", b"\t")):  # RFC 5322 section 2.2.3: it would continue the line above
            self._refusal = self._refusal or CONTINUES
        return self._refusal or message

    def drop(self) -> None:
        self._octets = bytearray()
        self._room.give_back(self._taken)
        self._taken = 0
