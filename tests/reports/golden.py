"""The golden files: fixed input, fixed bytes. Run `python -m tests.reports.golden` to write them anew, and read the difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checks.model import Status, Verdict
from reports import dispatcher, html, text
from reports.html import IndexRow, index_row, render_index
from tests.reports import sample, sample_spf, sample_tables

GOLDEN = Path(__file__).parents[1] / "golden"


def audit() -> str:
    """An overview where every verdict occurs, and a line that could not be read."""
    rows = [
        index_row("club.example", sample.customer(), "club.example/report.html"),
        index_row("hotel.example", sample.healthy(), "hotel.example/report.html"),
        IndexRow(
            target="not a name!",
            verdict=None,
            counts={},
            problem="line 3: this is not a domain name; it should look like example.org",
        ),
        IndexRow(
            target="chain.example",
            verdict=Verdict.NOT_FULLY_TESTED,
            counts={Status.UNKNOWN: 3, Status.PASS: 9},
            report="chain.example/report.html",
        ),
        IndexRow(
            target="spa.example",
            verdict=Verdict.READY_WITH_WARNINGS,
            counts={Status.WARN: 2, Status.PASS: 22},
            report="spa.example/report.html",
        ),
    ]
    return render_index(rows, taken_at=sample.TAKEN, tool=sample.TOOL)


FILES: dict[str, Callable[[], str]] = {
    "report.json": lambda: sample.customer().to_json(),
    "report.html": lambda: html.render(sample.customer(), manual=sample.manual),
    "report.txt": lambda: text.render(sample.customer(), colour=False, manual=sample.manual),
    "healthy.html": lambda: html.render(sample.healthy(), manual=sample.manual),
    "unanswered.html": lambda: html.render(sample.unanswered(), manual=sample.manual),
    "unanswered.txt": lambda: text.render(sample.unanswered(), colour=False, manual=sample.manual),
    "spf.html": lambda: html.render(sample_spf.spf(), manual=sample.manual),
    "spf.txt": lambda: text.render(sample_spf.spf(), colour=False, manual=sample.manual),
    "tables.html": lambda: html.render(sample_tables.tables(), manual=sample.manual),
    "tables.txt": lambda: text.render(sample_tables.tables(), colour=False, manual=sample.manual),
    "audit.html": audit,
    "dispatcher.json": lambda: dispatcher.to_json(dispatcher.document(sample.settings(), report=sample.customer())),
}

if __name__ == "__main__":
    for name, make in FILES.items():
        (GOLDEN / name).write_text(make(), encoding="utf-8", newline="\n")
