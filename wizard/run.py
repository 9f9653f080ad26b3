"""One run, from a request to a report: gather, then judge. Putting the result somewhere is wizard.output."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from checks.catalogue import catalogue, select
from checks.engine import NOT_ALLOWED, Run
from checks.evidence import Effect, Probe, Reading, Readings, State, from_json, to_json
from checks.model import CheckResult
from checks.probes import KINDS, Stage
from checks.secret import LeakGuard
from checks.tables.ordinary import ordinary_words
from reports.model import Report, json_schema
from wizard.arrival import masked
from wizard.leaks import NOTES, sealed
from wizard.options import World
from wizard.request import Request, from_document
from wizard.summary import Circumstances, report_of
from wizard.tool import tool_name

if TYPE_CHECKING:
    from checks.gather.live import Live

PROTOCOL = (
    "EHLO STARTTLS AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER MAIL FROM RCPT TO DATA RSET QUIT TLSv1.2 TLSv1.3"
)
LOOK = frozenset({Effect.LOOK})
Progress = Callable[[CheckResult], None]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a run."""

    request: Request
    report: Report
    results: tuple[CheckResult, ...]
    evidence: str
    """evidence.json"""
    complete: bool
    """Every server and every check, with login allowed: enough to say that these settings were verified."""


def perform(
    request: Request,
    world: World,
    *,
    allow: frozenset[Effect],
    base: Path,
    progress: Progress | None = None,
    given: Mapping[Probe[Any], Reading] = MappingProxyType({}),
    say: Callable[[str], None] | None = None,
) -> Ran:
    """Gather, judge, report. `base` is the directory that secret references with relative paths start from.

    `given`: what the person brought along, like a saved message. `say` is told what is waited for.
    """
    guard = LeakGuard()
    run = Run(allow=allow, deadline=world.timeout, readings={**saved_readings(world), **given})

    async def go() -> list[CheckResult]:
        async with live(world, base, guard, say=say) as gather:
            run.gather = gather
            return await judged(request, run, world.now, progress)

    results = asyncio.run(go())
    run.readings.update(masked(run.readings, guard))
    return summed_up(request, run, results, circumstances(world, allow), guard)


def judge_saved(text: str, now: datetime | None) -> Ran:
    """Judge evidence.json again, with the network off, as of the moment that it was judged first (or `now`).

    Raises `ValueError` with a sentence for a person.
    """
    readings, about = from_json(text, KINDS)
    request = from_document(about.get("request"))
    known = Circumstances.from_document(about)
    if now is not None:
        known = known.as_of(now)
    run = Run(readings=readings, allow=frozenset(Effect))
    results = asyncio.run(judged(request, run, known.judged_as_of, None))
    return summed_up(request, run, results, known, LeakGuard())


def saved_readings(world: World) -> Readings:
    """Return the answers of `--evidence`; what was not asked then may be allowed now. Raises `ValueError`, `OSError`."""
    if world.evidence is None:
        return {}
    known, _ = from_json(world.evidence.read_text("utf-8"), KINDS)
    return {probe: reading for probe, reading in known.items() if reading.state is not State.NOT_ATTEMPTED}


def live(world: World, base: Path, guard: LeakGuard, *, say: Callable[[str], None] | None = None) -> Live:
    """Return the gatherer that really asks, as the flags say."""
    from checks.gather.connect import ConnectGatherer  # noqa: PLC0415 - judging saved evidence needs no network code
    from checks.gather.dns import PORT, DnsGatherer, system_nameservers  # noqa: PLC0415 - as above
    from checks.gather.dns_authority import AuthorityGatherer  # noqa: PLC0415 - as above
    from checks.gather.https import HttpsGatherer  # noqa: PLC0415 - as above
    from checks.gather.imap import ImapGatherer  # noqa: PLC0415 - as above
    from checks.gather.live import Live  # noqa: PLC0415 - as above
    from checks.gather.smtp import SmtpGatherer  # noqa: PLC0415 - as above
    from wizard.secrets import resolve  # noqa: PLC0415 - as above

    return Live(
        dns=DnsGatherer(world.nameservers or system_nameservers()),
        authority=AuthorityGatherer(port=world.port_map.get(PORT, PORT)),
        connect=ConnectGatherer(port_map=world.port_map, allow_private=world.allow_private),
        smtp=SmtpGatherer(
            resolve_secret=lambda source, ref: resolve(source, ref, base),
            ca_file=str(world.ca_file) if world.ca_file else None,
            port_map=world.port_map,
            guard=guard,
        ),
        https=HttpsGatherer(
            ca_file=str(world.ca_file) if world.ca_file else None,
            port_map=world.port_map,
            allow_private=world.allow_private,
            user_agent=tool_name(),
        ),
        arrival=ImapGatherer(
            resolve_secret=lambda source, ref: resolve(source, ref, base),
            ca_file=str(world.ca_file) if world.ca_file else None,
            port_map=world.port_map,
            guard=guard,
            say=say,
        ),
    )


async def judged(request: Request, run: Run, now: datetime, progress: Progress | None) -> list[CheckResult]:
    """Run the checks that the request selects."""
    return await run.judge(select(request.only, request.skip), request.subjects(now), progress)


def circumstances(world: World, allow: frozenset[Effect]) -> Circumstances:
    """Describe from where and how the run looked."""
    servers = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in world.nameservers]
    vantage: Mapping[str, Any] = {
        "nameservers": servers or ["the system's"],
        "allowed": [effect.value for effect in Effect if effect in allow],
        "port_map": {str(meant): real for meant, real in world.port_map.items()},
        "ca_file": world.ca_file is not None,
        "ca_path": str(world.ca_file) if world.ca_file else "",
        "allow_private": world.allow_private,
        "deadline_seconds": world.timeout,
    }
    return Circumstances(taken_at=world.taken_at, judged_as_of=world.now, vantage=vantage)


def summed_up(request: Request, run: Run, results: list[CheckResult], known: Circumstances, guard: LeakGuard) -> Ran:
    """Make the report and the evidence document, without the secrets that the guard knows. Raises `LeakError` where that cannot be had."""
    consulted = {probe: run.readings[probe] for probe in run.consulted if probe in run.readings}
    report = report_of(request, results, consulted, known)
    about = {"tool": tool_name(), **known.document(), "request": request.document()}
    evidence = to_json(consulted, about=about)
    report, evidence = sealed(report, evidence, guard, lambda: _own_words(request, known))
    everything = not (request.only or request.skip or request.server)
    complete = everything and {"look", "login"} <= set(known.vantage.get("allowed", ()))
    told = tuple(replace(result, traceback=guard.mask(result.traceback)) for result in results)
    return Ran(request=request, report=report, results=told, evidence=evidence, complete=complete)


def _own_words(request: Request, known: Circumstances) -> str:
    """What stands in every such report anyway. A password that is one of these words ("true", "2026") cannot be told from it."""
    said = (
        text for check in catalogue() for outcome in check.everything for text in (outcome.code, outcome.title, *outcome.steps)
    )
    keys = json.dumps([json_schema(), NOT_ALLOWED, list(State), list(Stage), PROTOCOL], default=str)
    return "\n".join([str(request.document()), str(known.document()), keys, *said, *ordinary_words(), *NOTES])
