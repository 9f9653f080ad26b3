"""The server accepts every sender that uses it.

What it checks:
Names each further sender that the settings send through this server (the senders of templates, the addresses of filters, and one
example of each filter that names a domain) together with the test address, and takes them back at once. Nothing is sent, and no message
is begun in their names: that can be done once in a login, and is done for the sender of the server. The login is the one of the other
checks. Addresses for answers (reply-to) are tried as well, but a refusal of one is no fault: nobody needs a permission to name an address
for answers.

Why it matters:
The login may be allowed to send as one address and not as the other. Then most mail works, and one newsletter or one department
finds out on the day of its first mailing that every message is refused.

How to fix it:
Let the administrator allow the login to send as these addresses, or send from one that belongs to the login. Some servers, those of
Microsoft 365 among them, look at the sender only once they have the whole message: for these, only a test message shows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Reply, Stage, SubmissionReading
from checks.probes.submission import Trial
from checks.rules._refusal import ARGUMENTS, WOBBLING, cause_after_login, only_by_message, refusal, reply_at
from checks.rules._senders import MAX_SENDERS, Use, filters_without_example, uses_of
from checks.rules._server import (
    Look,
    look,
    not_tried,
    obstacle,
    skipped,
    some_of,
    stopped_before,
    submission,
    where_of,
    why_stopped,
)
from checks.rules._shared import trial_of
from checks.subject import ServerSubject
from checks.tables.replies import Cause, Kind

ACCEPTED = Outcome(
    code="sender.others-accepted",
    status=Status.PASS,
    title="{where} accepts the further senders {senders} when they are named{reach}; no message was begun in their names, so what it makes of one is open{proof}",
    references=("RFC 5321 section 4.1.1.2",),
)
NOT_PERMITTED = Outcome(
    code="sender.other-not-permitted",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{where} refuses {who}, {why}{because}. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Let the server's administrator allow the login to send as {who}.",
        "Or send this mail from an address that belongs to the login.",
    ),
    also=(*ARGUMENTS, "why"),
    volatile=WOBBLING,
    references=("RFC 5321 section 4.1.1.2",),
)
EXAMPLE_REFUSED = Outcome(
    code="sender.example-refused",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{where} refuses {who}, {why}{because}; real addresses of that domain may be refused, too. Its answer: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Ask the server's administrator whether the login may send as any address of that domain.",
        "To try a real address, write it into the filters of the server, and check again.",
    ),
    also=(*ARGUMENTS, "why"),
    volatile=WOBBLING,
)
ANSWERS_REFUSED = Outcome(
    code="sender.reply-to-not-permitted",
    status=Status.NOT_APPLICABLE,
    title="{where} would not let this login send as {who}; that is {why}, for which no permission is needed. Its answer: {reply}",
    also=(*ARGUMENTS, "why"),
    volatile=WOBBLING,
)
DEFERRED = Outcome(
    code="sender.other-deferred",
    status=Status.UNKNOWN,
    title="{where} does not decide about {who}, {why}, just now{because}. Its answer: {reply}",
    owner=Owner.US,
    steps=("Run the check again after {after}.",),
    also=(*ARGUMENTS, "why"),
    volatile=WOBBLING,
    references=("RFC 5321 section 4.2.1",),
)
UNTRIED = Outcome(
    code="sender.others-untried", status=Status.NOT_RUN, title="{where}: {senders} not tried as sender, because {reason}"
)
NO_OTHERS = Outcome(
    code="sender.no-others",
    status=Status.NOT_APPLICABLE,
    title="{where}: the settings name no sender besides {who} for this server",
)
NOT_TRIED = not_tried("sender.permission", "Further senders")

ABOUT_SENDERS = (Kind.SENDER, Kind.LOGIN_NEEDED)
ABOUT_OTHER_THINGS = (Kind.RECIPIENT, Kind.RELAY, Kind.GREYLISTING, Kind.TEMPORARY)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The last that was said to one sender."""

    use: Use
    reply: Reply
    stage: Stage


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read what was said to each further sender."""
    server = subject.server
    uses, unknown = uses_of(server, subject.settings), filters_without_example(server, subject.settings)
    if not uses and not unknown:
        yield NO_OTHERS(about=subject.name, where=where_of(subject), who=server.envelope_sender)
        return
    seen = look(subject, ev)
    if reason := obstacle(subject, seen):
        yield skipped(NOT_TRIED, subject, seen, reason)
        return
    reading = submission(subject, ev, seen)
    tried = [(use, trial) for use in uses if (trial := trial_of(reading, use.address))]
    if uses and not tried:
        yield skipped(NOT_TRIED, subject, seen, _why_none(reading))
    else:
        yield from _judged(subject, seen, reading, tried)
        yield from _left_out(seen, subject, [use.address for use in uses if not trial_of(reading, use.address)])
    if unknown:
        reason = "no address is known below them; a real one in the filters would be tried"
        yield UNTRIED(about=subject.name, where=seen.where, senders=some_of(unknown), reason=reason)


def _why_none(reading: SubmissionReading) -> str:
    return why_stopped(reading) if stopped_before(reading, Stage.QUIT) else "the conversation ended before that"


def _left_out(seen: Look, subject: ServerSubject, senders: list[str]) -> Iterator[Finding]:
    if senders:
        reason = f"no more than {MAX_SENDERS} are tried in one conversation, and fewer where a server refuses many"
        yield UNTRIED(about=subject.name, where=seen.where, senders=some_of(senders), reason=reason)


def _judged(subject: ServerSubject, seen: Look, reading: SubmissionReading, tried: list[tuple[Use, Trial]]) -> Iterator[Finding]:
    good: list[str] = []
    undecided: list[str] = []
    for use, trial in tried:
        answered = _answered(use, trial)
        cause = cause_after_login(answered.reply, subject, answered.stage, reading) if answered else None
        if answered is None or _is_about_recipient(answered, cause, reading):
            undecided.append(use.address)
        elif answered.reply.positive:
            good.append(use.address)
        else:
            yield _refused(subject, seen, answered, cause)
    if good:
        reach = "" if subject.test and subject.test.to else " (no test address was given, so no recipient was named)"
        yield ACCEPTED(about=subject.name, where=seen.where, senders=some_of(good), reach=reach, proof=only_by_message(subject))
    if undecided:
        reason = "the server did not take the test address"
        yield UNTRIED(about=subject.name, where=seen.where, senders=some_of(undecided), reason=reason)


def _answered(use: Use, trial: Trial) -> Answered | None:
    if trial.rcpt is not None:
        return Answered(use=use, reply=trial.rcpt, stage=Stage.RCPT)
    return Answered(use=use, reply=trial.mail, stage=Stage.MAIL) if trial.mail is not None else None


def _is_about_recipient(answered: Answered, cause: Cause | None, reading: SubmissionReading) -> bool:
    """Whether the first sender got the same answer to the same recipient, and nothing in it speaks of senders."""
    first = reply_at(reading, Stage.RCPT)
    if answered.stage is not Stage.RCPT or answered.reply.positive or first is None or first.positive:
        return False
    return cause.kind in ABOUT_OTHER_THINGS if cause else answered.reply == first


def _of_this_field(cause: Cause | None, use: Use) -> Cause | None:
    """The table speaks of the server's own sender; this address stands somewhere else in the settings."""
    if cause is None or cause.field != "sender.email" or use.field == cause.field:
        return cause
    step = f"Have the login permitted to send as {use.address}, or take this address out of the settings."
    return replace(cause, field=use.field, steps=(step,))


def _refused(subject: ServerSubject, seen: Look, answered: Answered, cause: Cause | None) -> Finding:
    use, reply = answered.use, answered.reply
    cause = _of_this_field(cause, use)
    if use.answers:
        outcome, status, cause = ANSWERS_REFUSED, Status.NOT_APPLICABLE, None
    elif reply.transient:
        outcome, status = DEFERRED, Status.UNKNOWN
    elif use.example:  # nobody writes as this address; that it is unknown says nothing of real ones
        outcome, status = EXAMPLE_REFUSED, Status.WARN if cause and cause.kind in ABOUT_SENDERS else Status.NOTE
    else:  # with a return path of its own, this address stands in the letter and not on the envelope, where fewer servers mind
        outcome, status = NOT_PERMITTED, Status.WARN if subject.server.return_path else Status.FAIL
    return refusal(outcome, subject, seen, reply, cause, who=use.address, status=status, why=use.why)
