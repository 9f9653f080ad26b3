"""DMARC reports arrive.

What it checks:
The addresses in the DMARC record that receivers send their reports to: whether there are any, whether they are written correctly, and
whether an address at another organisation has agreed to take them.

Why it matters:
The daily reports are the only way to learn who sends mail in your name, and whether your own mail passes. Your mail is delivered
without them, too.

How to fix it:
Add rua=mailto: and an address that somebody reads. If it belongs to another organisation, that organisation has to publish its
consent in its own DNS.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.dmarc import DmarcRecord, is_dmarc
from checks.records.dmarc_uri import MAX_ADDRESSES
from checks.records.dmarc_walk import tree_walk
from checks.records.org_domain import by_suffix_list
from checks.subject import DomainSubject

INFORMATIONAL = True

REQUESTED = Outcome(
    code="dmarc.reports-requested",
    status=Status.PASS,
    title="DMARC reports about {domain} go to {addresses}",
)
NO_ADDRESS = Outcome(
    code="dmarc.no-reports",
    status=Status.NOTE,
    title="The DMARC record of {place} asks for no reports",
    owner=Owner.DNS_ADMIN,
    steps=("Add rua=mailto: and an address that somebody reads to the record at _dmarc.{place}.",),
    also=("domain",),
    references=("RFC 9989 section 4.7",),
)
BAD_ADDRESS = Outcome(
    code="dmarc.bad-report-address",
    status=Status.NOTE,
    title="No DMARC report can reach some addresses in the record of {place}: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Write each address in the record at _dmarc.{place} as mailto:name@domain, with commas between them.",),
    references=("RFC 9989 section 4.6",),
)
NO_CONSENT = Outcome(
    code="dmarc.report-consent-missing",
    status=Status.NOTE,
    title="{target} has not agreed to take DMARC reports about {place}, so receivers do not send them there",
    owner=Owner.DNS_ADMIN,
    steps=("Ask the owner of {target} to add the TXT record below, or use an address at {place}.",),
    references=("RFC 9990 section 4",),
)
SIZE_LIMIT = Outcome(
    code="dmarc.report-size-limit",
    status=Status.NOTE,
    title="An address in the DMARC record of {place} carries a size limit (!), which the standard dropped in 2026",
    owner=Owner.DNS_ADMIN,
    steps=("Take the exclamation mark and what follows it out of the address in the record at _dmarc.{place}.",),
    references=("RFC 9989 section 4.6",),
)
NO_RECORD = Outcome(
    code="dmarc.no-record-for-reports",
    status=Status.NOT_APPLICABLE,
    title="{domain}: without a DMARC record there are no reports",
)

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, in text without the last dot
OF_REPORTS = ("bad-rua", "bad-ruf", "too-many-addresses")


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the addresses, then at the consent of other organisations (at most twenty are asked)."""
    domain = subject.domain
    walk = tree_walk(domain, ev) if subject.header_from else None
    if walk is None or walk.policy is None:
        yield NO_RECORD(about=domain, domain=domain)
        return
    place, record = walk.policy.domain, walk.policy.records[0]
    if problems := [str(problem) for problem in record.problems if problem.kind in OF_REPORTS]:
        yield BAD_ADDRESS(about=domain, place=place, problems=problems[:3])
    elif not record.rua:
        yield NO_ADDRESS(about=domain, domain=domain, place=place)
    if any(uri.size_limit for uri in (*record.rua, *record.ruf)):
        yield SIZE_LIMIT(about=domain, place=place)
    if addresses := [uri.address for uri in record.rua if not uri.fault]:
        yield REQUESTED(about=domain, domain=domain, addresses=addresses)
    yield from _consents(domain, place, record, ev)


def _consents(domain: str, place: str, record: DmarcRecord, ev: Evidence) -> Iterator[Finding]:
    """RFC 9990 section 4: an address at another organisation counts only with that organisation's consent."""
    own = by_suffix_list(place)
    targets = dict.fromkeys(
        uri.domain for uri in (*record.rua, *record.ruf) if not uri.fault and by_suffix_list(uri.domain) != own
    )
    probes = {target: DnsProbe(f"{place}._report._dmarc.{target}", "TXT") for target in list(targets)[:MAX_ADDRESSES]}
    asked = {target: probe for target, probe in probes.items() if len(probe.name) <= LONGEST_NAME}
    readings = dict(zip(asked, ev.all(*asked.values()), strict=True))
    for target, reading in readings.items():
        if reading.state.answered and not any(is_dmarc(text) for text in reading.values):
            consent = DnsChange(action=Action.ADD, name=asked[target].name, type="TXT", value="v=DMARC1")
            yield NO_CONSENT(about=domain, place=place, target=target, records=[consent])
    for probe in asked.values():
        ev.need(probe)
