"""A conversation that logs in, names sender and recipient, and may send the one test message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from checks.evidence import Effect, Probe, Reading
from checks.probes.smtp import Reply, SmtpReading
from checks.secret import SecretSource
from checks.settings import Auth, Security
from checks.subject import Content


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the server said to one further sender, who was named and taken back. A reply is None if that stage was not reached."""

    address: str
    mail: Reply | None = None
    rcpt: Reply | None = None


@dataclass(frozen=True, kw_only=True)
class SubmissionReading(SmtpReading):
    """A conversation that goes on to AUTH, MAIL, RCPT and perhaps the message. A reply is None if that stage was not reached."""

    mechanism: str = ""
    """The SASL mechanism used, upper case; empty if none."""
    auth: Reply | None = None
    mail: Reply | None = None
    rcpt: Reply | None = None
    data: Reply | None = None
    """Reply to DATA (354 when the server wants the message)."""
    trials: tuple[Trial, ...] = ()
    """What was said to the further senders, in order; those that are missing were not tried."""
    accepted: Reply | None = None
    """Reply to the final dot. 250 means the server took the message, not that it arrived."""
    message_id: str = ""
    """Message-ID of the test message, without angle brackets; empty if none was sent."""


@dataclass(frozen=True, kw_only=True)
class SubmissionProbe(Probe[SubmissionReading]):
    """One complete submission, as the dispatcher would do it; one connection and at most one AUTH for everything that rules ask.

    Rules get it from `checks.rules`' helper for a server, so that all of them ask the identical question.
    """

    kind: ClassVar[str] = "submission"
    reading: ClassVar[type[Reading]] = SubmissionReading

    host: str
    address: str
    port: int
    security: Security
    ehlo: str = ""
    auth: Auth = Auth.NONE
    username: str = ""
    secret_source: SecretSource | None = None
    secret_ref: str = ""
    mail_from: str = ""
    """Reverse-path; empty stops after AUTH."""
    senders: tuple[str, ...] = ()
    """Further senders of the same login: each is named with the recipient and taken back, in the same connection."""
    rcpt_to: str = ""
    """The one confirmed test address; empty stops after MAIL."""
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    content: Content | None = None
    """What the test message says; None: the words are ours."""
    message: str = ""
    """Unique id of the test message; empty: DATA is said to learn the answer, and the connection closed before a word of a message."""

    @property
    def effects(self) -> frozenset[Effect]:
        """Naming a sender or a recipient counts as logging in, even where the server asks for no password; a DATA without message does too."""
        return frozenset({Effect.LOOK, Effect.LOGIN, Effect.SEND} if self.message else {Effect.LOOK, Effect.LOGIN})

    @property
    def id(self) -> str:
        goal = "test message" if self.message else "login" if not self.mail_from else "login and sender"
        login = f" by {self.username}" if self.username not in ("", self.mail_from) else ""
        return f"submission {self.host} [{self.address}]:{self.port} {self.security} {goal} {self.mail_from}{login}".strip()
