"""Which DKIM selectors to look at for a domain, and what lies there. For the dkim rules and dmarc.alignment.

DNS gives no list of selectors, so each is only tried where there is a reason to, and the reason is kept: it decides what a miss means.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

import checks.tables
from checks.evidence import Evidence, State
from checks.probes import DnsProbe, DnsReading
from checks.records.dkim import DkimKey, is_key, parse_key
from checks.records.org_domain import by_suffix_list
from checks.records.spf import is_spf
from checks.rules._arrived_domain import selectors_of
from checks.settings import Server
from checks.subject import DomainSubject, domain_of
from checks.tables import Provider
from checks.tables.dkim import setup_of

NOBODY = "sendready-asks-for-a-selector-that-nobody-uses"
"""If this "selector" has an answer, a wildcard record answers for every selector, and a lucky guess proves nothing."""
USUAL = ("default", "dkim", "mail", "k1", "s1", "s2", "selector1", "selector2", "google")
"""Selectors that many use, tried where nothing better is known. A miss proves nothing."""
MAX_GUESSES = 20  # a hostile SPF record could name every provider that we know
LONGEST_NAME = 253  # RFC 1035 section 2.3.4, in text without the last dot


class Why(IntEnum):
    """Why a selector is looked at, the best reason first."""

    NAMED = 1  # a person gave it, or a message that has arrived is signed with it
    SERVER = 2  # the provider of a server that sends as this domain uses it
    SPF = 3  # the provider is named in the domain's SPF record: it sends for the domain
    MX = 4  # the provider receives the domain's mail; perhaps it sends, too
    USUAL = 5  # many use it; nothing else speaks for it


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One selector and what DNS holds there."""

    selector: str
    domain: str
    reading: DnsReading
    keys: tuple[DkimKey, ...] = ()
    others: tuple[str, ...] = ()
    """TXT records there that are no DKIM keys."""
    unmeant: bool = False
    """There is an alias, but a wildcard has made it, as it does for every selector."""

    @property
    def name(self) -> str:
        """Where the record lies (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def probe(self) -> DnsProbe:
        """The question that was asked."""
        return DnsProbe(self.name, "TXT")

    @property
    def failed(self) -> bool:
        """There was no answer."""
        return not self.reading.state.answered

    @property
    def dangling(self) -> bool:
        """Somebody made an alias (CNAME), and there is nothing where it leads."""
        return _leads_nowhere(self.reading) and not self.unmeant

    @property
    def absent(self) -> bool:
        """There is nothing at all."""
        return self.reading.state in (State.NXDOMAIN, State.NODATA) and not self.dangling


@dataclass(frozen=True, kw_only=True)
class Group:
    """Selectors of which one key is enough: one that was named, or all of one provider."""

    why: Why
    provider: Provider | None
    spots: tuple[Spot, ...]

    @property
    def found(self) -> tuple[Spot, ...]:
        """The spots that hold a key."""
        return tuple(spot for spot in self.spots if spot.keys)

    @property
    def failed(self) -> tuple[Spot, ...]:
        """The spots that could not be read."""
        return tuple(spot for spot in self.spots if spot.failed)

    @property
    def domain(self) -> str:
        """The domain below which it was looked."""
        return self.spots[0].domain

    @property
    def selectors(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(spot.selector for spot in self.spots)

    @property
    def signed_as_itself(self) -> bool:
        """Without its keys here, the provider signs with a domain of its own, which does not speak for this one."""
        setup = setup_of(self.provider)
        return setup is not None and setup.own_signature_only

    def settle(self, ev: Evidence) -> None:
        """End the rule as *unknown* if no key was found and one of the spots could not be read."""
        if not self.found:
            self.need_all(ev)

    def need_all(self, ev: Evidence) -> None:
        """End the rule as *unknown* if one of the spots could not be read."""
        for spot in self.failed:
            ev.need(spot.probe)


class Alias(Enum):
    """Where an alias leads, as far as it is known where a provider keeps its keys."""

    NONE = 0  # there is no alias, or nothing is known of the provider
    RIGHT = 1
    WRONG = 2  # to another key of the provider
    ELSEWHERE = 3


def alias_of(group: Group, spot: Spot) -> Alias:
    """Tell whether the alias at a selector leads to the provider's key for it; another alias may lie between."""
    setup, chain = setup_of(group.provider), spot.reading.chain
    if not chain or setup is None or not setup.targets:
        return Alias.NONE
    if any(setup.fits(spot.selector, spot.domain, target) for target in chain):
        return Alias.RIGHT
    return Alias.WRONG if any(setup.holds(target) for target in chain) else Alias.ELSEWHERE


