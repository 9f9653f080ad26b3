"""What kind of address an IP address is: public, or set aside for something else. Pure data and arithmetic, no judgement.

`ipaddress.is_global` is no guide here: to it, multicast, site-local and loopback inside NAT64 or 6to4 are "global".
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

SOURCES = (
    "https://www.iana.org/assignments/iana-ipv4-special-registry/",
    "https://www.iana.org/assignments/iana-ipv6-special-registry/",
    "https://www.iana.org/assignments/ipv6-address-space/",
)
CHECKED = "2026-11-23"  # rows set up from the RFCs that the registries name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Kind(StrEnum):
    """Who can reach an address."""

    PUBLIC = "public"
    LOOPBACK = "loopback"  # only the machine itself
    PRIVATE = "private"  # one organisation's network, or a provider's behind its address translation
    LINK_LOCAL = "link-local"  # one cable
    DOCUMENTATION = "documentation"  # nobody: set aside for examples; found in labs and in copied instructions
    RESERVED = "reserved"  # nobody, or no single machine: multicast, benchmarks, translation, future use


@dataclass(frozen=True, kw_only=True)
class Block:
    """One row of a registry."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    kind: Kind
    name: str
    """What the block is for, as it reads in "... is set aside for {name}"."""
    source: str


def _block(network: str, kind: Kind, name: str, source: str) -> Block:
    return Block(network=ipaddress.ip_network(network), kind=kind, name=name, source=source)


# The few globally reachable helpers inside 192.0.0.0/24 and 2001::/23 have no rows: nobody's mail server lives there.
BLOCKS = (
    _block("0.0.0.0/8", Kind.RESERVED, "a machine that does not know its address yet", "RFC 791 section 3.2"),
    _block("10.0.0.0/8", Kind.PRIVATE, "private networks", "RFC 1918"),
    _block("100.64.0.0/10", Kind.PRIVATE, "providers that share one address among customers", "RFC 6598"),
    _block("127.0.0.0/8", Kind.LOOPBACK, "a machine talking to itself", "RFC 1122 section 3.2.1.3"),
    _block("169.254.0.0/16", Kind.LINK_LOCAL, "machines on one cable", "RFC 3927"),
    _block("172.16.0.0/12", Kind.PRIVATE, "private networks", "RFC 1918"),
    _block("192.0.0.0/24", Kind.RESERVED, "network protocols", "RFC 6890 section 2.1"),
    _block("192.0.2.0/24", Kind.DOCUMENTATION, "examples in documentation", "RFC 5737"),
    _block("192.88.99.0/24", Kind.RESERVED, "the abandoned 6to4 relays", "RFC 7526"),
    _block("192.168.0.0/16", Kind.PRIVATE, "private networks", "RFC 1918"),
    _block("198.18.0.0/15", Kind.RESERVED, "measuring network equipment", "RFC 2544"),
    _block("198.51.100.0/24", Kind.DOCUMENTATION, "examples in documentation", "RFC 5737"),
    _block("203.0.113.0/24", Kind.DOCUMENTATION, "examples in documentation", "RFC 5737"),
    _block("224.0.0.0/4", Kind.RESERVED, "messages to groups of machines (multicast)", "RFC 5771"),
    _block("240.0.0.0/4", Kind.RESERVED, "future use", "RFC 1112 section 4"),
    _block("255.255.255.255/32", Kind.RESERVED, "messages to everybody (broadcast)", "RFC 8190"),
    _block("::/96", Kind.RESERVED, "an abandoned way to write IPv4 addresses", "RFC 4291 section 2.5.5.1"),
    _block("::1/128", Kind.LOOPBACK, "a machine talking to itself", "RFC 4291 section 2.5.3"),
    _block("::ffff:0:0/96", Kind.RESERVED, "IPv4 addresses inside a program", "RFC 4291 section 2.5.5.2"),
    _block("64:ff9b::/96", Kind.RESERVED, "translating between IPv6 and IPv4", "RFC 6052"),
    _block("64:ff9b:1::/48", Kind.PRIVATE, "translating between IPv6 and IPv4 inside one network", "RFC 8215"),
    _block("100::/64", Kind.RESERVED, "traffic that is thrown away", "RFC 6666"),
    _block("100:0:0:1::/64", Kind.RESERVED, "a dummy prefix", "RFC 9780"),
    _block("2001::/23", Kind.RESERVED, "network protocols", "RFC 2928"),
    _block("2001::/32", Kind.RESERVED, "the abandoned Teredo tunnels", "RFC 4380"),
    _block("2001:2::/48", Kind.RESERVED, "measuring network equipment", "RFC 5180"),
    _block("2001:10::/28", Kind.RESERVED, "an ended experiment (ORCHID)", "RFC 4843"),
    _block("2001:20::/28", Kind.RESERVED, "identifiers that are no addresses (ORCHIDv2)", "RFC 7343"),
    _block("2001:db8::/32", Kind.DOCUMENTATION, "examples in documentation", "RFC 3849"),
    _block("2002::/16", Kind.RESERVED, "the abandoned 6to4 tunnels", "RFC 7526"),
    _block("3fff::/20", Kind.DOCUMENTATION, "examples in documentation", "RFC 9637"),
    _block("5f00::/16", Kind.RESERVED, "routing instructions (SRv6)", "RFC 9602"),
    _block("fc00::/7", Kind.PRIVATE, "private networks", "RFC 4193"),
    _block("fe80::/10", Kind.LINK_LOCAL, "machines on one cable", "RFC 4291 section 2.5.6"),
    _block("fec0::/10", Kind.PRIVATE, "private networks (abandoned)", "RFC 3879"),
    _block("ff00::/8", Kind.RESERVED, "messages to groups of machines (multicast)", "RFC 4291 section 2.7"),
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291 section 2.4; IANA assigns nothing else to networks yet
_UNASSIGNED = _block("::/0", Kind.RESERVED, "future use", "RFC 4291 section 2.4")


def parse(text: str) -> Address | None:
    """Read an IPv4 or IPv6 address without scope; None if it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address


def special(text: str) -> Block | None:
    """Return the block that an address is set aside by; None if it is public, or no address at all."""
    if (address := parse(text)) is None:
        return None
    if carried := _carried(address):
        # An address inside an address reaches whatever the inner one reaches: the inner one is what must be told.
        return special(str(carried)) or _narrowest(address)
    return _narrowest(address)


def kind(text: str) -> Kind | None:
    """Return who can reach an address; None if the text is no address."""
    if parse(text) is None:
        return None
    block = special(text)
    return block.kind if block else Kind.PUBLIC


def _narrowest(address: Address) -> Block | None:
    found = [block for block in BLOCKS if block.network.version == address.version and address in block.network]
    if found:
        return max(found, key=lambda block: block.network.prefixlen)
    return _UNASSIGNED if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST else None


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside a mapped, compatible, NAT64 or 6to4 address."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.sixtofour:  # RFC 3056 section 2
        return address.sixtofour
    number = int(address)
    if number >> 32 in (0x0064FF9B << 64, 0xFFFF, 0) and number > 1:  # RFC 6052 section 2.1, RFC 4291 section 2.5.5
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None
