"""Certificates of the mail servers in the DNS can be used.

What it checks:
Whether the servers that take mail for the domain publish their certificates in the DNS (DANE), whether those records are of a kind
that senders use, and whether DNSSEC protects them from forgery. They are not compared with the certificates themselves.

Why it matters:
With these records, others deliver to the domain over verified encryption only. They have nothing to do with the mail that you send;
no receiver asks for them.

How to fix it:
Have whoever runs the mail servers correct the TLSA records, or delete them.
"""

from collections.abc import Iterable, Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.org_domain import by_suffix_list
from checks.records.tlsa import parse_tlsa
from checks.subject import DomainSubject

INFORMATIONAL = True

MAX_SERVERS = 3  # those that senders try first; the others are set up alike

PROVEN = Outcome(
    code="dane.proven-records",
    status=Status.PASS,
    title="Certificates of the mail servers of {domain} are in the DNS (DANE, {hosts}), and DNSSEC proves them",
    references=("RFC 7672 section 2.2",),
)
ABSENT = Outcome(
    code="dane.no-records",
    status=Status.NOT_APPLICABLE,
    title="The mail servers of {domain} publish no certificates in the DNS (DANE); it is needed only for receiving mail",
    references=("RFC 7672 section 2.2",),
)
NO_SERVER = Outcome(
    code="dane.no-mail-server",
    status=Status.NOT_APPLICABLE,
    title="{domain} names no mail server, so there is none to publish a certificate of",
)
UNSEEN = Outcome(
    code="dane.unverified-records",
    status=Status.NOT_APPLICABLE,
    title="Certificates of the mail servers of {domain} are in the DNS (DANE, {hosts}); whether DNSSEC proves them cannot be seen from here",
    references=("RFC 7672 section 2.2",),
)
UNSIGNED = Outcome(
    code="dane.unsigned-records",
    status=Status.NOTE,
    title="{host}, a mail server of {domain}, publishes its certificate in the DNS (DANE) without DNSSEC, so senders do not use it",
    owner=Owner.MAIL_ADMIN,
    steps=("Have the zone of {host} signed (DNSSEC), or delete the TLSA records.",),
    references=("RFC 7672 section 2.1",),
)
UNUSABLE = Outcome(
    code="dane.unusable-records",
    status=Status.NOTE,
    title="{host}, a mail server of {domain}, publishes its certificate in the DNS (DANE) in a way that senders cannot use: {faults}",
    owner=Owner.MAIL_ADMIN,
    steps=("Replace the TLSA records at _25._tcp.{host} by one that begins with 3 1 1, or delete them.",),
    references=("RFC 7672 section 3.1",),
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask for each mail server; only where there are records, ask whether its zone is signed."""
    domain = subject.domain
    records = sorted(ev.need(DnsProbe(domain, "MX")).records, key=lambda record: (record.preference, record.value))
    hosts = list(dict.fromkeys(record.value for record in records if record.value != "."))[:MAX_SERVERS]
    if not hosts:
        yield NO_SERVER(about=domain, domain=domain)
        return
    probes = {host: DnsProbe(f"_25._tcp.{host}", "TLSA") for host in hosts}
    readings = dict(zip(hosts, ev.all(*probes.values()), strict=True))
    useful: list[str] = []
    for host in hosts:
        faults = [parse_tlsa(value).fault for value in readings[host].values]
        if faults and all(faults):  # RFC 7672 section 2.2: one usable record is enough
            yield UNUSABLE(about=domain, domain=domain, host=host, faults=sorted(set(faults))[:3])
        elif faults:
            useful.append(host)
    yield from _useful(domain, useful, {host for host in useful if readings[host].authentic}, ev)
    for probe in probes.values():
        ev.need(probe)
    if not any(readings[host].records for host in hosts):
        yield ABSENT(about=domain, domain=domain)


def _useful(domain: str, hosts: Iterable[str], proven: set[str], ev: Evidence) -> Iterator[Finding]:
    if proven:
        yield PROVEN(about=domain, domain=domain, hosts=sorted(proven))
    rest = [host for host in hosts if host not in proven]
    signed = {host: DnsProbe(by_suffix_list(host), "DS") for host in rest}
    ev.all(*signed.values())
    unsigned = [host for host in rest if not ev.need(signed[host]).records]
    for host in unsigned:
        yield UNSIGNED(about=domain, domain=domain, host=host)
    if unseen := [host for host in rest if host not in unsigned]:
        yield UNSEEN(about=domain, domain=domain, hosts=unseen)
