"""Which drawings a report has. A new kind of drawing is a function in `CHAPTERS`: it reads the report, and returns parts of reports.figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reports import capacity_figure, receivers_figure, spf_figure, triangle_figure
from reports.figures import Chapter, Figure
from reports.model import Report

CHAPTERS: tuple[Callable[[Report], Chapter | None], ...] = (
    capacity_figure.chapter,
    receivers_figure.chapter,
    triangle_figure.chapter,
    spf_figure.chapter,
)
"""In the order in which a report shows them. Each returns None where there is nothing of its kind."""


def chapters(report: Report) -> tuple[Chapter, ...]:
    """Draw what can be drawn."""
    return tuple(chapter for draw in CHAPTERS if (chapter := draw(report)) is not None)


def by_finding(drawn: Sequence[Chapter]) -> Mapping[str, Figure]:
    """Return the figure of each finding that has one, by fingerprint."""
    return {name: figure for chapter in drawn for figure in chapter.figures for name in figure.drawn}
