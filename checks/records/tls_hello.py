"""A TLS server's first octets -> the key exchange that it chose (RFC 8446 section 4.1.3). Pure and total.

Python 3.11 to 3.14 do not tell the group of a handshake; with TLS 1.3 the server names it before encryption begins.
"""

from __future__ import annotations

from collections.abc import Iterator

HANDSHAKE, SERVER_HELLO = 22, 2
KEY_SHARE = 51  # RFC 8446 section 4.2; only TLS 1.3 has it
FIXED = 5 + 4 + 2 + 32  # record header, handshake header, version, random

GROUPS = {
    0x0017: "secp256r1",
    0x0018: "secp384r1",
    0x0019: "secp521r1",
    0x001D: "x25519",
    0x001E: "x448",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
}


def group_of(octets: bytes) -> str:
    """Name the group in a ServerHello, or in the HelloRetryRequest that asks for it; empty if there is none to be seen."""
    if len(octets) <= FIXED or octets[0] != HANDSHAKE or octets[5] != SERVER_HELLO:
        return ""
    extensions = FIXED + 1 + octets[FIXED] + 3 + 2  # behind the session id: cipher suite, compression, length of what follows
    for kind, body in _extensions(octets[extensions:]):
        if kind == KEY_SHARE and len(body) >= 2:
            number = int.from_bytes(body[:2], "big")
            return GROUPS.get(number, f"group {number:#06x}")
    return ""


def _extensions(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content; the last content may be cut short."""
    while len(octets) >= 4:
        size = int.from_bytes(octets[2:4], "big")
        yield int.from_bytes(octets[:2], "big"), octets[4 : 4 + size]
        octets = octets[4 + size :]
