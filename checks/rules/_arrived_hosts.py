"""Which servers are the receiver's: known from the mail exchangers of the recipient's domain, and what stands in where they lead nowhere.

A server that is taken for the receiver's by mistake makes a message look as if it had never left home; then nothing about its way is
judged. So the recipient's own domain does not count by itself: its owner may have the mail taken by a provider, and send from servers
of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.records.org_domain import by_suffix_list, is_within
from checks.records.received import Chain
from checks.rules._hosts import literal_address
from checks.rules._provider_of import provider_of
from checks.settings import Server
from checks.tables import providers_of_mx


@dataclass(frozen=True, kw_only=True)
class Exchangers:
    """The mail exchangers of the recipient's domain."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    known: bool = False
    """DNS has said which there are, be it none. A question without answer is no knowledge."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The organisations' domains that they are in."""
        return _organisations(self.names)


def own_hosts(chain: Chain, domain: str, exchangers: Exchangers, *, mailbox: str, server: Server | None) -> tuple[str, ...]:
    """Return the domains of the receiver's servers, as far as DNS and the settings tell.

    `domain`: the recipient's. `mailbox`: the server that the message was fetched from, which stands in where the mail exchangers lead
    nowhere, unless it bears the name of the recipient or of the sending server.
    """
    rows = providers_of_mx(exchangers.names)
    patterns = [pattern.removeprefix("*.") for row in rows for pattern in (*row.mx_patterns, *row.hosts)]
    home = [domain] if exchangers.known and not exchangers.names else []  # RFC 5321 section 5.1: then its own address takes mail
    found = (*exchangers.domains, *_organisations([*home, *patterns]))
    if not any(is_within(hop.by, host) for hop in chain.hops for host in found):
        senders = _organisations([domain, server.host if server else ""])
        found += tuple(one for one in _organisations([mailbox]) if one not in senders)
    return tuple(dict.fromkeys(found))


def is_shared(server: Server | None, exchangers: Exchangers) -> bool:
    """Tell whether sender and receiver are the same mail system, so that the outermost hop is the dispatcher's own."""
    if server is None:
        return False
    row = provider_of(server)
    theirs = {one.spf_include for one in providers_of_mx(exchangers.names) if one.spf_include}
    return any(is_within(server.host, host) for host in exchangers.domains) or (row is not None and row.spf_include in theirs)


def _organisations(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(by_suffix_list(name) for name in names if "." in name and not literal_address(name)))
