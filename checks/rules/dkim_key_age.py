"""The DKIM key is changed now and then.

What it checks:
Since when the key is in use with which the server signs mail. The settings have to say that day (dkim_since), because nobody can see it from outside.

Why it matters:
Whoever gets hold of the key can sign mail in your name, and nobody notices. A key that is changed every half year is worth little to a thief soon after. This is advice: no
receiver refuses mail because a key is old.

How to fix it:
Make a new key under a new selector, publish it, let the server sign with it, and take the old one out of DNS some days later.
"""

import calendar
from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._due import due
from checks.rules._provider_of import provider_of
from checks.settings import Server
from checks.subject import ServerSubject, domain_of
from checks.tables.dkim import rotation

INFORMATIONAL = True
ADVICE = rotation()

NOT_KNOWN = Outcome(
    code="dkim.key-age-not-given",
    status=Status.NOT_APPLICABLE,
    title="{server}: since when its DKIM key has been in use cannot be seen from outside; write that day into the settings (dkim_since of the server), "
    "and the day for the next key comes into your calendar",
)
TO_COME = Outcome(
    code="dkim.key-not-yet-in-use",
    status=Status.NOTE,
    title="{server}: by the settings its DKIM key is in use from {since} on, a day that has not come yet, so its age is not judged",
    owner=Owner.US,
    steps=("Correct dkim_since in the settings, if this is not the day on which a new key is to be used.",),
)
YOUNG = Outcome(
    code="dkim.young-key",
    status=Status.PASS,
    title="{server}: its DKIM key has been in use since {since}, not longer than the {months} months that {who} advises (as of {as_of})",
    references=ADVICE.sources,
)
OLD = Outcome(
    code="dkim.old-key",
    status=Status.NOTE,
    title="{server}: its DKIM key has been in use since {since}, longer than the {months} months that {who} advises (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Make a new key under a new selector: sendready dkim new-key --domain {domain} --selector {selector}. It shows the record to publish.",
        "Publish that record, and see that it can be read: sendready check --domain {domain} --selector {selector}.",
        "Only then let the mail server sign with the new key and selector.",
        "Leave the old key in DNS for some days, until all mail signed with it has arrived; then take it out.",
        "Write the new selector and its first day into the settings (selectors and dkim_since of the server).",
    ),
    references=ADVICE.sources,
)
THEIRS = (
    "{provider} signs this mail: look in its control panel, or ask it, how the DKIM key is changed, or whether that happens by itself.",
    "Leave the old key in DNS for some days, until all mail signed with it has arrived; then take it out.",
    "Write the first day of the new key into the settings (dkim_since of the server), and its selector, if it is another one.",
)
YEAR = 12


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare the day in the settings with today, by the calendar of the settings' time zone."""
    server = subject.server
    known: dict[str, Any] = {"about": server.name, "server": server.name}
    if server.dkim_since is None:
        yield NOT_KNOWN(**known)
        return
    since = server.dkim_since.isoformat()
    today = subject.now.astimezone(ZoneInfo(subject.settings.timezone)).date()
    if server.dkim_since > today:
        yield TO_COME(**known, since=since)
        return
    turn = _later(server.dkim_since, ADVICE.months)
    domain, selector = domain_of(server.sender.email), _selector(max(today, turn))
    steps = _steps(server, domain, selector)
    fact: dict[str, Any] = {"since": since, "months": ADVICE.months, "who": ADVICE.who, "as_of": ADVICE.checked.isoformat()}
    entry = due(
        turn,
        of=f"dkim key of {domain} at {server.host}:{server.port}",
        what=f"{server.name}: its DKIM key has been in use for {ADVICE.months} months",
        owner=Owner.MAIL_ADMIN,
        steps=steps,
        words=f"as {ADVICE.who} advises (read on {ADVICE.checked.isoformat()}); nothing breaks on that day",
    )
    if today > turn:
        yield OLD(**known, **fact, domain=domain, selector=selector, steps=steps, due=entry)
    else:
        yield YOUNG(**known, **fact, due=entry)


def _steps(server: Server, domain: str, selector: str) -> tuple[str, ...]:
    provider = provider_of(server)
    if provider is not None:
        return tuple(step.format(provider=provider.name) for step in THEIRS)
    return tuple(step.format(domain=domain, selector=selector) for step in OLD.steps)


def _selector(first: date) -> str:
    """Propose a name that says how old the key is."""
    return f"mail{first.year:04}{first.month:02}"


def _later(day: date, months: int) -> date:
    """Return the same day some months later, or the last one of that month; at the end of all dates, the last."""
    year, month = divmod(day.year * YEAR + day.month - 1 + months, YEAR)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
