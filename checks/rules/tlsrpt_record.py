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

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.tls_rpt import is_tls_rpt, meant_as_tls_rpt, parse_tls_rpt, repaired_tls_rpt
from checks.rules._absent import is_absent
from checks.rules._alias import mending_at
from checks.subject import DomainSubject

INFORMATIONAL = True

LONGEST_SHOWN = 300  # characters of a published record that a finding repeats

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
MISWRITTEN = Outcome(
    code="tlsrpt.miswritten-version",
    status=Status.NOTE,
    title="The record at _smtp._tls.{domain} is meant to ask for reports but does not begin with v=TLSRPTv1; so senders overlook it",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Let the TXT record at _smtp._tls.{domain} begin with v=TLSRPTv1; with the semicolon, just so in capitals and small letters.",
    ),
    also=("published",),
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
    published = ev.need(DnsProbe(f"_smtp._tls.{domain}", "TXT")).values
    texts = [text for text in published if is_tls_rpt(text)]
    record = parse_tls_rpt(texts[0]) if texts else None
    if record is None:
        yield _unseen(domain, published, ev)
    elif len(texts) > 1:
        yield SEVERAL(about=domain, domain=domain, count=len(texts))
    elif record.problems:
        yield MALFORMED(about=domain, domain=domain, problems=[str(problem) for problem in record.problems[:3]])
    else:
        yield REQUESTED(about=domain, domain=domain, addresses=list(record.uris))


def _unseen(domain: str, published: Sequence[str], ev: Evidence) -> Finding:
    """Senders see no request; perhaps somebody meant to write one."""
    meant = next((text for text in published if meant_as_tls_rpt(text)), "")
    if not meant:
        return ABSENT(about=domain, domain=domain)
    mended = mending_at(f"_smtp._tls.{domain}", repaired_tls_rpt(meant), ev)
    return MISWRITTEN(about=domain, domain=domain, published=[meant[:LONGEST_SHOWN]], records=mended.records, steps=mended.steps)
