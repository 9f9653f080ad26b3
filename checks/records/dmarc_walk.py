"""Finding the DMARC record that holds for a domain: the tree walk of RFC 9989, and the older way of RFC 7489. Driven from evidence.

A failed reading is never taken for "no record", except at a public suffix (like `com`), whose record could change neither the
domain's own nor what large receivers ask of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.evidence import Evidence, Undetermined
from checks.probes import DnsProbe, DnsReading
from checks.records.dmarc import DmarcRecord, is_dmarc, parse_dmarc
from checks.records.org_domain import by_suffix_list, is_public_suffix

MAX_QUERIES = 8  # RFC 9989 section 4.10
KEPT_LABELS = 7  # RFC 9989 section 4.10: what is left of a long name after the first query


@dataclass(frozen=True, kw_only=True)
class Place:
    """What lies at _dmarc below one name."""

    domain: str
    reading: DnsReading
    records: tuple[DmarcRecord, ...]
    """All DMARC records there."""
    others: tuple[str, ...]
    """TXT records there that are none."""

    @property
    def record(self) -> DmarcRecord | None:
        """The one record; several count as none (RFC 9989 section 4.10)."""
        return self.records[0] if len(self.records) == 1 else None

    @property
    def probe(self) -> DnsProbe:
        """The question that was asked."""
        return probe_at(self.domain)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What the tree walk from one domain gave."""

    author: str
    places: tuple[Place, ...]
    """From the domain upwards, as far as the walk went."""
    organisation: str
    """The organizational domain (RFC 9989 section 4.10.2)."""
    policy: Place | None
    """Where the record is that holds for the domain; None: nowhere."""
    doubt: Place | None = None
    """A name that could not be read and that could have changed the result."""

    @property
    def own(self) -> Place:
        """What lies at the domain itself."""
        return self.places[0]

    @property
    def record(self) -> DmarcRecord | None:
        """The record that holds for the domain."""
        return self.policy.record if self.policy else None

    @property
    def inherited(self) -> bool:
        """The record that holds is not the domain's own."""
        return self.policy is not None and self.policy.domain != self.author


def probe_at(domain: str) -> DnsProbe:
    """Return the question for the DMARC record of a domain (RFC 9989 section 4.5)."""
    return DnsProbe(f"_dmarc.{domain}", "TXT")


def names_walked(domain: str) -> tuple[str, ...]:
    """Return the names that a tree walk from `domain` asks, at most eight (RFC 9989 section 4.10)."""
    labels = domain.split(".")
    rest = labels[1:] if len(labels) <= MAX_QUERIES else labels[-KEPT_LABELS:]
    return (domain, *(".".join(rest[start:]) for start in range(len(rest))))


def tree_walk(domain: str, ev: Evidence) -> Walk:
    """Walk from `domain` to the root. All names are asked in one round. Raises `Undetermined` where a failed reading decides."""
    found = _walk(domain, places(names_walked(domain), ev))
    if found.doubt is not None and found.own.record is None:  # with a record of its own, nothing above matters for the policy
        raise Undetermined(found.doubt.probe, found.doubt.reading)
    return found


def organisation_of(walk: Walk) -> str:
    """Return the organizational domain. Raises `Undetermined` if a name that could not be read may have decided it."""
    if walk.doubt is not None:
        raise Undetermined(walk.doubt.probe, walk.doubt.reading)
    return walk.organisation


def places(names: Sequence[str], ev: Evidence) -> tuple[Place, ...]:
    """Read what lies at _dmarc below each name."""
    readings = ev.all(*(probe_at(name) for name in names))
    return tuple(_place(name, reading) for name, reading in zip(names, readings, strict=True))


def by_rfc7489(domain: str, ev: Evidence) -> Place | None:
    """Return where a receiver of the older RFC finds the record: at the domain, else at its organizational domain by the list.

    RFC 7489 section 6.6.3. Several records at the first of the two that has any end the search.
    """
    for place in places(tuple(dict.fromkeys((domain, by_suffix_list(domain)))), ev):
        if not place.reading.state.answered:
            raise Undetermined(place.probe, place.reading)
        if place.records:
            return place if place.record else None
    return None


def _place(name: str, reading: DnsReading) -> Place:
    texts = reading.values
    return Place(
        domain=name,
        reading=reading,
        records=tuple(parse_dmarc(text) for text in texts if is_dmarc(text)),
        others=tuple(text for text in texts if not is_dmarc(text)),
    )


def _walk(author: str, asked: Sequence[Place]) -> Walk:
    passed = _until_stop(asked)
    organisation = _organisation(author, passed)
    policy = _policy(author, organisation, passed)
    doubts = [
        place
        for place in passed
        if not place.reading.state.answered and (place.domain == author or not is_public_suffix(place.domain))
    ]
    return Walk(
        author=author, places=tuple(passed), organisation=organisation, policy=policy, doubt=doubts[0] if doubts else None
    )


def _until_stop(asked: Sequence[Place]) -> list[Place]:
    """A record with psd=n or psd=y ends the walk (RFC 9989 section 4.10, steps 2 and 6)."""
    passed: list[Place] = []
    for place in asked:
        passed.append(place)
        if place.record is not None and place.record.psd != "u":
            break
    return passed


def _organisation(author: str, passed: Sequence[Place]) -> str:
    """RFC 9989 section 4.10.2."""
    holders = [place for place in passed if place.record is not None]
    if not holders:
        return author
    last = holders[-1]  # only the last one can carry psd=y or psd=n; it also has the fewest labels
    if last.record is not None and last.record.psd == "y" and last.domain != author:
        return ".".join(author.split(".")[-(last.domain.count(".") + 2) :])
    return last.domain


def _policy(author: str, organisation: str, passed: Sequence[Place]) -> Place | None:
    """RFC 9989 section 4.10.1: the author domain's record, else its organizational domain's, else the public suffix's."""
    holders = {place.domain: place for place in passed if place.record is not None}
    suffix = next((place for place in holders.values() if place.record is not None and place.record.psd == "y"), None)
    return holders.get(author) or holders.get(organisation) or suffix