def look(subject: DomainSubject, ev: Evidence) -> tuple[Group, ...]:
    """Return every selector worth looking at for a domain. Guesses that found nothing are kept only if no guess found anything.

    Where nothing else is known, the usual names are tried at the domain itself.
    """
    named = dict.fromkeys((*subject.selectors, *selectors_of(subject, ev)))
    wanted = _wanted(subject.domain, tuple(named), _signing(subject)) or _guessed(subject.domain, ev)
    if not wanted and not _signed_by_its_provider(subject):
        return _groups(subject.domain, [(Why.USUAL, None, USUAL)], ev)
    groups = _look(subject.domain, wanted, ev)
    lucky = any(group.found for group in groups if group.why >= Why.SPF)
    if groups and not any(group.found or group.failed or group.why < Why.SPF for group in groups):
        return (*groups, *_usual_beside(subject.domain, groups, ev))
    return tuple(group for group in groups if group.found or group.why < Why.SPF or not lucky)


def _usual_beside(domain: str, groups: Sequence[Group], ev: Evidence) -> tuple[Group, ...]:
    """Return the good keys under usual names, where a provider was guessed that has none: perhaps another server signs."""
    nothing = ev[DnsProbe(f"_domainkey.{domain}", "TXT")]
    if nothing.state is State.NXDOMAIN or any(spot.dangling for group in groups for spot in group.spots):
        return ()
    (group,) = _groups(domain, [(Why.USUAL, None, USUAL)], ev)
    good = tuple(spot for spot in group.found if all(usable(key) for key in spot.keys))
    return (Group(why=Why.USUAL, provider=None, spots=good),) if good else ()


def look_for_server(domain: str, server: Server, ev: Evidence, *, signed: tuple[str, ...] = ()) -> tuple[Group, ...]:
    """Return the selectors that are known for one server; nothing is guessed. `signed`: those of a message that has arrived."""
    return _look(domain, _wanted(domain, tuple(dict.fromkeys((*server.selectors, *signed))), (server,)), ev)


def has_no_selectors(domain: str, ev: Evidence) -> bool:
    """Tell whether DNS proves that there is no key at all: a name that does not exist has nothing below it (RFC 8020).

    Signatures of the organizational domain speak for its sub-domains as well, so both must be empty.
    """
    names = dict.fromkeys((domain, by_suffix_list(domain)))
    probes = [DnsProbe(f"_domainkey.{name}", "TXT") for name in names]
    ev.all(*probes)
    readings = [ev.need(probe) for probe in probes]
    return all(reading.state is State.NXDOMAIN and not reading.chain for reading in readings)


def doubled_name(spot: Spot, ev: Evidence) -> DnsProbe | None:
    """Return the question for the name with the domain twice, if a key lies there; many DNS panels add the domain by themselves."""
    name = f"{spot.name}.{spot.domain}"
    if len(name) > LONGEST_NAME:
        return None
    probe = DnsProbe(name, "TXT")
    return probe if any(is_key(text) for text in ev[probe].values) else None


def doubled_keys(domain: str, ev: Evidence) -> str:
    """Return the name below which keys lie that have the domain twice. A wildcard there, or an alias, shows nothing."""
    twice = f"{domain}.{domain}"
    name = f"_domainkey.{twice}"
    if len(f"{NOBODY}.{twice}") > LONGEST_NAME or ev[DnsProbe(name, "TXT")].state not in (State.OK, State.NODATA):
        return ""
    return name if ev[DnsProbe(f"{NOBODY}.{twice}", "TXT")].state is State.NXDOMAIN else ""


def usable(key: DkimKey) -> bool:
    """Tell whether a receiver can verify a signature with it."""
    return key.readable and key.version == "DKIM1" and key.allows_sha256 and key.allows_email


_Wanted = tuple[Why, Provider | None, tuple[str, ...]]


def _signing(subject: DomainSubject) -> tuple[Server, ...]:
    """Return the servers whose mail shows this domain in From; a server that only gets its bounces here signs for another."""
    return tuple(
        server
        for server in subject.servers
        if any(domain_of(address) == subject.domain for address in (server.sender.email, *server.filter))
    )


def _wanted(domain: str, named: Sequence[str], servers: Sequence[Server]) -> list[_Wanted]:
    wanted: list[_Wanted] = [(Why.NAMED, _only_provider(servers) or _known_for(selector), (selector,)) for selector in named]
    of_servers = {selector for server in servers for selector in server.selectors}
    if all(selector in of_servers for selector in named):  # else they were named for the whole run, whatever the server
        # Somebody at gmail.com has none of the selectors that Google's customers have.
        rows = (
            _provider(server)
            for server in servers
            if not server.selectors and (server.provider or not _shares_domain(server, domain))
        )
        wanted += _rows(Why.SERVER, domain, (row for row in rows if row is not None))
    return wanted


def _shares_domain(server: Server, domain: str) -> bool:
    return by_suffix_list(server.host) == by_suffix_list(domain)


