"""CSV: one line per finding, for lists of support and for spreadsheets."""

from __future__ import annotations

import csv
import io

from reports.escape import line
from reports.model import Report

HEADER = ("check", "code", "status", "about", "title", "owner", "steps", "records", "verdict", "taken_at")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|")  # a cell that begins so is run by spreadsheets (CWE-1236)


def render(report: Report) -> str:
    """Return the table. A cell that a spreadsheet would run begins with an apostrophe; take that off to get the text back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180 section 2
    writer.writerow(HEADER)
    for entry in report.checks:
        for finding in entry.findings:
            remedy = finding.remedy
            steps = " ".join(remedy.steps) if remedy else ""
            records = (
                "; ".join(f"{record.action} {record.name} {record.type} {record.value}" for record in remedy.records)
                if remedy
                else ""
            )
            row = (
                entry.check,
                finding.code,
                finding.status,
                finding.about,
                finding.title,
                remedy.owner if remedy else "",
                steps,
                records,
                report.verdict,
                report.taken_at,
            )
            writer.writerow([cell(str(value)) for value in row])
    return out.getvalue()


def cell(text: str) -> str:
    """Return one harmless, visible cell."""
    shown = line(text, 2_000)
    return f"'{shown}" if text.startswith(FORMULA) or shown.startswith(FORMULA) else shown
