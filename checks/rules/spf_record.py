"""SPF record is there, once

What it checks:
The domain in the envelope of the mail publishes exactly one SPF record, a TXT record that begins with "v=spf1".

Why it matters:
The SPF record lists the servers that may send for the domain. Without one, receivers have one reason less to trust the mail;
with two, they must treat both as broken, and Gmail and others reject or junk the mail.

How to fix it:
Publish one TXT record at the domain itself. If there are two, merge their terms into one record and delete the other.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf import is_spf
from checks.subject import DomainSubject

PRESENT = Outcome(
    code="spf.present",
    status=Status.PASS,
    title="{domain} publishes one SPF record",
    also=("record",),
    references=("RFC 7208 section 3",),
)
MISSING = Outcome(
    code="spf.missing",
    status=Status.FAIL,
    title="{domain} publishes no SPF record",
    owner=Owner.DNS_ADMIN,
    steps=("Add the TXT record below at {domain}.", "If other services send mail as {domain} too, add their SPF terms before the last one."),
    references=("RFC 7208 section 4.5",),
)
MULTIPLE = Outcome(
    code="spf.multiple-records",
    status=Status.FAIL,
    title="{domain} publishes {count} SPF records; receivers accept exactly one",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the {count} records by the one below, and keep no second one.",),
    references=("RFC 7208 section 4.5",),
    also=("published",),
)
NOT_ENVELOPE = Outcome(
    code="spf.not-envelope",
    status=Status.NOT_APPLICABLE,
    title="{domain} is not the envelope domain of any server here; its SPF record is not consulted",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Count the records that begin with the version tag."""
    domain = subject.domain
    if not subject.envelope:
        yield NOT_ENVELOPE(about=domain, domain=domain)
        return
    found = [text for text in ev.need(DnsProbe(domain, "TXT")).values if is_spf(text)]  # RFC 7208 section 4.5
    if not found:
        change = DnsChange(action=Action.ADD, name=domain, type="TXT", value="v=spf1 mx ~all")
        yield MISSING(about=domain, domain=domain, records=[change])
    elif len(found) > 1:
        yield MULTIPLE(about=domain, domain=domain, count=len(found), published=found)
    else:
        yield PRESENT(about=domain, domain=domain, record=found[0])
