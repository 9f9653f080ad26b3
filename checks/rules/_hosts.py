"""Addresses of hosts, from evidence. For every rule that needs to know where a name leads; whether they are wise is for the rule."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from checks.evidence import Evidence, State
from checks.probes import DnsProbe
from checks.records.address import Kind, kind

PER_FAMILY = 2  # a client tries few addresses of a name; each costs a whole conversation
MAX_ADDRESSES = 20  # kept per family and host; a longer list is no mail server's


@dataclass(frozen=True, kw_only=True)
class HostAddresses:
    """What DNS says about one host name; also true of a literal address, which needs no DNS."""

    host: str
    v4: tuple[str, ...] = ()
    v6: tuple[str, ...] = ()
    beyond: int = 0
    """How many more DNS lists than are kept here."""
    exists: bool = True
    """False: the name itself does not exist (NXDOMAIN), in one family at least."""
    alias_of: tuple[str, ...] = ()
    """Targets of the CNAMEs on the way, in order."""
    failed: tuple[DnsProbe, ...] = ()
    """Questions that got no answer; then an empty list of addresses means nothing."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them, IPv4 first."""
        return (*self.v4, *self.v6)

    @property
    def is_missing(self) -> bool:
        """Whether DNS settled that there is no address."""
        return not self.addresses and not self.failed


def look_up(ev: Evidence, hosts: Iterable[str]) -> tuple[HostAddresses, ...]:
    """Look up several hosts in one round. A question that failed is kept in `failed`, it does not stop the rule."""
    listed = tuple(dict.fromkeys(hosts))
    ev.all(*(probe for host in listed for probe in _probes(host)))
    return tuple(_look_up_one(ev, host) for host in listed)


def addresses_of(ev: Evidence, host: str, *, per_family: int = PER_FAMILY) -> tuple[str, ...]:
    """Return the addresses to connect to, IPv4 first, at most `per_family` of each; empty if DNS says that there is none.

    If nothing was found because a question failed, the finding becomes *unknown* with the reason.
    """
    found = look_up(ev, [host])[0]
    if not found.addresses and found.failed:
        ev.need(found.failed[0])
    return (*found.v4[:per_family], *found.v6[:per_family])


def is_reachable(address: str, *, allow_private: bool) -> bool:
    """Tell whether the world can reach an address; one from a manual counts as a real one, which the rules about it say themselves."""
    return allow_private or kind(address) in (Kind.PUBLIC, Kind.DOCUMENTATION)


def literal_address(host: str) -> str:
    """Return the address that a host "name" is, in normal form, or "" if it is a name."""
    if host == "localhost":
        return "127.0.0.1"  # RFC 6761 section 6.3: never asked of DNS
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return ""


def _probes(host: str) -> tuple[DnsProbe, ...]:
    return () if literal_address(host) else (DnsProbe(host, "A"), DnsProbe(host, "AAAA"))


def _look_up_one(ev: Evidence, host: str) -> HostAddresses:
    if literal := literal_address(host):
        return HostAddresses(host=host, v4=() if ":" in literal else (literal,), v6=(literal,) if ":" in literal else ())
    four, six = ev.all(*_probes(host))
    return HostAddresses(
        host=host,
        v4=four.values[:MAX_ADDRESSES],
        v6=six.values[:MAX_ADDRESSES],
        beyond=max(0, len(four.values) - MAX_ADDRESSES) + max(0, len(six.values) - MAX_ADDRESSES),
        exists=State.NXDOMAIN not in (four.state, six.state),
        alias_of=four.chain or six.chain,
        failed=tuple(probe for probe, reading in zip(_probes(host), (four, six), strict=True) if not reading.state.answered),
    )
