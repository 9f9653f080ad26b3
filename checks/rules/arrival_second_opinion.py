"""The receiver finds the same as we do.

What it checks:
Many receivers write into a message what they have found themselves (the line Authentication-Results). It is read only where it bears the receiver's
own name and stands where no sender can have put it, and compared with what sendready finds.

Why it matters:
Where the two differ, one has seen another message, another DNS or another address: a name server that answers differently, a message that was
changed inside the receiver, or an entry that was changed a moment ago.

How to fix it:
Wait until every name server says the same (the checks of the family published show it), and send another message. If the difference stays, show
the receiver's words to whoever looks after the DNS.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.second_opinion import Disagreement, disagreements
from checks.rules._arrived import Came, Skip, came_in, left_out, outcome_of_nothing, shown
from checks.rules._arrived_proof import proof_of
from checks.subject import ServerSubject

GOOD = ("pass",)
METHODS = {"spf": "SPF", "dkim": "the signature", "dmarc": "DMARC"}

AGREES = Outcome(
    code="arrival.opinion-agrees",
    status=Status.PASS,
    title="{server}: the receiver has found the same: {said}",
    references=("RFC 8601 section 2.7",),
)
DIFFERS = Outcome(
    code="arrival.opinion-differs",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server}: {what} of {domain}: the receiver found {theirs}, and sendready finds {ours}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "If the DNS of {domain} was changed lately, wait until every name server says the same, and send another message.",
        "If the difference stays, show the receiver's words to whoever looks after the DNS: {text}",
    ),
    references=("RFC 8601 section 2.7",),
)
NONE = Outcome(
    code="arrival.opinion-missing",
    status=Status.NOT_APPLICABLE,
    title="{server}: the receiver has not written into the message what it found{others}",
)
OTHER_ADDRESS = Outcome(
    code="arrival.opinion-other-address",
    status=Status.NOTE,
    title="{server}: beside its results the receiver names {other} as the sending address, but its own trace (Received) says {address}; the trace counts",
    references=("RFC 8601 section 2.7.2",),
    volatile=("other", "address"),
)
SIGN_LAST = "Something behind the signature changed the message before the receiver looked: a footer, a scanner or a forwarder. Let it be signed last."
NOT_JUDGED = outcome_of_nothing("arrival.second-opinion", "what the receiver found was")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare result by result."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    about = subject.name
    told = [one for part in came.said.trusted for one in part.results if one.method in METHODS]
    if not told:
        names = [shown(part.name) or "no name" for part in came.said.ignored][:5]
        others = f"; what stands there where others can have written it ({', '.join(names)}) is not believed" if names else ""
        yield NONE(about=about, server=about, others=others)
        return
    if came.other_address:
        yield OTHER_ADDRESS(about=about, server=about, other=came.other_address, address=came.entry.address)
    proof = proof_of(came, ev)
    found = disagreements(came.said, spf=proof.spf, signatures=proof.signatures.results, dmarc=proof.dmarc)
    for one in found:
        yield _differs(subject, came, one)
    if not found:
        yield AGREES(about=about, server=about, said=[f"{one.method}={shown(one.result)}" for one in told[:10]])


def _differs(subject: ServerSubject, came: Came, one: Disagreement) -> Finding:
    """What is worse at the receiver costs mail; what was different long ago may have been mended since."""
    worse = one.ours in GOOD and one.theirs not in GOOD
    changed = (
        one.method == "dkim" and "body hash" in one.text.lower()
    )  # the words of RFC 6376 section 3.7: the key has no part in it
    return DIFFERS(
        about=subject.name,
        owner=Owner.MAIL_ADMIN if changed else None,
        steps=(SIGN_LAST,) if changed else (),
        status=Status.WARN if worse and came.is_fresh else Status.NOTE,
        server=subject.name,
        what=METHODS.get(one.method, one.method),
        domain=shown(one.about) or "the sender",
        theirs=shown(one.theirs),
        ours=one.ours,
        text=shown(one.text),
    )
