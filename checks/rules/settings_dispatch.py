"""Messages are tried again often enough and long enough.

What it checks:
For delivery by a service: how long a message is kept, when it is tried again, and whether waiting for the send limit takes longer than that.

Why it matters:
Receivers often refuse a first attempt for a few minutes on purpose. A message that is given up too early is lost although nothing is wrong with it.

How to fix it:
Keep messages for a day or more, with a first retry after some minutes.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._volume import HOURS, counted, parts, planned
from checks.settings import Service, Settings
from checks.subject import SettingsSubject

SHORT_HOURS = 24  # RFC 5321 section 4.5.4.1 speaks of 4 to 5 days; less than one does not outlast a night's outage
HASTY_MINUTES = 1  # receivers that put off strangers (greylisting) want minutes to pass; RFC 5321 section 4.5.4.1 speaks of 30

DIRECT = Outcome(
    code="settings.direct-dispatch",
    status=Status.NOT_APPLICABLE,
    title="The dispatcher delivers by itself; there is no service's schedule to look at",
)
FITTING = Outcome(
    code="settings.retry-fitting", status=Status.PASS, title="A message is kept for {hours} and tried again after {first}"
)
NEVER_RETRIED = Outcome(
    code="settings.retry-too-late",
    status=Status.WARN,
    title="A message is given up after {hours}, before its first retry after {first}",
    owner=Owner.US,
    steps=("Set max_age under [service] to 24 or more, or the first entry of retry to a few minutes.",),
    references=("RFC 5321 section 4.5.4.1",),
)
NO_RETRY = Outcome(
    code="settings.no-retry",
    status=Status.WARN,
    title="A message that is refused for the moment is never tried again",
    owner=Owner.US,
    steps=("Set retry under [service] to a list of minutes, like [5, 15, 60, 240].",),
    references=("RFC 5321 section 4.5.4.1",),
)
SHORT = Outcome(
    code="settings.short-retry-time",
    status=Status.NOTE,
    title="A message is given up after {hours}; a night's outage at a receiver loses it",
    owner=Owner.US,
    steps=("Set max_age under [service] to 24 or more; the mail standard speaks of four to five days.",),
    references=("RFC 5321 section 4.5.4.1",),
)
HASTY = Outcome(
    code="settings.hasty-retry",
    status=Status.NOTE,
    title="A message is tried again every minute; receivers that count attempts may block the server",
    owner=Owner.US,
    steps=("Let the last entry of retry under [service] be 30 or more.",),
    references=("RFC 5321 section 4.5.4.1",),
)
GIVEN_UP_WAITING = Outcome(
    code="settings.mailing-outlasts-retry",
    status=Status.WARN,
    title="Sent through {server}, {planned} takes {needed} because of its send limit, but a message is given up after {hours}",
    owner=Owner.US,
    steps=(
        "Set max_age under [service] to {enough} or more, raise the send limit of {server} as far as its provider allows, or plan smaller mailings.",
    ),
)


def judge(subject: SettingsSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look at the schedule, then at every limit that makes messages wait."""
    settings = subject.settings
    if settings.dispatch != "service":
        yield DIRECT(about=subject.name)
        return
    service = settings.service or Service()
    found = [*_schedule(subject.name, service), *_waiting(subject.name, settings, service)]
    yield from found
    if not found:
        yield FITTING(about=subject.name, hours=counted(service.max_age, "hour"), first=counted(service.retry[0], "minute"))


def _schedule(about: str, service: Service) -> Iterator[Finding]:
    hours = counted(service.max_age, "hour")
    if not service.retry:
        yield NO_RETRY(about=about)
        return
    if service.retry[0] >= service.max_age * 60:
        yield NEVER_RETRIED(about=about, hours=hours, first=counted(service.retry[0], "minute"))
    elif service.max_age < SHORT_HOURS:
        yield SHORT(about=about, hours=hours)
    if service.retry[-1] <= HASTY_MINUTES:
        yield HASTY(about=about)


def _waiting(about: str, settings: Settings, service: Service) -> Iterator[Finding]:
    plan = planned(settings.volume)
    for server in settings.servers:
        if plan is None or server.limit is None or server.limit.on_exceed == "reject":
            continue
        own = server.limit
        needed = (parts(plan.of(own.unit), own.max) - 1) * HOURS[own.per]
        if needed > service.max_age:
            yield GIVEN_UP_WAITING(
                about=about,
                planned=plan.words_for(own.unit),
                needed=counted(needed, "hour"),
                server=server.name,
                hours=counted(service.max_age, "hour"),
                enough=needed + 1,
            )
