"""The second half of a conversation: logging in, naming sender and recipient, handing over the one test message."""

from __future__ import annotations

import asyncio
import base64

from checks.gather.sasl import Mechanism, SaslError, decoded
from checks.gather.smtp_draft import Stopped
from checks.gather.smtp_talk import CHALLENGE, Talk
from checks.probes import Fault, Reply, Stage, SubmissionProbe
from checks.records.message import for_data

MAX_CHALLENGES = 4  # SCRAM has two, LOGIN two
MAX_COMMAND = 510  # octets without CRLF (RFC 5321 section 4.5.3.1.4); a longer initial response waits for the challenge (RFC 4954 section 4)
MAX_REMARK = 500


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
    try:
        if reply.positive:
            mechanism.accept()
    except SaslError as error:
        raise Stopped(Fault.MALFORMED, str(error), in_step=True) from None
    talk.draft.auth = _answer(reply, 2)
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
            answer = await asyncio.to_thread(mechanism.answer, talk.challenge)  # SCRAM calculates for up to half a second
        shown = "" if not answer else "[user name]" if mechanism.name == "LOGIN" and number == 0 else "[secret]"
        reply = await talk.command(_encoded(talk, answer), Stage.AUTH, shown=shown, hide=hide)
    if reply.code == CHALLENGE:
        raise SaslError("the server asks on and on")
    return reply


def _encoded(talk: Talk, octets: bytes) -> str:
    line = base64.b64encode(octets).decode()
    talk.redact.learn_line(line)
    return line


def _remark(talk: Talk, mechanism: Mechanism) -> None:
    """Keep what XOAUTH2 says of a token in words, for it says more than the 535 that follows."""
    if mechanism.name != "XOAUTH2":
        return
    try:
        words = decoded(talk.challenge).decode("latin-1")
    except SaslError:
        return
    talk.draft.note("*", f"the server says of the token: {talk.redact(words)[:MAX_REMARK]}")


async def hand_over(talk: Talk, probe: SubmissionProbe, message: bytes, message_id: str) -> None:
    """Name the sender and exactly one recipient, then send the message if there is one; otherwise take it all back."""
    draft = talk.draft
    if not probe.mail_from:
        return
    size = f" SIZE={len(message)}" if message and draft.offers("SIZE") else ""  # RFC 1870 section 5
    reply = await talk.command(f"MAIL FROM:<{probe.mail_from}>{size}", Stage.MAIL)
    draft.mail = _answer(reply, 2)
    talk.expect(reply, 2)
    if probe.rcpt_to:
        reply = await talk.command(f"RCPT TO:<{probe.rcpt_to}>", Stage.RCPT)
        draft.rcpt = _answer(reply, 2)
        talk.expect(reply, 2)
    if not (probe.rcpt_to and message):
        await talk.courtesy("RSET")
        return
    reply = await talk.command("DATA", Stage.DATA)
    draft.data = _answer(reply, 3)
    talk.expect(reply, 3)
    await talk.nothing_unasked()
    await _send(talk, message, message_id)


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
