"""What a conversation that two servers of the settings share says about the one that did not lead it."""

from __future__ import annotations

from dataclasses import replace

from checks.evidence import State
from checks.probes import Fault, Reply, Stage, SubmissionReading
from checks.probes.submission import Trial
from checks.settings import Server


def trial_of(reading: SubmissionReading, address: str) -> Trial | None:
    """Return what was said to a further sender; None if there was no time or no connection for it."""
    return next((trial for trial in reading.trials if trial.address == address), None)


def as_seen_by(server: Server, led_by: Server, reading: SubmissionReading) -> SubmissionReading:
    """Return the reading as if this server's sender had been the first."""
    if reading.state is not State.OK or reading.auth is None or not reading.auth.positive:
        return reading  # it came to no sender
    if server.envelope_sender == led_by.envelope_sender:
        mail, rcpt = reading.mail, reading.rcpt
    elif trial := trial_of(reading, server.envelope_sender):
        mail, rcpt = trial.mail, trial.rcpt
    else:
        return replace(_without_message(reading), stage=Stage.AUTH, fault=Fault.NONE, reply=None, mail=None, rcpt=None)
    stage, refused = _end(mail, rcpt)
    fault = Fault.REJECTED if refused else Fault.NONE
    return replace(_without_message(reading), stage=stage, fault=fault, reply=refused, mail=mail, rcpt=rcpt)


def _without_message(reading: SubmissionReading) -> SubmissionReading:
    """DATA and the message were the leader's."""
    return replace(reading, data=None, accepted=None, message_id="")


def _end(mail: Reply | None, rcpt: Reply | None) -> tuple[Stage, Reply | None]:
    for stage, reply in ((Stage.MAIL, mail), (Stage.RCPT, rcpt)):
        if reply is not None and not reply.positive:
            return stage, reply
    return Stage.QUIT, None
