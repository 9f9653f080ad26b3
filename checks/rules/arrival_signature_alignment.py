"""The signature of the arrived message speaks for the visible sender.

What it checks:
Compares the domains of the valid signatures with the domain that recipients see as the sender.

Why it matters:
A signature in somebody else's name, like that of your provider, shows only that the provider sent it. Receivers count it for you if it is in
the name of your own domain or of your organisation; where mail is forwarded, nothing else counts.

How to fix it:
Set up signing (DKIM) for your own domain at the server or its provider: it shows the records to publish.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._arrived import NO_AUTHOR, Skip, came_in, left_out, outcome_of_nothing
from checks.rules._arrived_proof import Proof, need_alignment, proof_of
from checks.subject import ServerSubject

ALIGNED = Outcome(
    code="arrival.signature-aligned",
    status=Status.PASS,
    title="{server}: the signature of {domain} speaks for {author}, which recipients see",
    references=("RFC 9989 section 4.4.1",),
)
UNALIGNED = Outcome(
    code="arrival.signature-unaligned",
    status=Status.WARN,
    title="{server}: the message is signed as {domain} only, which does not speak for {author}, which recipients see",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Set up signing (DKIM) for {author} in the mail server or at its provider, and publish the records that it shows.",
        "Send another test message: the line DKIM-Signature must then have d={author}.",
    ),
    references=("RFC 9989 section 4.4.1",),
)
DISPUTED = Outcome(
    code="arrival.signature-disputed",
    status=Status.NOTE,
    title="{server}: only some receivers count {domain}, which signed the message, as speaking for {author}, which recipients see",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign as {author} itself; then all receivers agree.",),
    references=("RFC 9989 section 4.10.2", "RFC 7489 section 3.2"),
)
NOT_JUDGED = outcome_of_nothing("arrival.signature-alignment", "for whom the signatures of the arrived message speak was")
NONE_HOLDS = Skip(reason="none of its signatures is known to hold (see arrival.signatures)")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare the signers with the author."""
    came = came_in(subject, ev)
    proof = None if isinstance(came, Skip) else proof_of(came, ev)
    if isinstance(came, Skip) or proof is None or proof.dmarc is None or not proof.signatures.passed:
        skip = came if isinstance(came, Skip) else NO_AUTHOR if proof and proof.signatures.passed else NONE_HOLDS
        yield left_out(NOT_JUDGED, subject, skip)
        return
    yield from _compared(subject, came.author, proof, ev)


def _compared(subject: ServerSubject, author: str, proof: Proof, ev: Evidence) -> Iterator[Finding]:
    about = subject.name
    found = [set(one.dkim_aligned) for one in proof.dmarc.evaluations] if proof.dmarc else []
    signed = [one.domain for one in proof.signatures.passed]
    by_all, by_some = set.intersection(*found) | ({author} & set(signed)), set.union(*found)
    if by_all:
        domain = next(one for one in (author, *signed) if one in by_all)
        yield ALIGNED(about=about, server=about, domain=domain, author=author)
        return
    need_alignment(proof, ev)  # without an answer, an organisation may be the same
    if by_some:
        yield DISPUTED(about=about, server=about, domain=next(one for one in signed if one in by_some), author=author)
    else:
        yield UNALIGNED(about=about, server=about, domain=list(dict.fromkeys(signed)), author=author)
