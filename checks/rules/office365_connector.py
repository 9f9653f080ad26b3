"""The connector's host is the organisation's own.

What it checks:
A server that hands mail to Microsoft 365 without a login uses a host of its own, made of the organisation's domain. Its name is compared with the sender's domain and
with the hosts at which that domain receives mail.

Why it matters:
Microsoft takes such mail from those whom a connector of the same organisation knows. At the host of somebody else, mail to the outside is refused.

How to fix it:
Enter the host that the Microsoft 365 admin centre shows as the domain's mail exchanger (MX), like club-example.mail.protection.outlook.com.
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.rules._office365 import Channel, channel_of, day, elsewhere, is_microsoft_host, sources
from checks.subject import ServerSubject, domain_of
from checks.tables import providers_of_mx
from checks.tables.dkim import dashed
from checks.tables.ways import way

INFORMATIONAL = True

CONNECTOR = way("microsoft365.connector")
STEPS = (
    "Look up the host in the Microsoft 365 admin centre: it is the mail exchanger (MX) that is shown for {domain}.",
    "If {domain} and {host} belong to the same organisation, nothing needs to be done.",
)

OWN = Outcome(
    code="office365.connector-host-own",
    status=Status.PASS,
    title="{server}: {host} is the host of {domain} at Microsoft 365 (as of {as_of})",
    references=sources(CONNECTOR),
)
ANOTHER = Outcome(
    code="office365.connector-host-of-another-domain",
    status=Status.NOTE,
    title="{server} hands its mail to {host}, but {domain} receives at {exchangers} (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=STEPS,
    references=sources(CONNECTOR),
)
UNKNOWN = Outcome(
    code="office365.connector-host-unconfirmed",
    status=Status.NOTE,
    title="{server} hands its mail to {host}; that this is the host of {domain} does not show in DNS, because {domain} does not receive at Microsoft 365 (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=STEPS,
    references=sources(CONNECTOR),
)
ELSEWHERE = elsewhere("office365.connector-of-others", of="a connector of Microsoft 365")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare the host's name, then the exchangers of the sender's domain."""
    server = subject.server
    host, domain = server.host.lower(), domain_of(server.sender.email)
    if channel_of(server) is not Channel.RELAY or not is_microsoft_host(host):
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    known: dict[str, Any] = {"server": server.name, "host": host, "domain": domain, "as_of": day(CONNECTOR.checked)}
    if host.partition(".")[0] == dashed(domain):
        yield OWN(about=server.name, **known)
        return
    reading = ev.need(DnsProbe(domain, "MX"))
    microsoft = [name for name in reading.values if any(row.id == Channel.RELAY for row in providers_of_mx([name]))]
    if host in microsoft:
        yield OWN(about=server.name, **known)
    elif microsoft:
        yield ANOTHER(about=server.name, exchangers=", ".join(microsoft[:3]), **known)
    else:
        yield UNKNOWN(about=server.name, **known)
