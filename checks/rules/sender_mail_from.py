"""The server accepts the configured sender.

What it checks:
Names the sender's address to the server, as each message does (the address for bounces), and takes it back at once; nothing is sent.

Why it matters:
Many servers allow only certain senders: those that belong to the login, or to the organisation. With any other, every message of
this server is refused, although the login works.

How to fix it:
Set the sender's address to one that belongs to the login, or let the administrator allow the login to send as that address. If the
settings name an address for bounces of its own (return_path), that one is meant.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, Reply, Stage, SubmissionReading
from checks.rules._refusal import ARGUMENTS, WOBBLING, cause_of_envelope, logged_in, refusal, reply_at
from checks.rules._server import Look, look, not_tried, obstacle, skipped, stopped_before, submission, why_stopped
from checks.settings import Auth
from checks.subject import ServerSubject
from checks.tables.replies import Kind, in_words

ACCEPTED = Outcome(
    code="sender.envelope-accepted",
    status=Status.PASS,
    title="{where} accepts the sender {who}",
    references=("RFC 5321 section 4.1.1.2",),
)
LOGIN_REQUIRED = Outcome(
    code="sender.login-required",
    status=Status.FAIL,
    title="{where} takes mail from {who} only after a login{although}. Its answer: {reply}",
    owner=Owner.US,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 4954 section 6",),
)
NOT_PERMITTED = Outcome(
    code="sender.envelope-not-permitted",
    status=Status.FAIL,
    title="{where} does not accept {what} {who}{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.1.1.2",),
)
REFUSED = Outcome(
    code="sender.envelope-refused",
    status=Status.FAIL,
    title="{where} refuses mail from {who}{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Show the server's answer to its administrator or provider.",
        "Check the sender's address (fields sender.email and return_path of the settings); most servers accept only senders that belong to the login.",
    ),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.3",),
)
DEFERRED = Outcome(
    code="sender.envelope-deferred",
    status=Status.UNKNOWN,
    title="{where} does not decide about the sender {who} just now{because}. Its answer: {reply}",
    owner=Owner.US,
    steps=("Run the check again after {after}.",),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.1",),
)
BROKEN_OFF = Outcome(
    code="sender.envelope-broken-off",
    status=Status.UNKNOWN,
    title="The conversation with {where} ended before the sender {who} was decided: {what}",
    owner=Owner.US,
    steps=("Run the check again in some minutes.",),
    volatile=("what",),
)
NOT_TRIED = not_tried("sender.mail-from", "Sender")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the reply to MAIL FROM."""
    server = subject.server
    seen = look(subject, ev)
    if reason := obstacle(subject, seen):
        yield skipped(NOT_TRIED, subject, seen, reason)
        return
    reading = submission(subject, ev, seen)
    reply = reply_at(reading, Stage.MAIL)
    if reply is not None:
        yield _answered(subject, seen, reading, reply)
    elif server.auth is not Auth.NONE and stopped_before(reading, Stage.MAIL):
        yield skipped(NOT_TRIED, subject, seen, why_stopped(reading))
    else:  # without a login, this is the first rule that hears of a second conversation gone wrong
        yield BROKEN_OFF(about=subject.name, where=seen.where, who=server.envelope_sender, what=_what(reading))


def _answered(subject: ServerSubject, seen: Look, reading: SubmissionReading, reply: Reply) -> Finding:
    who = subject.server.envelope_sender
    if reply.positive:
        return ACCEPTED(about=subject.name, where=seen.where, who=who)
    cause = cause_of_envelope(reply, subject, Stage.MAIL, reading)
    kind = cause.kind if cause else None
    if reply.transient:
        return refusal(DEFERRED, subject, seen, reply, cause, who=who)
    if kind is Kind.SENDER:
        what = "the return path" if subject.server.return_path else "the sender"
        return refusal(NOT_PERMITTED, subject, seen, reply, cause, who=who, what=what)
    if kind is Kind.LOGIN_NEEDED:
        although = ", although it has accepted one" if logged_in(reading) else ""
        return refusal(LOGIN_REQUIRED, subject, seen, reply, cause, who=who, although=although)
    return refusal(REFUSED, subject, seen, reply, cause, who=who)


def _what(reading: SubmissionReading) -> str:
    return (
        in_words(reading.reply) if reading.fault is Fault.REJECTED and reading.reply else reading.detail or "it did not say why"
    )
