"""Healthy domains, made at random from a seed: every legal way of writing things, none of which may raise an alarm."""

from __future__ import annotations

import ipaddress
import random
from dataclasses import dataclass, field

from tests.hostile.dns_worlds import World, ed25519_key, quoted, rsa_key

DOMAINS = (
    "club{n}.example",
    "news.club{n}.example",
    "club{n}.co.uk",
    "mail.club{n}.co.uk",
    "xn--mnchen-{n}ya.example",
    "a.b.c.d.e.f.g.h.club{n}.example",
    "{n}.example",
    "club_{n}.example",
)
MOST_WAYS = 2
PIECES = 6  # places where a text may be cut into strings


@dataclass
class Zone:
    """A healthy domain under construction."""

    rng: random.Random
    number: int
    domain: str
    sending: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    names: int = 0
    mail_hosts: list[str] = field(default_factory=list)
    exists: bool = False

    @property
    def organisation(self) -> str:
        kept = 3 if self.domain.endswith(".co.uk") else 2
        return ".".join(self.domain.split(".")[-kept:])

    def add(self, name: str, rest: str) -> None:
        self.lines.append(f"{name}. {rest}")

    def maybe(self, chance: float = 0.5) -> bool:
        return self.rng.random() < chance

    def new_name(self, below: str = "") -> str:
        self.names += 1
        where = below or self.rng.choice([self.domain, "mailer.example", f"host{self.number}.example"])
        return f"{self.rng.choice(['mail', 'out', '_spf', 'x'])}{self.names}.{where}"

    def text(self, name: str, text: str) -> None:
        """Publish a text, in one string or in several."""
        cuts = [self.rng.randrange(1, max(2, len(text))) for _ in range(self.rng.randrange(PIECES))] if self.maybe(0.4) else []
        self.add(name, f"TXT {quoted(text, pieces=cuts)}")

    def shouted(self, text: str) -> str:
        return text.upper() if self.maybe(0.15) else text

    def host(self, *addresses: str) -> str:
        """A host with an address of each kind: these, and others that nobody uses."""
        name = self.new_name()
        four = [item for item in addresses if ":" not in item] or [f"198.51.100.{self.rng.randrange(1, 99)}"]
        six = [item for item in addresses if ":" in item] or [f"2001:db8:ffff::{self.rng.randrange(1, 99)}"]
        holder = name
        if self.maybe(0.2):
            holder = self.new_name("cdn.example")
            self.add(name, f"CNAME {holder}.")
        for address in four:
            self.add(holder, f"A {address}")
        for address in six:
            self.add(holder, f"AAAA {address}")
        return name


