"""What a report says and in which order, for a person; the formats only set it. Every text in a `View` is visible and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.model import Owner, Status, Verdict
from reports.cards import MAX_CARDS, Card, Maker
from reports.chapters import by_finding, chapters
from reports.coming import Event, coming
from reports.escape import line
from reports.figures import Chapter
from reports.mailtext import mail
from reports.manual import Manual, from_catalogue
from reports.model import FindingEntry, Report
from reports.scope import Scope, scope_of
from reports.sentence import acts, confirmed, explained, sentence
from reports.words import OWNER, STATUS, VERDICT, VERDICT_STATUS, listed


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
    chapters: tuple[Chapter, ...]
    """What is drawn beside the sentences."""
    coming: tuple[Event, ...]
    """What ends or changes on a known day."""
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
    drawn = chapters(report)
    maker = Maker(report, manual, scope, by_finding(drawn))
    found = [(entry.check, finding) for entry in report.checks for finding in entry.findings]
    to_do = {
        owner: [pair for status in (Status.FAIL, Status.WARN) for pair in found if acts(pair[1], status) is owner]
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

    def of(*statuses: Status) -> list[tuple[str, FindingEntry]]:
        return [pair for status in statuses for pair in found if pair[1].status is status and acts(pair[1], status) is None]

    sections = {
        "remarks": maker.cards(of(Status.WARN, Status.NOTE)), "unknown": maker.grouped(of(Status.BROKEN, Status.UNKNOWN)),
        "not_run": _once(maker.grouped(of(Status.NOT_RUN))), "passed": maker.cards(of(Status.PASS)), "not_applicable": maker.cards(of(Status.NOT_APPLICABLE)),
    }  # fmt: skip
    everything = [finding for _, finding in found]
    empty = report.verdict is Verdict.READY and not confirmed(report)
    return View(
        verdict=VERDICT[report.verdict],
        status=str(Status.NOT_APPLICABLE if empty else VERDICT_STATUS[report.verdict]),
        sentence=sentence(report),
        explained=explained(report),
        scope=scope,
        counts=tuple(_counts(everything, {group.key for group in groups})),
        groups=tuple(groups),
        chapters=drawn,
        coming=coming(report),
        more=maker.more,
        tables=tuple((line(table.name, 80), line(table.checked, 40)) for table in report.tables[:MAX_CARDS]),
        digest=report.digest(),
        **sections,
    )


def _once(cards: Sequence[Card]) -> tuple[Card, ...]:
    """Many checks are not run for one reason; the reason is read once."""
    return tuple({card.title: card for card in reversed(cards)}.values())[::-1]


def _tally(findings: Sequence[FindingEntry]) -> Iterable[tuple[int, str]]:
    for status, words in STATUS.items():
        if number := sum(finding.status is status for finding in findings):
            yield number, words.one if number == 1 else words.many


def _counts(findings: Sequence[FindingEntry], groups: set[str]) -> Iterable[Count]:
    for status, words in STATUS.items():
        if mine := [finding for finding in findings if finding.status is status]:
            target = SECTION[status]
            if target == "to-do" and (not groups or all(acts(finding, status) is None for finding in mine)):
                target = "remarks"
            yield Count(status=str(status), number=len(mine), words=words.one if len(mine) == 1 else words.many, target=target)
