"""Microsoft 365 lets the mailbox log in.

What it checks:
A mailbox may send by SMTP if it has a licence, if authenticated SMTP is switched on for the organisation or for the mailbox, and if no rule (Security Defaults, Conditional
Access) forbids the login. None of this shows from outside; a login that was accepted proves all of it.

Why it matters:
In organisations created after January 2020, authenticated SMTP is switched off unless somebody switches it on. Then the dispatcher sends nothing, although every setting is right.

How to fix it:
Go through the switches with the administrator of Microsoft 365, then let the login be tried (--allow look,login).
"""

from collections.abc import Iterator, Sequence

from checks.model import CheckResult, Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, is_microsoft_host, sources
from checks.settings import Auth, Server
from checks.subject import ServerSubject, Subject
from checks.tables.ways import Switch, switches_of

INFORMATIONAL = True  # a login that is refused is told by auth.accepted
ABOUT = "Microsoft 365"
LOGIN = "auth.accepted"

SWITCHES = tuple(row for row in switches_of(Channel.MAILBOX) if row.concerns == "login")
AS_OF = day(min(row.checked for row in SWITCHES))

PROVED = Outcome(
    code="office365.login-conditions-met",
    status=Status.PASS,
    title="{server}: the login was accepted, so the mailbox may send by SMTP: licence, switches and rules of the organisation allow it",
    references=sources(*SWITCHES),
)
OPEN = Outcome(
    code="office365.login-conditions-open",
    status=Status.NOTE,
    title="{server}: no login was tried, so it is open whether Microsoft 365 lets this mailbox send by SMTP (as of {as_of}); it does if {conditions}",
    owner=Owner.MAIL_ADMIN,
    references=sources(*SWITCHES),
)
REFUSED = Outcome(
    code="office365.login-conditions-told",
    status=Status.NOT_APPLICABLE,
    title="{server}: what keeps the mailbox from logging in is told by the finding about the login",
)
NO_MAILBOX = Outcome(
    code="office365.login-conditions-of-others",
    status=Status.NOT_APPLICABLE,
    title="No server logs in to a mailbox of Microsoft 365",
)


def conclude(subjects: Sequence[Subject], results: Sequence[CheckResult]) -> Iterator[Finding]:
    """Look at what came of each login."""
    servers = [subject.server for subject in subjects if isinstance(subject, ServerSubject) and _logs_in(subject.server)]
    if not servers:
        yield NO_MAILBOX(about=ABOUT)
    for server in servers:
        said = {
            finding.status
            for result in results
            if result.check == LOGIN
            for finding in result.findings
            if finding.about == server.name
        }
        if Status.PASS in said:
            yield PROVED(about=server.name, server=server.name)
        elif said & {Status.FAIL, Status.UNKNOWN, Status.BROKEN}:
            yield REFUSED(about=server.name, server=server.name)
        else:
            rows = _concerning(server)
            steps = [*(row.where for row in rows), "Let the login be tried: sendready check --allow look,login."]
            yield OPEN(about=server.name, server=server.name, as_of=AS_OF, conditions=[row.what for row in rows], steps=steps)


def _logs_in(server: Server) -> bool:
    return channel_of(server) is Channel.MAILBOX and is_microsoft_host(server.host) and server.auth is not Auth.NONE


def _concerning(server: Server) -> list[Switch]:
    return [row for row in SWITCHES if not (row.password_only and server.auth.by_token)]
