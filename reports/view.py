"""What a report says and in which order, for a person; the formats only set it. Every text in a `View` is visible and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.model import Owner, Status, Verdict
from reports.escape import line
from reports.links import Link, anchor, reference
from reports.mailtext import mail
from reports.manual import Manual, from_catalogue
from reports.model import FindingEntry, Report
from reports.rerun import command
from reports.scope import Scope, scope_of, strings
from reports.words import EXPLAINED, OWNER, STATUS, VERDICT, VERDICT_STATUS, counted, listed, share
from reports.zone import Change, changes, published_today

MAX_CARDS = 200  # of one section; a report with more is data, and report.json has it
MAX_STEPS = 30
MAX_CONSULTED = 40


@dataclass(frozen=True, kw_only=True)
class Known:
    """One question that a finding rests on."""

    text: str
    anchor: str
    """Id of its entry in the appendix; empty if the report has none."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One finding."""

    anchor: str
    status: str
    """The status, also the name of shape and colour."""
    word: str
    mark: str
    code: str
    about: str
    title: str
    why: str
    owner: str
    """Who acts, inside a sentence; empty if nobody needs to."""
    steps: tuple[str, ...]
    published: tuple[str, ...]
    """The records in question, where no change shows them."""
    changes: tuple[Change, ...]
    verify: str
    side: str
    """Could not be determined: at whose end the reason lies."""
    references: tuple[Link, ...]
    known: tuple[Known, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Everything that one person has to do."""

    key: str
    name: str
    hint: str
    summary: str
    cards: tuple[Card, ...]
    mail: str
    """A mail to that person, ready to be sent."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """One entry of the summary line."""

    status: str
    number: int
    words: str
    target: str
    """Id of the section that has them."""


@dataclass(frozen=True, kw_only=True)
class View:
    """The whole report."""

    verdict: str
    status: str
    """The status whose shape and colour the verdict wears."""
    sentence: str
    """Behind the verdict: who must do what."""
    explained: str
    scope: Scope
    counts: tuple[Count, ...]
    groups: tuple[Group, ...]
    remarks: tuple[Card, ...]
    """Warnings that nobody can act upon, and notes."""
    unknown: tuple[Card, ...]
    not_run: tuple[Card, ...]
    passed: tuple[Card, ...]
    not_applicable: tuple[Card, ...]
    more: int
    """Findings left out because a section was full."""
    tables: tuple[tuple[str, str], ...]
    digest: str


SECTION = {
    Status.FAIL: "to-do", Status.WARN: "to-do", Status.NOTE: "remarks", Status.UNKNOWN: "unknown", Status.BROKEN: "unknown",
    Status.NOT_RUN: "not-run", Status.PASS: "passed", Status.NOT_APPLICABLE: "not-applicable",
}  # fmt: skip


def view(report: Report, *, manual: Manual = from_catalogue) -> View:
    """Arrange a report."""
    scope = scope_of(report)
    maker = _Maker(report, manual, scope)
    found = [(entry.check, finding) for entry in report.checks for finding in entry.findings]
    to_do = {
        owner: [pair for status in (Status.FAIL, Status.WARN) for pair in found if _acts(pair[1], status) is owner]
        for owner in Owner
    }
    groups = []
    for owner, who in OWNER.items():
        if pairs := to_do[owner]:
            cards = maker.cards(pairs)
            hint = f"{who.hint} {scope.hint_of(owner)}".strip()
            summary = listed([f"{number:,} {words}" for number, words in _tally([finding for _, finding in pairs])])
            groups.append(
                Group(key=str(owner), name=who.name, hint=hint, summary=summary, cards=cards, mail=mail(owner, cards, scope))
            )

    def section(*statuses: Status) -> tuple[Card, ...]:
        return maker.cards(
            [pair for status in statuses for pair in found if pair[1].status is status and _acts(pair[1], status) is None]
        )

    sections = {
        "remarks": section(Status.WARN, Status.NOTE), "unknown": section(Status.BROKEN, Status.UNKNOWN), "not_run": _once(section(Status.NOT_RUN)),
        "passed": section(Status.PASS), "not_applicable": section(Status.NOT_APPLICABLE),
    }  # fmt: skip
    everything = [finding for _, finding in found]
    return View(
        verdict=VERDICT[report.verdict],
        status=str(VERDICT_STATUS[report.verdict]),
        sentence=sentence(report.verdict, everything),
        explained=EXPLAINED[report.verdict]
        + (LIMITED if scope.not_tested and report.verdict in (Verdict.READY, Verdict.READY_WITH_WARNINGS) else ""),
        scope=scope,
        counts=tuple(_counts(everything, {group.key for group in groups})),
        groups=tuple(groups),
        more=maker.more,
        tables=tuple((line(table.name, 80), line(table.checked, 40)) for table in report.tables[:MAX_CARDS]),
        digest=report.digest(),
        **sections,
    )


def _once(cards: Sequence[Card]) -> tuple[Card, ...]:
    """Many checks are not run for one reason; the reason is read once."""
    return tuple({card.title: card for card in reversed(cards)}.values())[::-1]


def _acts(finding: FindingEntry, status: Status) -> Owner | None:
    """Who has this on their list: a fail is always somebody's; a warning if there is something to do."""
    if finding.status is not status or status not in (Status.FAIL, Status.WARN):
        return None
    if finding.remedy:
        return finding.remedy.owner
    return Owner.US if status is Status.FAIL else None


def sentence(verdict: Verdict, findings: Sequence[FindingEntry]) -> str:
    """Say what the verdict rests on and who must act, in one sentence without its beginning."""
    open_questions = sum(finding.status in (Status.UNKNOWN, Status.BROKEN) for finding in findings)
    unanswered = f"{counted(open_questions, 'question', 'questions')} could not be answered"
    if verdict is Verdict.NOT_READY:
        return ", ".join(_shares(findings, Status.FAIL))
    if verdict is Verdict.NOT_FULLY_TESTED:
        return unanswered
    if verdict is Verdict.READY_WITH_WARNINGS:
        shares = _shares(findings, Status.WARN)
        idle = sum(finding.status is Status.WARN and finding.remedy is None for finding in findings)
        return "nothing blocks sending; " + ", ".join(
            shares + ([counted(idle, "warning to know of", "warnings to know of")] if idle else [])
        )
    passed = sum(finding.status is Status.PASS for finding in findings)
    return (
        f"{counted(passed, 'point was', 'points were')} checked and nothing stands in the way"
        if passed
        else "nothing stands in the way"
    )


def _shares(findings: Sequence[FindingEntry], status: Status) -> list[str]:
    return [
        _share(owner, mine) for owner in OWNER if (mine := [finding for finding in findings if _acts(finding, status) is owner])
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


def _tally(findings: Sequence[FindingEntry]) -> Iterable[tuple[int, str]]:
    for status, words in STATUS.items():
        if number := sum(finding.status is status for finding in findings):
            yield number, words.one if number == 1 else words.many


def _counts(findings: Sequence[FindingEntry], groups: set[str]) -> Iterable[Count]:
    for status, words in STATUS.items():
        if mine := [finding for finding in findings if finding.status is status]:
            target = SECTION[status]
            if target == "to-do" and (not groups or all(_acts(finding, status) is None for finding in mine)):
                target = "remarks"
            yield Count(status=str(status), number=len(mine), words=words.one if len(mine) == 1 else words.many, target=target)


class _Maker:
    """Makes cards; counts what it leaves out."""

    def __init__(self, report: Report, manual: Manual, scope: Scope) -> None:
        self._report = report
        self._manual = manual
        self._anchors = {observation.id: observation.anchor for observation in scope.observations}
        self._states = {observation.id: observation.state for observation in scope.observations}
        self._used: dict[str, int] = {}
        self.more = 0

    def cards(self, pairs: Sequence[tuple[str, FindingEntry]]) -> tuple[Card, ...]:
        self.more += max(0, len(pairs) - MAX_CARDS)
        return tuple(self._card(check, finding) for check, finding in pairs[:MAX_CARDS])

    def _card(self, check: str, finding: FindingEntry) -> Card:
        words = STATUS[finding.status]
        page = self._manual(check)
        remedy = finding.remedy
        again = finding.status in (Status.FAIL, Status.WARN, Status.UNKNOWN) or (
            remedy is not None and finding.status is Status.NOTE
        )
        to_change = changes(finding)
        return Card(
            anchor=self._anchor(check, finding),
            status=str(finding.status),
            word=words.word,
            mark=words.mark,
            code=line(finding.code, 120),
            about=line(finding.about, 300),
            title=line(finding.title),
            why=page.why if page and finding.status in (Status.FAIL, Status.WARN) else "",
            owner=OWNER[remedy.owner].inline if remedy else "",
            steps=strings(remedy.steps if remedy else (), MAX_STEPS),
            published=published_today(finding) if again and not any(change.instead for change in to_change) else (),
            changes=to_change,
            verify=command(self._report, page.of if page else "", finding) if again else "",
            side=self._side(finding),
            references=tuple(reference(text) for text in finding.references[:MAX_STEPS]),
            known=tuple(
                Known(text=line(probe, 300), anchor=self._anchors.get(probe, "")) for probe in finding.consulted[:MAX_CONSULTED]
            ),
        )

    def _anchor(self, check: str, finding: FindingEntry) -> str:
        name = anchor("finding", f"{check}\n{finding.code}\n{finding.about}\n{finding.fingerprint}")
        self._used[name] = self._used.get(name, 0) + 1
        return name if self._used[name] == 1 else f"{name}-{self._used[name]}"

    def _side(self, finding: FindingEntry) -> str:
        if finding.status is not Status.UNKNOWN:
            return ""
        probe = str(finding.args.get("probe") or (finding.consulted[-1] if finding.consulted else ""))
        return SIDES.get(self._states.get(probe, ""), "")


LIMITED = " Not everything was tested; what was left out is listed below."

SIDES: Mapping[str, str] = {
    "servfail": "The reason lies with the other side: its name server answered that it failed.",
    "refused": "The reason lies with the other side: it declined to answer.",
    "bogus": "The reason lies with the other side: what it answered does not hold.",
    "timeout": "Nobody answered in time. The reason may lie with the other side, or on the way between here and there.",
    "not-attempted": "The reason lies on this side, with this run: the question could not be asked.",
}
