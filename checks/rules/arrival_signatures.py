"""The arrived message carries a valid signature.

What it checks:
Verifies every signature (DKIM) of the arrived message, as receivers do: with the key in DNS, over the lines and the text that it covers. Of
each that does not hold it names the reason: text changed, line changed, another key, no key, withdrawn, expired, too short.

Why it matters:
A valid signature shows that the mail is yours and was not changed. WEB.DE and GMX want one from everybody, Gmail, Yahoo and Outlook.com from
everybody who sends much; and it is all that is left when mail is forwarded.

How to fix it:
Switch signing on at the server or its provider, and publish the key that it shows. If the text was changed after signing, let the last machine
on the way sign, behind whatever adds a footer or scans the mail.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.dkim_door import Reason, SignatureResult
from checks.rules._arrived import Came, Skip, came_in, left_out, outcome_of_nothing, shown
from checks.rules._arrived_proof import signatures_of
from checks.rules._dmarc import BULK_REFERENCE, by_volume
from checks.subject import ServerSubject

STRONG = 2048  # bits; what RFC 8301 section 3.2 advises

VALID = Outcome(
    code="arrival.signature-valid",
    status=Status.PASS,
    title="{server}: the signature of {domain} (selector {selector}, {algorithm}, {bits} bits) holds",
    also=("signed",),
    references=("RFC 6376 section 6.1",),
)
MISSING = Outcome(
    code="arrival.signature-missing",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{server}: the message arrived without a signature (DKIM)",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Switch on signing (DKIM) for {author} in the mail server or at its provider, and publish the key that it shows.",
        "Send another test message: the signature must be there when it arrives.",
    ),
    references=(BULK_REFERENCE,),
)
BROKEN = Outcome(
    code="arrival.signature-broken",
    status=Status.WARN,
    weighs=(Status.FAIL, Status.NOTE),
    title="{server}: the signature of {domain} (selector {selector}) does not hold: {problem}",
    owner=Owner.MAIL_ADMIN,
    also=("why",),
    references=("RFC 6376 section 6.1",),
)
COVERS_PART = Outcome(
    code="arrival.signature-covers-part",
    status=Status.NOTE,
    title="{server}: the signature of {domain} covers only the beginning of the text (l={length}); {uncovered} bytes behind it are anybody's",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign the whole text: take the length (l=) out of its DKIM configuration.",),
    references=("RFC 6376 section 8.2",),
)
SHORT_KEY = Outcome(
    code="arrival.signature-weak",
    status=Status.NOTE,
    title="{server}: the signature of {domain} (selector {selector}) was made with a key of {bits} bits, where 2,048 are advised",
    owner=Owner.MAIL_ADMIN,
    steps=("Make a new key of 2,048 bits, under a new selector.",),
    references=("RFC 8301 section 3.2",),
)
OPEN = Outcome(
    code="arrival.signature-unverifiable",
    status=Status.UNKNOWN,
    title="{server}: whether the signature of {domain} (selector {selector}) holds is not known: {problem}",
    owner=Owner.US,
    steps=("Save the whole message where it arrived, with nothing left out, and check it: --arrival FILE.",),
)
MANY = Outcome(
    code="arrival.signature-too-many",
    status=Status.NOTE,
    title="{server}: the message has {count} signatures more than were verified; receivers do not verify so many either",
)
NOT_JUDGED = outcome_of_nothing("arrival.signatures", "the signatures of the arrived message were")

_SIGN_LAST = (
    "Find what changes the message after it was signed: a footer, a virus scanner, a relay that encodes it anew.",
    "Let that machine sign, or let it leave signed messages as they are.",
)
_PUBLISH = ("Publish at {selector}._domainkey.{domain} the key that the signing server or its provider shows.",)
STEPS: dict[Reason, tuple[str, ...]] = {
    Reason.BODY_CHANGED: _SIGN_LAST,
    Reason.HEADER_CHANGED: _SIGN_LAST,
    Reason.BOTH_CHANGED: _SIGN_LAST,
    Reason.WRONG_KEY: (
        "Compare the key at {selector}._domainkey.{domain} with the one that the signing server uses; publish the server's.",
    ),
    Reason.EXPIRED: ("Let the signature live longer (x=), or leave its end out: mail may be on its way for days.",),
    Reason.KEY_MISSING: _PUBLISH,
    Reason.KEY_UNREADABLE: _PUBLISH,
    Reason.KEY_REVOKED: (
        "The key of {selector} was withdrawn (p= is empty). Let the server sign with its present selector, or publish the key again.",
    ),
    Reason.KEY_TYPE: _PUBLISH,
    Reason.KEY_SHORT: ("Make a new key of 2,048 bits, under a new selector, and let the server sign with it.",),
    Reason.KEY_FORBIDS: ("Correct the key record at {selector}._domainkey.{domain}: take out the tags h=, s= and t=s.",),
    Reason.UNUSABLE: ("Correct the DKIM configuration of the signing server; show it this sentence.",),
    Reason.LENGTH: ("Take the length (l=) out of the DKIM configuration of the signing server.",),
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Say of every signature whether it holds. A key that could not be read is said last."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    about = subject.name
    found = signatures_of(came, ev)
    if not found.results:
        author = came.author or "the sender's domain"
        yield MISSING(about=about, server=about, author=author, status=by_volume(subject.settings.volume))
    for one in found.results:
        yield from _told(subject, came, one, saved=bool(found.passed))
    if found.dropped:
        yield MANY(about=about, server=about, count=found.dropped)
    for one in found.results:
        if one.reason is Reason.KEY_UNREACHABLE and one.probe is not None:
            ev.need(one.probe)


def _told(subject: ServerSubject, came: Came, one: SignatureResult, *, saved: bool) -> Iterator[Finding]:
    """`saved`: another signature holds, so that receivers can do without this one."""
    about, domain, selector = subject.name, shown(one.domain) or "an unnamed domain", shown(one.selector) or "none"
    if one.passed:
        yield from _valid(subject, one)
    elif one.reason in (Reason.CUT, Reason.MASKED, Reason.LIBRARY) or (
        not came.message.whole and not one.signature.fault and one.key
    ):
        problem = shown(one.problem) or "it could not be worked out"
        yield OPEN(about=about, server=about, domain=domain, selector=selector, problem=problem)
    elif one.reason is not Reason.KEY_UNREACHABLE:
        words = {"domain": domain, "selector": selector}
        why = str(one.signature.fault or one.reason)
        steps = tuple(step.format_map(words) for step in STEPS.get(one.reason, STEPS[Reason.UNUSABLE]))
        status = Status.NOTE if saved else by_volume(subject.settings.volume)
        yield BROKEN(
            about=about, server=about, domain=domain, selector=selector, problem=shown(one.problem), why=why, steps=steps, status=status
        )  # fmt: skip


def _valid(subject: ServerSubject, one: SignatureResult) -> Iterator[Finding]:
    about, domain, selector = subject.name, one.domain, one.selector
    signed = [shown(name) for name in dict.fromkeys(one.signature.signed)][:50]
    yield VALID(
        about=about, server=about, domain=domain, selector=selector, algorithm=one.signature.algorithm, bits=one.key_bits, signed=signed
    )  # fmt: skip
    if one.signature.length is not None:
        yield COVERS_PART(about=about, server=about, domain=domain, length=one.signature.length, uncovered=one.uncovered)
    if one.key is not None and one.key.bits and one.key.bits < STRONG:
        yield SHORT_KEY(about=about, server=about, domain=domain, selector=selector, bits=one.key_bits)
