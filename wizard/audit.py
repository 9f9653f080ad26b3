"""Many targets in one process: asks nothing twice, and keeps each result as soon as it is there."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from checks.engine import Gatherer, Run
from checks.evidence import Probe, Reading, Readings
from checks.model import Status, Verdict
from checks.secret import LeakGuard
from reports.model import Report
from wizard import atomic, exits
from wizard.options import World
from wizard.output import keep
from wizard.run import LOOK, circumstances, judged, live, saved_readings, summed_up
from wizard.targets import Target
from wizard.tool import tool_name

if TYPE_CHECKING:
    from reports.html import IndexRow

REMEMBERED = 50_000  # readings kept for reuse, some 100 MB; the oldest go first


@dataclass(kw_only=True)
class Done:
    """What is kept of a finished target: little, so that thousands fit."""

    target: str
    verdict: str
    exit_code: int
    counts: dict[str, int] = field(default_factory=dict)
    report: str = ""
    """Path of its report.html below the output directory; empty if there is none."""
    error: str = ""


class Once:
    """A gatherer that asks each question once for all targets, and forgets the oldest answers beyond a bound."""

    def __init__(self, gather: Gatherer, budget: float, known: Readings | None = None) -> None:
        self._gather = gather
        self._budget = budget
        self._known = known or {}
        self._tasks: OrderedDict[Probe[Any], asyncio.Future[Reading]] = OrderedDict()

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:  # noqa: ARG002 - one target's deadline must not cut another's answer short
        if (reading := self._known.get(probe)) is not None:
            return reading
        task = self._tasks.get(probe)
        if task is None:
            task = self._tasks[probe] = asyncio.ensure_future(self._gather(probe, self._budget))
            while len(self._tasks) > REMEMBERED and next(iter(self._tasks.values())).done():
                self._tasks.popitem(last=False)
        return await asyncio.shield(task)


async def audit(targets: Iterable[Target], world: World, output: Path, *, jobs: int, say: Callable[[Done], None]) -> list[Done]:
    """Check every target by looking only; write each report as it is finished. Returns what was done, in the list's order."""
    results: dict[int, Done] = {}
    queue = iter(enumerate(targets))
    with _journal(output / "audit.jsonl") as journal:
        async with _gatherer(world) as gather:

            async def worker() -> None:
                for number, target in queue:
                    try:
                        done, findings = await _one(target, gather, world, output)
                    except OSError as error:  # this target's files; the others have theirs
                        done, findings = _failed(target, f"its report cannot be written ({error.strerror or error})"), []
                    results[number] = done
                    _keep(journal, done, findings)
                    say(done)

            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(jobs):
                        group.create_task(worker())
            finally:
                from reports.html import render_index  # noqa: PLC0415 - jinja2 is slow to import

                ordered = [results[number] for number in sorted(results)]
                page = render_index([_row(done) for done in ordered], taken_at=world.now, tool=tool_name())
                atomic.write(output / "index.html", page)
    return ordered


@asynccontextmanager
async def _gatherer(world: World) -> AsyncIterator[Once]:
    async with live(world, Path.cwd(), LeakGuard()) as gather:
        yield Once(gather, world.timeout, saved_readings(world))


async def _one(target: Target, gather: Gatherer, world: World, output: Path) -> tuple[Done, list[dict[str, Any]]]:
    if target.request is None:
        return _failed(target, target.error), []
    request = replace(target.request, allow_private=world.allow_private)
    run = Run(gather=gather, allow=LOOK, deadline=world.timeout)
    results = await judged(request, run, world.now, None)
    ran = summed_up(request, run, results, circumstances(world, LOOK), LeakGuard())
    folder = output / target.folder
    if folder.is_symlink():
        raise OSError(f"{folder} is a symbolic link")
    folder.mkdir(exist_ok=True, mode=0o700)
    keep(folder, ran)
    return _summary(target, ran.report)


def _failed(target: Target, why: str) -> Done:
    return Done(target=target.name, verdict="invalid", exit_code=exits.INVALID, error=f"{target.where}: {why}")


def _journal(path: Path) -> TextIO:
    """Open the JSON lines file: for its owner only, and never through a link that somebody planted."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _summary(target: Target, report: Report) -> tuple[Done, list[dict[str, Any]]]:
    said = [finding for entry in report.checks for finding in entry.findings]
    findings = [finding.model_dump(mode="json", include={"code", "status", "about", "title", "fingerprint"}) for finding in said]
    done = Done(
        target=target.name,
        verdict=report.verdict.value,
        exit_code=report.exit_code,
        counts=dict(sorted(Counter(finding.status.value for finding in said).items())),
        report=f"{target.folder}/report.html",
    )
    return done, findings


def _row(done: Done) -> IndexRow:
    from reports.html import IndexRow  # noqa: PLC0415 - jinja2 is slow to import

    verdict = None if done.error else Verdict(done.verdict)
    return IndexRow(
        target=done.target,
        verdict=verdict,
        counts={Status(name): count for name, count in done.counts.items()},
        report=done.report,
        problem=done.error,
    )


def _keep(journal: TextIO, done: Done, findings: list[dict[str, Any]]) -> None:
    journal.write(json.dumps({**vars(done), "findings": findings}, ensure_ascii=True) + "\n")
    journal.flush()
