"""What can be said: Status, Outcome, Finding, Verdict. How findings are reached is not here."""

from __future__ import annotations

import hashlib
import json
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any


class Status(StrEnum):
    """Chosen by consequence; docs/severity.md defines each once."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    NOT_RUN = "not-run"
    BROKEN = "broken"


# From what a reader may skip to what must be read first; a check is as bad as its worst finding.
SEVERITY = (
    Status.NOT_APPLICABLE,
    Status.PASS,
    Status.NOTE,
    Status.NOT_RUN,
    Status.WARN,
    Status.UNKNOWN,
    Status.FAIL,
    Status.BROKEN,
)


def worst(statuses: Iterable[Status]) -> Status:
    """Return the status that a reader must see first; `not-applicable` if there is none."""
    return max(statuses, key=SEVERITY.index, default=Status.NOT_APPLICABLE)


class Verdict(StrEnum):
    """The answer of a whole run."""

    READY = "ready"
    READY_WITH_WARNINGS = "ready-with-warnings"
    NOT_READY = "not-ready"
    NOT_FULLY_TESTED = "not-fully-tested"

    @property
    def exit_code(self) -> int:
        """The process exit code, which is also the monitoring-plugin code."""
        return {Verdict.READY: 0, Verdict.READY_WITH_WARNINGS: 1, Verdict.NOT_READY: 2, Verdict.NOT_FULLY_TESTED: 3}[self]


class Owner(StrEnum):
    """Who has to act."""

    DNS_ADMIN = "dns-admin"
    MAIL_ADMIN = "mail-admin"
    PROVIDER = "provider"
    US = "us"  # the support person and the dispatcher's settings


class Action(StrEnum):
    """What to do with a DNS record."""

    ADD = "add"
    REPLACE = "replace"  # the records of the same kind at this name make way for the value
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class DnsChange:
    """One change to a zone, as a DNS panel wants it."""

    action: Action
    name: str
    """Full name, A-label, without trailing dot."""
    type: str
    value: str
    """The record's value in one string, without quotes. For `remove`: the published value that has to go."""


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Who does what."""

    owner: Owner
    steps: tuple[str, ...]
    records: tuple[DnsChange, ...] = ()

    def withheld(self, reason: str) -> Remedy:
        """Return the remedy without its records, and without the steps that point at them; `reason` stands in their place."""
        kept = [step for step in self.steps if not points_at_records(step)]
        place = next((number for number, step in enumerate(self.steps) if points_at_records(step)), len(kept))
        return Remedy(owner=self.owner, steps=(*kept[:place], reason, *kept[place:]))


_POINTS = re.compile(r"\b(?:ones?|records?) (?:shown )?below\b")


def points_at_records(step: str) -> bool:
    """Tell whether a step speaks of the records that are shown below it, so that it makes no sense without them."""
    return _POINTS.search(step) is not None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is so, about one domain, server or file. Made by calling an `Outcome`."""

    code: str
    status: Status
    about: str
    title: str
    args: Mapping[str, object]
    remedy: Remedy | None = None
    references: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    fingerprint: str = ""


Arg = str | int | float | bool | None | list[str] | tuple[str, ...] | dict[str, Any]
"""What a sentence can be about. Dates are given as ISO 8601 text, so that JSON keeps them. A dict is for whoever draws it, never for a
sentence: plain data of a codec in checks.records."""


