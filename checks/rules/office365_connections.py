"""Microsoft 365 takes few connections at once.

What it checks:
Whether the server is a mailbox of Microsoft 365, and how many connections it may hold open there.

Why it matters:
A further connection is answered with "try again later". A dispatcher that opens many at once is slowed down, and one that does not try again loses mail.

How to fix it:
Let the dispatcher use no more connections to this server than Microsoft 365 allows, counting every program that uses the same mailbox.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import FACT, Channel, channel_of, elsewhere, fact, sources
from checks.subject import ServerSubject
from checks.tables.limits import limit

INFORMATIONAL = True

CONNECTIONS = limit("microsoft365.connections")

FEW = Outcome(
    code="office365.connection-limit",
    status=Status.NOTE,
    title="{server}: Microsoft 365 takes {limit} connections of a mailbox at once (as of {as_of}) and answers a further one with {refusal}",
    owner=Owner.US,
    steps=("Let the dispatcher hold {limit} connections at most to this server, fewer if other programs use the same mailbox.",),
    also=FACT,
    references=sources(CONNECTIONS),
)
ELSEWHERE = elsewhere(
    "office365.connection-limit-of-others", of="a mailbox of Microsoft 365, so its number of connections does not apply"
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """State the number; the settings do not say how many connections the dispatcher opens."""
    server = subject.server
    if channel_of(server) is Channel.MAILBOX:
        yield FEW(about=server.name, server=server.name, refusal=CONNECTIONS.refusal, **fact(CONNECTIONS))
    else:
        yield ELSEWHERE(about=server.name, server=server.name)
