"""The certificate comes from an issuer that programs trust.

What it checks:
The server's certificate leads, over the certificates that the server sends with it, to an issuer that computers know.

Why it matters:
The certificate is the server's passport: without one that can be checked, nobody can tell the server from an impostor in between.
The dispatcher sends no password to such a server, and so no mail.

How to fix it:
Install a certificate of a known issuer at the server, Let's Encrypt for example, together with its intermediate certificates.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import TlsFacts
from checks.rules._certificate import (
    EXPIRED,
    NOT_YET_VALID,
    SELF_SIGNED,
    UNKNOWN_ISSUER,
    WRONG_NAME,
    at,
    certificates,
    path_of,
    sends_alone,
    unsent_issuer,
)
from checks.rules._server import not_tried, skipped, without_tls
from checks.subject import ServerSubject

TRUSTED = Outcome(
    code="tls.certificate-trusted",
    status=Status.PASS,
    title="The certificate of {where} comes from a trusted issuer",
    also=("issuer",),
    references=("RFC 8314 section 4.3",),
)
SELF_SIGNED_ = Outcome(
    code="tls.certificate-self-signed",
    status=Status.FAIL,
    title="The certificate of {where} is signed by the server itself or its own authority, so nobody can check it; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Install a certificate of a known issuer at the server, Let's Encrypt for example.",
        "If the server is meant to use the organisation's own authority, every machine that sends through it must know that authority: give its certificate to the dispatcher, and to this check with --ca-file.",
    ),
    also=("issuer", "address"),
    references=("RFC 8314 section 4.3",),
)
UNKNOWN = Outcome(
    code="tls.certificate-unknown-issuer",
    status=Status.FAIL,
    title="The certificate of {where} does not lead to an issuer that computers know ({issuer}){alone}; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If the issuer is the organisation's own authority, give its certificate to the dispatcher, and to this check with --ca-file.",
        "If not, install a certificate of a known issuer, Let's Encrypt for example, together with all of its intermediate certificates (the file that issuers call fullchain or bundle).",
    ),
    also=("address",),
    references=("RFC 8446 section 4.4.2", "RFC 8314 section 4.3"),
)
NOT_TRUSTED = Outcome(
    code="tls.certificate-not-trusted",
    status=Status.FAIL,
    title="The certificate of {where} cannot be trusted: {why}; no password was sent",
    owner=Owner.MAIL_ADMIN,
    steps=("Show this finding to the server's administrator, who should install a new certificate of a known issuer.",),
    also=("address",),
    references=("RFC 8314 section 4.3",),
)
NOT_TRIED = not_tried("tls.certificate-trust", "Issuer of the certificate")
WITHOUT = without_tls("tls.certificate-trust", "Issuer of the certificate")

IF_ALONE = (
    "If this is an issuer that computers know: let the mail server use the file that issuers call fullchain or bundle (its own certificate first, the intermediate ones behind it), and restart it.",
    "If it is the organisation's own authority: give that authority's certificate to the dispatcher, and to this check with --ca-file; or install a certificate of a known issuer, Let's Encrypt for example.",
)

# OpenSSL's words for what it finds too weak are for its own people.
WEAK = {
    66: "the key in it is too short to be safe",
    67: "the key of its issuer is too short to be safe",
    68: "it is signed in an outdated way that can be forged",
}

# OpenSSL builds the chain first, then compares the name, then the dates: with one of these codes the issuer was found trustworthy.
FOUND_LATER = (NOT_YET_VALID, EXPIRED, *WRONG_NAME)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Sort by OpenSSL's code; faults of name and date belong to the two rules beside this one."""
    good: list[Finding] = []
    bad = False
    for item in certificates(subject, ev, NOT_TRIED, WITHOUT):
        if isinstance(item, Finding):
            yield item
            return
        seen, address, facts = item
        if unsent_issuer(facts):
            bad = True
            yield skipped(NOT_TRIED, subject, seen, "the server does not send the certificate of its issuer")
            continue
        issuer = facts.certificate.issuer if facts.certificate else ""
        if facts.verified or facts.verify_code in FOUND_LATER:
            good.append(TRUSTED(about=subject.name, where=seen.where, issuer=issuer))
        else:
            bad = True
            yield _fault(subject, at(seen, address), address, issuer, facts)
    if not bad:
        yield good[0]


def _fault(subject: ServerSubject, where: str, address: str, issuer: str, facts: TlsFacts) -> Finding:
    if facts.verify_code in SELF_SIGNED:
        return SELF_SIGNED_(about=subject.name, where=where, issuer=issuer, address=address)
    if facts.verify_code in UNKNOWN_ISSUER:
        path, sends = path_of(facts), sends_alone(facts)
        last = path[-1].issuer if path else ""
        alone = (
            f": the server sends {sends}, so that either the one in between (intermediate) is missing, or the issuer is unknown"
        )
        return UNKNOWN(
            about=subject.name,
            where=where,
            issuer=last or "it names none",
            alone=alone if sends else "",
            address=address,
            steps=IF_ALONE if sends else (),
        )
    return NOT_TRUSTED(
        about=subject.name,
        where=where,
        why=WEAK.get(facts.verify_code) or facts.verify_reason or "no reason was given",
        address=address,
    )
