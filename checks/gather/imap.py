"""Answers `ArrivalProbe`: opens the mailbox that the test message was sent to, and waits until it is there or the time is up.

Read-only, bounded, one login in a run. Every fault of the other side becomes a reading. The conversation itself is imap_talk and
imap_mailbox.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from checks.evidence import Probe, Reading, State
from checks.gather import tls
from checks.gather.imap_draft import ArrivalDraft, Ended, Hit, ImapTimeouts
from checks.gather.imap_mailbox import INBOX, Search, find_folders, log_in
from checks.gather.imap_talk import ImapTalk
from checks.gather.no_connection import Why, why
from checks.gather.passwords import Login, NoPasswordError, Passwords, ResolveSecret, Wanted
from checks.gather.smtp_redact import Redactor
from checks.gather.smtp_wire import Wire, open_wire
from checks.probes import ArrivalFault, ArrivalProbe, ArrivalReading, ArrivalStage
from checks.records.imap_meaning import Listed
from checks.secret import LeakGuard, Secret
from checks.settings import Security
from checks.subject import Way

__all__ = ["ImapGatherer", "ImapTimeouts"]

MARGIN = 0.3  # seconds kept back, so that what was seen comes home instead of a cancellation
RESERVE = 5.0  # seconds kept back from waiting: the last look, and what rules ask of DNS about the message
RESERVE_PART = 0.15  # or this part of the time, where there is little
MAX_ADDRESSES = 4
FIRST_PAUSE = 1.0  # seconds between the first two looks
GROWTH = 1.5
LONGEST_PAUSE = 10.0
TICK = 1.0  # seconds between two words about the waiting

Say = Callable[[str], None]


class ImapGatherer:
    """Looks into mailboxes."""

    def __init__(
        self,
        *,
        resolve_secret: ResolveSecret,
        ca_file: str | None = None,
        port_map: Mapping[int, int] = MappingProxyType({}),
        guard: LeakGuard | None = None,
        timeouts: ImapTimeouts | None = None,
        say: Say | None = None,
    ) -> None:
        """`resolve_secret`, `ca_file` and `port_map` are as for the `SmtpGatherer`. `say` is told, again and again, what is waited for."""
        self._passwords = Passwords(resolve_secret)
        self._trust = tls.Trust(ca_file)
        self._port_map = dict(port_map)
        self._guard = guard or LeakGuard()
        self._timeouts = timeouts or ImapTimeouts()
        self._say = say or (lambda _text: None)
        self._presented: set[Login] = set()

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        """Ask. Comes back before `budget` seconds are over, with what was seen until then."""
        if not isinstance(probe, ArrivalProbe):
            raise TypeError(f"{probe.kind} is not a question for a mailbox")
        if probe.way is not Way.IMAP:
            return ArrivalReading(state=State.NOT_ATTEMPTED, detail="the saved message was not given to this run")
        now = asyncio.get_running_loop().time()
        ends = now + budget - min(MARGIN, budget / 5)
        draft = ArrivalDraft()
        redact = Redactor(self._guard)
        try:
            await self._converse(probe, draft, redact, ends, until=ends - min(RESERVE, budget * RESERVE_PART))
        except Ended as end:
            self._note_end(draft, end, redact, ends)
        return draft.reading()

    def _note_end(self, draft: ArrivalDraft, end: Ended, redact: Redactor, ends: float) -> None:
        if draft.looks and end.fault is ArrivalFault.TIMEOUT and asyncio.get_running_loop().time() >= ends:
            return  # every folder was looked at, and the waiting is over: the message has not come
        draft.fault, draft.reply, draft.detail = end.fault, end.reply, redact(end.detail)
        if draft.looks:
            draft.remark(f"after {draft.looks} rounds of looking: {draft.detail}")

    # --- before the login ---------------------------------------------------------------------------------------------

    async def _converse(self, probe: ArrivalProbe, draft: ArrivalDraft, redact: Redactor, ends: float, *, until: float) -> None:
        secret = await self._secret(probe, redact, ends)
        wire = await self._connect(probe, ends)
        talk = ImapTalk(wire, draft, redact=redact, timeouts=self._timeouts, ends=ends)
        try:
            await self._encrypt(talk, probe)
            await self._open(talk, probe, secret)
            await self._wait(talk, probe, until)
            draft.quiet = False
            draft.stage = ArrivalStage.LOGOUT
            await talk.leave()
        except Ended as end:
            if end.in_step:
                await talk.leave()
            raise
        finally:
            talk.hang_up()

    async def _secret(self, probe: ArrivalProbe, redact: Redactor, ends: float) -> Secret:
        """Resolve the reference: before connecting, so that no connection is wasted on a password that is not there."""
        try:
            return await self._passwords.find(_wanted(probe), redact, ends)
        except NoPasswordError as error:
            raise Ended(ArrivalFault.NO_SECRET, str(error)) from None

    async def _connect(self, probe: ArrivalProbe, ends: float) -> Wire:
        """Return a connection to the first address that takes one."""
        failed = Ended(ArrivalFault.UNREACHABLE, f"{probe.host} has no address")
        for address in probe.addresses[:MAX_ADDRESSES]:
            try:
                ipaddress.ip_address(address)
                async with asyncio.timeout_at(min(asyncio.get_running_loop().time() + self._timeouts.connect, ends)):
                    return await open_wire(address, self._port_map.get(probe.port, probe.port))
            except TimeoutError:
                failed = Ended(ArrivalFault.TIMEOUT, "no connection to the mailbox server came about in time")
            except (OSError, OverflowError, ValueError) as error:
                failed = _no_connection(error)
        raise failed

    async def _encrypt(self, talk: ImapTalk, probe: ArrivalProbe) -> None:
        """Come to where a password may be said: inside verified TLS, and nowhere else."""
        if probe.security is Security.IMPLICIT_TLS:
            await talk.handshake(self._trust, probe.host)
            await talk.greet()
            return
        await talk.greet()
        if talk.preauthenticated:  # in clear, whoever is in between may say so to keep us from TLS
            raise Ended(ArrivalFault.MALFORMED, "the server says that we are logged in, before anything is encrypted")
        if not await talk.starttls():
            raise Ended(
                ArrivalFault.STARTTLS_NOT_OFFERED,
                "the mailbox server does not offer to encrypt (no STARTTLS), and a password never travels unencrypted; try imaps://",
                in_step=True,
            )
        await talk.handshake(self._trust, probe.host)

    async def _open(self, talk: ImapTalk, probe: ArrivalProbe, secret: Secret) -> None:
        if talk.preauthenticated:
            return
        login = self._passwords.login(_wanted(probe), secret)
        if login in self._presented:
            raise Ended(
                ArrivalFault.LOGIN_REFUSED, "this login was tried a moment ago and is not tried twice in a run", in_step=True
            )
        self._presented.add(login)
        await log_in(talk, probe.username, secret)

    # --- in the mailbox -----------------------------------------------------------------------------------------------

    async def _wait(self, talk: ImapTalk, probe: ArrivalProbe, until: float) -> None:
        """Look into every folder until the message is there or the time is up; the pauses between two looks grow."""
        places = await find_folders(talk)
        search = Search(talk, probe)
        draft, began, pause = talk.draft, asyncio.get_running_loop().time(), FIRST_PAUSE
        while True:
            draft.hit = await self._look(talk, search, places)
            draft.folders = tuple(one.folder for one in places)
            now = asyncio.get_running_loop().time()
            draft.looks, draft.waited = draft.looks + 1, now - began
            if draft.hit or until - now <= 0:
                break
            draft.quiet = True
            await self._pause(min(pause, until - now), places, began)
            pause = min(pause * GROWTH, LONGEST_PAUSE)
        if draft.looks > 1:
            draft.remark(f"the folders were looked at {draft.looks} times in {draft.waited:.0f} s; the first time is shown")

    async def _look(self, talk: ImapTalk, search: Search, places: list[Listed]) -> Hit | None:
        """Look into each folder once; one that cannot be opened is not looked at again, unless it is INBOX."""
        for place in tuple(places):
            try:
                if (hit := await search.look(place)) is not None:
                    return hit
            except Ended as end:
                if place is INBOX or not end.in_step or talk.draft.stage is not ArrivalStage.SEARCH:
                    raise
                talk.draft.remark(end.detail)
                places.remove(place)
        return None

    async def _pause(self, seconds: float, places: list[Listed], began: float) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        names = " and ".join(one.folder.name for one in places)
        while (left := ends - loop.time()) > 0:
            self._say(f"waiting for the message in {names}, {loop.time() - began:.0f} s")
            await asyncio.sleep(min(TICK, left))


def _wanted(probe: ArrivalProbe) -> Wanted:
    return Wanted(
        source=probe.secret_source, ref=probe.secret_ref, username=probe.username, host=probe.host, whose="of the mailbox"
    )


def _no_connection(error: Exception) -> Ended:
    match why(error):
        case Why.REFUSED:
            return Ended(ArrivalFault.REFUSED, "nothing listens on the mailbox server's port, or a firewall turns us away")
        case Why.CUT:
            return Ended(ArrivalFault.REFUSED, "the mailbox server cut the connection while it was being made")
        case Why.LATE:
            return Ended(ArrivalFault.TIMEOUT, "no connection to the mailbox server came about in time")
    return Ended(ArrivalFault.UNREACHABLE, "the mailbox server cannot be reached from this machine")
