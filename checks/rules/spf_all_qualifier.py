"""SPF record says what becomes of everybody else.

What it checks:
The last term of an SPF record, "all", speaks of every server that the terms before it do not name. The check looks at its sign, also
where the record passes on to another one (redirect), and for terms that let the whole internet send.

Why it matters:
With -all or ~all, receivers know that mail from other servers is not yours. With ?all or nothing they learn nothing, and with +all
every spammer may send in your name, which receivers hold against you.

How to fix it:
List all servers that send for the domain, then let the record end in ~all.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf import Mechanism, Record, is_spf, parse
from checks.records.spf_edit import with_all
from checks.records.spf_macro import is_askable, static_name
from checks.records.spf_tree import MAX_LOOKUPS, walk
from checks.rules._spf import Skip, own_record, short
from checks.subject import DomainSubject

WIDEST = {"ip4": 4, "ip6": 4, "a": 4, "mx": 4}
"""A network with so short a prefix is a sixteenth of all addresses; nobody's mail servers fill that."""

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
    opened = _opened([(domain, own.record), (holder, record), *tree.records])
    text = own.record.text
    if opened:
        where, term = opened
        records = (
            own.changes(with_all(own.record, "~"))
            if where == domain and term.name == "all" and len(own.record.mechanisms) > 1
            else []
        )
        yield EVERYBODY(about=domain, domain=domain, term=short(term.text), holder=where, published=text, records=records)
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


def _opened(records: list[tuple[str, Record]]) -> tuple[str, Mechanism] | None:
    """Return the first term that lets the whole internet pass; inside an included record, too, for a pass there is a pass here."""
    for holder, record in records:
        for term in record.mechanisms:
            wide = term.name in WIDEST and (term.cidr6 if term.name == "ip6" else term.cidr4) <= WIDEST[term.name]
            if term.qualifier == "+" and (term.name == "all" or wide):
                return holder, term
    return None
