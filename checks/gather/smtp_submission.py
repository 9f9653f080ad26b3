"""The second half of a conversation: logging in, naming senders and recipient, handing over the one test message or none."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace

from checks.gather.sasl import Bearer, Mechanism, SaslError, SaslRefusedError, decoded
from checks.gather.smtp_draft import Stopped
from checks.gather.smtp_talk import CHALLENGE, SHUTTING_DOWN, Talk
from checks.probes import Fault, Reply, Stage, SubmissionProbe
from checks.probes.submission import Trial
from checks.records.message import for_data

LOGGED_IN = 235  # RFC 4954 section 4: no other code means that the login succeeded
MAX_CHALLENGES = 4  # SCRAM has two, LOGIN two
MAX_COMMAND = 510  # octets without CRLF (RFC 5321 section 4.5.3.1.4); a longer initial response waits for the challenge (RFC 4954 section 4)
MAX_REMARK = 500
TRIAL_SECONDS = 15.0  # for all further senders together; a slow server shall not use up the run
MAX_REFUSALS = 8  # Postfix slows down after 10 errors and hangs up after 20; the login was one more


async def log_in(talk: Talk, mechanism: Mechanism) -> None:
    """Make the one attempt (RFC 4954). Whatever the server says then is the answer: nothing is tried again, nor another mechanism."""
    talk.draft.mechanism = mechanism.name
    talk.draft.stage = Stage.AUTH
    try:
        initial = mechanism.initial()
    except SaslError as error:
        raise Stopped(Fault.NO_SECRET, str(error), in_step=True) from None
    try:
        reply = await _exchange(talk, mechanism, initial)
    except SaslError as error:
        await talk.courtesy("*")  # RFC 4954 section 4: the client cancels
        raise Stopped(Fault.MALFORMED, str(error), in_step=True) from None
    if reply.positive and reply.code != LOGGED_IN:
        said = f"the server answers the login with {reply}, which means neither yes nor no (RFC 4954 section 4)"
        raise Stopped(Fault.MALFORMED, said[:MAX_REMARK], reply=reply)
    try:
        if reply.positive:
            mechanism.accept()
    except SaslError as error:
        raise Stopped(Fault.MALFORMED, str(error), in_step=True) from None
    talk.draft.auth = reply
    talk.expect(reply, 2)


async def _exchange(talk: Talk, mechanism: Mechanism, initial: bytes | None) -> Reply:
    """Return the reply that ends the exchange."""
    hide = not mechanism.shows_challenges
    line, shown = f"AUTH {mechanism.name}", f"AUTH {mechanism.name}"
    if initial is not None and len(line) + 1 + len(_encoded(talk, initial)) <= MAX_COMMAND:
        line, shown, initial = f"{line} {_encoded(talk, initial)}", f"{shown} [secret]", None
    reply = await talk.command(line, Stage.AUTH, shown=shown, hide=hide)
    for number in range(MAX_CHALLENGES):
        if reply.code != CHALLENGE:
            return reply
        if initial is not None:
            answer, initial = initial, None
        else:
            _remark(talk, mechanism)
            answer = await _answered(talk, mechanism)
        shown = "" if not answer else "[user name]" if mechanism.name == "LOGIN" and number == 0 else "[secret]"
        reply = await talk.command(_encoded(talk, answer), Stage.AUTH, shown=shown, hide=hide)
    if reply.code == CHALLENGE:
        raise SaslError("the server asks on and on")
    return reply


async def _answered(talk: Talk, mechanism: Mechanism) -> bytes:
    try:
        return await asyncio.to_thread(mechanism.answer, talk.challenge)  # SCRAM calculates for up to half a second
    except SaslRefusedError as error:
        talk.draft.note("*", str(error))
        return b""


def _encoded(talk: Talk, octets: bytes) -> str:
    line = base64.b64encode(octets).decode()
    talk.redact.learn_line(line)
    return line


def _remark(talk: Talk, mechanism: Mechanism) -> None:
    """Keep what the server says of a token in words, for it says more than the 535 that follows."""
    if not isinstance(mechanism, Bearer):
        return
    try:
        words = decoded(talk.challenge).decode("latin-1")
    except SaslError:
        return
    talk.draft.note("*", f"the server says of the token: {talk.redact(words)[:MAX_REMARK]}")


async def hand_over(talk: Talk, probe: SubmissionProbe, message: bytes, message_id: str) -> None:
    """Name the sender and exactly one recipient and send the message if there is one; then name the further senders and take them back."""
    if not probe.mail_from:
        return
    refused: Stopped | None = None
    try:
        await _name(talk, probe, size=len(message))
        if probe.rcpt_to and message:
            await _start(talk)
            await _send(talk, message, message_id)
    except Stopped as stop:
        if not _goes_on(stop):
            raise
        refused = stop
    stage = talk.draft.stage
    usable = await _try_others(talk, probe) if probe.senders else True
    talk.draft.stage = stage  # what became of the first sender is what the reading is about
    if refused is not None:
        raise Stopped(refused.fault, refused.detail, reply=refused.reply, in_step=usable)
    if not usable:
        _hang_up(talk)
    elif probe.rcpt_to and not message:
        await _ask_for_data(talk, probe)
    elif not message:
        await talk.courtesy("RSET")


def _goes_on(stop: Stopped) -> bool:
    """Whether the connection can still be used after a refusal: both sides know whose turn it is, and the server has not said goodbye."""
    return stop.fault is Fault.REJECTED and stop.in_step and stop.reply is not None and stop.reply.code != SHUTTING_DOWN


async def _name(talk: Talk, probe: SubmissionProbe, *, size: int) -> None:
    draft = talk.draft
    announced = f" SIZE={size}" if size and draft.offers("SIZE") else ""  # RFC 1870 section 5
    reply = await talk.command(f"MAIL FROM:<{probe.mail_from}>{announced}", Stage.MAIL)
    draft.mail = _answer(reply, 2)
    talk.expect(reply, 2)
    if probe.rcpt_to:
        reply = await talk.command(f"RCPT TO:<{probe.rcpt_to}>", Stage.RCPT)
        draft.rcpt = _answer(reply, 2)
        talk.expect(reply, 2)


async def _start(talk: Talk) -> None:
    reply = await talk.command("DATA", Stage.DATA)
    talk.draft.data = _answer(reply, 3)
    talk.expect(reply, 3)
    await talk.nothing_unasked()


async def _ask_for_data(talk: Talk, probe: SubmissionProbe) -> None:
    """Learn whether the server would take a message now, and give it none.

    After 354 there is no command that takes it back. A server that loses the connection before the final dot must forget what it
    has (RFC 5321 section 4.1.1.10), so that nothing is delivered; not even QUIT is said, for it would be a line of the message.
    """
    if probe.senders:  # the last of them was taken back
        try:
            for line in (f"MAIL FROM:<{probe.mail_from}>", f"RCPT TO:<{probe.rcpt_to}>"):
                talk.expect(await talk.command(line, Stage.DATA), 2)
        except Stopped as stop:
            talk.draft.note("*", "the server did not take the first sender a second time; DATA was not said")
            if not _goes_on(stop):
                _hang_up(talk)
            return
    await _start(talk)
    talk.draft.note("*", "the connection is closed here, before a word of a message, so that the server has nothing to deliver")
    _hang_up(talk)


def _hang_up(talk: Talk) -> None:
    talk.draft.ended = True
    talk.hang_up()


async def _try_others(talk: Talk, probe: SubmissionProbe) -> bool:
    """Name each further sender with the recipient, and take it back. Return whether the connection is of further use.

    What goes wrong here is nothing against the first sender; those who were not reached are missing from the trials.
    """
    refusals, until = 0, asyncio.get_running_loop().time() + TRIAL_SECONDS
    try:
        for address in probe.senders:
            if asyncio.get_running_loop().time() >= until:
                break
            await _taken_back(talk)
            trial = Trial(address=address, mail=_answer(await talk.command(f"MAIL FROM:<{address}>", Stage.MAIL), 2))
            if trial.mail is not None and trial.mail.positive and probe.rcpt_to:
                trial = replace(trial, rcpt=_answer(await talk.command(f"RCPT TO:<{probe.rcpt_to}>", Stage.RCPT), 2))
            talk.draft.trials.append(trial)
            last = trial.rcpt or trial.mail
            if last is None or last.code == SHUTTING_DOWN:
                return False
            refusals += not last.positive
            if refusals >= MAX_REFUSALS:
                break
        await _taken_back(talk)
    except Stopped as stop:
        talk.draft.note("*", f"the conversation ended while further senders were tried: {stop.detail or stop.fault.value}")
        return _goes_on(stop)
    return True


async def _taken_back(talk: Talk) -> None:
    talk.expect(await talk.command("RSET", Stage.MAIL), 2)


def _answer(reply: Reply, hundreds: int) -> Reply | None:
    """Return the reply if it settles the question; one that is neither this yes nor a no (354 to MAIL) is nobody's answer."""
    return reply if not reply.positive or reply.code // 100 == hundreds else None


async def _send(talk: Talk, message: bytes, message_id: str) -> None:
    """Send it once. If the answer is lost, nobody knows whether the server has it, and it is not sent again (RFC 5321 section 4.2.5)."""
    talk.draft.stage = Stage.MESSAGE
    talk.draft.message_id = message_id
    try:
        reply = await talk.message(for_data(message), f"[the test message, {len(message)} octets, and the final dot]")
    except Stopped as stop:
        raise Stopped(Fault.UNCONFIRMED, f"the server may or may not have taken the message: {stop.detail}") from None
    talk.draft.accepted = _answer(reply, 2)
    talk.expect(reply, 2)