def _signed_by_its_provider(subject: DomainSubject) -> bool:
    """Tell whether the domain is a mail provider's own, so that its keys are no customer's business."""
    return any(
        row is not None and (_shares_domain(server, subject.domain) or _owns(row, subject.domain))
        for server, row in ((server, _provider(server)) for server in _signing(subject))
    )


def _only_provider(servers: Sequence[Server]) -> Provider | None:
    rows = {row.id: row for row in map(_provider, servers) if row is not None}
    return next(iter(rows.values())) if len(rows) == 1 else None


def _known_for(selector: str) -> Provider | None:
    """Return the provider whose customers all have this selector, where we know how it is set up."""
    return next((row for row in checks.tables.providers() if selector.lower() in row.selectors and setup_of(row)), None)


def _provider(server: Server) -> Provider | None:
    """Return the row of the server's provider, rather one with selectors: several products can share a host."""
    if server.provider and (named := checks.tables.provider(server.provider)):
        return named
    matching = [
        row
        for row in checks.tables.providers()
        if any(fnmatch.fnmatchcase(server.host.lower(), pattern) for pattern in row.hosts)
    ]
    return next((row for row in matching if row.selectors), matching[0] if matching else None)


def _rows(why: Why, domain: str, providers: Iterable[Provider]) -> list[_Wanted]:
    """One group for each set of selectors; rows of one company share theirs. Domains of the provider itself have others."""
    unique = {row.selectors: row for row in reversed(list(providers)) if row.selectors and not _owns(row, domain)}
    return [(why, row, row.selectors) for row in reversed(list(unique.values()))]


def _owns(provider: Provider, domain: str) -> bool:
    setup = setup_of(provider)
    return setup is not None and setup.owns(domain)


def _guessed(domain: str, ev: Evidence) -> list[_Wanted]:
    """Providers of the domain's SPF and MX records. What cannot be read gives no guess."""
    text, exchangers = ev.all(DnsProbe(domain, "TXT"), DnsProbe(domain, "MX"))
    included = [
        term.partition(mark)[2]
        for value in text.values if is_spf(value)
        for term in value.split(" ")
        for mark in (":", "=") if term.lstrip("+").lower().startswith((f"include{mark}", f"redirect{mark}"))
    ]  # fmt: skip
    by_spf = _rows(Why.SPF, domain, checks.tables.providers_of_spf(included))
    known = {selectors for _, _, selectors in by_spf}
    by_mx = _rows(Why.MX, domain, checks.tables.providers_of_mx(exchangers.values))
    return [*by_spf, *(row for row in by_mx if row[2] not in known)][:MAX_GUESSES]


def _look(domain: str, wanted: Sequence[_Wanted], ev: Evidence) -> tuple[Group, ...]:
    here = _groups(domain, wanted, ev)
    organisation = by_suffix_list(domain)
    absent = [
        number for number, group in enumerate(here)
        if organisation != domain and all(spot.absent for spot in group.spots)
    ]  # fmt: skip
    above = _groups(organisation, [wanted[number] for number in absent], ev)
    better = {number: group for number, group in zip(absent, above, strict=True) if group.found or group.failed}
    return tuple(better.get(number, group) for number, group in enumerate(here))


def _groups(domain: str, wanted: Sequence[_Wanted], ev: Evidence) -> tuple[Group, ...]:
    if not wanted:
        return ()
    names = dict.fromkeys(f"{selector}._domainkey.{domain}" for _, _, selectors in wanted for selector in selectors)
    guessing = any(why is not Why.NAMED for why, _, _ in wanted)
    wildcard = DnsProbe(f"{NOBODY}._domainkey.{domain}", "TXT")
    ev.all(*(DnsProbe(name, "TXT") for name in names), *([wildcard] if guessing else []))
    return tuple(
        Group(
            why=why,
            provider=provider,
            spots=tuple(_spot(selector, domain, wildcard, ev, named=why is Why.NAMED) for selector in selectors),
        )
        for why, provider, selectors in wanted
    )


def _spot(selector: str, domain: str, wildcard: DnsProbe, ev: Evidence, *, named: bool) -> Spot:
    reading = ev[DnsProbe(f"{selector}._domainkey.{domain}", "TXT")]
    everywhere = ev.need(wildcard).values if reading.values and not named else ()
    texts = [text for text in reading.values if text not in everywhere]
    return Spot(
        selector=selector,
        domain=domain,
        reading=reading,
        keys=tuple(parse_key(text) for text in texts if is_key(text)),
        others=tuple(text for text in texts if not is_key(text)),
        unmeant=_leads_nowhere(reading) and ev[wildcard].chain == reading.chain,
    )


def _leads_nowhere(reading: DnsReading) -> bool:
    return bool(reading.chain) and reading.state in (State.NXDOMAIN, State.NODATA)
