"""The message that has arrived, read for all rules: from where it came in to the receiver, for whom it speaks, what the receiver says.

Nothing in a message is trusted but what the receiver wrote into it. The receiver's hosts are known from the MX of the recipient's domain;
where that does not lead anywhere, the last host on the way is taken for one, and what follows from it is `sure=False`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from checks.evidence import Evidence, Unasked, Undetermined
from checks.model import Finding, Outcome, Status
from checks.probes import ArrivalReading, DnsProbe, Handover, normal_name
from checks.records.address import Kind as AddressKind
from checks.records.address import kind as kind_of
from checks.records.arrived import ArrivedMessage, read_message
from checks.records.authentication_results import ReceiverResults, read_results
from checks.records.org_domain import by_suffix_list, is_within
from checks.records.received import Chain, Hop, Tls, read_received, sending
from checks.records.spf_macro import is_askable
from checks.records.spf_tree import cut
from checks.rules._arrival import arrival_probe
from checks.rules._arrived_hosts import Exchangers, is_shared, own_hosts
from checks.rules._hosts import literal_address, look_up
from checks.settings import Server
from checks.subject import Arrival, ServerSubject, Way, domain_of

MICROSOFT = "outlook.com"  # its servers write Authentication-Results without a name
MAX_LOOKED_UP = 4  # of them; the first few take nearly all mail
MAX_MX = 20  # names looked at; a domain has a handful
FRESH_DAYS = 2  # what DNS says today need not be what it said when an older message came
MARK = "x-sendready-id"  # as checks.records.message writes it

shown = cut  # a stranger's text as a sentence can carry it


@dataclass(frozen=True, kw_only=True)
class Skip:
    """Why there is nothing to judge, as it reads behind "because"; arrival.found says what to do about it."""

    reason: str
    status: Status = Status.NOT_RUN


INSIDE = Skip(
    reason="it never left the mail system that took it, so no other server has seen where it comes from; send it to a mailbox elsewhere"
)
CLOSED = "the mailbox could not be looked into (see arrival.found)"
NO_AUTHOR = Skip(reason="it does not have exactly one sender that recipients see (see arrival.content)")
NO_WAY = Skip(reason="it has no trace of a way (Received), as if it was saved before it was sent")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is known beforehand about the message."""

    arrival: Arrival
    now: datetime
    to: str = ""
    """The test address; empty: nobody knows."""
    server: Server | None = None
    """The server that it went through; None: nobody knows."""
    allow_private: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How the message came in to the receiver."""

    address: str
    """The address that the receiver saw; empty if nobody knows."""
    helo: str = ""
    """How that machine called itself."""
    by: str = ""
    """The receiver's server that took it."""
    tls: Tls = Tls.UNKNOWN
    tls_version: str = ""
    sure: bool = False
    """The receiver's servers are known; False: a guess."""


@dataclass(frozen=True, kw_only=True)
class Came:
    """A message that has arrived, and what is known about its way."""

    reading: ArrivalReading
    message: ArrivedMessage
    chain: Chain
    at: datetime
    """When it arrived, as far as that is known; else now."""
    own_hosts: tuple[str, ...]
    """Domains of the receiver's servers."""
    entry: Entry
    inside: bool
    """It never left the mail system that it was handed to: nobody else has judged it."""
    mail_from: str | None
    """The bounce address that the receiver saw (reverse-path); empty for the null sender, None if nobody knows."""
    said: ReceiverResults
    now: datetime
    other_address: str = ""
    """A sending address that the receiver names, and its own trace of the message does not; empty if there is none."""

    @property
    def author(self) -> str:
        """The domain that recipients see; empty if there is not exactly one, or if it is no name."""
        return _askable(self.message.author_domain)

    @property
    def envelope(self) -> str:
        """The domain that SPF is judged for (RFC 7208 section 2.4); empty if nobody knows."""
        if self.mail_from is None:
            return ""
        return _domain(self.mail_from) if self.mail_from else _askable(self.entry.helo)

    @property
    def is_fresh(self) -> bool:
        """It arrived so lately that DNS says today what it said then."""
        return abs((self.now - self.at).days) <= FRESH_DAYS


def outcome_of_nothing(check: str, what: str) -> Outcome:
    """Make the outcome "not judged, and why" of a check; `what` begins the sentence."""
    return Outcome(
        code=f"{check}-not-judged",
        status=Status.NOT_RUN,
        weighs=(Status.NOT_APPLICABLE,),
        title=f"{{server}}: {what} not judged, because {{reason}}",
    )


def left_out(outcome: Outcome, subject: ServerSubject, skip: Skip) -> Finding:
    """Say that something was not judged."""
    return outcome(about=subject.name, server=subject.name, reason=skip.reason, status=skip.status)


