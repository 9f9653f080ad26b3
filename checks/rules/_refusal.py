"""Refusals in the conversation with a password: which reply counts at which stage, its known cause, and how a finding is made of both."""

from __future__ import annotations

from datetime import UTC, timedelta

from checks.model import Finding, Outcome, Status
from checks.probes import Fault, Reply, Stage, SubmissionReading
from checks.rules._server import Look
from checks.subject import ServerSubject
from checks.tables import provider_of_host
from checks.tables.replies import Cause, classify, in_words

LATER = timedelta(minutes=15)  # RFC 5321 section 4.5.4.1 asks for 30 minutes between attempts; most greylisting ends within 5


def cause_of(reply: Reply, subject: ServerSubject, stage: Stage) -> Cause | None:
    """Look the reply up, as this server's provider means it."""
    server = subject.server
    known = provider_of_host(server.host)
    return classify(reply, server.provider or (known.id if known else ""), stage=stage)


def reply_at(reading: SubmissionReading, stage: Stage) -> Reply | None:
    """Return the server's reply at a stage; None if there was none."""
    replies = {
        Stage.AUTH: reading.auth,
        Stage.MAIL: reading.mail,
        Stage.RCPT: reading.rcpt,
        Stage.DATA: reading.data,
        Stage.MESSAGE: reading.accepted,
    }
    stopped = reading.reply if reading.fault is Fault.REJECTED and reading.stage is stage else None
    return replies.get(stage) or stopped


def refusal(
    outcome: Outcome,
    subject: ServerSubject,
    seen: Look,
    reply: Reply,
    cause: Cause | None,
    *,
    who: str = "",
    status: Status | None = None,
    **more: str,
) -> Finding:
    """Say a refusal. A known cause brings its own steps and says who has to act; without one, the server's words stand alone.

    The outcome has the arguments of `ARGUMENTS` and `more`; `who` is the address that the reply is about.
    """
    after = (subject.now + LATER).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    again = (f"Run the check again after {after}.",) if reply.transient else ()
    return outcome(
        about=subject.name,
        status=status,
        owner=cause.owner if cause else None,
        steps=(*cause.steps, *_field(cause), *again) if cause else (),
        where=seen.where,
        because=f": {cause.meaning}" if cause else "",
        reply=in_words(reply),
        cause=cause.id if cause else "",
        field=cause.field if cause else "",
        who=who,
        after=after,
        **more,  # type: ignore[arg-type]  # more words for the sentences, nothing else
    )


def _field(cause: Cause) -> tuple[str, ...]:
    return (f"In the settings, this is about the field {cause.field}.",) if cause.field else ()


ARGUMENTS = ("where", "because", "reply", "cause", "field", "who", "after")
WOBBLING = (
    "reply",
    "after",
    "field",
)  # servers put times and numbers of their own into their replies; the field follows from the cause
