"""Writes what comes up as an iCalendar file (RFC 5545), for the calendar of whoever has to think of it.

Pure: the same report is the same bytes. A file that is read in again moves the entries that are there (see `Event.uid`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from reports.coming import Event, coming, in_utc
from reports.escape import line, visible
from reports.model import Report
from reports.scope import scope_of, spoken_time

WIDTH = 75  # octets of a line without its end (RFC 5545 section 3.1)
REMINDERS = (14, 3)  # days before
HOUR = 9  # of that day, wherever the reader is: nobody is woken by a certificate
DAY_HOURS = 24

NO_EVENTS = (
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
)
"""A calendar must have one component at least (RFC 5545 section 3.6); this one says nothing."""


def render(report: Report) -> str:
    """Return the calendar; one without events if nothing comes up."""
    taken, scope = in_utc(report.taken_at), scope_of(report)
    rows = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_text(f'-//sendready//{scope.tool}//EN')}", "CALSCALE:GREGORIAN"]
    events, source = coming(report), f"{scope.tool}, {spoken_time(report.taken_at)}"
    for event in events:
        rows += _event(event, stamp=_stamp(taken), today=taken.date(), what=scope.what, source=source)
    if not events:
        rows += NO_EVENTS
    rows.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for row in rows for folded in _folded(row))


def _event(event: Event, *, stamp: str, today: date, what: str, source: str) -> Iterator[str]:
    summary = f"{what}: {event.what}"
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{event.on.year:04}{event.on.month:02}{event.on.day:02}"  # a whole day (section 3.6.1)
    yield f"SUMMARY:{_text(summary)}"
    yield f"DESCRIPTION:{_text(*_described(event, source))}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy because of it
    for before in _reminders((event.on - today).days):
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(summary)}", f"TRIGGER:{_before(before)}", "END:VALARM")
    yield "END:VEVENT"


def _described(event: Event, source: str) -> Iterator[str]:
    if when := event.moment or event.words:
        yield f"When: {when}"
    if event.owner:
        yield f"Whose task: {event.owner}"
    if event.about != ("settings",):
        yield f"About: {', '.join(event.about)}"
    if event.steps:
        yield "What to do:"
        yield from (f"{number}. {step}" for number, step in enumerate(event.steps, start=1))
    if event.references:
        yield f"Read on: {', '.join(event.references)}"
    yield f"Code: {event.code}"
    yield f"From: {source}. Check again when it is done; the new calendar.ics moves this entry."


def _reminders(days: int) -> Iterable[int]:
    """Leave out reminders whose time is over; where none is left, the day itself is one."""
    return [before for before in REMINDERS if before < days] or [0]


def _before(days: int) -> str:
    """Return the distance from the beginning of the day (RFC 5545 section 3.3.6)."""
    return f"-P{days - 1}DT{DAY_HOURS - HOUR}H" if days else f"PT{HOUR}H"


def _stamp(moment: datetime) -> str:
    return f"{moment.year:04}{moment:%m%dT%H%M%SZ}"


def _text(*rows: str) -> str:
    """Escape a text of one or more lines (RFC 5545 section 3.3.11). What cannot be seen has been written out before."""
    return r"\n".join(visible(line(row, 2_000)).replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,") for row in rows)


def _folded(row: str) -> Iterator[str]:
    """Break a line into pieces of at most `WIDTH` octets, never inside a character (RFC 5545 section 3.1)."""
    piece, size = "", 0
    for char in row:
        octets = len(char.encode())
        if size + octets > WIDTH:
            yield piece
            piece, size = " ", 1
        piece, size = piece + char, size + octets
    yield piece
