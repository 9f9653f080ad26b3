"""SPF record lets the sending server send.

What it checks:
The addresses from which mail of this domain is going to leave are put through the SPF record, just as a receiver does it: those that
you named, those of the server in the settings, or, for a known provider, some from the networks that the provider publishes.

Why it matters:
If the record does not name the server, receivers refuse the mail or put it into the spam folder, although it is yours.

How to fix it:
Publish the record that is shown: it is yours with the missing server added before the last term. If mail leaves from other addresses
than those shown, run the check again with --sending-ip.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks.evidence import Evidence, Undetermined
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf_door import Reason, Result, SpfResult, check_host
from checks.records.spf_edit import inserted
from checks.records.spf_repair import repaired
from checks.records.spf_shown import MAIL_FROM
from checks.records.spf_tree import MAX_VOID, Failure, voids, walk
from checks.records.spf_view import with_record
from checks.rules._spf import Own, Skip, own_record, short
from checks.rules._spf_senders import Sender, senders
from checks.rules._spf_shown import shown_ways
from checks.subject import DomainSubject

MAX_NAMED = 4  # addresses in a sentence

AUTHORISED = Outcome(
    code="spf.authorised",
    status=Status.PASS,
    title="{domain} lets {who} send: SPF result pass, {cost}",
    references=("RFC 7208 section 8.3",),
    also=("addresses", "path", "paths", "lookups"),
    volatile=("cost", "path", "paths", "lookups"),
)
NOT_AUTHORISED = Outcome(
    code="spf.not-authorised",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{domain} does not let {who} send: SPF result {result}, so {consequence}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Replace the SPF record of {domain} by the one below; it lets {who} send.",
        "If mail leaves from other addresses than {who}, run the check again with --sending-ip and those.",
    ),
    references=("RFC 7208 section 8",),
    also=("addresses", "published", "path", "paths", "terms"),
    volatile=("path", "paths"),
)
ERROR = Outcome(
    code="spf.permanent-error",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="Receivers give up on the SPF record of {domain} for mail from {who}: SPF result permerror, because {problem}",
    owner=Owner.DNS_ADMIN,
    steps=("Name {who} at the beginning of the SPF record of {domain} ({terms}), so that receivers need not read on.",),
    references=("RFC 7208 section 8.7",),
    also=("addresses", "published", "paths"),
    volatile=("paths",),
)
NO_ADDRESS = Outcome(
    code="spf.no-sending-address",
    status=Status.NOT_APPLICABLE,
    title="{domain}: whether the SPF record lets {who} send is open, because no sending address is known; give --sending-ip",
)
SERVER_NOT_NAMED = Outcome(
    code="spf.server-not-named",
    status=Status.WARN,
    title="The SPF record of {domain} does not let {who} send; if that server delivers mail from there, {consequence}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Ask whoever runs {host} which SPF term its customers need, and put it into the SPF record of {domain} before the last one.",
        "To be certain, check with the address that receivers see (it stands in the header of a received message): --sending-ip.",
    ),
    references=("RFC 7208 section 8",),
    also=("addresses", "result", "published", "path", "paths"),
    volatile=("path", "paths"),
)
NOT_INCLUDED = Outcome(
    code="spf.provider-not-included",
    status=Status.WARN,
    title="The SPF record of {domain} does not include {include}, as {who} asks its customers to",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Ask {who} for the SPF term that its customers need today; when our table was made, it was include:{include}, which now names no addresses.",
        "Put that term into the SPF record of {domain} before the last one.",
    ),
    references=("RFC 7208 section 5.2",),
    also=("published",),
)
NOT_JUDGED = Outcome(
    code="spf.authorisation-not-judged",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: whether the SPF record lets your servers send was not judged, because {reason}",
    also=("addresses", "paths"),
    volatile=("paths",),
)
NO_ADDRESSES = "more than two of the names that come first have no address of the right kind (IPv4 or IPv6)"
CONSEQUENCES = {
    Result.FAIL: "receivers may refuse the mail",
    Result.SOFTFAIL: "receivers take the mail with suspicion, often into the spam folder",
    Result.NEUTRAL: "receivers treat the mail as if there were no SPF record",
}


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What would let everybody pass."""

    terms: list[str]
    """To be added; empty if nobody is refused."""
    text: str
    """The changed record; empty if none was found that receivers could use."""


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Say for each sender whether it may send. What could not be read is said last, so that the rest stands."""
    domain = subject.domain
    own = own_record(subject, ev)
    if isinstance(own, Skip):
        yield NOT_JUDGED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    known = senders(subject, ev)
    if not known:
        yield NO_ADDRESS(about=domain, domain=domain, who="your servers")
    spent: set[DnsProbe] = set()
    results = {sender: _evaluate(sender, ev, spent) for sender in known}
    edit = _edit(results, own, ev)
    failures: list[Failure] = []
    for sender, found in results.items():
        failures += [result.failure for result in found.values() if result.failure] or sender.failures
        yield from _judged(sender, found, own, edit, ev)
    if failures:
        raise Undetermined(failures[0].probe, failures[0].reading)


def _evaluate(sender: Sender, ev: Evidence, spent: set[DnsProbe] | None = None) -> dict[str, SpfResult]:
    return {
        address: _certain(check_host(ip=address, mail_from=sender.mail_from, helo=sender.helo, ev=ev, spent=spent))
        for address in sender.addresses
    }


def _certain(found: SpfResult) -> SpfResult:
    """A term that failed for want of an answer (RFC 7208 section 5.5: ptr) may let the sender pass the next time: that is not known."""
    unsure = found.doubt is not None and found.result is not Result.PASS
    return replace(found, result=Result.TEMPERROR, failure=found.doubt) if unsure else found


def _all_pass(sender: Sender, ev: Evidence) -> bool:
    return all(result.result is Result.PASS for result in _evaluate(sender, ev).values())


def _refused(results: dict[str, SpfResult]) -> list[str]:
    return [address for address, result in results.items() if result.result in CONSEQUENCES]


def _judged(sender: Sender, results: dict[str, SpfResult], own: Own, edit: Edit, ev: Evidence) -> Iterator[Finding]:
    domain = own.domain
    broken = [address for address, result in results.items() if result.result is Result.PERMERROR]
    refused = _refused(results)
    if refused and sender.guessed:
        yield _not_named(sender, refused, results, own)
    elif refused:
        yield _not_authorised(sender, refused, results, own, edit)
    if broken:
        yield _broken(sender, broken, results, own, ev)
    if not results and not sender.failures:
        yield _unseen(sender, own, ev)
    if results and all(result.result is Result.PASS for result in results.values()):
        first = next(iter(results.values()))
        lookups = max(result.lookups for result in results.values())
        addresses = list(results)
        yield AUTHORISED(
            about=domain, domain=domain, who=_who(sender, addresses), cost=_cost(lookups), addresses=addresses, lookups=lookups,
            path=[str(match) for match in first.path], paths=_paths(sender, results, domain),
        )  # fmt: skip


def _cost(lookups: int) -> str:
    return "without a look-up" if not lookups else "after 1 look-up" if lookups == 1 else f"after {lookups} look-ups"


def _paths(sender: Sender, results: Mapping[str, SpfResult], domain: str) -> dict[str, Any]:
    """Return how receivers come to each address's result; the worst case of the whole record is spf.lookups'."""
    return shown_ways(domain, MAIL_FROM, sender.mail_from, results)


def _unseen(sender: Sender, own: Own, ev: Evidence) -> Finding:
    """No address of the sender is known, so nothing can be evaluated; but whether its include is there can be read."""
    domain = own.domain
    named = any(step.name == sender.include for step in walk(domain, ev).steps if step.kind in ("include", "redirect"))
    if not sender.include or named:
        return NO_ADDRESS(about=domain, domain=domain, who=sender.label)
    return NOT_INCLUDED(about=domain, domain=domain, who=sender.label, include=sender.include, published=own.record.text)


def _who(sender: Sender, addresses: Sequence[str]) -> list[str]:
    """Name a sender and its addresses."""
    if sender.include:
        return [f"{sender.label} (like {addresses[0]})"]
    named = [f"{sender.label} ({address})" if sender.label not in ("", address) else address for address in addresses[:MAX_NAMED]]
    return [*named, f"{len(addresses) - MAX_NAMED} more"] if len(addresses) > MAX_NAMED else named


def _worst(refused: list[str], results: dict[str, SpfResult]) -> tuple[Result, str]:
    """Return the result that hurts most, and an address that gets it."""
    worst = min((results[address].result for address in refused), key=list(CONSEQUENCES).index)
    return worst, next(address for address in refused if results[address].result is worst)


def _not_named(sender: Sender, refused: list[str], results: dict[str, SpfResult], own: Own) -> Finding:
    """A hoster's outgoing servers are often others than the one that takes the mail in: what is not known is not called a fault."""
    worst, first = _worst(refused, results)
    return SERVER_NOT_NAMED(
        about=own.domain,
        domain=own.domain,
        who=_who(sender, refused),
        host=sender.label,
        consequence=CONSEQUENCES[worst],
        result=worst.value,
        addresses=refused,
        published=own.record.text,
        path=[str(match) for match in results[first].path],
        paths=_paths(sender, results, own.domain),
    )


