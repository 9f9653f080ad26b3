"""Reverse names of addresses: what DNS says and how it is told. For the rules of the family reverse.*."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from checks.evidence import Evidence, State, Undetermined
from checks.model import Action, DnsChange, Finding, Outcome, Status
from checks.probes import DnsProbe, reverse_name
from checks.records.address import Kind, kind, parse
from checks.records.host_name import Look, look_of
from checks.records.org_domain import by_suffix_list, is_within
from checks.rules._hosts import literal_address

MAX_NAMES = 10  # RFC 7208 section 4.6.4 stops there too; a machine has one or two
SHOWN = 3

GMAIL = "https://support.google.com/mail/answer/81126"
WEB_DE = "https://postmaster.web.de/de/anforderungen-und-empfehlungen"
YAHOO = "https://senders.yahooinc.com/best-practices/"

LOOKS = {
    Look.DYNAMIC: "looks like that of a dial-up connection",
    Look.FROM_ADDRESS: "looks as if the network's owner had made it from the address",
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """How one rule tells each thing; every outcome takes `who`, and `address` for machines."""

    confirmed: Outcome
    missing: Outcome
    unconfirmed: Outcome
    generic: Outcome
    several: Outcome
    private: Outcome


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One address, and for whom it is told."""

    address: str
    about: str
    who: str
    """The address as the subject of a sentence."""
    wanted: str
    """The name that the machine should have; empty if nobody told us."""
    is_own: bool
    """The customer's own machine: what is wrong with it hurts the customer's mail."""
    near: tuple[str, ...] = ()
    """Names (the domain, what the machine calls itself) under which its reverse name is likely to be; those are asked first."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the reverse zone and the forward zones say about one address."""

    names: tuple[str, ...]
    """Those that were looked at."""
    count: int
    """How many there are."""
    confirmed: tuple[str, ...]
    """Those whose own address is the address (RFC 1912 section 2.1)."""


def tell(ev: Evidence, words: Words, addresses: Iterable[Seen], *, allow_private: bool) -> Iterator[Finding]:
    """Say how each address stands. One that could not be determined does not keep the others from being told."""
    public = []
    for seen in addresses:
        if allow_private or kind(seen.address) in (Kind.PUBLIC, Kind.DOCUMENTATION):
            public.append(seen)
        else:
            yield words.private(about=seen.about, who=seen.who, address=seen.address)
    ev.all(*(DnsProbe(reverse_name(seen.address), "PTR") for seen in public))
    open_question: Undetermined | None = None
    for seen in public:
        try:
            yield from _tell_one(ev, words, seen)
        except Undetermined as fault:
            open_question = fault
    if open_question is not None:
        raise open_question


def _tell_one(ev: Evidence, words: Words, seen: Seen) -> Iterator[Finding]:
    address = seen.address
    grave = Status.FAIL if seen.is_own else Status.WARN
    names = _names(ev, seen)
    several = (
        [words.several(about=seen.about, who=seen.who, address=address, count=names.count, names=_some(names))]
        if names.count > 1
        else []
    )
    if not names.names:
        yield words.missing(
            about=seen.about, who=seen.who, address=address, wanted=_wanted(seen), status=grave, records=_pointer(seen)
        )
    elif not names.confirmed and names.count > len(names.names):
        yield from several
        raise _not_all_asked(ev, address, names)
    elif not names.confirmed:
        yield words.unconfirmed(
            about=seen.about,
            who=seen.who,
            address=address,
            names=_some(names),
            right=names.names[0] if names.count == 1 else "one of these names",
            wanted=_wanted(seen),
            status=grave,
        )
    else:
        yield _quality(words, seen, names.confirmed)
    yield from several


def _quality(words: Words, seen: Seen, confirmed: tuple[str, ...]) -> Finding:
    looks = [look_of(name, seen.address) for name in confirmed]
    if Look.CHOSEN in looks:
        name = confirmed[looks.index(Look.CHOSEN)]
        return words.confirmed(about=seen.about, who=seen.who, address=seen.address, name=name)
    status = Status.WARN if seen.is_own else Status.NOTE
    return words.generic(
        about=seen.about,
        who=seen.who,
        address=seen.address,
        name=confirmed[0],
        look=LOOKS[looks[0]],
        wanted=_wanted(seen),
        status=status,
    )


def _not_all_asked(ev: Evidence, address: str, names: Names) -> Undetermined:
    """A name that was not asked may be the one that leads back: a sample proves nothing."""
    probe = DnsProbe(reverse_name(address), "PTR")
    detail = (
        f"{address} has {names.count:,} reverse names, and none of the {len(names.names)} that were looked up leads back to it"
    )
    return Undetermined(probe, replace(ev[probe], detail=detail))


def _names(ev: Evidence, seen: Seen) -> Names:
    """Ask for the names, and of each whether it leads back. *Unknown* if that alone could tell and was not answered."""
    address = seen.address
    pointers = ev.need(DnsProbe(reverse_name(address), "PTR"))
    published = sorted(
        {value for value in pointers.values if value != "."}, key=lambda name: (_distance(name, (*seen.near, seen.wanted)), name)
    )
    names = tuple(published[:MAX_NAMES])
    rdtype = "AAAA" if ":" in address else "A"
    probes = {name: DnsProbe(name, rdtype) for name in names if name != "localhost"}  # RFC 6761 section 6.3: never asked of DNS
    ev.all(*probes.values())
    confirmed = tuple(name for name in names if parse(address) in _leads_to(ev, name, probes))
    if names and not confirmed:
        for probe in probes.values():
            ev.need(probe)
    return Names(names=names, count=len(published), confirmed=confirmed)


def _distance(name: str, near: Iterable[str]) -> int:
    """0: one of these names, 1: below one, 2: in the domain of one, 3: elsewhere."""
    known = [other for other in near if other]
    if name in known:
        return 0
    if any(is_within(name, other) for other in known):
        return 1
    return 2 if by_suffix_list(name) in map(by_suffix_list, known) else 3


def _leads_to(ev: Evidence, name: str, probes: dict[str, DnsProbe]) -> set[object]:
    if name not in probes:
        return {parse(literal_address(name))}
    reading = ev[probes[name]]
    return {parse(value) for value in reading.values} if reading.state is State.OK else set()


def _wanted(seen: Seen) -> str:
    return seen.wanted or "the name of that server"


def _pointer(seen: Seen) -> list[DnsChange]:
    return [DnsChange(action=Action.ADD, name=reverse_name(seen.address), type="PTR", value=seen.wanted)] if seen.wanted else []


def _some(found: Names) -> list[str]:
    rest = found.count - SHOWN
    return [*found.names[:SHOWN], f"{rest:,} more"] if rest > 0 else list(found.names)
