"""The arrived message is well-formed, and the one that was sent.

What it checks:
Whether the lines that every message must have are there, once and readable: sender, date, the message's own number (Message-ID). If the test
message was just sent, it is also compared with what arrived.

Why it matters:
Gmail and others refuse messages with two senders or without a date. A server that changes subject or text breaks signatures, and shows recipients
something else than you wrote.

How to fix it:
What is missing or wrong was written by the program that makes the messages, or by a server on the way: the finding says what. Switch off whatever
changes outgoing mail, or let it work before the mail is signed.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.arrived import ArrivedMessage, DateState, MessageIdState, date_state, read_message
from checks.records.comparison import Body, Comparison, compare
from checks.records.message import Letter, build_test_message
from checks.rules._arrived import Came, Skip, came_in, left_out, outcome_of_nothing, shown
from checks.rules._server import look, submission_probe
from checks.subject import Content, ServerSubject, Way

MAX_NAMED = 8
MAX_LINE = 998  # RFC 5322 section 2.1.1
GMAIL_FORMAT = "https://support.google.com/a/answer/81126"

WELL = Outcome(
    code="arrival.message-well-formed",
    status=Status.PASS,
    title="{server}: sender, date, number and all other lines of the arrived message are as they should be",
    references=("RFC 5322 section 3.6",),
)
MALFORMED = Outcome(
    code="arrival.message-malformed",
    status=Status.WARN,
    title="{server}: the arrived message is not well-formed: {problems}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Find out who writes these lines: the program that makes the messages, or a server on the way (compare with the copy in the folder of sent messages).",
        "Have it corrected there, and send another message.",
    ),
    references=("RFC 5322 section 3.6", GMAIL_FORMAT),
)
LOCAL_ID = Outcome(
    code="arrival.message-id-local",
    status=Status.NOTE,
    title="{server}: the number of the message (Message-ID) ends in {right}, which is no name that is unique in the world",
    owner=Owner.MAIL_ADMIN,
    steps=("Let whoever writes the Message-ID use a full name, like that of the sender's domain.",),
    references=("RFC 5322 section 3.6.4",),
)
CHANGED = Outcome(
    code="arrival.message-changed",
    status=Status.NOTE,
    title="{server}: the message has arrived otherwise than it was sent: {changes}",
    owner=Owner.MAIL_ADMIN,
    steps=("If you do not want that, switch off whatever changes outgoing mail (footers, tracking, warnings in the subject).",),
)
NOT_JUDGED = outcome_of_nothing("arrival.content", "whether the arrived message is well-formed was")

DATES = {
    DateState.MISSING: "it has no date",
    DateState.UNREADABLE: "its date cannot be read",
    DateState.FUTURE: "its date lies in the future",
    DateState.OLD: "its date is more than a day before it arrived",
}
IDS = {
    MessageIdState.MISSING: "it has no number (Message-ID)",
    MessageIdState.MALFORMED: "its number (Message-ID) cannot be read",
    MessageIdState.SEVERAL: "it has several numbers (Message-ID)",
}
WRONG = {"null-byte": "a NUL byte stands in it", "bad-field": "a line among its header lines is none"}
PLAIN = ("from", "to", "subject", "reply-to")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge the form, then what was changed."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    about, message = subject.name, came.message
    problems = list(_problems(came))
    if problems:
        yield MALFORMED(about=about, server=about, problems=problems[:MAX_NAMED])
    else:
        yield WELL(about=about, server=about)
    if message.message_id_state is MessageIdState.LOCAL:
        yield LOCAL_ID(about=about, server=about, right=shown(message.message_id.rpartition("@")[2]))
    sent = _sent(subject, message, ev)
    changes = list(_changes(compare(sent, message))) if sent is not None else []
    if changes:
        yield CHANGED(about=about, server=about, changes=changes[:MAX_NAMED])


def _problems(came: Came) -> Iterator[str]:
    """Say what is wrong with what the sender wrote. Servers on the way write long lines and strange characters of their own."""
    message = came.message
    if "from" in message.missing:
        yield "it has no sender (From)"
    for name in message.duplicates:
        if name != "message-id":
            yield f"the line {name.title()} stands in it {message.count(name)} times"
    if message.count("from") == 1 and not (message.author.clear and message.author.found):
        yield "its sender (From) cannot be read"
    state = date_state(message, now=came.now, received=came.chain.arrived)
    if state in DATES:
        yield DATES[state]
    if message.message_id_state in IDS:
        yield IDS[message.message_id_state]
    kinds = {problem.kind for problem in message.problems}
    yield from (words for kind, words in WRONG.items() if kind in kinds)
    yield from (f"the line {name.title()} has characters that must be encoded" for name in PLAIN if _raw_text(message, name))
    if message.whole and any(len(line) > MAX_LINE + 1 for line in message.body.split(b"\n")):
        yield f"a line of its text has more than {MAX_LINE} characters"


def _raw_text(message: ArrivedMessage, name: str) -> bool:
    return any(not one.raw.isascii() for one in message.all(name))


def _sent(subject: ServerSubject, message: ArrivedMessage, ev: Evidence) -> ArrivedMessage | None:
    """Return the test message as it went out; None if it was not sent in this run, or its date is not known."""
    if subject.arrival is None or subject.arrival.way is not Way.IMAP or message.date is None:
        return None
    probe = submission_probe(subject, look(subject, ev))
    content = probe.content or Content()
    letter = Letter(
        title=content.title,
        text=content.text,
        page=content.page,
        unsubscribe=content.unsubscribe,
        from_name=probe.from_name,
        from_email=probe.from_email or probe.mail_from,
        reply_to=probe.reply_to,
        to=probe.rcpt_to,
        unique_id=probe.message,
        date=message.date,
    )
    try:
        return read_message(build_test_message(letter))
    except ValueError:  # then nothing was sent either
        return None


def _changes(found: Comparison) -> Iterator[str]:
    """Say what reads otherwise. Another sender is told by the triangle."""
    yield from (
        f"{change.name.title()} reads {shown(change.arrived) or 'nothing'}"
        for change in found.changed
        if change.name not in ("from", "date")
    )
    yield from (f"the line {name.title()} is gone" for name in found.missing)
    if found.body is Body.EXTENDED:
        yield "something was added to the text"
    elif found.body is Body.CHANGED:
        yield "the text was changed"
