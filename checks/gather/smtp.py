"""Answers `SmtpProbe`, `SubmissionProbe` and `TlsProbe`: connects, drives the conversation, and turns every fault of the other side into a reading.

One connection at a time to each address and port; one password, tried once; nothing is sent twice. The conversation itself is
smtp_talk and smtp_submission.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from checks.evidence import Probe, Reading, State
from checks.gather import sasl, tls
from checks.gather.no_connection import Why, why
from checks.gather.passwords import NoPasswordError, Passwords, ResolveSecret, Wanted
from checks.gather.smtp_aside import aside
from checks.gather.smtp_draft import Draft, Stopped, Timeouts
from checks.gather.smtp_once import Once
from checks.gather.smtp_redact import Redactor
from checks.gather.smtp_submission import hand_over, log_in
from checks.gather.smtp_talk import Talk
from checks.gather.smtp_turns import Place, Turns
from checks.gather.smtp_wire import open_wire
from checks.probes import Fault, SmtpProbe, Stage, SubmissionProbe, TlsProbe, TlsReading
from checks.records.message import Letter, address_problem, build_test_message
from checks.records.smtp_reply import mechanisms
from checks.secret import LeakGuard, Secret
from checks.settings import Auth, Security
from checks.subject import Content

__all__ = ["SmtpGatherer", "Timeouts"]

MARGIN = 0.3  # seconds kept back, so that a partial transcript comes home instead of a cancellation
GLIMPSE = 5.0  # seconds for one look that is not needed
LATE = 5  # seconds after which a greeting comes late
IMPLICIT_TLS_PORT = 465  # RFC 8314 section 7.3: there the client begins, and a server that waits for it says nothing
TIME_TO_SPARE = 5.0  # of the whole run, or such a look is left out
OWN_NAME_SECONDS = 2.0  # the name service may be slow; an address literal will do
NO_LITERAL = "[127.0.0.1]"  # RFC 5321 section 4.1.4 asks for an address literal where there is no name; this one tells nothing of our network
_NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9-]{2,63}")
_EHLO = re.compile(rf"{_NAME.pattern}|[A-Za-z0-9-]{{1,63}}|\[[0-9A-Za-z.:]{{2,60}}\]")

AnyProbe = SmtpProbe | SubmissionProbe | TlsProbe


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """What must be at hand before a connection is worth its while."""

    ehlo: str
    secret: Secret | None = None
    message: bytes = b""
    message_id: str = ""


class SmtpGatherer:
    """Holds conversations with mail servers."""

    def __init__(
        self,
        *,
        resolve_secret: ResolveSecret,
        ehlo_name: str = "",
        ca_file: str | None = None,
        port_map: Mapping[int, int] = MappingProxyType({}),
        guard: LeakGuard | None = None,
        timeouts: Timeouts | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Say who we are and whom we trust. Raises `ValueError` with a sentence for a name or file that cannot be used.

        `resolve_secret` turns a reference into the secret and raises `LookupError` or `ValueError` with a sentence for a person.
        `ca_file` holds extra trusted roots. `port_map`: connect to B where A is meant, in a lab.
        """
        if ehlo_name and not _EHLO.fullmatch(ehlo_name):
            raise ValueError("the name that we present must be a host name or an address in brackets")
        self._passwords = Passwords(resolve_secret)
        self._ehlo_name = ehlo_name
        self._trust = tls.Trust(ca_file)
        self._port_map = dict(port_map)
        self._guard = guard or LeakGuard()
        self._timeouts = timeouts or Timeouts()
        self._now = now
        self._once = Once()
        self._turns = Turns()
        self._slow: set[Place] = set()
        self._late: set[Place] = set()

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        """Ask. Comes back before `budget` seconds are over, with what was seen until then."""
        if not isinstance(probe, SmtpProbe | SubmissionProbe | TlsProbe):
            raise TypeError(f"{probe.kind} is not a question for a mail server")
        ends = asyncio.get_running_loop().time() + budget - min(MARGIN, budget / 5)
        if isinstance(probe, TlsProbe):
            return await self._glimpse(probe, ends)
        with self._turns.wanting(self._place(probe)):
            return await self._asked(probe, ends)

    async def _glimpse(self, probe: TlsProbe, ends: float) -> TlsReading:
        """Look once more from another side, when all else is done."""
        draft = Draft()
        try:
            async with asyncio.timeout_at(ends - TIME_TO_SPARE):
                await self._turns.quiet(self._place(probe))
            await self._look_aside(probe, draft, ends)
        except Stopped as stop:
            draft.fault, draft.detail = stop.fault, stop.detail
        except TimeoutError:
            draft.fault, draft.detail = Fault.TIMEOUT, "the time for the whole run was too short for this"
        return TlsReading(state=draft.state, detail=draft.detail, stage=draft.stage, fault=draft.fault, tls=draft.tls)

    async def _look_aside(self, probe: TlsProbe, draft: Draft, ends: float) -> None:
        place, redact = self._place(probe), Redactor(self._guard)
        async with self._turn(probe, ends - TIME_TO_SPARE):
            if place in self._slow:
                raise Stopped(Fault.TIMEOUT, "the server is slow, and this was not worth a longer wait")
            prepared = await self._prepare(probe, redact, ends)
            context, name = tls.Trust.looking_up_to(probe.highest), probe.host if probe.named else None
            soon = min(ends, asyncio.get_running_loop().time() + GLIMPSE)
            try:
                await self._shake_hands(probe, prepared.ehlo, context, name, draft, soon)
            except Stopped as stop:
                if stop.fault is Fault.TIMEOUT:
                    self._slow.add(place)  # one wait is enough
                raise

    async def _asked(self, probe: AnyProbe, ends: float) -> Reading:
        redact = Redactor(self._guard)
        try:
            prepared = await self._prepare(probe, redact, ends)
        except Stopped as stop:
            return _brought_home(probe, Draft(), redact, stop)
        if isinstance(probe, SubmissionProbe) and prepared.secret is not None:
            login = self._passwords.login(_wanted(probe), prepared.secret)
            return await self._once(login, lambda: self._held(probe, prepared, redact, ends))
        return await self._held(probe, prepared, redact, ends)

    async def _held(self, probe: AnyProbe, prepared: _Prepared, redact: Redactor, ends: float) -> Reading:
        draft = Draft()
        try:
            await self._converse(probe, prepared, draft, redact, ends)
        except Stopped as stop:
            return _brought_home(probe, draft, redact, stop)
        return _brought_home(probe, draft, redact)

    # --- before connecting --------------------------------------------------------------------------------------------

    async def _converse(self, probe: AnyProbe, prepared: _Prepared, draft: Draft, redact: Redactor, ends: float) -> None:
        async with self._turn(probe, ends):
            try:
                await self._first(probe, prepared, draft, redact, ends)
            except Stopped:
                if _certificate_missing(draft):
                    await self._look_at_certificate(probe, prepared.ehlo, draft, ends)
                raise

    async def _prepare(self, probe: AnyProbe, redact: Redactor, ends: float) -> _Prepared:
        try:
            ipaddress.ip_address(probe.address)
        except ValueError:
            raise Stopped(Fault.MALFORMED, "the server's address is not an IP address") from None
        name = probe.ehlo or self._ehlo_name or await self._own_name(ends)
        if not _EHLO.fullmatch(name):
            raise Stopped(Fault.MALFORMED, "the name that we are to present is neither a host name nor an address in brackets")
        if not isinstance(probe, SubmissionProbe):
            return _Prepared(ehlo=name)
        _check_envelope(probe)
        message, message_id = self._message(probe)
        secret = await self._secret(probe, redact, ends) if probe.auth is not Auth.NONE and _may_log_in(probe) else None
        return _Prepared(ehlo=name, secret=secret, message=message, message_id=message_id)

    async def _own_name(self, ends: float) -> str:
        """Find the machine's own full name, once; it may ask the name service."""
        left = ends - asyncio.get_running_loop().time()
        try:
            found = await asyncio.wait_for(aside(socket.getfqdn), max(0.0, min(OWN_NAME_SECONDS, left)))
        except TimeoutError:
            found = ""
        plausible = _NAME.fullmatch(found) and not found.startswith("localhost") and not re.fullmatch(r"[0-9.]+|.*\.arpa", found)
        self._ehlo_name = found if plausible else NO_LITERAL
        return self._ehlo_name

    def _message(self, probe: SubmissionProbe) -> tuple[bytes, str]:
        if not (probe.message and probe.mail_from and probe.rcpt_to):
            return b"", ""
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
            date=self._now(),
        )
        try:
            return build_test_message(letter), letter.message_id
        except ValueError as error:
            raise Stopped(Fault.MALFORMED, str(error)) from None

    async def _secret(self, probe: SubmissionProbe, redact: Redactor, ends: float) -> Secret:
        """Resolve the reference: before connecting, so that no connection is wasted on a password that is not there."""
        try:
            return await self._passwords.find(_wanted(probe), redact, ends)
        except NoPasswordError as error:
            raise Stopped(Fault.NO_SECRET, str(error)) from None

    @asynccontextmanager
    async def _turn(self, probe: AnyProbe, ends: float) -> AsyncIterator[None]:
        """Wait until nobody else here talks to this address and port."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._turns.taken(self._place(probe), ends))
            except TimeoutError:
                raise Stopped(Fault.TIMEOUT, "the time for the whole run was up before it was this question's turn") from None
            yield

    def _place(self, probe: AnyProbe) -> Place:
        return probe.address, self._port_map.get(probe.port, probe.port)

    # --- the conversation ---------------------------------------------------------------------------------------------

    async def _first(self, probe: AnyProbe, prepared: _Prepared, draft: Draft, redact: Redactor, ends: float) -> None:
        talk = await self._connect(probe, draft, redact, ends)
        try:
            await self._say_all(talk, probe, prepared)
            draft.stage = Stage.QUIT
            if not draft.ended:
                await talk.courtesy("QUIT")
        except Stopped as stop:
            if stop.in_step:
                await talk.courtesy("QUIT")
            elif stop.fault is Fault.TIMEOUT and draft.stage in (Stage.EHLO, Stage.EHLO_TLS, Stage.MAIL, Stage.RCPT):
                talk.farewell()
            raise
        finally:
            if draft.greeted_after > LATE:
                self._late.add(self._place(probe))
            talk.hang_up()

    async def _say_all(self, talk: Talk, probe: AnyProbe, prepared: _Prepared) -> None:
        await self._until_tls(talk, probe, prepared.ehlo)
        if probe.security is not Security.NONE:
            await talk.handshake(self._trust, probe.host)
        if probe.security is Security.IMPLICIT_TLS:
            await talk.greet()
            await talk.hello(prepared.ehlo, Stage.EHLO)
        elif probe.security is Security.STARTTLS:
            await talk.hello(prepared.ehlo, Stage.EHLO_TLS)
        if isinstance(probe, SubmissionProbe):
            if probe.auth is not Auth.NONE:
                await log_in(talk, self._mechanism(talk.draft, probe, prepared))
            await hand_over(talk, probe, prepared.message, prepared.message_id)

    async def _until_tls(self, talk: Talk, probe: AnyProbe, ehlo: str) -> None:
        if probe.security is Security.IMPLICIT_TLS:
            return
        await talk.greet()
        await talk.hello(ehlo, Stage.EHLO)
        if probe.security is Security.STARTTLS:
            await talk.starttls()

    def _mechanism(self, draft: Draft, probe: SubmissionProbe, prepared: _Prepared) -> sasl.Mechanism:
        draft.stage = Stage.AUTH
        if prepared.secret is None:
            raise Stopped(Fault.NO_COMMON_MECHANISM, "a password never travels unencrypted, so no login was tried", in_step=True)
        offered = mechanisms(draft.offered)
        name = sasl.choose(probe.auth, offered)
        if not name:
            raise Stopped(
                Fault.NO_COMMON_MECHANISM,
                f"the server offers {', '.join(mechanisms(draft.capabilities)) or 'no way to log in'}",
                in_step=True,
            )
        return sasl.mechanism(name, probe.username, prepared.secret)

    async def _connect(self, probe: AnyProbe, draft: Draft, redact: Redactor, ends: float) -> Talk:
        seconds = self._timeouts.connect
        patience = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(min(patience, ends)):
                wire = await open_wire(*self._place(probe))
        except TimeoutError:
            if ends < patience:  # we were in a hurry, which says nothing about the server
                raise Stopped(Fault.TIMEOUT, "the time for the whole run was up before a connection came about") from None
            draft.state = State.TIMEOUT
            raise Stopped(Fault.TIMEOUT, f"no connection came about within {seconds:g} s") from None
        except (OSError, OverflowError) as error:
            draft.state, fault, detail = _no_connection(error)
            raise Stopped(fault, detail) from None
        draft.state = State.OK
        return Talk(wire, draft, redact=redact, timeouts=self._timeouts, ends=ends, share=self._share(probe))

    def _share(self, probe: AnyProbe) -> float:
        """How much of the time that is left a greeting is worth."""
        if self._place(probe) in self._late:
            return 1.0  # it comes, as the conversation before this one has shown
        silent_by_rights = probe.port == IMPLICIT_TLS_PORT and probe.security is not Security.IMPLICIT_TLS
        return 0.0 if silent_by_rights else 0.5

    async def _look_at_certificate(self, probe: AnyProbe, ehlo: str, draft: Draft, ends: float) -> None:
        """Connect once more, unverified, take the certificate and hang up. Nothing is said after the handshake."""
        scratch = Draft()
        draft.note("*", "a second connection, without password, to read the certificate")
        try:
            await self._shake_hands(probe, ehlo, self._trust.looking, probe.host, scratch, ends)
        except Stopped as stop:
            draft.note("*", f"the second connection ended early: {stop.fault.value}")
            return
        if draft.tls and scratch.tls:
            seen, failed = scratch.tls, draft.tls
            draft.tls = replace(seen, verify_code=failed.verify_code, verify_reason=failed.verify_reason, error=failed.error)

    async def _shake_hands(
        self, probe: AnyProbe, ehlo: str, context: ssl.SSLContext, name: str | None, draft: Draft, ends: float
    ) -> None:
        """Connect, begin TLS with whomever it may be, and hang up."""
        talk = await self._connect(probe, draft, Redactor(self._guard), ends)
        try:
            await self._until_tls(talk, probe, ehlo)
            await talk.unverified_handshake(context, name)
        finally:
            talk.hang_up()


def _certificate_missing(draft: Draft) -> bool:
    """Tell whether a handshake failed with a peer that does speak TLS."""
    facts = draft.tls
    if draft.stage is not Stage.HANDSHAKE or facts is None or facts.verified or facts.error in (tls.TIMED_OUT, "BAD_NAME"):
        return False
    return not draft.first_bytes


def _wanted(probe: SubmissionProbe) -> Wanted:
    return Wanted(source=probe.secret_source, ref=probe.secret_ref, username=probe.username, host=probe.host)


def _brought_home(probe: AnyProbe, draft: Draft, redact: Redactor, stop: Stopped | None = None) -> Reading:
    if stop is not None:
        draft.fault, draft.reply, draft.detail = stop.fault, stop.reply, redact(stop.detail)
    return draft.looked() if isinstance(probe, SmtpProbe) else draft.submitted()


def _may_log_in(probe: SubmissionProbe) -> bool:
    return probe.security is not Security.NONE or ipaddress.ip_address(probe.address).is_loopback


def _check_envelope(probe: SubmissionProbe) -> None:
    for what, address in (("sender", probe.mail_from), ("recipient", probe.rcpt_to), *(("sender", one) for one in probe.senders)):
        if address and (problem := address_problem(address)):
            raise Stopped(Fault.MALFORMED, f"{what} address: {problem}")


def _no_connection(error: OSError | OverflowError) -> tuple[State, Fault, str]:
    match why(error):
        case Why.REFUSED:
            return State.REFUSED, Fault.REFUSED, "nothing listens on this port, or a firewall turns us away"
        case Why.CUT:
            return State.REFUSED, Fault.CLOSED, "the connection was cut while it was being made"
        case Why.LATE:
            return State.TIMEOUT, Fault.TIMEOUT, "no connection came about in time"
        case Why.NO_WAY:
            return State.NOT_ATTEMPTED, Fault.UNREACHABLE, "there is no way from this machine to that address"
    return State.NOT_ATTEMPTED, Fault.UNREACHABLE, "the connection could not be made"
