"""Port and protection are those that Microsoft 365 offers.

What it checks:
The port and the protection of the connection in the settings, against those that Microsoft documents for this way of sending.

Why it matters:
Microsoft 365 does not offer everything that other providers do: TLS from the first byte (port 465) does not exist there. With such settings the dispatcher
reaches nobody.

How to fix it:
For a mailbox: port 587 with STARTTLS. For a connector: port 25.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, elsewhere, is_microsoft_host
from checks.settings import Security, Server
from checks.subject import ServerSubject
from checks.tables import provider

SUBMISSION_PAGE = "https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365"

OFFERED = Outcome(
    code="office365.port-offered",
    status=Status.PASS,
    title="{server} uses port {port} with {security}, as Microsoft documents it (as of {as_of})",
    references=(SUBMISSION_PAGE,),
)
WRONG_SECURITY = Outcome(
    code="office365.security-not-offered",
    status=Status.FAIL,
    title="{server} is set to {security} on port {port}; Microsoft offers STARTTLS there, on port {ports} (as of {as_of})",
    owner=Owner.US,
    steps=("Set port = {usual} and security = starttls for this server.",),
    references=(SUBMISSION_PAGE,),
)
WRONG_PORT = Outcome(
    code="office365.port-not-offered",
    status=Status.FAIL,
    title="{server} is set to port {port}; Microsoft offers port {ports} for this way of sending (as of {as_of})",
    owner=Owner.US,
    steps=("Set port = {usual} and security = starttls for this server.",),
    references=(SUBMISSION_PAGE,),
)
SECOND_CHOICE = Outcome(
    code="office365.port-25-for-mailbox",
    status=Status.NOTE,
    title="{server} uses port 25 for a mailbox; it works, but many networks close port 25 to the outside (as of {as_of})",
    owner=Owner.US,
    steps=("Set port = 587, unless there is a reason for 25.",),
    references=(SUBMISSION_PAGE,),
)
UNPROTECTED_RELAY = Outcome(
    code="office365.unprotected-relay",
    status=Status.WARN,
    title="{server} hands its mail to Microsoft 365 without encryption, although Microsoft recommends it there (as of {as_of})",
    owner=Owner.US,
    steps=("Set security = starttls for this server.",),
    references=(SUBMISSION_PAGE,),
)
ELSEWHERE = elsewhere("office365.port-of-others", of="a server of Microsoft 365, so Microsoft's ports do not apply")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare with the documented endpoints."""
    server = subject.server
    channel = channel_of(server)
    row = provider(channel) if channel else None
    if row is None or not is_microsoft_host(server.host):
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    ports = [endpoint.port for endpoint in row.endpoints]
    offer = {"ports": " or ".join(map(str, ports)), "usual": str(ports[0]), "as_of": day(row.checked)}
    port, security = str(server.port), str(server.security)
    if channel is Channel.RELAY and server.security is Security.NONE and server.port in ports:
        yield UNPROTECTED_RELAY(about=server.name, server=server.name, as_of=offer["as_of"])
    elif server.security is not Security.STARTTLS:
        yield WRONG_SECURITY(
            about=server.name,
            server=server.name,
            port=port,
            security=_words(server),
            ports=offer["ports"],
            usual=offer["usual"],
            as_of=offer["as_of"],
        )
    elif server.port not in ports:
        yield WRONG_PORT(
            about=server.name, server=server.name, port=port, ports=offer["ports"], usual=offer["usual"], as_of=offer["as_of"]
        )
    elif server.port != ports[0]:
        yield SECOND_CHOICE(about=server.name, server=server.name, as_of=offer["as_of"])
    else:
        yield OFFERED(about=server.name, server=server.name, port=port, security=security, as_of=offer["as_of"])


def _words(server: Server) -> str:
    return {Security.IMPLICIT_TLS: "TLS from the first byte", Security.STARTTLS: "STARTTLS", Security.NONE: "no encryption"}[
        server.security
    ]
