"""Puts a finished run into the output directory: whole files or none, readable by their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from reports import dispatcher
from wizard import atomic
from wizard.run import Ran


def prepare(directory: Path) -> None:
    """Make the directory and see that it can be written, before anything is asked or sent. Raises `OSError`."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(13, "you may not write there")


def write(directory: Path, ran: Ran) -> list[Path]:
    """Write the report's files (see `keep`) and, for settings, dispatcher.json. Returns what was written.

    The dispatcher's document is stamped only after a complete run: a part that was checked says nothing of the whole.
    """
    prepare(directory)
    written = keep(directory, ran)
    if ran.request.settings is not None:
        document = dispatcher.document(ran.request.settings, report=ran.report if ran.complete else None)
        atomic.write(directory / "dispatcher.json", dispatcher.to_json(document))
        written.append(directory / "dispatcher.json")
    return written


def keep(directory: Path, ran: Ran) -> list[Path]:
    """Write report.json, report.html and evidence.json into a directory that is there. Returns what was written.

    calendar.ics is among them if something comes up; one of an earlier run, of what no longer does, is taken away.
    """
    from reports import calendar  # noqa: PLC0415 - as below
    from reports.coming import coming  # noqa: PLC0415 - as below
    from reports.html import render  # noqa: PLC0415 - jinja2 is slow to import

    files = {"report.json": ran.report.to_json(), "report.html": render(ran.report), "evidence.json": ran.evidence}
    if coming(ran.report):
        files["calendar.ics"] = calendar.render(ran.report)
    else:
        (directory / "calendar.ics").unlink(missing_ok=True)
    for name, text in files.items():
        atomic.write(directory / name, text)
    return [directory / name for name in files]
