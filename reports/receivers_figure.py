"""Draws who will take the mail: a line for each large receiver, with what it asks for and is not there, and what is still open. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pydantic import ValidationError

from checks.evidence import adapter
from checks.model import Status
from reports.escape import line
from reports.figures import Chapter, Figure, Row, Table, Tag
from reports.model import Report

CHECK = "receivers.requirements"
MAX_ROWS = 40  # eight are known
MAX_NAMED = 20
MAX_CELL = 600  # characters
INTRO = (
    "What each receiver says publicly that it asks for, compared with what was found. What is missing has a finding of its own, which says "
    "what to do. What is open mostly shows in a test message that has arrived."
)
BULK = {"yes": " (you count as a bulk sender there)", "perhaps": "", "no": " (you are no bulk sender there)"}
MISSING = Tag(status=Status.WARN, word="asks for more")
OPEN = Tag(status=Status.NOTE, word="nothing known is missing")
MET = Tag(status=Status.PASS, word="has what it asks for")


@dataclass(frozen=True, kw_only=True)
class ShownReceiver:
    """The part of a row of the table that is drawn."""

    name: str
    bulk: str
    missing: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ShownReceivers:
    """The table, as the check writes it."""

    rows: tuple[ShownReceiver, ...]


def chapter(report: Report) -> Chapter | None:
    """Draw the table, if the check made one."""
    for entry in report.checks:
        for finding in entry.findings if entry.check == CHECK else ():
            shown = _read(finding.args.get("table"))
            if shown is not None and shown.rows:
                return _chapter(shown, finding.fingerprint)
    return None


def _read(value: object) -> ShownReceivers | None:
    try:
        return cast("ShownReceivers", adapter(ShownReceivers).validate_python(value)) if isinstance(value, dict) else None
    except (ValidationError, RecursionError):
        return None


def _chapter(shown: ShownReceivers, fingerprint: str) -> Chapter:
    figure = Figure(
        anchor="receivers-table",
        title="Large receivers",
        label="Who will take your mail",
        table=Table(
            of="Receiver", columns=("Not there yet", "Still open"), rows=tuple(_row(row) for row in shown.rows[:MAX_ROWS])
        ),
        drawn=frozenset({fingerprint}),
    )
    return Chapter(anchor="receivers", title="Who will take your mail", intro=INTRO, figures=(figure,))


def _row(row: ShownReceiver) -> Row:
    tag = MISSING if row.missing else OPEN if row.open else MET
    name = line(row.name, 100) + BULK.get(row.bulk, "")
    return Row(name=name, cells=(_listed(row.missing), _listed(row.open)), tag=tag)


def _listed(texts: tuple[str, ...]) -> str:
    more = f"; and {len(texts) - MAX_NAMED:,} more" if len(texts) > MAX_NAMED else ""
    return line("; ".join(texts[:MAX_NAMED]) + more, MAX_CELL)
