"""Renders zone text for a name server. Knows the zone file format and nothing of servers.

A zone is written in short: `@ TXT "v=spf1 -all"`. Added where absent: $ORIGIN, $TTL, SOA and NS of the apex. Long strings are
split into pieces of 255 bytes, characters outside ASCII become the escaped bytes of their UTF-8 form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from textwrap import dedent

DEFAULT_TTL = 300
MAX_STRING = 255  # RFC 1035 section 3.3: a character-string has one length octet
NAME_SERVER = "ns.lab."

BROKEN = "; broken: the server holds no data for this zone and answers SERVFAIL\n"
"""Zone text that stands for a zone which does not load."""

_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|;[^\n]*|(?:[^";\\]|\\.)+', re.DOTALL)
_CHARACTER = re.compile(r"\\\d{3}|\\.|.", re.DOTALL)
_REST = r"\s+(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?"  # time to live and class, in either order


def normal(name: str) -> str:
    """Return a zone name in lower case with a final dot."""
    return name.lower().rstrip(".") + "."


def render(name: str, text: str) -> str:
    """Return a complete zone file."""
    origin, body = normal(name), split_strings(dedent(text))
    head = [f"$ORIGIN {origin}", f"$TTL {DEFAULT_TTL}"]
    if not _has(body, origin, "SOA"):
        head.append(f"@ SOA {NAME_SERVER} hostmaster.lab. 1 3600 600 86400 {DEFAULT_TTL}")
    if not _has(body, origin, "NS"):
        head.append(f"@ NS {NAME_SERVER}")
    return "\n".join([*head, body.strip("\n"), ""])


def _has(body: str, origin: str, rtype: str) -> bool:
    return bool(re.search(rf"^(?:@|{re.escape(origin)}){_REST}{rtype}\s", body, re.IGNORECASE | re.MULTILINE))


def split_strings(text: str) -> str:
    """Split quoted strings that are too long for one character-string; comments stay as they are."""
    return "".join(_split(piece) if piece.startswith('"') else piece for piece in _PIECES.findall(text))


def _split(quoted: str) -> str:
    units = [unit for character in _CHARACTER.findall(quoted[1:-1]) for unit in _escaped(character)]
    pieces = [units[start : start + MAX_STRING] for start in range(0, len(units), MAX_STRING)] or [[]]
    return " ".join('"' + "".join(piece) + '"' for piece in pieces)


def _escaped(character: str) -> list[str]:
    """Return zone file text for each byte of one character."""
    if character.isascii():
        return [character]
    return [f"\\{byte:03d}" for byte in character.lstrip("\\").encode()]


def with_root(zones: Mapping[str, str]) -> dict[str, str]:
    """Add a root zone, so that names outside the zones get NXDOMAIN and not REFUSED."""
    if "." in zones:
        return dict(zones)
    names = [normal(name) for name in zones]
    inner = {name for name in names for other in names if name.endswith(f".{other}")}
    delegations = [f"{name} NS {NAME_SERVER}" for name in names if name not in inner]
    return {**zones, ".": "\n".join([f"{NAME_SERVER} A 127.0.0.1", *delegations])}


def reverse_zones(pointers: Mapping[str, str | Iterable[str]]) -> dict[str, str]:
    """Return reverse zones for address -> name (or names): 127/8 as one zone, else one per /24 or /64."""
    zones: dict[str, list[str]] = {}
    for text, names in pointers.items():
        address = ip_address(text)
        lines = zones.setdefault(_reverse_zone(address), [])
        for name in [names] if isinstance(names, str) else names:
            lines.append(f"{address.reverse_pointer}. PTR {normal(name)}")
    return {zone: "\n".join(lines) for zone, lines in zones.items()}


def _reverse_zone(address: IPv4Address | IPv6Address) -> str:
    if address.version == 4 and address.is_loopback:
        return "127.in-addr.arpa"
    host_labels = 1 if address.version == 4 else 16
    return address.reverse_pointer.split(".", host_labels)[-1]


def edited(text: str, *, drop: Iterable[tuple[str, str]] = (), add: str = "") -> str:
    """Return zone text without the records `(owner, type)` in `drop` and with the lines of `add`. One record is one line."""
    patterns = [re.compile(rf"{re.escape(owner)}{_REST}{rtype}\s", re.IGNORECASE) for owner, rtype in drop]
    lines = dedent(text).splitlines()
    for pattern in patterns:
        if not any(pattern.match(line) for line in lines):
            raise ValueError(f"the zone has no record that matches {pattern.pattern}")
    kept = [line for line in lines if not any(pattern.match(line) for pattern in patterns)]
    return "\n".join([*kept, dedent(add)])