DUE = "due"
"""The argument that every outcome takes beside those that it names: a day on which something ends or changes, for the calendar.
`checks.rules._due.due` makes it; a day alone (ISO 8601) will do. It is kept out of the fingerprint. None: there is no such day."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One thing that a check can say, as data. Calling it makes the `Finding` and checks the arguments.

    `title` and `steps` are templates: `"{domain} publishes {count} SPF records"`. A list argument reads as "a, b and c".
    """

    code: str
    """`family.noun-phrase`; stable for ever."""
    status: Status
    title: str
    owner: Owner | None = None
    """Who must act; required when `steps` are given."""
    steps: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """RFC sections ("RFC 7208 section 4.5") or vendor pages (URL)."""
    weighs: tuple[Status, ...] = ()
    """Other statuses that the rule may choose, because the same fact weighs differently by volume or by whose server it is."""
    also: tuple[str, ...] = ()
    """Arguments beyond those that the sentences name; kept in `args` for machines and for the renderer."""
    volatile: tuple[str, ...] = ()
    """Arguments that wobble from day to day (days left, milliseconds): kept out of the fingerprint."""

    def __post_init__(self) -> None:
        if self.steps and self.owner is None:
            raise TypeError(f"{self.code}: steps need an owner")

    @cached_property
    def names(self) -> frozenset[str]:
        """Arguments that a call must give."""
        found: set[str] = set()
        for template in (self.title, *self.steps):
            found.update(name for _, name, _, _ in string.Formatter().parse(template) if name)
        return frozenset(found)

    def __call__(
        self,
        *,
        about: str,
        status: Status | None = None,
        owner: Owner | None = None,
        steps: Sequence[str] = (),
        records: Sequence[DnsChange] = (),
        **args: Arg,
    ) -> Finding:
        """Say it. `owner` and `steps` (already worded) may replace the outcome's own, where a provider's click path is known.

        Raises `TypeError` for an argument that is missing or not named anywhere: a slip of ours that a case must find.
        """
        if missing := self.names - args.keys():
            raise TypeError(f"{self.code} needs the arguments {sorted(missing)}")
        if strange := args.keys() - self.names - {*self.also, DUE}:
            raise TypeError(f"{self.code} knows no arguments {sorted(strange)}")
        if status is not None and status != self.status and status not in self.weighs:
            raise TypeError(f"{self.code} is never {status}")
        words = {name: spoken(args[name]) for name in self.names}
        worded = tuple(steps) or tuple(step.format_map(words) for step in self.steps)
        who = owner or self.owner
        if args.get(DUE, "") is None:
            del args[DUE]
        steady = {name: value for name, value in args.items() if name not in {*self.volatile, DUE}}
        return Finding(
            code=self.code,
            status=status or self.status,
            about=about,
            title=self.title.format_map(words),
            args=dict(args),
            remedy=Remedy(owner=who, steps=worded, records=tuple(records)) if who and worded else None,
            references=self.references,
            fingerprint=fingerprint(self.code, about, steady),
        )


def spoken(value: Arg) -> str:
    """Write an argument as it reads in a sentence."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        items = list(value)
        return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else "".join(items)
    return "" if value is None else str(value)


def fingerprint(code: str, about: str, args: Mapping[str, object]) -> str:
    """Return a name for this finding that stays the same as long as its cause does."""
    steady = json.dumps([code, about, args], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(steady.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What one check said about everything it was asked about."""

    check: str
    findings: tuple[Finding, ...]
    informational: bool = False
    """Nothing that this check cannot find out stands in the way of sending."""
    traceback: str = field(default="", compare=False)
    """Ours to mend; only when the check is `broken`."""

    @property
    def status(self) -> Status:
        """The worst of its findings."""
        return worst(finding.status for finding in self.findings)


def verdict(results: Iterable[CheckResult]) -> Verdict:
    """Sum up. A fail decides; then what could not be determined; then warnings. There is no score.

    A run in which nothing could be looked at has determined nothing.
    """
    counting = list(results)
    statuses = {finding.status for result in counting for finding in result.findings}
    if Status.FAIL in statuses:
        return Verdict.NOT_READY
    open_question = any(
        finding.status is Status.UNKNOWN for result in counting if not result.informational for finding in result.findings
    )
    if Status.BROKEN in statuses or open_question or not statuses & {Status.PASS, Status.NOTE, Status.WARN}:
        return Verdict.NOT_FULLY_TESTED
    return Verdict.READY_WITH_WARNINGS if Status.WARN in statuses else Verdict.READY
