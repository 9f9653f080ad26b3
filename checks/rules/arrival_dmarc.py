"""The arrived message passes DMARC.

What it checks:
Puts together what SPF and the signatures of the arrived message show, as receivers do it: by the standard of today (RFC 9989) and by the older
one that many still follow (RFC 7489). DMARC passes if one of the two holds for the domain that recipients see.

Why it matters:
DMARC is what Gmail, Yahoo and Outlook.com ask of those who send much, and what a domain's own policy may make everybody else ask: mail that
does not pass is then refused or filed as spam.

How to fix it:
Let the server sign (DKIM) as the domain of the visible sender. Or use a bounce address (return path) at that domain, and let its SPF record
name the server.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.dmarc_result import DmarcResult, Evaluation, Result
from checks.rules._arrived import INSIDE, NO_AUTHOR, Came, Skip, came_in, left_out, outcome_of_nothing
from checks.rules._arrived_proof import Proof, asked_for, need, proof_of
from checks.rules._bulk import is_bulk
from checks.rules._dmarc import BULK_REFERENCE
from checks.subject import ServerSubject

PASSED = Outcome(
    code="arrival.dmarc-pass",
    status=Status.PASS,
    title="{server}: the message passes DMARC for {author}, by {means}",
    also=("policy",),
    references=("RFC 9989 section 4.4",),
)
NOT_PASSED = Outcome(
    code="arrival.dmarc-not-passed",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{server}: the message does not pass DMARC for {author}, {consequence}: {spf}; {dkim}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Let the server sign (DKIM) as {author}, and publish the key: that also survives forwarding.",
        "Or use a return path at {author}, and let the SPF record of {author} name the sending server.",
    ),
    also=("policy",),
    references=("RFC 9989 section 4.4", BULK_REFERENCE),
)
DISPUTED = Outcome(
    code="arrival.dmarc-disputed",
    status=Status.WARN,
    title="{server}: whether the message passes DMARC for {author} depends on the receiver: {passing} says pass, {failing} does not",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign (DKIM) as {author} itself, or use a return path at {author} itself; then all receivers agree.",),
    references=("RFC 9989 section 4.10.2", "RFC 7489 section 3.2"),
)
NO_RECORD = Outcome(
    code="arrival.dmarc-without-record",
    status=Status.NOTE,
    title="{server}: {author} has no DMARC record, so receivers do not judge by it; if there were one, the message {would}",
    references=("RFC 9989 section 4.10",),
)
OPEN = Outcome(
    code="arrival.dmarc-open",
    status=Status.UNKNOWN,
    title="{server}: whether the message passes DMARC for {author} is not known, because {reason}",
    owner=Owner.US,
    steps=("See the findings about SPF and the signatures of the arrived message; when they are certain, this is, too.",),
)
WOULD, WOULD_NOT = "would pass", "would not pass"
NOT_JUDGED = outcome_of_nothing("arrival.dmarc", "DMARC of the arrived message was")
HARSH = {
    "quarantine": "and {author} asks receivers to file such mail as spam",
    "reject": "and {author} asks receivers to refuse such mail",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Say what receivers of both kinds find."""
    came = came_in(subject, ev)
    proof = None if isinstance(came, Skip) else proof_of(came, ev)
    if isinstance(came, Skip) or proof is None or proof.dmarc is None:
        yield left_out(NOT_JUDGED, subject, came if isinstance(came, Skip) else NO_AUTHOR)
        return
    yield _judged(subject, came, proof, proof.dmarc, ev)


def _judged(subject: ServerSubject, came: Came, proof: Proof, dmarc: DmarcResult, ev: Evidence) -> Finding:
    about, author = subject.name, came.author
    results = {one.result for one in dmarc.evaluations}
    if results == {Result.PASS}:
        return PASSED(about=about, server=about, author=author, means=_means(dmarc.rfc9989), policy=asked_for(dmarc) or "none")
    need(proof, ev)
    reason = _open(proof)
    if results == {Result.NONE}:
        would = f"{WOULD}, by {' and '.join(_means(dmarc.rfc9989))}" if _means(dmarc.rfc9989) else WOULD_NOT
        return NO_RECORD(about=about, server=about, author=author, would="might pass" if reason else would)
    if reason:
        return (
            left_out(NOT_JUDGED, subject, INSIDE)
            if came.inside
            else OPEN(about=about, server=about, author=author, reason=reason)
        )
    if Result.PASS in results:
        passing = [str(one.standard) for one in dmarc.evaluations if one.result is Result.PASS]
        failing = [str(one.standard) for one in dmarc.evaluations if one.result is not Result.PASS]
        return DISPUTED(about=about, server=about, author=author, passing=passing, failing=failing)
    return _not_passed(subject, came, proof, dmarc)


def _means(one: Evaluation) -> list[str]:
    signed = [f"the signature of {domain}" for domain in one.dkim_aligned]
    return [*signed, *(["the bounce address (SPF)"] if one.spf_aligned else [])]


def _open(proof: Proof) -> str:
    """Say why nobody knows, as it reads behind "because"; empty if it is known."""
    if proof.dkim_open:
        return "one of its signatures could not be verified (see arrival.signatures)"
    return "its SPF result is not known (see arrival.spf), and no signature speaks for it" if proof.spf_open else ""


def _not_passed(subject: ServerSubject, came: Came, proof: Proof, dmarc: DmarcResult) -> Finding:
    policy = asked_for(dmarc)
    bulk = is_bulk(subject.settings.volume)
    otherwise = (
        "which large receivers ask of those who send as much" if bulk else "though its policy asks nobody to act on it yet"
    )
    return NOT_PASSED(
        about=subject.name,
        status=Status.FAIL if bulk or policy in HARSH else Status.WARN,
        server=subject.name,
        author=came.author,
        consequence=HARSH[policy].format(author=came.author) if policy in HARSH else otherwise,
        spf=f"SPF holds for {came.envelope}, which is another domain" if dmarc.spf else "SPF does not pass",
        dkim=_signed(proof),
        policy=policy or "none",
    )


def _signed(proof: Proof) -> str:
    names = list(dict.fromkeys(one.domain for one in proof.signatures.passed))
    if names:
        return f"it is signed as {' and '.join(names)}, which is another domain"
    return "its signature does not hold" if proof.signatures.results else "it has no signature"
