"""DMARC policy protects the domain.

What it checks:
What the DMARC record asks receivers to do with mail that pretends to come from the domain: nothing (none), junk (quarantine) or refuse
(reject).

Why it matters:
With "none" anybody can write mail in your name and it is delivered. With "quarantine" or "reject" forged mail is stopped, and your own
mail is stopped as well wherever it is not set up properly; so the reports have to be read before the policy is raised.

How to fix it:
Begin with p=none and an address for reports. When the reports of some weeks show that all your own mail passes, go on to
p=quarantine, then to p=reject.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.dmarc import DmarcRecord, Policy
from checks.records.dmarc_walk import Walk, tree_walk
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

ENFORCED = Outcome(
    code="dmarc.enforced-policy",
    status=Status.PASS,
    title="The DMARC policy in force for {domain} is {policy}",
    also=("place",),
    references=("RFC 9989 section 4.7",),
)
NONE = Outcome(
    code="dmarc.policy-none",
    status=Status.NOTE,
    title="The DMARC policy in force for {domain} is none: receivers accept forged mail in its name",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Read the reports of some weeks; every server that sends for {domain} must pass.",
        "Then change the policy at _dmarc.{place} to quarantine, and later to reject.",
    ),
    also=("policy",),
    references=("RFC 9989 section 4.7",),
)
TESTING = Outcome(
    code="dmarc.policy-test",
    status=Status.NOTE,
    title="The DMARC record of {place} is marked as a test (t=y): receivers act on it one step more mildly",
    owner=Owner.DNS_ADMIN,
    steps=("When the reports show that all your mail passes, take t=y out of the record at _dmarc.{place}.",),
    also=("domain",),
    references=("RFC 9989 section 4.7",),
)
WEAKER = Outcome(
    code="dmarc.weaker-subdomain-policy",
    status=Status.NOTE,
    title="The DMARC record of {domain} protects its sub-domains less ({subdomains}) than itself ({policy})",
    owner=Owner.DNS_ADMIN,
    steps=("Take {tags} out of the record at _dmarc.{domain}, unless a sub-domain sends mail that does not pass yet.",),
    references=("RFC 9989 section 4.7",),
)
NO_RECORD = Outcome(
    code="dmarc.no-policy-in-force",
    status=Status.NOT_APPLICABLE,
    title="{domain}: no DMARC policy is in force",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Say which policy holds for mail of the domain itself."""
    domain = subject.domain
    walk = tree_walk(domain, ev) if subject.header_from else None
    record = walk.record if walk else None
    if walk is None or walk.policy is None or record is None or not record.usable:
        yield NO_RECORD(about=domain, domain=domain)
        return
    place = walk.policy.domain
    policy = record.in_force(inherited=walk.inherited, exists=_exists(walk, record, ev))
    outcome = NONE if policy is Policy.NONE else ENFORCED
    yield outcome(about=domain, domain=domain, place=place, policy=str(policy))
    if record.testing:
        yield TESTING(about=domain, domain=domain, place=place)
    if not walk.inherited:
        yield from _weaker(domain, record)


def _exists(walk: Walk, record: DmarcRecord, ev: Evidence) -> bool:
    """A domain that does not exist takes np= (RFC 9989 section 4.7); only then it matters."""
    if not walk.inherited or record.nonexistent is None:
        return True
    return ev.need(DnsProbe(walk.author, "TXT")).state is not State.NXDOMAIN or not is_absent(walk.author, ev)


def _weaker(domain: str, record: DmarcRecord) -> Iterator[Finding]:
    given = {"sp": record.subdomain, "np": record.nonexistent}
    weak = {name: value for name, value in given.items() if value is not None and value.strength < record.policy.strength}
    if weak:
        mildest = min(weak.values(), key=lambda value: value.strength)
        tags = [f"{name}=" for name in weak]
        yield WEAKER(about=domain, domain=domain, policy=str(record.policy), subdomains=str(mildest), tags=tags)