def came_in(subject: ServerSubject, ev: Evidence) -> Came | Skip:
    """Return the message, or why there is none to judge."""
    if subject.arrival is None:
        return Skip(reason="no message that has arrived was given (--arrival)", status=Status.NOT_APPLICABLE)
    try:
        probe = arrival_probe(subject, ev)
    except Undetermined:
        return Skip(reason=CLOSED)
    if probe is None:
        return Skip(reason="the server has not accepted the test message")
    reading = ev[probe]
    if not reading.found:
        return Skip(reason=_why_not(reading))
    message = message_of(reading)
    if is_another(subject, message):
        return Skip(reason="the message that was given was not sent by this server's senders")
    to = subject.test.to if subject.test else ""
    return read(
        Asked(arrival=subject.arrival, now=subject.now, to=to, server=subject.server, allow_private=subject.allow_private),
        reading,
        ev,
    )


def _why_not(reading: ArrivalReading) -> str:
    if reading.state.answered:
        return "it has not come yet"
    return reading.detail if reading.unasked is Unasked.NOT_ALLOWED else CLOSED


def from_outside(subject: ServerSubject, ev: Evidence) -> Came | Skip:
    """Like `came_in`, for what only a message shows that another mail system has taken in."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        return came
    if not came.entry.address and not came.chain.hops:
        return NO_WAY
    return INSIDE if came.inside else came


def message_of(reading: ArrivalReading) -> ArrivedMessage:
    """Read the message of a reading, once however many rules ask."""
    return _message(reading.raw, cut_off=reading.cut, masked=reading.masked)


@lru_cache(maxsize=4)  # rules run again and again on the one message of a run
def _message(raw: str, *, cut_off: bool, masked: bool) -> ArrivedMessage:
    return read_message(raw.encode("latin-1", "replace"), cut=cut_off, masked=masked)


@lru_cache(maxsize=4)  # as above
def _chain(raw: str, *, cut_off: bool, masked: bool) -> Chain:
    return read_received(_message(raw, cut_off=cut_off, masked=masked))


def is_another(subject: ServerSubject, message: ArrivedMessage) -> bool:
    """Tell whether a saved message is neither our test message nor one of the server's senders."""
    if subject.arrival is None or subject.arrival.way is Way.IMAP or message.count(MARK) or not message.author_domain:
        return False
    senders = {
        subject.server.sender.email,
        *subject.server.filter,
        *(one.sender for one in subject.settings.templates if one.sender),
    }
    return not any(_covers(domain_of(sender), message.author_domain) for sender in senders)


def _covers(pattern: str, domain: str) -> bool:
    return domain.endswith(pattern[1:]) if pattern.startswith("*.") else domain == pattern


# --- how it came in -------------------------------------------------------------------------------------------------------


def read(asked: Asked, reading: ArrivalReading, ev: Evidence) -> Came:
    """Work out how a message came in. The mail exchangers of the recipient's domain show which servers are the receiver's."""
    message = message_of(reading)
    domain = _askable(_recipient_domain(asked, message, _chain(reading.raw, cut_off=reading.cut, masked=reading.masked)))
    answer = ev[DnsProbe(domain, "MX")] if domain else None
    names = tuple(filter(_askable, answer.values[:MAX_MX])) if answer else ()
    found = look_up(ev, names[:MAX_LOOKED_UP])
    addresses = tuple(address for host in found for address in host.addresses)
    known = answer is not None and answer.state.answered
    return _came(asked, reading, domain, Exchangers(names=names, addresses=addresses, known=known))


@lru_cache(maxsize=4)  # a pure function of what was read; rules run again and again on the one message of a run
def _came(asked: Asked, reading: ArrivalReading, domain: str, exchangers: Exchangers) -> Came:
    message, chain = message_of(reading), _chain(reading.raw, cut_off=reading.cut, masked=reading.masked)
    hosts = own_hosts(chain, domain, exchangers, mailbox=asked.arrival.host, server=asked.server)
    hop, sure = _border(chain, hosts, exchangers.addresses)
    said = read_results(message, trusted=()) if reading.handover else _results(message, chain, hosts, hop)  # ours writes none
    client = said.client_address
    entry = _entry(asked, reading.handover, chain, hop, client, sure=sure)
    other = _other_address(said, entry, chain, hop)
    if other and hop and _above(said, hop).client_address == other:  # which no sender can have written there
        entry = replace(entry, sure=False)
    told = reading.handover is not None or bool(client)
    alone = hop is None or hop.authenticated or is_shared(asked.server, exchangers)
    return Came(
        reading=reading,
        message=message,
        chain=chain,
        at=_moment(reading, chain, hop) or asked.now,
        own_hosts=hosts,
        entry=entry,
        inside=bool(chain.hops) and alone and not told,
        mail_from=_mail_from(reading, message, said),
        said=said,
        now=asked.now,
        other_address=other,
    )


