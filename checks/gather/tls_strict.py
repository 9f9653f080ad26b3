"""Would a program with stricter rules accept the certificates that a server has just shown? Asked of OpenSSL, without the server.

Newer programs (Python from 3.13 on, and others that switch on OpenSSL's X509_STRICT) refuse certificates for formal flaws. To ask
the server again with those rules would cost it one more connection. But OpenSSL looks at certificates before it looks at what proves
them: so a client of its own, to which the server's certificates are handed in a handshake made up here (RFC 5246 section 7.4), says
what it thinks of them, and no octet leaves this process.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

_HANDSHAKE = 22
_SERVER_HELLO, _CERTIFICATE = 2, 11
_RECORD = 16384  # octets in one record at most (RFC 5246 section 6.2.1)
# ECDHE with AES-128-GCM; the cipher must fit the kind of key (RFC 5246 section 7.4.2).
_CIPHERS = {"RSA": b"\xc0\x2f", "EC": b"\xc0\x2b", "Ed25519": b"\xc0\x2b", "Ed448": b"\xc0\x2b"}
_SAFE_RENEGOTIATION = b"\xff\x01\x00\x01\x00"  # RFC 5746 section 3.6; OpenSSL insists on it


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What the stricter program says."""

    holds: bool
    code: int = 0
    """OpenSSL's X509_V_ERR code if they do not hold."""
    reason: str = ""


def opinion_on(chain: list[bytes], key_type: str, host: str, context: ssl.SSLContext) -> Opinion | None:
    """Return what a client with this context thinks of certificates (DER, as sent) of a host; None if it cannot be found out.

    `context` must know TLS 1.2, which the answer made up here chooses: in later versions certificates come encrypted.
    """
    cipher = _CIPHERS.get(key_type)
    if cipher is None or not chain:
        return None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        client = context.wrap_bio(incoming, outgoing, server_hostname=host)
        _proceed(client)
        incoming.write(_records(_server_hello(cipher) + _certificates(chain)))
        _proceed(client)
    except ssl.SSLCertVerificationError as error:
        return Opinion(holds=False, code=error.verify_code, reason=error.verify_message)
    except (
        ssl.SSLError,
        TypeError,
        ValueError,
        OverflowError,
    ):  # the first is OpenSSL's, the others a name or size that cannot be
        return None
    return Opinion(holds=True)


def _proceed(client: ssl.SSLObject) -> None:
    """Let the client read what is there. That it wants more means that it was content so far."""
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return


def _server_hello(cipher: bytes) -> bytes:
    extensions = _sized(2, _SAFE_RENEGOTIATION)
    return _message(_SERVER_HELLO, b"\x03\x03" + bytes(32) + b"\x00" + cipher + b"\x00" + extensions)


def _certificates(chain: list[bytes]) -> bytes:
    return _message(_CERTIFICATE, _sized(3, b"".join(_sized(3, one) for one in chain)))


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _sized(3, body)


def _sized(octets: int, body: bytes) -> bytes:
    return len(body).to_bytes(octets, "big") + body


def _records(handshake: bytes) -> bytes:
    parts = (handshake[start : start + _RECORD] for start in range(0, len(handshake), _RECORD))
    return b"".join(bytes([_HANDSHAKE]) + b"\x03\x03" + _sized(2, part) for part in parts)
