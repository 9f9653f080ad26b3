"""The host is the one that Microsoft documents for sending.

What it checks:
The host of the server (settings) against the hosts that Microsoft documents for this way of sending.

Why it matters:
Microsoft has given up hosts before. One for programs with outdated encryption still answers, but only where an administrator allowed it. The documented
host takes nothing older than TLS 1.2, which every current dispatcher speaks.

How to fix it:
Enter the documented host: smtp.office365.com for a mailbox, the organisation's own host below mail.protection.outlook.com for a connector.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, elsewhere, is_microsoft_host, sources
from checks.subject import ServerSubject
from checks.tables import provider, providers_of_host
from checks.tables.ways import switch, way

TLS = switch("microsoft365.legacy-tls")
HIGH_VOLUME = way("microsoft365.high-volume-email")

DOCUMENTED = Outcome(
    code="office365.documented-host",
    status=Status.PASS,
    title="{server} uses {host}, as Microsoft documents it; it takes TLS 1.2 or newer (as of {as_of})",
    references=sources(TLS),
)
LEGACY = Outcome(
    code="office365.legacy-host",
    status=Status.WARN,
    title="{server} uses {host}, Microsoft's host for programs with outdated encryption; it works only where an administrator allowed it (as of {as_of})",
    owner=Owner.US,
    steps=("Set host = {usual} for this server; the dispatcher needs TLS 1.2 or newer there, which every current system has.",),
    references=sources(TLS),
)
FORMER = Outcome(
    code="office365.former-host",
    status=Status.NOTE,
    title="{server} uses {host}, which Microsoft wants to give up; {usual} takes its place (as of {as_of})",
    owner=Owner.US,
    steps=("Set host = {usual} for this server.",),
    references=sources(HIGH_VOLUME),
)
OTHER = Outcome(
    code="office365.undocumented-host",
    status=Status.NOTE,
    title="{server} uses {host}, which belongs to Microsoft, but is not a host that Microsoft documents for sending (as of {as_of})",
    owner=Owner.US,
    steps=("Set host = {usual} for this server.",),
    references=sources(TLS),
)
ELSEWHERE = elsewhere("office365.host-of-others", of="a host of Microsoft 365")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare with the hosts of the table."""
    server = subject.server
    host, channel = server.host.lower(), channel_of(server)
    row = provider(channel) if channel and is_microsoft_host(host) else None
    if row is None:
        yield ELSEWHERE(about=server.name, server=server.name)
    elif row in providers_of_host(host):
        yield DOCUMENTED(about=server.name, server=server.name, host=host, as_of=day(TLS.checked))
    else:
        former = host in row.former_hosts
        outcome = OTHER if not former else LEGACY if channel is Channel.MAILBOX else FORMER
        yield outcome(about=server.name, server=server.name, host=host, usual=row.hosts[0], as_of=day(row.checked))
