"""A second opinion: looks at every message at every tick and recounts every window from the whole list of what went.

Shares the plan's dataclasses with the program and nothing else. Slow on purpose; every number of a plan has to be a multiple of the tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from checks.capacity.model import Calendar, Every, Limit, Mailing, OnExceed, Plan, Scope, Sliding, Unit

LONG = {Every.MINUTE: 60, Every.HOUR: 3600, Every.DAY: 86400, Every.WEEK: 7 * 86400}


@dataclass
class Letter:
    """One message."""

    recipients: int
    external: int


@dataclass
class Post:
    """A mailing under way."""

    mailing: Mailing
    place: int
    start: int
    letters: list[Letter]
    sent: int = 0
    asleep_until: int | None = None
    refused: int = 0
    held_by: str = ""
    held: dict[str, int] = field(default_factory=dict)
    deferred: int = 0
    rejected: int = 0
    expired: int = 0
    last: int | None = None

    @property
    def waiting(self) -> int:
        return len(self.letters) - self.sent - self.rejected - self.expired


@dataclass
class Sent:
    """One message that went, in whole seconds since 1970."""

    moment: int
    mailing: Mailing
    letter: Letter


class Brute:
    """Times are whole seconds since 1970."""

    def __init__(self, plan: Plan, tick: int, patience: int) -> None:
        self.plan = plan
        self.tick = tick
        self.sent: list[Sent] = []
        self.spans: dict[tuple[str, str], list[list[int]]] = {}
        self.days: dict[str, int] = {}
        self.misfits = {mailing.name for mailing in plan.mailings if self._misfit(mailing)}
        self.posts = [
            Post(mailing, place, first_shown(mailing.start, mailing.zone), letters(mailing))
            for place, mailing in enumerate(plan.mailings)
            if mailing.name not in self.misfits
        ]
        self.end = max((post.start for post in self.posts), default=0) + patience
        now = min((post.start for post in self.posts), default=0)
        while now < self.end and any(post.waiting for post in self.posts):
            self.now = now
            self._look()
            now += tick

    def _misfit(self, mailing: Mailing) -> bool:
        channel = self.plan.channel(mailing.channel)
        biggest = max(letter.recipients for letter in letters(mailing))
        if channel.max_bytes is not None and channel.max_bytes < mailing.bytes_per_message:
            return True
        if channel.recipients_per_message is not None and channel.recipients_per_message < biggest:
            return True
        return any(self._counts(limit, letter) > limit.count for limit in self._limits(mailing) for letter in letters(mailing))

    def _limits(self, mailing: Mailing) -> list[Limit]:
        return [limit for limit in self.plan.limits if not limit.channels or mailing.channel in limit.channels]

    def _counts(self, limit: Limit, letter: Letter) -> int:
        people = letter.external if limit.external_only else letter.recipients
        return people if limit.unit is Unit.RECIPIENTS else int(people > 0)

    def _look(self) -> None:
        age = self.plan.dispatcher.max_age_hours
        due = []
        for post in self.posts:
            if post.waiting and post.start <= self.now:
                if age is not None and self.now >= post.start + age * 3600:
                    post.expired = post.waiting
                elif post.asleep_until is None or post.asleep_until <= self.now:
                    post.asleep_until = None
                    due.append(post)
        reserved: set[tuple[str, str]] = set()
        for post in sorted(due, key=lambda post: (-post.mailing.priority, post.start, post.place)):
            while post.waiting and post.asleep_until is None and self._attempt(post, reserved):
                pass

    def _attempt(self, post: Post, reserved: set[tuple[str, str]]) -> bool:
        letter = post.letters[post.sent]
        touched = {self._key(limit, post.mailing): limit for limit in self._limits(post.mailing) if self._counts(limit, letter)}
        lacking = {
            key: limit
            for key, limit in touched.items()
            if key in reserved or self._used(limit, post.mailing) + self._counts(limit, letter) > limit.count
        }
        plug = ("connections", post.mailing.channel)
        plugged = self._lasts(post.mailing) > 0 and (plug in reserved or self._connections_are_taken(post.mailing.channel))
        waits = {key: limit for key, limit in lacking.items() if limit.on_exceed is OnExceed.DEFER}
        if not plugged and not lacking:
            self._go(post, letter)
            return True
        if plugged or waits:
            key = plug if plugged else longest(waits)
            self._note(key, self.now, min(self.now + self.tick, self.end))
            if not plugged:
                post.held_by = key[0]
                post.deferred = post.deferred or post.waiting
            reserved |= set(waits) | ({plug} if plugged else set())
            return False
        self._refuse(post, lacking)
        return False

    def _refuse(self, post: Post, lacking: dict[tuple[str, str], Limit]) -> None:
        for_good = {key: limit for key, limit in lacking.items() if limit.on_exceed is OnExceed.REJECT}
        key = longest(for_good or lacking)
        post.held_by = key[0]
        post.deferred = post.deferred or post.waiting
        if for_good:
            self._note(key, self.now, self.now)
            post.rejected = post.waiting
            return
        pauses, age = self.plan.dispatcher.retry_minutes, self.plan.dispatcher.max_age_hours
        post.asleep_until = self.now + 60 * pauses[min(post.refused, len(pauses) - 1)]
        post.refused += 1
        until = min(post.asleep_until, self.end)
        self._note(key, self.now, until if age is None else min(until, post.start + 3600 * age))

    def _go(self, post: Post, letter: Letter) -> None:
        self.sent.append(Sent(self.now, post.mailing, letter))
        post.sent += 1
        post.last = self.now
        if post.held_by:
            post.held[post.held_by] = post.held.get(post.held_by, 0) + 1

    def _lasts(self, mailing: Mailing) -> int:
        milliseconds = self.plan.channel(mailing.channel).duration(mailing.bytes_per_message)
        assert milliseconds % 1000 == 0
        return milliseconds // 1000

    def _connections_are_taken(self, channel: str) -> bool:
        most = self.plan.channel(channel).connections
        busy = [
            sent for sent in self.sent if sent.mailing.channel == channel and sent.moment + self._lasts(sent.mailing) > self.now
        ]
        return most is not None and len(busy) >= most

    def _key(self, limit: Limit, mailing: Mailing) -> tuple[str, str]:
        return (limit.name, "" if limit.scope.shared else mailing.channel)

    def _used(self, limit: Limit, mailing: Mailing) -> int:
        key, used = self._key(limit, mailing), 0
        since = limit.reset_at.timestamp() if limit.reset_at else 0
        for sent in self.sent:
            if limit not in self._limits(sent.mailing) or self._key(limit, sent.mailing) != key:
                continue
            if sent.moment < since <= self.now:
                continue
            if self._still_counts(limit.window, sent.moment):
                used += self._counts(limit, sent.letter)
        return used

    def _still_counts(self, window: Sliding | Calendar, moment: int) -> bool:
        if isinstance(window, Sliding):
            return self.now - window.seconds < moment <= self.now
        return period(window, moment) == period(window, self.now)

    def _note(self, key: tuple[str, str], begins: int, ends: int) -> None:
        window = next((limit.window for limit in self.plan.limits if limit.name == key[0]), None)
        if isinstance(window, Sliding):
            closing = window.seconds
        elif window is not None:
            closing = LONG[window.every]
        else:
            closing = max(self._lasts(post.mailing) for post in self.posts if post.mailing.channel == key[1])
        spans = self.spans.setdefault(key, [])
        if spans and begins - spans[-1][1] <= max(3600, closing):
            spans[-1][1] = max(spans[-1][1], ends)
        else:
            spans.append([begins, ends])


def letters(mailing: Mailing) -> list[Letter]:
    """One recipient after the other, those outside first."""
    found: list[Letter] = []
    outside = mailing.recipients if mailing.external is None else mailing.external
    for person in range(mailing.recipients):
        if person % mailing.recipients_per_message == 0:
            found.append(Letter(0, 0))
        found[-1].recipients += 1
        found[-1].external += person < outside
    return found


def longest(limits: dict[tuple[str, str], Limit]) -> tuple[str, str]:
    """The first of those with the longest window, among the dispatcher's own if there are some."""
    limits = {key: limit for key, limit in limits.items() if limit.scope is Scope.CREDENTIAL} or limits

    def length(limit: Limit) -> int:
        return limit.window.seconds if isinstance(limit.window, Sliding) else LONG[limit.window.every]

    best = max(length(limit) for limit in limits.values())
    return next(key for key, limit in limits.items() if length(limit) == best)