def healthy(seed: int) -> World:
    """Return the healthy domain of a seed."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    zone = Zone(rng=rng, number=seed, domain=rng.choice(DOMAINS).format(n=seed))
    zone.sending = [f"203.0.113.{rng.randrange(1, 250)}"] if zone.maybe(0.85) else []
    if zone.maybe(0.35) or not zone.sending:
        zone.sending.append(f"2001:db8:{seed:x}::{rng.randrange(1, 0xFFFF):x}")
    _mx(zone)
    _spf(zone)
    selectors = _dkim(zone)
    _dmarc(zone)
    _reverse(zone)
    for token in rng.sample(
        ['"google-site-verification=abc"', '"v=spf10 mx -all"', '"spf2.0/pra -all"', '"\\255\\000x"', '""'], rng.randrange(4)
    ):
        zone.add(zone.domain, f"TXT {token}")
    if zone.maybe(0.15):
        zone.add(f"*.{zone.domain}", 'TXT "wild"')
    return World(
        zone="\n".join(zone.lines),
        domain=zone.domain,
        sending_ips=tuple(zone.sending),
        selectors=selectors,
        aliases_only=zone.maybe(0.2),
    )


# --- MX ---------------------------------------------------------------------------------------------------------------


def _mx(zone: Zone) -> None:
    if zone.maybe(0.08):
        zone.add(zone.domain, "A 198.51.100.200")
        return
    for number in range(zone.rng.randrange(1, 4)):
        name = zone.new_name()
        zone.mail_hosts.append(name)
        kinds = zone.rng.choice([("A",), ("A",), ("A", "AAAA")])
        zone.add(name, f"A {zone.sending[0] if number == 0 and ':' not in zone.sending[0] else '198.51.100.5'}")
        if "AAAA" in kinds:
            zone.add(name, "AAAA 2001:db8:ffff::5")
        zone.add(zone.domain, f"MX {zone.rng.choice([0, 10, 10, 65535])} {zone.shouted(name)}.")
    if zone.maybe(0.3):
        zone.add(zone.domain, "AAAA 2001:db8:ffff::80")


# --- SPF --------------------------------------------------------------------------------------------------------------


def _spf(zone: Zone) -> None:
    _record(zone, zone.domain, zone.sending, depth=0)


def _record(zone: Zone, name: str, addresses: list[str], *, depth: int) -> None:
    """Publish a record that lets these addresses send."""
    ways = [_way(zone, address, depth) for address in addresses]
    others = zone.rng.sample(
        [
            "ip4:198.51.100.77",
            "ip4:198.51.100.0/28",
            "ip6:2001:db8:eeee::/48",
            "-ip4:192.0.2.200",
            "?ip6:2001:DB8:EEEE::1",
            "~ip4:192.0.2.128/25",
            "ra=postmaster",
            "exp=why.%{d}",
        ],
        zone.rng.randrange(4),
    )
    if depth == 0 and zone.maybe(0.3):
        other = zone.new_name("crm.example")
        zone.text(other, f"v=spf1 ip4:192.0.2.0/25 {zone.rng.choice(['?', '~', '-'])}all")
        others.append(f"include:{zone.shouted(other)}")
    terms = [*ways, *others]
    zone.rng.shuffle(terms)
    if depth < MOST_WAYS and zone.maybe(0.15):
        target = zone.new_name()
        _record(zone, target, addresses, depth=depth + 1)
        terms = [*others, f"redirect={target}{zone.rng.choice(['', '.'])}"]
    elif not zone.maybe(0.05):
        terms.append(zone.shouted(zone.rng.choice(["-all", "~all", "~all", "?all"])))
    spaces = (zone.rng.choice([" ", " ", "  "]) for _ in terms)
    text = zone.shouted("v=spf1") + "".join(f"{space}{term}" for space, term in zip(spaces, terms, strict=True))
    zone.text(name, text + zone.rng.choice(["", "", " "]))


def _way(zone: Zone, address: str, depth: int) -> str:
    """One term that matches the address, one of the legal ways."""
    family = "ip6" if ":" in address else "ip4"
    wide = ipaddress.ip_network(
        f"{address}/{zone.rng.choice([64, 120]) if family == 'ip6' else zone.rng.choice([24, 28, 31])}", strict=False
    )
    ways = [
        lambda: f"{family}:{address}",
        lambda: f"{family}:{wide}",
        lambda: f"{family}:{address}/{wide.prefixlen}",
        lambda: f"a:{zone.host(address)}",
        lambda: (
            f"a:{zone.host(str(wide[1]))}/{wide.prefixlen}"
            if family == "ip4"
            else f"a:{zone.host(str(wide[1]))}//{wide.prefixlen}"
        ),
        lambda: f"mx:{_mail_domain(zone, address)}",
        lambda: (
            f"mx:{_mail_domain(zone, str(wide[1]))}/{wide.prefixlen}"
            if family == "ip4"
            else f"mx:{_mail_domain(zone, address)}/24//64"
        ),
    ]
    if depth < MOST_WAYS:
        ways += [lambda: _included(zone, address, depth), lambda: _included(zone, address, depth)]
    if not zone.exists and family == "ip4":
        ways.append(lambda: _listed(zone, address))
    term = zone.rng.choice(ways)()
    name, colon, rest = term.partition(":")
    return zone.rng.choice(["", "", "+"]) + zone.shouted(name) + colon + rest


def _mail_domain(zone: Zone, address: str) -> str:
    name = zone.new_name("mailer.example")
    for preference in range(zone.rng.randrange(1, 4)):
        zone.add(name, f"MX {preference} {zone.host(address)}.")
    return name


def _included(zone: Zone, address: str, depth: int) -> str:
    name = zone.new_name()
    _record(zone, name, [address], depth=depth + 1)
    return f"include:{name}"


def _listed(zone: Zone, address: str) -> str:
    """RFC 7208 section 7: by a macro of the address."""
    zone.exists = True
    reverse = ".".join(reversed(address.split(".")))
    below = f"list.{zone.organisation}"
    macro, name = zone.rng.choice(
        [
            ("%{i}", address),
            ("%{ir}", reverse),
            ("%{ir}.%{v}", f"{reverse}.in-addr"),
            ("%{l}.%{i}", f"postmaster.{address}"),
            ("%{i1r}", address.split(".", maxsplit=1)[0]),
        ]
    )
    zone.add(f"{name}.{below}", "A 127.0.0.2")
    return f"exists:{macro}.{below}"


# --- DKIM and DMARC ---------------------------------------------------------------------------------------------------


def _dkim(zone: Zone) -> tuple[str, ...]:
    named = zone.rng.sample(["s1", "mail", "S2026", "a.b", "x_1"], zone.rng.randrange(1, 3))
    for number, selector in enumerate(named):
        keys = [("rsa", rsa_key(2048))] * 4 + [("rsa", rsa_key(4096))] + ([("ed25519", ed25519_key())] if number else [])
        kind, key = zone.rng.choice(keys)
        _key(zone, selector.lower(), kind, key)
    if zone.maybe(0.1):
        return ()  # nobody knows the selector
    return tuple(named)


def _key(zone: Zone, selector: str, kind: str, key: str) -> None:
    tags = zone.rng.sample(
        ["t=s", "h=sha256", "h=sha1:sha256", "s=email", "s=*", "n=hello there", "g=*", "x_made=2026"], zone.rng.randrange(3)
    )
    tags = list({tag[0]: tag for tag in tags}.values())
    if kind != "rsa" or zone.maybe():
        tags.append(f"k={kind}")
    if zone.maybe(0.2):
        key = " ".join(key[at : at + 64] for at in range(0, len(key), 64))
    tags.append(f"p={key}")
    zone.rng.shuffle(tags)
    if zone.maybe(0.8):
        tags.insert(0, "v=DKIM1")
    if zone.maybe(0.2):
        tags = [tag.replace("=", " = ", 1) for tag in tags]
    text = zone.rng.choice([";", "; ", " ; "]).join(tags) + zone.rng.choice(["", ";", "; "])
    name = f"{selector}._domainkey.{zone.domain}"
    for _ in range(zone.rng.choice([0, 0, 1, 2])):
        target = zone.new_name("keys.example")
        zone.add(name, f"CNAME {target}.")
        name = target
    zone.text(name, text)


def _dmarc(zone: Zone) -> None:
    place = zone.rng.choice([zone.domain, zone.organisation])
    policy = zone.rng.choice(["quarantine", "reject", "Reject", "none"])
    own = f"mailto:dmarc@{zone.organisation}"
    foreign = f"mailto:{zone.number}@reports{zone.number}.example"
    if zone.maybe():
        consent = zone.rng.choice([f"{place}._report._dmarc", "*._report._dmarc"])
        zone.add(f"{consent}.reports{zone.number}.example", f"TXT {zone.rng.choice(['v=DMARC1', 'v=DMARC1;'])}")
    else:
        foreign = own
    tags = zone.rng.sample(
        [
            f"rua={own}",
            f"rua={own},{foreign}",
            f"ruf={foreign}",
            "adkim=r",
            "aspf=s",
            "fo=1",
            "fo=1:d:s",
            "sp=reject",
            "np=reject",
            "pct=100",
            "psd=n",
            "t=n",
        ],
        zone.rng.randrange(6),
    )
    tags = list({tag.partition("=")[0]: tag for tag in tags}.values())
    if zone.maybe(0.2):
        tags = [tag.replace("=", " = ", 1) for tag in tags]
    tags = ["v=DMARC1", f"p={policy}", *tags]
    if zone.maybe(0.15):
        tags[0] = zone.rng.choice(["V=DMARC1", "v = DMARC1", "v=DMARC1 "])
    name = f"_dmarc.{place}"
    if zone.maybe(0.2):
        target = zone.new_name("dmarc.example")
        zone.add(name, f"CNAME {target}.")
        name = target
    zone.text(name, zone.rng.choice(["; ", ";", " ; "]).join(tags) + zone.rng.choice(["", ";", " ;"]))
    if name.startswith("_dmarc") and zone.maybe(0.1):
        zone.add(name, 'TXT "something else"')


# --- reverse names ----------------------------------------------------------------------------------------------------


def _reverse(zone: Zone) -> None:
    for address in zone.sending:
        pointer = ipaddress.ip_address(address).reverse_pointer
        name = zone.new_name(zone.rng.choice([zone.organisation, "isp.example"])).replace("_", "")
        if zone.maybe(0.15):
            holder = f"{zone.number}-{len(zone.lines)}.rev.isp.example"  # RFC 2317
            zone.add(pointer, f"CNAME {holder}.")
            pointer = holder
        zone.add(pointer, f"PTR {zone.shouted(name)}.")
        zone.add(name, f"{'AAAA' if ':' in address else 'A'} {address}")
        if zone.maybe(0.1):
            zone.add(pointer, "PTR old-name.isp.example.")
