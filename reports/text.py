"""Renders a report for a terminal: the verdict, what to do by whom, what is open, and one line for the rest.

Whatever strangers wrote is visible text here; the only control sequences in the output are the few colours of `PAINT`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from reports.cards import Card
from reports.coming import Event
from reports.escape import visible
from reports.manual import Manual, from_catalogue
from reports.model import Report
from reports.outline import draw
from reports.rerun import COLUMNS, rows
from reports.view import Group, View, view
from reports.words import listed
from reports.zone import TTL, Change

PAINT = {
    "fail": "\x1b[1;31m", "broken": "\x1b[1;31m", "warn": "\x1b[33m", "note": "\x1b[34m", "unknown": "\x1b[35m", "pass": "\x1b[32m",
    "bold": "\x1b[1m", "soft": "\x1b[2m", "off": "\x1b[0m",
}  # fmt: skip
"""Every control sequence that can be in the output (SGR, ECMA-48 section 8.3.117)."""

MAX_COMING = 30  # days that are listed; more are for a calendar
NARROWEST = 40  # below this, wrapping makes a text harder to read than the terminal's own


def render(report: Report, *, colour: bool, width: int = 100, manual: Manual = from_catalogue) -> str:
    """Return the text. `width` wraps sentences; values to be copied stay on one line, commands go on with a backslash."""
    return _Page(colour=colour, width=max(width, NARROWEST)).page(view(report, manual=manual))


class _Page:
    def __init__(self, *, colour: bool, width: int) -> None:
        self._colour = colour
        self._width = width

    def page(self, seen: View) -> str:
        rows: list[str] = []
        for part in (self._head(seen), *(self._group(group) for group in seen.groups), *self._rest(seen)):
            rows.extend(part)
        return "\n".join(rows).rstrip("\n") + "\n"

    def _say(self, text: str, paint: str = "") -> str:
        """The one way into the output."""
        shown = visible(text)
        return f"{PAINT[paint]}{shown}{PAINT['off']}" if self._colour and paint in PAINT and shown else shown

    def _wrap(self, text: str, indent: str, first: str = "", paint: str = "") -> Iterator[str]:
        begin = first or indent
        rows = textwrap.wrap(visible(text), self._width - len(indent), break_long_words=False, break_on_hyphens=False) or [""]
        for number, row in enumerate(rows):
            yield (indent if number else begin) + self._say(row, paint)

    def _head(self, seen: View) -> Iterator[str]:
        yield self._say(f"Sending mail as {seen.scope.what}", "soft")
        yield from self._wrap(f"{seen.verdict}: {seen.sentence}.", "", paint=seen.status if seen.status == "fail" else "bold")
        yield from self._wrap(seen.explained, "")
        if seen.scope.test_mode:
            yield from self._wrap("Test mode is on: the real recipients get nothing until it is switched off.", "", paint="warn")

    def _group(self, group: Group) -> Iterator[str]:
        yield ""
        yield self._say(f"== {group.name}: {group.summary}", "bold")
        yield from self._wrap(group.hint, "   ", paint="soft")
        for card in group.cards:
            yield from self._card(card)

    def _card(self, card: Card) -> Iterator[str]:
        yield ""
        mark = self._say(card.mark, card.status)
        yield from self._wrap(card.title, "       ", f"  {mark} ")
        for text in (card.why, card.side):
            if text:
                yield from self._wrap(text, "       ", paint="soft")
        for member in card.members:
            yield from self._wrap(f"{member.title} ({member.code})", "           ", "         . ")
        for step in card.steps:
            yield from self._wrap(step, "         ", "       - ")
        if card.published:
            yield "       " + self._say("published today:", "soft")
            yield from (f"         {self._say(value)}" for value in card.published)
        for change in card.changes:
            yield from self._change(change)
        if card.figure:
            yield from self._wrap(f"(drawn below: {card.figure.label})", "       ", paint="soft")
        if card.verify:
            yield "       " + self._say("check again:", "soft")
            yield from map(self._say, rows(card.verify, min(self._width, COLUMNS), indent=9))
        if card.code:
            yield "       " + self._say(f"({card.code})", "soft")

    def _change(self, change: Change) -> Iterator[str]:
        yield ""
        yield "       " + self._say(f"{change.verb.upper()} {change.type} record", "bold")
        yield f"         name   {self._say(change.name)}"
        if change.short:
            yield "                " + self._say(f"(in a panel that adds {change.zone} by itself: {change.short})", "soft")
        if change.action != "remove":
            yield f"         TTL    {TTL}"
        yield f"         value  {self._say(change.value)}"
        if change.parts:
            yield "         the same value in parts of at most 255 characters:"
            yield from (f"                {self._say(part)}" for part in change.parts)
        if change.instead:
            yield "         instead of"
            yield from (f"                {self._say(value)}" for value in change.instead)
        yield ""

    def _rest(self, seen: View) -> Iterator[Iterable[str]]:
        yield self._section("Could not be determined", seen.unknown)
        yield self._section("Worth knowing", seen.remarks)
        yield self._not_run(seen.not_run)
        for chapter in seen.chapters:
            yield draw(chapter, min(self._width, COLUMNS), self._say)
        yield self._coming(seen.coming)
        yield self._short("Not tested", seen.scope.not_tested)
        yield self._foot(seen)

    def _section(self, title: str, cards: Sequence[Card]) -> Iterator[str]:
        if cards:
            yield ""
            yield self._say(f"== {title}", "bold")
            for card in cards:
                yield from self._card(card)

    def _not_run(self, cards: Sequence[Card]) -> Iterator[str]:
        if cards:
            yield ""
            yield self._say("== Not checked in this run", "bold")
        for card in cards:
            yield from self._wrap(card.title + (":" if card.members else ""), "    ", "  - ")
            for member in card.members:
                yield from self._wrap(member.title, "        ", "      . ")

    def _short(self, title: str, texts: Sequence[str]) -> Iterator[str]:
        if texts:
            yield ""
            yield self._say(f"== {title}", "bold")
            for text in texts:
                yield from self._wrap(text, "    ", "  - ")

    def _coming(self, events: Sequence[Event]) -> Iterator[str]:
        if events:
            yield ""
            yield self._say("== What comes up", "bold")
        for event in events[:MAX_COMING]:
            whose = f" ({event.owner})" if event.owner else ""
            yield from self._wrap(f"{event.day}: {event.what}{whose}", "    ", "  - ")
            if event.words:
                yield from self._wrap(f"When: {event.words}", "    ", paint="soft")
        if len(events) > MAX_COMING:
            yield from self._wrap(f"{len(events) - MAX_COMING:,} more days are in calendar.ics.", "    ", paint="soft")

    def _foot(self, seen: View) -> Iterator[str]:
        yield ""
        if seen.scope.message:
            yield from self._wrap(seen.scope.message, "")
        counts = listed([f"{count.number:,} {count.words}" for count in seen.counts]) or "nothing was checked"
        yield from self._wrap(f"In all: {counts}. {seen.scope.taken}, {seen.scope.tool}.", "")
