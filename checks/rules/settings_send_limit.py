"""The send limit keeps below what the provider takes

What it checks:
The send limit of the server (settings) against the numbers that its provider publishes, both brought to the same stretch of time; without a limit in the settings, the planned
volume instead.

Why it matters:
When the dispatcher hands over more than the provider takes, the provider refuses the rest, and sometimes blocks the account. A limit in the settings makes the dispatcher wait
in time.

How to fix it:
Set the limit to the provider's number or lower, in the same unit: messages or recipients.
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._provider_limits import FACT, fact, providers_behind, published, spoken_window
from checks.rules._volume import Planned, lets_through, planned
from checks.settings import Limit as OwnLimit
from checks.subject import ServerSubject
from checks.tables.limits import Limit

SHORTEST = 3600  # seconds; shorter numbers are what the burst limit is for
STEPS = (
    "Set the limit of this server to {published} or lower, so that the dispatcher waits instead of being refused.",
    "If the contract allows more than {provider} publishes, keep the settings as they are. The page: {page}",
)

WITHIN = Outcome(code="settings.limit-within-provider", status=Status.PASS, title="{server}: the send limit of {own} keeps within the {published} of {provider} (as of {as_of})", also=("page", *FACT))
ABOVE = Outcome(
    code="settings.limit-above-provider",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: the send limit of {own} lets {allowed} {own_unit} through in {stretch}; {provider} takes {published} (as of {as_of})",
    owner=Owner.US,
    steps=STEPS,
    also=FACT,
)
ABSENT = Outcome(
    code="settings.limit-absent",
    status=Status.WARN,
    title="{server} has no send limit, and {planned} is more than the {published} that {provider} takes (as of {as_of}); the rest will be refused",
    owner=Owner.US,
    steps=STEPS,
    also=("recipients", *FACT),
)
VOLUME_UNKNOWN = Outcome(
    code="settings.limit-volume-unknown",
    status=Status.NOTE,
    title="{server} has no send limit; {provider} takes {published} (as of {as_of}), and the settings do not say how much is going to be sent",
    owner=Owner.US,
    steps=("Enter volume.recipients_per_mailing in the settings, or set a send limit for this server.",),
    also=("page", *FACT),
)
NOT_NEEDED = Outcome(
    code="settings.limit-not-needed",
    status=Status.PASS,
    title="{server} has no send limit and needs none: {planned} stays within the {published} that {provider} takes (as of {as_of})",
    also=("recipients", "page", *FACT),
)
NOTHING_PUBLISHED = Outcome(
    code="settings.limit-unpublished",
    status=Status.NOT_APPLICABLE,
    title="{server}: we know of no number of its provider that the send limit could be compared with",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare with the first number that is exceeded, or else with the longest."""
    server = subject.server
    rows = [row for row in published(server) if (row.seconds or 0) >= SHORTEST]
    plan = planned(subject.settings.volume)
    if server.limit is not None:
        rows = [row for row in rows if _comparable(server.limit, row)]
    if not rows:
        yield NOTHING_PUBLISHED(about=server.name, server=server.name)
    elif server.limit is not None:
        yield _compare(subject, server.limit, rows, plan)
    elif plan is None:
        yield VOLUME_UNKNOWN(about=server.name, **_known(subject, rows[0]))
    else:
        over = next((row for row in rows if plan.within(row.seconds or 0) > row.value), None)
        outcome = ABSENT if over else NOT_NEEDED
        yield outcome(about=server.name, planned=plan.words, recipients=plan.busiest_day, **_known(subject, over or rows[0]))


def _compare(subject: ServerSubject, own: OwnLimit, rows: list[Limit], plan: Planned | None) -> Finding:
    words = f"{own.max:,} {own.unit} {'an' if own.per == 'hour' else 'a'} {own.per}"
    for row in rows:
        allowed = lets_through(own, row.seconds or 0)
        if allowed > row.value:
            harmless = plan is not None and plan.within(row.seconds or 0) <= row.value
            stretch = row.window if row.window[0].isdigit() else f"one {row.window}"
            return ABOVE(
                about=subject.server.name, status=Status.NOTE if harmless else Status.WARN, own=words, allowed=allowed, own_unit=own.unit, stretch=stretch,
                **_known(subject, row),
            )  # fmt: skip
    return WITHIN(about=subject.server.name, own=words, **_known(subject, rows[0]))


def _comparable(own: OwnLimit, row: Limit) -> bool:
    """Whether more by the one number surely means more by the other: a message has one recipient or more, but not the other way round."""
    return own.unit == row.unit or (own.unit == "messages" and row.unit == "recipients")


def _known(subject: ServerSubject, row: Limit) -> dict[str, Any]:
    name = next(known.name for known in providers_behind(subject.server) if known.id == row.provider)
    return {"server": subject.server.name, "provider": name, "published": spoken_window(row), "page": row.sources[0], **fact(row)}
