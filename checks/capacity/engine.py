"""Plays a plan: from moment to moment at which something changes, and in one leap where the same happens again and again.

The leap is exact. When the last two stretches of a length T were alike to the message, and every counter that held something back in the last
one sees the same leave its window for m more stretches, and every other one keeps room throughout, then what follows can only be the same,
m times. With sliding windows every steady state repeats itself after the window of the limit that is the slowest one at work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import combinations, count
from math import lcm

from checks.capacity.counters import Counter
from checks.capacity.log import NEVER, Block, Echo, Emission, Log
from checks.capacity.model import Mailing, OnExceed
from checks.capacity.moments import HOUR, MINUTE

MAX_STEPS = 500_000
"""Moments that are played one by one; some ten seconds. Plans of people need some thousands."""
MAX_PERIOD = HOUR
"""Longer repetitions are made of shorter ones, which are leapt over."""
MAX_PATTERN = 2_048
"""Emissions in one period. Two channels with beats of 701 and 457 milliseconds have 1,400 until they meet again."""
MAX_ECHOES = 12
LEAP = 24
"""Emissions that a leap has to save."""
MAX_HEARD = 1_024
"""Emissions of a leap that the other comparisons listen to one by one; of a longer one they know only that it repeats itself."""
PATIENCE = 64
"""Periods between two tries, at most."""


@dataclass(eq=False, kw_only=True, slots=True)
class Job:
    """A mailing at work."""

    mailing: Mailing
    index: int
    start: int
    deadline: int
    """When its messages are given up."""
    duration: int
    kinds: list[tuple[int, int, int, list[tuple[Counter, int]]]]
    """(kind, messages, recipients of each, what they count where), in order."""
    total: int
    run: int = -1
    left: int = 0
    """Messages of the present run."""
    waiting: int = 0
    """Messages of all runs that are left."""
    asleep: bool = False
    refused: int = 0
    holder: int = -1
    """The `order` of the counter that held it back last."""
    held: dict[int, int] = field(default_factory=dict)
    sent: int = 0
    reached: int = 0
    first: int | None = None
    last: int | None = None
    end: int | None = None
    """When nothing of it was left to do."""
    deferred: int = 0
    rejected: int = 0
    expired: int = 0
    log_from: int = 0
    kind: int = -1
    """The kind of its next message."""
    weights: list[tuple[Counter, int]] = field(default_factory=list)
    """What its next message counts where."""

    def next_run(self) -> None:
        """Come to the next run of equal messages."""
        self.run += 1
        self.kind, self.left, _, self.weights = self.kinds[self.run]

    def sends(self, now: int, messages: int, holder: int, times: int = 1) -> None:
        """Note what went, and what had held it back last."""
        self.left -= messages * times
        self.waiting -= messages * times
        self.sent += messages * times
        self.reached += messages * times * self.kinds[self.run][2]
        if self.first is None:
            self.first = now
        self.last = now
        if holder >= 0:
            self.held[holder] = self.held.get(holder, 0) + messages * times

    def is_held(self, counter: Counter) -> None:
        """Note that a limit holds it back."""
        self.holder = counter.order
        self.deferred = self.deferred or self.waiting


class Engine:
    """Channels that share limits, and what is to go through them."""

    def __init__(
        self, *, jobs: list[Job], counters: list[Counter], log: Log, retry: tuple[int, ...], horizon: int, leap: int = LEAP
    ) -> None:
        self.jobs = jobs
        self.counters = counters
        self.log = log
        self.truncated = False
        self._retry = retry
        self._horizon = horizon
        self._due: list[Job] = []
        self._ticket = count()
        self._agenda: list[tuple[int, int, int, Job | Counter]] = []
        self._next = NEVER
        self._since = -NEVER
        """Since when nothing but emissions has happened."""
        self._echoes = [Echo(log, period) for period in self._periods()]
        self._leap = leap
        self._by_kind = {kind[0]: job for job in jobs for kind in job.kinds}

    def at(self, moment: int, rank: int, what: Job | Counter) -> None:
        """Put something on the agenda: a counter is reset (0), a mailing grows too old (1), begins or comes again (2)."""
        heappush(self._agenda, (moment, rank, next(self._ticket), what))

    def play(self) -> None:
        """Play it to its end."""
        for job in self.jobs:
            self.at(job.start, 2, job)
            if job.deadline < NEVER:
                self.at(job.deadline, 1, job)
        for _ in range(MAX_STEPS):
            if not self._due and not any(rank == 2 for _, rank, _, _ in self._agenda):
                return
            now = min(self._agenda[0][0] if self._agenda else NEVER, self._next)
            if now >= self._horizon:
                return
            self._turn(now)
        self.truncated = True

    def _turn(self, now: int) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            self._happens(*heappop(self._agenda)[1::2], now)
        before = len(self.log)
        holds, lacking, waits = self._pass(now)
        if len(self.log) > before:
            now = self._try(now, before)  # where it leaps to, everything stands as it does here
        upcoming = NEVER
        for counter in waits:
            if now >= counter.next_at:
                counter.release(now)
            upcoming = min(upcoming, counter.next_at)
        self._next = upcoming
        until = min(upcoming, self._agenda[0][0] if self._agenda else NEVER, self._horizon)
        for counter in holds:
            counter.held(now, until)
        for counter in lacking:
            counter.lacked_until = until

    def _happens(self, rank: int, what: Job | Counter, now: int) -> None:
        if isinstance(what, Counter):
            what.release(now)
            what.reset(now)
        elif rank == 1:
            if what.end is None:
                what.expired = what.waiting
                self._finish(what, now)
        elif what.end is None:
            if what.run < 0:
                what.waiting = what.total
                what.log_from = len(self.log)
                what.next_run()
            what.asleep = False
            self._due.append(what)
            self._due.sort(key=lambda job: (-job.mailing.priority, job.start, job.index))
        self._since = now

    def _finish(self, job: Job, now: int) -> None:
        job.end = now
        job.waiting = job.left = 0
        if job in self._due:
            self._due.remove(job)
        self._since = now

    # --- one moment ---------------------------------------------------------------------------------------------------

    def _pass(self, now: int) -> tuple[list[Counter], list[Counter], list[Counter]]:
        """Let everything go that can. Return what holds something back, what has no room, and what may let something go when it has."""
        holds: list[Counter] = []
        reserved: list[Counter] = []
        without: list[Counter] = []
        for job in tuple(self._due):
            while job.end is None and not (reserved and any(counter in reserved for counter, _ in job.weights)):
                messages = _admitted(job, now)
                if not messages:
                    break
                self._emit(job, now, messages)
            if job.end is not None:
                continue
            lacking = [counter for counter, weight in job.weights if counter in reserved or _lacks(counter, weight, now)]
            waits = [counter for counter in lacking if counter.mode is OnExceed.DEFER]
            if not waits:
                self._refuse(job, lacking, now)
                continue
            holder = _holder(waits)
            holds.append(holder)
            if not holder.connections:
                job.is_held(holder)
            reserved += waits
            without += lacking
        return holds, without, reserved

    def _emit(self, job: Job, now: int, messages: int) -> None:
        self.log.append((now, job.kind, messages, job.holder))
        for counter, weight in job.weights:
            counter.used += weight * messages
            if counter.several or counter.next_at == NEVER:
                counter.added(now, job.kind)
        job.sends(now, messages, job.holder)
        if not job.waiting:
            self._finish(job, now)
        elif not job.left:
            job.next_run()
            self._since = now

    def _refuse(self, job: Job, lacking: list[Counter], now: int) -> None:
        for_good = [counter for counter in lacking if counter.mode is OnExceed.REJECT]
        holder = _holder(for_good or lacking)
        job.is_held(holder)
        if for_good:
            holder.held(now, now)
            job.rejected = job.waiting
            self._finish(job, now)
            return
        again = now + self._retry[min(job.refused, len(self._retry) - 1)] * MINUTE
        holder.held(now, min(again, job.deadline, self._horizon))
        job.refused += 1
        job.asleep = True
        self._due.remove(job)
        self.at(again, 2, job)
        self._since = now

    # --- many moments at once -----------------------------------------------------------------------------------------

    def _periods(self) -> list[int]:
        """Return the lengths after which a steady state can repeat itself, the shortest first."""
        windows = {counter.reach for counter in self.counters if not counter.connections} | {job.duration for job in self.jobs}
        windows = {window for window in windows if 0 < window <= MAX_PERIOD}
        together: list[int] = []
        if len({job.mailing.channel for job in self.jobs}) > 1:  # each has its own beat; they meet in a common multiple
            common = {lcm(*pair) for pair in combinations(sorted(windows)[:MAX_ECHOES], 2)}
            together = sorted(length for length in common - windows if length <= MAX_PERIOD)
        return sorted([*sorted(windows)[:MAX_ECHOES], *together][:MAX_ECHOES])

    def _try(self, now: int, before: int) -> int:
        """Leap ahead if the same happens again and again; return the moment where that ends, or now."""
        for entry in self.log[before:]:
            if not isinstance(entry, Block):
                for echo in self._echoes:
                    echo.hears(entry)
        for echo in self._echoes:
            if now - 2 * echo.period < self._since:
                break
            if now < echo.try_at or not echo.alike(now):
                continue
            pattern, ahead = echo.pattern(now, MAX_PATTERN), now
            while pattern and (times := self._sustained(ahead, echo, pattern)) * len(pattern) >= self._leap:
                ahead = self._repeat(ahead, echo.period, pattern, times)
            if ahead > now:
                return ahead
            echo.was_useless(now, PATIENCE)
        return now

    def _sustained(self, now: int, echo: Echo, pattern: list[Emission]) -> int:
        """Return how often the pattern repeats itself for certain."""
        hard = min(self._horizon, self._agenda[0][0] if self._agenda else NEVER)
        times = (hard - 1 - now) // echo.period
        per_kind: dict[int, int] = {}
        for _, kind, messages, _ in pattern:
            per_kind[kind] = per_kind.get(kind, 0) + messages
        for kind, messages in per_kind.items():
            times = min(times, (self._by_kind[kind].left - 1) // messages)  # the last message is played, it ends the run
        for counter in self.counters:
            if times * len(pattern) < self._leap:
                return 0
            counter.release(now)
            largest = max((counter.weights[job.kind] for job in self._due), default=0)
            times = min(times, counter.sustains(now, echo, pattern, largest))
        return times

    def _repeat(self, now: int, period: int, pattern: list[Emission], times: int) -> int:
        ahead = now + times * period
        self.log.append(Block(now, period, times, tuple(pattern)))
        for offset, kind, messages, holder in pattern:
            self._by_kind[kind].sends(ahead - period + offset, messages, holder, times)
        for counter in self.counters:
            counter.leap(now, period, times, pattern)
            if counter.lacked_until > now - period:
                counter.lacked_until += ahead - now
            if counter.spans and now - period < counter.spans[-1][1] <= now:
                counter.spans[-1][1] += ahead - now
        for echo in self._echoes:
            if echo.period == period or times * len(pattern) > MAX_HEARD:
                echo.leapt(now, ahead, period)
            else:
                for begin in range(now, ahead, period):
                    for offset, kind, messages, holder in pattern:
                        echo.hears((begin + offset, kind, messages, holder))
        return ahead


def _admitted(job: Job, now: int) -> int:
    """Return how many of a mailing's next equal messages can go now."""
    messages = job.left
    for counter, weight in job.weights:
        if now >= counter.next_at and (not counter.lazy or counter.capacity - counter.used < weight * messages):
            counter.release(now)
        room = counter.capacity - counter.used
        if room < weight * messages:
            messages = max(0, room // weight)
    return messages


def _lacks(counter: Counter, weight: int, now: int) -> bool:
    if counter.capacity - counter.used < weight and now >= counter.next_at:
        counter.release(now)
    return counter.capacity - counter.used < weight


def _holder(lacking: list[Counter]) -> Counter:
    """Return the one that is named: connections if they lack, else a limit of the settings, else that with the longest window, the first one of equals."""
    return max(lacking, key=lambda counter: (counter.connections, counter.own, counter.reach, -counter.order))
