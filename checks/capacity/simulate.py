"""The door: a plan in, a result out. Sets the engine up, one for each group of channels that cannot disturb another, and sums up what it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

from checks.capacity.counters import CalendarCounter, Counter, Cursor, SlidingCounter
from checks.capacity.engine import LEAP, Engine, Job
from checks.capacity.log import NEVER, Block, Log
from checks.capacity.model import Calendar, Channel, Every, Limit, Mailing, Plan, Scope, Sliding
from checks.capacity.moments import HOUR, MINUTE, SECOND, at, date_of, first, next_reset
from checks.capacity.result import CONNECTIONS, Binding, Collision, Outcome, Result, Series

HORIZON = 366 * 24 * HOUR
"""After the last start; who waits longer than a year does not plan any more."""
MAX_POINTS = 160
"""Of one line of the drawing."""
MAX_COLLISIONS = 1_000
LENGTHS = {Every.MINUTE: MINUTE, Every.HOUR: HOUR, Every.DAY: 24 * HOUR, Every.WEEK: 7 * 24 * HOUR}


@dataclass(frozen=True)
class Played:
    """A plan that was played, with everything that happened."""

    plan: Plan
    misfits: dict[str, str]
    """Mailings of which nothing can ever go, and what stands in their way."""
    engines: tuple[Engine, ...]

    def emissions(self) -> Iterator[tuple[int, str, int]]:
        """Yield (moment, mailing, messages) of everything that went, engine by engine."""
        for engine in self.engines:
            names = {kind[0]: job.mailing.name for job in engine.jobs for kind in job.kinds}
            for entry in engine.log:
                if isinstance(entry, Block):
                    for turn in range(entry.repeats):
                        for offset, kind, messages, _ in entry.pattern:
                            yield entry.base + turn * entry.period + offset, names[kind], messages
                else:
                    yield entry[0], names[entry[1]], entry[2]


def simulate(plan: Plan) -> Result:
    """Say what becomes of a plan."""
    return summary(play(plan))


def play(plan: Plan, *, leap: int = LEAP, patience: int = HORIZON) -> Played:
    """Play a plan for so long after the last start. A leap has to save so many emissions."""
    misfits = {mailing.name: found for mailing in plan.mailings if (found := _misfit(mailing, plan))}
    fitting = [mailing for mailing in plan.mailings if mailing.name not in misfits]
    starts = [first(mailing.start, ZoneInfo(mailing.zone)) for mailing in fitting]
    horizon = max(starts, default=0) + patience
    engines = []
    for channels, limits in _groups(plan, fitting):
        own = [(mailing, start) for mailing, start in zip(fitting, starts, strict=True) if mailing.channel in channels]
        engine = _engine(plan, channels, limits, own, horizon, leap)
        engine.play()
        engines.append(engine)
    return Played(plan, misfits, tuple(engines))


def _misfit(mailing: Mailing, plan: Plan) -> str:
    channel = plan.channel(mailing.channel)
    if channel.max_bytes is not None and mailing.bytes_per_message > channel.max_bytes:
        return "size"  # RFC 1870 section 6.1: the server refuses such a message by its size alone
    runs = mailing.runs()
    if channel.recipients_per_message is not None and max(run[1] for run in runs) > channel.recipients_per_message:
        return "recipients-per-message"
    for limit in plan.limits_of(mailing.channel):
        if max(limit.weight(recipients, external) for _, recipients, external in runs) > limit.count:
            return limit.name
    return ""


# --- setting up -------------------------------------------------------------------------------------------------------


def _groups(plan: Plan, fitting: list[Mailing]) -> Iterator[tuple[list[str], list[Limit]]]:
    """Yield the channels that have to be played together, with the limits that can matter to them."""
    totals = {limit.name: dict.fromkeys((channel.name for channel in plan.channels), 0) for limit in plan.limits}
    for mailing in fitting:
        for limit in plan.limits_of(mailing.channel):
            totals[limit.name][mailing.channel] += sum(n * limit.weight(r, e) for n, r, e in mailing.runs())
    used = {mailing.channel for mailing in fitting}
    groups = {channel.name: {channel.name} for channel in plan.channels if channel.name in used}
    matter = []
    for limit in plan.limits:
        if not limit.scope.shared:
            matter.append(limit)
        elif sum(totals[limit.name].values()) > limit.count:  # otherwise even all of it at once would fit
            matter.append(limit)
            joined = {name for name in groups if totals[limit.name][name]}
            together = set().union(*(groups[name] for name in joined))
            groups.update(dict.fromkeys(together, together))
    for name, group in groups.items():
        if name == min(group):
            yield sorted(group), [limit for limit in matter if any(totals[limit.name][channel] for channel in group)]


def _engine(
    plan: Plan, channels: list[str], limits: list[Limit], own: list[tuple[Mailing, int]], horizon: int, leap: int
) -> Engine:
    log: Log = []
    kinds = [(mailing, *run) for mailing, _ in own for run in mailing.runs()]
    begin = min(start for _, start in own)
    counters: list[Counter] = []
    resets: list[tuple[int, Counter]] = []
    for order, limit in enumerate(plan.limits):
        if limit not in limits:
            continue
        for share in [channels] if limit.scope.shared else [[name] for name in channels]:
            bound = [name for name in share if not limit.channels or name in limit.channels]
            weights = [limit.weight(r, e) if mailing.channel in bound else 0 for mailing, _, r, e in kinds]
            if sum(weight * kind[1] for weight, kind in zip(weights, kinds, strict=True)) > limit.count:
                counter = _counter(limit, "" if limit.scope.shared else share[0], order, weights, log, begin)
                counters.append(counter)
                if limit.reset_at is not None and at(limit.reset_at) > begin:
                    resets.append((at(limit.reset_at), counter))
    for order, name in enumerate(channels, len(plan.limits)):
        counters += _connections(plan.channel(name), order, kinds, log)
    jobs = _jobs(plan, own, counters)
    engine = Engine(jobs=jobs, counters=counters, log=log, retry=plan.dispatcher.retry_minutes, horizon=horizon, leap=leap)
    for moment, counter in resets:
        engine.at(moment, 0, counter)
    return engine


def _counter(limit: Limit, channel: str, order: int, weights: list[int], log: Log, begin: int) -> Counter:
    if isinstance(limit.window, Sliding):
        reach = limit.window.seconds * SECOND
        cursor = Cursor(log, reach, weights)
        return SlidingCounter(
            name=limit.name, channel=channel, capacity=limit.count, weights=weights, reach=reach, order=order,
            mode=limit.on_exceed, own=limit.scope is Scope.CREDENTIAL, cursors=(cursor,),
            cursor_of={kind: cursor for kind, weight in enumerate(weights) if weight},
        )  # fmt: skip
    window: Calendar = limit.window
    return CalendarCounter(
        name=limit.name, channel=channel, capacity=limit.count, weights=weights, reach=LENGTHS[window.every], order=order,
        mode=limit.on_exceed, own=limit.scope is Scope.CREDENTIAL, window=window, next_at=next_reset(window, begin),
    )  # fmt: skip


def _connections(channel: Channel, order: int, kinds: list[tuple[Mailing, int, int, int]], log: Log) -> list[Counter]:
    """Return the counter of a channel's connections, if they can ever be short."""
    lasts = [channel.duration(kind[0].bytes_per_message) if kind[0].channel == channel.name else 0 for kind in kinds]
    weights = [int(duration > 0) for duration in lasts]
    total = sum(weight * kind[1] for weight, kind in zip(weights, kinds, strict=True))
    if channel.connections is None or total <= channel.connections:
        return []
    cursors = {duration: Cursor(log, duration, [int(own == duration) for own in lasts]) for duration in set(lasts) - {0}}
    return [
        SlidingCounter(
            name=CONNECTIONS, channel=channel.name, capacity=channel.connections, weights=weights, reach=max(lasts), order=order,
            connections=True, several=len(cursors) > 1, cursors=tuple(cursors.values()),
            cursor_of={kind: cursors[duration] for kind, duration in enumerate(lasts) if duration},
        )
    ]  # fmt: skip


