"""A thousand domains from one seed: each with its SPF, DKIM, DMARC and MX, what must be said of it, and the zones that publish it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from . import dmarc_descriptions as dmarc
from .dkim_descriptions import KEYS_ZONE, Dkim, Key, some_dkim
from .dkim_descriptions import publish as publish_key
from .dmarc_descriptions import Level, Levels, Policy
from .spf_catalogue import some_spf
from .spf_shapes import SHARED, Published, Shaper, Spf
from .spf_trees import Host

OUTSIDE = "isp.example"
SENDERS = tuple(f"203.0.113.{n}" for n in range(10, 30)) + tuple(f"2001:db8:5e::{n}" for n in range(10, 30))
"""Addresses with a reverse name that leads back to them."""
SUFFIXES = ("example", "co.uk", "org.uk", "registry.example", "closed.example")
REGISTRIES: Mapping[str, Policy] = {
    "org.uk": Policy(p="reject", sp="quarantine", np="reject", psd="y"),  # on the public suffix list as well
    "registry.example": Policy(p="none", psd="y"),  # not on it: RFC 7489 takes the registry for the organisation
    "closed.example": Policy(p="quarantine", psd="n"),  # it says itself that it is one organisation
}
AUTHORS = ("", "", "", "news.", "a.b.", "1.2.3.4.5.", "1.2.3.4.5.6.7.", "1.2.3.4.5.6.7.8.9.10.")
HEALTHY_SHAPE = "healthy"
HEALTHY = 5
"""Each fifth domain has nothing wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One domain to be checked, and the right answers."""

    domain: str
    senders: tuple[str, ...]
    spf: Spf
    dkim: Dkim
    levels: Levels
    mx: str
    alarms: frozenset[str]
    place: str
    """Whose DMARC record holds; empty: nobody's."""
    policy: str
    """What receivers do with mail that fails DMARC; empty: nothing is asked of them."""
    differs: bool
    """Receivers of RFC 7489 find another DMARC record, or none."""

    @property
    def is_healthy(self) -> bool:
        """Nothing is wrong with it, whoever looks."""
        return self.spf.shape == self.dkim.shape == self.mx == HEALTHY_SHAPE

    @property
    def shape(self) -> str:
        """For a person who looks at a failure."""
        return f"{self.domain}: SPF {self.spf.shape}; DKIM {self.dkim.shape}; MX {self.mx}; DMARC at {self.place or 'no place'}"


def customers(count: int, seed: int) -> tuple[list[Customer], dict[str, str]]:
    """Return so many domains and the zones of all of them."""
    zone = Published()
    found = [_customer(number, random.Random(f"{seed} {number}"), zone) for number in range(count)]  # noqa: S311 - nothing secret
    _shared(zone)
    return found, _zones(zone, found)


def _customer(number: int, rng: random.Random, zone: Published) -> Customer:
    suffix = rng.choices(SUFFIXES, [5, 2, 1, 1, 1])[0]
    apex = f"c{number}.{suffix}"
    domain = rng.choice(AUTHORS) + apex
    organisation = suffix if suffix in ("registry.example", "closed.example") else apex  # by the public suffix list
    senders = tuple(rng.sample(SENDERS, rng.choice([1, 1, 2, 3])))
    if rng.random() < 0.03:
        return _absent(domain, apex, organisation, senders, rng, zone)
    healthy = number % HEALTHY == 0
    mx, hosts, mx_alarms = (HEALTHY_SHAPE, _mail_hosts(domain, 2, zone), set[str]()) if healthy else _mx(rng, domain, zone)
    shaper = Shaper(rng=rng, domain=domain, number=number, senders=senders, mail_hosts=hosts, zone=zone)
    spf = _good_spf(shaper) if healthy else some_spf(rng, shaper)
    levels = {domain: Level(policies=[Policy(p="reject")])} if healthy else dmarc.random_levels(rng, domain, apex)
    _publish_levels(levels, zone)
    levels |= {name: Level(policies=[policy]) for name, policy in REGISTRIES.items() if name == suffix}
    if healthy:
        publish_key(rng, zone, f"s1._domainkey.{domain}", (Key().text,), number)
        dkim = Dkim(shape=HEALTHY_SHAPE, selectors=("s1",), alarms=frozenset())
    else:
        dkim = some_dkim(rng, zone, domain, organisation if organisation == apex else domain, number, wildcard=spf.wildcard)
    return _described(
        domain, organisation, levels, senders=senders, spf=spf, dkim=dkim, mx=mx,
        alarms=spf.alarms | dkim.alarms | mx_alarms | dmarc.alarms(domain, levels),
    )  # fmt: skip


def _described(
    domain: str, organisation: str, levels: Levels, *, senders: tuple[str, ...], spf: Spf, dkim: Dkim, mx: str,
    alarms: frozenset[str], exists: bool = True,
) -> Customer:  # fmt: skip
    place = dmarc.newer(domain, levels)
    return Customer(
        domain=domain, senders=senders, spf=spf, dkim=dkim, levels=levels, mx=mx, alarms=alarms, place=place,
        policy=dmarc.in_force(domain, levels, exists=exists),
        differs=bool(place) and dmarc.older(domain, organisation, levels) != place,
    )  # fmt: skip


