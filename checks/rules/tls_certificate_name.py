"""The certificate is for this server.

What it checks:
One of the names in the server's certificate is the host name in the settings.

Why it matters:
A certificate for another name is the passport of somebody else. The dispatcher must assume that it talks to the wrong machine, and
sends no password.

How to fix it:
Use the host name that the certificate names, as providers write it in their instructions; or install a certificate at the server
that has the host name of the settings in it.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import TlsFacts
from checks.rules._certificate import WRONG_NAME, at, certificates, fits
from checks.rules._server import not_tried, some_of, without_tls
from checks.subject import ServerSubject

MATCHES = Outcome(
    code="tls.certificate-name-match",
    status=Status.PASS,
    title="The certificate of {where} is for this name",
    also=("names",),
    references=("RFC 9525 section 6",),
)
MISMATCH = Outcome(
    code="tls.certificate-name-mismatch",
    status=Status.FAIL,
    title="The certificate of {where} is not for {host}, but for {names}; no password was sent",
    owner=Owner.US,
    steps=(
        "Compare the host name with the provider's instructions. If the server that you mean is called {called}, put that into the field host of the settings.",
        "If {host} is right, ask the server's administrator for a certificate that has this name in it.",
    ),
    also=("address",),
    references=("RFC 9525 section 6",),
)
NAMELESS = Outcome(
    code="tls.certificate-without-name",
    status=Status.FAIL,
    title="The certificate of {where} names no server (its list of names, subjectAltName, is empty), so current programs refuse it; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Install a certificate that has the name {host} in its list of names (subjectAltName); the old place, the common name, no longer counts.",
    ),
    also=("address",),
    references=("RFC 9525 section 2",),
)
NOT_TRIED = not_tried("tls.certificate-name", "Name in the certificate")
WITHOUT = without_tls("tls.certificate-name", "Name in the certificate")

NO_NAME = (
    "Compare the host name with the provider's instructions. A star in a certificate stands for one word, without a dot, of the server's name.",
    "If the host name is right, ask the server's administrator for a certificate that has this name in it.",
)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare the names; OpenSSL reports only the first fault, so an untrusted or expired certificate is compared here."""
    good: list[Finding] = []
    bad = False
    host = subject.server.host
    for item in certificates(subject, ev, NOT_TRIED, WITHOUT):
        if isinstance(item, Finding):
            yield item
            return
        seen, address, facts = item
        names = facts.certificate.names if facts.certificate else ()
        if _is_for(facts, host):
            good.append(MATCHES(about=subject.name, where=seen.where, names=some_of(names)))
        else:
            bad = True
            yield _fault(subject, at(seen, address), address, facts)
    if not bad:
        yield good[0]


def _fault(subject: ServerSubject, where: str, address: str, facts: TlsFacts) -> Finding:
    host = subject.server.host
    if facts.certificate and not facts.certificate.names:
        return NAMELESS(about=subject.name, where=where, host=host, address=address)
    names = some_of(facts.certificate.names) if facts.certificate else ["another name"]
    plain = some_of(name for name in (facts.certificate.names if facts.certificate else ()) if "*" not in name)
    steps = () if plain else NO_NAME  # a pattern is no server's name
    return MISMATCH(about=subject.name, where=where, host=host, names=names, called=plain, address=address, steps=steps)


def _is_for(facts: TlsFacts, host: str) -> bool:
    if facts.verified:
        return True
    if facts.verify_code in WRONG_NAME:
        return False
    return facts.certificate is None or fits(facts.certificate, host)
