"""Runs rules and gathers what they miss. No knowledge of mail, of terminals or of files.

A rule is run; where it looks at a reading that nobody has, it is stopped, the reading is gathered (once per run, however many
rules want it) and the rule is run again, until it gets through.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import ChainMap
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from checks.changes import applied, in_the_way
from checks.evidence import Effect, Evidence, Missing, Probe, Reading, Readings, State, TooMany, Unasked, Undetermined
from checks.model import SEVERITY, CheckResult, Finding, Outcome, Status
from checks.subject import Subject

WITHHELD = "No record is shown here, because it would not be enough by itself: mend the other faults first, then check again."
NO_ROOM = "No record is shown here, because {name} is an alias (CNAME), and beside an alias there can be no other record."
UNPROVED = "No record is shown here, because there was no time to prove that it helps: check again, with more time (--timeout)."
MORE_TIME = "Run the check again, with more time (--timeout)."
GRACE = 2.0  # seconds beyond the deadline to judge what came in the last moment; nothing is asked any more
TURN = 0.1  # seconds that a rule may compute at a stretch even then: one that is quick has its say
MAX_NAMED = 50  # probes that a finding names when it was given up
MAX_PROBES = 300  # per rule and subject; DESIGN.md section 3 bounds what one hostile domain can make us ask


T = TypeVar("T")


class Gatherer(Protocol):
    """Asks the world one question. Must return a reading for every fault of the other side; an exception is a bug of ours."""

    def __call__(self, probe: Probe[Any], budget: float) -> Awaitable[Reading]:
        """`budget`: seconds left for the whole run."""


class Check(Protocol):
    """What the engine needs to know of a check; `checks.catalogue` makes them from the rule files."""

    @property
    def id(self) -> str: ...
    @property
    def subject_type(self) -> type[Subject]: ...
    @property
    def informational(self) -> bool: ...
    @property
    def judge(self) -> Callable[[Any, Evidence], Iterator[Finding]]: ...
    @property
    def conclude(self) -> Callable[[Sequence[Subject], Sequence[CheckResult]], Iterator[Finding]] | None: ...
    @property
    def unknown(self) -> Outcome: ...
    @property
    def not_run(self) -> Outcome: ...
    @property
    def over_budget(self) -> Outcome: ...
    @property
    def broken(self) -> Outcome: ...


@dataclass
class Run:
    """One run over one or several subjects. Share a `Run` to ask nothing twice across them."""

    gather: Gatherer | None = None
    """None: judge saved evidence with the network off."""
    allow: frozenset[Effect] = frozenset({Effect.LOOK})
    deadline: float = 60.0
    """Seconds for the whole run."""
    readings: Readings = field(default_factory=dict)
    consulted: dict[Probe[Any], None] = field(default_factory=dict)
    """What rules of this run looked at; saved evidence that nobody looked at is not among it."""
    _pending: dict[Probe[Any], asyncio.Task[Reading]] = field(default_factory=dict)
    _ends: float = 0.0

    async def judge(
        self, checks: Iterable[Check], subjects: Sequence[Subject], progress: Callable[[CheckResult], None] | None = None
    ) -> list[CheckResult]:
        """Run every check on every subject of its kind; results in the order of `checks`. Never raises for a fault of the other side.

        Checks that conclude come last, when the others have spoken.
        """
        self._begin()
        wanted = list(checks)
        asking = [check for check in wanted if check.conclude is None]
        fitting = [(check, [subject for subject in subjects if isinstance(subject, check.subject_type)]) for check in asking]
        families: dict[str, list[Check]] = {}
        for check in asking:
            families.setdefault(_family(check), []).append(check)

        async def one(check: Check, subjects: list[Subject]) -> CheckResult:
            parts = await asyncio.gather(*(self._judge_safely(check, subject) for subject in subjects))
            said = [
                await self._confirmed(check, families[_family(check)], subject, finding, part.findings)
                for subject, part in zip(subjects, parts, strict=True)
                for finding in part.findings
            ]
            result = CheckResult(
                check=check.id,
                findings=tuple({finding.fingerprint: finding for finding in said}.values()),  # two subjects may share a finding
                informational=check.informational,
                traceback="\n".join(part.trouble for part in parts if part.trouble),
            )
            if progress:
                progress(result)
            return result

        said = await asyncio.gather(*(one(check, subjects) for check, subjects in fitting if subjects))
        concluded = [_concluded(check, subjects, said) for check in wanted if check.conclude is not None and subjects]
        if progress:
            for result in concluded:
                progress(result)
        order = {check.id: place for place, check in reversed(list(enumerate(wanted)))}
        return sorted((*said, *concluded), key=lambda result: order[result.check])

    async def answer(self, question: Callable[[Evidence], T]) -> T:
        """Run any function of evidence to its end, gathering what it misses. A failed `need` passes through as `Undetermined`.

        Raises `RuntimeError` when it would take more than `MAX_PROBES`.
        """
        self._begin()
        while True:  # each round adds a reading, and their number is bounded
            view = Evidence(self.readings, bound=MAX_PROBES)
            try:
                return question(view)
            except Missing as missing:
                await self._gather_all(missing.probes)
            except TooMany:
                raise RuntimeError(f"no answer within {MAX_PROBES} questions") from None
            finally:
                self.consulted.update(dict.fromkeys(view.looked_at))

    @property
    def _is_over(self) -> bool:
        """Whether even judging must stop: a stranger's records can keep a rule busy long after the last answer."""
        return asyncio.get_running_loop().time() > self._ends + GRACE

    def _begin(self) -> None:
        self._ends = self._ends or asyncio.get_running_loop().time() + self.deadline

    async def _gather_all(self, probes: Iterable[Probe[Any]]) -> None:
        await asyncio.gather(*(self._reading(probe) for probe in dict.fromkeys(probes)))

    async def _judge_safely(self, check: Check, subject: Subject, readings: Mapping[Probe[Any], Reading] | None = None) -> _Part:
        try:
            return _Part(findings=await self._judge_one(check, subject, self.readings if readings is None else readings))
        except Exception:  # noqa: BLE001 - one rule's bug must not cost the other verdicts
            return _Part(findings=[check.broken(about=subject.name, subject=subject.name)], trouble=traceback.format_exc())

    async def _judge_one(self, check: Check, subject: Subject, readings: Mapping[Probe[Any], Reading]) -> list[Finding]:
        while True:  # each round adds a reading, and their number is bounded
            await asyncio.sleep(0)  # rules compute; whoever else waits for the loop has a turn between two of them
            began = asyncio.get_running_loop().time()
            view = Evidence(readings, bound=MAX_PROBES)
            findings: list[Finding] = []
            try:
                for finding in check.judge(subject, view):
                    findings.append(replace(finding, consulted=view.consulted))
                    if self._is_over and asyncio.get_running_loop().time() > began + TURN:
                        return [*findings, self._stopped(check, subject, view)]
            except Missing as missing:
                await self._gather_all(missing.probes)
                if self._is_over:
                    return [*findings, self._stopped(check, subject, view)]
            except Undetermined as fault:
                return [*findings, _undetermined(check, subject, fault, view)]
            except TooMany:
                given_up = check.over_budget(about=subject.name, subject=subject.name)
                return [*findings, replace(given_up, consulted=view.consulted[:MAX_NAMED])]
            else:
                return findings
            finally:
                self.consulted.update(dict.fromkeys(view.looked_at))

    def _stopped(self, check: Check, subject: Subject, view: Evidence) -> Finding:
        """*Unknown*, because the time was up before the rule had come to its end."""
        reason = f"the time for the whole run ({self.deadline:g} s) was up"
        last = view.consulted[-1] if view.consulted else check.id
        finding = check.unknown(about=subject.name, subject=subject.name, probe=last, reason=reason, steps=(MORE_TIME,))
        return replace(finding, consulted=view.consulted[:MAX_NAMED])

    async def _confirmed(
        self, check: Check, peers: list[Check], subject: Subject, finding: Finding, before: list[Finding]
    ) -> Finding:
        """Judge the zone as it would be after the remedy, by this check and its family.

        A record that would not mend the fault, or would only uncover another one as bad, is not shown; nor is one for whose proof the
        time was too short.
        """
        if finding.remedy is None or not finding.remedy.records:
            return finding
        if name := in_the_way(finding.remedy.records, self.readings):
            return replace(finding, remedy=finding.remedy.withheld(NO_ROOM.format(name=name)))
        changed = ChainMap(applied(finding.remedy.records, self.readings), self.readings)
        after = (await self._judge_safely(check, subject, changed)).findings
        good = _count(after, finding) < _count(before, finding) and not _worse(finding, before, after)
        for peer in peers if good else ():
            if self._is_over:
                break
            if peer.id != check.id and isinstance(subject, peer.subject_type):
                then = (await self._judge_safely(peer, subject, changed)).findings
                good = good and not _worse(finding, (await self._judge_safely(peer, subject)).findings, then)
        if self._is_over:
            return replace(finding, remedy=finding.remedy.withheld(UNPROVED))
        return finding if good else replace(finding, remedy=finding.remedy.withheld(WITHHELD))

    async def _reading(self, probe: Probe[Any]) -> None:
        if probe in self.readings:
            return
        if probe not in self._pending:
            self._pending[probe] = asyncio.create_task(self._gather(probe))
        reading = await asyncio.shield(self._pending[probe])
        self.readings[probe] = reading
        self._pending.pop(probe, None)

    async def _gather(self, probe: Probe[Any]) -> Reading:
        if self.gather is None:
            return _unasked(probe, Unasked.NOT_SAVED, "it is not in the saved evidence")
        if not probe.effects <= self.allow:
            return _unasked(probe, Unasked.NOT_ALLOWED, NOT_ALLOWED[_strongest(probe.effects)])
        budget = self._ends - asyncio.get_running_loop().time()
        if budget <= 0:
            return _unasked(probe, Unasked.NO_TIME, f"the time for the whole run ({self.deadline:g} s) was up")
        try:
            async with asyncio.timeout(budget):
                return await self.gather(probe, budget)
        except TimeoutError:
            return probe.reading(state=State.TIMEOUT, detail=f"the time for the whole run ({self.deadline:g} s) was up")