def _absent(domain: str, apex: str, organisation: str, senders: tuple[str, ...], rng: random.Random, zone: Published) -> Customer:
    """A name that does not exist, below a domain that does (RFC 8020)."""
    missing = f"nowhere.{domain}"
    levels = {apex: Level(policies=[dmarc.random_policy(rng)])} if rng.random() < 0.7 else {}
    _publish_levels(levels, zone)
    zone.add(domain, "A 198.51.100.9")
    levels |= {name: Level(policies=[policy]) for name, policy in REGISTRIES.items() if apex.endswith(f".{name}")}
    return _described(
        missing, organisation, levels, senders=senders, spf=Spf(shape="no domain", alarms=frozenset()),
        dkim=Dkim(shape="no domain", selectors=("s1",), alarms=frozenset()), mx="no domain", exists=False,
        alarms=frozenset({"mx.domain-missing"} | dmarc.alarms(missing, levels, exists=False)),
    )  # fmt: skip


def _good_spf(shaper: Shaper) -> Spf:
    terms = [f"ip{6 if ':' in address else 4}:{address}" for address in shaper.senders]
    shaper.text(shaper.domain, " ".join(["v=spf1", *terms, "mx", "-all"]))
    return Spf(shape=HEALTHY_SHAPE, alarms=frozenset(), lookups=1, voids=0)


def _publish_levels(levels: Levels, zone: Published) -> None:
    for name, level in levels.items():
        for text in [*(policy.text for policy in level.policies), *level.others]:
            zone.add(f"_dmarc.{name}", f'TXT "{text}"')


# --- MX -----------------------------------------------------------------------------------------------------------------


def _mail_hosts(domain: str, count: int, zone: Published) -> tuple[Host, ...]:
    hosts = tuple(Host(name=f"mx{n}.{domain}", addresses=("198.51.100.25", "2001:db8:ffff::25")) for n in range(count))
    for preference, host in enumerate(hosts):
        zone.add(domain, f"MX {preference} {host.name}.")
        zone.add(host.name, "A 198.51.100.25")
        zone.add(host.name, "AAAA 2001:db8:ffff::25")
    return hosts


def _mx(rng: random.Random, domain: str, zone: Published) -> tuple[str, tuple[Host, ...], set[str]]:
    """Return what was made, the hosts as SPF can use them, and the alarms."""
    shape = rng.choices(["good", "ten", "none", "address", "null", "mixed"], [8, 1, 1, 1, 1, 4])[0]
    if shape in ("good", "ten"):
        return shape, _mail_hosts(domain, rng.randint(1, 4) if shape == "good" else 10, zone), set()
    if shape in ("none", "null"):
        if shape == "null":
            zone.add(domain, "MX 0 .")
        zone.add(f"www.{domain}", "A 198.51.100.80")
        return shape, (), {"mx.missing" if shape == "none" else "mx.null-record"}
    if shape == "address":
        zone.add(domain, rng.choice(["A 198.51.100.80", "AAAA 2001:db8:ffff::80"]))
        return shape, (), set()
    kinds = rng.sample(list(TARGETS), rng.randint(1, 3))
    found: set[str] = set()
    for preference, kind in enumerate(kinds):
        lines, code = TARGETS[kind]
        for name, rest in lines:
            zone.add(name.replace("*", domain), rest.replace("*", domain))
        host = lines[0][0] if lines else kind
        zone.add(domain, f"MX {preference} {host.replace('*', domain)}{'' if host == '.' else '.'}")
        found |= {code} if code else set()
    return "+".join(kinds), (), found


TARGETS: Mapping[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "good": ((("ok.*", "A 198.51.100.26"),), ""),
    "six": ((("six.*", "AAAA 2001:db8:ffff::26"),), ""),
    "alias": ((("alias.*", "CNAME ok2.*."), ("ok2.*", "A 198.51.100.27")), "mx.target-alias"),
    "alias to nothing": ((("alias2.*", "CNAME gone.example."),), "mx.target-unresolvable"),
    "gone.example": ((), "mx.target-unresolvable"),
    "192.0.2.7": ((), "mx.target-literal"),
    "text only": ((("text.*", 'TXT "x"'),), "mx.target-unresolvable"),
    "private": ((("office.*", "A 10.1.2.3"),), "mx.target-reserved"),
    "loopback": ((("loop.*", "AAAA ::1"),), "mx.target-reserved"),
}


# --- zones --------------------------------------------------------------------------------------------------------------


def _shared(zone: Published) -> None:
    for name, policy in REGISTRIES.items():
        zone.add(f"_dmarc.{name}", f'TXT "{policy.text}"')
    zone.add(f"open.{SHARED}", 'TXT "v=spf1 +all"')
    zone.add(f"closed.{SHARED}", 'TXT "v=spf1 -all"')
    zone.add(f"ns.{KEYS_ZONE}", "A 198.51.100.1")
    for number, address in enumerate(SENDERS):
        zone.add(ip_address(address).reverse_pointer, f"PTR out{number}.{OUTSIDE}.")
        zone.add(f"out{number}.{OUTSIDE}", f"{'AAAA' if ':' in address else 'A'} {address}")


def _zones(published: Published, found: Iterable[Customer]) -> dict[str, str]:
    """Sort the lines into zones: one for each customer, and those that they share."""
    apexes = {apex_of(customer.domain) for customer in found}
    names = {*apexes, *REGISTRIES, SHARED, KEYS_ZONE, OUTSIDE, "113.0.203.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"}
    zones: dict[str, list[str]] = {name: [] for name in names}
    for name, rest in published.lines:
        zone = next(above for above in dmarc.ancestors(name) if above in zones)
        zones[zone].append(f"{name}. {rest}")
    return {name: "\n".join(lines) for name, lines in zones.items()}


def apex_of(domain: str) -> str:
    """Return where the zone of a customer begins."""
    labels = domain.split(".")
    at = max(place for place, label in enumerate(labels) if label[:1] == "c" and label[1:].isdigit())
    return ".".join(labels[at:])
