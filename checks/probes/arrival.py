"""A message that has arrived: in a mailbox, saved as a file, or taken by our own receiver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from checks.evidence import Effect, Probe, Reading
from checks.probes.smtp import TranscriptLine
from checks.probes.tls import TlsFacts
from checks.secret import SecretSource
from checks.settings import Security
from checks.subject import Arrival, Way

MAX_MESSAGE = 1_000_000  # octets kept of a message; ours has about 4,000, and what it gains on its way is headers


class ArrivalStage(StrEnum):
    """How far a conversation with a mailbox got: the last thing that was tried."""

    CONNECT = "connect"
    HANDSHAKE = "handshake"  # TLS, implicit or after STARTTLS
    GREETING = "greeting"
    STARTTLS = "starttls"
    LOGIN = "login"
    FOLDERS = "folders"  # which folders there are
    SEARCH = "search"  # looking for the message, as often as there is time
    FETCH = "fetch"  # reading the message that was found
    LOGOUT = "logout"  # everything was said by then


class ArrivalFault(StrEnum):
    """What stopped a conversation with a mailbox. A message that has not come is no fault."""

    NONE = ""
    TIMEOUT = "timeout"  # nothing, or not enough, in time
    REFUSED = "refused"  # TCP connection refused
    UNREACHABLE = "unreachable"  # no address, no route, network down
    CLOSED = "closed"  # the server hung up
    NOT_IMAP = "not-imap"  # something else answered
    MALFORMED = "malformed"  # broken syntax, or an answer to what nobody asked (RFC 3501 section 2.2.2)
    TOO_LONG = "too-long"  # beyond our bounds
    REJECTED = "rejected"  # a proper NO, BAD or BYE; `reply` has it
    STARTTLS_NOT_OFFERED = "starttls-not-offered"
    INJECTED = "injected"  # bytes before the handshake that do not belong there (CVE-2011-0411)
    TLS_FAILED = "tls-failed"  # `tls` has the reason
    NO_COMMON_LOGIN = "no-common-login"  # neither LOGIN nor PLAIN is offered
    NO_SECRET = "no-secret"  # noqa: S105 - the reference did not resolve; `detail` says why
    LOGIN_REFUSED = "login-refused"  # `reply` has the server's words


@dataclass(frozen=True, kw_only=True)
class MailFolder:
    """One folder of a mailbox."""

    name: str
    """As a person reads it: decoded from modified UTF-7 (RFC 3501 section 5.1.3)."""
    special_use: str = ""
    r"""What the server says it is for, like \Junk (RFC 6154 section 2); empty if it does not say."""
    junk: bool = False
    """It holds what was taken for spam: by its special use, or else by its usual name."""


@dataclass(frozen=True, kw_only=True)
class Handover:
    """What the connection showed over which our own receiver took the message. Text of the client's is Latin-1, as it came."""

    address: str
    """The IP address of the client."""
    helo: str
    esmtp: bool = True
    """It greeted with EHLO."""
    mail_from: str
    """Reverse-path without angle brackets; empty for the null sender of bounces."""
    rcpt_to: tuple[str, ...]
    tls_version: str = ""
    """Like TLSv1.3; empty: not encrypted."""
    tls_cipher: str = ""
    received_at: str = ""
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class ArrivalReading(Reading):
    """The message, or that it has not come.

    `state` is ok as soon as the question is settled: the message is there, or every folder was looked at and it is not. Anything else
    says why nobody knows; `fault` and `stage` say it for programs, `detail` for people.
    """

    found: bool = False
    raw: str = ""
    """The message as it came (Latin-1), at most `MAX_MESSAGE` characters. Line ends are the source's: CRLF, or LF from files."""
    cut: bool = False
    """Only the beginning is in `raw`: the body cannot be judged."""
    masked: bool = False
    """A password of this run stood in the message and was taken out: signatures cannot be judged."""
    size: int = 0
    """Octets of the whole message."""
    folder: MailFolder | None = None
    """IMAP only: where it was."""
    folders: tuple[MailFolder, ...] = ()
    """IMAP only: where it was looked for."""
    flags: tuple[str, ...] = ()
    r"""IMAP only, like \Seen or $Junk."""
    internal_date: str = ""
    """IMAP only: when the server stored it (RFC 3501 section 2.3.3); ISO 8601."""
    waited: float = 0.0
    """Seconds between the first look and the last."""
    handover: Handover | None = None
    """Only from our own receiver."""
    stage: ArrivalStage = ArrivalStage.CONNECT
    fault: ArrivalFault = ArrivalFault.NONE
    reply: str = ""
    """The server's own words, for `rejected` and `login-refused`."""
    tls: TlsFacts | None = None
    """Of the connection to the mailbox."""
    transcript: tuple[TranscriptLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ArrivalProbe(Probe[ArrivalReading]):
    """Look for one message in a mailbox, without changing anything in it; or a message that was saved.

    Rules get it from `checks.rules._arrival`, so that all of them ask the identical question and the password is presented once.
    """

    kind: ClassVar[str] = "arrival"
    reading: ClassVar[type[Reading]] = ArrivalReading

    way: Way
    message_id: str = ""
    """Message-ID of the test message, without angle brackets; empty for a saved message: whatever it is, it is judged."""
    mark: str = ""
    """Unique id of the test message, which stays when a server on the way writes a new Message-ID."""
    host: str = ""
    """IMAP only, like the rest down to the secret. The name that the certificate must carry."""
    addresses: tuple[str, ...] = ()
    """The IP addresses to try, in this order; the password goes to one of them at most."""
    port: int = 0
    security: Security = Security.IMPLICIT_TLS
    username: str = ""
    secret_source: SecretSource | None = None
    secret_ref: str = ""
    sha256: str = ""
    """Of the saved message."""

    @property
    def effects(self) -> frozenset[Effect]:
        """A mailbox is opened with a password; a saved message costs nobody anything."""
        return frozenset({Effect.LOOK, Effect.LOGIN} if self.way is Way.IMAP else {Effect.LOOK})

    @property
    def id(self) -> str:
        if self.way is Way.IMAP:
            return f"arrival imap {self.username} at {self.host}:{self.port} {self.message_id}"
        return f"arrival {self.way} {self.sha256[:16]}"


def saved_probe(arrival: Arrival) -> ArrivalProbe:
    """Return the question about a saved message."""
    return ArrivalProbe(way=arrival.way, sha256=arrival.sha256)


def mailbox_probe(arrival: Arrival, *, addresses: tuple[str, ...], message_id: str, mark: str) -> ArrivalProbe:
    """Return the question about a mailbox."""
    return ArrivalProbe(
        way=arrival.way,
        message_id=message_id,
        mark=mark,
        host=arrival.host,
        addresses=addresses,
        port=arrival.port,
        security=arrival.security,
        username=arrival.username,
        secret_source=arrival.password.source if arrival.password else None,
        secret_ref=arrival.password.ref if arrival.password else "",
    )
