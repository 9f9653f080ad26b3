"""A mail server answers.

What it checks:
What answers at the port is a mail server, it greets, and it talks with this machine.

Why it matters:
A port of a web server, or the one for reading mail, takes connections too, but no mail. Some mail servers also turn machines away
before they have said a word, because of their address or their name.

How to fix it:
Use the port that the provider names for sending (SMTP), usually 465 or 587. If a mail server turns this machine away, its own words
say why; they are for its administrator.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, Reply, SmtpReading, Stage
from checks.records.smtp_reply import service_of
from checks.rules._server import Layer, Look, layer_of, look, not_tried, out_of_time, skipped
from checks.settings import Security
from checks.subject import ServerSubject
from checks.tables.replies import in_words

ANSWERS = Outcome(
    code="port.smtp-service", status=Status.PASS, title="{where} is a mail server", also=("greeting",), volatile=("greeting",)
)
OTHER_SERVICE = Outcome(
    code="port.other-service",
    status=Status.FAIL,
    title="{where} is answered by {service}, not by a mail server for sending",
    owner=Owner.US,
    steps=("Use the port that the provider names for sending (SMTP), usually 465 or 587.", "Check the field host too: {host}."),
    also=("first",),
    volatile=("first",),
    references=("RFC 6409 section 3.1", "RFC 8314 section 3.3"),
)
SILENCE = Outcome(
    code="port.silence",
    status=Status.UNKNOWN,
    title="{where} takes the connection but {stops} ({waited})",
    owner=Owner.US,
    steps=(
        "Check that the port is one for sending (SMTP), usually 465 or 587.",
        "If it is, run the check again later, with more time, like --timeout 300: a busy server greets late, and up to half of the time is waited for it.",
    ),
    volatile=("waited",),
    references=("RFC 5321 section 4.5.3.2.1",),
)
REFUSED = Outcome(
    code="port.greeting-refused",
    status=Status.FAIL,
    title="{where} does not talk with this machine; it says: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Show the server's words to its administrator; this machine's address may be blocked or unknown there.",
        "Check that the port is the one for sending by customers (465 or 587), not the one between servers (25).",
    ),
    volatile=("reply",),
    references=("RFC 5321 section 3.1",),
)
DEFERRED = Outcome(
    code="port.greeting-deferred",
    status=Status.UNKNOWN,
    title="{where} cannot talk just now; it says: {reply}",
    owner=Owner.US,
    steps=("Run the check again in some minutes.", "If it stays so, show the server's words to its administrator."),
    volatile=("reply",),
    references=("RFC 5321 section 3.8",),
)
EHLO_REFUSED = Outcome(
    code="port.ehlo-refused",
    status=Status.FAIL,
    title="{where} does not accept the name that this machine gives itself; it says: {reply}",
    owner=Owner.US,
    steps=(
        "Set the field ehlo of the server in the settings to the full name of the dispatcher's machine, like dispatcher.example.org.",
        "If that does not help, show the server's words to its administrator.",
    ),
    volatile=("reply",),
    references=("RFC 5321 section 4.1.1.1",),
)
BROKEN_OFF = Outcome(
    code="port.broken-conversation",
    status=Status.FAIL,
    title="The conversation with {where} cannot go on: {what}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Ask the server's administrator to look for this machine's address in the server's log.",
        "If the server is behind a firewall or a virus scanner that reads mail on the way, try without it.",
    ),
    volatile=("what",),
    references=("RFC 5321 section 4.2",),
)
NO_EHLO = Outcome(
    code="port.ehlo-unknown",
    status=Status.NOTE,
    title="{where} refuses EHLO, by which a server tells what it offers, and takes only the old command HELO. It says: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If there is a firewall or virus scanner on the way, ask whoever runs it to switch off its inspection of mail: some let only HELO through.",
        "If there is none, ask the server's administrator to bring it up to date: without EHLO it can offer neither encryption nor a login.",
    ),
    volatile=("reply",),
    references=("RFC 5321 section 4.1.1.1",),
)
LATE = Outcome(
    code="port.late-greeting",
    status=Status.NOTE,
    title="{where} greets only after {seconds} s; every connection waits that long",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Ask the server's administrator what it waits for: often it looks the dispatcher's address up in DNS, in vain, or keeps strangers waiting on purpose.",
        "Let the dispatcher send many messages over one connection, and see that it waits longer than this for a greeting.",
    ),
    volatile=("seconds",),
    references=("RFC 5321 section 4.5.3.2.1",),
)
UNEVEN = Outcome(
    code="port.uneven-addresses",
    status=Status.WARN,
    title="{where} works at {alive}, but not at {address}: {what}. Each message may meet either of them",
    owner=Owner.MAIL_ADMIN,
    steps=("Ask the server's administrator to mend {address}, or to take it out of DNS.",),
    volatile=("what",),
    references=("RFC 5321 section 5.1",),
)
NOT_TRIED = not_tried("port.service", "Mail service")

PROMPT = 5  # seconds; a server that greets later keeps whole mailings waiting
NAMES = {
    "HTTP": "a web server (HTTP)",
    "IMAP": "a server for reading mail (IMAP)",
    "POP3": "a server for reading mail (POP3)",
    "SSH": "a remote shell (SSH)",
    "FTP": "a file server (FTP)",
    "NNTP": "a news server (NNTP)",
    "ManageSieve": "a server for mail filters (ManageSieve)",
    "TLS": "a service that is encrypted from the first byte",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the greeting and the answer to EHLO."""
    seen = look(subject, ev)
    if seen.layer not in (Layer.SERVICE, Layer.DIALOGUE):
        greeting = seen.reading.greeting  # none where TLS from the first byte failed: nobody has greeted yet
        if seen.layer < Layer.SERVICE or greeting is None:
            yield skipped(NOT_TRIED, subject, seen)
        else:
            yield ANSWERS(about=subject.name, where=seen.where, greeting=in_words(greeting))
            yield from _old(subject, seen)
            yield from _late(subject, seen)
            yield from _uneven(subject, seen)
        return
    service, first = _other_service(seen)
    if service:
        yield OTHER_SERVICE(about=subject.name, where=seen.where, service=service, host=subject.server.host, first=first)
    else:
        yield _trouble(subject, seen)


