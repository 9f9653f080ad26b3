"""SPF record names nothing that does not exist.

What it checks:
Each name in the SPF record, and in the records that it includes, is looked up. The check counts those that have no address or do not
exist at all.

Why it matters:
Such terms allow nobody to send and cost the receiver time. From the third on, many receivers treat the whole record as broken, and
mail from senders that come later in the record suffers.

How to fix it:
Take the terms out whose names no longer exist, or correct the names that are misspelt.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from checks.evidence import Evidence
from checks.model import DnsChange, Finding, Outcome, Owner, Status
from checks.records.spf import parse
from checks.records.spf_edit import without
from checks.records.spf_tree import MAX_VOID, Failure, Void, voids, walk
from checks.records.spf_view import with_record
from checks.rules._spf import Own, Skip, listed, own_record, short
from checks.rules._spf_shown import shown_tree
from checks.subject import DomainSubject

FEW = Outcome(
    code="spf.few-void-lookups",
    status=Status.PASS,
    title="{count} names in the SPF record of {domain} lead nowhere; up to {limit} do no harm",
    references=("RFC 7208 section 4.6.4",),
    also=("terms",),
)
MANY = Outcome(
    code="spf.too-many-void-lookups",
    status=Status.WARN,
    title="{count} names in the SPF record of {domain} lead nowhere: {names}; after {limit}, many receivers treat the record as broken",
    owner=Owner.DNS_ADMIN,
    steps=("Take out of the SPF record, or correct: {terms}.",),
    references=("RFC 7208 section 4.6.4",),
    also=("published", "tree"),
    volatile=("tree",),
)
INCOMPLETE = Outcome(
    code="spf.void-lookups-incomplete",
    status=Status.UNKNOWN,
    title="{domain}: whether the names in the SPF record exist is not known, because {probe} got no answer ({reason})",
    owner=Owner.US,
    steps=("Run the check again later; if it stays so, tell whoever runs the name servers of that name.",),
    references=("RFC 7208 section 4.6.4",),
    also=("count",),
)
NOT_COUNTED = Outcome(
    code="spf.void-lookups-not-counted",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: whether the names in the SPF record exist was not checked, because {reason}",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look up the names of a tree that is otherwise in order."""
    domain = subject.domain
    own = own_record(subject, ev)
    if isinstance(own, Skip):
        yield NOT_COUNTED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    tree = walk(domain, ev)
    if tree.broken:
        yield NOT_COUNTED(
            about=domain, domain=domain, reason="the record is broken in another way (see spf.lookups)", status=Status.NOT_RUN
        )
        return
    found, failed = voids(tree, ev)
    if len(found) > MAX_VOID:
        yield _many(own, found, shown_tree(tree, ev), subject, ev)
    elif failures := (*tree.failures, *failed):
        yield _unknown(domain, len(found), failures[0])
    else:
        yield FEW(
            about=domain,
            domain=domain,
            count=len(found),
            limit=MAX_VOID,
            terms=listed(f"{void.domain}: {void.term}" for void in found),
        )


def _many(own: Own, found: Sequence[Void], drawn: dict[str, Any], subject: DomainSubject, ev: Evidence) -> Finding:
    domain = subject.domain
    names = list(dict.fromkeys(short(void.name) for void in found))[:10]
    terms = list(
        dict.fromkeys(
            short(void.term) if void.depth == 0 else f"{short(void.term)} (in the record of {void.domain})" for void in found
        )
    )[:10]
    records = _change(own, [void.term for void in found if void.depth == 0], subject, ev)
    return MANY(
        about=domain,
        domain=domain,
        count=len(found),
        limit=MAX_VOID,
        names=names,
        terms=terms,
        published=own.record.text,
        tree=drawn,
        records=records,
    )


def _unknown(domain: str, count: int, failure: Failure) -> Finding:
    reason = failure.reading.detail or failure.reading.state.value
    return INCOMPLETE(about=domain, domain=domain, count=count, probe=failure.probe.id, reason=reason)


def _change(own: Own, words: Sequence[str], subject: DomainSubject, ev: Evidence) -> list[DnsChange]:
    """Propose the record without the dead terms, if that is enough and somebody may still send."""
    text = without(own.record, words)
    if not words or not any(term.qualifier == "+" for term in parse(text).mechanisms):
        return []
    view = with_record(ev, subject.domain, text)
    tree = walk(subject.domain, view)
    found, failed = voids(tree, view)
    return [] if tree.broken or tree.failures or failed or len(found) > MAX_VOID else own.changes(text)
