"""A published logo can be shown.

What it checks:
Whether the domain publishes a logo that mail programs may show beside its messages (BIMI), whether that record is written correctly,
and whether the domain's DMARC policy is strong enough for it.

Why it matters:
It is decoration: no mail is refused or junked for the lack of it. But a record with a fault is work for nothing, because no mail
program shows the logo.

How to fix it:
Correct the record, or raise the DMARC policy first. The logo itself is not fetched by this check.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.bimi import BimiRecord, is_bimi, parse_bimi
from checks.records.dmarc import Policy
from checks.records.dmarc_walk import tree_walk
from checks.records.org_domain import by_suffix_list
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

INFORMATIONAL = True

DRAFT = "https://datatracker.ietf.org/doc/draft-brand-indicators-for-message-identification/"

PUBLISHED = Outcome(
    code="bimi.published",
    status=Status.PASS,
    title="{domain} publishes a logo for mail programs (BIMI), and its DMARC policy ({policy}) is strong enough for it",
    also=("place", "logo", "evidence"),
    references=(DRAFT,),
)
ABSENT = Outcome(
    code="bimi.no-record",
    status=Status.NOT_APPLICABLE,
    title="{domain} publishes no logo for mail programs (BIMI), which is decoration",
    references=(DRAFT,),
)
DECLINED = Outcome(
    code="bimi.declined",
    status=Status.NOT_APPLICABLE,
    title="{domain} asks mail programs to show no logo (BIMI)",
    references=(DRAFT,),
)
UNSEEN = Outcome(
    code="bimi.unseen-domain",
    status=Status.NOT_APPLICABLE,
    title="{domain} is not the sender that recipients see, so it needs no logo",
)
NO_DOMAIN = Outcome(
    code="bimi.domain-missing", status=Status.NOT_APPLICABLE, title="{domain} does not exist, so it can publish no logo"
)
SEVERAL = Outcome(
    code="bimi.several-records",
    status=Status.NOTE,
    title="{place} publishes {count} records about its logo (BIMI), so mail programs show none",
    owner=Owner.DNS_ADMIN,
    steps=("Keep one TXT record at default._bimi.{place} that begins with v=BIMI1, and delete the others.",),
    references=(DRAFT,),
)
MALFORMED = Outcome(
    code="bimi.malformed-record",
    status=Status.NOTE,
    title="The record of the logo (BIMI) at default._bimi.{place} is not well-formed, so mail programs show none: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Write the TXT record at default._bimi.{place} as v=BIMI1; l= and the https address of the logo.",),
    references=(DRAFT,),
)
WEAK = Outcome(
    code="bimi.weak-policy",
    status=Status.NOTE,
    title="{domain} publishes a logo (BIMI) that no mail program shows, because its DMARC policy asks for nothing (none)",
    owner=Owner.DNS_ADMIN,
    steps=("Raise the DMARC policy to quarantine or reject, once all of your mail passes.",),
    references=(DRAFT,),
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the domain, then at the organisation's domain."""
    domain = subject.domain
    if not subject.header_from:
        yield UNSEEN(about=domain, domain=domain)
        return
    if is_absent(domain, ev):
        yield NO_DOMAIN(about=domain, domain=domain)
        return
    places = tuple(dict.fromkeys((domain, by_suffix_list(domain))))
    ev.all(*(_probe(place) for place in places))
    for place in places:
        if texts := [text for text in ev.need(_probe(place)).values if is_bimi(text)]:
            yield _several(place, len(texts)) if len(texts) > 1 else _told(domain, place, parse_bimi(texts[0]), ev)
            return
    yield ABSENT(about=domain, domain=domain)


def _probe(place: str) -> DnsProbe:
    return DnsProbe(f"default._bimi.{place}", "TXT")


def _several(place: str, count: int) -> Finding:
    return SEVERAL(about=place, place=place, count=count)


def _told(domain: str, place: str, record: BimiRecord, ev: Evidence) -> Finding:
    if record.problems:
        return MALFORMED(about=domain, place=place, problems=[str(problem) for problem in record.problems[:3]])
    if record.declined:
        return DECLINED(about=domain, domain=domain)
    walk = tree_walk(domain, ev)
    policy = walk.record.in_force(inherited=walk.inherited) if walk.record else Policy.NONE
    if policy is Policy.NONE:
        return WEAK(about=domain, domain=domain)
    return PUBLISHED(about=domain, domain=domain, place=place, policy=policy.value, logo=record.logo, evidence=record.evidence)
