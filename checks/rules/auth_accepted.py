"""The server accepts the login.

What it checks:
Logs in once, with the user name and the password that the settings refer to, over an encrypted connection whose certificate was
checked. A password is never tried twice.

Why it matters:
If the login fails, nothing is sent at all. The server's answer tells whether the password is wrong, the account may not log in this
way, or the server has a difficulty of its own; trying other passwords helps only in the first case.

How to fix it:
Log in with the same user name and password in the provider's web mail. Many providers want a separate password for programs, or
have a switch that allows programs to log in.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, Reply, Stage, SubmissionReading
from checks.records.smtp_reply import mechanisms
from checks.rules._refusal import ARGUMENTS, WOBBLING, cause_of, refusal, reply_at
from checks.rules._server import Look, look, not_tried, obstacle, skipped, stopped_before, submission, where_of, why_stopped
from checks.secret import SecretSource
from checks.settings import Auth
from checks.subject import ServerSubject
from checks.tables.replies import Kind

ACCEPTED = Outcome(
    code="auth.login-accepted",
    status=Status.PASS,
    title="{where} accepts the login, by {mechanism}",
    references=("RFC 4954 section 6",),
)
CREDENTIALS = Outcome(
    code="auth.wrong-credentials",
    status=Status.FAIL,
    title="{where} refuses the login{because}. Its answer: {reply}",
    owner=Owner.US,
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 4954 section 6",),
)
TOKEN = Outcome(
    code="auth.token-refused",
    status=Status.FAIL,
    title="{where} does not accept the token for {who}. Its answer: {reply}",
    owner=Owner.US,
    steps=(
        "Get a new token: most are good for an hour. The dispatcher needs a way to get them by itself; for Microsoft 365 that is `sendready token`.",
        "Check that the token was issued for sending mail by SMTP, and that the user name is the mailbox that it was issued for.",
        "At Microsoft 365, SMTP AUTH must be switched on for the mailbox with a token too: Microsoft 365 admin center, Users > Active users, the mailbox, Mail > Manage email apps, Authenticated SMTP.",
    ),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 7628 section 3.2.2",),
)
FORBIDDEN = Outcome(
    code="auth.login-forbidden",
    status=Status.FAIL,
    title="{where} does not allow this login{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    also=ARGUMENTS,
    volatile=WOBBLING,
)
REFUSED = Outcome(
    code="auth.login-refused",
    status=Status.FAIL,
    title="{where} refuses the login{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Show the server's answer to its administrator or provider; it is not one that sendready knows.",
        "Do not try other passwords before that: the answer does not say that the password is wrong.",
    ),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 4954 section 6",),
)
DEFERRED = Outcome(
    code="auth.login-deferred",
    status=Status.UNKNOWN,
    title="{where} puts the login off{because}. This says nothing about the password. Its answer: {reply}",
    owner=Owner.US,
    steps=("Run the check again after {after}.", "If it stays so, show the server's answer to its administrator."),
    also=ARGUMENTS,
    volatile=WOBBLING,
    references=("RFC 4954 section 6",),
)
NO_SECRET = Outcome(
    code="auth.secret-unavailable",
    status=Status.FAIL,
    title="No password for {where} was found that can be used ({why}); no login was tried",
    owner=Owner.US,
    steps=(
        "The settings say that it is in {place}. Store the password there, or correct the reference.",
        "Run the check as the user that the dispatcher runs as; another may not be allowed to read it.",
    ),
    volatile=("why",),
)
BROKEN_OFF = Outcome(
    code="auth.login-broken-off",
    status=Status.UNKNOWN,
    title="The conversation with {where} ended before the login was decided: {what}",
    owner=Owner.US,
    steps=(
        "Run the check again in some minutes, not at once: the server may count attempts.",
        "If it stays so, show this finding to the server's administrator.",
    ),
    volatile=("what",),
)
NOT_CONFIGURED = Outcome(
    code="auth.no-login-needed",
    status=Status.NOT_APPLICABLE,
    title='{where} is used without a login (auth = "none"), so none was tried',
)
NOT_TRIED = not_tried("auth.accepted", "Login")

MEND_EXCHANGE = "Show the server's administrator what went wrong: its part of this way of logging in has to be mended."
SIMPLE = ("PLAIN", "LOGIN")
FORBIDDING = (Kind.SWITCHED_OFF, Kind.BLOCKED)
PLACES = {
    SecretSource.FILE: "the file {ref}",
    SecretSource.ENV: "the environment variable {ref}",
    SecretSource.KEYRING: "the keyring entry {ref}",
    SecretSource.COMMAND: "the output of the command {program}",  # its arguments may tell more than they should
    SecretSource.CREDENTIAL: "the systemd credential {ref}",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the reply to the one AUTH of this run."""
    about = subject.name
    if subject.server.auth is Auth.NONE:
        yield NOT_CONFIGURED(about=about, where=where_of(subject))
        return
    seen = look(subject, ev)
    if reason := obstacle(subject, seen):
        yield skipped(NOT_TRIED, subject, seen, reason)
        return
    reading = submission(subject, ev, seen)
    reply = reply_at(reading, Stage.AUTH)
    if reading.fault is Fault.ALREADY_TRIED:
        yield skipped(NOT_TRIED, subject, seen, why_stopped(reading))
    elif reading.fault is Fault.NO_SECRET:
        yield _no_secret(subject, seen, reading)
    elif reply is not None and not reply.positive:
        yield _refused(subject, seen, reply)
    elif stopped_before(reading, Stage.AUTH) or (reading.stage is Stage.AUTH and reading.fault is not Fault.NONE):
        steps = _instead(seen) if _faulty_exchange(reading) else ()
        yield BROKEN_OFF(about=about, where=seen.where, what=_what(reading), steps=steps)
    else:
        yield ACCEPTED(about=about, where=seen.where, mechanism=reading.mechanism or "a way that it did not name")


