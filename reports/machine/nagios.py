"""One line for a monitoring system, and the findings behind it (plug-in output; the exit code is the report's own)."""

from __future__ import annotations

from checks.model import Status
from reports.escape import line
from reports.model import Report
from reports.view import view

COUNTED = (Status.FAIL, Status.WARN, Status.UNKNOWN, Status.PASS)
SHOWN = (Status.FAIL, Status.BROKEN, Status.UNKNOWN, Status.WARN)


def render(report: Report) -> str:
    """Return the status line with performance data, then a line per finding that matters."""
    seen = view(report)
    found = [finding for entry in report.checks for finding in entry.findings]
    data = " ".join(f"{status}={sum(finding.status is status for finding in found)}" for status in COUNTED)
    head = f"{seen.verdict.upper()} {_plain(seen.scope.what)} - {_plain(seen.sentence)} | {data}"
    rows = [
        f"{status}: {_plain(finding.title)} ({_plain(finding.code)})"
        for status in SHOWN
        for finding in found
        if finding.status is status
    ]
    return "\n".join([head, *rows]) + "\n"


def _plain(text: object) -> str:
    return line(text).replace("|", "/")  # the bar begins performance data
