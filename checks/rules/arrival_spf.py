"""The arrived message passes SPF.

What it checks:
Puts the address from which the message really came through the SPF record of the domain that bounces go to, just as its receiver did. SPF
is the list, in DNS, of the servers that may send for a domain.

Why it matters:
This is the address that counts: many providers deliver mail from other machines than the one that takes it from you. Receivers refuse mail
from addresses that the record excludes, or put it into the spam folder.

How to fix it:
Let the SPF record of the domain name the address, or include the provider to whom it belongs. The checks of the family spf show the record
to publish.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.authentication_results import MethodResult
from checks.records.spf_door import Result, SpfResult
from checks.records.spf_shown import HELO, MAIL_FROM
from checks.rules._arrived import Came, Skip, from_outside, left_out, outcome_of_nothing, shown
from checks.rules._arrived_proof import spf_of
from checks.rules._bulk import is_bulk
from checks.rules._dmarc import BULK_REFERENCE
from checks.rules._spf_senders import term_of
from checks.rules._spf_shown import shown_ways
from checks.subject import ServerSubject

PASSED = Outcome(
    code="arrival.spf-pass",
    status=Status.PASS,
    title="{server}: the message came from {address}, which may send for {domain} (SPF result pass)",
    references=("RFC 7208 section 2.6.3",),
    also=("paths",),
    volatile=("address", "paths"),  # a provider sends from many addresses
)
NOT_PASSED = Outcome(
    code="arrival.spf-not-passed",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{server}: the message came from {address}, for which SPF of {domain} gives {result}: {meaning}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Let the SPF record of {domain} name the address ({term}), or include the provider to whom {address} belongs; never publish a second record.",
        "Check {domain} with this address to see the whole record to publish: sendready check --domain {domain} --sending-ip {address}",
    ),
    references=("RFC 7208 section 2.6", BULK_REFERENCE),
    also=("explanation", "paths"),
    volatile=("address", "term", "paths"),
)
UNSURE = Outcome(
    code="arrival.spf-address-uncertain",
    status=Status.UNKNOWN,
    weighs=(Status.NOTE,),
    title="{server}: whether the message passed SPF is not known, because the receiver's own servers could not be told from the sender's{told}",
    owner=Owner.US,
    steps=(
        "Send the test message to a mailbox whose receiver writes down what it found, like Gmail, or take it with sendready receive.",
        "If you know the address from which the server delivers, check it: sendready check --sending-ip ADDRESS.",
    ),
)
NO_SENDER = Outcome(
    code="arrival.spf-sender-unknown",
    status=Status.NOTE,
    title="{server}: SPF was not judged, because the message does not show the bounce address with which it arrived (no Return-Path)",
    owner=Owner.US,
    steps=("Save the message in the mailbox where it arrived (as .eml), not from the folder of sent messages.",),
)
NOT_JUDGED = outcome_of_nothing("arrival.spf", "SPF of the arrived message was")
MEANINGS = {
    Result.FAIL: "receivers may refuse it",
    Result.SOFTFAIL: "receivers take it with suspicion",
    Result.NEUTRAL: "receivers treat it as if there were no SPF record",
    Result.NONE: "there is no SPF record",
    Result.PERMERROR: "receivers cannot use the record",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Evaluate the address that the receiver saw."""
    came = from_outside(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    found = spf_of(came, ev)
    if came.mail_from is None or not (came.mail_from or came.envelope):
        yield NO_SENDER(about=subject.name, server=subject.name)
    elif found is None:
        yield _unsure(subject, came.said.spf)
    else:
        open_question = found.failure or (found.doubt if found.result is not Result.PASS else None)
        if open_question is not None:  # with an answer, the result may be another
            ev.need(open_question.probe)
        yield _judged(subject, came, found)


def _unsure(subject: ServerSubject, said: MethodResult | None) -> Finding:
    """What the receiver says itself is better than nothing, and no more than a note if it is good."""
    told = f"; the receiver itself says {shown(said.result)}" if said else ""
    status = Status.NOTE if said is not None and said.result == "pass" else Status.UNKNOWN
    return UNSURE(about=subject.name, server=subject.name, told=told, status=status)


def _judged(subject: ServerSubject, came: Came, found: SpfResult) -> Finding:
    about, address = subject.name, came.entry.address
    domain = came.envelope or shown(came.mail_from or came.entry.helo or "an unnamed sender")
    identity, sender = (MAIL_FROM, came.mail_from) if came.mail_from else (HELO, came.entry.helo)
    paths = shown_ways(domain, identity, sender or "", {address: found})
    if found.result is Result.PASS:
        return PASSED(about=about, server=about, address=address, domain=domain, paths=paths)
    refused = found.result in (Result.FAIL, Result.PERMERROR) or is_bulk(subject.settings.volume)
    return NOT_PASSED(
        about=about,
        status=Status.FAIL if refused else Status.WARN,
        server=about,
        address=address,
        domain=domain,
        result=found.result.value,
        meaning=shown(found.problem) or MEANINGS.get(found.result, "it is not clear why"),
        term=term_of(address),
        explanation=shown(found.explanation),
        paths=paths,
    )
