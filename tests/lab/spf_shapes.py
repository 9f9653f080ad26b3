"""Makes SPF trees of many shapes at random from a seed, and publishes them; what must be said of them is known from the description."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .spf_trees import Host, Record, Term, alarms, lookups, voids

SHARED = "mailer.example"
ELSEWHERE = ("198.51.100.7", "2001:db8:ffff::7")  # a host that nobody sends from


@dataclass(kw_only=True)
class Published:
    """Lines of zones: a name and what follows it, each pair once."""

    lines: dict[tuple[str, str], None] = field(default_factory=dict)

    def add(self, name: str, rest: str) -> None:
        self.lines[name, rest] = None


@dataclass(frozen=True, kw_only=True)
class Spf:
    """What was published, and what must be said of it."""

    shape: str
    alarms: frozenset[str]
    lookups: int | None = None
    """Worst case; None: not told, because something is wrong."""
    voids: int | None = None
    legal: bool = True
    """Receivers can use the tree."""
    wildcard: bool = False
    """A text answers for every name below the domain that has none of its own."""


@dataclass(kw_only=True)
class Shaper:
    """Makes the SPF of one domain."""

    rng: random.Random
    domain: str
    number: int
    senders: tuple[str, ...]
    mail_hosts: tuple[Host, ...]
    """Of the domain's own MX records; empty if they are not fit for SPF."""
    zone: Published
    names: int = 0

    # --- publishing ---

    def new_name(self, *, shared: bool | None = None) -> str:
        self.names += 1
        below = SHARED if (self.rng.random() < 0.5 if shared is None else shared) else self.domain
        return f"n{self.names}.c{self.number}.{below}" if below == SHARED else f"n{self.names}.{below}"

    def host(self, *addresses: str, name: str = "") -> Host:
        found = Host(name=name or self.new_name(), addresses=addresses)
        for address in addresses:
            self.zone.add(found.name, f"{'AAAA' if ':' in address else 'A'} {address}")
        return found

    def publish(self, record: Record) -> None:
        """Publish a record and everything below it, each text as one string or as several."""
        for each in (one for one in record.records() if one.name):
            words = [self._cased(term) for term in each.terms]
            self.text(
                each.name, self.rng.choice([" ", " ", "  "]).join([self.rng.choice(["v=spf1", "v=spf1", "V=SPF1"]), *words])
            )

    def _cased(self, term: Term) -> str:
        if term.kind == "other" or self.rng.random() < 0.9:
            return term.published
        head, colon, rest = term.published.partition(":")
        return head.upper() + colon + rest if colon else term.published

    def text(self, name: str, text: str) -> None:
        """RFC 7208 section 3.3: the strings are joined without a space between them."""
        cut = self.rng.randrange(1, max(2, len(text)))
        pieces = [text[:cut], text[cut:]] if self.rng.random() < 0.3 else [text]
        short = [piece[at : at + 255] for piece in pieces for at in range(0, max(1, len(piece)), 255)]
        self.zone.add(name, "TXT " + " ".join(f'"{piece}"' for piece in short))

    # --- terms that cost a look-up ---

    def leaf(self, kind: str) -> Term:
        """Return one term of a kind; void-... leads nowhere."""
        return getattr(self, "_" + kind.replace("-", "_"))()  # type: ignore[no-any-return] # every kind has its method

    def _a(self) -> Term:
        host = self.host(*self.rng.choice([ELSEWHERE, ELSEWHERE, ELSEWHERE[:1], ELSEWHERE[1:]]))
        four, six = self.rng.choice([("", ""), ("/28", ""), ("", "//64"), ("/31", "//120")])
        return Term(
            kind="a", text=f"a:{host.name}{four}{six}", hosts=(host,), lengths=(int(four[1:] or 32), int(six[2:] or 128)),
            sign=self.rng.choice("++~?"),
        )  # fmt: skip

    def _sender(self) -> Term:
        """A host with the address of a sender, perhaps not the very one."""
        address = self.rng.choice(self.senders)
        near = str(ipaddress.ip_network(f"{address}/{124 if ':' in address else 28}", strict=False)[5])
        host = self.host(near)
        return Term(kind="a", text=f"a:{host.name}/28//124", hosts=(host,), lengths=(28, 124))

    def _mx(self, count: int = 0) -> Term:
        if not count and self.mail_hosts and self.rng.random() < 0.3:
            return Term(
                kind="mx", text=self.rng.choice(["mx:%{o}", f"mx:{self.domain}", f"mx:{self.domain}."]), hosts=self.mail_hosts
            )
        name = self.new_name()
        hosts = [self.host(*ELSEWHERE) for _ in range(count or self.rng.choice([1, 2, 3, 10]))]
        for preference, host in enumerate(hosts):
            self.zone.add(name, f"MX {preference} {host.name}.")
        return Term(kind="mx", text=f"mx:{name}", hosts=tuple(hosts))

    def _many_mx(self) -> Term:
        return self._mx(11)

    def _exists(self) -> Term:
        host = self.host(ELSEWHERE[0])
        return Term(kind="exists", text=f"exists:{host.name}", hosts=(host,), sign=self.rng.choice("~?"))

    def _listed(self) -> Term:
        """By a macro of the sender (RFC 7208 section 7): the list has all of them."""
        below = self.new_name()
        macro, expand = self.rng.choice(MACROS)
        for address in self.senders:
            self.zone.add(f"{expand(address)}.{below}", "A 127.0.0.2")
        return Term(kind="exists", text=f"exists:{macro}.{below}", varies=True, listed=frozenset(self.senders), sign="?")

    def _ptr(self) -> Term:
        return Term(kind="ptr", text=f"ptr:{self.domain}", sign=self.rng.choice("+?"))

    def _void_a(self) -> Term:
        host = Host(name=self.new_name(shared=True))
        return Term(kind="a", text=f"a:{host.name}", hosts=(host,))

    def _void_mx(self) -> Term:
        return Term(kind="mx", text=f"mx:{self.new_name(shared=True)}")

    def _void_exists(self) -> Term:
        host = Host(name=self.new_name(shared=True))
        return Term(kind="exists", text=f"exists:{host.name}", hosts=(host,))

    # --- terms that make the whole tree void ---

    def _nothing(self) -> Term:
        """RFC 7208 section 5.2: an include of a name without record."""
        name = self.new_name(shared=True)
        there = self.rng.choice(
            ["", "A 198.51.100.8", 'TXT "hello"', 'TXT "v=spf10 -all"', 'SPF "v=spf1 -all"', "CNAME gone.example."]
        )
        if there:
            self.zone.add(name, there)
        return self._link(name, "spf.include-without-record")

    def _twice(self) -> Term:
        """RFC 7208 section 4.5."""
        name = self.new_name()
        self.text(name, "v=spf1 -all")
        self.text(name, "v=spf1 ip4:198.51.100.1 -all")
        return self._link(name, "spf.unusable-include")

    def _misspelt(self) -> Term:
        """RFC 7208 section 4.6."""
        name = self.new_name()
        self.text(name, f"v=spf1 {self.rng.choice(MISTAKES)} -all")
        return self._link(name, "spf.unusable-include")

    def _loop(self) -> Term:
        """Back to the domain, at once or by another record."""
        if self.rng.random() < 0.5:
            return self._link(self.domain, "spf.include-loop")
        name = self.new_name()
        term = self._link(self.domain, "spf.include-loop")
        self.text(name, f"v=spf1 {term.text} ~all")
        return Term(kind="include", text=f"include:{name}", record=Record(name="", terms=[term]))

    def _link(self, name: str, flaw: str) -> Term:
        return Term(kind="include", text=f"include:{name}", flaw=flaw)

    # --- whole trees ---

    def tree(self, name: str, leaves: Sequence[str], links: int) -> Record:
        """Return a tree of these leaves and so many includes and redirects."""
        children = self.rng.randint(1, links) if links else 0
        shares: list[list[str]] = [[] for _ in range(children + 1)]
        for leaf in leaves:
            self.rng.choice(shares).append(leaf)
        spread = [0] * children
        for _ in range(links - children):
            spread[self.rng.randrange(children)] += 1
        terms = [self.leaf(kind) for kind in shares[0]]
        below = [self.tree(self.new_name(), share, more) for share, more in zip(shares[1:], spread, strict=True)]
        onward = below.pop() if below and self.rng.random() < 0.3 else None
        terms += [Term(kind="include", text=f"include:{each.name}{self.rng.choice(['', '.'])}", record=each) for each in below]
        terms += [self._free() for _ in range(self.rng.randrange(3))]
        self.rng.shuffle(terms)
        if onward:
            at = self.rng.choice([0, len(terms)])  # RFC 7208 section 6: modifiers may stand anywhere
            terms.insert(at, Term(kind="redirect", text=f"redirect={onward.name}", record=onward))
        elif self.rng.random() < 0.95:
            terms.append(Term(kind="all", text="all", sign=self.rng.choice("-~~?")))
        return Record(name=name, terms=terms)

    def _free(self) -> Term:
        """Something that costs nothing."""
        network = self.rng.choice(["198.51.100.64/26", "2001:db8:eeee::/48", "192.0.2.200"])
        other = self.rng.choice(["exp=why.%{d}", "ra=postmaster", "x-made_by.us=%{i}%%%_%-"])
        if self.rng.random() < 0.15 and "exp" not in other:
            return Term(kind="other", text=other)
        return Term(
            kind="ip", text=f"ip{6 if ':' in network else 4}:{network}", networks=(network,), sign=self.rng.choice("++-~?")
        )

    def let_in(self, tree: Record) -> None:
        """Name the senders in one of the records."""
        holder = self.rng.choice(
            [tree, *(term.record for term in tree.terms if term.record and term.kind == "include" and term.record.name)]
        )
        for address in self.senders:
            wide = self.rng.choice(
                [address, str(ipaddress.ip_network(f"{address}/{124 if ':' in address else 28}", strict=False))]
            )
            term = Term(kind="ip", text=f"ip{6 if ':' in address else 4}:{wide}", networks=(wide,))
            places = [at for at, term_ in enumerate(holder.terms) if term_.kind in ("all", "redirect")] or [len(holder.terms)]
            holder.terms.insert(self.rng.randint(0, places[0]), term)

    def finished(self, shape: str, tree: Record) -> Spf:
        """Publish a tree and work out what must be said."""
        self.publish(tree)
        found = alarms(tree, self.senders)
        legal = not found & FATAL
        counted = legal and "spf.too-many-void-lookups" not in found
        return Spf(
            shape=shape, alarms=frozenset(found), legal=legal, lookups=lookups(tree) if legal else None,
            voids=voids(tree) if counted else None,
        )  # fmt: skip


