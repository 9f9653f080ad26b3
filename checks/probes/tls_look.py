"""A look at a server's TLS from another side: as an older program would ask, or one that says no name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from checks.evidence import Probe, Reading
from checks.probes.smtp import Fault, Stage
from checks.probes.tls import TlsFacts
from checks.settings import Security


@dataclass(frozen=True, kw_only=True)
class TlsReading(Reading):
    """A handshake that was not verified and after which nothing was said; `tls.verified` is always false.

    `state` is ok as soon as the server was reached; then `tls` has the version that was agreed upon, or why there was none.
    """

    stage: Stage = Stage.CONNECT
    fault: Fault = Fault.NONE
    tls: TlsFacts | None = None


@dataclass(frozen=True, kw_only=True)
class TlsProbe(Probe[TlsReading]):
    """Connect, begin TLS, hang up. A luxury: asked after everything else, with little patience."""

    kind: ClassVar[str] = "tls"
    reading: ClassVar[type[Reading]] = TlsReading

    host: str
    """The name that is asked for (SNI)."""
    address: str
    """The IP address to connect to."""
    port: int
    security: Security
    ehlo: str = ""
    """The name that we present; the gatherer's own if empty."""
    highest: str = ""
    """Offer this version of TLS and older ones only, like TLSv1.1; empty: all."""
    named: bool = True
    """Say which name is wanted (RFC 6066 section 3)."""

    @property
    def id(self) -> str:
        presented = f" as {self.ehlo}" if self.ehlo else ""
        how = (f" up to {self.highest}" if self.highest else "") + ("" if self.named else " without its name")
        return f"tls {self.host} [{self.address}]:{self.port} {self.security}{presented}{how}"
