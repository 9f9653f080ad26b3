"""Answers come back.

What it checks:
The domain of the reply-to address takes mail, where it is another one than the domains that you send from.

Why it matters:
People answer mailings: to cancel, to ask, to correct an address. If the domain behind the address takes no mail, their answers
return to them as undeliverable, and you never learn of it.

How to fix it:
Correct the reply-to address, or have the owner of its domain publish a record (MX) that names the server where its mail is read.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.rules._hosts import is_reachable
from checks.rules._no_reply import is_no_reply
from checks.subject import ServerSubject, domain_of

INFORMATIONAL = True

RECEIVED = Outcome(
    code="bounce.answers-received",
    status=Status.PASS,
    title="Answers to mail from {server} go to {address}, and {domain} takes mail",
    references=("RFC 5321 section 5.1",),
)
LOST = Outcome(
    code="bounce.answers-lost",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="Answers to mail from {server} go to {address}, but {domain} takes no mail",
    owner=Owner.US,
    steps=(
        "Look whether the reply-to address is spelt as it should be.",
        "If it is, ask the owner of {domain} to publish an MX record, or set reply_to to an address in a domain that takes mail.",
    ),
    references=("RFC 5321 section 5.1", "RFC 7505 section 3"),
)
ELSEWHERE = Outcome(
    code="bounce.own-domains",
    status=Status.NOT_APPLICABLE,
    title="{server}: answers and delivery failures go to the domains that it sends from; whether these take mail is told by mx.record",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look where answers go; the domains of the sender and of the return path are looked at by mx.record."""
    server = subject.server
    address = server.sender.reply_to or server.sender.email
    domain = domain_of(address)
    own = {domain_of(item) for item in (server.sender.email, server.envelope_sender, *server.filter)}
    if domain in own:
        yield ELSEWHERE(about=server.name, server=server.name)
    elif _takes_mail(domain, ev, allow_private=subject.allow_private):
        yield RECEIVED(about=server.name, server=server.name, address=address, domain=domain)
    else:
        status = Status.NOTE if is_no_reply(address) else Status.WARN
        yield LOST(about=server.name, server=server.name, address=address, domain=domain, status=status)


def _takes_mail(domain: str, ev: Evidence, *, allow_private: bool) -> bool:
    """RFC 5321 section 5.1: to the MX, or to the address where there is none; RFC 7505 section 3: an empty MX says no.

    An address that nobody outside can reach takes nothing.
    """
    if hosts := ev.need(DnsProbe(domain, "MX")).values:
        return any(host != "." for host in hosts)
    probes = (DnsProbe(domain, "A"), DnsProbe(domain, "AAAA"))
    addresses = [address for reading in ev.all(*probes) for address in reading.values]
    if any(is_reachable(address, allow_private=allow_private) for address in addresses):
        return True
    for probe in probes:
        ev.need(probe)
    return False
