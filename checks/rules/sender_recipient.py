"""The server takes mail for the test address.

What it checks:
Names the confirmed test address to the server as recipient. If no test message was asked for, it is taken back at once.

Why it matters:
A server that accepts the login and the sender may still refuse to pass mail on to other domains, or let unknown senders wait. Then
mail to customers fails in the same way.

How to fix it:
If the server refuses to pass mail on, log in with a user name and password, or ask its administrator to allow this machine. If it
lets the mail wait, try again later: that passes by itself.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Reply, Stage, SubmissionReading
from checks.rules._refusal import ARGUMENTS, WOBBLING, cause_of_envelope, refusal, reply_at
from checks.rules._server import Look, look, not_tried, obstacle, skipped, stopped_before, submission, where_of, why_stopped
from checks.subject import ServerSubject
from checks.tables.replies import Kind

ACCEPTED = Outcome(
    code="sender.recipient-accepted",
    status=Status.PASS,
    title="{where} takes mail for {who}",
    references=("RFC 5321 section 4.1.1.3",),
)
GREYLISTED = Outcome(
    code="sender.greylisting",
    status=Status.UNKNOWN,
    title="{where} lets unknown senders wait (greylisting) and has not decided about {who} yet. Its answer: {reply}",
    owner=Owner.US,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 6647",),
)
DEFERRED = Outcome(
    code="sender.recipient-deferred",
    status=Status.UNKNOWN,
    title="{where} does not decide about mail for {who} just now{because}. Its answer: {reply}",
    owner=Owner.US,
    steps=("Run the check again after {after}.", "If it stays so, show the server's answer to its administrator."),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.1",),
)
RELAY_DENIED = Outcome(
    code="sender.relay-denied",
    status=Status.FAIL,
    title="{where} refuses to pass on mail for {who}{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 3.6.2",),
)
NOT_PERMITTED = Outcome(
    code="sender.not-permitted",
    status=Status.FAIL,
    title="{where} refuses mail for {who} because of its sender{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.3",),
)
NO_SUCH_RECIPIENT = Outcome(
    code="sender.test-address-rejected",
    status=Status.UNKNOWN,
    title="The test address {who} cannot be used{because}. Answer of {where}: {reply}",
    owner=Owner.US,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 3463 section 3.2",),
)
REFUSED = Outcome(
    code="sender.recipient-refused",
    status=Status.FAIL,
    title="{where} refuses mail for {who}{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Show the server's answer to its administrator or provider.",
        "Try another test address, to see whether it is about this recipient only.",
    ),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.3",),
)
BROKEN_OFF = Outcome(
    code="sender.recipient-broken-off",
    status=Status.UNKNOWN,
    title="The conversation with {where} ended before the recipient {who} was decided: {what}",
    owner=Owner.US,
    steps=("Run the check again in some minutes.",),
    volatile=("what",),
)
NO_TEST_ADDRESS = Outcome(
    code="sender.no-test-address",
    status=Status.NOT_APPLICABLE,
    title="{where}: no test address was given, so no recipient was tried",
)
NOT_TRIED = not_tried("sender.recipient", "Recipient")

OUTCOMES = {
    Kind.RELAY: RELAY_DENIED,
    Kind.LOGIN_NEEDED: RELAY_DENIED,
    Kind.SENDER: NOT_PERMITTED,
    Kind.RECIPIENT: NO_SUCH_RECIPIENT,
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the reply to RCPT TO."""
    if subject.test is None or not subject.test.to:
        yield NO_TEST_ADDRESS(about=subject.name, where=where_of(subject))
        return
    seen = look(subject, ev)
    if reason := obstacle(subject, seen):
        yield skipped(NOT_TRIED, subject, seen, reason)
        return
    reading = submission(subject, ev, seen)
    reply = reply_at(reading, Stage.RCPT)
    if reply is not None:
        yield _answered(subject, seen, reading, reply, subject.test.to)
    elif stopped_before(reading, Stage.RCPT):
        yield skipped(NOT_TRIED, subject, seen, why_stopped(reading))
    else:
        yield BROKEN_OFF(about=subject.name, where=seen.where, who=subject.test.to, what=reading.detail or "it did not say why")


def _answered(subject: ServerSubject, seen: Look, reading: SubmissionReading, reply: Reply, who: str) -> Finding:
    if reply.positive:
        return ACCEPTED(about=subject.name, where=seen.where, who=who)
    cause = cause_of_envelope(reply, subject, Stage.RCPT, reading)
    if reply.transient:
        outcome = GREYLISTED if cause is not None and cause.kind is Kind.GREYLISTING else DEFERRED
    else:
        outcome = OUTCOMES.get(cause.kind, REFUSED) if cause is not None else REFUSED
    return refusal(outcome, subject, seen, reply, cause, who=who)
