"""The way into Microsoft 365 suits the recipients.

What it checks:
Which of Microsoft's ways the server uses (a mailbox, a connector, High Volume Email), and whether its login fits that way.

Why it matters:
The ways differ in whom they reach and how they know the sender. High Volume Email, for one, delivers to nobody outside of the organisation.

How to fix it:
Choose the way that fits: a mailbox for small mailings, a connector for a server with a fixed address, another service for mailings to the outside.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, elsewhere, is_microsoft_host, sources
from checks.settings import Auth
from checks.subject import ServerSubject
from checks.tables import provider
from checks.tables.ways import way

RELAY_PAGE = "https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365"
CONNECTOR_WAY, HIGH_VOLUME_WAY = way("microsoft365.connector"), way("microsoft365.high-volume-email")
AZURE_WAY = way("microsoft365.azure-communication-services")

MAILBOX = Outcome(
    code="office365.mailbox-submission",
    status=Status.PASS,
    title="{server} sends as a mailbox of Microsoft 365 (as of {as_of})",
    references=(RELAY_PAGE,),
)
NO_LOGIN = Outcome(
    code="office365.login-missing",
    status=Status.FAIL,
    title="{server} does not log in, but {host} takes mail from logged-in mailboxes only (it answers 530 5.7.57; as of {as_of})",
    owner=Owner.US,
    steps=(
        "Set auth = xoauth2 with the mailbox's address as username.",
        "To send without a login, set up a connector in Microsoft 365 and use the organisation's own host, like example-org.mail.protection.outlook.com, on port 25.",
    ),
    references=(RELAY_PAGE,),
)
CONNECTOR = Outcome(
    code="office365.connector-needed",
    status=Status.NOTE,
    title="{server} hands its mail to {host}; without a connector in Microsoft 365, that reaches recipients inside of the organisation only (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Set up a connector in the Exchange admin centre that knows the dispatcher by its fixed public address or by a certificate.",
        "Name that address in the domain's SPF record, and send only as addresses of domains that the organisation has added to Microsoft 365.",
        "Senders without a mailbox need at least a licence for Exchange Online Protection; services that somebody else hosts may not use a connector.",
    ),
    references=sources(CONNECTOR_WAY),
)
CONNECTOR_LOGIN = Outcome(
    code="office365.connector-login",
    status=Status.WARN,
    title="{server} wants to log in at {host}, which knows senders by address or certificate and takes no password (as of {as_of})",
    owner=Owner.US,
    steps=("Set auth = none and set up a connector; or use smtp.office365.com, port 587, to send as a mailbox.",),
    references=(RELAY_PAGE,),
)
INSIDE_ONLY = Outcome(
    code="office365.inside-recipients-only",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server} uses High Volume Email, which delivers to recipients inside of the organisation only (as of {as_of})",
    owner=Owner.US,
    steps=(
        f"If every recipient has a mailbox in this organisation, nothing is to be done; delivery needs a billing policy in Microsoft 365 ({HIGH_VOLUME_WAY.costs}).",
        "For anybody else, send through Azure Communication Services Email or another relay service.",
    ),
    references=sources(HIGH_VOLUME_WAY, AZURE_WAY),
)
ELSEWHERE = elsewhere("office365.channel-of-others")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Recognise the way and compare it with the login."""
    server = subject.server
    channel = channel_of(server)
    row = provider(channel) if channel else None
    if row is None:
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    as_of = day(row.checked)
    if channel is Channel.HIGH_VOLUME:
        inside = subject.settings.volume.outside_percent == 0  # nobody outside is written to
        yield INSIDE_ONLY(about=server.name, status=Status.NOTE if inside else None, server=server.name, as_of=as_of)
    elif channel is Channel.RELAY:
        outcome = CONNECTOR if server.auth is Auth.NONE else CONNECTOR_LOGIN
        yield outcome(about=server.name, server=server.name, host=server.host, as_of=as_of)
    elif server.auth is Auth.NONE and is_microsoft_host(server.host):
        yield NO_LOGIN(about=server.name, server=server.name, host=server.host, as_of=as_of)
    else:
        yield MAILBOX(about=server.name, server=server.name, as_of=as_of)
