"""SPF record does without reverse names.

What it checks:
The term "ptr" in an SPF record lets every server send whose own name, looked up backwards from its address, lies in the domain. The check
looks whether your record has it.

Why it matters:
The look-up is slow and often fails for reasons that are not yours, so the standard asks nobody to use it any more, and some receivers
skip it. Mail from a server that only this term names may then be refused.

How to fix it:
Name the servers by their addresses, or by the record of the service that runs them, and take the term out.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf import Mechanism, Record
from checks.records.spf_edit import replaced, without
from checks.records.spf_macro import static_name
from checks.records.spf_tree import walk
from checks.records.spf_view import with_record
from checks.rules._spf import Own, Skip, own_record, short
from checks.rules._spf_propose import passes
from checks.rules._spf_senders import Sender, senders
from checks.subject import DomainSubject

INFORMATIONAL = True

NO_PTR = Outcome(
    code="spf.no-ptr-mechanism",
    status=Status.PASS,
    title="The SPF record of {domain} does without reverse names (ptr)",
    references=("RFC 7208 section 5.5",),
)
PTR = Outcome(
    code="spf.ptr-mechanism",
    status=Status.NOTE,
    title='The SPF record of {domain} uses "{term}", which is slow and unreliable; the standard advises against it',
    owner=Owner.DNS_ADMIN,
    steps=('Name the servers by address (ip4:, ip6:) or by include: instead, then take out "{term}".',),
    references=("RFC 7208 section 5.5",),
    also=("published",),
)
NOT_JUDGED = Outcome(
    code="spf.ptr-not-judged",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: whether the SPF record uses reverse names was not judged, because {reason}",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look for the term in the domain's own record, and for what can stand in its place."""
    domain = subject.domain
    own = own_record(subject, ev)
    if isinstance(own, Skip):
        yield NOT_JUDGED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    terms = [term for term in own.record.mechanisms if term.name == "ptr"]
    if not terms:
        yield NO_PTR(about=domain, domain=domain)
        return
    text = _replacement(subject, own, terms, ev)
    steps = (
        f"Replace the SPF record at {domain} by the one below; in the place of {short(terms[0].text)} it names the servers that we know of.",
        f"If other servers send for {domain} that only this term lets send, add their addresses, too.",
    )
    yield PTR(
        about=domain,
        domain=domain,
        term=short(terms[0].text),
        published=own.record.text,
        records=own.changes(text),
        steps=steps if text and own.changes(text) else (),
    )


def _replacement(subject: DomainSubject, own: Own, terms: Sequence[Mechanism], ev: Evidence) -> str:
    """Return the record with the known servers in the place of the term; "" if nobody is known to need it."""
    domain, record = subject.domain, own.record
    if walk(domain, ev).broken:
        return ""
    words = [term.text for term in terms]
    bare = with_record(ev, domain, without(record, words))
    new: list[str] = []
    passing: list[tuple[Sender, str]] = []
    for sender in senders(subject, ev):
        known = [address for address in sender.addresses if passes(sender, address, ev)]
        passing += [(sender, address) for address in known]
        needy = [address for address in known if not passes(sender, address, bare)]
        new += sender.terms(needy) if needy else []
    if not new:
        return ""
    text = replaced(record, words, dict.fromkeys([*_mail_exchangers(domain, record, terms, ev), *new]))
    view = with_record(ev, domain, text)
    good = not walk(domain, view).broken and all(passes(sender, address, view) for sender, address in passing)
    return text if good else ""


def _mail_exchangers(domain: str, record: Record, terms: Sequence[Mechanism], ev: Evidence) -> list[str]:
    """Name the domain's mail servers, too, if they lie where the term lets all servers send: they surely do."""
    holders = [static_name(term.domain, domain=domain, origin=domain) if term.domain else domain for term in terms]
    inside = [name for name in ev[DnsProbe(domain, "MX")].values if any(f".{name}".endswith(f".{holder}") for holder in holders)]
    named = any(term.name == "mx" and not term.domain for term in record.mechanisms)
    return ["mx"] if inside and not named else []
