"""The server accepts a real test message.

What it checks:
Hands one test message over to the server, from the configured sender to the confirmed test address, and reads the server's answer.

Why it matters:
Some refusals come only when a whole message is there: a sender that does not belong to the login, a used-up limit, a filter. The
server's yes means that it has taken the message, not that it has arrived: for that, look into the mailbox of the test address.

How to fix it:
The server's own words say why it refused. If the connection was lost before the answer, do not send again at once: the message may
have been taken.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, Reply, Stage, SubmissionReading
from checks.rules._refusal import ARGUMENTS, WOBBLING, cause_after_login, refusal, reply_at
from checks.rules._server import (
    Look,
    look,
    not_tried,
    obstacle,
    skipped,
    stopped_before,
    submission,
    submission_probe,
    where_of,
    why_stopped,
)
from checks.subject import ServerSubject, TestPlan
from checks.tables.replies import Kind, in_words

ACCEPTED = Outcome(
    code="send.message-accepted",
    status=Status.PASS,
    title="{where} has accepted the test message for {who}; its id is {message}. Accepted is not yet arrived: look for it in the mailbox, the spam folder included",
    also=("reply", "message_id"),
    volatile=("reply", "message", "message_id"),
    references=("RFC 5321 section 4.2.5",),
)
SENDER_NOT_PERMITTED = Outcome(
    code="send.sender-not-permitted",
    status=Status.FAIL,
    title="{where} refuses the test message because of its sender{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    also=ARGUMENTS,
    volatile=WOBBLING,
)
REFUSED = Outcome(
    code="send.message-refused",
    status=Status.FAIL,
    title="{where} refuses the test message{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=("Show the server's answer to its administrator or provider.",),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.3",),
)
TEST_ADDRESS_REFUSED = Outcome(
    code="send.test-address-rejected",
    status=Status.UNKNOWN,
    title="The test message for {who} was not taken by {where}, because of that address{because}. Its answer: {reply}",
    owner=Owner.US,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 3463 section 3.2", "RFC 3463 section 3.3"),
)
DEFERRED = Outcome(
    code="send.message-deferred",
    status=Status.UNKNOWN,
    title="{where} does not take the test message just now{because}; it was not sent. Its answer: {reply}",
    owner=Owner.US,
    steps=("Run the check again after {after}.", "If it stays so, show the server's answer to its administrator."),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.1",),
)
UNCONFIRMED = Outcome(
    code="send.unconfirmed",
    status=Status.UNKNOWN,
    title="{where} may or may not have accepted the test message for {who}: {what}",
    owner=Owner.US,
    steps=(
        "Do not send it again at once. Look into the mailbox of {who} for the message with the id {message}, the spam folder included.",
        "If it has not come after an hour, run the check again.",
    ),
    volatile=("message", "what"),
    references=("RFC 5321 section 4.2.5",),
)
BROKEN_OFF = Outcome(
    code="send.broken-off",
    status=Status.UNKNOWN,
    title="The conversation with {where} ended before the test message was handed over: {what}; it was not sent",
    owner=Owner.US,
    steps=("Run the check again in some minutes.",),
    volatile=("what",),
)
NOT_ASKED_FOR = Outcome(
    code="send.not-asked-for", status=Status.NOT_APPLICABLE, title="{where}: no test message was asked for, so none was sent"
)
BY_KIND = {Kind.SENDER: SENDER_NOT_PERMITTED, Kind.RECIPIENT: TEST_ADDRESS_REFUSED}
NOT_TRIED = not_tried("send.accepted", "Test message")
MAX_SAID = 300  # characters of an answer that is none
NO_ANSWER = "no complete answer"  # so says the gatherer of a server that fell silent


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the replies to DATA and to the final dot."""
    plan = subject.test
    if plan is None or not plan.to or not plan.message:
        yield NOT_ASKED_FOR(about=subject.name, where=where_of(subject))
        return
    seen = look(subject, ev)
    if reason := obstacle(subject, seen):
        yield skipped(NOT_TRIED, subject, seen, reason)
        return
    reading = submission(subject, ev, seen)
    if ev[submission_probe(subject, seen)] is not reading:
        ev.need(submission_probe(subject, seen))  # the message was not allowed to leave, and the reason says so
    yield _judged(subject, seen, plan, reading)


def _judged(subject: ServerSubject, seen: Look, plan: TestPlan, reading: SubmissionReading) -> Finding:
    about, where = subject.name, seen.where
    for stage in (Stage.MESSAGE, Stage.DATA):
        reply = reply_at(reading, stage)
        if reply is not None and not reply.positive:
            return _refused(subject, seen, reading, reply, stage)
    if reading.accepted is not None:
        said = in_words(reading.accepted)
        return ACCEPTED(about=about, where=where, who=plan.to, message=plan.message, message_id=reading.message_id, reply=said)
    if reading.fault is Fault.UNCONFIRMED or reading.stage is Stage.MESSAGE:
        return UNCONFIRMED(about=about, where=where, who=plan.to, message=plan.message, what=_instead_of_an_answer(reading))
    if stopped_before(reading, Stage.DATA):
        return skipped(NOT_TRIED, subject, seen, why_stopped(reading))
    return BROKEN_OFF(about=about, where=where, what=reading.detail or "it did not say why")


def _instead_of_an_answer(reading: SubmissionReading) -> str:
    """Say what came after the final dot: lines that mean neither yes nor no, or nothing."""
    last = max((place for place, line in enumerate(reading.transcript) if line.direction == "C"), default=len(reading.transcript))
    said = " ".join(line.text for line in reading.transcript[last:] if line.direction == "S")
    if reading.reply is not None or said:
        return f"its answer means neither yes nor no: {in_words(reading.reply) if reading.reply is not None else said[:MAX_SAID]}"
    return "no answer came in time" if NO_ANSWER in reading.detail else "the connection was lost before its answer"


def _refused(subject: ServerSubject, seen: Look, reading: SubmissionReading, reply: Reply, stage: Stage) -> Finding:
    cause = cause_after_login(reply, subject, stage, reading)
    lasting = BY_KIND.get(cause.kind, REFUSED) if cause else REFUSED
    outcome = DEFERRED if reply.transient else lasting
    who = subject.test.to if outcome is TEST_ADDRESS_REFUSED and subject.test else subject.server.sender.email
    return refusal(outcome, subject, seen, reply, cause, who=who)
