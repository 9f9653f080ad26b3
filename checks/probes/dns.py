"""Questions to name servers. Text from strangers is kept as it came, one character per byte (Latin-1)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import ClassVar

import idna

from checks.evidence import Probe, Reading


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """One record of an answer."""

    value: str
    """A, AAAA: the address. CNAME, PTR, NS, MX: the name in lower case without trailing dot ("." for the root). TXT: the
    character-strings joined without space (RFC 7208 section 3.3). Others: presentation form."""
    ttl: int = 0
    """Seconds, as received."""
    preference: int = 0
    """MX only (RFC 5321 section 5.1)."""
    strings: tuple[str, ...] = ()
    """TXT only: the character-strings as published."""


@dataclass(frozen=True, kw_only=True)
class DnsReading(Reading):
    """What DNS says. `records` are of the type asked, at the end of any CNAME chain."""

    records: tuple[DnsRecord, ...] = ()
    chain: tuple[str, ...] = ()
    """Targets of the CNAMEs followed, in order; empty if the name itself holds the records."""
    negative_ttl: int | None = None
    """For nxdomain and nodata: how long resolvers remember it, in seconds (RFC 2308 section 5)."""
    server: str = ""
    """Who answered, as address:port."""
    authentic: bool = False
    """The name server vouches that DNSSEC proves the answer, be it "there is none" (AD bit, RFC 4035 section 3.2.3). False says nothing:
    not every name server checks."""
    errors: tuple[int, ...] = ()
    """For bogus: the extended errors that the name server gave (RFC 8914 section 4); empty if the message itself was broken."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the records, in the order of the reading."""
        return tuple(record.value for record in self.records)


@dataclass(frozen=True, kw_only=True)
class DnsProbe(Probe[DnsReading]):
    """One question to the resolver. The name is absolute: no search list is ever applied."""

    kind: ClassVar[str] = "dns"
    reading: ClassVar[type[Reading]] = DnsReading

    name: str
    type: str

    def __init__(self, name: str, type: str) -> None:  # noqa: A002 - DNS calls it type
        object.__setattr__(self, "name", normal_name(name))
        object.__setattr__(self, "type", type.upper())

    @property
    def id(self) -> str:
        return f"dns {self.name} {self.type}"


@dataclass(frozen=True, kw_only=True)
class AuthorityProbe(Probe[DnsReading]):
    """One question to one of a zone's own name servers, which is not to ask anybody else.

    An alias that leads out of what the server holds is not followed: then there is a `chain` and no records.
    """

    kind: ClassVar[str] = "authority"
    reading: ClassVar[type[Reading]] = DnsReading

    name: str
    type: str
    address: str
    """The IP address of the name server."""

    def __init__(self, name: str, type: str, address: str) -> None:  # noqa: A002 - DNS calls it type
        object.__setattr__(self, "name", normal_name(name))
        object.__setattr__(self, "type", type.upper())
        object.__setattr__(self, "address", str(ipaddress.ip_address(address)))

    @property
    def id(self) -> str:
        return f"authority {self.address} {self.name} {self.type}"


def normal_name(name: str) -> str:
    """Return a DNS name in lower case, as A-label where it can be one, without trailing dot. Never raises."""
    lowered = name.removesuffix(".").lower()
    if lowered.isascii() or len(lowered) > 253:
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode()
    except idna.IDNAError:
        return lowered


def reverse_name(address: str) -> str:
    """Return the name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    return ipaddress.ip_address(address).reverse_pointer
