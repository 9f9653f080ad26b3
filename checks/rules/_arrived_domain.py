"""What a message that has arrived shows about one domain: with which keys its mail is signed, and from which address it comes.

No guess can compete with it. Where the message has not come, or nobody asked for one, there is just nothing to be known.
"""

from __future__ import annotations

from dataclasses import dataclass

from checks.evidence import Evidence
from checks.probes.arrival import saved_probe
from checks.records.dkim_door import MAX_SIGNATURES
from checks.records.dkim_signature import read_signature
from checks.records.org_domain import by_suffix_list
from checks.rules._arrived import Asked, Came, Skip, came_in, read
from checks.settings import Server
from checks.subject import Arrival, DomainSubject, ServerSubject, Way


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a receiver saw mail of the domain come."""

    address: str
    mail_from: str
    helo: str
    server: Server | None
    """The server of the settings that it went through; None: nobody knows."""


def selectors_of(subject: DomainSubject, ev: Evidence) -> tuple[str, ...]:
    """Return the selectors with which the message is signed as the domain, or as its organisation, which speaks for it."""
    came = _came(subject, ev)
    return selectors_in(came, subject.domain) if came else ()


def selectors_by_server(subject: ServerSubject, domain: str, ev: Evidence) -> tuple[str, ...]:
    """Return the same for a server that a message went through."""
    came = came_in(subject, ev) if subject.arrival is not None else Skip(reason="")
    return selectors_in(came, domain) if isinstance(came, Came) else ()


def selectors_in(came: Came, domain: str) -> tuple[str, ...]:
    """Return the selectors of a message's signatures that speak for a domain."""
    fields = came.message.all("dkim-signature")[:MAX_SIGNATURES]
    signatures = [one for one in map(read_signature, fields) if not one.fault and one.probe]
    speaking = (domain, by_suffix_list(domain))
    return tuple(dict.fromkeys(one.selector for one in signatures if one.domain in speaking))


def delivery_of(subject: DomainSubject, ev: Evidence) -> Delivery | None:
    """Return from where the message came, if bounces of it go to the domain and the receiver's word for it is certain."""
    came = _came(subject, ev)
    if came is None or came.inside or not came.entry.sure or not came.entry.address or came.envelope != subject.domain:
        return None
    server = subject.through.server if subject.through else None
    return Delivery(address=came.entry.address, mail_from=came.mail_from or "", helo=came.entry.helo, server=server)


def _came(subject: DomainSubject, ev: Evidence) -> Came | None:
    if subject.through is not None:
        came = came_in(subject.through, ev)
        return came if isinstance(came, Came) else None
    return _saved(subject, subject.arrival, ev) if subject.arrival is not None else None


def _saved(subject: DomainSubject, arrival: Arrival, ev: Evidence) -> Came | None:
    if arrival.way is Way.IMAP:
        return None
    reading = ev[saved_probe(arrival)]
    return (
        read(Asked(arrival=arrival, now=subject.now, allow_private=subject.allow_private), reading, ev) if reading.found else None
    )
