"""The server is ready to take a message from the sender.

What it checks:
Where no test message was asked for, it says the last word before a message (DATA) and reads the answer. If the server says "go on",
the connection is closed before a word of a message, so that there is nothing to deliver.

Why it matters:
Some servers look at sender, recipient and limits together only at this point, and refuse here what they took before.

How to fix it:
The server's own words say why it refuses. That it is ready does not prove that it takes every message: some servers, those of
Microsoft 365 among them, look at the sender only once they have the whole message. A test message shows that.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Reply, Stage, SubmissionReading
from checks.rules._refusal import ARGUMENTS, WOBBLING, cause_of_envelope, only_by_message, refusal, reply_at
from checks.rules._server import (
    Look,
    carried_message,
    look,
    not_tried,
    obstacle,
    skipped,
    stopped_before,
    submission,
    where_of,
    why_stopped,
)
from checks.subject import ServerSubject
from checks.tables.replies import Kind

READY = Outcome(
    code="sender.data-ready",
    status=Status.PASS,
    title="{where} is ready to take a message from {who} to {to}; none was sent, so what it makes of a message is open{proof}",
    references=("RFC 5321 section 4.1.1.4", "RFC 5321 section 4.1.1.10"),
)
NOT_PERMITTED = Outcome(
    code="sender.data-not-permitted",
    status=Status.FAIL,
    title="{where} takes no message from {who}{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.1.1.4",),
)
REFUSED = Outcome(
    code="sender.data-refused",
    status=Status.FAIL,
    title="{where} took sender and recipient, but refuses the message before it is sent{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=("Show the server's answer to its administrator or provider.",),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.3",),
)
DEFERRED = Outcome(
    code="sender.data-deferred",
    status=Status.UNKNOWN,
    title="{where} does not take a message from {who} just now{because}. Its answer: {reply}",
    owner=Owner.US,
    steps=("Run the check again after {after}.", "If it stays so, show the server's answer to its administrator."),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.1",),
)
BROKEN_OFF = Outcome(
    code="sender.data-broken-off",
    status=Status.UNKNOWN,
    title="The conversation with {where} ended before it was clear whether it would take a message: {what}",
    owner=Owner.US,
    steps=("Run the check again in some minutes.",),
    volatile=("what",),
)
BY_MESSAGE = Outcome(
    code="sender.data-by-message",
    status=Status.NOT_APPLICABLE,
    title="{where}: whether it takes a message, the test message shows",
)
NO_TEST_ADDRESS = Outcome(
    code="sender.data-without-address",
    status=Status.NOT_APPLICABLE,
    title="{where}: no test address was given, so it was not asked whether it would take a message",
)
NOT_TRIED = not_tried("sender.data", "Readiness for a message")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the reply to DATA, where no message followed it."""
    if subject.test is None or not subject.test.to:
        yield NO_TEST_ADDRESS(about=subject.name, where=where_of(subject))
        return
    seen = look(subject, ev)
    if reason := obstacle(subject, seen):
        yield skipped(NOT_TRIED, subject, seen, reason)
        return
    reading = submission(subject, ev, seen)
    reply = reply_at(reading, Stage.DATA)
    if carried_message(subject, ev, seen):
        yield BY_MESSAGE(about=subject.name, where=seen.where)
    elif reply is not None:
        yield _answered(subject, seen, reading, reply, subject.test.to)
    elif subject.leader is not None:
        reason = f"it shares its conversation with {subject.leader.name}, and this can be asked once in it"
        yield skipped(NOT_TRIED, subject, seen, reason)
    elif stopped_before(reading, Stage.DATA):
        yield skipped(NOT_TRIED, subject, seen, why_stopped(reading))
    else:
        yield BROKEN_OFF(about=subject.name, where=seen.where, what=reading.detail or "it did not say why")


def _answered(subject: ServerSubject, seen: Look, reading: SubmissionReading, reply: Reply, to: str) -> Finding:
    who = subject.server.envelope_sender
    if reply.positive:
        return READY(about=subject.name, where=seen.where, who=who, to=to, proof=only_by_message(subject))
    cause = cause_of_envelope(reply, subject, Stage.DATA, reading)
    about_sender = cause is not None and cause.kind is Kind.SENDER
    outcome = DEFERRED if reply.transient else NOT_PERMITTED if about_sender else REFUSED
    return refusal(outcome, subject, seen, reply, cause, who=who)
