"""The domain lies in a zone that is set up.

What it checks:
The DNS holds the head record (SOA) of the zone that the domain lies in. Every zone has one; a domain without is not properly set up.

Why it matters:
Yahoo and AOL ask for this record before they take mail, for the domain in From and for the one that delivery failures go to. A domain
that has none looks as if somebody had made it up.

How to fix it:
Have whoever runs the domain's DNS set the zone up again, so that it begins with a SOA record.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, DnsReading
from checks.records.org_domain import by_suffix_list
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

INFORMATIONAL = True  # one receiver asks for it, and a name server that keeps quiet about it says nothing of the domain

YAHOO = "https://senders.yahooinc.com/best-practices/"

PRESENT = Outcome(
    code="soa.present",
    status=Status.PASS,
    title="{domain} lies in a DNS zone that is set up (it has a SOA record)",
    references=(YAHOO,),
)
MISSING = Outcome(
    code="soa.missing",
    status=Status.WARN,
    title="The DNS zone of {domain} has no SOA record, which every zone has; Yahoo and AOL may refuse mail from it",
    owner=Owner.DNS_ADMIN,
    steps=("Ask whoever runs the DNS of {domain} to set its zone up again: the SOA record at its head is missing.",),
    references=(YAHOO, "RFC 1035 section 5.2"),
)
NO_DOMAIN = Outcome(
    code="soa.domain-missing",
    status=Status.NOT_APPLICABLE,
    title="{domain} leads nowhere in the DNS, so there is no zone to look at",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask at the domain, then at the organisation's domain."""
    domain = subject.domain
    own = ev.need(DnsProbe(domain, "SOA"))
    if own.state is State.NXDOMAIN and (own.chain or is_absent(domain, ev)):
        yield NO_DOMAIN(about=domain, domain=domain)
        return
    organisation = by_suffix_list(domain)
    found = _in_a_zone(own) or (organisation != domain and _in_a_zone(ev.need(DnsProbe(organisation, "SOA"))))
    yield (PRESENT if found else MISSING)(about=domain, domain=domain)


def _in_a_zone(reading: DnsReading) -> bool:
    """RFC 2308 section 3: "none here" comes with the SOA record of the zone that the name lies in."""
    return bool(reading.records) or reading.negative_ttl is not None
