"""The server sends the certificates that lead to its issuer.

What it checks:
What the server sends beside its own certificate: whether the certificates in between (intermediates) are there, in order and in time.

Why it matters:
Computers know the great issuers, but not the many certificates between these and a server. Browsers fetch what is missing; programs
that send mail do not, so a server that works in the browser's eyes may be unreachable for them.

How to fix it:
Let the mail server use the file that issuers call fullchain or bundle: its own certificate first, the intermediates behind it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import CertificateFacts, TlsFacts
from checks.rules._certificate import (
    ALONE,
    UNKNOWN_ISSUER,
    at,
    best,
    certificates,
    date_of,
    day,
    days_left,
    path_of,
    sends_alone,
    unsent_issuer,
)
from checks.rules._due import due
from checks.rules._server import Look, not_tried, skipped, without_tls
from checks.subject import ServerSubject

COMPLETE = Outcome(
    code="tls.certificate-chain-complete",
    status=Status.PASS,
    title="{where} sends what leads from its certificate to the issuer (certificates sent: {count})",
    references=("RFC 8446 section 4.4.2",),
)
MISSING = Outcome(
    code="tls.intermediate-missing",
    status=Status.FAIL,
    title="{where} sends {sends}: either the one in between (intermediate) is missing, or its issuer ({issuer}) is one that computers do not know. Programs cannot check it; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Let the mail server use the file that the issuer calls fullchain or bundle: its own certificate first, the intermediate ones behind it. Then restart it.",
        "What is missing most likely lies at {link}, as the certificate itself says.",
        "If this issuer is the organisation's own authority, or another that computers do not know, a fullchain file does not help: install a certificate of a known issuer, or give that authority's certificate to the dispatcher, and to this check with --ca-file.",
    ),
    also=("address",),
    references=("RFC 8446 section 4.4.2", "RFC 5280 section 4.2.2.1"),
)
EXPIRES_SOON = Outcome(
    code="tls.intermediate-expires-soon",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{where} sends along the certificate of its issuer ({subject}), which expires on {until} ({left} left), before the server's own",
    owner=Owner.MAIL_ADMIN,
    steps=("Renew the server's certificate, and install the intermediate certificates that the issuer hands out with it today.",),
    also=("days",),
    volatile=("days", "left"),
    references=("RFC 5280 section 6.1.3",),
)
EXPIRED = Outcome(
    code="tls.intermediate-expired",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{where} sends along a certificate that expired on {until} ({subject}); {effect}",
    owner=Owner.MAIL_ADMIN,
    steps=("Replace the intermediate certificates at the server by those that the issuer offers today.",),
    references=("RFC 5280 section 6.1.3",),
)
DISORDER = Outcome(
    code="tls.certificate-chain-disorder",
    status=Status.NOTE,
    title="{where} sends its certificates in the wrong order, or some that do not belong there ({strays}); most programs cope, some old ones do not",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server send its own certificate first, then the one that signed it, and so on, and no others.",),
    references=("RFC 8446 section 4.4.2", "RFC 5246 section 7.4.2"),
)
NOT_TRIED = not_tried("tls.certificate-chain", "Certificates sent along")
WITHOUT = without_tls("tls.certificate-chain", "Certificates sent along")

FORESEEN, SOON = timedelta(days=30), timedelta(days=14)  # as for the server's own certificate
ANOTHER_WAY = "newer programs find another way, older ones may refuse"
ONLY_WAY = "it is that of the server's own issuer, and programs that know no newer one send nothing any more"
RENEW = "The certificate of the issuer ({subject}) that {where} sends along expires, before the server's own"
NO_ISSUER = "its certificate leads to no issuer that computers know"
UNSEEN = "what it sends beside its own certificate was not seen"


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge what each certificate came with; whether the issuer is known is for the rule about trust."""
    good: list[Finding] = []
    bad = False
    for item in certificates(subject, ev, NOT_TRIED, WITHOUT):
        if isinstance(item, Finding):
            yield item
            return
        seen, address, facts = item
        if told := list(_faults(subject, seen, address, facts)):
            bad = True
            yield from told
        else:
            good.append(_fine(subject, seen, facts))
    if not bad:
        yield best(good)


