"""SPF record stays within ten look-ups.

What it checks:
Some terms of an SPF record make the receiver ask DNS again: include, a, mx, ptr, exists and redirect. The check follows all of them,
also inside the included records, counts them, and looks whether each leads to a record that can be used.

Why it matters:
Receivers stop after ten look-ups and then treat the whole record as broken; so they do when an include leads nowhere. Mail from
senders that come late in the record is refused or put into the spam folder, though the record names them.

How to fix it:
Take out the terms of services that no longer send for you, and those that lead nowhere. If all are needed, let a service use a
sub-domain of its own for its mail, which then has its own ten look-ups.
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence
from checks.model import DnsChange, Finding, Outcome, Owner, Status
from checks.records.spf_macro import letters
from checks.records.spf_tree import MAX_LOOKUPS, MAX_MX, Fault, Flaw, Tree, walk
from checks.rules._spf import Own, Skip, alias_steps, own_record, short
from checks.rules._spf_limit import MAX_NAMED, costs, options
from checks.rules._spf_propose import leaner
from checks.rules._spf_shown import shown_tree
from checks.subject import DomainSubject

WITHIN = Outcome(
    code="spf.lookups-within-limit",
    status=Status.PASS,
    title="The SPF record of {domain} costs {count} of at most {limit} look-ups at worst",
    references=("RFC 7208 section 4.6.4",),
    also=("tree",),
    volatile=("tree",),
)
BY_MESSAGE = Outcome(
    code="spf.lookups-by-message",
    status=Status.PASS,
    title="The SPF record of {domain} costs {count} of at most {limit} look-ups at worst, and what {terms} adds differs from message to message",
    references=("RFC 7208 section 4.6.4",),
    also=("tree",),
    volatile=("tree",),
)
TOO_MANY = Outcome(
    code="spf.too-many-lookups",
    status=Status.FAIL,
    title="The SPF record of {domain} costs at least {count} look-ups; receivers stop at {limit} and treat the record as broken",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Take out of the SPF record at {domain} the terms of services that no longer send for {domain}.",
        "If too many remain, let a service send from a sub-domain, which has its own {limit} look-ups.",
    ),
    references=("RFC 7208 section 4.6.4",),
    also=("tree", "owners", "published"),
    volatile=("tree", "owners"),
)
MANY_MX = Outcome(
    code="spf.too-many-mx",
    status=Status.FAIL,
    title='"{term}" in the SPF record of {holder} leads to more than {limit} mail servers; receivers then treat the SPF record of {domain} as broken',
    owner=Owner.DNS_ADMIN,
    steps=('Replace "{term}" by the addresses that really send (ip4:, ip6:), or have fewer MX records at {name}.',),
    references=("RFC 7208 section 4.6.4",),
    also=("tree", "published"),
    volatile=("tree",),
)
NO_RECORD = Outcome(
    code="spf.include-without-record",
    status=Status.FAIL,
    title='"{term}" in the SPF record of {holder} leads to {name}, which has no SPF record; receivers then treat the SPF record of {domain} as broken',
    owner=Owner.DNS_ADMIN,
    steps=('Take "{term}" out of the SPF record at {holder}, or correct the name if it is misspelt.',),
    references=("RFC 7208 section 5.2", "RFC 7208 section 6.1"),
    also=("tree", "published"),
    volatile=("tree",),
)
LOOP = Outcome(
    code="spf.include-loop",
    status=Status.FAIL,
    title='"{term}" in the SPF record of {holder} leads back to {name}: the SPF record of {domain} never ends, so receivers treat it as broken',
    owner=Owner.DNS_ADMIN,
    steps=('Take "{term}" out of the SPF record at {holder}.',),
    references=("RFC 7208 section 4.6.4",),
    also=("tree", "published"),
    volatile=("tree",),
)
UNUSABLE = Outcome(
    code="spf.unusable-include",
    status=Status.FAIL,
    title='"{term}" in the SPF record of {holder} leads to {name}, {reason}; receivers then treat the SPF record of {domain} as broken',
    owner=Owner.DNS_ADMIN,
    steps=(
        'Ask whoever runs {name} to correct the SPF record there. Until then, take "{term}" out of the SPF record at {holder}.',
    ),
    references=("RFC 7208 section 5.2",),
    also=("tree", "published"),
    volatile=("tree",),
)
INCOMPLETE = Outcome(
    code="spf.lookups-incomplete",
    status=Status.UNKNOWN,
    title="The SPF record of {domain} costs at least {count} look-ups; the rest is unknown, because {probe} got no answer ({reason})",
    owner=Owner.US,
    steps=("Run the check again later; if it stays so, tell whoever runs the name servers of that name.",),
    references=("RFC 7208 section 4.6.4",),
    also=("tree",),
    volatile=("tree",),
)
NOT_COUNTED = Outcome(
    code="spf.lookups-not-counted",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: the look-ups of the SPF record were not counted, because {reason}",
)
OF_FLAW = {Flaw.NO_RECORD: NO_RECORD, Flaw.LOOP: LOOP}


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Walk the tree; what is broken for certain comes before what could not be read."""
    domain = subject.domain
    own = own_record(subject, ev)
    if isinstance(own, Skip):
        yield NOT_COUNTED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    tree = walk(domain, ev)
    drawn = shown_tree(tree, ev)
    text = leaner(subject, own.record.text, ev) if tree.broken else ""
    fixed = own.changes(text)
    if tree.over_limit:
        yield _too_many(own, tree, drawn, text, subject, ev)
    dead = [fault.term for fault in tree.faults if fault.depth == 0 and fault.flaw is not Flaw.MANY_MX]
    for fault in dict.fromkeys(tree.faults):
        yield _broken(fault, own, drawn, fixed if fault.term in dead else [])
    if not tree.broken:
        yield _counted(domain, tree, drawn)


