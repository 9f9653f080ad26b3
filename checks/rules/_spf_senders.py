"""Who is going to send for a domain, as far as it is known: addresses, and the term that would let them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from checks.evidence import Evidence
from checks.records.address import Kind, special
from checks.records.org_domain import by_suffix_list
from checks.records.spf import Mechanism
from checks.records.spf_tree import Failure, networks, walk
from checks.rules._arrived_domain import Delivery, delivery_of
from checks.rules._hosts import PER_FAMILY, literal_address, look_up
from checks.rules._provider_of import provider_of
from checks.settings import Server
from checks.subject import DomainSubject, domain_of
from checks.tables import Provider

MAX_ADDRESSES = 20  # that a person names; each is a whole evaluation
MAX_SENDERS = 20
SAMPLE = 4  # addresses of a provider that are tried; its networks stand and fall together
INSIDE = (Kind.LOOPBACK, Kind.PRIVATE, Kind.LINK_LOCAL, Kind.RESERVED)  # receivers never see such an address


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One thing that sends."""

    label: str
    """How it reads in a sentence."""
    addresses: tuple[str, ...] = ()
    include: str = ""
    """The domain that its provider wants to be included; empty: the addresses themselves are named."""
    mail_from: str
    helo: str
    guessed: bool = False
    """Somebody else's server, and nothing says that it delivers mail from the address at which it takes it."""
    failures: tuple[Failure, ...] = field(default=(), compare=False)
    """Questions about its addresses that got no answer."""

    def terms(self, addresses: Iterable[str]) -> list[str]:
        """Return what lets these addresses of it send."""
        return [f"include:{self.include}"] if self.include else [term_of(address) for address in addresses]


def term_of(address: str) -> str:
    """Return the term that names one address."""
    return f"ip{ipaddress.ip_address(address).version}:{address}"


def senders(subject: DomainSubject, ev: Evidence, *, sample: bool = True) -> list[Sender]:
    """Return who sends with this domain in the envelope; one whose addresses are not known has none.

    `sample=False`: do not look for the addresses of providers, their include is enough.
    """
    postmaster = f"postmaster@{subject.domain}"
    if subject.sending_ips:
        named = tuple(dict.fromkeys(subject.sending_ips))[:MAX_ADDRESSES]
        return [Sender(label="", addresses=named, mail_from=postmaster, helo=subject.domain)]
    seen = delivery_of(subject, ev)
    if seen is not None and seen.server is None:
        return [
            Sender(label="", addresses=(seen.address,), mail_from=seen.mail_from or postmaster, helo=seen.helo or subject.domain)
        ]
    servers = [
        server
        for server in subject.servers
        if server.return_path is None or domain_of(server.return_path) == subject.domain or (seen and server == seen.server)
    ]
    look_up(ev, (server.host for server in servers if provider_of(server) is None))  # one round for all
    found: dict[str, Sender] = {}
    for server in servers:
        row = provider_of(server)
        key = row.spf_include or row.name if row else server.host
        if key not in found and len(found) < MAX_SENDERS:
            envelope = server.envelope_sender
            mail_from = envelope if domain_of(envelope) == subject.domain else postmaster
            helo = server.ehlo or subject.domain
            found[key] = (
                _of_provider(row, mail_from, helo, ev, sample=sample) if row else _of_host(server, mail_from, helo, subject, ev)
            )
        if seen is not None and server == seen.server and key in found:
            found[key] = _as_seen(found[key], seen)
    return list(found.values())


def _as_seen(known: Sender, seen: Delivery) -> Sender:
    """A receiver has seen from which address the server's mail comes: nothing is guessed any more.

    Where that is one of the server's own addresses, the others may send as well; a provider's networks may, too.
    """
    others = known.addresses if known.include or seen.address in known.addresses else ()
    addresses = tuple(dict.fromkeys((seen.address, *others)))
    return replace(known, addresses=addresses, guessed=False, failures=(), mail_from=seen.mail_from or known.mail_from)


def _of_provider(row: Provider, mail_from: str, helo: str, ev: Evidence, *, sample: bool) -> Sender:
    """A provider's outgoing servers are others than the one that takes the mail in: only its SPF record names them."""
    if not row.spf_include or not sample:
        return Sender(label=row.name, include=row.spf_include, mail_from=mail_from, helo=helo)
    tree = walk(row.spf_include, ev)
    found = tuple(_sampled(networks(tree)))
    failures = () if found else tree.failures
    return Sender(label=row.name, addresses=found, include=row.spf_include, mail_from=mail_from, helo=helo, failures=failures)


def _of_host(server: Server, mail_from: str, helo: str, subject: DomainSubject, ev: Evidence) -> Sender:
    host = look_up(ev, [server.host])[0]
    seen = [address for address in host.addresses if subject.allow_private or not _is_inside(address)]
    fours = [address for address in seen if ":" not in address][:PER_FAMILY]
    sixes = [address for address in seen if ":" in address][:PER_FAMILY]
    return Sender(
        label=server.host,
        addresses=(*fours, *sixes),
        mail_from=mail_from,
        helo=helo,
        guessed=not literal_address(server.host) and by_suffix_list(server.host) != by_suffix_list(subject.domain),
        failures=tuple(Failure(probe=probe, reading=ev[probe]) for probe in host.failed),
    )


def _is_inside(address: str) -> bool:
    block = special(address)
    return block is not None and block.kind in INSIDE


def _sampled(terms: Iterator[Mechanism]) -> list[str]:
    """Take one address from each of the first networks; one of them IPv6, if there are any."""
    found: dict[str, list[str]] = {"ip4": [], "ip6": []}
    for term in terms:
        length = term.cidr6 if term.name == "ip6" else term.cidr4
        network = ipaddress.ip_network(f"{term.network}/{length}", strict=False)
        found[term.name].append(str(network.network_address + (1 if network.num_addresses > 2 else 0)))
        if len(found["ip4"]) >= SAMPLE and found["ip6"]:
            break
    sixes = list(dict.fromkeys(found["ip6"]))
    fours = list(dict.fromkeys(found["ip4"]))[: SAMPLE - min(len(sixes), 1)]
    return [*fours, *sixes[: SAMPLE - len(fours)]]
