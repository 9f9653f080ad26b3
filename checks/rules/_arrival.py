"""The message that has arrived, looked at once for all rules: in the mailbox after it was sent, or as it was saved."""

from __future__ import annotations

from checks.evidence import Evidence
from checks.probes import ArrivalProbe, ArrivalReading, Stage, SubmissionReading
from checks.probes.arrival import mailbox_probe, saved_probe
from checks.rules._hosts import addresses_of
from checks.rules._server import look, obstacle, submission
from checks.subject import Arrival, ServerSubject, Way


def arrived(subject: ServerSubject, ev: Evidence) -> ArrivalReading | None:
    """Return what was found, failed or not. None: nobody asked for it, or no test message was accepted, so there is nothing to find.

    Where the address of the mailbox cannot be looked up, the finding becomes *unknown* by itself.
    """
    probe = arrival_probe(subject, ev)
    return ev[probe] if probe else None


def need_arrived(subject: ServerSubject, ev: Evidence) -> ArrivalReading | None:
    """Like `arrived`; where nobody knows whether the message has come, the finding becomes *unknown* with the reason."""
    probe = arrival_probe(subject, ev)
    return ev.need(probe) if probe else None


def arrival_probe(subject: ServerSubject, ev: Evidence) -> ArrivalProbe | None:
    """Return the one question about the message that has arrived; None where there is nothing to ask."""
    arrival = subject.arrival
    if arrival is None:
        return None
    if arrival.way is not Way.IMAP:
        return saved_probe(arrival)
    sent = _sent(subject, ev)
    return _in_mailbox(subject, arrival, sent, ev) if sent else None


def _sent(subject: ServerSubject, ev: Evidence) -> SubmissionReading | None:
    """Return the conversation in which the message was taken, or may have been."""
    if subject.test is None or not subject.test.message:
        return None
    seen = look(subject, ev)
    if obstacle(subject, seen):
        return None
    reading = submission(subject, ev, seen)
    lost = reading.stage is Stage.MESSAGE and reading.reply is None  # RFC 5321 section 4.2.5: it may be under way
    return reading if reading.message_id and ((reading.accepted is not None and reading.accepted.positive) or lost) else None


def _in_mailbox(subject: ServerSubject, arrival: Arrival, sent: SubmissionReading, ev: Evidence) -> ArrivalProbe:
    mark = subject.test.message if subject.test else ""
    return mailbox_probe(arrival, addresses=addresses_of(ev, arrival.host), message_id=sent.message_id, mark=mark)