def _recipient_domain(asked: Asked, message: ArrivedMessage, chain: Chain) -> str:
    if asked.arrival.way is Way.IMAP and asked.to:
        return domain_of(asked.to)
    noted = (chain.hops[0].recipient if chain.hops else "", message.text("delivered-to"), message.text("x-original-to"))
    to = message.to.found
    return next((found for text in noted if (found := _domain(text))), to[0].domain if len(to) == 1 else "")


def _border(chain: Chain, hosts: tuple[str, ...], addresses: tuple[str, ...]) -> tuple[Hop | None, bool]:
    """Return the hop at which the message came in, and whether the receiver's servers are known.

    Above the first host that the recipient's domain names, everything is the receiver's: its own machines behind a filter, for one.
    """
    first = next((hop.number for hop in chain.hops if any(is_within(hop.by, host) for host in hosts)), None)
    if first is not None:
        above = [hop.by for hop in chain.hops[:first] if hop.by]
        found = sending(chain, own_hosts=[*hosts, *above], own_addresses=addresses)
        return (found.hop, found.sure) if found else (None, False)
    last = next((hop.by for hop in chain.hops if hop.by), "")
    found = sending(chain, own_hosts=[by_suffix_list(last)] if "." in last and not literal_address(last) else [])
    return (found.hop, False) if found else (None, False)


def _results(message: ArrivedMessage, chain: Chain, hosts: tuple[str, ...], hop: Hop | None) -> ReceiverResults:
    """Read what the receiver says: under its own names, and above what the sender can have written."""
    if not chain.hops:
        return read_results(message, trusted=())
    boundary = hop or chain.hops[0]
    inside = chain.hops[: boundary.number + 1]
    names = {*hosts, *(by_suffix_list(one.by) for one in inside if "." in one.by and not literal_address(one.by))}
    trusted = names | ({""} if MICROSOFT in names else set())
    return read_results(message, trusted=trusted, boundary=boundary.index)


def _entry(asked: Asked, handover: Handover | None, chain: Chain, hop: Hop | None, client: str, *, sure: bool) -> Entry:
    if handover is not None:
        tls = Tls.YES if handover.tls_version else Tls.NO
        found = Entry(
            address=_address(handover.address), helo=handover.helo, tls=tls, tls_version=handover.tls_version, sure=True
        )
        found = replace(found, by=chain.hops[0].by if chain.hops else "")
    elif client and (hop is None or not hop.address or not is_public(hop.address)):  # a public one is not replaced by words
        hop = next((one for one in chain.hops if one.address == client), None)
        found = replace(_of_hop(hop), sure=True) if hop else Entry(address=client, sure=True)
    else:
        found = replace(_of_hop(hop), sure=sure or hop.address == client) if hop else Entry(address="")
    return found if asked.allow_private or is_public(found.address) else replace(found, sure=False)


def _other_address(said: ReceiverResults, entry: Entry, chain: Chain, hop: Hop | None) -> str:
    """Return a sending address that the receiver names and its trace does not. Machines of its own tell of each other."""
    within = {one.address for one in chain.hops[: hop.number]} if hop else set()
    return said.client_address if entry.address and said.client_address not in (entry.address, *within) else ""


def _above(said: ReceiverResults, hop: Hop) -> ReceiverResults:
    return replace(said, trusted=tuple(one for one in said.trusted if one.index < hop.index))


def is_public(address: str) -> bool:
    """Tell whether others can see an address; also true of none."""
    return not address or kind_of(address) in (AddressKind.PUBLIC, AddressKind.DOCUMENTATION)


def _of_hop(hop: Hop) -> Entry:
    return Entry(address=hop.address, helo=hop.from_name, by=hop.by, tls=hop.tls, tls_version=hop.tls_version)


def _mail_from(reading: ArrivalReading, message: ArrivedMessage, said: ReceiverResults) -> str | None:
    if reading.handover is not None:
        return reading.handover.mail_from
    if message.count("return-path"):
        boxes = message.return_path.found
        return boxes[0].address if boxes else ""
    noted = said.spf.get("smtp.mailfrom", "smtp.mail").strip("<> ") if said.spf else ""
    return (noted if "@" in noted else f"postmaster@{noted}") if noted else None


def _moment(reading: ArrivalReading, chain: Chain, hop: Hop | None) -> datetime | None:
    if reading.handover is not None and (found := _iso(reading.handover.received_at)):
        return found
    return (hop.date if hop else None) or chain.arrived or _iso(reading.internal_date)


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _address(text: str) -> str:
    return literal_address(text.partition("%")[0])


def _domain(text: str) -> str:
    return _askable(normal_name(domain_of(text.strip("<> ")))) if "@" in text else ""


def _askable(name: str) -> str:
    """Return a stranger's name if it can be asked of DNS."""
    return name if "." in name and not literal_address(name) and is_askable(name) else ""
