"""JUnit XML for a build server: a test case per check. It knows no "warning" and no "could not tell", so these are said in words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from checks.model import Status
from reports.escape import line
from reports.model import CheckEntry, Report


def render(report: Report) -> str:
    """Return one test suite. fail is a failure, broken an error; unknown and not-run are skipped with their reason; the rest passes."""
    statuses = [entry.status for entry in report.checks]
    skipped = sum(status in (Status.UNKNOWN, Status.NOT_RUN, Status.NOT_APPLICABLE) for status in statuses)
    suite = ET.Element(
        "testsuite",
        name=line(f"sendready {report.subject.get('name', '')}"),
        tests=str(len(statuses)),
        failures=str(statuses.count(Status.FAIL)),
        errors=str(statuses.count(Status.BROKEN)),
        skipped=str(skipped),
        timestamp=report.taken_at,
    )
    for entry in report.checks:
        _case(suite, entry)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _case(suite: ET.Element, entry: CheckEntry) -> None:
    case = ET.SubElement(suite, "testcase", classname=line(entry.check.partition(".")[0]), name=line(entry.check))
    said = "\n".join(f"{finding.status.value}: {line(finding.title)} ({line(finding.code)})" for finding in entry.findings)
    if entry.status is Status.FAIL:
        ET.SubElement(case, "failure", message=line(entry.findings[0].title), type="fail").text = said
    elif entry.status is Status.BROKEN:
        ET.SubElement(case, "error", message="a bug of sendready", type="broken").text = said
    elif entry.status in (Status.UNKNOWN, Status.NOT_RUN, Status.NOT_APPLICABLE):
        ET.SubElement(case, "skipped", message=line(entry.findings[0].title))
    else:
        ET.SubElement(case, "system-out").text = said