FATAL = {
    "spf.too-many-lookups", "spf.too-many-mx", "spf.include-without-record", "spf.unusable-include", "spf.include-loop",
}  # fmt: skip


def _nibbles(address: str) -> list[str]:
    """RFC 7208 section 7.3: dotted, for IPv6 one hexadecimal digit each."""
    number = ipaddress.ip_address(address)
    return list(number.exploded.replace(":", "")) if number.version == 6 else address.split(".")


def _dotted(address: str, *, backwards: bool = False) -> str:
    parts = _nibbles(address)
    return ".".join(reversed(parts) if backwards else parts)


MACROS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("%{i}", _dotted),
    ("%{ir}", lambda address: _dotted(address, backwards=True)),
    ("%{ir}.%{v}", lambda address: _dotted(address, backwards=True) + (".ip6" if ":" in address else ".in-addr")),
    ("%{l}.%{i}", lambda address: f"postmaster.{_dotted(address)}"),
    ("%{i2}", lambda address: ".".join(_nibbles(address)[-2:])),
    ("%{i1r}", lambda address: _nibbles(address)[0]),
)
MISTAKES = (
    "ip4:192.0.2.256", "ip4:192.0.2.01", "ip4:192.0.2.1/33", "ip6:2001:db8::/129", "ip4:2001:db8::1", "ip6:192.0.2.1", "a:192.0.2.1",
    "include:", "ip4:", "ipv4:192.0.2.1", "exists:%{z}.example.org", "exists:%x.example.org", "exists", "include", "a:/24", "mx:", "all:x",
    "redirect=a.example redirect=b.example", "exp=a.example exp=b.example", "ptr:", "a/33", "mx//129", "a:x.example//", "foo", "ip4",
    "ip4:192.0.2.1,192.0.2.2", "+", "a:example", "include:x.example/24", "redirect=", "redirect=%{c}.x.example", "1x=y", "a:%{d", "-",
)  # fmt: skip
"""RFC 7208 section 12: each of them makes a record one that receivers cannot read."""
