"""DMARC policy protects the domain.

What it checks:
What the DMARC record asks receivers to do with mail that pretends to come from the domain: nothing (none), junk (quarantine) or refuse
(reject).

Why it matters:
With "none" anybody can write mail in your name and it is delivered. With "quarantine" or "reject" forged mail is stopped, and your own
mail is stopped as well wherever it is not set up properly; so the reports have to be read before the policy is raised.

How to fix it:
Begin with p=none and an address for reports. When the reports of two to four weeks show that all your own mail passes, go on to
p=quarantine, and after as long again to p=reject. The record of the next stage is shown.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.dmarc import DmarcRecord, Policy
from checks.records.dmarc_walk import tree_walk
from checks.records.org_domain import by_suffix_list
from checks.rules._dmarc import LONGEST_SHOWN, mending
from checks.rules._dmarc_plan import Stage, altered, is_clean, stage_of
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
    also=("policy", "place", "record"),
    references=("RFC 9989 section 4.7",),
)
QUARANTINE = Outcome(
    code="dmarc.policy-quarantine",
    status=Status.NOTE,
    title="Forged mail in the name of {domain} goes to the junk folder; the last stage, reject, would have it refused",
    owner=Owner.DNS_ADMIN,
    also=("policy", "place", "record"),
    references=("RFC 9989 section 4.7",),
)
TESTING = Outcome(
    code="dmarc.policy-test",
    status=Status.NOTE,
    title="The DMARC record of {place} is marked as a test (t=y): newer receivers act on it one step more mildly, older ones in full",
    owner=Owner.DNS_ADMIN,
    steps=("When the reports show that all your mail passes, take t=y out of the record at _dmarc.{place}.",),
    also=("domain", "record"),
    references=("RFC 9989 section 4.7",),
)
DIFFERING = Outcome(
    code="dmarc.differing-policies",
    status=Status.NOTE,
    title="Receivers differ on the DMARC policy of {domain}: for newer ones it is {newer}, for older ones {older}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Say with p= and sp= alone at _dmarc.{place} what all receivers shall do: older ones skip np=, newer ones skip pct=.",
    ),
    references=("RFC 9989 section 4.7", "RFC 7489 section 6.3"),
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
    """Say which policy holds for mail of the domain itself, and which stage comes next."""
    domain = subject.domain
    walk = tree_walk(domain, ev) if subject.header_from else None
    record = walk.record if walk else None
    if walk is None or record is None or not record.usable:
        yield NO_RECORD(about=domain, domain=domain)
        return
    stage = stage_of(walk, record, ev)
    if stage.in_force is not Policy.NONE:
        yield ENFORCED(about=domain, domain=domain, place=stage.place, policy=str(stage.in_force))
    yield from _next(stage, ev)
    if record.testing:
        yield _testing(stage, ev)
    yield from _differing(stage, inherited=walk.inherited)
    if not walk.inherited:
        yield from _weaker(domain, record)


def _next(stage: Stage, ev: Evidence) -> Iterator[Finding]:
    """Offer the next stage; a policy that is only tested is told by itself."""
    policy, trial = stage.in_force, stage.record.testing and stage.chosen is not Policy.NONE
    if policy is Policy.REJECT or (trial and policy is not Policy.NONE):
        return
    mended = mending(stage.place, stage.next_record(), ev)
    yield (NONE if policy is Policy.NONE else QUARANTINE)(
        about=stage.domain,
        domain=stage.domain,
        place=stage.place,
        policy=str(policy),
        record=stage.record.text[:LONGEST_SHOWN],
        steps=stage.steps(*mended.steps),
        records=mended.records,
    )


def _testing(stage: Stage, ev: Evidence) -> Finding:
    """With p=none there is nothing to test, and the next stage is another record."""
    record = stage.record
    ready = stage.ours and stage.chosen is not Policy.NONE and is_clean(record)
    mended = mending(stage.place, altered(record, {"t": ""}) if ready else "", ev)
    when = tuple(f"When the reports show that all your mail passes, take out t=y. {step}" for step in mended.steps)
    return TESTING(
        about=stage.domain,
        domain=stage.domain,
        place=stage.place,
        record=record.text[:LONGEST_SHOWN],
        steps=when,
        records=mended.records,
    )


def _differing(stage: Stage, *, inherited: bool) -> Iterator[Finding]:
    """The same record, read by RFC 9989 and by RFC 7489. What t= does is told by itself; other records by dmarc.record."""
    if inherited and stage.place != by_suffix_list(stage.domain):
        return  # receivers of RFC 7489 do not find it (section 6.6.3)
    older = stage.record.by_rfc7489(inherited=inherited)
    share = stage.record.percent
    if older is not stage.chosen or (share < 100 and older is not Policy.NONE):
        words = str(older) if share == 100 or older is Policy.NONE else f"{older} for {share} of 100 messages"
        yield DIFFERING(about=stage.domain, domain=stage.domain, place=stage.place, newer=str(stage.chosen), older=words)


def _weaker(domain: str, record: DmarcRecord) -> Iterator[Finding]:
    given = {"sp": record.subdomain, "np": record.nonexistent}
    weak = {name: value for name, value in given.items() if value is not None and value.strength < record.policy.strength}
    if weak:
        mildest = min(weak.values(), key=lambda value: value.strength)
        tags = [f"{name}=" for name in weak]
        yield WEAKER(about=domain, domain=domain, policy=str(record.policy), subdomains=str(mildest), tags=tags)