@cache
def shown(moment: int, zone: str) -> tuple[datetime, timedelta]:
    local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone))
    return local.replace(tzinfo=None, fold=0), local.utcoffset() or timedelta()


def first_shown(local: datetime, zone: str) -> int:
    """The first second at which the clock shows that much, found by looking at the clock."""
    moment = int(local.replace(tzinfo=UTC).timestamp()) - 86_400
    while shown(moment, zone)[0] < local:
        step = local - shown(moment, zone)[0]
        moment += max(1, int(step.total_seconds()) - 7_200)
    return moment


@cache
def period(window: Calendar, moment: int) -> object:
    """Two moments count together if this is the same for both."""
    local, offset = shown(moment, window.zone)
    if window.every is Every.MINUTE:
        return local.replace(second=0), offset
    if window.every is Every.HOUR:
        return local.replace(minute=0, second=0), offset
    best = None
    for earlier in range(0, 3 * 3600 + 1, 300):  # the clock may have been set back: what it showed then counts
        wall = shown(moment - earlier, window.zone)[0]
        day = (wall - timedelta(hours=window.reset.hour, minutes=window.reset.minute, seconds=window.reset.second)).date()
        if window.every is Every.WEEK:
            day -= timedelta(days=day.weekday())
        best = day if best is None else max(best, day)
    return best
