"""What a conversation has shown so far, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from checks.evidence import State
from checks.probes import Fault, Reply, SmtpReading, Stage, SubmissionReading, TlsFacts, TranscriptLine
from checks.probes.submission import Trial

SHORTEST_GREETING = 10.0
LONGEST_GREETING = 300.0  # RFC 5321 section 4.5.3.2.1


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds; each bounds a whole step, however slowly the octets drip."""

    connect: float = 10.0
    greeting: float | None = None  # None: by what is left of the whole run, see `for_greeting`
    handshake: float = 10.0
    reply: float = 30.0
    message: float = 120.0  # servers look through a message before they take it (RFC 5321 section 4.5.3.2.6: up to ten minutes)
    quit: float = 1.0

    def for_greeting(self, left: float, share: float) -> float:
        """Return how long a greeting is waited for, where so many seconds are left for the whole run.

        Honest servers let a client wait six seconds, to see whether it talks too early; busy ones, and those behind a filter, much longer.
        """
        return self.greeting if self.greeting is not None else min(LONGEST_GREETING, max(SHORTEST_GREETING, left * share))


class Stopped(Exception):  # noqa: N818 - not every end of a conversation is an error
    """The conversation ends here."""

    def __init__(self, fault: Fault, detail: str = "", *, reply: Reply | None = None, in_step: bool = False) -> None:
        """`in_step`: both sides know whose turn it is, so that QUIT will be understood."""
        self.fault = fault
        self.detail = detail
        self.reply = reply
        self.in_step = in_step
        super().__init__(fault, detail)


@dataclass(kw_only=True)
class Draft:
    """A reading while it is being made; the fields are those of `SubmissionReading`."""

    state: State = State.NOT_ATTEMPTED
    detail: str = ""
    stage: Stage = Stage.CONNECT
    fault: Fault = Fault.NONE
    reply: Reply | None = None
    greeting: Reply | None = None
    greeted_after: int = 0
    ehlo_refused: Reply | None = None
    first_bytes: str = ""
    capabilities_clear: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    tls: TlsFacts | None = None
    transcript: list[TranscriptLine] = field(default_factory=list)
    mechanism: str = ""
    auth: Reply | None = None
    mail: Reply | None = None
    rcpt: Reply | None = None
    data: Reply | None = None
    trials: list[Trial] = field(default_factory=list)
    accepted: Reply | None = None
    message_id: str = ""
    offered: tuple[str, ...] = ()
    """The EHLO lines in force now, as they came: for decisions, never kept."""
    ended: bool = False
    """The connection was closed by us on purpose; not even QUIT is said."""

    def note(self, direction: str, text: str) -> None:
        """Add to the transcript; the text is redacted already."""
        self.transcript.append(TranscriptLine(direction=direction, text=text))

    def offers(self, keyword: str) -> bool:
        """Tell whether EHLO offers a keyword now."""
        return any(line.partition(" ")[0] == keyword for line in self.offered)

    def looked(self) -> SmtpReading:
        """Return the reading of an `SmtpProbe`."""
        return SmtpReading(**self._values(SmtpReading))

    def submitted(self) -> SubmissionReading:
        """Return the reading of a `SubmissionProbe`."""
        return SubmissionReading(**self._values(SubmissionReading))

    def _values(self, reading: type[SmtpReading]) -> dict[str, Any]:
        values = {one.name: getattr(self, one.name) for one in fields(reading) if hasattr(self, one.name)}
        return values | {name: tuple(values[name]) for name in ("transcript", "trials") if name in values}
