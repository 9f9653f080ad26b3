"""Draws who will take the mail: a line for each large receiver, and below it every requirement with its state and source. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from pydantic import ValidationError

from checks.evidence import adapter
from checks.model import Status
from reports.cards import MAX_CARDS
from reports.escape import line
from reports.figures import Chapter, Figure, Fold, Row, Statement, Table, Tag
from reports.links import Link, of_finding, reference
from reports.model import Report
from reports.scope import MONTHS
from reports.words import counted

CHECK = "receivers.requirements"
MAX_ROWS = 20  # receivers, and requirements of one; eight receivers are known, with ten at most
MAX_NAMED = 20
MAX_LINKS = 5  # of one requirement
MAX_CELL = 600  # characters
MAX_NAME = 100
INTRO = (
    "What each receiver says publicly that it asks for, compared with what was found. What is missing has a finding of its own, which says "
    "what to do. What is open mostly shows in a test message that has arrived. Below the table, every requirement has a line, with the finding "
    "behind it and the page where the receiver says so."
)
COLUMNS = ("Bulk sender there", "Not there yet", "Still open")
BULK = {"yes": "yes", "perhaps": "perhaps", "no": "no", "": "makes no difference"}
MISSING = Tag(status=Status.WARN, word="asks for more")
OPEN = Tag(status=Status.NOTE, word="nothing known is missing")
MET = Tag(status=Status.PASS, word="has what it asks for")
STATES = {
    "met": Tag(status=Status.PASS, word="met"),
    "not-met": Tag(status=Status.WARN, word="not met"),
    "not-known-yet": Tag(status=Status.NOTE, word="not known yet"),
}
NOT_MET, NOT_ASKED = "not-met", Tag(status=Status.NOT_APPLICABLE, word="not met, and not asked of you")
YOU = {"yes": ", as you are.", "perhaps": "; you may be one.", "no": " only, which you are not."}

Links = Mapping[str, Link]
"""Of each code of a finding, where it stands."""


@dataclass(frozen=True, kw_only=True)
class ShownRequirement:
    """The part of a requirement that is drawn."""

    what: str
    state: str
    applies: str = "yes"
    who: str = "all"
    newsletters: bool = False
    behind: tuple[str, ...] = ()
    later: str = ""
    effect: str = ""
    since: str = ""
    since_words: str = ""
    note: str = ""
    sources: tuple[str, ...] = ()
    source_date: str = ""
    checked: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownReceiver:
    """The part of a row of the table that is drawn."""

    name: str
    bulk: str
    missing: tuple[str, ...]
    open: tuple[str, ...]
    bulk_means: str = ""
    bulk_words: str = ""
    requirements: tuple[ShownRequirement, ...] = ()


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
                return _chapter(shown, finding.fingerprint, _links(report))
    return None


def _read(value: object) -> ShownReceivers | None:
    try:
        return cast("ShownReceivers", adapter(ShownReceivers).validate_python(value)) if isinstance(value, dict) else None
    except (ValidationError, RecursionError):
        return None


def _links(report: Report) -> Links:
    """Where the findings stand in the page. A report with more findings than cards has none: a link must lead somewhere."""
    found = [(entry.check, finding) for entry in report.checks for finding in entry.findings]
    if len(found) > MAX_CARDS:
        return {}
    return {
        finding.code: Link(
            text=line(finding.code, MAX_NAME), href=f"#{of_finding(check, finding.code, finding.about, finding.fingerprint)}"
        )
        for check, finding in reversed(found)
        if finding.status not in (Status.NOT_RUN, Status.NOT_APPLICABLE)
    }


def _chapter(shown: ShownReceivers, fingerprint: str, links: Links) -> Chapter:
    rows = shown.rows[:MAX_ROWS]
    figure = Figure(
        anchor="receivers-table",
        title="Large receivers",
        label="Who will take your mail",
        table=Table(of="Receiver", columns=COLUMNS, rows=tuple(_row(row) for row in rows)),
        folds=tuple(_fold(row, links) for row in rows if row.requirements),
        drawn=frozenset({fingerprint}),
    )
    return Chapter(anchor="receivers", title="Who will take your mail", intro=INTRO, figures=(figure,))


# --- the table --------------------------------------------------------------------------------------------------------


def _row(row: ShownReceiver) -> Row:
    tag = MISSING if row.missing else OPEN if row.open else MET
    return Row(name=line(row.name, MAX_NAME), cells=(_bulk(row), _listed(row.missing), _listed(row.open)), tag=tag)


def _bulk(row: ShownReceiver) -> str:
    """Whether the planned volume makes a bulk sender, and why."""
    word = BULK.get(row.bulk, BULK["perhaps"])
    return line(f"{word}: {row.bulk_words}" if row.bulk_words and row.bulk else word, MAX_CELL)


def _listed(texts: tuple[str, ...]) -> str:
    more = f"; and {len(texts) - MAX_NAMED:,} more" if len(texts) > MAX_NAMED else ""
    return line("; ".join(texts[:MAX_NAMED]) + more, MAX_CELL)


# --- the requirements -------------------------------------------------------------------------------------------------


def _fold(row: ShownReceiver, links: Links) -> Fold:
    more = len(row.requirements) - MAX_ROWS
    sums = [counted(len(row.requirements), "requirement", "requirements")]
    sums += [
        f"{number:,} {words}" for number, words in ((len(row.missing), "not met"), (len(row.open), "not known yet")) if number
    ]
    return Fold(
        title=line(f"{row.name}: {', '.join(sums)}", MAX_CELL),
        intro=line(_who_is_bulk(row), MAX_CELL),
        statements=tuple(_statement(one, links) for one in row.requirements[:MAX_ROWS]),
        more=f"And {counted(more, 'requirement', 'requirements')} more; report.json has them." if more > 0 else "",
    )


def _who_is_bulk(row: ShownReceiver) -> str:
    if not row.bulk:
        return "No difference between bulk senders and others is published."
    return f"Bulk senders: {row.bulk_means}." if row.bulk_means else ""


def _statement(one: ShownRequirement, links: Links) -> Statement:
    tag = STATES.get(one.state, STATES["not-known-yet"])
    said = f"; the text is of {_day(one.source_date)}" if one.source_date else ""
    return Statement(
        what=line(one.what, MAX_CELL),
        tag=NOT_ASKED if one.state == NOT_MET and one.applies == "no" else tag,
        words=line(" ".join(_words(one)), MAX_CELL),
        findings=tuple(links.get(code, Link(text=line(code, MAX_NAME))) for code in one.behind[:MAX_LINKS]),
        sources=tuple(reference(source) for source in one.sources[:MAX_LINKS]),
        read=line(f"{_day(one.checked)}{said}", MAX_NAME) if one.checked else "",
    )


def _words(one: ShownRequirement) -> list[str]:
    """For whom, since when, what happens otherwise, and what would show it."""
    since = one.since_words or _day(one.since)
    return [
        *_whom(one),
        *([f"Enforced since {since}."] if since else []),
        *([f"Otherwise: {one.effect}."] if one.effect and one.state != "met" else []),
        *([one.note] if one.note else []),
        *([f"It {one.later}."] if one.later and one.state not in ("met", NOT_MET) else []),
    ]


def _whom(one: ShownRequirement) -> list[str]:
    """Of whom it is asked, where that is not everybody."""
    if one.newsletters:
        return ["Asked of newsletters of bulk senders." if one.who == "bulk" else "Asked of newsletters."]
    return [f"Asked of bulk senders{YOU.get(one.applies, YOU['perhaps'])}"] if one.who == "bulk" else []


def _day(text: str) -> str:
    """Write a day for a person; what is none stays as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
