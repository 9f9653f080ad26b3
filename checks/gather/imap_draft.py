"""What a conversation with a mailbox has shown so far, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.evidence import State
from checks.probes import ArrivalFault, ArrivalReading, ArrivalStage, MailFolder, TlsFacts, TranscriptLine

MAX_NOTES = 150  # lines of a transcript: one whole round of looking, and the end
MAX_NOTE = 500  # characters of one

STATES = {
    ArrivalFault.NONE: State.OK,
    ArrivalFault.TIMEOUT: State.TIMEOUT,
    ArrivalFault.REFUSED: State.REFUSED,
    ArrivalFault.UNREACHABLE: State.NOT_ATTEMPTED,
    ArrivalFault.CLOSED: State.SERVFAIL,
    ArrivalFault.NOT_IMAP: State.BOGUS,
    ArrivalFault.MALFORMED: State.BOGUS,
    ArrivalFault.TOO_LONG: State.BOGUS,
    ArrivalFault.REJECTED: State.REFUSED,
    ArrivalFault.STARTTLS_NOT_OFFERED: State.REFUSED,
    ArrivalFault.INJECTED: State.BOGUS,
    ArrivalFault.TLS_FAILED: State.BOGUS,
    ArrivalFault.NO_COMMON_LOGIN: State.REFUSED,
    ArrivalFault.NO_SECRET: State.NOT_ATTEMPTED,
    ArrivalFault.LOGIN_REFUSED: State.REFUSED,
}


@dataclass(frozen=True, kw_only=True)
class ImapTimeouts:
    """Seconds; each bounds a whole step, however slowly the octets drip."""

    connect: float = 10.0
    greeting: float = 10.0
    handshake: float = 10.0
    reply: float = 30.0  # a large mailbox without an index is searched for long
    fetch: float = 60.0
    logout: float = 1.0


class Ended(Exception):  # noqa: N818 - not every end of a conversation is an error
    """The conversation ends here."""

    def __init__(self, fault: ArrivalFault, detail: str, *, reply: str = "", in_step: bool = False) -> None:
        """`in_step`: both sides know whose turn it is, so that LOGOUT will be understood."""
        self.fault = fault
        self.detail = detail
        self.reply = reply
        self.in_step = in_step
        super().__init__(fault, detail)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """The message, found. Everything is redacted already."""

    raw: str
    cut: bool
    masked: bool
    size: int
    folder: MailFolder
    flags: tuple[str, ...]
    internal_date: str


@dataclass(kw_only=True)
class ArrivalDraft:
    """A reading while it is being made."""

    detail: str = ""
    stage: ArrivalStage = ArrivalStage.CONNECT
    fault: ArrivalFault = ArrivalFault.NONE
    reply: str = ""
    folders: tuple[MailFolder, ...] = ()
    looks: int = 0
    """How often every folder was looked at."""
    waited: float = 0.0
    hit: Hit | None = None
    tls: TlsFacts | None = None
    quiet: bool = False
    """Looking again and again is not written down."""
    transcript: list[TranscriptLine] = field(default_factory=list)

    @property
    def noting(self) -> bool:
        """Whether a line would be written down."""
        return not self.quiet and len(self.transcript) < MAX_NOTES

    def note(self, direction: str, text: str) -> None:
        """Add to the transcript; the text is redacted already."""
        if self.noting:
            self.transcript.append(TranscriptLine(direction=direction, text=text[:MAX_NOTE]))

    def remark(self, text: str) -> None:
        """Add a remark of ours, also where nothing else is written down."""
        self.transcript.append(TranscriptLine(direction="*", text=text[:MAX_NOTE]))

    def reading(self) -> ArrivalReading:
        """Return what came of it."""
        hit = self.hit
        return ArrivalReading(
            state=STATES[self.fault],
            detail=self.detail,
            found=hit is not None,
            raw=hit.raw if hit else "",
            cut=hit is not None and hit.cut,
            masked=hit is not None and hit.masked,
            size=hit.size if hit else 0,
            folder=hit.folder if hit else None,
            folders=self.folders,
            flags=hit.flags if hit else (),
            internal_date=hit.internal_date if hit else "",
            waited=round(self.waited, 1),
            stage=self.stage,
            fault=self.fault,
            reply=self.reply,
            tls=self.tls,
            transcript=tuple(self.transcript),
        )
