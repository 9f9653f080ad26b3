"""What single lines of an EHLO reply say: how large a message may be (RFC 1870), and the limits that a server states (RFC 9422).

Pure and total: a line that nobody can read is a value too, and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS = 20  # RFC 1870 section 4
KNOWN = ("MAILMAX", "RCPTMAX", "RCPTDOMAINMAX")  # all that RFC 9422 registers
MAX_LIMITS = 20  # there are three
_NUMBER = re.compile(rf"[0-9]{{1,{DIGITS}}}")
_VALUE = re.compile(r"[1-9][0-9]{0,5}")  # RFC 9422: six digits at most, and not 0


@dataclass(frozen=True, kw_only=True)
class Size:
    """What SIZE says."""

    octets: int | None = None
    """The largest message; None: there is a limit that is not stated, or none at all."""
    readable: bool = True


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What LIMITS says; None where nothing is stated (RFC 9422)."""

    mails: int | None = None
    """MAILMAX: messages in one connection."""
    recipients: int | None = None
    """RCPTMAX: recipients of one message."""
    domains: int | None = None
    """RCPTDOMAINMAX: different domains among them."""
    unreadable: tuple[str, ...] = ()
    """Limits without a proper number."""

    @property
    def stated(self) -> bool:
        """Whether there is a number that concerns us."""
        return any(value is not None for value in (self.mails, self.recipients, self.domains))


def size_of(parameters: str) -> Size:
    """Read what stands behind SIZE: one number, where 0 means that no limit is stated (RFC 1870 section 4)."""
    text = parameters.strip()
    if not text:
        return Size()
    if not _NUMBER.fullmatch(text):
        return Size(readable=False)
    return Size(octets=int(text) or None)


def limits_of(parameters: str) -> Limits:
    """Read what stands behind LIMITS: name=value, with blanks between; what is not known is passed over (RFC 9422)."""
    found: dict[str, int] = {}
    unreadable: list[str] = []
    for word in parameters.split()[:MAX_LIMITS]:
        name, _, value = word.partition("=")
        if name.upper() in KNOWN and _VALUE.fullmatch(value):
            found.setdefault(name.upper(), int(value))
        elif name.upper() in KNOWN:
            unreadable.append(word)
    return Limits(
        mails=found.get("MAILMAX"),
        recipients=found.get("RCPTMAX"),
        domains=found.get("RCPTDOMAINMAX"),
        unreadable=tuple(unreadable),
    )
