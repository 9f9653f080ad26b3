"""What a simulation says. Dates are in UTC; whoever shows them knows the zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CONNECTIONS = "connections"
"""Stands for a limit's name where the channel's own connections are what is waited for."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What becomes of one mailing."""

    name: str
    start: datetime
    messages: int
    recipients: int
    sent: int = 0
    """Messages that went out."""
    reached: int = 0
    """Recipients that they were for."""
    first: datetime | None = None
    """When the first message began."""
    finish: datetime | None = None
    """When the last message that went was done."""
    deferred: int = 0
    """Messages that a limit held back: all that were waiting when one first did although a connection was free."""
    held: tuple[tuple[str, int], ...] = ()
    """(limit, messages sent that it was the last to hold back), in the order of the plan."""
    refused: int = 0
    """How often the rest of the mailing was refused for now and came again."""
    rejected: int = 0
    """Messages that were refused for good."""
    expired: int = 0
    """Messages that grew too old."""
    unsent: int = 0
    """Messages that were still waiting when the simulation ended."""
    misfit: str = ""
    """The limit, or `recipients-per-message`, or `size`, that no message of it can ever pass; nothing of it was tried then."""

    @property
    def complete(self) -> bool:
        """Whether every message went out."""
        return self.sent == self.messages


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A stretch in which a limit held something back; gaps shorter than an hour, or its window, are not told apart."""

    limit: str
    channel: str
    """Whose counter; empty where several channels share it."""
    begins: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True)
class Collision:
    """Two mailings that share a limit which has not room for both at once, and are under way together, or the second waits for room that the first took."""

    mailings: tuple[str, str]
    limits: tuple[str, ...]
    """What they share."""
    slowed: tuple[str, ...]
    """Those of them that held something back meanwhile."""
    begins: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True)
class Series:
    """How many messages of a mailing had begun, at moments that are chosen so that a line can be drawn through them."""

    mailing: str
    points: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """All of it, in the order of the plan."""

    mailings: tuple[Outcome, ...]
    bindings: tuple[Binding, ...]
    collisions: tuple[Collision, ...]
    series: tuple[Series, ...]
    truncated: bool = False
    """The plan was too intricate to be played to its end; the numbers are what had happened until then."""

    @property
    def finish(self) -> datetime | None:
        """When the last mailing was done; None unless every message of every mailing went out."""
        done = [outcome.finish for outcome in self.mailings if outcome.complete and outcome.finish]
        return max(done) if done and len(done) == len(self.mailings) else None

    def outcome(self, mailing: str) -> Outcome:
        """Return what becomes of a mailing. Raises `KeyError`."""
        for outcome in self.mailings:
            if outcome.name == mailing:
                return outcome
        raise KeyError(mailing)