def _other_service(seen: Look) -> tuple[str, str]:
    """Name what answers in place of a mail server, and what it said first; empty if it may be a mail server."""
    for reading in (seen.reading, seen.other):
        if reading is not None and reading.first_bytes:
            named = service_of(reading.first_bytes)
            if named in NAMES:
                return NAMES[named], reading.first_bytes
            if reading.fault is Fault.NOT_SMTP:
                return "something else", reading.first_bytes
    if (
        seen.other is not None
        and seen.other_security is Security.IMPLICIT_TLS
        and seen.other.tls is not None
        and seen.other.tls.verified
    ):
        return NAMES["TLS"], ""
    return "", ""


def _old(subject: ServerSubject, seen: Look) -> Iterator[Finding]:
    """Say that EHLO is refused, unless the rule about encryption does."""
    refusal = seen.reading.ehlo_refused
    if refusal is not None and seen.layer is not Layer.OFFER:
        yield NO_EHLO(about=subject.name, where=seen.where, reply=in_words(refusal))


def _late(subject: ServerSubject, seen: Look) -> Iterator[Finding]:
    slowest = max(reading.greeted_after for _, reading in seen.reached)
    if slowest > PROMPT:
        yield LATE(about=subject.name, where=seen.where, seconds=slowest)


def _uneven(subject: ServerSubject, seen: Look) -> Iterator[Finding]:
    """Name the addresses that take a connection and then fail where another does not. What ails a certificate is told beside its name."""
    for address, reading in seen.reached:
        layer = layer_of(reading)
        busy = reading.reply is not None and reading.reply.transient
        if seen.layer is Layer.OPEN and layer not in (Layer.OPEN, Layer.CERTIFICATE) and not busy and not out_of_time(reading):
            what = in_words(reading.reply) if reading.reply is not None else reading.detail or "it hangs up"
            yield UNEVEN(about=subject.name, where=seen.where, alive=seen.address, address=address, what=what)


def _stops(reading: SmtpReading) -> str:
    if reading.greeting is not None:
        return "falls silent after its greeting"
    return "does not come to the end of its greeting" if reading.first_bytes else "says nothing"


def _trouble(subject: ServerSubject, seen: Look) -> Finding:
    reading, about, where = seen.reading, subject.name, seen.where
    if reading.fault is Fault.REJECTED and reading.reply is not None:
        return _rejected(reading, reading.reply)(about=about, where=where, reply=in_words(reading.reply))
    if reading.fault is Fault.TIMEOUT:
        waited = reading.detail or "within the time that we wait"
        return SILENCE(about=about, where=where, stops=_stops(reading), waited=waited)
    return BROKEN_OFF(about=about, where=where, what=reading.detail or "it hung up")


def _rejected(reading: SmtpReading, reply: Reply) -> Outcome:
    if reply.transient:
        return DEFERRED
    return REFUSED if reading.stage is Stage.GREETING else EHLO_REFUSED