def _jobs(plan: Plan, own: list[tuple[Mailing, int]], counters: list[Counter]) -> list[Job]:
    jobs: list[Job] = []
    kind, age = 0, plan.dispatcher.max_age_hours
    for index, (mailing, start) in enumerate(own):
        runs = []
        for messages, recipients, _ in mailing.runs():
            weights = [(counter, counter.weights[kind]) for counter in reversed(counters) if counter.weights[kind]]
            runs.append((kind, messages, recipients, weights))
            kind += 1
        jobs.append(
            Job(
                mailing=mailing, index=index, start=start, deadline=NEVER if age is None else start + age * HOUR,
                duration=plan.channel(mailing.channel).duration(mailing.bytes_per_message), kinds=runs, total=mailing.messages,
            )
        )  # fmt: skip
    return jobs


# --- summing up -------------------------------------------------------------------------------------------------------


def summary(played: Played) -> Result:
    """Say what happened."""
    plan = played.plan
    jobs = {job.mailing.name: (job, engine) for engine in played.engines for job in engine.jobs}
    outcomes, series = [], []
    for mailing in plan.mailings:
        if mailing.name in jobs:
            outcomes.append(_outcome(jobs[mailing.name][0], plan))
            series.append(_series(*jobs[mailing.name]))
        else:
            outcomes.append(_misfitting(mailing, played.misfits[mailing.name]))
    spans = sorted(
        (span[0], counter.order, counter.channel, span[1], counter.name)
        for engine in played.engines
        for counter in engine.counters
        for span in counter.spans
    )
    return Result(
        mailings=tuple(outcomes),
        bindings=tuple(
            Binding(limit=name, channel=channel, begins=date_of(begins), ends=date_of(ends))
            for begins, _, channel, ends, name in spans
        ),
        collisions=tuple(_collisions(played.engines)),
        series=tuple(series),
        truncated=any(engine.truncated for engine in played.engines),
    )


