"""What the rules about "published or visible" share: a zone's own name servers, what each of them says, and words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.evidence import Evidence, State
from checks.probes import AuthorityProbe, DnsProbe, DnsReading
from checks.records.address import Kind, kind
from checks.records.dmarc import is_dmarc
from checks.records.org_domain import by_suffix_list
from checks.records.spf import is_spf

MAX_SERVERS = 6  # a zone has two to four; more than six says nothing new
MAX_LEVELS = 5  # names above a domain at which its zone may begin
LONGEST_SHOWN = 120  # characters of an answer that a finding repeats
MOST_SHOWN = 3
OWN = (Kind.LOOPBACK, Kind.PRIVATE)  # asked in labs and intranets only; other reserved addresses are nobody's


@dataclass(frozen=True, kw_only=True)
class NameServer:
    """One of a zone's own name servers."""

    name: str
    address: str
    """One address is enough; a server says the same at each."""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """Where a domain's records are served."""

    name: str
    """Where the zone begins; empty if no name server was found."""
    listed: tuple[str, ...] = ()
    """Names of all its servers, or of the first few."""
    servers: tuple[NameServer, ...] = ()
    """Those that can be asked: their address is known and fit to be asked."""


def zone_of(domain: str, ev: Evidence, *, allow_private: bool) -> Zone:
    """Find the zone of a domain and its servers. A look-up of the zone that failed makes the finding *unknown*."""
    for name in _upwards(domain):
        reading = ev.need(DnsProbe(name, "NS"))
        if reading.state is State.OK and reading.records and not reading.chain:  # RFC 1034 section 4.2.1: at the top of a zone
            listed = tuple(sorted(reading.values))[:MAX_SERVERS]
            return Zone(name=name, listed=listed, servers=_addressed(listed, ev, allow_private=allow_private))
    return Zone(name="")


def _upwards(domain: str) -> list[str]:
    """Return the domain and what is above it, up to the organisation's."""
    names, last = [domain], by_suffix_list(domain)
    while names[-1] != last and len(names) < MAX_LEVELS:
        names.append(names[-1].partition(".")[2])
    return names


def _addressed(names: Sequence[str], ev: Evidence, *, allow_private: bool) -> tuple[NameServer, ...]:
    fours = dict(zip(names, ev.all(*(DnsProbe(name, "A") for name in names)), strict=True))
    without = [name for name in names if not fours[name].records]
    sixes = dict(zip(without, ev.all(*(DnsProbe(name, "AAAA") for name in without)), strict=True))
    found = []
    for name in names:
        usable = [one for one in (sixes.get(name) or fours[name]).values if may_be_asked(one, allow_private=allow_private)]
        found += [NameServer(name=name, address=usable[0])] if usable else []
    return tuple(found)


def may_be_asked(address: str, *, allow_private: bool) -> bool:
    """Tell whether strangers' data may send us to an address."""
    return kind(address) is Kind.PUBLIC or (allow_private and kind(address) in OWN)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A record that receivers look for, and how it is recognised among others at its name."""

    word: str
    name: str

    @property
    def probe(self) -> DnsProbe:
        """The question to the resolver."""
        return DnsProbe(self.name, "TXT")

    def at(self, server: NameServer) -> AuthorityProbe:
        """The same question to one server."""
        return AuthorityProbe(self.name, "TXT", server.address)

    def content(self, reading: DnsReading) -> tuple[str, ...]:
        """Return what a server says of the record, comparable between servers: other texts do not count."""
        if reading.chain:  # an alias: some servers follow it and some do not (RFC 1034 section 4.3.2)
            return (f"an alias to {reading.chain[0]}",)
        recognised = is_spf if self.word == "SPF" else is_dmarc
        return tuple(sorted(text for text in reading.values if recognised(text)))


def kept_of(domain: str) -> tuple[Kept, Kept]:
    """Return the records of a domain that everything hangs upon."""
    return Kept(word="SPF", name=domain), Kept(word="DMARC", name=f"_dmarc.{domain}")


def short_values(values: Sequence[str]) -> str:
    """Return some answers for a sentence."""
    rest = len(values) - MOST_SHOWN
    shown = [value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…" for value in values[:MOST_SHOWN]]
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")
