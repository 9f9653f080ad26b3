"""SPF record says what becomes of everybody else.

What it checks:
The last term of an SPF record, "all", speaks of every server that the terms before it do not name. The check looks at its sign, also
where the record passes on to another one (redirect), and for terms that let the whole internet send. Where a term asks for each sending address
whether a name exists, one address that nobody has is tried.

Why it matters:
With -all or ~all, receivers know that mail from other servers is not yours. With ?all or nothing they learn nothing, and with +all
every spammer may send in your name, which receivers hold against you.

How to fix it:
List all servers that send for the domain, then let the record end in ~all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf import Mechanism, Record, is_spf, parse, target
from checks.records.spf_edit import with_all
from checks.records.spf_macro import as_name, expand, is_askable, letters, static_name
from checks.records.spf_networks import united
from checks.records.spf_tree import MAX_LOOKUPS, walk
from checks.rules._spf import Skip, own_record, short
from checks.subject import DomainSubject

WIDEST = 4
"""A network with so short a prefix is a sixteenth of all addresses; nobody's mail servers fill that."""

STRANGER = "192.0.2.213"
"""RFC 5737: set aside for examples, so nobody sends from it."""
REFUSALS = ("127.0.0.255", "127.255.255.")
"""What lists answer to those that they serve no longer (RFC 5782 section 2.1 has 127.0.0.2 for "listed")."""

