"""Reports about encrypted delivery arrive.

What it checks:
Whether the domain asks other mail servers to report trouble with encrypted delivery to it (TLS-RPT), and whether that request is
written correctly.

Why it matters:
The reports tell whoever runs the domain's mail server that others could not reach it safely. They have nothing to do with the mail
that you send; no receiver asks for them.

How to fix it:
Correct the TXT record at _smtp._tls below the domain, or delete it if nobody reads the reports.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.tls_rpt import is_tls_rpt, parse_tls_rpt
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

INFORMATIONAL = True

REQUESTED = Outcome(
    code="tlsrpt.requested",
    status=Status.PASS,
    title="Reports about encrypted delivery to {domain} (TLS-RPT) go to {addresses}",
    references=("RFC 8460 section 3",),
)
ABSENT = Outcome(
    code="tlsrpt.no-request",
    status=Status.NOT_APPLICABLE,
    title="{domain} asks for no reports about encrypted delivery (TLS-RPT); they are useful only for receiving mail",
    references=("RFC 8460 section 3",),
)
SEVERAL = Outcome(
    code="tlsrpt.several-records",
    status=Status.NOTE,
    title="{domain} asks {count} times for reports about encrypted delivery (TLS-RPT), so senders act as if it did not ask",
    owner=Owner.DNS_ADMIN,
    steps=("Keep one TXT record at _smtp._tls.{domain} that begins with v=TLSRPTv1, and delete the others.",),
    references=("RFC 8460 section 3",),
)
MALFORMED = Outcome(
    code="tlsrpt.malformed-record",
    status=Status.NOTE,
    title="The request for reports about encrypted delivery at _smtp._tls.{domain} is not well-formed: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Write the TXT record at _smtp._tls.{domain} as v=TLSRPTv1; rua=mailto: and an address that somebody reads.",),
    references=("RFC 8460 section 3",),
)
NO_DOMAIN = Outcome(
    code="tlsrpt.domain-missing",
    status=Status.NOT_APPLICABLE,
    title="{domain} does not exist, so it can ask for no reports about encrypted delivery",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the record."""
    domain = subject.domain
    if is_absent(domain, ev):
        yield NO_DOMAIN(about=domain, domain=domain)
        return
    texts = [text for text in ev.need(DnsProbe(f"_smtp._tls.{domain}", "TXT")).values if is_tls_rpt(text)]
    record = parse_tls_rpt(texts[0]) if texts else None
    if record is None:
        yield ABSENT(about=domain, domain=domain)
    elif len(texts) > 1:
        yield SEVERAL(about=domain, domain=domain, count=len(texts))
    elif record.problems:
        yield MALFORMED(about=domain, domain=domain, problems=[str(problem) for problem in record.problems[:3]])
    else:
        yield REQUESTED(about=domain, domain=domain, addresses=list(record.uris))
