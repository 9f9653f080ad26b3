"""One finding, or several with one reason, as a person reads it. Every text in a `Card` is visible and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.model import Status
from reports.escape import line
from reports.figures import Figure
from reports.links import Link, anchor, of_finding, reference
from reports.manual import Manual
from reports.model import FindingEntry, Report
from reports.rerun import command, command_for_all
from reports.scope import Scope, strings
from reports.unanswered import (
    UNASKED,
    Cause,
    advice,
    advice_for_many,
    cause,
    knows_better,
    probe_of,
    side,
    title_of_many,
    title_of_one,
)
from reports.words import OWNER, STATUS
from reports.zone import Change, changes, published_today

MAX_CARDS = 200  # of one section; a report with more is data, and report.json has it
MAX_STEPS = 30
MAX_CONSULTED = 40

Pair = tuple[str, FindingEntry]
"""A check's id and what it said."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """One question that a finding rests on."""

    text: str
    anchor: str
    """Id of its entry in the appendix; empty if the report has none."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One of several findings that share a card."""

    anchor: str
    title: str
    """What was to be looked at, and of whom if the card is about several."""
    code: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One finding, or several with one reason."""

    anchor: str
    status: str
    """The status, also the name of shape and colour."""
    word: str
    mark: str
    code: str
    """Empty on the card of several findings; each of them has its own."""
    about: str
    title: str
    why: str
    owner: str
    """Who acts, inside a sentence; empty if nobody needs to."""
    steps: tuple[str, ...]
    published: tuple[str, ...]
    """The records in question, where no change shows them."""
    changes: tuple[Change, ...]
    verify: tuple[str, ...]
    """The command that checks it again, word by word."""
    side: str
    """Could not be determined: at whose end the reason lies."""
    references: tuple[Link, ...]
    known: tuple[Known, ...]
    figure: Figure | None = None
    """Where it is drawn."""
    members: tuple[Member, ...] = ()
    """The findings that share the reason; empty if it is one alone."""


class Maker:
    """Makes cards; counts what it leaves out."""

    def __init__(self, report: Report, manual: Manual, scope: Scope, drawn: Mapping[str, Figure] | None = None) -> None:
        """`drawn`: the figure of each finding that has one, by fingerprint."""
        self._report = report
        self._drawn = drawn or {}
        self._manual = manual
        self._nameservers = scope.nameservers
        self._anchors = {observation.id: observation.anchor for observation in scope.observations}
        self._states = {observation.id: observation.state for observation in scope.observations}
        self._used: dict[str, int] = {}
        self.more = 0

    def cards(self, pairs: Sequence[Pair]) -> tuple[Card, ...]:
        """Make a card of each finding."""
        self.more += max(0, len(pairs) - MAX_CARDS)
        return tuple(self._card(check, finding) for check, finding in pairs[:MAX_CARDS])

    def grouped(self, pairs: Sequence[Pair]) -> tuple[Card, ...]:
        """Make a card of all findings that share a reason, and one of each other finding, in the order of first mention."""
        self.more += max(0, len(pairs) - MAX_CARDS)
        groups: dict[Cause | int, list[Pair]] = {}
        for number, (check, finding) in enumerate(pairs[:MAX_CARDS]):
            shared = cause(check, finding, self._state(finding))
            groups.setdefault(number if shared is None else shared, []).append((check, finding))
        return tuple(
            self._card(*mine[0]) if len(mine) == 1 or isinstance(shared, int) else self._shared(shared, mine)
            for shared, mine in groups.items()
        )

    def _shared(self, shared: Cause, pairs: Sequence[Pair]) -> Card:
        findings = [finding for _, finding in pairs]
        words = STATUS[shared.status]
        several = len({finding.about for finding in findings}) > 1
        unknown = shared.status is Status.UNKNOWN
        owner = next((finding.remedy.owner for finding in findings if finding.remedy), None)
        return Card(
            anchor=anchor("findings", f"{shared.status}\n{shared.about}\n{shared.reason}\n{shared.state}"),
            status=str(shared.status),
            word=words.word,
            mark=words.mark,
            code="",
            about=line(shared.about, 300),
            title=title_of_many(shared, [finding.about for finding in findings], len(findings)),
            why="",
            owner=OWNER[owner].inline if owner else "",
            steps=advice_for_many(shared, self._nameservers, findings[0]),
            published=(),
            changes=(),
            verify=command_for_all(self._report, [(self._of(check), finding) for check, finding in pairs]) if unknown else (),
            side=side(shared.state),
            references=(),
            known=self._known(dict.fromkeys(probe for finding in findings for probe in finding.consulted)),
            members=tuple(self._member(check, finding, several=several) for check, finding in pairs),
        )

    def _member(self, check: str, finding: FindingEntry, *, several: bool) -> Member:
        title = self._name(check) or check
        return Member(
            anchor=self._anchor(check, finding),
            title=line(f"{title} ({finding.about})" if several else title),
            code=line(finding.code, 120),
        )

    def _card(self, check: str, finding: FindingEntry) -> Card:
        words = STATUS[finding.status]
        page = self._manual(check)
        remedy = finding.remedy
        again = finding.status in (Status.FAIL, Status.WARN, Status.UNKNOWN) or (
            remedy is not None and finding.status is Status.NOTE
        )
        to_change = changes(finding)
        state = self._state(finding) if finding.status is Status.UNKNOWN else ""
        helps = advice(finding, state, self._nameservers) if finding.status is Status.UNKNOWN else None
        return Card(
            anchor=self._anchor(check, finding),
            status=str(finding.status),
            word=words.word,
            mark=words.mark,
            code=line(finding.code, 120),
            about=line(finding.about, 300),
            title=title_of_one(check, self._name(check), finding),
            why=page.why if page and finding.status in (Status.FAIL, Status.WARN) else "",
            owner=OWNER[remedy.owner].inline if remedy else "",
            steps=strings(helps or (remedy.steps if remedy else ()), MAX_STEPS),
            published=published_today(finding) if again and not any(change.instead for change in to_change) else (),
            changes=to_change,
            verify=command(self._report, self._of(check), finding) if again else (),
            side="" if state == UNASKED and knows_better(finding) else side(state),
            references=tuple(reference(text) for text in finding.references[:MAX_STEPS]),
            known=self._known(finding.consulted),
            figure=self._drawn.get(finding.fingerprint),
        )

    def _name(self, check: str) -> str:
        page = self._manual(check)
        return page.title if page else ""

    def _of(self, check: str) -> str:
        page = self._manual(check)
        return page.of if page else ""

    def _known(self, probes: Iterable[str]) -> tuple[Known, ...]:
        return tuple(Known(text=line(probe, 300), anchor=self._anchors.get(probe, "")) for probe in [*probes][:MAX_CONSULTED])

    def _state(self, finding: FindingEntry) -> str:
        return self._states.get(probe_of(finding), "")

    def _anchor(self, check: str, finding: FindingEntry) -> str:
        name = of_finding(check, finding.code, finding.about, finding.fingerprint)
        self._used[name] = self._used.get(name, 0) + 1
        return name if self._used[name] == 1 else f"{name}-{self._used[name]}"
