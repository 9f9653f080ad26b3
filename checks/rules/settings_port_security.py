"""Port and protection belong together.

What it checks:
Whether the port and the kind of protection in the settings are a usual pair: 465 with TLS from the first byte, 587 with STARTTLS (the connection starts
open and is then encrypted).

Why it matters:
With the wrong pair both sides wait for each other, and the dispatcher reaches nobody. It is the commonest slip of the pen.

How to fix it:
Choose port 465 with implicit-tls, or port 587 with starttls, as the provider documents it.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import channel_of, is_microsoft_host
from checks.rules._provider_limits import providers_behind
from checks.settings import Auth, Security, Server
from checks.subject import ServerSubject

USUAL = {465: Security.IMPLICIT_TLS, 587: Security.STARTTLS}  # RFC 8314 sections 3.3 and 7.3, RFC 6409 section 3.1
WORDS = {Security.IMPLICIT_TLS: "TLS from the first byte", Security.STARTTLS: "STARTTLS", Security.NONE: "no encryption"}

PAIR = Outcome(code="settings.port-pair", status=Status.PASS, title="{server}: port {port} with {security} is a usual pair")
OWN_PORT = Outcome(
    code="settings.own-port",
    status=Status.PASS,
    title="{server}: port {port} is free for any kind of protection; the settings say {security}",
)
MISMATCH = Outcome(
    code="settings.port-mismatch",
    status=Status.NOTE,  # what the port really speaks is for port.security; here it may be meant so
    title="{server}: port {port} is set to {security}; servers speak {usual} there",
    owner=Owner.US,
    steps=("Set security = {value} for port {port}, or choose the port that the provider documents for {security}.",),
    references=("RFC 8314 section 3.3", "RFC 6409 section 3.1"),
)
PORT_25 = Outcome(
    code="settings.port-25",
    status=Status.NOTE,
    title="{server}: port 25 is meant for mail between servers; many networks close it, and many providers take no login there",
    owner=Owner.US,
    steps=("Set port = 587 and security = starttls, or port = 465 and security = implicit-tls, as the provider documents it.",),
    references=("RFC 6409 section 3.1",),
)
UNPROTECTED = Outcome(
    code="settings.unprotected-connection",
    status=Status.NOTE,
    title="{server}: mail goes to {host} without encryption; everybody on the way can read it",
    owner=Owner.US,
    steps=("Set security = starttls, or implicit-tls with port 465, if the server offers it.",),
    references=("RFC 8314 section 3",),
)
MICROSOFT = Outcome(
    code="settings.port-of-microsoft",
    status=Status.NOT_APPLICABLE,
    title="{server}: ports of Microsoft 365 are judged by the check office365.port",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look at the pair; what the server really speaks is asked elsewhere."""
    server = subject.server
    port, words = str(server.port), WORDS[server.security]
    usual = USUAL.get(server.port)
    if channel_of(server) and is_microsoft_host(server.host):
        yield MICROSOFT(about=server.name, server=server.name)
    elif server.security is Security.NONE:
        if server.is_loopback:
            yield OWN_PORT(about=server.name, server=server.name, port=port, security="no encryption, on this very machine")
        else:
            yield UNPROTECTED(about=server.name, server=server.name, host=server.host)
    elif server.port == 25 and server.auth is not Auth.NONE and not server.is_loopback:
        yield PORT_25(about=server.name, server=server.name)
    elif usual is None:
        yield OWN_PORT(about=server.name, server=server.name, port=port, security=words)
    elif usual is server.security or _documented(server):
        yield PAIR(about=server.name, server=server.name, port=port, security=words)
    else:
        yield MISMATCH(about=server.name, server=server.name, port=port, security=words, usual=WORDS[usual], value=str(usual))


def _documented(server: Server) -> bool:
    """Whether the provider itself documents the pair."""
    return any(
        (endpoint.port, endpoint.security) == (server.port, server.security)
        for row in providers_behind(server)
        for endpoint in row.endpoints
    )
