"""The limits that the server states suit the planned mailing.

What it checks:
Some servers state how many recipients one message may have, in how many domains, and how many messages they take in one connection.
These numbers are compared with the planned mailing.

Why it matters:
A dispatcher that goes beyond them is turned away in the middle of a mailing, and some recipients get nothing or get it late.

How to fix it:
Let the dispatcher write one message for each recipient, and open a new connection in time.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.ehlo_facts import Limits, limits_of
from checks.rules._server import Layer, Look, look, not_tried, skipped, some_of
from checks.rules._volume import counted, parts, planned, volume_of
from checks.subject import ServerSubject

INFORMATIONAL = True

FITTING = Outcome(
    code="service.limits-fitting",
    status=Status.PASS,
    title="{where} takes {stated}; {words} stays within that",
    references=("RFC 9422",),
)
STATED = Outcome(
    code="service.limits-stated",
    status=Status.PASS,
    title="{where} takes {stated}; the settings plan no mailing through it",
    references=("RFC 9422",),
)
NONE_STATED = Outcome(
    code="service.no-limits-stated",
    status=Status.NOT_APPLICABLE,
    title="{where} states no limits when it is greeted; few servers do, and most have some all the same",
    references=("RFC 9422",),
)
SPLIT = Outcome(
    code="service.message-split",
    status=Status.NOTE,
    title="{where} takes {counted} in one message; {words} has to be {messages} or more",
    owner=Owner.US,
    steps=("Let the dispatcher write one message for each recipient, or at most {counted} into one.",),
    references=("RFC 9422",),
)
DOMAINS = Outcome(
    code="service.one-message-few-domains",
    status=Status.NOTE,
    title="{where} takes recipients of {domains} in one message",
    owner=Owner.US,
    steps=("Let the dispatcher write one message for each recipient, or put recipients of one domain only into a message.",),
    references=("RFC 9422",),
)
RECONNECTION = Outcome(
    code="service.reconnection",
    status=Status.NOTE,
    title="{where} takes {mails} in one connection; {words} needs {connections} or more, {how}",
    owner=Owner.US,
    steps=("Let the dispatcher close the connection after {mails} and open a new one.",),
    references=("RFC 9422",),
)
UNREADABLE = Outcome(
    code="service.unreadable-limits",
    status=Status.NOTE,
    title="{where} states limits that nobody can read: {listed}",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server's administrator correct what it says behind LIMITS.",),
    references=("RFC 9422",),
)
NOT_TRIED = not_tried("service.limits", "Stated limits")

MAX_WORD = 40


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read LIMITS in the last EHLO reply and compare it with the planned volume."""
    seen = look(subject, ev)
    if seen.layer is not Layer.OPEN:
        yield skipped(NOT_TRIED, subject, seen)
        return
    text = seen.reading.capability("LIMITS")
    limits = limits_of(text or "")
    if limits.unreadable:
        listed = some_of(word[:MAX_WORD] for word in limits.unreadable)
        yield UNREADABLE(about=subject.name, where=seen.where, listed=listed)
    elif not limits.stated:
        yield NONE_STATED(about=subject.name, where=seen.where)
    if limits.stated:
        yield from _compared(subject, seen, limits)


def _compared(subject: ServerSubject, seen: Look, limits: Limits) -> Iterator[Finding]:
    about, where = subject.name, seen.where
    plan = planned(volume_of(subject))
    if plan is None:
        yield STATED(about=about, where=where, stated=_stated(limits))
        return
    fits = True
    words = f"a mailing to {counted(plan.recipients, 'recipient')}"
    told = volume_of(subject).recipients_per_message
    together = plan.recipients if told is None else min(told, plan.recipients)  # unknown: the dispatcher may put all into one
    if limits.recipients is not None and together > limits.recipients:
        fits = False
        messages = counted(parts(plan.recipients, limits.recipients), "message")
        yield SPLIT(about=about, where=where, counted=counted(limits.recipients, "recipient"), words=words, messages=messages)
    if limits.domains is not None and together > limits.domains:
        fits = False
        yield DOMAINS(about=about, where=where, domains=counted(limits.domains, "domain"))
    if limits.mails is not None and plan.messages > limits.mails:
        fits = False
        mails, connections = counted(limits.mails, "message"), counted(parts(plan.messages, limits.mails), "connection")
        how = "if each recipient gets a message" if told is None else f"in {counted(plan.messages, 'message')}"
        yield RECONNECTION(about=about, where=where, mails=mails, words=words, connections=connections, how=how)
    if fits:
        yield FITTING(about=about, where=where, stated=_stated(limits), words=words)


def _stated(limits: Limits) -> list[str]:
    named = (
        (limits.recipients, "recipient", "in one message"),
        (limits.domains, "domain", "among the recipients of one message"),
        (limits.mails, "message", "in one connection"),
    )
    return [f"{counted(value, noun)} {place}" for value, noun, place in named if value is not None]
