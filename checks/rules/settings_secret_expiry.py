"""The password does not end unseen.

What it checks:
Whether the last day of the server's password, or of the secret behind its token, is near or over. The settings have to say that day (expires, beside source and ref of the
password), because nobody can see it from outside.

Why it matters:
Some secrets end on a fixed day: the client secret with which an application gets its tokens, or an app password with a term. From the day after on, the server refuses the
login and all mail stops at once.

How to fix it:
Make a new one before that day, put it in the place of the old one, and write its last day into the settings.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._due import due
from checks.settings import Auth, SecretRef, Server
from checks.subject import ServerSubject

WARN_DAYS = 30  # enough to find whoever may renew it, holidays included

NO_SECRET = Outcome(
    code="settings.no-secret",
    status=Status.NOT_APPLICABLE,
    title="{server}: there is no login, so there is no password that could end",
)
UNKNOWN_END = Outcome(
    code="settings.secret-end-not-given",
    status=Status.NOT_APPLICABLE,
    title="{server}: whether {secret} ends on some day cannot be seen from outside; if you know the day, write it into the settings "
    "(expires, beside source and ref of the password), and it comes into your calendar",
)
IN_TIME = Outcome(
    code="settings.secret-in-time",
    status=Status.PASS,
    title="{server}: {secret} is good until {until} ({left})",
    volatile=("left",),
)
ENDS_SOON = Outcome(
    code="settings.secret-end-near",
    status=Status.WARN,
    title="{server}: {secret} ends on {until} ({left})",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Make a new one before that day, {where}.",
        "Put it in the place of the old one, and see that the login works: run this check again.",
        "Write the new last day into the settings (expires, beside source and ref of the password).",
    ),
    volatile=("left",),
)
OVERDUE = Outcome(
    code="settings.secret-overdue",
    status=Status.FAIL,
    title="{server}: {secret} was to end on {until}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If a new one is in use already, write its last day into the settings (expires, beside source and ref of the password).",
        "If not, make a new one today, {where}; put it in the place of the old one, and write its last day into the settings.",
    ),
)
PASSWORD = ("the password", "where the mailbox {username} is administered")
TOKEN = ("the secret behind the token", "where the application is registered that gets tokens for {username}")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare the day in the settings with today, by the calendar of the settings' time zone."""
    server = subject.server
    if server.auth is Auth.NONE or server.password is None:
        yield NO_SECRET(about=server.name, server=server.name)
        return
    secret, place = TOKEN if server.auth.by_token else PASSWORD
    if server.password.expires is None:
        yield UNKNOWN_END(about=server.name, server=server.name, secret=secret)
        return
    today = subject.now.astimezone(ZoneInfo(subject.settings.timezone)).date()
    yield _judged(server, server.password, server.password.expires, today, secret, place.format(username=server.username))


def _judged(server: Server, kept: SecretRef, ends: date, today: date, secret: str, where: str) -> Finding:
    days = (ends - today).days
    known: dict[str, Any] = {"about": server.name, "server": server.name, "secret": secret, "until": ends.isoformat()}
    steps = tuple(step.format(where=where) for step in ENDS_SOON.steps)
    entry = due(
        ends,
        of=f"secret {kept.source} {kept.ref}",
        what=f"{server.name}: last day of {secret}",
        owner=Owner.MAIL_ADMIN,
        steps=steps,
    )
    if days < 0:
        return OVERDUE(**known, where=where, due=entry)
    left = f"{days:,} day{'' if days == 1 else 's'} left" if days else "today is its last day"
    if days <= WARN_DAYS:
        return ENDS_SOON(**known, where=where, left=left, due=entry)
    return IN_TIME(**known, left=left, due=entry)
