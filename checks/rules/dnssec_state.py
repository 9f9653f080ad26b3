"""The domain's DNS answers are not taken for forged.

What it checks:
Whether the domain's zone is signed (DNSSEC), so that nobody can forge its DNS records, and, if it is, whether the signatures hold.

Why it matters:
A zone without signatures is fine; most are. But if the signatures do not hold, large receivers refuse to believe any record of the
domain: to them it has no SPF, no DKIM and no DMARC, and answers to it go nowhere.

How to fix it:
Ask whoever runs the domain's DNS to renew the signatures. If the domain has moved to other name servers, the record that announces
signatures (DS) has to be replaced or removed by whoever registered the domain.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, DnsReading
from checks.records.org_domain import by_suffix_list
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

INFORMATIONAL = True

FALSE = range(6, 13)  # RFC 8914 section 4: bogus, expired, not yet valid, without key, without signature ...
CONFIRMED_BY = ("TXT", "MX")  # asked by other checks anyway; one answer that fails may be a passing fault

SIGNED = Outcome(
    code="dnssec.signed",
    status=Status.PASS,
    title="{domain} is signed (DNSSEC), and the signatures hold",
    references=("RFC 4035 section 4.3",),
)
UNSIGNED = Outcome(
    code="dnssec.unsigned",
    status=Status.NOT_APPLICABLE,
    title="{domain} is not signed (DNSSEC); no receiver asks for it",
    references=("RFC 4035 section 4.3",),
)
UNSEEN = Outcome(
    code="dnssec.unverified",
    status=Status.NOT_APPLICABLE,
    title="{domain} is signed (DNSSEC); whether the signatures hold cannot be seen from here, because the name server that was asked does not say",
    references=("RFC 4035 section 3.2.3",),
)
BOGUS = Outcome(
    code="dnssec.false-signatures",
    status=Status.FAIL,
    title="The DNSSEC signatures of {domain} do not hold ({reason}); receivers that look at them see none of its DNS records",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Ask whoever runs the DNS of {domain} to sign its zone anew.",
        "If the domain has moved to other name servers, have whoever registered it replace or remove the DS record of {domain}.",
    ),
    volatile=("reason",),
    references=("RFC 4035 section 4.3", "RFC 8914 section 4"),
)
NO_DOMAIN = Outcome(
    code="dnssec.domain-missing", status=Status.NOT_APPLICABLE, title="{domain} does not exist, so there is nothing to sign"
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Take the word of the name server that was asked; where it says nothing, see whether signatures are announced."""
    domain = subject.domain
    probe = DnsProbe(domain, "SOA")
    reading = ev[probe]
    if _is_false(reading) and all(map(_is_false, ev.all(*(DnsProbe(domain, each) for each in CONFIRMED_BY)))):
        yield BOGUS(about=domain, domain=domain, reason=reading.detail.replace("DNSSEC: ", "") or "they are false")
        return
    ev.need(probe)
    if reading.state is State.NXDOMAIN and (reading.chain or is_absent(domain, ev)):
        yield NO_DOMAIN(about=domain, domain=domain)
    elif reading.authentic:
        yield SIGNED(about=domain, domain=domain)
    else:
        yield (UNSEEN if _is_announced(domain, ev) else UNSIGNED)(about=domain, domain=domain)


def _is_false(reading: DnsReading) -> bool:
    return reading.state is State.BOGUS and any(error in FALSE for error in reading.errors)


def _is_announced(domain: str, ev: Evidence) -> bool:
    """Look for DS records of the domain and of its organisation (RFC 4035 section 5.2).

    Where the name server vouches for the organisation's and still not for the domain's records, the domain lies in an unsigned part.
    """
    organisation = by_suffix_list(domain)
    probes = tuple(DnsProbe(name, "DS") for name in dict.fromkeys((domain, organisation)))
    ev.all(*probes)
    if ev.need(probes[0]).records:
        return True
    above = ev.need(probes[-1])
    return bool(above.records) and not above.authentic
