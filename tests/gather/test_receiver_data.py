"""The message that a client sends to our own receiver: read as it was meant, whole or not at all, in bounded memory."""

from __future__ import annotations

import asyncio

import pytest

from checks.gather.receiver_data import (
    CONTINUES,
    NO_ROOM,
    OWN_ROOM,
    TOO_LARGE,
    Refusal,
    Room,
    read_data,
)
from checks.probes.arrival import MAX_MESSAGE

FROM = b"From: a@b.example\r\n"


def read(octets: bytes, *, room: Room | None = None, step: int = 1 << 20) -> tuple[bytes | Refusal, bytes]:
    """Return what is found, and what is left for the next command."""

    async def run() -> tuple[bytes | Refusal, bytes]:
        reader = asyncio.StreamReader(limit=1001)
        task = asyncio.ensure_future(read_data(reader, room or Room()))
        for start in range(0, len(octets), step):
            await asyncio.sleep(0)
            reader.feed_data(octets[start : start + step])
        found = await asyncio.wait_for(task, 10)
        reader.feed_eof()
        return found, await reader.read()

    return asyncio.run(run())


@pytest.mark.parametrize("step", [1, 2, 7, 4096])
@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b".\r\n", b""),
        (FROM + b"\r\nhi\r\n.\r\n", FROM + b"\r\nhi\r\n"),
        (b"..\r\n..a\r\n.b\r\n.\r\n", b".\r\n.a\r\nb\r\n"),
        (b"a\n.\nb\r\n.\n\r\n.\r\n", b"a\n.\nb\r\n\n\r\n"),
        (b".\r.\r\n.\r\n", b"\r.\r\n"),
        (b"\r\r\n.\r\n", b"\r\r\n"),
        (b"\r\n" * 1500 + b"a\r\n.\r\n", b"\r\n" * 1500 + b"a\r\n"),
        (b"a\r\n" * 3000 + b".\r\n", b"a\r\n" * 3000),
        (b"\r\nno header\r\n.\r\n", b"\r\nno header\r\n"),
        (b"a" * 5000 + b"\r\n." + b"b" * 5000 + b"\r\n.\r\n", b"a" * 5000 + b"\r\n" + b"b" * 5000 + b"\r\n"),
        (b"a" * 1001 + b".\r\n.\r\n", b"a" * 1001 + b".\r\n"),
        (b"a" * 999 + b"\r\r\n.\r\n", b"a" * 999 + b"\r\r\n"),
    ],
    ids=[
        "empty",
        "usual",
        "dots",
        "bare feeds end nothing",
        "nearly the end",
        "a return before the end",
        "empty lines",
        "short lines",
        "no header",
        "long lines",
        "a dot behind the bound",
        "a lone return",
    ],
)
def test_what_was_meant(sent: bytes, meant: bytes, step: int) -> None:
    """Dots are taken off, long lines stay whole, only CRLF ends a line, and what comes behind belongs to the next command."""
    assert read(sent + b"QUIT\r\n", step=step) == (meant, b"QUIT\r\n")


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        (b"x" * MAX_MESSAGE + b"\r\n.\r\n", TOO_LARGE),
        (b" x: folded into our field\r\n.\r\n", CONTINUES),
        (b"\tx\r\n.\r\n", CONTINUES),
        (b". x\r\n.\r\n", CONTINUES),
        (b" \r\n.\r\n", CONTINUES),
    ],
    ids=["too large", "space", "tab", "space behind a dot", "nothing but space"],
)
def test_what_is_not_taken(sent: bytes, refusal: Refusal) -> None:
    """It is read to its end all the same, so that the conversation goes on."""
    assert read(sent + b"QUIT\r\n") == (refusal, b"QUIT\r\n")


def test_the_bounds_are_no_tighter_than_they_say() -> None:
    assert read(b"x" * (MAX_MESSAGE - 5) + b"\r\n.\r\n")[0] == b"x" * (MAX_MESSAGE - 5) + b"\r\n"


def test_large_messages_share_their_room() -> None:
    """What is beyond each message's own part comes out of one store, and goes back into it however the message ends."""
    room = Room(2 * OWN_ROOM)
    small, large = b"x" * (OWN_ROOM - 2) + b"\r\n", b"x" * 4 * OWN_ROOM + b"\r\n"
    assert read(large + b".\r\n", room=room)[0] == NO_ROOM
    assert room.free == 2 * OWN_ROOM
    room.free = 0
    assert read(small[5:] + b".\r\n", room=room)[0] == small[5:], "nobody is crowded out by others"
    room.free = 4 * OWN_ROOM
    assert read(large + b".\r\n", room=room)[0] == large
    assert room.free == 4 * OWN_ROOM


def test_a_connection_that_ends_gives_its_room_back() -> None:
    room = Room(OWN_ROOM * 4)

    async def run() -> None:
        reader = asyncio.StreamReader(limit=1001)
        task = asyncio.ensure_future(read_data(reader, room))
        reader.feed_data(b"x" * 3 * OWN_ROOM)
        await asyncio.sleep(0.05)
        assert room.free < OWN_ROOM * 4
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert room.free == OWN_ROOM * 4
