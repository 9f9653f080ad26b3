"""Refusals in the conversation with a password: which reply counts at which stage, its known cause, and how a finding is made of both."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, Reply, Stage, SubmissionReading
from checks.rules._server import Look
from checks.rules._shared import trial_of
from checks.subject import ServerSubject
from checks.tables import provider_of_host
from checks.tables.replies import Cause, Kind, classify, in_words, provider_family

STILL_NO_LOGIN = "it asks for a login, although it has accepted one in this conversation"
LOGIN_IGNORED = (
    "User name and password are not at fault: the server accepted them. Leave them as they are.",
    "Show the server's answer to its administrator, and ask why this login may not send from this address.",
)
LOGIN_IN_VAIN = (
    "User name and password are not at fault: the server accepted them.",
    "Check that host and port are those that the provider names for sending by customers (port 465 or 587).",
    "Ask the server's administrator whether this login may send to other domains.",
)
ONLY_BY_MESSAGE = "; Microsoft looks at the sender only once it has the whole message: only a test message written from an address proves that it may be used"
IN_PLACE_OF_SENDER = (  # the longer words first
    ("the sender's address", "the return path"),
    ("the sender domain's", "the return path domain's"),
    ("the sender's", "the return path's"),
    ("this sender", "this return path"),
)
LATER = timedelta(minutes=15)  # RFC 5321 section 4.5.4.1 asks for 30 minutes between attempts; most greylisting ends within 5


SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=24)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_WAIT = re.compile(
    r"\b(?:in|after|for|wait|within|another|least|about)[ :](?:(?P<number>[0-9]{1,6}) ?(?P<unit>s|m|h)(?:ec|in|r|our|econd|inute)?s?\b"
    r"|(?P<hours>[0-9]{1,2}):(?P<minutes>[0-9]{2}):(?P<seconds>[0-9]{2})\b)",
    re.IGNORECASE,
)


def asked_to_wait(reply: Reply) -> timedelta | None:
    """Return how long a server that says "not now" asks to wait, where it names a plain and credible time."""
    times = list(_WAIT.finditer(" ".join(reply.text.split()))) if reply.transient else []
    if not times:
        return None
    found = times[-1]  # what was exceeded comes first: "100 messages in 60 seconds; try again in 1 hour"
    if found["number"]:
        wait = int(found["number"]) * _UNITS[found["unit"].lower()]
    else:
        wait = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]), seconds=int(found["seconds"]))
    return max(wait, SHORTEST_WAIT) if timedelta(0) < wait <= LONGEST_WAIT else None


def _to_the_minute(moment: datetime) -> datetime:
    """Round up: whoever comes back a few seconds early waits all over again."""
    return moment + (timedelta(minutes=1) - timedelta(seconds=moment.second, microseconds=moment.microsecond)) % timedelta(
        minutes=1
    )


def cause_of(reply: Reply, subject: ServerSubject, stage: Stage) -> Cause | None:
    """Look the reply up, as this server's provider means it."""
    return classify(reply, _provider(subject), stage=stage)


def _provider(subject: ServerSubject) -> str:
    server = subject.server
    known = provider_of_host(server.host)
    return server.provider or (known.id if known else "")


def only_by_message(subject: ServerSubject) -> str:
    """Return what has to be added where a server that judges senders by the whole message has accepted one before it; empty for others."""
    return ONLY_BY_MESSAGE if provider_family(_provider(subject)) == "microsoft" else ""


def cause_after_login(reply: Reply, subject: ServerSubject, stage: Stage, reading: SubmissionReading) -> Cause | None:
    """Look up a reply that came behind AUTH: where a login succeeded, nobody is told to log in."""
    cause = cause_of(reply, subject, stage)
    if cause is None or not logged_in(reading):
        return cause
    if cause.kind is Kind.LOGIN_NEEDED:
        return replace(cause, meaning=STILL_NO_LOGIN, field="", owner=Owner.MAIL_ADMIN, steps=LOGIN_IGNORED)
    if cause.kind is Kind.RELAY and cause.field == "auth":
        return replace(cause, field="", owner=Owner.MAIL_ADMIN, steps=LOGIN_IN_VAIN)
    return cause


def cause_of_envelope(reply: Reply, subject: ServerSubject, stage: Stage, reading: SubmissionReading) -> Cause | None:
    """Look up a reply about the address on the envelope, which is the return path if the settings name one, not the sender in the letter."""
    cause = cause_after_login(reply, subject, stage, reading)
    if cause is None or cause.kind is not Kind.SENDER or cause.field != "sender.email" or not subject.server.return_path:
        return cause
    steps = tuple(_of_return_path(step) for step in cause.steps)
    return replace(
        cause,
        field="return_path",
        meaning=_of_return_path(cause.meaning),
        steps=(*steps, _without_return_path(subject.server.sender.email, reading)),
    )


def logged_in(reading: SubmissionReading) -> bool:
    """Tell whether the server accepted user name and password in this conversation."""
    return reading.auth is not None and reading.auth.positive


def _of_return_path(words: str) -> str:
    """The table speaks of the sender, for whom most settings have one address."""
    for theirs, ours in IN_PLACE_OF_SENDER:
        words = words.replace(theirs, ours)
    return words


def _without_return_path(sender: str, reading: SubmissionReading) -> str:
    trial = trial_of(reading, sender)
    told = [reply for reply in (trial.mail, trial.rcpt) if reply is not None] if trial else []
    accepted = bool(told) and all(reply.positive for reply in told)
    fact = ", which the server accepts" if accepted else ""
    return f"Or take the return path out of the settings: what cannot be delivered then comes back to {sender}{fact}."


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
    after = _to_the_minute(subject.now + (asked_to_wait(reply) or LATER)).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
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
