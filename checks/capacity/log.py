"""What was sent when, short however much it is, and where it repeats itself. Knows nothing of limits.

The log holds emissions in order of time. A kind stands for messages that are all alike: one run of a mailing. A stretch that repeats itself is
one `Block`, whatever its length; two periods like it stand before each.
"""

from __future__ import annotations

from dataclasses import dataclass

Emission = tuple[int, int, int, int]
"""(moment, kind, messages, who held them back last)."""
NEVER = 1 << 62
"""Later than every moment; as a number of repetitions: no end."""
BEYOND: Emission = (NEVER, -1, 0, 0)
"""Stands behind the end of the log."""


@dataclass(frozen=True, slots=True)
class Block:
    """A pattern that is repeated: its entries have offsets from 1 to the period instead of moments. It never grows: a cursor may be past it."""

    base: int
    period: int
    repeats: int
    pattern: tuple[Emission, ...]

    def moment(self, turn: int, entry: int) -> int:
        """Return when an entry happens."""
        return self.base + turn * self.period + self.pattern[entry][0]

    @property
    def end(self) -> int:
        """When the last entry happens."""
        return self.moment(self.repeats - 1, -1)


Log = list[Emission | Block]


def going_on(log: Log, at: int, block: Block) -> int:
    """Return until when the pattern of the block at that place goes on, in the blocks behind it too."""
    ends = block.base + block.repeats * block.period
    for place in range(at + 1, len(log)):
        found = log[place]
        if not isinstance(found, Block) or (found.base, found.period, found.pattern) != (ends, block.period, block.pattern):
            break
        ends += found.repeats * found.period
    return ends


class Echo:
    """Compares what is sent with what was sent one period before."""

    __slots__ = ("_at", "_entry", "_here", "_log", "_turn", "differed_at", "patience", "period", "try_at")

    def __init__(self, log: Log, period: int) -> None:
        self.period = period
        self.differed_at = -NEVER
        """The last moment at which something was sent that had not been one period before, or the other way round."""
        self.try_at = -NEVER
        """Before that no use is made of it: the last try was of no use."""
        self.patience = 1
        self._log = log
        self._at = self._turn = self._entry = 0
        self._here: Emission = BEYOND

    def hears(self, emission: Emission) -> None:
        """Compare the newest entry of the log."""
        moment, kind, messages, holder = emission
        then = moment - self.period
        if self._here is BEYOND:
            self._look()
        while self._here[0] < then:
            self._differs(self._here[0] + self.period)
            self._step()
        if self._here[0] == then and self._here[1:] == (kind, messages, holder):
            self._step()
        else:
            self._differs(moment)

    def alike(self, now: int) -> bool:
        """Whether the last two periods were the same. The newest emission was now."""
        return self.differed_at <= now - self.period < self._here[0]

    def pattern(self, now: int, most: int) -> list[Emission]:
        """Return the last period's emissions, as offsets; nothing if they are too many."""
        begin, found = now - self.period, []
        at, turn, entry = self._at, self._turn, self._entry
        for part in self._log[at:]:
            if isinstance(part, Block):
                for repeat in range(turn, part.repeats):
                    for offset, kind, messages, holder in part.pattern[entry:]:
                        found.append((part.base + repeat * part.period + offset - begin, kind, messages, holder))
                    entry = 0
                    if len(found) > most:
                        return []
                turn = 0
            else:
                found.append((part[0] - begin, *part[1:]))
                if len(found) > most:
                    return []
        return found

    def leapt(self, now: int, ahead: int, period: int) -> None:
        """Go on behind a block that began now: a pattern of that period, that had happened twice before."""
        if self.period % period:
            self.differed_at = ahead
        else:
            self.differed_at = min(ahead, max(self.differed_at, now - 2 * period + self.period))
        self.try_at = -NEVER
        self._seek(ahead - self.period)

    def was_useless(self, now: int, longest: int) -> None:
        """Try again later, and later the more often this was so."""
        self.try_at = now + self.patience * self.period
        self.patience = min(2 * self.patience, longest)

    def _differs(self, moment: int) -> None:
        self.differed_at = max(self.differed_at, moment)
        self.try_at, self.patience = -NEVER, 1

    def _look(self) -> None:
        if self._at >= len(self._log):
            self._here = BEYOND
            return
        found = self._log[self._at]
        if isinstance(found, Block):
            offset, kind, messages, holder = found.pattern[self._entry]
            self._here = (found.base + self._turn * found.period + offset, kind, messages, holder)
        else:
            self._here = found

    def _step(self) -> None:
        found = self._log[self._at]
        if isinstance(found, Block):
            self._entry += 1
            if self._entry == len(found.pattern):
                self._turn, self._entry = self._turn + 1, 0
                if self._turn == found.repeats:
                    self._at, self._turn = self._at + 1, 0
        else:
            self._at += 1
        self._look()

    def _seek(self, edge: int) -> None:
        """Go to the first entry after a moment."""
        self._at, self._turn, self._entry = len(self._log), 0, 0
        while self._at:
            found = self._log[self._at - 1]
            if (found.end if isinstance(found, Block) else found[0]) <= edge:
                break
            self._at -= 1
        if self._at < len(self._log):
            found = self._log[self._at]
            if isinstance(found, Block) and edge > found.base:
                self._turn = (edge - found.base) // found.period
        self._look()
        while self._here[0] <= edge:
            self._step()
