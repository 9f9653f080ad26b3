"""The IMAP conversation, command by command, and its transcript (RFC 3501, RFC 9051): greeting, TLS, commands and their answers.

Strict where trust hangs on it: what came in clear is forgotten once TLS begins, an answer that belongs to no command ends the
conversation. What the commands are for is imap_mailbox.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Sequence

from checks.gather import tls
from checks.gather.imap_draft import ArrivalDraft, Ended, ImapTimeouts
from checks.gather.smtp_redact import Redactor
from checks.gather.smtp_wire import FIRST, Wire
from checks.probes import ArrivalFault, ArrivalStage, TlsFacts
from checks.probes.arrival import MAX_MESSAGE
from checks.records.imap_meaning import capabilities
from checks.records.imap_response import SMALL_LITERAL, ImapProblem, Response, ResponseParser, Status
from checks.records.smtp_reply import service_of
from checks.tables.ordinary import is_ordinary

MAX_RESPONSES = 5_000  # to one command; a mailbox with as many folders is none of a person's
MAX_OCTETS = 3 * MAX_MESSAGE  # of one conversation; an honest one has the message and some kilobytes
MAX_SHOWN = 4_000  # characters of a line that are looked through, of which some hundred are shown
_BEGINS = re.compile(r"(?:\*|S[0-9]{3}) (?:OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)
Each = Callable[[Response], None]


class ImapTalk:
    """One connection's conversation. How it ends badly is an `Ended`; what was seen until then is in the draft."""

    def __init__(self, wire: Wire, draft: ArrivalDraft, *, redact: Redactor, timeouts: ImapTimeouts, ends: float) -> None:
        """`ends`: when the time for everything is up, on the event loop's clock."""
        self.draft = draft
        self.redact = redact
        self.timeouts = timeouts
        self.capabilities: tuple[str, ...] = ()
        """What the server said last that it can do."""
        self.preauthenticated = False
        self._wire = wire
        self._ends = ends
        self._parser = ResponseParser()
        self._octets = 0
        self._number = 0
        self._leaving = False

    # --- steps --------------------------------------------------------------------------------------------------------

    async def greet(self) -> None:
        """Wait for the greeting (RFC 3501 section 7.1)."""
        self.draft.stage = ArrivalStage.GREETING
        try:
            async with self._within(self.timeouts.greeting):
                response = await self._next()
        except TimeoutError:
            raise Ended(ArrivalFault.TIMEOUT, self._late(self.timeouts.greeting)) from None
        except Ended as end:
            raise self._no_greeting(end) from None
        status = response.status
        if response.tag != "*" or status is None or status.kind not in ("OK", "PREAUTH", "BYE"):
            raise self._no_greeting(Ended(ArrivalFault.MALFORMED, "what the server says first is no greeting of a mailbox"))
        if status.kind == "BYE":
            raise self._rejected("the server turns us away", status)
        self.preauthenticated = status.kind == "PREAUTH"
        self._learn(response)

    def _no_greeting(self, end: Ended) -> Ended:
        first = self._wire.first
        service = service_of(first.decode("latin-1"))
        strange = end.fault in (ArrivalFault.MALFORMED, ArrivalFault.TOO_LONG, ArrivalFault.CLOSED)
        if not first or not strange or first.startswith(b"* "):
            return end
        named = f"what answers there speaks {service}, not IMAP" if service else "what answers there does not speak IMAP"
        self.draft.note("S", self.redact(first.decode("latin-1")))
        return Ended(ArrivalFault.NOT_IMAP, named)

    async def starttls(self) -> bool:
        """Ask for TLS (RFC 3501 section 6.2.1). False: it is not offered."""
        self.draft.stage = ArrivalStage.STARTTLS
        told_unasked = bool(self.capabilities)
        await self.know()
        if told_unasked and "STARTTLS" not in self.capabilities:  # a greeting may tell less than there is
            await self.expect("CAPABILITY", "the server does not say what it can do")
        if "STARTTLS" not in self.capabilities:
            return False
        await self.expect("STARTTLS", "the server does not begin TLS, although it offers it")
        if await self._early():
            raise Ended(ArrivalFault.INJECTED, "bytes came between the server's answer to STARTTLS and the TLS handshake")
        self.capabilities = ()  # RFC 3501 section 6.2.1: what was said in clear is discarded
        return True

    async def handshake(self, trust: tls.Trust, host: str) -> None:
        """Begin TLS. Unless the certificate holds, the conversation ends."""
        self.draft.stage = ArrivalStage.HANDSHAKE
        try:
            async with self._within(self.timeouts.handshake):
                session = await self._wire.handshake(trust.verifying, host)
        except TimeoutError:
            self.draft.tls = TlsFacts(verified=False, error=tls.TIMED_OUT)
            raise Ended(ArrivalFault.TIMEOUT, self._late(self.timeouts.handshake)) from None
        except ssl.SSLError as error:
            self.draft.tls = tls.facts_of_failure(error)
            raise self._no_handshake(self.draft.tls) from None
        except ValueError as error:
            self.draft.tls = TlsFacts(verified=False, error="BAD_NAME")
            raise Ended(ArrivalFault.TLS_FAILED, str(error)) from None
        self.draft.tls = tls.facts_of(session, verified=True)
        self.draft.note("*", f"TLS handshake, verified: {self.draft.tls.version} {self.draft.tls.cipher}")

    def _no_handshake(self, facts: TlsFacts) -> Ended:
        self.draft.note("*", f"TLS handshake failed: {facts.error or facts.verify_reason}")
        if facts.verify_code:
            return Ended(ArrivalFault.TLS_FAILED, f"the mailbox server's certificate is not trusted: {facts.verify_reason}")
        if self._wire.first and service_of(self._wire.first.decode("latin-1")) != "TLS":
            return Ended(ArrivalFault.TLS_FAILED, "the server speaks in clear where TLS should begin; imap:// asks for STARTTLS")
        why = "the server hung up" if facts.error == tls.HUNG_UP else facts.error
        return Ended(ArrivalFault.TLS_FAILED, f"no TLS handshake came about: {why}")

    async def know(self) -> None:
        """See that we know what the server can do."""
        if not self.capabilities:
            await self.expect("CAPABILITY", "the server does not say what it can do")

    async def leave(self) -> None:
        """Say LOGOUT; whether and what the server answers does not count."""
        self._leaving = True
        try:
            await self.command("LOGOUT", seconds=self.timeouts.logout)
        except Ended:
            return

    def hang_up(self) -> None:
        """End the connection at once."""
        self._wire.close()

    # --- commands -----------------------------------------------------------------------------------------------------

    async def expect(self, line: str, otherwise: str, each: Each | None = None) -> Status:
        """Give a command that must be answered with OK; `otherwise` says what it means if not."""
        status = await self.command(line, each=each)
        if status.kind != "OK":
            raise self._rejected(otherwise, status)
        return status

    async def command(
        self,
        line: str,
        *,
        shown: str = "",
        answers: Sequence[bytes] = (),
        each: Each | None = None,
        seconds: float = 0.0,
        literal_limit: int = SMALL_LITERAL,
    ) -> Status:
        """Give one command and return how it ended: OK, NO or BAD.

        `shown` stands in the transcript instead. `answers`: what to say, secretly, each time that the server asks to go on.
        `each` is given the untagged responses one by one.
        """
        self._number += 1
        tag = f"S{self._number:03d}"
        self._parser.literal_limit = literal_limit
        self._say(f"{tag} {line}".encode("latin-1"), f"{tag} {shown}" if shown else "")
        patience = seconds or self.timeouts.reply
        try:
            async with self._within(patience):
                return await self._answer(tag, list(answers), each)
        except TimeoutError:
            raise Ended(ArrivalFault.TIMEOUT, self._late(patience)) from None

    async def _answer(self, tag: str, answers: list[bytes], each: Each | None) -> Status:
        for _ in range(MAX_RESPONSES):
            response = await self._next()
            if response.tag == "+":
                if not answers:
                    raise Ended(ArrivalFault.MALFORMED, "the server asks to go on where there is nothing to say")
                self._say(answers.pop(0), "[secret]")
                continue
            status = response.status
            if response.tag == "*":
                if status is not None and status.kind == "BYE" and not self._leaving:
                    raise self._rejected("the server ends the conversation", status)
                self._learn(response)
                if each is not None:
                    each(response)
                continue
            if response.tag != tag:  # RFC 3501 section 2.2.2
                raise Ended(ArrivalFault.MALFORMED, "the server answers a command that was not given")
            if status is None or status.kind not in ("OK", "NO", "BAD"):
                raise Ended(ArrivalFault.MALFORMED, "the server answers a command with neither OK nor NO nor BAD")
            self._learn(response)
            return status
        raise Ended(ArrivalFault.TOO_LONG, f"the server answers one command with more than {MAX_RESPONSES} lines")

    # --- below the commands -------------------------------------------------------------------------------------------

    def _say(self, octets: bytes, shown: str) -> None:
        self.draft.note("C", shown or self.redact.said(octets.decode("latin-1")))
        self._wire.send(octets + b"\r\n")

    async def _next(self) -> Response:
        while (found := self._parser.take()) is None:
            octets = await self._wire.receive()
            if not octets:
                raise Ended(ArrivalFault.CLOSED, "the server closed the connection")
            self._octets += len(octets)
            if self._octets > MAX_OCTETS:
                raise Ended(ArrivalFault.TOO_LONG, f"the server sends more than {MAX_OCTETS:,} octets")
            self._parser.feed(octets)
        if isinstance(found, ImapProblem):
            raise Ended(ArrivalFault.TOO_LONG if found.too_long else ArrivalFault.MALFORMED, found.text)
        if self.draft.noting:
            self.draft.note("S", self._kept(found.shown)[: 2 * FIRST])
        return found

    async def _early(self) -> bool:
        """Tell whether something has arrived that no command asked for."""
        # The event loop looks at the socket in one round and hands over what it found in the next.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._parser.feed(self._wire.take())
        return self._parser.waiting

    def _learn(self, response: Response) -> None:
        told = capabilities(response)
        if told is not None:
            self.capabilities = told

    def _rejected(self, what: str, status: Status) -> Ended:
        said = self.words_of(status)[: 2 * FIRST]
        return Ended(ArrivalFault.REJECTED, f"{what}: {said}", reply=said, in_step=status.kind != "BYE")

    def words_of(self, status: Status) -> str:
        """Return what may be kept of the server's answer: if nothing else, then yes or no and a code that many servers use."""
        said = self.redact(str(status))
        if said != self.redact.instead:
            return said
        code = f"[{status.code}] " if is_ordinary(status.code) and not self.redact.tells(status.code) else ""
        return f"{status.kind} {code}{said}"

    def _kept(self, line: str) -> str:
        said = self.redact(line[:MAX_SHOWN])
        begins = _BEGINS.match(line)
        return f"{begins[0]} {said}" if begins and said == self.redact.instead else said

    def _within(self, seconds: float) -> asyncio.Timeout:
        return asyncio.timeout_at(min(asyncio.get_running_loop().time() + seconds, self._ends))

    def _late(self, seconds: float) -> str:
        if asyncio.get_running_loop().time() >= self._ends:
            return "the time for the whole run was up"
        return f"no complete answer came within {seconds:g} s"
