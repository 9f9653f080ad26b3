"""What stands behind and below the verdict: what it rests on, who must act, and how far the run looked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checks.model import Owner, Status, Verdict
from reports.model import FindingEntry, Report
from reports.words import OWNER, counted, share

EXPLAINED: dict[Verdict, str] = {
    Verdict.READY: "Everything that was checked is in order. Mail sent this way has what receivers ask for.",
    Verdict.READY_WITH_WARNINGS: "Mail can go out. The points below cost some of it, or will at a known date or volume; they are worth settling soon.",
    Verdict.NOT_READY: "Until this is done, sending fails, or large receivers refuse the mail or put it into the spam folder.",
    Verdict.NOT_FULLY_TESTED: "Nothing that was found stands in the way, but not every question was answered. Please do not take this for a yes.",
}
LIMITED = " Not everything was tested; what was left out is listed below."
WARNED = "The points below cost some mail, or will at a known date or volume; they are worth settling soon."
NO_YES = "What was left out is listed below; until that is tested, this is no yes to sending."


def sentence(report: Report) -> str:
    """Say what the verdict rests on and who must act, in one sentence without its beginning."""
    findings, verdict = _findings(report), report.verdict
    open_questions = sum(finding.status in (Status.UNKNOWN, Status.BROKEN) for finding in findings)
    if verdict is Verdict.NOT_READY:
        return ", ".join(_shares(findings, Status.FAIL))
    if verdict is Verdict.NOT_FULLY_TESTED and open_questions:
        return f"{counted(open_questions, 'question', 'questions')} could not be answered"
    limited = "".join(f"; {limit}" for limit in limits(report))
    if verdict is Verdict.NOT_FULLY_TESTED:
        return f"{'nothing was found to check' if findings else 'nothing was checked'}{limited}"
    if verdict is Verdict.READY_WITH_WARNINGS:
        shares = _shares(findings, Status.WARN)
        idle = sum(finding.status is Status.WARN and finding.remedy is None for finding in findings)
        todo = ", ".join(shares + ([counted(idle, "warning to know of", "warnings to know of")] if idle else []))
        return f"nothing {'that was looked at ' if limited else ''}blocks sending; {todo}{limited}"
    passed = sum(finding.status is Status.PASS for finding in findings)
    looked = f"{counted(passed, 'point was', 'points were')} checked and nothing" if passed else "nothing that was looked at"
    return f"{looked} stands in the way{limited}"


def explained(report: Report) -> str:
    """Say what the verdict means for sending, and promise no more than was looked at."""
    verdict = report.verdict
    if verdict is Verdict.NOT_FULLY_TESTED and not confirmed(report) and not _open(report):
        return f"No check of this run had anything to confirm, so it says nothing about sending. {NO_YES}"
    if verdict not in (Verdict.READY, Verdict.READY_WITH_WARNINGS):
        return EXPLAINED[verdict]
    warned = verdict is Verdict.READY_WITH_WARNINGS
    if not limits(report):
        return EXPLAINED[verdict] + (LIMITED if report.vantage.get("not_tested") else "")
    return f"{WARNED if warned else 'Everything that was looked at is in order.'} {NO_YES}"


def _open(report: Report) -> bool:
    return any(finding.status in (Status.UNKNOWN, Status.BROKEN) for finding in _findings(report))


def confirmed(report: Report) -> bool:
    """Whether anything at all was found to be right."""
    return any(finding.status is Status.PASS for finding in _findings(report))


def limits(report: Report) -> tuple[str, ...]:
    """Say what keeps a good result from being a yes to sending, each for the middle of a sentence. Empty for a whole run."""
    subject, vantage = report.subject, report.vantage
    found = []
    if {"only", "skip"} & set(_words(vantage.get("narrowed_by"))):
        found.append("only some of the checks were run")
    if subject.get("kind") == "domain":
        found.append("no server was contacted")
    elif subject.get("kind") == "settings":
        rows = subject.get("servers")
        servers = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []
        if subject.get("server") and len(servers) > 1:
            found.append(f"only one of {len(servers):,} servers was looked at")
        if "login" not in _words(vantage.get("allowed")) and any(row.get("auth") not in (None, "none") for row in servers):
            found.append("the login was not tried")
    return tuple(found)


def acts(finding: FindingEntry, status: Status) -> Owner | None:
    """Who has this on their list: a fail is always somebody's; a warning if there is something to do."""
    if finding.status is not status or status not in (Status.FAIL, Status.WARN):
        return None
    if finding.remedy:
        return finding.remedy.owner
    return Owner.US if status is Status.FAIL else None


def _findings(report: Report) -> list[FindingEntry]:
    return [finding for entry in report.checks for finding in entry.findings]


def _words(value: object) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _shares(findings: Sequence[FindingEntry], status: Status) -> list[str]:
    return [
        _share(owner, mine) for owner in OWNER if (mine := [finding for finding in findings if acts(finding, status) is owner])
    ]


def _share(owner: Owner, findings: Iterable[FindingEntry]) -> str:
    mine = list(findings)
    records = {
        (record.action, record.name, record.type, record.value)
        for finding in mine
        if finding.remedy
        for record in finding.remedy.records
    }
    only_records = all(finding.remedy and finding.remedy.records for finding in mine)
    return share(owner, tasks=len(mine), records=len(records), only_records=only_records)
