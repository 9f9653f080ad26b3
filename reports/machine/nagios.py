"""One line for a monitoring system, and the findings behind it (plug-in output; the exit code is the report's own)."""

from __future__ import annotations

from checks.model import Status, Verdict
from reports.escape import line
from reports.model import Report

WORDS = {Verdict.READY: "OK", Verdict.READY_WITH_WARNINGS: "WARNING", Verdict.NOT_READY: "CRITICAL", Verdict.NOT_FULLY_TESTED: "UNKNOWN"}
SHOWN = (Status.FAIL, Status.BROKEN, Status.UNKNOWN, Status.WARN)


def render(report: Report) -> str:
    """Return the status line with performance data, then a line per finding that matters."""
    found = [finding for entry in report.checks for finding in entry.findings]
    counts = {status: sum(finding.status is status for finding in found) for status in Status}
    told = [f"{counts[status]} {status}" for status in SHOWN if counts[status]] or [f"{counts[Status.PASS]} passed"]
    data = " ".join(f"{status.value}={counts[status]}" for status in (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.PASS))
    head = f"SENDREADY {WORDS[report.verdict]} - {_plain(report.subject.get('name', ''))}: {', '.join(told)} | {data}"
    rows = [f"{finding.status.value}: {_plain(finding.title)} ({_plain(finding.code)})" for status in SHOWN for finding in found if finding.status is status]
    return "\n".join([head, *rows]) + "\n"


def _plain(text: object) -> str:
    return line(text).replace("|", "/")  # the bar begins performance data
