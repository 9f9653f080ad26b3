"""A page fetched from a web server that strangers' data named."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from checks.evidence import Probe, Reading
from checks.probes.tls import TlsFacts


class HttpsFault(StrEnum):
    """What stopped a fetch."""

    NONE = ""
    TIMEOUT = "timeout"  # nothing, or not enough, in time
    REFUSED = "refused"  # TCP connection refused
    UNREACHABLE = "unreachable"  # no route, network down
    CLOSED = "closed"  # the server hung up before the end
    TLS_FAILED = "tls-failed"  # `tls` has the reason
    MALFORMED = "malformed"  # no proper HTTP (RFC 9112)
    TOO_LONG = "too-long"  # headers or body beyond our bounds
    CODED = "coded"  # compressed, although we did not ask for it
    NOT_PUBLIC = "not-public"  # an address that strangers' data may not send us to


@dataclass(frozen=True, kw_only=True)
class HttpsReading(Reading):
    """What a web server gave for one path. `state` is ok as soon as there was a connection, be it that nothing came of it."""

    fault: HttpsFault = HttpsFault.NONE
    status: int = 0
    """HTTP status code; 0 if none came."""
    content_type: str = ""
    """As received, at most 200 characters."""
    location: str = ""
    """Where a redirect leads; it is never followed. At most 200 characters."""
    body: str = ""
    """Of a 200 only (Latin-1)."""
    tls: TlsFacts | None = None


@dataclass(frozen=True, kw_only=True)
class HttpsProbe(Probe[HttpsReading]):
    """One GET on port 443 of an address that DNS evidence gave: the name is not resolved a second time."""

    kind: ClassVar[str] = "https"
    reading: ClassVar[type[Reading]] = HttpsReading

    host: str
    """The name that the certificate must carry."""
    address: str
    """The IP address to connect to."""
    path: str
    """Begins with a slash."""

    @property
    def id(self) -> str:
        return f"https {self.host} [{self.address}]{self.path}"
