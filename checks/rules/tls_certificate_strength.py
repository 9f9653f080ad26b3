"""The certificate cannot be forged.

What it checks:
The size of the key in the server's certificate, and the method by which the certificate and those sent with it are signed.

Why it matters:
With a short key or an outdated signature, somebody with enough computers can make a certificate that looks the same. Current programs
refuse such a server, so mail stops as soon as the dispatcher's machine is brought up to date, or today.

How to fix it:
Have a new certificate issued for a new key: RSA with 2,048 bits or more, or elliptic curve P-256.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import CertificateFacts, TlsFacts
from checks.rules._certificate import TOO_WEAK, at, best, certificates, path_of
from checks.rules._server import Look, not_tried, skipped, without_tls
from checks.subject import ServerSubject

STRONG = Outcome(
    code="tls.certificate-strong",
    status=Status.PASS,
    title="The certificate of {where} has a key of sufficient size ({key})",
    also=("signature",),
    references=("RFC 9325 section 4.5",),
)
SHORT_KEY = Outcome(
    code="tls.certificate-short-key",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="The certificate of {where} has a key that is too short to be safe ({key}; at least {wanted} is asked for)",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Make a new key for the server (RSA with 2,048 bits or more, or elliptic curve P-256), and have a certificate issued for it.",
    ),
    also=("address",),
    references=("RFC 9325 section 4.5",),
)
OLD_SIGNATURE = Outcome(
    code="tls.certificate-outdated-signature",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="The certificate of {where}, or one that it depends on ({subject}), is signed with {method}, which can be forged",
    owner=Owner.MAIL_ADMIN,
    steps=("Have the certificate issued anew, by an authority that signs with SHA-256.",),
    also=("address",),
    references=("RFC 9325 section 4.5",),
)
NOT_TRIED = not_tried("tls.certificate-strength", "Strength of the certificate")
WITHOUT = without_tls("tls.certificate-strength", "Strength of the certificate")

LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 256}  # 112 bits of security, and what authorities issue (CA/B Forum BR 6.1.5)
OUTDATED = {"md2": "MD2", "md4": "MD4", "md5": "MD5", "sha1": "SHA-1"}
TOLD = "the rule about its issuer tells that it is too weak"
UNREAD = "its key could not be read"


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge by the facts; what OpenSSL has refused as too weak is told by the rule about trust, once."""
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
    leaf = facts.certificate
    if facts.verify_code in TOO_WEAK:
        return skipped(NOT_TRIED, subject, seen, TOLD)
    if leaf is None or not leaf.key_bits:
        return skipped(NOT_TRIED, subject, seen, UNREAD)
    return STRONG(about=subject.name, where=seen.where, key=_key(leaf), signature=leaf.signature)


def _faults(subject: ServerSubject, seen: Look, address: str, facts: TlsFacts) -> Iterator[Finding]:
    leaf = facts.certificate
    if leaf is None or facts.verify_code in TOO_WEAK:
        return
    status = Status.WARN if facts.verified else Status.FAIL  # what this machine's OpenSSL lets pass, others do too
    where, wanted = at(seen, address), LEAST_BITS.get(leaf.key_type, 0)
    if 0 < leaf.key_bits < wanted:
        least = f"{wanted:,} bits"
        yield SHORT_KEY(about=subject.name, status=status, where=where, key=_key(leaf), wanted=least, address=address)
    for one in path_of(facts):
        if not one.self_issued and (method := OUTDATED.get(one.signature.lower())):  # nobody relies on a root's own signature
            yield OLD_SIGNATURE(
                about=subject.name, status=status, where=where, subject=one.subject, method=method, address=address
            )
            return


def _key(certificate: CertificateFacts) -> str:
    return f"{certificate.key_type} with {certificate.key_bits:,} bits"
