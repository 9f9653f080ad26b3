"""Another port of the server would work.

What it checks:
Only when the port of the settings does not work: whether the same server takes mail at one of the other usual ports (465, 587, 2525),
and with which kind of encryption. As long as the port of the settings works, nothing more is asked.

Why it matters:
Host name and password are right most often, and the port is not. To know which one answers saves a round of guessing.

How to fix it:
Set port and security in the settings as the finding says, after a look at the provider's instructions.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import SmtpProbe
from checks.rules._server import Layer, Look, layer_of, look, not_tried, out_of_time, skipped
from checks.settings import Security
from checks.subject import ServerSubject

INFORMATIONAL = True

NOT_NEEDED = Outcome(
    code="port.alternatives-not-needed",
    status=Status.NOT_APPLICABLE,
    title="{where} answers, so no other port was looked for",
)
FOUND = Outcome(
    code="port.alternative",
    status=Status.NOTE,
    title="{where} does not work, but the same server answers at {ports}",
    owner=Owner.US,
    steps=(
        "Compare port and security with the provider's instructions.",
        'If they agree: in the settings of the server "{server}", set port = {port} and security = "{security}".',
    ),
    references=("RFC 8314 section 3.3", "RFC 6409 section 3.1"),
)
BETWEEN_SERVERS = Outcome(
    code="port.relay-only",
    status=Status.NOTE,
    title="{where} does not work, and of the usual ports only 25 answers, which is for mail from server to server and not for sending by customers",
    owner=Owner.US,
    steps=(
        "Compare the host name with the provider's instructions; the server that takes mail for a domain (MX) often has another name than the one for sending.",
    ),
    references=("RFC 6409 section 3.1",),
)
NONE = Outcome(
    code="port.no-alternative",
    status=Status.NOTE,
    title="{where} does not work, and none of the other usual ports of this server does from here ({ports})",
    owner=Owner.US,
    steps=("Compare the host name with the provider's instructions, and see what is said of the port itself.",),
    references=("RFC 8314 section 3.3", "RFC 6409 section 3.1"),
)
NOT_TRIED = not_tried("port.alternatives", "Other ports")

USUAL = ((465, Security.IMPLICIT_TLS), (587, Security.STARTTLS), (2525, Security.STARTTLS))
RELAY = (25, Security.STARTTLS)
WORTH_LOOKING = (Layer.CONNECT, Layer.SERVICE, Layer.OFFER, Layer.HANDSHAKE)
WITH = {Security.IMPLICIT_TLS: "TLS from the first byte (implicit-tls)", Security.STARTTLS: "STARTTLS"}
UNTRUSTED = ", but with a certificate that does not hold"


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask the other ports at the first address, each as it is meant to be asked."""
    seen = look(subject, ev)
    if seen.layer is Layer.HOST or out_of_time(seen.reading):
        yield skipped(NOT_TRIED, subject, seen)
    elif seen.layer is Layer.SECURITY:
        yield skipped(NOT_TRIED, subject, seen, "the port itself works with another kind of encryption")
    elif seen.layer not in WORTH_LOOKING:
        yield NOT_NEEDED(about=subject.name, where=seen.where)
    elif seen.reading.reply is not None and seen.reading.reply.transient:
        yield skipped(NOT_TRIED, subject, seen, "it is only busy just now")
    else:
        yield _judged(subject, ev, seen)


def _judged(subject: ServerSubject, ev: Evidence, seen: Look) -> Finding:
    about, server = subject.name, subject.server
    others = [pair for pair in (*USUAL, RELAY) if pair[0] != server.port]
    # What the settings ask for is nearest to what was meant.
    others.sort(key=lambda pair: (pair == RELAY, pair[1] is not server.security))
    address = seen.address or seen.readings[0][0]
    readings = ev.all(*(_probe(subject, address, port, security) for port, security in others))
    working = [pair for pair, reading in zip(others, readings, strict=True) if layer_of(reading) is Layer.OPEN]
    distrusted = [pair for pair, reading in zip(others, readings, strict=True) if layer_of(reading) is Layer.CERTIFICATE]
    for_customers = [pair for pair in (*working, *distrusted) if pair != RELAY]
    if not for_customers and RELAY in (*working, *distrusted):
        return BETWEEN_SERVERS(about=about, where=seen.where)
    if not for_customers:
        return NONE(about=about, where=seen.where, ports=[str(port) for port, _ in sorted(others)])
    told = [
        f"{port} with {WITH[security]}{UNTRUSTED if (port, security) in distrusted else ''}" for port, security in for_customers
    ]
    port, security = for_customers[0]
    return FOUND(about=about, where=seen.where, ports=told, server=server.name, port=str(port), security=security.value)


def _probe(subject: ServerSubject, address: str, port: int, security: Security) -> SmtpProbe:
    server = subject.server
    return SmtpProbe(host=server.host, address=address, port=port, security=security, ehlo=server.ehlo or "")
