"""Whether a port takes a connection: nothing is said on it, and it is closed at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from checks.evidence import Probe, Reading


class ConnectFault(StrEnum):
    """Why no connection came about."""

    NONE = ""
    TIMEOUT = "timeout"  # no answer in time
    REFUSED = "refused"  # turned away, by the machine itself or by a firewall
    UNREACHABLE = "unreachable"  # no route, network down, forbidden here
    NOT_PUBLIC = "not-public"  # an address that strangers' data may not send us to
    FAILED = "failed"  # our own side could not try


@dataclass(frozen=True, kw_only=True)
class ConnectReading(Reading):
    """Whether a connection came about. `state` is ok if it did."""

    fault: ConnectFault = ConnectFault.NONE

    @property
    def dead(self) -> bool:
        """Whether it was really tried, with enough time, and came to nothing."""
        return self.fault in (ConnectFault.TIMEOUT, ConnectFault.REFUSED, ConnectFault.UNREACHABLE)


@dataclass(frozen=True, kw_only=True)
class ConnectProbe(Probe[ConnectReading]):
    """One connection, as a control: whether anything gets out of here on this port."""

    kind: ClassVar[str] = "connect"
    reading: ClassVar[type[Reading]] = ConnectReading

    address: str
    """The IP address to connect to."""
    port: int

    @property
    def id(self) -> str:
        return f"connect [{self.address}]:{self.port}"