NOT_ALLOWED: Mapping[Effect, str] = {
    Effect.LOOK: "looking was not allowed in this run (--allow look)",
    Effect.LOGIN: "logging in was not allowed in this run (--allow look,login)",
    Effect.SEND: "sending a test message was not allowed in this run (--allow look,login,send)",
}


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What one check says of one subject."""

    findings: list[Finding]
    trouble: str = ""
    """The traceback, if it is our bug."""


def _concluded(check: Check, subjects: Sequence[Subject], said: Sequence[CheckResult]) -> CheckResult:
    """Let a check put together what the others said."""
    trouble = ""
    try:
        findings = tuple(check.conclude(subjects, said) if check.conclude else ())
    except Exception:  # noqa: BLE001 - one rule's bug must not cost the other verdicts
        findings, trouble = (check.broken(about=check.id, subject=check.id),), traceback.format_exc()
    return CheckResult(check=check.id, findings=findings, informational=check.informational, traceback=trouble)


def _family(check: Check) -> str:
    return check.id.partition(".")[0]


def _worse(finding: Finding, before: list[Finding], after: list[Finding]) -> bool:
    known = {other.code for other in before}
    return any(_outweighs(other.status, finding.status) for other in after if other.code not in known)


def _unasked(probe: Probe[Any], why: Unasked, detail: str) -> Reading:
    return probe.reading(state=State.NOT_ATTEMPTED, unasked=why, detail=detail)


def _strongest(effects: frozenset[Effect]) -> Effect:
    return max(effects, key=list(Effect).index)


def _count(findings: list[Finding], like: Finding) -> int:
    return sum(other.code == like.code and other.about == like.about for other in findings)


def _outweighs(new: Status, old: Status) -> bool:
    """Whether a change would make things no better. What cannot be determined afterwards could not be before, either."""
    return new in (Status.WARN, Status.FAIL, Status.BROKEN) and SEVERITY.index(new) >= SEVERITY.index(old)


def _undetermined(check: Check, subject: Subject, fault: Undetermined, view: Evidence) -> Finding:
    """Not asking is *not run*; asking and getting no answer is *unknown*."""
    reason = fault.reading.detail or REASONS[fault.reading.state]
    outcome = check.not_run if fault.reading.unasked is Unasked.NOT_ALLOWED else check.unknown
    finding = outcome(about=subject.name, subject=subject.name, probe=fault.probe.id, reason=reason)
    return replace(finding, consulted=view.consulted)


REASONS: Mapping[State, str] = {
    State.SERVFAIL: "the name server answered that it failed (SERVFAIL)",
    State.TIMEOUT: "no answer came in time",
    State.REFUSED: "the other side refused to answer",
    State.BOGUS: "the answer cannot be trusted",
    State.NOT_ATTEMPTED: "it was not asked",
}
