"""What dkimpy does for us: the canonical form of header fields and body, and the arithmetic. What it means is checks.records.dkim_door.

A module of its own because the library takes 70 ms to load, which only a message that has arrived needs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import dkim as dkimpy
from dkim.canonicalization import CanonicalizationPolicy

from checks.records.arrived import ArrivedMessage
from checks.records.dkim_signature import DkimSignature

_MANY_LINES = b"\r\n" * 512


class Bodies:
    """The body in canonical form, each form and hash worked out once."""

    def __init__(self, message: ArrivedMessage) -> None:
        self._body = message.body
        self._canonical: dict[str, bytes] = {}
        self._hashes: dict[tuple[str, int | None], bytes] = {}

    def of(self, canon: str) -> bytes:
        """Return the body as `simple` or `relaxed` wants it (RFC 6376 section 3.4)."""
        if canon not in self._canonical:
            policy = CanonicalizationPolicy.from_c_value(f"simple/{canon}".encode())
            self._canonical[canon] = policy.canonicalize_body(_prepared(self._body, relaxed=canon == "relaxed"))
        return self._canonical[canon]

    def hash_of(self, one: DkimSignature) -> bytes:
        """Return the hash of what a signature covers."""
        wanted = one.body_canon, one.length
        if wanted not in self._hashes:
            self._hashes[wanted] = hashlib.sha256(memoryview(self.of(one.body_canon))[: one.length]).digest()
        return self._hashes[wanted]


def _prepared(body: bytes, *, relaxed: bool) -> bytes:
    """Do in linear time what costs the library's patterns quadratic time on long white space or thousands of empty lines.

    It also forgets to take white space off a last line without line end. What it is given here it returns as the RFC wants it.
    """
    body = re.sub(rb"\r?\n", b"\r\n", body)
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    if relaxed:
        body = re.sub(rb"[\t ]+", b" ", body).replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(_MANY_LINES, 0, end):
        end -= len(_MANY_LINES)
    return body[:end]


class Verifier(dkimpy.DKIM):  # type: ignore[misc] # dkimpy has no type information
    """dkimpy's verifier, with header fields that have been read."""

    def __init__(self, message: ArrivedMessage, *, minkey: int) -> None:
        """`minkey`: bits that an RSA key must have."""
        super().__init__(minkey=minkey)
        self.headers = [(one.name.encode("ascii") + one.space, one.raw + b"\r\n") for one in message.fields]

    def holds(self, one: DkimSignature, record: bytes) -> bool:
        """Tell whether the signature fits the signed fields. The body is left out: without bh= the library does not look at it."""
        fields: dict[bytes, Any] = {
            b"a": one.algorithm.encode(),
            b"b": base64.b64encode(one.value),
            b"c": f"{one.header_canon}/{one.body_canon}".encode(),
            b"d": one.domain.encode(),
            b"s": one.selector.encode(),
        }
        names = [name.encode("latin-1", "replace") for name in one.signed]
        return bool(self.verify_sig(fields, names, self.headers[one.field.index], lambda name, timeout: record))  # noqa: ARG005 - dkimpy's
