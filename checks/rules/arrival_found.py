"""The test message has arrived in the inbox.

What it checks:
Looks for the test message in the mailbox that it was sent to: first in the inbox, then where the receiver puts what it takes for spam.
Nothing is changed there, nothing is marked as read. A message that you saved yourself is taken as it is.

Why it matters:
"Accepted" only says that your server has taken the message. Whether people see it is decided by the receiver, and only a message that has
really arrived shows it.

How to fix it:
If it lies among the spam, the other findings about the arrived message mostly say why. If it has not come, wait some minutes, look into
the mailbox yourself, and into the mailbox of the sender for a message that says why it came back.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, Undetermined
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import ArrivalFault, ArrivalProbe, ArrivalReading
from checks.rules._arrival import arrival_probe
from checks.rules._arrived import Came, Skip, came_in, is_another, left_out, message_of, outcome_of_nothing, shown
from checks.rules._certificate import WRONG_NAME
from checks.subject import ServerSubject, Way

INBOX = Outcome(
    code="arrival.message-in-inbox",
    status=Status.PASS,
    title="{server}: the test message has arrived in the folder {folder} of {who}, after {seconds} seconds of looking",
    also=("message_id",),
    volatile=("seconds", "message_id"),
)
JUNK = Outcome(
    code="arrival.message-in-junk",
    status=Status.WARN,
    title="{server}: the test message has arrived, but among the spam of {who} (folder {folder})",
    owner=Owner.US,
    steps=(
        "Look at the other findings about the arrived message first: what they name is what receivers look at.",
        "If there are none, mark the message as no spam, send another one on the next day, and see where it lands: a new sender has no good name yet.",
    ),
    also=("message_id",),
    volatile=("message_id",),
)
SAVED = Outcome(
    code="arrival.message-given",
    status=Status.PASS,
    title="{server}: the message that was given has arrived on {when}, and was judged as it is",
    volatile=("when",),
)
OLD = Outcome(
    code="arrival.message-is-old",
    status=Status.NOTE,
    title="{server}: the message that was given has arrived on {when}; it is judged by what DNS says today, which may have changed since",
    owner=Owner.US,
    steps=("Send a new message, save it where it arrives, and check with that one.",),
    volatile=("when",),
)
ANOTHER = Outcome(
    code="arrival.another-message",
    status=Status.UNKNOWN,
    title="{server}: the message that was given comes from {sender}, which is no sender of this server, so it says nothing about it",
    owner=Owner.US,
    steps=("Save a message that this server has sent (with all its header lines), and check with that one.",),
)
NOT_COME = Outcome(
    code="arrival.message-not-found",
    status=Status.UNKNOWN,
    title="{server}: the server has accepted the test message, but it was not in the mailbox of {who} after {seconds} seconds (looked into: {folders})",
    owner=Owner.US,
    steps=(
        "Look into the mailbox in some minutes, into all folders. If it has come, save it with all its header lines and check it: --arrival FILE.",
        "Look into the mailbox of the sender and of the return path: a message there may say why it came back.",
        "Some receivers keep a first message waiting (greylisting): run the check again, with more time (--timeout 900).",
    ),
    volatile=("seconds",),
)
NOT_LOOKED = Outcome(
    code="arrival.mailbox-closed",
    status=Status.UNKNOWN,
    title="{server}: whether the test message has arrived is not known, because the mailbox of {who} at {where} could not be looked into: {reason}",
    owner=Owner.US,
    steps=("Look into the mailbox yourself. Save the message with all its header lines, and check it: --arrival FILE.",),
    volatile=("reason",),
)
PART = Outcome(
    code="arrival.message-cut-off",
    status=Status.NOTE,
    title="{server}: of the arrived message only {what} could be judged, so its signatures cannot be verified",
    owner=Owner.US,
    steps=("{step}",),
)
NOT_JUDGED = outcome_of_nothing("arrival.found", "whether the test message has arrived was")
OTHER_NAME = "Use the name that is in the certificate of the mailbox server: --arrival imaps://USER@HOST."
NO_TRUST = "Show whoever runs the mailbox server that its certificate does not hold; for an authority of your own, give its certificate (--ca-file)."

STEPS = {
    ArrivalFault.LOGIN_REFUSED: "Correct user name and password of the mailbox (--arrival imaps://USER@HOST, --arrival-password); many providers want an app password there.",
    ArrivalFault.NO_SECRET: "Put the password of the mailbox where --arrival-password says that it is.",
    ArrivalFault.TLS_FAILED: "See that the port fits: imaps:// begins encrypted (usually port 993), imap:// in clear and then encrypts (usually port 143).",
    ArrivalFault.UNREACHABLE: "See that the host behind --arrival is spelt as the provider names it, and that this machine may connect to it.",
    ArrivalFault.REFUSED: "See that host and port behind --arrival are those that the provider names.",
    ArrivalFault.STARTTLS_NOT_OFFERED: "Use the encrypted port of the mailbox: --arrival imaps://USER@HOST.",
    ArrivalFault.NO_COMMON_LOGIN: "Use a mailbox that can be read with a password.",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Say where the message is. Whatever stands in the way is said here, and nowhere else."""
    came = came_in(subject, ev)
    if isinstance(came, Came):
        yield _there(subject, came)
        yield from _part(subject, came.reading)
        return
    yield from _not_there(subject, came, ev)