def _not_authorised(sender: Sender, refused: list[str], results: dict[str, SpfResult], own: Own, edit: Edit) -> Finding:
    domain = own.domain
    worst, first = _worst(refused, results)
    some_pass = any(result.result is Result.PASS for result in results.values())
    by_hand = f"Add {' '.join(edit.terms)} before the last term of the SPF record of {domain}, and see that the record stays within ten look-ups."
    return NOT_AUTHORISED(
        about=domain,
        status=Status.WARN if some_pass and sender.include else Status.FAIL,  # a part of a provider's networks: some mail suffers
        domain=domain,
        who=_who(sender, refused),
        result=worst.value,
        consequence=CONSEQUENCES[worst],
        terms=edit.terms,
        addresses=refused,
        published=own.record.text,
        path=[str(match) for match in results[first].path],
        paths=_paths(sender, results, own.domain),
        records=own.changes(edit.text),
        steps=own.steps(edit.text, by_hand),
    )


def _broken(sender: Sender, broken: list[str], results: dict[str, SpfResult], own: Own, ev: Evidence) -> Finding:
    """Say that receivers give up, unless another check says so of the record as a whole."""
    domain, result = own.domain, results[broken[0]]
    tree, paths = walk(domain, ev), _paths(sender, results, own.domain)
    if tree.broken:
        return NOT_JUDGED(
            about=domain,
            domain=domain,
            reason="receivers cannot use the record (see spf.lookups)",
            addresses=broken,
            paths=paths,
            status=Status.NOT_RUN,
        )
    void = result.reason is Reason.MANY_VOID
    if void and len(voids(tree, ev)[0]) > MAX_VOID:
        reason = "too many of its names lead nowhere (see spf.void-lookups)"
        return NOT_JUDGED(about=domain, domain=domain, reason=reason, addresses=broken, paths=paths, status=Status.NOT_RUN)
    return ERROR(
        about=domain,
        status=Status.WARN if void else Status.FAIL,  # RFC 7208 section 4.6.4: the limit on void look-ups is a SHOULD
        domain=domain,
        who=_who(sender, broken),
        problem=NO_ADDRESSES if void else short(result.problem) or "it cannot be evaluated",
        addresses=broken,
        terms=sender.terms(broken),
        published=own.record.text,
        paths=paths,
        records=own.changes(_at_front(sender, broken, own, ev)),
    )


def _at_front(sender: Sender, broken: list[str], own: Own, ev: Evidence) -> str:
    text = inserted(own.record, sender.terms(broken), first=True)
    return text if _all_pass(sender, with_record(ev, own.domain, text)) else ""


def _edit(results: Mapping[Sender, dict[str, SpfResult]], own: Own, ev: Evidence) -> Edit:
    """Return the smallest edit that lets every sender pass, judged on the changed zone."""
    record = own.record
    refused = {sender: _refused(found) for sender, found in results.items() if not sender.guessed}
    terms = list(dict.fromkeys(term for sender, addresses in refused.items() if addresses for term in sender.terms(addresses)))
    if not terms:
        return Edit(terms=[], text="")
    mended = repaired(record) if record.problems else ""
    for text in filter(None, (mended, inserted(record, terms), inserted(record, terms, first=True))):
        view = with_record(ev, own.domain, text)
        if all(_all_pass(sender, view) for sender in refused) and not walk(own.domain, view).broken:
            return Edit(terms=terms, text=text)
    return Edit(terms=terms, text="")
