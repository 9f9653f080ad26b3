"""Looks at a server's TLS as other programs see it, at the address where our own conversation got through."""

from __future__ import annotations

from checks.probes import TlsProbe
from checks.rules._server import Look
from checks.subject import ServerSubject


def look_aside(subject: ServerSubject, seen: Look, *, highest: str = "", named: bool = True) -> TlsProbe:
    """Return the question what a program sees that knows nothing newer than `highest`, or says no name."""
    server = subject.server
    return TlsProbe(
        host=server.host,
        address=seen.address,
        port=server.port,
        security=server.security,
        ehlo=server.ehlo or "",
        highest=highest,
        named=named,
    )
