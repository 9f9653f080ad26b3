"""All addresses of the server show the same certificate.

What it checks:
Where the server's name leads to several addresses, whether each of them shows the same certificate, and whether it holds at each.

Why it matters:
Programs take now one address, now another. If the certificate was renewed at one and forgotten at the other, every second message
fails, and whoever looks for the fault finds nothing, because the next attempt works.

How to fix it:
Install the same certificate on every machine behind the name, or take the one that has no good certificate out of DNS.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, TlsFacts
from checks.rules._certificate import date_of, day
from checks.rules._server import Layer, Look, look, not_tried, skipped, where_of, without_tls
from checks.settings import Security
from checks.subject import ServerSubject

INFORMATIONAL = True

SAME = Outcome(
    code="tls.same-certificate-everywhere",
    status=Status.PASS,
    title="All addresses of {where} that were tried show the same certificate ({addresses})",
)
SINGLE = Outcome(
    code="tls.single-address",
    status=Status.NOT_APPLICABLE,
    title="{where} was seen at one address only ({addresses}), so there is nothing to compare",
)
DIFFERENT = Outcome(
    code="tls.different-certificates",
    status=Status.NOTE,
    title="{where} shows different certificates, which all hold: {shown}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Nothing has to be done while a certificate is being renewed, or if each machine has its own.",
        "If neither is so, install the newest certificate on every machine behind the name.",
    ),
)
UNEVEN = Outcome(
    code="tls.uneven-certificates",
    status=Status.NOTE,
    title="{where}: the certificate holds at {good}, but not at {bad}. Each message may meet either of them",
    owner=Owner.MAIL_ADMIN,
    steps=("Install at {bad} the certificate that is shown at {good}, or take {bad} out of DNS until that is done.",),
    references=("RFC 5321 section 5.1",),
)
NOT_TRIED = not_tried("tls.addresses", "Certificates of the single addresses")
WITHOUT = without_tls("tls.addresses", "Certificates of the single addresses")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare; what ails a certificate is told by the rules about certificates, here it is named where."""
    if subject.server.security is Security.NONE:
        yield WITHOUT(about=subject.name, where=where_of(subject))
        return
    seen = look(subject, ev)
    shown = _shown(seen)
    if seen.layer <= Layer.SECURITY or not shown:
        yield skipped(NOT_TRIED, subject, seen, seen.reason or "no certificate was shown")
        return
    good = {address: facts for address, facts in shown.items() if facts.verified}
    bad = [address for address in shown if address not in good]
    if len(shown) == 1:
        yield SINGLE(about=subject.name, where=seen.where, addresses=list(shown))
    elif good and bad:
        yield UNEVEN(about=subject.name, where=seen.where, good=list(good), bad=bad)
    elif len({_fingerprint(facts) for facts in shown.values()}) == 1:
        yield SAME(about=subject.name, where=seen.where, addresses=list(shown))
    elif good:
        told = [f"{address} {_described(facts)}" for address, facts in good.items()]
        yield DIFFERENT(about=subject.name, where=seen.where, shown=told)
    else:
        yield skipped(NOT_TRIED, subject, seen, "none of them shows one that holds")


def _shown(seen: Look) -> dict[str, TlsFacts]:
    """Return what each address showed that got as far as a mail server's certificate."""
    return {
        address: reading.tls
        for address, reading in seen.reached
        if reading.tls and reading.fault is not Fault.NOT_SMTP and (reading.tls.verified or reading.tls.verify_code)
    }


def _fingerprint(facts: TlsFacts) -> str:
    return facts.certificate.sha256 if facts.certificate else ""


def _described(facts: TlsFacts) -> str:
    """Tell one certificate from another for a person; what cannot be read is told by the other rules."""
    ends = date_of(facts.certificate.not_after) if facts.certificate else None
    until = f"valid until {day(ends)}" if ends else "without a date"
    return f"({until}, SHA-256 {_fingerprint(facts)[:16]})"
