"""Mail to the domain has a place to go.

What it checks:
The domain says in the DNS which servers take mail for it (its MX records), so that answers and delivery failures can come back.

Why it matters:
When a message cannot be delivered, the failure report goes back to the sender's domain. Some receivers, WEB.DE among them, look
there before they accept anything, and turn mail away whose sender could never be answered.

How to fix it:
Publish an MX record that names the server where the domain's mail is read. If nobody is to write to the domain, let the failure
reports go to a domain that takes mail.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, DnsReading
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

SHOWN = 5  # names in a sentence

PRESENT = Outcome(
    code="mx.present",
    status=Status.PASS,
    title="Mail to {domain} goes to {hosts}",
    also=("count",),
    references=("RFC 5321 section 5.1",),
)
IMPLICIT = Outcome(
    code="mx.implicit",
    status=Status.NOTE,
    title="{domain} has no MX record; mail to it goes to its own address, which is often the web server's",
    owner=Owner.DNS_ADMIN,
    steps=("If another server takes the mail of {domain}, publish an MX record that names it.",),
    references=("RFC 5321 section 5.1",),
)
NULL = Outcome(
    code="mx.null-record",
    status=Status.FAIL,  # RFC 7505 section 4.2: receivers may refuse such a sender, and many do (5.7.27)
    weighs=(Status.NOTE,),
    title="{domain} declares that it takes no mail at all",
    owner=Owner.DNS_ADMIN,
    steps=(
        "If {domain} is to receive answers or delivery failures, replace its MX record by one that names a mail server.",
        "If not, let delivery failures go to an address in a domain that takes mail (the setting return_path).",
    ),
    references=("RFC 7505 section 4.2",),
)
NOWHERE = Outcome(
    code="mx.missing",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{domain} has neither an MX record nor an address: mail to it goes nowhere",
    owner=Owner.DNS_ADMIN,
    steps=("Publish an MX record at {domain} that names the server where its mail is read.",),
    references=("RFC 5321 section 5.1", "https://postmaster.web.de/de/anforderungen-und-empfehlungen"),
)
NO_DOMAIN = Outcome(
    code="mx.domain-missing",
    status=Status.FAIL,
    title="{domain} does not exist in the DNS",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Look whether the domain is spelt as it should be.",
        "If it is, ask whoever registered it whether it has expired, and have its zone published.",
    ),
    references=("RFC 8020", "https://senders.yahooinc.com/best-practices/"),
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Tell where mail to the domain goes."""
    domain = subject.domain
    answer = ev.need(DnsProbe(domain, "MX"))
    hosts = [
        record.value
        for record in sorted(answer.records, key=lambda record: (record.preference, record.value))
        if record.value != "."
    ]
    if hosts:
        rest = len(hosts) - SHOWN
        shown = [*hosts[:SHOWN], f"{rest} more"] if rest > 0 else hosts
        yield PRESENT(about=domain, domain=domain, hosts=shown, count=len(hosts))
    elif answer.records:  # RFC 7505 section 3: one record with an empty name
        yield NULL(about=domain, domain=domain, status=Status.FAIL if subject.envelope else Status.NOTE)
    elif answer.state is State.NXDOMAIN and is_absent(domain, ev):
        yield NO_DOMAIN(about=domain, domain=domain)
    else:
        yield from _without_mx(subject, ev, answer)


def _without_mx(subject: DomainSubject, ev: Evidence, answer: DnsReading) -> Iterator[Finding]:
    """RFC 5321 section 5.1: without MX, the domain's own address counts."""
    domain = subject.domain
    probes = (DnsProbe(domain, "A"), DnsProbe(domain, "AAAA"))
    if answer.state is not State.NXDOMAIN or not answer.chain:  # an alias without target has no address either
        if any(reading.records for reading in ev.all(*probes)):
            yield IMPLICIT(about=domain, domain=domain)
            return
        for probe in probes:
            ev.need(probe)
    yield NOWHERE(about=domain, domain=domain, status=Status.FAIL if subject.envelope else Status.WARN)
