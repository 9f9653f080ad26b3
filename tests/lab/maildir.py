"""Reads what was delivered into a Maildir. Knows nothing of how it got there."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from .process import LabError, wait_until

ARRIVAL_SECONDS = 10.0


@dataclass(frozen=True)
class Delivery:
    """One delivered message."""

    path: Path
    raw: bytes
    """Every byte as stored; the store ends lines with LF."""
    message: EmailMessage


@dataclass(frozen=True)
class Mailbox:
    """The Maildir of one recipient; it need not exist yet."""

    path: Path

    def deliveries(self) -> list[Delivery]:
        """Return what has arrived, oldest first (their names begin with the time)."""
        files = [*self.path.glob("new/*"), *self.path.glob("cur/*")]
        read = [(file.name, _read(file)) for file in files]
        return [one for _, one in sorted(read, key=lambda pair: pair[0]) if one is not None]

    def find(self, header: str, value: str) -> Delivery | None:
        """Return the first message whose header has this value."""
        return next((one for one in self.deliveries() if value in one.message.get_all(header, [])), None)

    def wait_for(self, header: str, value: str, *, seconds: float = ARRIVAL_SECONDS) -> Delivery:
        """Wait until a message with this header value has arrived."""
        wait_until(
            lambda: self.find(header, value) is not None, seconds=seconds, what=f"a message with {header}: {value} arrives"
        )
        found = self.find(header, value)
        if found is None:
            raise LabError(f"the message with {header}: {value} was removed while a test waited for it")
        return found

    def clear(self) -> None:
        """Remove what has arrived."""
        for one in self.deliveries():
            one.path.unlink()


def _read(path: Path) -> Delivery | None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:  # an IMAP client has just moved it from new to cur; the next look finds it there
        return None
    message = message_from_bytes(raw, policy=policy.default)
    return Delivery(path=path, raw=raw, message=message)
