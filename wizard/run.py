"""One run, from a request to a report: gather, judge, and put the result where it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.catalogue import select
from checks.engine import Run
from checks.evidence import Effect, Readings, State, from_json, to_json
from checks.model import CheckResult, Status
from checks.probes import KINDS
from checks.secret import LeakGuard
from reports import dispatcher
from reports.model import Report, build
from reports.observations import describe
from wizard import atomic
from wizard.options import World
from wizard.request import Request, from_document
from wizard.tool import tool_name

if TYPE_CHECKING:
    from checks.gather.live import Live

LOOK = frozenset({Effect.LOOK})
Progress = Callable[[CheckResult], None]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a run."""

    request: Request
    report: Report
    readings: Readings
    results: tuple[CheckResult, ...]
    evidence: str
    """evidence.json"""


class LeakError(Exception):
    """A finished text contains a secret. It is a bug of ours, and the text does not leave."""


def perform(request: Request, world: World, *, allow: frozenset[Effect], base: Path, progress: Progress | None = None) -> Ran:
    """Gather, judge, report. `base` is the directory that secret references with relative paths start from."""
    guard = LeakGuard()
    saved: Readings = {}
    if world.evidence:
        known, _ = from_json(world.evidence.read_text("utf-8"), KINDS)
        saved = {
            probe: reading for probe, reading in known.items() if reading.state is not State.NOT_ATTEMPTED
        }  # this run may be allowed more

    async def go() -> tuple[Readings, list[CheckResult]]:
        async with live(world, base, guard) as gather:
            return await judged(
                request, Run(gather=gather, allow=allow, deadline=world.timeout, readings=saved), world.now, progress
            )

    readings, results = asyncio.run(go())
    return summed_up(request, readings, results, vantage_of(world, allow), world.now, guard)


def judge_saved(text: str, now: datetime | None) -> Ran:
    """Judge evidence.json again, with the network off, as of the moment that it was taken (or `now`). Raises `ValueError`."""
    readings, about = from_json(text, KINDS)
    request = from_document(about.get("request") or {})
    moment = now or datetime.fromisoformat(str(about.get("taken_at")))
    vantage = about.get("vantage")
    readings, results = asyncio.run(judged(request, Run(readings=readings, allow=frozenset(Effect)), moment, None))
    return summed_up(request, readings, results, vantage if isinstance(vantage, dict) else {}, moment, LeakGuard())


def live(world: World, base: Path, guard: LeakGuard) -> Live:
    """Return the gatherer that really asks, as the flags say."""
    from checks.gather.dns import DnsGatherer, system_nameservers  # noqa: PLC0415 - judging saved evidence needs no network code
    from checks.gather.live import Live  # noqa: PLC0415 - as above
    from checks.gather.smtp import SmtpGatherer  # noqa: PLC0415 - as above
    from wizard.secrets import resolve  # noqa: PLC0415 - as above

    return Live(
        dns=DnsGatherer(world.nameservers or system_nameservers()),
        smtp=SmtpGatherer(
            resolve_secret=lambda source, ref: resolve(source, ref, base),
            ca_file=str(world.ca_file) if world.ca_file else None,
            port_map=world.port_map,
            guard=guard,
        ),
    )


async def judged(request: Request, run: Run, now: datetime, progress: Progress | None) -> tuple[Readings, list[CheckResult]]:
    """Run the checks that the request selects."""
    checks = select(request.only, request.skip)
    results = await run.judge(checks, request.subjects(now), progress)
    return run.readings, results


def vantage_of(world: World, allow: frozenset[Effect]) -> dict[str, Any]:
    """Describe from where and how the run looked."""
    servers = world.nameservers
    return {
        "nameservers": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in servers] or ["the system's"],
        "allowed": [effect.value for effect in Effect if effect in allow],
        "port_map": {str(meant): real for meant, real in world.port_map.items()},
        "ca_file": world.ca_file is not None,
        "allow_private": world.allow_private,
        "deadline_seconds": world.timeout,
    }


