"""Microsoft 365 takes the planned recipients outside of the organisation.

What it checks:
The outside recipients of the busiest planned day (all of them, unless the settings say how many are outside) are compared with the number that Microsoft 365
allows the whole organisation (its tenant, all mailboxes and relays together) in 24 hours. This number follows from the purchased licences.

Why it matters:
When the organisation has reached the number, Microsoft 365 refuses all its mail to the outside, the daily letters of everybody included.

How to fix it:
Enter the number of licences in the settings. If the plan is too large, spread the mailings or send them through a service that is made for mailings.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import (
    FACT,
    Channel,
    channel_of,
    elsewhere,
    fact,
    no_volume,
    sources,
    steps_for,
    ways_free_of,
    ways_out,
)
from checks.rules._volume import (
    DAYS,
    MISSING_LICENCES,
    MISSING_RECIPIENTS,
    counted,
    is_trial,
    needed,
    paces,
    parts,
    planned,
    unplanned,
    volume_of,
)
from checks.settings import Volume
from checks.subject import ServerSubject
from checks.tables.dated import Change, change
from checks.tables.limits import limit

TENANT = limit("microsoft365.tenant-external-recipients")
TRIAL = limit("microsoft365.tenant-external-recipients-trial")
ENFORCED = {
    25: change("microsoft365.tenant-limit-small"),
    200: change("microsoft365.tenant-limit-medium"),
    500: change("microsoft365.tenant-limit-large"),
}
"""By the largest number of licences: since when the limit is enforced."""
PAUSED_ABOVE = max(ENFORCED)  # licences; the table's note: for larger tenants Microsoft paused the limit (state of July 2025)

FITTING = Outcome(
    code="office365.tenant-volume-fitting",
    status=Status.PASS,
    title="{server}: {planned} stays within the {limit} outside recipients that Microsoft 365 takes from the whole organisation in 24 hours ({basis}, as of {as_of})",
    also=("recipients", *FACT),
    references=sources(TENANT),
)
EXCEEDED = Outcome(
    code="office365.tenant-limit-exceeded",
    status=Status.WARN,
    weighs=(Status.NOTE, Status.FAIL),
    title="{server}: {planned} is more than the {limit} outside recipients that Microsoft 365 takes from the whole organisation in 24 hours ({basis}, as of {as_of}); the rest has to wait, {days} in all",
    owner=Owner.US,
    steps=(
        "Spread the mailing over {days}, and leave room for the mail that the organisation writes otherwise.",
        "Look up the organisation's own number, and how much of it is used, in the Exchange admin centre: the report is called Tenant Outbound External Recipients.",
        *ways_out("tenant"),
    ),
    also=("recipients", *FACT),
    references=sources(TENANT, TRIAL, *ENFORCED.values(), *ways_free_of("tenant")),
)
KEPT = Outcome(
    code="office365.tenant-limit-kept-by-own",
    status=Status.NOTE,
    title="{server}: {planned} takes {days}: the limits of the settings keep below the {limit} outside recipients that Microsoft 365 takes from the whole organisation in 24 hours ({basis}, as of {as_of})",
    owner=Owner.US,
    steps=("Leave room for the mail that the organisation writes otherwise; it counts, too.",),
    also=("recipients", *FACT),
    references=sources(TENANT, TRIAL),
)
LICENCES_UNKNOWN = Outcome(
    code="office365.licences-unknown",
    status=Status.NOTE,
    title="{server}: {planned} may be more than Microsoft 365 takes from the whole organisation in 24 hours; it takes {limit} with one licence and more with more (as of {as_of}), and the settings do not say how many there are",
    owner=Owner.US,
    steps=("Enter the number of purchased licences with a mailbox as {missing}, then check again.",),
    also=("recipients", *FACT),
    references=sources(TENANT),
)
VOLUME_UNKNOWN = no_volume(
    "office365.tenant-volume-unknown", "Microsoft 365's number of recipients outside of the organisation", TENANT
)
ELSEWHERE = elsewhere(
    "office365.tenant-limit-of-others", of="a way out of Microsoft 365, so its number of outside recipients does not apply"
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare the busiest day's outside recipients with the tenant's number."""
    server, volume = subject.server, volume_of(subject)
    if channel_of(server) not in (Channel.MAILBOX, Channel.RELAY):
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    plan = planned(volume)
    if plan is None:
        yield VOLUME_UNKNOWN(
            about=server.name, status=unplanned(subject), server=server.name, missing=MISSING_RECIPIENTS, **fact(TENANT)
        )
        return
    outside, words = plan.a_day(TENANT), plan.words_for(TENANT.unit, external=TENANT.external)
    known: dict[str, Any] = {"server": server.name, "planned": words, "recipients": outside}
    allowed, basis = _allowed(volume)
    known |= fact(TRIAL if is_trial(volume) else TENANT, allowed)
    if outside <= allowed:
        yield FITTING(about=server.name, basis=basis, **known)
    elif volume.licences is None and not is_trial(volume):
        yield LICENCES_UNKNOWN(about=server.name, missing=MISSING_LICENCES, **known)
    else:
        paused = (volume.licences or 0) > PAUSED_ABOVE and not is_trial(volume)
        endless = (plan.a_week(TENANT.unit, external=TENANT.external) or 0) > DAYS * allowed
        coming = _coming(volume, subject.now)
        status = Status.NOTE if paused or coming else Status.FAIL if endless else Status.WARN
        days = counted(parts(outside, allowed), "day")
        if paused:
            basis += f"; for more than {PAUSED_ABOVE:,} licences Microsoft had paused it by July 2025"
        elif coming:
            basis += f"; enforced {coming.when}"
        if not endless and not paused and not coming and paces(server, replace(TENANT, value=allowed), plan.in_one):
            days = counted(-(-needed(server, plan, outside) // timedelta(days=1)), "day")
            yield KEPT(about=server.name, basis=basis, days=days, steps=steps_for(KEPT, subject), **known)
            return
        yield EXCEEDED(
            about=server.name, status=status, basis=basis, days=days, steps=steps_for(EXCEEDED, subject, days=days), **known
        )


def _coming(volume: Volume, now: datetime) -> Change | None:
    """Return the day on which the limit is enforced for that many licences, if it is still to come."""
    days = [day for most, day in ENFORCED.items() if (volume.licences or 1) <= most]
    return days[0] if days and not days[0].has_come(now) else None


def _allowed(volume: Volume) -> tuple[int, str]:
    if is_trial(volume):
        return TRIAL.value, "trial licences"
    if volume.licences is None:
        return TENANT.value, "the number of one licence"
    return TENANT.for_licences(volume.licences), counted(volume.licences, "licence")