def _who(subject: ServerSubject) -> str:
    return subject.test.to if subject.test and subject.test.to else (subject.arrival.username if subject.arrival else "")


def _there(subject: ServerSubject, came: Came) -> Finding:
    about, reading = subject.name, came.reading
    folder = reading.folder
    if folder is None:
        when = came.at.date().isoformat()
        return (SAVED if came.is_fresh else OLD)(about=about, server=about, when=when)
    name, who, mid = shown(folder.name), _who(subject), shown(came.message.message_id)
    if folder.junk:
        return JUNK(about=about, server=about, who=who, folder=name, message_id=mid)
    return INBOX(about=about, server=about, who=who, folder=name, seconds=round(reading.waited), message_id=mid)


def _part(subject: ServerSubject, reading: ArrivalReading) -> Iterator[Finding]:
    if reading.cut:
        what, step = f"the beginning ({len(reading.raw):,} of {reading.size:,} bytes)", "Check with a smaller message."
    elif reading.masked:
        what, step = (
            "a copy without the password that stood in it",
            "Take the password out of the message; nobody should read it there.",
        )
    else:
        return
    yield PART(about=subject.name, server=subject.name, what=what, step=step)


def _not_there(subject: ServerSubject, skip: Skip, ev: Evidence) -> Iterator[Finding]:
    about = subject.name
    probe = _probe(subject, ev)
    if probe is None or subject.arrival is None:
        yield left_out(NOT_JUDGED, subject, skip)
        return
    reading = ev[probe]
    if reading.found:
        message = message_of(reading)
        assert is_another(subject, message)  # noqa: S101 - what came_in has found
        yield ANOTHER(about=about, server=about, sender=shown(message.author_domain))
    elif reading.state.answered:
        folders = [shown(one.name) for one in reading.folders]
        yield NOT_COME(about=about, server=about, who=_who(subject), seconds=round(reading.waited), folders=folders or ["INBOX"])
    elif reading.unasked is not None or subject.arrival.way is not Way.IMAP:
        ev.need(probe)
    else:
        where = f"{subject.arrival.host}:{subject.arrival.port}"
        first = (
            _about_certificate(reading.tls.verify_code) if reading.tls and reading.tls.verify_code else STEPS.get(reading.fault)
        )
        yield NOT_LOOKED(
            about=about, server=about, who=_who(subject), where=where, reason=shown(reading.detail) or "no answer came in time",
            steps=(first, *NOT_LOOKED.steps) if first else (),
        )  # fmt: skip


def _about_certificate(code: int) -> str:
    return OTHER_NAME if code in WRONG_NAME else NO_TRUST


def _probe(subject: ServerSubject, ev: Evidence) -> ArrivalProbe | None:
    """Return the question. A look-up of the mailbox server's address that failed makes the finding *unknown*, but only that one."""
    try:
        return arrival_probe(subject, ev)
    except Undetermined as fault:
        if subject.arrival is not None and getattr(fault.probe, "name", "") == subject.arrival.host:
            raise
        return None
