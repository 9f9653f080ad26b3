"""The certificate is valid today, and for a while.

What it checks:
The dates between which the server's certificate is valid.

Why it matters:
From the day a certificate has expired, no program sends a password to the server any more: all mail stops at once. It happens when
nobody notices that the automatic renewal has failed.

How to fix it:
Renew the certificate and let the mail server load the new one; many forget the second step, because the web server does it by itself.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import CertificateFacts, TlsFacts
from checks.rules._certificate import EXPIRED, NOT_YET_VALID, at, certificates, date_of, day, days_left
from checks.rules._due import due
from checks.rules._server import Look, not_tried, without_tls
from checks.subject import ServerSubject
from checks.tables import provider_of_host

VALID = Outcome(
    code="tls.certificate-valid",
    status=Status.PASS,
    title="The certificate of {where} is valid until {until}",
    also=("days",),
    volatile=("days", "until"),
)
EXPIRES_SOON = Outcome(
    code="tls.certificate-expires-soon",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="The certificate of {where} expires on {until} ({left} left)",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Renew the server's certificate, and find out why that has not happened by itself.",
        "Let the mail server load the new certificate; it often keeps the old one until it is restarted.",
    ),
    also=("days",),
    volatile=("days", "left"),
)
EXPIRED_ = Outcome(
    code="tls.certificate-expired",
    status=Status.FAIL,
    title="The certificate of {where} expired on {until}; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Renew the server's certificate, and let the mail server load the new one; it often keeps the old one until it is restarted.",
        "Find out why the renewal did not happen by itself.",
    ),
    also=("address",),
    references=("RFC 5280 section 4.1.2.5",),
)
NOT_YET = Outcome(
    code="tls.certificate-not-yet-valid",
    status=Status.FAIL,
    title="The certificate of {where} is valid only from {begins} on; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Check the clock of the machine that made the certificate, and of this one.",
        "Install a certificate that is valid now.",
    ),
    also=("address",),
    references=("RFC 5280 section 4.1.2.5",),
)
CHAIN = Outcome(
    code="tls.certificate-chain-dates",
    status=Status.FAIL,
    title="The certificate of {where} is valid itself, but one that it depends on is not ({why}), or this machine's clock is wrong; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Check the clock of this machine.",
        "If it is right, let the server send the intermediate certificates that its issuer offers today.",
    ),
    also=("address",),
    references=("RFC 5280 section 6.1.3",),
)
NO_DATES = Outcome(
    code="tls.certificate-dates-unreadable",
    status=Status.UNKNOWN,
    title="The dates of the certificate of {where} cannot be read",
    owner=Owner.MAIL_ADMIN,
    steps=("Look at the certificate at the server, and install a new one if it is damaged.",),
)
IN_TIME_STEPS = (
    "See that the renewal comes by itself; if it does not, renew the server's certificate.",
    "Let the mail server load the new certificate; it often keeps the old one until it is restarted.",
    "Run this check again: it shows the certificate that the mail server really uses.",
)
THEIRS = "{provider} renews it; nothing is to be done here. Run this check again in the days before."
URGENT_STEPS = (
    "Renew the server's certificate today: an automatic renewal that was to come has failed by now.",
    "Let the mail server load the new certificate; it often keeps the old one until it is restarted.",
    "Run this check again, and find out why the renewal has not happened by itself.",
)
NOT_TRIED = not_tried("tls.certificate-expiry", "Dates of the certificate")
WITHOUT = without_tls("tls.certificate-expiry", "Dates of the certificate")

# Certificates of 90 days are renewed when a third of their life is left, those of six days with two days left: so both count.
NOTE_DAYS, NOTE_PART = timedelta(days=30), 3
WARN_DAYS, WARN_PART = timedelta(days=14), 6
URGENT_DAYS, URGENT_PART = timedelta(days=7), 12


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare the dates with the moment of judging, whatever else is wrong with the certificate."""
    good: list[tuple[datetime, Finding]] = []
    bad = False
    for item in certificates(subject, ev, NOT_TRIED, WITHOUT):
        if isinstance(item, Finding):
            yield item
            return
        seen, address, facts = item
        finding = _judged(subject, seen, address, facts)
        ends = date_of(facts.certificate.not_after) if facts.certificate else None
        if finding.status is Status.PASS and ends is not None:
            good.append((ends, finding))
        else:
            bad = True
            yield finding
    if not bad:
        yield min(good, key=lambda one: one[0])[1]  # of several certificates, the one that ends first


def _judged(subject: ServerSubject, seen: Look, address: str, facts: TlsFacts) -> Finding:
    about, code, where = subject.name, facts.verify_code, at(seen, address)
    cert = facts.certificate
    begins, ends = (date_of(cert.not_before), date_of(cert.not_after)) if cert else (None, None)
    if ends is not None and ends <= subject.now:
        return EXPIRED_(about=about, where=where, until=day(ends), address=address)
    if begins is not None and begins > subject.now:
        return NOT_YET(about=about, where=where, begins=day(begins), address=address)
    if code == EXPIRED and ends is None:
        return EXPIRED_(about=about, where=where, until="a day that cannot be read", address=address)
    if code in (EXPIRED, NOT_YET_VALID):
        return CHAIN(about=about, where=where, why=facts.verify_reason or "its dates do not fit", address=address)
    if cert is None or ends is None:
        return NO_DATES(about=about, where=where)
    return _in_time(subject, seen, address, cert, ends)


def _in_time(subject: ServerSubject, seen: Look, address: str, cert: CertificateFacts, ends: datetime) -> Finding:
    left = ends - subject.now
    begins = date_of(cert.not_before)
    life = ends - begins if begins is not None else timedelta(days=398)  # the longest that browsers accept
    where = at(seen, address)
    known: dict[str, Any] = {"about": subject.name, "where": where, "until": day(ends), "days": left.days}
    theirs = provider_of_host(subject.server.host)
    entry = due(
        ends,
        of=f"certificate {seen.where}",
        what=f"The certificate of {where} expires",
        owner=Owner.PROVIDER if theirs else Owner.MAIL_ADMIN,
        steps=(THEIRS.format(provider=theirs.name),) if theirs else IN_TIME_STEPS,
    )
    if left > min(NOTE_DAYS, life / NOTE_PART):
        return VALID(**known, due=entry)
    status = Status.WARN if left <= min(WARN_DAYS, life / WARN_PART) else Status.NOTE
    steps = URGENT_STEPS if left <= min(URGENT_DAYS, life / URGENT_PART) else ()
    return EXPIRES_SOON(**known, left=days_left(left.days), status=status, steps=steps, due=entry)
