"""The SMTP conversation up to the second EHLO, command by command, and its transcript (RFC 5321, RFC 3207).

Strict where trust hangs on it: nothing is said before the greeting is whole, a reply that nobody asked for is nobody's answer, what
came in clear is forgotten once TLS begins.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import replace

from checks.gather import tls
from checks.gather.smtp_draft import Draft, Stopped, Timeouts
from checks.gather.smtp_redact import Redactor
from checks.gather.smtp_wire import FIRST, Wire
from checks.probes import Fault, Reply, Stage, TlsFacts
from checks.records.smtp_reply import MAX_LINE, ReplyParser, ReplyProblem, begins_like_a_reply, capabilities, service_of
from checks.records.tls_hello import group_of

READY = 220  # RFC 5321 section 4.2.3: the only code that invites a client to begin, after connecting and after STARTTLS
EHLO_UNKNOWN = (500, 502)  # RFC 5321 section 3.2: then HELO
NO_MAIL_COMMAND = (500, 502, 530)  # how file servers answer EHLO
SHUTTING_DOWN = 421  # RFC 5321 section 3.8: may come unasked
CHALLENGE = 334  # RFC 4954 section 4
_FTP = re.compile(r"ftpd?(?![a-z0-9])", re.IGNORECASE)


class Talk:
    """One connection's conversation. How it ends badly is a `Stopped`; what was seen until then is in the draft."""

    def __init__(
        self, wire: Wire, draft: Draft, *, redact: Redactor, timeouts: Timeouts, ends: float, share: float = 0.5
    ) -> None:
        """`ends`: when the time for everything is up, on the event loop's clock. `share`: how much of it a greeting may take."""
        self.draft = draft
        self.redact = redact
        self.timeouts = timeouts
        self.challenge = b""
        """The text of the last reply's first line as it came, for SASL; never kept."""
        self._wire = wire
        self._ends = ends
        self._share = share
        self._parser = ReplyParser()
        self._as_it_came = Reply(code=0, lines=())

    # --- steps --------------------------------------------------------------------------------------------------------

    async def greet(self) -> None:
        """Wait for the whole greeting (RFC 5321 section 3.1). Not one octet is sent before its last line."""
        self.draft.stage = Stage.GREETING
        began = asyncio.get_running_loop().time()
        try:
            reply = await self._reply(self.timeouts.for_greeting(self._ends - began, self._share))
        except Stopped as stop:
            raise self._no_greeting(stop) from None
        self.draft.greeted_after = round(asyncio.get_running_loop().time() - began)
        if reply.positive and reply.code != READY:
            self._keep_first()
            raise Stopped(Fault.NOT_SMTP, f"a mail server begins with {READY}, this one with {reply.code}")
        self.draft.greeting = reply
        if not reply.positive:
            raise Stopped(Fault.REJECTED, reply=reply, in_step=True)

    def _no_greeting(self, stop: Stopped) -> Stopped:
        self._keep_first()
        first = self._wire.first
        if first and not begins_like_a_reply(first) and stop.fault is not Fault.TOO_LONG:
            return Stopped(Fault.NOT_SMTP, "what answers is not a mail server")
        if not first and stop.fault is Fault.TIMEOUT:
            return Stopped(stop.fault, f"{stop.detail}; a port that expects TLS from the first byte is silent like this, too")
        return stop

    def _keep_first(self) -> None:
        self.draft.first_bytes = self.redact(self._wire.first.decode("latin-1"))[:FIRST]

    async def hello(self, name: str, stage: Stage) -> None:
        """Say EHLO; HELO to a server that does not know it."""
        reply = await self.command(f"EHLO {name}", stage)
        if reply.code in NO_MAIL_COMMAND and self._is_ftp():
            self._keep_first()
            raise Stopped(Fault.NOT_SMTP, "what answers is a file server (FTP), not a mail server", reply=reply, in_step=True)
        extended = reply.code not in EHLO_UNKNOWN
        if not extended:
            self.draft.ehlo_refused = reply
            reply = await self.command(f"HELO {name}", stage)
        self.expect(reply, 2)
        self.draft.capabilities = capabilities(reply) if extended else ()
        self.draft.offered = capabilities(self._as_it_came) if extended else ()
        if self.draft.tls is None:
            self.draft.capabilities_clear = self.draft.capabilities

    def _is_ftp(self) -> bool:
        text = self.draft.greeting.text if self.draft.greeting else ""
        return _FTP.search(text) is not None and "smtp" not in text.lower()

    async def starttls(self) -> None:
        """Ask for TLS (RFC 3207). Whatever came before the handshake must not be taken for something said inside."""
        self.draft.stage = Stage.STARTTLS
        if not self.draft.offers("STARTTLS"):
            raise Stopped(
                Fault.STARTTLS_NOT_OFFERED,
                "the server does not offer to encrypt (no STARTTLS in its answer to EHLO)",
                in_step=True,
            )
        reply = await self.command("STARTTLS", Stage.STARTTLS)
        self.expect(reply, 2)
        if reply.code != READY:
            raise Stopped(Fault.MALFORMED, f"the server answers STARTTLS with {reply.code}, which means neither yes nor no")
        if await self._early():
            self._parser.take()
            self._note_seen(hide=False)
            raise Stopped(
                Fault.INJECTED, "bytes came between the server's answer to STARTTLS and the TLS handshake (CVE-2011-0411)"
            )
        self.draft.capabilities = self.draft.offered = ()  # RFC 3207 section 4.2: what was said in clear is discarded

    async def handshake(self, trust: tls.Trust, host: str) -> None:
        """Begin TLS, and trust the server if its certificate holds."""
        session = await self._shaken(trust.verifying, host)
        facts = tls.with_strict_opinion(self._seen(session, verified=True), session, host, trust)
        self.draft.tls = facts
        self.draft.note("*", f"TLS handshake, verified: {facts.version} {facts.cipher}")

    async def unverified_handshake(self, context: ssl.SSLContext, host: str | None) -> None:
        """Begin TLS with whomever it may be, to look at what is shown. Nothing may be said afterwards."""
        facts = self._seen(await self._shaken(context, host), verified=False)
        self.draft.tls = facts
        self.draft.note("*", f"TLS handshake, not verified: {facts.version} {facts.cipher}")

    def _seen(self, session: ssl.SSLObject, *, verified: bool) -> TlsFacts:
        return replace(tls.facts_of(session, verified=verified), group=group_of(self._wire.hello))

    async def _shaken(self, context: ssl.SSLContext, host: str | None) -> ssl.SSLObject:
        implicit = self.draft.greeting is None
        self.draft.stage = Stage.HANDSHAKE
        try:
            async with self._within(self.timeouts.handshake):
                return await self._wire.handshake(context, host)
        except TimeoutError:
            self.draft.tls = TlsFacts(verified=False, error=tls.TIMED_OUT)
            raise Stopped(Fault.TIMEOUT, self._late(self.timeouts.handshake)) from None
        except ssl.SSLError as error:
            self.draft.tls = tls.facts_of_failure(error)
            raise self._no_handshake(self.draft.tls, implicit=implicit) from None
        except ValueError as error:
            self.draft.tls = TlsFacts(verified=False, error="BAD_NAME")
            raise Stopped(Fault.TLS_FAILED, str(error)) from None

    def _no_handshake(self, facts: TlsFacts, *, implicit: bool) -> Stopped:
        self.draft.note("*", f"TLS handshake failed: {facts.error or facts.verify_reason}")
        first = self._wire.first
        if first and service_of(first.decode("latin-1")) != "TLS":
            self._keep_first()
            self.draft.note("S", self.draft.first_bytes)
            if implicit and not begins_like_a_reply(first):
                return Stopped(Fault.NOT_SMTP, "what answers is neither TLS nor a mail server")
            return Stopped(Fault.TLS_FAILED, "the server speaks in clear where TLS should begin")
        if facts.verify_code:
            return Stopped(Fault.TLS_FAILED, f"the server's certificate is not trusted: {facts.verify_reason}")
        if facts.error == tls.HUNG_UP:
            return Stopped(Fault.TLS_FAILED, "the server hung up during the TLS handshake")
        return Stopped(Fault.TLS_FAILED, f"no TLS handshake came about: {facts.error}")

    # --- commands -----------------------------------------------------------------------------------------------------

    async def command(self, line: str, stage: Stage, *, shown: str | None = None, hide: bool = False) -> Reply:
        """Send one line and return the reply to it. `shown` stands in the transcript instead, `hide` keeps a challenge out of it."""
        self.draft.stage = stage
        await self.nothing_unasked()
        self._say(line, shown)
        return await self._reply(self.timeouts.reply, hide=hide)

    async def message(self, octets: bytes, shown: str) -> Reply:
        """Send the message and its final dot, and return the reply to that."""
        self.draft.note("C", shown)
        self._wire.send(octets)
        return await self._reply(self.timeouts.message)

    async def nothing_unasked(self) -> None:
        """Stop if a reply is there before its command: from then on nobody knows which reply belongs to what."""
        if not await self._early():
            return
        found = self._parser.take()
        self._note_seen(hide=False)
        if isinstance(found, Reply) and found.code == SHUTTING_DOWN:
            raise Stopped(Fault.REJECTED, reply=self.redact.reply(found), in_step=True)
        raise Stopped(Fault.MALFORMED, "the server sent a reply that nobody had asked for")

    async def courtesy(self, line: str) -> None:
        """Say RSET or QUIT; whether and what the server answers does not count."""
        self._say(line, None)
        try:
            await self._reply(self.timeouts.quit)
        except Stopped:
            return

    def expect(self, reply: Reply, hundreds: int) -> None:
        """Stop unless the reply is of this hundred."""
        if not reply.positive:
            raise Stopped(Fault.REJECTED, reply=reply, in_step=True)
        if reply.code // 100 != hundreds:
            raise Stopped(
                Fault.MALFORMED,
                f"the server answers with {reply.code}, which has no meaning here (RFC 5321 section 4.3.2)",
                reply=reply,
            )

    def hang_up(self) -> None:
        """End the connection at once."""
        self._wire.close()

    def farewell(self) -> None:
        """Say QUIT without waiting, to a server that is late."""
        self._say("QUIT", None)

    # --- below the commands -------------------------------------------------------------------------------------------

    def _say(self, line: str, shown: str | None) -> None:
        if "\r" in line or "\n" in line:
            raise ValueError("a command is one line")  # values were checked before; this is the last door
        self.draft.note("C", self.redact.said(line) if shown is None else shown)
        self._wire.send(line.encode("ascii") + b"\r\n")

    async def _reply(self, seconds: float, *, hide: bool = False) -> Reply:
        try:
            async with self._within(seconds):
                while (found := self._parser.take()) is None:
                    octets = await self._wire.receive()
                    if not octets:
                        self._note_rest()
                        raise self._refused_by_tls() or Stopped(Fault.CLOSED, "the server closed the connection")
                    self._parser.feed(octets)
        except TimeoutError:
            self._note_rest()
            raise Stopped(Fault.TIMEOUT, self._late(seconds)) from None
        finally:
            self._note_seen(hide=hide)
        if isinstance(found, ReplyProblem):
            where = f"(line {found.line} of the reply)"
            raise Stopped(Fault.TOO_LONG if found.too_long else Fault.MALFORMED, f"{found.text} {where}")
        self.challenge = found.lines[0].encode("latin-1")
        self._as_it_came = found
        return self.redact.reply(found)

    def _refused_by_tls(self) -> Stopped | None:
        """In TLS 1.3 the client is through first; that the server wants its certificate comes as an alert after that (RFC 8446 section 4.4.2.4)."""
        if self._wire.trouble is None or self._wire.first:
            return None
        facts = tls.facts_of_failure(self._wire.trouble)
        self.draft.stage, self.draft.tls = Stage.HANDSHAKE, facts
        self.draft.note("*", f"TLS ended by the server: {facts.error}")
        return Stopped(Fault.TLS_FAILED, f"the server broke off the TLS handshake: {facts.error}")

    async def _early(self) -> bool:
        """Tell whether something has arrived that no command asked for."""
        # The event loop looks at the socket in one round and hands over what it found in the next.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._parser.feed(self._wire.take())
        return self._parser.waiting

    def _note_seen(self, *, hide: bool) -> None:
        hidden = str(CHALLENGE) if hide else "never"
        lines = [f"{CHALLENGE} [challenge]" if line.startswith(hidden) else line for line in self._parser.seen()]
        kept = self.redact.lines(lines) if lines else []
        for number, text in enumerate(kept):
            endless = len(kept) == len(lines) and len(lines[number]) >= MAX_LINE
            self.draft.note("S", text[:FIRST] if endless else text)

    def _note_rest(self) -> None:
        self._note_seen(hide=False)
        rest = self._parser.rest
        if rest and self.draft.stage is not Stage.AUTH:  # half a line might hold half a password, which no guard knows
            self.draft.note("S", self.redact(rest.decode("latin-1"))[:FIRST])

    def _within(self, seconds: float) -> asyncio.Timeout:
        return asyncio.timeout_at(min(asyncio.get_running_loop().time() + seconds, self._ends))

    def _late(self, seconds: float) -> str:
        if asyncio.get_running_loop().time() >= self._ends:
            return "the time for the whole run was up"
        return f"no complete answer came within {round(seconds, 1):g} s"
