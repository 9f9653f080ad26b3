"""Test mode is off before going live.

What it checks:
Whether test mode is on, and whether its last day has passed.

Why it matters:
While test mode is on, every message goes to one test address, and no customer gets anything.

How to fix it:
Switch test mode off when testing is done.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._due import due
from checks.subject import SettingsSubject

OFF = Outcome(code="settings.test-mode-off", status=Status.PASS, title="Test mode is off")
ON = Outcome(
    code="settings.test-mode-on",
    status=Status.WARN,
    title="Test mode is on: every message goes to {address}{until}, and nobody else gets anything",
    owner=Owner.US,
    steps=("Set enabled = false under [test_mode] before going live.",),
)
OVERDUE = Outcome(
    code="settings.test-mode-overdue",
    status=Status.FAIL,
    title="Test mode was meant to end on {until} and is still on: every message goes to {address}",
    owner=Owner.US,
    steps=("Set enabled = false under [test_mode]; or, if testing goes on, give it a new last day (until).",),
)


def judge(subject: SettingsSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look at the switch and at the calendar of the settings' time zone."""
    settings = subject.settings
    test = settings.test_mode
    if not test.enabled:
        yield OFF(about=subject.name)
        return
    today = subject.now.astimezone(ZoneInfo(settings.timezone)).date()
    if test.until is not None and today > test.until:
        yield OVERDUE(about=subject.name, address=test.redirect_to, until=test.until.isoformat())
    else:
        until = f" until {test.until.isoformat()}" if test.until else ""
        entry = due(test.until, of="test mode", what="Last day of test mode") if test.until else None
        yield ON(about=subject.name, address=test.redirect_to, until=until, due=entry)
