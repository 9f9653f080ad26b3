"""Draws the triangle: what the settings say, what DNS says and what the receiver saw, row by row. Pure."""

from __future__ import annotations

from checks.model import Status
from checks.records.triangle_shown import ShownRow, ShownTriangle, triangle_of
from reports.escape import line
from reports.figures import MAX_FIGURES, Chapter, Figure, Row, Table, Tag
from reports.links import anchor
from reports.model import Report
from reports.words import counted

MAX_ROWS = 20  # six are made
MAX_CELL = 300  # characters
INTRO = (
    "The same mail, seen from three sides. Where they differ, either the settings are wrong or something on the way does otherwise than they "
    "say; the finding of that row says what to do."
)
AGREES = Tag(status=Status.PASS, word="agree")
DIFFERS = Tag(status=Status.WARN, word="differ")
DIFFERS_A_LITTLE = Tag(status=Status.NOTE, word="differ")
OPEN = Tag(status=Status.NOT_APPLICABLE, word="nothing to compare")


def chapter(report: Report) -> Chapter | None:
    """Draw the table of each server that has one."""
    found: dict[str, tuple[ShownTriangle, set[str]]] = {}
    for entry in report.checks:
        if not entry.check.startswith("triangle."):
            continue
        for finding in entry.findings:
            if shown := triangle_of(finding.args.get("table")):
                found.setdefault(shown.server, (shown, set()))[1].add(finding.fingerprint)
    if not found:
        return None
    figures = [_figure(shown, drawn) for shown, drawn in list(found.values())[:MAX_FIGURES]]
    more = len(found) - len(figures)
    return Chapter(
        anchor="triangle",
        title="Settings, DNS and receiver, side by side",
        intro=INTRO,
        figures=tuple(figures),
        more=f"And {counted(more, 'server', 'servers')} more; report.json has them." if more else "",
    )


def _figure(shown: ShownTriangle, drawn: set[str]) -> Figure:
    name = line(shown.server, MAX_CELL)
    return Figure(
        anchor=anchor("triangle", shown.server),
        title=name,
        label=f"Settings, DNS and receiver of {name}, side by side",
        table=Table(
            of="What",
            columns=("The settings say", "DNS says", "The receiver saw"),
            rows=tuple(_row(row) for row in shown.rows[:MAX_ROWS]),
        ),
        drawn=frozenset(drawn),
    )


def _row(row: ShownRow) -> Row:
    differs = DIFFERS if row.grave else DIFFERS_A_LITTLE
    tag = OPEN if row.agrees is None else AGREES if row.agrees else differs
    cells = (row.settings, row.dns, row.receiver)
    return Row(name=line(row.row, MAX_CELL), cells=tuple(line(cell, MAX_CELL) for cell in cells), tag=tag)
