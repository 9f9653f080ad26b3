"""Many targets in one process: reads the list, asks nothing twice, and keeps each result as soon as it is there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from checks.engine import Gatherer, Run
from checks.evidence import Probe, Reading
from checks.model import Status, Verdict
from checks.secret import LeakGuard
from checks.settings import SettingsError
from checks.values import normal_domain
from reports.model import Report
from wizard import atomic, exits
from wizard.options import World
from wizard.request import Request
from wizard.run import LOOK, judged, live, summed_up, vantage_of
from wizard.tool import tool_name

if TYPE_CHECKING:
    from reports.html import IndexRow

MAX_LIST = 50 * 1024 * 1024  # bytes; about two million domains, more is a mistake
REMEMBERED = 50_000  # readings kept for reuse, some 100 MB; the oldest go first
CONCURRENT = 20


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of the list, read."""

    name: str
    """The domain, or the settings file as it was written."""
    where: str
    """For messages: "customers.txt, line 12"."""
    request: Request | None = None
    base: Path = Path()
    error: str = ""
    """Why it cannot be checked."""

    @property
    def folder(self) -> str:
        """A file name made from the target's: no path, no collision, legal everywhere."""
        plain = re.sub(r"[^a-z0-9.-]+", "-", self.name.lower()).strip(".-")[:80] or "target"
        if plain.partition(".")[0] in _RESERVED:
            plain = f"target-{plain}"
        if self.request is not None and self.request.domain == plain:
            return plain
        return f"{plain}-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"


_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"com{n}" for n in range(10)),
    *(f"lpt{n}" for n in range(10)),
}  # file names of Windows


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


def read_targets(path: Path) -> Iterator[Target]:
    """Read a list (one domain or settings file a line, # begins a comment) or a folder of settings files.

    A bad line becomes a target with an error. Raises `OSError`, and `ValueError` for a list beyond `MAX_LIST`.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*.toml")):
            yield _settings_target(str(file.relative_to(path)), file, str(file))
        return
    if path.stat().st_size > MAX_LIST:
        raise ValueError(f"{path} has more than {MAX_LIST // 1024 // 1024} MB; split the list")
    seen: set[str] = set()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.partition("#")[0].strip()
            if not text:
                continue
            target = _target(text, path.parent, f"{path.name}, line {number}")
            if target.name not in seen:
                seen.add(target.name)
                yield target


def _target(text: str, directory: Path, where: str) -> Target:
    if text.lower().endswith(".toml"):
        return _settings_target(text, directory / text, where)
    try:
        domain = normal_domain(text)
    except ValueError as error:
        return Target(name=text[:200], where=where, error=str(error))
    return Target(name=domain, where=where, request=Request(domain=domain, name=domain))


def _settings_target(name: str, file: Path, where: str) -> Target:
    from wizard.store import load  # noqa: PLC0415 - a list of domains needs no settings code

    try:
        settings = load(file).settings
    except (SettingsError, ValueError, OSError) as error:
        return Target(name=name[:200], where=where, error="; ".join(str(error).splitlines())[:500])
    return Target(name=name, where=where, request=Request(settings=settings, name=name), base=file.resolve().parent)


class Once:
    """A gatherer that asks each question once for all targets, and forgets the oldest answers beyond a bound."""

    def __init__(self, gather: Gatherer, budget: float) -> None:
        self._gather = gather
        self._budget = budget
        self._tasks: OrderedDict[Probe[Any], asyncio.Future[Reading]] = OrderedDict()

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:  # noqa: ARG002 - one target's deadline must not cut another's answer short
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
    with (output / "audit.jsonl").open("w", encoding="utf-8") as journal:
        async with _gatherer(world) as gather:

            async def worker() -> None:
                for number, target in queue:
                    done, findings = await _one(target, gather, world, output)
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
        yield Once(gather, world.timeout)


async def _one(target: Target, gather: Gatherer, world: World, output: Path) -> tuple[Done, list[dict[str, Any]]]:
    if target.request is None:
        return Done(target=target.name, verdict="invalid", exit_code=exits.INVALID, error=f"{target.where}: {target.error}"), []
    request = replace(target.request, allow_private=world.allow_private)
    run = Run(gather=gather, allow=LOOK, deadline=world.timeout)
    readings, results = await judged(request, run, world.now, None)
    ran = summed_up(request, readings, results, vantage_of(world, LOOK), world.now, LeakGuard())
    folder = output / target.folder
    folder.mkdir(exist_ok=True, mode=0o700)
    from reports.html import render  # noqa: PLC0415 - jinja2 is slow to import

    atomic.write(folder / "report.json", ran.report.to_json())
    atomic.write(folder / "report.html", render(ran.report))
    atomic.write(folder / "evidence.json", ran.evidence)
    return _summary(target, ran.report)


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
