"""What comes up: the days in a report on which something ends or changes. Who writes them: `due` in checks.model and checks.rules._due.

A finding with the argument `due` is here by itself; nothing else is known of it. Every text in an `Event` is visible and bounded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from checks.model import DUE, Owner
from reports.escape import line
from reports.model import FindingEntry, Report
from reports.scope import MONTHS, spoken_time
from reports.words import OWNER

MAX_EVENTS = 1000  # of one report; a hundred servers have a few each
MAX_STEPS = 30
MAX_ABOUT = 20


@dataclass(frozen=True, kw_only=True)
class Event:
    """One day to be remembered."""

    uid: str
    """The same in every run, whatever the day and the status have become: so an entry in a calendar is moved, not doubled."""
    on: date
    day: str
    """For a person: 18 January 2027."""
    moment: str
    """The exact time; empty if it is not known."""
    words: str
    """How exact the day is, where it is not; else empty."""
    what: str
    status: str
    """Of the finding: how things stand today."""
    owner: str
    """Whose task it is, as a name; empty if nobody has one."""
    steps: tuple[str, ...]
    about: tuple[str, ...]
    """The servers, domains or files that it concerns."""
    code: str
    references: tuple[str, ...]


def coming(report: Report) -> tuple[Event, ...]:
    """Return what comes up, in order, one event for each thing. What is over is left out."""
    today = _today(report)
    found: dict[str, Event] = {}
    for event in _events(report):
        if (today - event.on).days > 1:  # somewhere on earth it may still be yesterday
            continue
        known = found.get(event.uid)
        found[event.uid] = _joined(known, event) if known else event
    return tuple(sorted(found.values(), key=lambda event: (event.on, event.what, event.uid))[:MAX_EVENTS])


def _today(report: Report) -> date:
    """The day as of which was judged."""
    return (_time(report.vantage.get("judged_as_of")) or in_utc(report.taken_at)).date()


def in_utc(text: str) -> datetime:
    """Read a moment of the document. One that UTC has no year for keeps its own clock."""
    return _time(text) or datetime.fromisoformat(text).replace(tzinfo=UTC)


def _events(report: Report) -> Iterator[Event]:
    for entry in report.checks:
        for finding in entry.findings:
            given = finding.args.get(DUE)
            told = given if isinstance(given, Mapping) else {"on": given}
            if (on := _day(told.get("on"))) is not None:
                yield _event(report, finding, told, on)


def _event(report: Report, finding: FindingEntry, told: Mapping[str, Any], on: date) -> Event:
    remedy, moment = finding.remedy, _time(told.get("at") or told.get("on"))
    owner, steps = (remedy.owner, remedy.steps) if remedy else (_owner(told.get("owner")), _strings(told.get("steps")))
    return Event(
        uid=_uid(report, finding, told.get("of")),
        on=on,
        day=f"{on.day} {MONTHS[on.month - 1]} {on.year}",
        moment=spoken_time(moment.isoformat()) if moment else "",
        words=line(told.get("words") or "", 200),
        what=line(told.get("what") or finding.title, 300),
        status=str(finding.status),
        owner=OWNER[owner].name if owner else "",
        steps=tuple(line(step) for step in steps[:MAX_STEPS]),
        about=(line(finding.about, 300),),
        code=line(finding.code, 120),
        references=tuple(line(text) for text in finding.references[:MAX_STEPS]),
    )


def _joined(one: Event, other: Event) -> Event:
    """Of one thing that several findings are about, the earliest day counts."""
    first = min(one, other, key=lambda event: event.on)
    return replace(first, about=tuple(dict.fromkeys((*one.about, *other.about)))[:MAX_ABOUT])


def _uid(report: Report, finding: FindingEntry, of: object) -> str:
    """Name the thing; without a name of its own it is the finding. Two customers with one mail server have two entries."""
    domains = report.subject.get("domains")
    customer = domains[0] if isinstance(domains, list) and domains else report.subject.get("name")
    thing = [of] if of else [finding.code, finding.about, finding.fingerprint]
    text = json.dumps([customer, *thing], sort_keys=True, ensure_ascii=True, default=str)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}@sendready"


def _day(text: object) -> date | None:
    """Read a day, or the day of a moment in UTC."""
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = _time(text)
        return moment.date() if moment else None


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _owner(word: object) -> Owner | None:
    return Owner(word) if isinstance(word, str) and word in set(Owner) else None


def _strings(value: object) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
