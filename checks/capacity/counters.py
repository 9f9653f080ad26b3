"""What has been sent, and the counters that look at it. Knows nothing of queues: the engine asks for room and writes the log.

Counters do not copy the log; each has cursors that follow it at the distance of their window and give room back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from checks.capacity.log import NEVER, Block, Echo, Emission, Log, going_on
from checks.capacity.model import Calendar, Every, OnExceed
from checks.capacity.moments import HOUR, MINUTE, next_reset


class Cursor:
    """Follows the log at the distance of a window."""

    __slots__ = ("_entry", "_turn", "at", "left_at", "log", "next_at", "weights", "window")

    def __init__(self, log: Log, window: int, weights: list[int], at: int = 0) -> None:
        self.log = log
        self.window = window
        self.weights = weights
        """How much one message of each kind counts."""
        self.at = at
        """The first entry of the log that has not left the window as a whole."""
        self.next_at = NEVER
        """When something leaves next; may be too early, never too late."""
        self.left_at = -NEVER
        """When something left last."""
        self._turn = 0
        self._entry = 0

    def release(self, now: int) -> int:
        """Return how much has left the window since the last call. What began at t leaves at t + window."""
        edge, log, freed = now - self.window, self.log, 0
        while self.at < len(log):
            found = log[self.at]
            if isinstance(found, Block):
                freed += self._through(found, edge)
                if self._turn < found.repeats:
                    return freed
                self._turn = 0
            else:
                weight = self.weights[found[1]]
                if weight:
                    if found[0] > edge:
                        self.next_at = found[0] + self.window
                        return freed
                    self.left_at = found[0] + self.window
                    freed += weight * found[2]
            self.at += 1
        self.next_at = NEVER
        return freed

    def _through(self, block: Block, edge: int) -> int:
        """Go on within a block as far as the edge, or to the next thing that counts; beyond its end if nothing is left in it."""
        freed, pattern, weights = 0, block.pattern, self.weights
        whole = min(block.repeats, (edge - block.base) // block.period)
        if whole > self._turn:  # all of the turns up to there
            total = self.amount(pattern)
            freed = (whole - self._turn) * total - self.amount(pattern[: self._entry])
            if total:  # the last thing that left cannot have been later than the end of that turn
                self.left_at = block.base + whole * block.period + self.window
            self._turn, self._entry = whole, 0
        while self._turn < block.repeats:
            begin = block.base + self._turn * block.period
            while self._entry < len(pattern):
                offset, kind, messages, _ = pattern[self._entry]
                if weights[kind]:
                    if begin + offset > edge:
                        self.next_at = begin + offset + self.window
                        return freed
                    self.left_at = begin + offset + self.window
                    freed += weights[kind] * messages
                self._entry += 1
            self._turn, self._entry = self._turn + 1, 0
            if self._turn < block.repeats and not self.amount(pattern):
                self._turn = block.repeats
        return freed

    def skip(self) -> None:
        """Forget all that is in the log."""
        self.at, self._turn, self._entry, self.next_at = len(self.log), 0, 0, NEVER

    def amount(self, pattern: Sequence[Emission]) -> int:
        """Return how much the entries count."""
        return sum(self.weights[kind] * messages for _, kind, messages, _ in pattern)

    def steady(self, now: int, period: int, amount: int) -> int:
        """Return for how many further periods the same leaves at the same offsets as in the last one: exactly `amount` in each."""
        if amount == 0:
            return 0 if self.left_at > now - period else (self.next_at - 1 - now) // period
        edge = now - self.window
        for at in range(self.at, min(self.at + NEAR, len(self.log))):
            found = self.log[at]
            if isinstance(found, Block):
                # Two periods like its own stand before each block: what left in the last period may lie in them.
                if period % found.period or edge - period < found.base - 2 * found.period:
                    return 0
                if self.amount(found.pattern) * (period // found.period) != amount:
                    return 0
                return (going_on(self.log, at, found) - edge) // period
        return 0


NEAR = 64
"""Entries within which a block has to begin."""


@dataclass(eq=False, kw_only=True, slots=True)
class Counter:
    """What all counters share."""

    name: str
    channel: str
    """Whose it is; empty if several share it."""
    capacity: int
    weights: list[int]
    """How much one message of each kind counts."""
    reach: int
    """Length of its window in milliseconds; of several limits without room the one with the longest is named."""
    order: int
    """Position in the plan; connections come last."""
    mode: OnExceed = OnExceed.DEFER
    connections: bool = False
    own: bool = False
    """A limit of the settings: it is named before the provider's, because it is what keeps the provider's from being met."""
    used: int = 0
    """As of the last release; may be too high until then, never too low."""
    next_at: int = NEVER
    """When `used` falls next; may be too early, never too late."""
    lacked_until: int = -NEVER
    """The end of the last stretch in which somebody found no room."""
    renewed_at: int = -NEVER
    """When it was told to start anew."""
    spans: list[list[int]] = field(default_factory=list)
    """Stretches in which it was what somebody waited for, with short gaps closed."""

    several: bool = False
    """Whether it has cursors that do not move together."""

    lazy = True
    """Whether things may be added before what has left is released."""

    def release(self, now: int) -> None:
        """Bring `used` and `next_at` up to date."""
        raise NotImplementedError

    def added(self, now: int, kind: int) -> None:
        """Note that messages of a kind went now."""
        raise NotImplementedError

    def reset(self, now: int) -> None:
        """Start anew."""
        raise NotImplementedError

    def sustains(self, now: int, echo: Echo, pattern: Sequence[Emission], largest: int) -> int:
        """Return how often the last period can repeat itself without this counter making a difference. It is up to date."""
        raise NotImplementedError

    def leap(self, now: int, period: int, times: int, pattern: Sequence[Emission]) -> None:
        """Count that many repetitions, that begin now."""
        raise NotImplementedError

    def amount(self, pattern: Sequence[Emission]) -> int:
        """Return how much the entries count."""
        return sum(self.weights[kind] * messages for _, kind, messages, _ in pattern)

    def held(self, begins: int, ends: int) -> None:
        """Note that somebody waited for this."""
        spans = self.spans
        if spans and begins - spans[-1][1] <= max(GAP, self.reach):
            spans[-1][1] = max(spans[-1][1], ends)
        else:
            spans.append([begins, ends])

    def room_for(self, amount: int, largest: int) -> int:
        """Return how often an amount can be added, with room to spare for one more message."""
        return max(0, (self.capacity - self.used - largest) // amount) if amount else NEVER


GAP = HOUR
"""Between two stretches of waiting for the same; shorter ones are closed, so that a person can read the result."""


@dataclass(eq=False, kw_only=True, slots=True)
class SlidingCounter(Counter):
    """At most so much in any stretch of a length. Connections are one too: what holds one leaves when it is done."""

    cursors: tuple[Cursor, ...]
    """One; connections have one for each duration."""
    cursor_of: dict[int, Cursor]
    """By kind."""

    def release(self, now: int) -> None:
        self.next_at = NEVER
        for cursor in self.cursors:
            if now >= cursor.next_at:
                self.used -= cursor.release(now)
            self.next_at = min(self.next_at, cursor.next_at)

    def added(self, now: int, kind: int) -> None:
        cursor = self.cursor_of[kind]
        if cursor.next_at == NEVER:
            cursor.next_at = now + cursor.window
            self.next_at = min(self.next_at, cursor.next_at)

    def reset(self, now: int) -> None:
        self.used, self.next_at, self.renewed_at = 0, NEVER, now
        for cursor in self.cursors:
            cursor.skip()

    def sustains(self, now: int, echo: Echo, pattern: Sequence[Emission], largest: int) -> int:
        steady = NEVER
        for cursor in self.cursors:
            # If all that is in the window, and what has left it in the last period, is the pattern again and again, so it will stay.
            if now - cursor.window - echo.period < self.renewed_at:
                steady = 0
            elif now - cursor.window < echo.differed_at:
                steady = min(steady, cursor.steady(now, echo.period, cursor.amount(pattern)))
        if self.lacked_until > now - echo.period:
            return steady
        return max(steady, self.room_for(self.amount(pattern), largest))

    def leap(self, now: int, period: int, times: int, pattern: Sequence[Emission]) -> None:  # noqa: ARG002 - calendars need it
        self.used += times * self.amount(pattern)  # `release` takes off what leaves meanwhile
        self.next_at = now
        for cursor in self.cursors:
            cursor.next_at = now


@dataclass(eq=False, kw_only=True, slots=True)
class CalendarCounter(Counter):
    """Starts anew at moments of a local clock."""

    window: Calendar
    rolled_at: int = -NEVER
    """When it last started anew."""

    lazy = False

    @property
    def regular(self) -> bool:
        """Whether the moments are evenly spaced for ever."""
        return self.window.every is Every.MINUTE

    def release(self, now: int) -> None:
        if now >= self.next_at:
            self.used, self.rolled_at, self.next_at = 0, self.next_at, next_reset(self.window, now)

    def added(self, now: int, kind: int) -> None:
        """Nothing to note: what was added leaves with the counter's next start."""

    def reset(self, now: int) -> None:
        self.used, self.rolled_at = 0, now

    def sustains(self, now: int, echo: Echo, pattern: Sequence[Emission], largest: int) -> int:
        period = echo.period
        if self.regular and period % MINUTE == 0:
            return NEVER
        amount = self.amount(pattern)
        if self.lacked_until > now - period and (amount or self.rolled_at > now - period):
            return 0
        return min((self.next_at - 1 - now) // period, self.room_for(amount, largest))

    def leap(self, now: int, period: int, times: int, pattern: Sequence[Emission]) -> None:  # noqa: ARG002 - sliding ones need it
        if self.regular and period % MINUTE == 0:
            self.next_at += times * period
            self.rolled_at += times * period
        else:
            self.used += times * self.amount(pattern)