def _too_many(own: Own, tree: Tree, drawn: dict[str, Any], text: str, subject: DomainSubject, ev: Evidence) -> Finding:
    domain = own.domain
    steps = options(subject, tree, ev)
    if text:
        mended = f"Replace the SPF record at {domain} by the one below: it lets the same servers send, without terms that only cost look-ups."
        steps = (*(alias_steps(domain, own.name, text) or (mended,)), steps[0])
    return TOO_MANY(
        about=domain, domain=domain, count=tree.lookups, limit=MAX_LOOKUPS, tree=drawn, published=own.record.text,
        owners=[str(cost) for cost in costs(tree)][:MAX_NAMED], records=own.changes(text), steps=steps,
    )  # fmt: skip


def _counted(domain: str, tree: Tree, drawn: dict[str, Any]) -> Finding:
    if tree.failures:
        first = tree.failures[0]
        reason = first.reading.detail or first.reading.state.value
        return INCOMPLETE(about=domain, domain=domain, count=tree.lookups, probe=first.probe.id, reason=reason, tree=drawn)
    varying = [
        short(step.term) for step in tree.steps if step.kind in ("include", "redirect") and not step.name and letters(step.term)
    ]
    if varying:
        return BY_MESSAGE(about=domain, domain=domain, count=tree.lookups, limit=MAX_LOOKUPS, terms=varying, tree=drawn)
    return WITHIN(about=domain, domain=domain, count=tree.lookups, limit=MAX_LOOKUPS, tree=drawn)


def _broken(fault: Fault, own: Own, drawn: dict[str, Any], fixed: list[DnsChange]) -> Finding:
    domain, term, text = own.domain, short(fault.term), own.record.text
    if fault.flaw is Flaw.MANY_MX:
        return MANY_MX(
            about=domain, domain=domain, term=term, holder=fault.domain, name=fault.name, limit=MAX_MX, published=text, tree=drawn
        )
    if outcome := OF_FLAW.get(fault.flaw):
        return outcome(
            about=domain,
            domain=domain,
            term=term,
            holder=fault.domain,
            name=fault.name,
            published=text,
            tree=drawn,
            records=fixed,
        )
    reason = "which has more than one SPF record" if fault.flaw is Flaw.SEVERAL_RECORDS else "whose SPF record has a mistake"
    return UNUSABLE(
        about=domain, domain=domain, term=term, holder=fault.domain, name=fault.name, reason=reason, published=text, tree=drawn,
        records=fixed,
    )  # fmt: skip
