"""Who may issue certificates is as intended.

What it checks:
The records (CAA) in which a domain says which authorities may issue certificates for it and for the names below it, like its mail
server's.

Why it matters:
Mail does not look at these records. But one that is wrong, or forgets the authority that is really used, lets the next renewal of the
mail server's certificate fail.

How to fix it:
Correct the CAA records, or delete them: without any, every authority may issue certificates.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.caa import Caa, parse_caa
from checks.records.org_domain import by_suffix_list, is_public_suffix
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

INFORMATIONAL = True

MOST_NAMES = 5  # asked on the way up; deeper names are rare, and the record stands at the top
SHOWN = 5

RESTRICTED = Outcome(
    code="caa.named-issuers",
    status=Status.PASS,
    title="Certificates for names in {domain} may be issued by {issuers} only (CAA records of {place})",
    references=("RFC 8659 section 4.2",),
)
UNRESTRICTED = Outcome(
    code="caa.any-issuer",
    status=Status.NOT_APPLICABLE,
    title="Every authority may issue certificates for {names} in {domain} (no CAA record says otherwise); mail does not depend on it",
    references=("RFC 8659 section 3",),
)
NOBODY = Outcome(
    code="caa.no-issuer",
    status=Status.NOTE,
    title="No authority may issue certificates for names in {domain} (CAA records of {place}), so the next renewal there fails",
    owner=Owner.DNS_ADMIN,
    steps=("If certificates for names in {domain} are in use, name the authority that issues them in a CAA record of {place}.",),
    references=("RFC 8659 section 4.2",),
)
MALFORMED = Outcome(
    code="caa.malformed-record",
    status=Status.NOTE,
    title="A CAA record of {place} is not well-formed, which may let renewals of certificates fail: {faults}",
    owner=Owner.DNS_ADMIN,
    steps=("Correct the CAA records of {place}, or delete them.",),
    also=("domain",),
    references=("RFC 8659 section 4.1",),
)
NO_DOMAIN = Outcome(
    code="caa.domain-missing", status=Status.NOT_APPLICABLE, title="{domain} does not exist, so nobody issues certificates for it"
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the domain, then upwards; the first name with records counts (RFC 8659 section 3).

    One level above the organisation's domain is looked at, where a registry may have set records for all. No answer from there is no matter.
    """
    domain = subject.domain
    if is_absent(domain, ev):
        yield NO_DOMAIN(about=domain, domain=domain)
        return
    names = _upwards(domain)
    ev.all(*(DnsProbe(name, "CAA") for name in names))
    for place in names:
        probe = DnsProbe(place, "CAA")
        reading = ev[probe] if place != domain and is_public_suffix(place) else ev.need(probe)
        if records := [parse_caa(value) for value in reading.values]:
            yield _told(domain, place, records)
            return
    yield UNRESTRICTED(about=domain, domain=domain, names="names")


def _upwards(domain: str) -> list[str]:
    labels = domain.split(".")
    top = max(1, len(by_suffix_list(domain).split(".")) - 1)
    names = [".".join(labels[start:]) for start in range(len(labels) - top + 1)]
    return names if len(names) <= MOST_NAMES else [*names[: MOST_NAMES - 2], *names[-2:]]


def _told(domain: str, place: str, records: list[Caa]) -> Finding:
    if faults := sorted({record.fault for record in records if record.fault}):
        return MALFORMED(about=domain, domain=domain, place=place, faults=faults[:3])
    allowed = [record for record in records if record.tag == "issue"]
    issuers = sorted({record.issuer for record in allowed if record.issuer})
    wild = [record for record in records if record.tag == "issuewild"]  # RFC 8659 section 4.3: it counts for wildcards (*.) alone
    by = sorted({record.issuer for record in wild if record.issuer})[:SHOWN]
    if not allowed:  # RFC 8659 section 4.2: without the property, everybody may
        only = f"by {', '.join(by)} only" if by else "by none"
        names = f"single names (for wildcards {only})" if wild else "names"
        return UNRESTRICTED(about=domain, domain=domain, names=names)
    if not issuers and by:
        issuers = [f"{name} (for wildcards)" for name in by]
    if not issuers:
        return NOBODY(about=domain, domain=domain, place=place)
    shown = issuers if len(issuers) <= SHOWN else [*issuers[:SHOWN], f"{len(issuers) - SHOWN} more"]
    return RESTRICTED(about=domain, domain=domain, place=place, issuers=shown)
