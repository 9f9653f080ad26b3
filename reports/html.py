"""Renders a report as one self-contained HTML file: nothing is loaded, nothing needs a script, the same report is the same bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from checks.model import Status, Verdict
from reports.escape import door, line
from reports.links import local
from reports.manual import Manual, from_catalogue
from reports.model import Report
from reports.names import both_forms
from reports.scope import spoken_time
from reports.template_cache import TemplateCache
from reports.view import view
from reports.words import VERDICT, VERDICT_STATUS, counted
from reports.zone import TTL

STYLE, SCRIPT = "report.css", "report.js"  # in templates/; what is hashed is what stands in the page


@cache
def _environment() -> Environment:
    """Autoescape is on whatever a template is called, an unknown variable is an error, every value goes through the door."""
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=door,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=TemplateCache(),
    )


@cache
def _asset(name: str) -> str:
    return _environment().get_template(name).render()


def _policy(*, script: bool) -> str:
    """The Content-Security-Policy: nothing but our own style and script, by their hashes."""
    rules = [
        "default-src 'none'",
        f"style-src {_hash(STYLE)}",
        *([f"script-src {_hash(SCRIPT)}"] if script else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)


def _hash(name: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()}'"


def render(report: Report, *, manual: Manual = from_catalogue) -> str:
    """Return the page. `manual` says why a check matters."""
    return (
        _environment().get_template("report.html").render(view=view(report, manual=manual), policy=_policy(script=True), ttl=TTL)
        + "\n"
    )


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """One target of an audit."""

    target: str
    """Domain or settings file, as it stood in the list."""
    verdict: Verdict | None
    """None: it could not be examined; `problem` says why."""
    counts: dict[Status, int]
    """Findings by status."""
    report: str = ""
    """Path of its report, relative to this page."""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class _Line:
    target: str
    verdict: str
    status: str
    cells: tuple[int, ...]
    href: str
    problem: str


COLUMNS = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.PASS)


def index_row(target: str, report: Report, path: str) -> IndexRow:
    """Make the row of a report that lies at `path`."""
    found = [finding.status for entry in report.checks for finding in entry.findings]
    return IndexRow(target=target, verdict=report.verdict, counts={status: found.count(status) for status in Status}, report=path)


def render_index(rows: Sequence[IndexRow], *, taken_at: datetime, tool: str, title: str = "Audit") -> str:
    """Return the page that lists every target of an audit, worst first, with a link to each report."""
    ordered = sorted(rows, key=lambda row: (RANK.index(row.verdict), row.target))
    moment = taken_at.isoformat(timespec="seconds")
    return (
        _environment()
        .get_template("index.html")
        .render(
            title=line(title, 200),
            rows=[_line(row) for row in ordered],
            totals=list(_totals(rows)),
            columns=["Must be fixed", "Warnings", "Not determined", "Passed"],
            total=counted(len(rows), "target", "targets"),
            taken_at=moment,
            taken=spoken_time(moment),
            tool=line(tool, 80),
            policy=_policy(script=False),
        )
        + "\n"
    )


RANK = (None, Verdict.NOT_READY, Verdict.NOT_FULLY_TESTED, Verdict.READY_WITH_WARNINGS, Verdict.READY)


def _line(row: IndexRow) -> _Line:
    return _Line(
        target=line(both_forms(row.target), 300),
        verdict=VERDICT[row.verdict] if row.verdict else "Not examined",
        status=str(VERDICT_STATUS[row.verdict]) if row.verdict else str(Status.NOT_RUN),
        cells=tuple(row.counts.get(status, 0) for status in COLUMNS) if row.verdict else (),
        href=local(row.report),
        problem=line(row.problem),
    )


def _totals(rows: Sequence[IndexRow]) -> Iterable[tuple[str, int, str]]:
    for verdict in RANK:
        if number := sum(row.verdict is verdict for row in rows):
            yield (
                str(VERDICT_STATUS[verdict]) if verdict else str(Status.NOT_RUN),
                number,
                VERDICT[verdict].lower() if verdict else "not examined",
            )


__all__ = ["IndexRow", "index_row", "render", "render_index"]