def _outcome(job: Job, plan: Plan) -> Outcome:
    return Outcome(
        name=job.mailing.name,
        start=date_of(job.start),
        messages=job.total,
        recipients=job.mailing.recipients,
        sent=job.sent,
        reached=job.reached,
        first=None if job.first is None else date_of(job.first),
        finish=None if job.last is None else date_of(job.last + job.duration),
        deferred=job.deferred,
        held=tuple((plan.limits[order].name, messages) for order, messages in sorted(job.held.items())),
        refused=job.refused,
        rejected=job.rejected,
        expired=job.expired,
        unsent=job.total - job.sent - job.rejected - job.expired,
    )


def _misfitting(mailing: Mailing, misfit: str) -> Outcome:
    return Outcome(
        name=mailing.name,
        start=date_of(first(mailing.start, ZoneInfo(mailing.zone))),
        messages=mailing.messages,
        recipients=mailing.recipients,
        unsent=mailing.messages,
        misfit=misfit,
    )


def _series(job: Job, engine: Engine) -> Series:
    if job.first is None or job.last is None:
        return Series(mailing=job.mailing.name, points=((date_of(job.start), 0),))
    steps = min(MAX_POINTS - 1, max(1, job.last - job.start))
    moments = [job.start + (job.last - job.start) * step // steps for step in range(steps + 1)]
    own = {kind[0] for kind in job.kinds}
    size = max(kind[0] for other in engine.jobs for kind in other.kinds) + 1
    cursor = Cursor(engine.log, 0, [int(kind in own) for kind in range(size)], job.log_from)
    totals = accumulate(cursor.release(moment) for moment in moments)
    return Series(mailing=job.mailing.name, points=tuple((date_of(m), total) for m, total in zip(moments, totals, strict=True)))


def _collisions(engines: Iterable[Engine]) -> Iterator[Collision]:
    found = 0
    for engine in engines:
        jobs = sorted(engine.jobs, key=lambda job: (job.start, job.index))
        touched = {job.index: {counter for _, _, _, weights in job.kinds for counter, _ in weights} for job in jobs}
        for place, one in enumerate(jobs):
            until = {counter: _until(one, counter) for counter in engine.counters if counter in touched[one.index]}
            for other in jobs[place + 1 :]:
                if found >= MAX_COLLISIONS or other.start >= max(until.values(), default=0):
                    break
                shared = {counter: ends for counter, ends in until.items() if counter in touched[other.index]}
                if (collision := _collision(one, other, shared)) is not None:
                    found += 1
                    yield collision


def _collision(one: Job, other: Job, until: dict[Counter, int]) -> Collision | None:
    """Say where two mailings meet: under way together, or the later one waits for room that the earlier one has taken."""
    together = min(_ends(one), _ends(other))
    meets, slowed, ends = [], [], other.start
    for counter, lingers in until.items():
        if lingers <= other.start:
            continue  # the first one's have left it before
        last = min(lingers, _ends(other))
        waited = any(low < last and other.start < high for low, high in counter.spans)
        if waited or other.start < together:
            meets.append(counter.name)
            slowed += [counter.name] if waited else []
            ends = max(ends, last if waited else together)
    if not meets:
        return None
    return Collision(
        mailings=(one.mailing.name, other.mailing.name),
        limits=tuple(meets),
        slowed=tuple(slowed),
        begins=date_of(other.start),
        ends=date_of(ends),
    )


def _until(job: Job, counter: Counter) -> int:
    """Return until when messages of a mailing take room in a counter."""
    if job.last is None:
        return _ends(job)
    if isinstance(counter, CalendarCounter):
        return max(_ends(job), next_reset(counter.window, job.last))
    return max(_ends(job), job.last + (0 if counter.connections else counter.reach))


def _ends(job: Job) -> int:
    """Return when a mailing is done: its last message, its end by refusal or age, or never."""
    if job.end is None:
        return max(job.start + HORIZON, job.last or 0)
    return max(job.end, job.last + job.duration if job.last is not None else job.end)
