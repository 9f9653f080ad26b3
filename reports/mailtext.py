"""A mail to the person who has to act, ready to be copied: plain text, complete without the report."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.model import Owner, Status
from reports.rerun import rows
from reports.scope import Scope
from reports.zone import TTL, Change

if TYPE_CHECKING:
    from reports.cards import Card

COLUMNS = 72  # mail is read in windows of any width, and quoted; values to be copied stay whole

SUBJECT = {
    Owner.DNS_ADMIN: "DNS changes for {what}",
    Owner.MAIL_ADMIN: "Mail system: changes for sending as {what}",
    Owner.PROVIDER: "Sending mail as {what} through your server",
    Owner.US: "Dispatcher settings for {what}",
}
OPENING = {
    Owner.DNS_ADMIN: "please make the DNS changes below, so that mail sent as {what} arrives.",
    Owner.MAIL_ADMIN: "we set up a program that sends mail as {what} through your mail system. Please change the following there.",
    Owner.PROVIDER: "we send mail as {what} through your server, and found the following. Could you please help?",
    Owner.US: "before mail is sent as {what}, please settle the following.",
}


def mail(owner: Owner, cards: Sequence[Card], scope: Scope) -> str:
    """Write the mail. Its records are on lines of their own, so that nothing needs to be pieced together."""
    return "\n".join(_mail(owner, cards, scope)) + "\n"


def _mail(owner: Owner, cards: Sequence[Card], scope: Scope) -> Iterator[str]:
    yield "Subject: " + SUBJECT[owner].format(what=scope.what)
    yield ""
    yield "Hello,"
    yield ""
    yield from _wrapped(OPENING[owner].format(what=scope.what), "", "")
    for number, card in enumerate(cards, start=1):
        yield ""
        urgent = "needed before mail can be sent" if card.status == Status.FAIL else "recommended"
        yield from _wrapped(card.title, f"{number}. ", "   ")
        yield f"   ({urgent})"
        for step in card.steps:
            yield from _wrapped(step, "   - ", "     ")
        if card.published:
            yield ""
            yield "   Published today:"
            yield from (f"   {value}" for value in card.published)
        for change in card.changes:
            yield ""
            yield from _record(change)
        if card.verify and owner is Owner.US:  # the others have neither the program nor the settings
            yield ""
            yield "   How to check that it is done:"
            yield from rows(card.verify, COLUMNS, indent=3)
    if owner is not Owner.US:
        yield ""
        yield "Please answer when it is done; then it is checked again from here."
    yield ""
    yield f"Found on {scope.taken} by {scope.tool}."
    yield ""
    yield "Thank you!"


def _wrapped(text: str, first: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, COLUMNS, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [first]


def _record(change: Change) -> Iterator[str]:
    yield f"   {change.verb.upper()} {change.type} record"
    yield f"   Name:   {change.name}"
    if change.short:
        yield f"           (in a panel that adds {change.zone} by itself: {change.short})"
    if change.action != "remove":
        yield f"   TTL:    {TTL}"
    yield "   Value:"
    yield f"   {change.value}"
    if change.parts:
        yield "   The same value in quoted parts, for panels and zone files that take at most 255 characters at a time:"
        yield from (f"   {part}" for part in change.parts)
    if change.instead:
        yield "   Instead of what is published today:"
        yield from (f"   {value}" for value in change.instead)
