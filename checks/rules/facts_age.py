"""The facts about providers are recent.

What it checks:
Limits, dates and requirements of providers and receivers are facts that somebody read on a certain day. The check lists those that this report leans on, with that day, and looks whether
one was read more than twelve months before.

Why it matters:
Providers change their numbers. A report that leans on old facts may raise an alarm that is none any more, or miss one.

How to fix it:
Get the newest sendready, which brings newer facts. Until then, compare the findings that are named with the pages that they cite.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from checks.model import CheckResult, Finding, Outcome, Owner, Status
from checks.rules.receivers_requirements import NEEDED
from checks.subject import Subject
from checks.tables import Provider, blocklists, providers, receivers, replies
from checks.tables.dkim import Setup, setups

INFORMATIONAL = True  # it is about our data
ABOUT = "facts"
MONTHS = 12  # readers of a number may trust that somebody looked at it within a year
MAX_LISTED = 50
MAX_NAMED = 8
RECEIVERS = "receivers.requirements"
OF_TABLES: Mapping[str, tuple[str, ...]] = {
    "providers": ("spf.provider-not-included", "reverse.server-of-provider", "dkim.provider-key-not-found"),
    "dkim": ("dkim.alias-to-wrong-key", "dkim.alias-elsewhere"),
    "blocklists": ("reputation.not-listed", "reputation.listed-address"),
}
"""Findings whose sentence has no place for the day: the table that they lean on, and their codes."""

OLD = Outcome(
    code="facts.old-facts",
    status=Status.NOTE,
    title="Facts that this report leans on were read more than 12 months ago, the oldest on {oldest}; they may have changed: {codes}",
    owner=Owner.US,
    steps=(
        "Get the newest sendready: it brings newer facts.",
        "Until then, compare the findings that are named with the pages that they cite.",
    ),
    also=("facts",),
)
RECENT = Outcome(
    code="facts.recent-facts",
    status=Status.NOT_APPLICABLE,
    title="The facts about providers and receivers that this report leans on were read within 12 months, the oldest on {oldest}",
    also=("facts",),
)
NONE_USED = Outcome(
    code="facts.no-facts", status=Status.NOT_APPLICABLE, title="This report leans on no facts about providers or receivers"
)


@dataclass(frozen=True, kw_only=True, order=True)
class Leaning:
    """One finding and the day on which its fact was read."""

    read: date
    code: str


def conclude(subjects: Sequence[Subject], results: Sequence[CheckResult]) -> Iterator[Finding]:
    """Collect the days that findings carry."""
    leaning = sorted({*_of_findings(results), *_of_tables(results), *_of_receivers(results)})
    if not leaning:
        yield NONE_USED(about=ABOUT)
        return
    today = subjects[0].now.date()
    old = [one for one in leaning if _is_old(one.read, today)]
    facts = [f"{one.code}: {one.read.isoformat()}" for one in leaning[:MAX_LISTED]]
    oldest = leaning[0].read.isoformat()
    if old:
        yield OLD(about=ABOUT, oldest=oldest, codes=_named(old), facts=facts)
    else:
        yield RECENT(about=ABOUT, oldest=oldest, facts=facts)


def _named(old: Sequence[Leaning]) -> list[str]:
    codes = list(dict.fromkeys(one.code for one in old))
    more = len(codes) - MAX_NAMED
    return codes[:MAX_NAMED] + ([f"{more} more"] if more > 0 else [])


def _of_findings(results: Sequence[CheckResult]) -> Iterator[Leaning]:
    for finding in (finding for result in results for finding in result.findings):
        if finding.status is not Status.NOT_APPLICABLE and (read := _day(finding.args.get("as_of"))):
            yield Leaning(read=read, code=finding.code)


def _of_tables(results: Sequence[CheckResult]) -> Iterator[Leaning]:
    causes = {cause.id: cause.checked for cause in replies.causes()}
    for finding in (finding for result in results for finding in result.findings):
        if (cause := finding.args.get("cause")) in causes:
            yield Leaning(read=causes[str(cause)], code=finding.code)
    said = {finding.code for result in results for finding in result.findings}
    for table, codes in OF_TABLES.items():
        for code in said.intersection(codes):
            yield Leaning(read=_oldest(table), code=code)


def _oldest(table: str) -> date:
    if table == "blocklists":
        return blocklists.oldest()
    rows: tuple[Setup | Provider, ...] = setups() if table == "dkim" else providers()
    return min(row.checked for row in rows)


def _of_receivers(results: Sequence[CheckResult]) -> Iterator[Leaning]:
    """What receivers ask for is put together beside this check, of the same findings."""
    if {result.check for result in results} >= set(NEEDED):
        yield Leaning(read=receivers.oldest(), code=RECEIVERS)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_old(read: date, today: date) -> bool:
    return (today.year * 12 + today.month, today.day) > (read.year * 12 + read.month + MONTHS, read.day)
