"""The login by password at Microsoft 365 has a future.

What it checks:
Whether the dispatcher logs in to Microsoft 365 by password ("Basic authentication"), and what Microsoft has announced about it as of the day of the check.

Why it matters:
Microsoft is doing away with this login: first it is switched off by default, later for good. A dispatcher that logs in by password then stands still until
somebody notices, and an administrator can switch the login on again for a while only.

How to fix it:
Change the server to OAuth (auth = xoauth2), where the dispatcher shows a token instead of a password, or choose another way to send.
"""

from collections.abc import Iterator
from datetime import UTC, timedelta

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._due import due_of
from checks.rules._office365 import Channel, channel_of, day, elsewhere, is_microsoft_host, logs_in_by_password, sources
from checks.settings import Auth
from checks.subject import ServerSubject
from checks.tables.dated import Change, change
from checks.tables.ways import way

OFF = change("microsoft365.password-login-off-by-default")
END = change("microsoft365.password-login-end-announced")
HVE_END = change("microsoft365-hve.password-login-end")

FORESEEN = timedelta(days=365)  # who hears of it a year before has time enough; until then it simply works

WAYS = (
    way("microsoft365.oauth").step,
    "Or use a connector (port 25), which knows the dispatcher by a fixed address or a certificate and needs no password.",
    "Or send through another service: Azure Communication Services Email or another relay service for mail to the outside; High Volume Email for recipients inside of the organisation only.",
    "What each of these ways needs, takes and costs is told by: sendready providers microsoft365.",
)
SWITCH = "An administrator of Microsoft 365 can switch the login by password on again; this only gains time."

TOKEN = Outcome(code="office365.token-login", status=Status.PASS, title="{server} logs in to Microsoft 365 with a token (OAuth)")
ENDING = Outcome(
    code="office365.password-login-ending",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server} logs in by password; {when} Microsoft 365 switches this off by default in existing tenants (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=(
        *WAYS,
        "Administrators can switch the login by password on again, until a date that Microsoft wants to announce {end_when}. Newer tenants are meant to use OAuth only.",
    ),
    also=("since",),
    references=sources(OFF, way("microsoft365.oauth")),
)
OFF_BY_DEFAULT = Outcome(
    code="office365.password-login-off-by-default",
    status=Status.WARN,
    title="{server} logs in by password, which Microsoft 365 switched off by default {when}; it works only where an administrator switched it on again (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=(SWITCH, *WAYS, "Microsoft wants to announce the day on which it ends for good {end_when}."),
    also=("since",),
    references=sources(OFF),
)
END_ANNOUNCED = Outcome(
    code="office365.password-login-end-near",
    status=Status.WARN,
    title="{server} logs in by password, which Microsoft 365 switched off by default {when}; the day on which it ends for good was to be announced {end_when} (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=("Look up on Microsoft's Exchange Team Blog whether that day has been announced.", SWITCH, *WAYS),
    also=("since",),
    references=sources(OFF, END),
)
HIGH_VOLUME = Outcome(
    code="office365.high-volume-password-login",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server} logs in to High Volume Email by password, which by Microsoft's word {ends} {when} (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=("Plan the change to OAuth (auth = xoauth2) before then.",),
    also=("since",),
    references=sources(HVE_END),
)
NO_PASSWORD = elsewhere("office365.password-login-of-others", of="logged in to Microsoft 365 by password")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Say what holds on the day of the check. The date never stands for a refusal: that is the server's own word (550 5.7.30)."""
    server = subject.server
    channel = channel_of(server)
    if channel not in (Channel.MAILBOX, Channel.HIGH_VOLUME) or not is_microsoft_host(server.host) or server.auth is Auth.NONE:
        yield NO_PASSWORD(about=server.name, server=server.name)
    elif not logs_in_by_password(server):
        yield TOKEN(about=server.name, server=server.name)
    elif channel is Channel.HIGH_VOLUME:
        yield HIGH_VOLUME(
            about=server.name,
            status=Status.NOTE if _is_far(HVE_END, subject) else Status.WARN,
            server=server.name,
            ends="has ended" if HVE_END.has_come(subject.now) else "ends",
            when=HVE_END.when,
            since=day(HVE_END.since),
            as_of=day(HVE_END.checked),
            due=due_of(HVE_END, subject.now, who="Microsoft 365"),
        )
    else:
        outcome = END_ANNOUNCED if END.has_come(subject.now) else OFF_BY_DEFAULT if OFF.has_come(subject.now) else ENDING
        status = Status.NOTE if outcome is ENDING and _is_far(OFF, subject) else Status.WARN
        yield outcome(
            about=server.name,
            status=status,
            server=server.name,
            when=OFF.when,
            end_when=END.when,
            since=day(OFF.since),
            as_of=day(OFF.checked),
            due=due_of(END if OFF.has_come(subject.now) else OFF, subject.now, who="Microsoft 365"),
        )


def _is_far(change: Change, subject: ServerSubject) -> bool:
    return change.since - subject.now.astimezone(UTC).date() > FORESEEN