def _refused(subject: ServerSubject, seen: Look, reply: Reply) -> Finding:
    cause = cause_of(reply, subject, Stage.AUTH)
    if reply.transient or (cause and cause.kind is Kind.TEMPORARY):
        outcome = DEFERRED
    elif cause is None:
        outcome = REFUSED
    elif cause.kind is Kind.CREDENTIALS and subject.server.auth.by_token:
        return refusal(
            TOKEN, subject, seen, reply, None, who=subject.server.username or ""
        )  # the cause's steps are about passwords
    elif cause.kind is Kind.CREDENTIALS:
        outcome = CREDENTIALS
    else:
        outcome = FORBIDDEN if cause.kind in FORBIDDING else REFUSED
    return refusal(outcome, subject, seen, reply, cause)


def _no_secret(subject: ServerSubject, seen: Look, reading: SubmissionReading) -> Finding:
    password = subject.server.password
    place = (
        PLACES[password.source].format(ref=password.ref, program=password.ref.split(" ", 1)[0]) if password else "no place at all"
    )
    return NO_SECRET(about=subject.name, where=seen.where, why=reading.detail or "it was not found", place=place)


def _faulty_exchange(reading: SubmissionReading) -> bool:
    """The server's part in a login by challenge and answer does not hold: that does not pass by waiting."""
    return reading.stage is Stage.AUTH and reading.fault is Fault.MALFORMED and reading.mechanism not in ("", *SIMPLE)


def _instead(seen: Look) -> tuple[str, ...]:
    simple = next((name for name in SIMPLE if name in mechanisms(seen.reading.capabilities)), None)
    instead = (
        f'Until then, set auth = "{simple.lower()}" in the settings; the encrypted connection protects the password.'
        if simple
        else None
    )
    return (MEND_EXCHANGE, *((instead,) if instead else ()))


def _what(reading: SubmissionReading) -> str:
    if reading.fault is Fault.REJECTED and reading.reply is not None:
        return f"the server said {reading.reply}"[:300]
    return reading.detail or "it did not say why"
