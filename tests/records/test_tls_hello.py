"""The key exchange in a server's first octets: real ones read exactly, all others without an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.tls_hello import group_of

VERSION = b"\x00\x2b\x00\x02\x03\x04"


def hello(*extensions: bytes, session: bytes = b"s" * 32, kind: int = 2) -> bytes:
    """Return a ServerHello in its record (RFC 8446 section 4.1.3)."""
    listed = b"".join(extensions)
    body = b"\x03\x03" + b"r" * 32 + bytes([len(session)]) + session + b"\x13\x02\x00" + len(listed).to_bytes(2, "big") + listed
    message = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


def share(group: int, size: int = 32) -> bytes:
    body = group.to_bytes(2, "big") + size.to_bytes(2, "big") + b"k" * size
    return b"\x00\x33" + len(body).to_bytes(2, "big") + body


@pytest.mark.parametrize(
    ("octets", "group"),
    [
        (hello(VERSION, share(0x1D)), "x25519"),
        (hello(share(0x17, 65), VERSION), "secp256r1"),
        (hello(VERSION, share(0x11EC, 1120))[:200], "X25519MLKEM768"),
        (hello(VERSION, b"\x00\x33\x00\x02\x00\x18"), "secp384r1"),
        (hello(VERSION, share(0x1D), session=b""), "x25519"),
        (hello(VERSION, share(0x6399)), "group 0x6399"),
        (hello(b"\xff\x01\x00\x01\x00"), ""),
        (hello(VERSION, share(0x1D), kind=11), ""),
        (b"\x15\x03\x03\x00\x02\x02\x28", ""),
        (b"220 mx.club.example ESMTP\r\n", ""),
        (b"", ""),
    ],
    ids=[
        "x25519",
        "first",
        "cut short",
        "asked for again",
        "no session",
        "unknown",
        "TLS 1.2",
        "no hello",
        "alert",
        "clear",
        "none",
    ],
)
def test_the_group_is_named(octets: bytes, group: str) -> None:
    """The server names it in clear with TLS 1.3, also where it asks for another one; before TLS 1.3 it is not there."""
    assert group_of(octets) == group


@given(st.binary(max_size=300))
def test_any_octets_are_read(octets: bytes) -> None:
    """Whatever comes, there is a text and no exception."""
    assert isinstance(group_of(octets), str)
    assert isinstance(group_of(b"\x16\x03\x03\x00\x80\x02" + octets), str)


@given(st.integers(0, 300))
def test_a_hello_that_is_cut_anywhere(length: int) -> None:
    """Either the group has come, or nothing is said."""
    assert group_of(hello(VERSION, share(0x1D))[:length]) in ("x25519", "")
