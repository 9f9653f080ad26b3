"""Newer programs accept the certificate, too.

What it checks:
A certificate that holds is judged a second time, by the stricter rules that newer programs apply (Python from version 3.13 on is one).

Why it matters:
The stricter rules refuse certificates for small formal flaws that nobody minded before; home-made authorities often have them. Then
mail works until the machine that sends it is brought up to date, and stops on that day.

How to fix it:
Have the certificate issued anew, by an authority whose own certificate is formally right; current tools make them so by themselves.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._certificate import at, best, certificates
from checks.rules._server import not_tried, skipped, without_tls
from checks.subject import ServerSubject

INFORMATIONAL = True

BOTH = Outcome(
    code="tls.certificate-strictly-valid",
    status=Status.PASS,
    title="The certificate of {where} holds by the usual rules and by the strict rules of newer programs",
    references=("RFC 5280 section 4.2", "https://docs.python.org/3/whatsnew/3.13.html#ssl"),
)
ONLY_LENIENT = Outcome(
    code="tls.certificate-formal-flaw",
    status=Status.NOTE,
    title="The certificate of {where} holds by the usual rules, but not by the strict rules of newer programs: {why}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Have the server's certificate issued anew by an authority whose certificates are formally right; if the authority is the organisation's own, make its certificate anew with a current tool first.",
        "Until then, do not bring the dispatcher's machine to Python 3.13 or later without a test.",
    ),
    also=("address", "code"),
    references=("RFC 5280 section 4.2", "https://docs.python.org/3/whatsnew/3.13.html#ssl"),
)
NOT_TRIED = not_tried("tls.certificate-strict", "Strict rules for the certificate")
WITHOUT = without_tls("tls.certificate-strict", "Strict rules for the certificate")

# The flaws that are met most, in words; for the others OpenSSL's own must do.
FLAWS = {
    79: "a certificate was used as an authority's that does not say that it is one",
    85: "a certificate does not say with which key it was signed (no Authority Key Identifier)",
    86: "an authority's certificate does not name its key (no Subject Key Identifier)",
    89: "an authority's certificate says that it is one, but not as binding (Basic Constraints not critical)",
    92: "an authority's certificate does not say what its key is for (no Key Usage)",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Tell both results for what holds; what does not hold even by the usual rules is told by the other rules."""
    good: list[Finding] = []
    bad = False
    for item in certificates(subject, ev, NOT_TRIED, WITHOUT):
        if isinstance(item, Finding):
            yield item
            return
        seen, address, facts = item
        if not facts.verified:
            good.append(skipped(NOT_TRIED, subject, seen, "it does not even hold by the usual ones"))
        elif facts.strict is None:
            good.append(skipped(NOT_TRIED, subject, seen, "this machine could not try them"))
        elif facts.strict:
            good.append(BOTH(about=subject.name, where=seen.where))
        else:
            bad = True
            why = FLAWS.get(facts.strict_code) or facts.strict_reason or "no reason was given"
            yield ONLY_LENIENT(about=subject.name, where=at(seen, address), why=why, code=facts.strict_code, address=address)
    if not bad:
        yield best(good)
