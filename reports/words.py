"""The words of a report: what a status, an owner and a verdict are called. One place, so that all formats say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.model import Action, Owner, Status, Verdict


@dataclass(frozen=True, kw_only=True)
class StatusWords:
    """How a status is shown. Colour is never the only sign."""

    word: str
    """On the card."""
    mark: str
    """In a terminal, without colour."""
    one: str
    """Behind the number 1, in a summary."""
    many: str


STATUS: dict[Status, StatusWords] = {
    Status.FAIL: StatusWords(word="Must be fixed", mark="FAIL", one="must be fixed", many="must be fixed"),
    Status.WARN: StatusWords(word="Warning", mark="WARN", one="warning", many="warnings"),
    Status.NOTE: StatusWords(word="Note", mark="NOTE", one="note", many="notes"),
    Status.UNKNOWN: StatusWords(
        word="Could not be determined", mark="????", one="could not be determined", many="could not be determined"
    ),
    Status.BROKEN: StatusWords(word="Fault in sendready", mark="BUG ", one="fault in sendready", many="faults in sendready"),
    Status.NOT_RUN: StatusWords(word="Not checked", mark="skip", one="not checked", many="not checked"),
    Status.PASS: StatusWords(word="Passed", mark="ok  ", one="passed", many="passed"),
    Status.NOT_APPLICABLE: StatusWords(word="Does not apply", mark="n/a ", one="does not apply", many="do not apply"),
}
"""In the order in which a summary counts them."""


@dataclass(frozen=True, kw_only=True)
class OwnerWords:
    """How the person is called who has to act."""

    name: str
    inline: str
    """Inside a sentence."""
    hint: str
    """Who that usually is."""


OWNER: dict[Owner, OwnerWords] = {
    Owner.DNS_ADMIN: OwnerWords(
        name="Your DNS administrator",
        inline="your DNS administrator",
        hint="Whoever manages the records of the domain: the domain provider, the web agency or the IT department.",
    ),
    Owner.MAIL_ADMIN: OwnerWords(
        name="Your mail administrator",
        inline="your mail administrator",
        hint="Whoever manages the mailboxes and the mail system.",
    ),
    Owner.PROVIDER: OwnerWords(
        name="The mail provider",
        inline="the mail provider",
        hint='The company that runs the sending server. Its support can answer with the lines under "how we know".',
    ),
    Owner.US: OwnerWords(
        name="You or your support contact",
        inline="you",
        hint="The settings of the dispatcher, and everything that can be done from where this report was made.",
    ),
}
"""In the order in which a report lists them."""

ACTION: dict[Action, str] = {Action.ADD: "Add", Action.REPLACE: "Replace", Action.REMOVE: "Remove"}

VERDICT: dict[Verdict, str] = {
    Verdict.READY: "Ready",
    Verdict.READY_WITH_WARNINGS: "Ready with warnings",
    Verdict.NOT_READY: "Not ready",
    Verdict.NOT_FULLY_TESTED: "Not fully tested",
}

VERDICT_STATUS: dict[Verdict, Status] = {
    Verdict.READY: Status.PASS,
    Verdict.READY_WITH_WARNINGS: Status.WARN,
    Verdict.NOT_READY: Status.FAIL,
    Verdict.NOT_FULLY_TESTED: Status.UNKNOWN,
}
"""Whose shape and colour a verdict wears."""


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its noun: "1 task", "1,200 tasks"."""
    return f"{number:,} {one if number == 1 else many}"


def listed(items: Sequence[str]) -> str:
    """Join for a sentence: "a, b and c"."""
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else "".join(items)


def share(owner: Owner, *, tasks: int, records: int, only_records: bool) -> str:
    """Say in a few words what one person has to do: "2 DNS records to change by your DNS administrator"."""
    if owner is Owner.DNS_ADMIN and only_records:
        return f"{counted(records, 'DNS record', 'DNS records')} to change by {OWNER[owner].inline}"
    return f"{counted(tasks, 'task', 'tasks')} for {OWNER[owner].inline}"