CLOSED = Outcome(
    code="spf.all-closed",
    status=Status.PASS,
    title="The SPF record of {domain} ends in {term}: mail from other servers counts as not yours",
    references=("RFC 7208 section 5.1",),
    also=("holder",),
)
NEUTRAL = Outcome(
    code="spf.all-neutral",
    status=Status.NOTE,
    title="The SPF record of {domain} ends in {term}, which tells receivers nothing about other servers",
    owner=Owner.DNS_ADMIN,
    steps=("When every server that sends for {domain} is in the record, let the record at {holder} end in ~all.",),
    references=("RFC 7208 section 8.2",),
    also=("published",),
)
NO_ALL = Outcome(
    code="spf.all-missing",
    status=Status.NOTE,
    title='The SPF record of {domain} has no "all" at its end, so it tells receivers nothing about other servers',
    owner=Owner.DNS_ADMIN,
    steps=("When every server that sends for {domain} is in the record, let the record at {holder} end in ~all.",),
    references=("RFC 7208 section 4.7",),
    also=("published",),
)
EVERYBODY = Outcome(
    code="spf.everybody-allowed",
    status=Status.FAIL,
    title='The SPF record of {domain} lets everybody send as {domain}: "{term}" in the record of {holder} matches any server',
    owner=Owner.DNS_ADMIN,
    steps=(
        'Take "{term}" out of the record of {holder}, name there the servers that really send, and let the record end in ~all.',
    ),
    references=("RFC 7208 section 5.1",),
    also=("published",),
)
NOT_JUDGED = Outcome(
    code="spf.all-not-judged",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: the end of the SPF record was not judged, because {reason}",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Find the record whose "all" counts, then terms that open everything."""
    domain = subject.domain
    own = own_record(subject, ev)
    if isinstance(own, Skip):
        yield NOT_JUDGED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    holder, record, reason = _last(domain, own.record, ev)
    if record is None:
        yield NOT_JUDGED(about=domain, domain=domain, reason=reason, status=Status.NOT_RUN)
        return
    tree = walk(domain, ev)
    opening = Opening(domain, ev, {**dict(tree.records), domain: own.record, holder: record})
    opened = opening.find(resolve=not tree.broken)
    text = own.record.text
    if opened:
        ends = opened.holder == domain and opened.text == (own.record.all.text if own.record.all else "")
        records = own.changes(with_all(own.record, "~")) if ends and len(own.record.mechanisms) > 1 else []
        yield EVERYBODY(about=domain, domain=domain, term=opened.text, holder=opened.holder, published=text, records=records)
        return
    records = own.changes(with_all(own.record, "~")) if holder == domain else []
    if record.all is None:
        yield NO_ALL(about=domain, domain=domain, holder=holder, published=text, records=records)
    elif record.all.qualifier == "?":
        yield NEUTRAL(about=domain, domain=domain, term=record.all.text, holder=holder, published=text, records=records)
    else:
        for failure in tree.failures:  # a record that could not be read may open what this one closes
            if failure.probe.type == "TXT":
                ev.need(failure.probe)
        for probe in opening.asked:
            ev.need(probe)
        yield CLOSED(about=domain, domain=domain, term=record.all.text, holder=holder)


def _last(domain: str, record: Record, ev: Evidence) -> tuple[str, Record | None, str]:
    """Follow redirects to the record whose end counts (RFC 7208 section 6.1)."""
    holder = domain
    for _ in range(MAX_LOOKUPS):
        if record.redirect is None:
            return holder, record, ""
        name = static_name(record.redirect.value, domain=holder, origin=domain)
        if not name:
            return holder, None, f"{short(record.redirect.text)} leads elsewhere for each message"
        texts = [text for text in ev.need(DnsProbe(name, "TXT")).values if is_spf(text)] if is_askable(name) else []
        if len(texts) != 1:
            return holder, None, f"{short(record.redirect.text)} leads to no usable record (see spf.lookups)"
        holder, record = name, parse(texts[0])
    return holder, None, "its redirects do not end (see spf.lookups)"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What lets the whole internet pass."""

    holder: str
    text: str


class Opening:
    """Looks for what lets the whole internet pass, in the records in which a pass is a pass of the domain itself."""

    def __init__(self, domain: str, ev: Evidence, records: Mapping[str, Record]) -> None:
        self._domain = domain
        self._ev = ev
        self._reached = _reached(domain, records)
        self.asked: list[DnsProbe] = []
        """Questions on which it depended."""
        self._tried = False

    def find(self, *, resolve: bool) -> Opened | None:
        """Return the first such thing. `resolve`: also look up whether names exist that would let everybody pass."""
        for holder, record in self._reached.items():
            for term in record.mechanisms:
                if term.qualifier == "+" and (_wide(term) if term.network else self._opens(holder, term, resolve=resolve)):
                    return Opened(holder=holder, text=short(term.text))
        return _widest(self._reached)

    def _opens(self, holder: str, term: Mechanism, *, resolve: bool) -> bool:
        return term.name == "all" or (resolve and self._has_address(holder, term))

    def _has_address(self, holder: str, term: Mechanism) -> bool:
        """A name that is there lets everybody pass if it need only be there (RFC 7208 section 5.7), or if its network is all there is."""
        if term.name == "exists" and "i" in letters(term.domain):
            return self._lets_a_stranger_pass(holder, term)
        types = {"exists": ("A",), "a": _families(term), "mx": ("MX",) if _families(term) else ()}.get(term.name, ())
        name = static_name(term.domain, domain=holder, origin=self._domain) if term.domain else holder
        probes = [DnsProbe(name, type_) for type_ in types] if is_askable(name) else []
        self.asked += probes
        return any(value != "." for reading in self._ev.all(*probes) for value in reading.values)

    def _lets_a_stranger_pass(self, holder: str, term: Mechanism) -> bool:
        """An "exists" with the sender's address in its name is a list of senders; one that lists `STRANGER` lists everybody.

        One question for all such terms; it shows a fault or nothing, so nothing depends on its failing.
        """
        values = {"i": STRANGER, "c": STRANGER, "v": "in-addr", "d": holder, "o": self._domain}
        if self._tried or letters(term.domain) - values.keys():
            return False
        self._tried = True
        name = as_name(expand(term.domain, values.__getitem__)).lower()
        found = self._ev[DnsProbe(name, "A")].values if is_askable(name) else ()
        return any(not value.startswith(REFUSALS) for value in found)


def _reached(domain: str, records: Mapping[str, Record]) -> dict[str, Record]:
    """Return the records in order whose pass is a pass here: behind include: with a plus, or redirect=."""
    found: dict[str, Record] = {}
    waiting = [domain]
    while waiting:
        name = waiting.pop(0)
        if name in found or name not in records:
            continue
        found[name] = records[name]
        onward = [
            term
            for term in records[name].counted
            if term.name == "redirect" or (isinstance(term, Mechanism) and term.name == "include" and term.qualifier == "+")
        ]
        waiting += [static_name(target(term), domain=name, origin=domain) for term in onward]
    return found


def _families(term: Mechanism) -> tuple[str, ...]:
    """Return the types of address of which nearly all count as the name's own."""
    lengths = (("A", term.cidr4), ("AAAA", term.cidr6))
    return tuple(type_ for type_, length in lengths if length <= WIDEST)


def _wide(term: Mechanism) -> bool:
    return term.length <= WIDEST


def _widest(records: Mapping[str, Record]) -> Opened | None:
    """Many networks together can be the whole internet as well."""
    for kind, bits in (("ip4", 32), ("ip6", 128)):
        covered = united(span for record in records.values() for span in record.networks.spans[kind])
        if sum(last - first + 1 for first, last in covered) >= 1 << bits - WIDEST:
            here = [
                (holder, term)
                for holder, record in records.items()
                for term in record.mechanisms
                if term.name == kind and term.qualifier == "+"
            ]
            holder, term = min(here, key=lambda each: each[1].length)
            return Opened(holder=holder, text=f"{short(term.text)} and {len(here) - 1:,} more")
    return None