def _fine(subject: ServerSubject, seen: Look, facts: TlsFacts) -> Finding:
    if not facts.sent:
        return skipped(NOT_TRIED, subject, seen, UNSEEN)
    if facts.verify_code in UNKNOWN_ISSUER:
        return skipped(NOT_TRIED, subject, seen, NO_ISSUER)
    ends, issuer = _ends_before(facts)
    entry = _due(seen, seen.where, issuer, ends) if ends is not None and issuer is not None else None
    return COMPLETE(about=subject.name, where=seen.where, count=facts.sent, due=entry)


def _faults(subject: ServerSubject, seen: Look, address: str, facts: TlsFacts) -> Iterator[Finding]:
    where, leaf = at(seen, address), facts.certificate
    if leaf is None:
        return
    if link := unsent_issuer(facts):
        issuer = leaf.issuer or "it names none"
        yield MISSING(
            about=subject.name, where=where, issuer=issuer, link=link, address=address, sends=sends_alone(facts) or ALONE
        )
    yield from _in_time(subject, seen, where, facts)
    if strays := _strays(facts):
        yield DISORDER(about=subject.name, where=where, strays=strays[:3])


def _between(facts: TlsFacts) -> list[CertificateFacts]:
    return [one for one in path_of(facts)[1:] if not one.self_issued]


def _ends_before(facts: TlsFacts) -> tuple[datetime | None, CertificateFacts | None]:
    """Return the issuer's certificate and its end, if it ends before the server's own.

    Further up there is often a second way, through a certificate of the same name; at the issuer itself there rarely is.
    """
    between = _between(facts)
    own_end = date_of(facts.certificate.not_after) if facts.certificate else None
    ends = date_of(between[0].not_after) if between else None
    return (ends, between[0]) if ends is not None and own_end is not None and ends < own_end else (None, None)


def _in_time(subject: ServerSubject, seen: Look, where: str, facts: TlsFacts) -> Iterator[Finding]:
    for position, one in enumerate(_between(facts)):
        ends = date_of(one.not_after)
        if ends is not None and ends <= subject.now:
            effect, status = (ANOTHER_WAY, Status.NOTE) if position else (ONLY_WAY, Status.WARN)
            yield EXPIRED(about=subject.name, status=status, where=where, until=day(ends), subject=one.subject, effect=effect)
    ends, issuer = _ends_before(facts)
    left = ends - subject.now if ends is not None else timedelta(0)
    if ends is not None and issuer is not None and timedelta(0) < left <= FORESEEN:
        status = Status.WARN if left <= SOON else Status.NOTE
        yield EXPIRES_SOON(
            about=subject.name, status=status, where=where, until=day(ends), subject=issuer.subject, days=left.days, left=days_left(left.days),
            due=_due(seen, where, issuer, ends),
        )  # fmt: skip


def _due(seen: Look, where: str, issuer: CertificateFacts, ends: datetime) -> dict[str, Any]:
    what = RENEW.format(subject=issuer.subject, where=where)
    return due(ends, of=f"intermediate {seen.where}", what=what, owner=Owner.MAIL_ADMIN, steps=EXPIRES_SOON.steps)


def _strays(facts: TlsFacts) -> list[str]:
    """Name what does not directly follow the certificate that it signed. A root at the end is needless, but common and harmless."""
    if facts.certificate is None or len(facts.chain) + 1 != facts.sent:
        return []  # not all of it was kept
    before, strays = facts.certificate, []
    for one in facts.chain:
        if one.subject == before.issuer and not before.self_issued:
            before = one
        else:
            strays.append(one.subject or "one without a name")
    return strays
