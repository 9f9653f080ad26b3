"""The ip4 and ip6 terms of one SPF record, put in order for looking up. Pure arithmetic.

A hostile record names thousands of networks and is judged for many addresses: each look costs one step for each length of prefix.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.records.spf import Mechanism

BITS = {"ip4": 32, "ip6": 128}


@dataclass(frozen=True)
class Networks:
    """What the mechanisms in force of a record say of addresses."""

    mechanisms: tuple[Mechanism, ...]

    def relevant(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[Mechanism, ...]:
        """Return the mechanisms without the ip4 and ip6 terms that can decide nothing for an address, in order.

        A network that an earlier term names already is left out, too.
        """
        bits, number = address.max_prefixlen, int(address)
        tops = self._tops["ip4" if address.version == 4 else "ip6"]
        found = [places[top] for length, places in tops.items() if (top := number >> bits - length) in places]
        return tuple(self.mechanisms[place] for place in sorted((*self._others, *found)))

    @cached_property
    def spans(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """For ip4 and ip6: the first and last numbers of what is let pass, in order, what touches put together."""
        found: dict[str, list[tuple[int, int]]] = {name: [] for name in BITS}
        for term in self.mechanisms:
            if term.network and term.qualifier == "+":
                found[term.name].append(term.bounds)
        return {name: united(spans) for name, spans in found.items()}

    @cached_property
    def _others(self) -> tuple[int, ...]:
        return tuple(place for place, term in enumerate(self.mechanisms) if not term.network)

    @cached_property
    def _tops(self) -> Mapping[str, Mapping[int, Mapping[int, int]]]:
        """For each kind and length of prefix: prefix -> place of the first term that names it."""
        found: dict[str, dict[int, dict[int, int]]] = {name: {} for name in BITS}
        for place, term in enumerate(self.mechanisms):
            if term.network:
                top = term.bounds[0] >> BITS[term.name] - term.length
                found[term.name].setdefault(term.length, {}).setdefault(top, place)
        return found


def bounds(name: str, network: str, length: int) -> tuple[int, int]:
    """Return the first and the last address of a network as numbers; the `ipaddress` module takes ten times as long."""
    rest = (1 << BITS[name] - length) - 1
    if name == "ip6":
        number = int(ipaddress.IPv6Address(network))
    else:
        one, two, three, four = network.split(".")
        number = int(one) << 24 | int(two) << 16 | int(three) << 8 | int(four)
    return number & ~rest, number | rest


def united(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Put together ranges of numbers that overlap or touch; in order."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)
