"""A conversation with a mail server that tells nothing of us but a name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from checks.evidence import Probe, Reading
from checks.probes.tls import TlsFacts
from checks.settings import Security


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One SMTP reply (RFC 5321 section 4.2)."""

    code: int
    lines: tuple[str, ...]
    """The text behind the code, line by line, without enhanced code, as received (Latin-1, at most 2048 octets each)."""
    enhanced: str = ""
    """Enhanced status code of the first line, like "5.7.139" (RFC 3463); empty if there is none."""
    telling: tuple[str, ...] = ()
    """Only where a password had to be taken out of the lines: the words of the table of replies that stood in them, in lower case."""

    @property
    def text(self) -> str:
        """All on one line, for matching and for a sentence."""
        return " ".join(line for line in self.lines if line)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)

    @property
    def positive(self) -> bool:
        """2xx or 3xx."""
        return 200 <= self.code < 400

    @property
    def transient(self) -> bool:
        """4xx: try again later (RFC 5321 section 4.2.1)."""
        return 400 <= self.code < 500


class Stage(StrEnum):
    """How far a conversation got: the last thing that was tried."""

    CONNECT = "connect"
    HANDSHAKE = "handshake"  # TLS, implicit or after STARTTLS
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    EHLO_TLS = "ehlo-tls"  # the second EHLO, after STARTTLS
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"  # the message's bytes and the reply to the final dot
    QUIT = "quit"


class Fault(StrEnum):
    """What stopped a conversation."""

    NONE = ""
    TIMEOUT = "timeout"  # nothing, or not enough, in time
    REFUSED = "refused"  # TCP connection refused
    UNREACHABLE = "unreachable"  # no route, network down
    CLOSED = "closed"  # the server hung up
    NOT_SMTP = "not-smtp"  # something else answered; `first_bytes` has it
    MALFORMED = "malformed"  # broken reply syntax (RFC 5321 section 4.2.1)
    TOO_LONG = "too-long"  # a line or reply beyond our bounds
    REJECTED = "rejected"  # a proper 4xx or 5xx; `reply` has it
    STARTTLS_NOT_OFFERED = "starttls-not-offered"
    INJECTED = "injected"  # bytes before the handshake that do not belong there (CVE-2011-0411)
    TLS_FAILED = "tls-failed"  # `tls` has the reason
    NO_COMMON_MECHANISM = "no-common-mechanism"
    ALREADY_TRIED = "already-tried"  # this login went out once in this run; it does not go out twice
    NO_SECRET = "no-secret"  # noqa: S105 - the reference did not resolve; `detail` says why
    UNCONFIRMED = "unconfirmed"  # lost after the final dot: may or may not be accepted (RFC 5321 section 4.2.5)


@dataclass(frozen=True, kw_only=True)
class TranscriptLine:
    """One line of the conversation, redacted where it was written."""

    direction: str
    """C (we), S (the server) or * (a remark, like "TLS handshake")."""
    text: str


@dataclass(frozen=True, kw_only=True)
class SmtpReading(Reading):
    """A conversation without a password.

    `state` is ok as soon as the server was reached and anything came of it, be it a fault; refused, timeout or not-attempted say
    that no connection came about.
    """

    stage: Stage = Stage.CONNECT
    fault: Fault = Fault.NONE
    reply: Reply | None = None
    """The reply that stopped the conversation, for `rejected`."""
    greeting: Reply | None = None
    greeted_after: int = 0
    """Whole seconds from the moment when a greeting could have come until it was there."""
    ehlo_refused: Reply | None = None
    """The refusal of EHLO, where the server was then content with HELO, which offers nothing."""
    first_bytes: str = ""
    """What came first, if it was no SMTP greeting (at most 200 characters)."""
    capabilities_clear: tuple[str, ...] = ()
    """EHLO lines before STARTTLS, like "SIZE 35882577"; upper-case keyword. Empty with implicit TLS."""
    capabilities: tuple[str, ...] = ()
    """EHLO lines in force at the end: after TLS if there was TLS."""
    tls: TlsFacts | None = None
    transcript: tuple[TranscriptLine, ...] = ()

    def capability(self, keyword: str) -> str | None:
        """Return the parameters behind an EHLO keyword ("" if it has none), or None if it is not offered."""
        return _capability(self.capabilities, keyword)

    def capability_clear(self, keyword: str) -> str | None:
        """Like `capability`, of the EHLO before STARTTLS."""
        return _capability(self.capabilities_clear, keyword)


def _capability(lines: tuple[str, ...], keyword: str) -> str | None:
    for line in lines:
        word, _, rest = line.partition(" ")
        if word.upper() == keyword.upper():
            return rest.strip()
    return None


@dataclass(frozen=True, kw_only=True)
class SmtpProbe(Probe[SmtpReading]):
    """Greeting, EHLO, TLS as `security` says, EHLO again, QUIT. No password, no addresses."""

    kind: ClassVar[str] = "smtp"
    reading: ClassVar[type[Reading]] = SmtpReading

    host: str
    """The name that the certificate must carry (SNI)."""
    address: str
    """The IP address to connect to."""
    port: int
    security: Security
    ehlo: str = ""
    """The name that we present; the gatherer's own if empty."""

    @property
    def id(self) -> str:
        presented = f" as {self.ehlo}" if self.ehlo else ""
        return f"smtp {self.host} [{self.address}]:{self.port} {self.security}{presented}"