def summed_up(
    request: Request, readings: Readings, results: list[CheckResult], vantage: Mapping[str, Any], now: datetime, guard: LeakGuard
) -> Ran:
    """Make the report and the evidence document. Raises `LeakError` rather than let a secret out."""
    seen = {probe.id: describe(probe, reading) for probe, reading in readings.items()}
    consulted = {probe for result in results for finding in result.findings for probe in finding.consulted}
    report = build(
        results=results,
        tool=tool_name(),
        taken_at=now.astimezone(UTC),
        subject=_subject(request, now),
        vantage={
            **{key: value for key, value in vantage.items() if key not in ("observations", "not_tested")},
            "not_tested": not_tested(request, results, vantage),
            "observations": {name: seen[name] for name in sorted(consulted & seen.keys())},
        },
        tables=_tables(),
    )
    about = {
        "tool": tool_name(),
        "taken_at": now.astimezone(UTC).isoformat(),
        "request": request.document(),
        "vantage": dict(vantage),
    }
    evidence = to_json(readings, about=about)
    if guard.leaks(report.to_json()) or guard.leaks(evidence):
        raise LeakError("a password was about to be written into the report; nothing was written")
    return Ran(request=request, report=report, readings=readings, results=tuple(results), evidence=evidence)


def not_tested(request: Request, results: list[CheckResult], vantage: Mapping[str, Any]) -> list[str]:
    """Say in sentences what this run did not look at, and why: a green verdict must not promise more than was tried."""
    sentences = []
    if request.settings is None:
        sentences.append("No mail server was contacted: only the domain's DNS was checked, because no settings were given.")
    else:
        allowed = vantage.get("allowed", [])
        if "login" not in allowed and any(server.auth != "none" for server in request.settings.servers):
            sentences.append("The password was not tried, because logging in was not allowed in this run (--allow look,login).")
        if not request.message or "send" not in allowed:
            sentences.append(
                "No test message was sent, so whether one arrives is not known (--allow look,login,send --to ADDRESS)."
            )
        elif any(result.check == "send.accepted" and result.status is Status.PASS for result in results):
            sentences.append(
                "Whether the test message arrived: look into the mailbox; the server's acceptance is not yet a delivery."
            )
        else:
            sentences.append("Whether a message arrives is not known, because the test message was not accepted.")
    if request.only or request.skip:
        sentences.append("Only a selection of the checks was run (--only, --skip).")
    skipped = sum(finding.status is Status.NOT_RUN for result in results for finding in result.findings)
    if skipped:
        sentences.append(
            f"{skipped} part{'s' if skipped > 1 else ''} could not be looked at, because an earlier one failed or was not allowed; the reasons stand further down."
        )
    return sentences


def _subject(request: Request, now: datetime) -> dict[str, Any]:
    from checks.subject import DomainSubject  # noqa: PLC0415 - local to one use

    domains = [subject.domain for subject in request.subjects(now) if isinstance(subject, DomainSubject)]
    plain: dict[str, Any] = {
        "kind": "settings" if request.settings else "domain",
        "name": request.name or request.domain,
        "domains": domains,
    }
    for name in ("sending_ips", "selectors"):
        if given := getattr(request, name):
            plain[name] = list(given)
    if request.settings is not None:
        settings = request.settings
        plain["file"] = request.name
        plain["settings_digest"] = dispatcher.settings_digest(settings)
        plain["test_mode"] = settings.test_mode.enabled
        plain["servers"] = [
            {
                "name": server.name,
                "default": server.default,
                "filter": list(server.filter),
                "host": server.host,
                "port": server.port,
                "security": server.security.value,
                "auth": server.auth.value,
                "sender": server.sender.email,
                "envelope_sender": server.envelope_sender,
                "limit": server.limit.model_dump(mode="json", exclude_none=True) if server.limit else None,
            }
            for server in settings.servers
        ]
        plain["test_message"] = {"to": request.to, "id": request.message} if request.message else None
    return plain


def _tables() -> list[dict[str, str]]:
    from checks import tables  # noqa: PLC0415 - reads files

    return [{"name": name, "checked": checked.isoformat()} for name, checked in tables.dates()]


def write_output(directory: Path, ran: Ran) -> list[Path]:
    """Write report.json, report.html, evidence.json and, for settings, dispatcher.json. Returns what was written."""
    from reports.html import render  # noqa: PLC0415 - jinja2 is slow to import

    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = {"report.json": ran.report.to_json(), "report.html": render(ran.report), "evidence.json": ran.evidence}
    if ran.request.settings is not None:
        files["dispatcher.json"] = dispatcher.to_json(dispatcher.document(ran.request.settings, report=ran.report))
    for name, text in files.items():
        atomic.write(directory / name, text)
    return [directory / name for name in files]


def without_message(request: Request) -> Request:
    """Return the request with nothing to send."""
    return replace(request, message="")
