"""The port speaks the encryption that the settings name.

What it checks:
Whether the port begins encrypted (implicit TLS), begins in clear and then encrypts (STARTTLS), or never encrypts, and whether the
settings say the same.

Why it matters:
The two kinds of encryption do not understand each other: with the wrong one, the connection hangs or breaks at once, and the error
messages of mail programs rarely say why. Without encryption, everybody on the way can read the mail.

How to fix it:
Change the field security, or the port, of the server in the settings: 465 belongs to "implicit-tls", 587 to "starttls".
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._server import Layer, Look, look, not_tried, skipped
from checks.settings import Security
from checks.subject import ServerSubject

MATCHES = Outcome(
    code="port.security-match",
    status=Status.PASS,
    title="{where} speaks {security}, as the settings say",
    references=("RFC 8314 section 3.3",),
)
IMPLICIT_INSTEAD = Outcome(
    code="port.unexpected-implicit-tls",
    status=Status.FAIL,
    title='{where} is encrypted from the first byte (implicit TLS); the settings say security = "{configured}"',
    owner=Owner.US,
    steps=('In the settings of the server "{server}", set security = "implicit-tls"; the port stays.',),
    references=("RFC 8314 section 3.3",),
)
STARTTLS_INSTEAD = Outcome(
    code="port.unexpected-starttls",
    status=Status.FAIL,
    title='{where} begins in clear and then encrypts (STARTTLS); the settings say security = "implicit-tls"',
    owner=Owner.US,
    steps=(
        'In the settings of the server "{server}", set security = "starttls"; the port stays.',
        "Or keep implicit-tls and set the port where the provider offers it, usually 465.",
    ),
    references=("RFC 8314 section 3.3", "RFC 3207 section 4"),
)
CLEAR_INSTEAD = Outcome(
    code="port.unexpected-clear-text",
    status=Status.FAIL,
    title='{where} speaks in clear and offers no encryption; the settings say security = "implicit-tls"',
    owner=Owner.US,
    steps=(
        'In the settings of the server "{server}", set the port that the provider names for encrypted sending, usually 465.',
        "If it is your own server, switch on TLS there.",
    ),
    references=("RFC 8314 section 3.3",),
)
UNUSED_STARTTLS = Outcome(
    code="port.unused-encryption",
    status=Status.WARN,
    title='{where} offers encryption (STARTTLS), but the settings say security = "none"',
    owner=Owner.US,
    steps=('In the settings of the server "{server}", set security = "starttls"; the port stays.',),
    references=("RFC 8314 section 3.3",),
)
UNENCRYPTED = Outcome(
    code="port.unencrypted",
    status=Status.WARN,
    title="{where} offers no encryption: everybody on the way can read the mail and change it",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Switch on TLS at the server, or use another port of it: 465 (implicit-tls) or 587 (starttls).",
        "Then change port and security in the settings.",
    ),
    references=("RFC 8314 section 3.3", "RFC 8314 section 4.1"),
)
LOCAL = Outcome(
    code="port.local-connection", status=Status.PASS, title="{where} is this very machine, so the connection needs no encryption"
)
NOT_TRIED = not_tried("port.security", "Kind of encryption")

SPOKEN = {
    Security.IMPLICIT_TLS: "TLS from the first byte (implicit TLS)",
    Security.STARTTLS: "STARTTLS",
    Security.NONE: "clear text",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare what the port speaks with the settings; where the configured way fails, the other one was tried."""
    seen = look(subject, ev)
    server, about = subject.server, subject.name
    if seen.layer is Layer.SECURITY:
        yield _mismatch(subject, seen)
    elif seen.layer <= Layer.HANDSHAKE:
        yield skipped(NOT_TRIED, subject, seen)
    elif server.security is not Security.NONE:
        yield MATCHES(about=about, where=seen.where, security=SPOKEN[server.security])
    elif server.is_loopback:
        yield LOCAL(about=about, where=seen.where)
    elif seen.reading.capability_clear("STARTTLS") is not None or seen.reading.capability("STARTTLS") is not None:
        yield UNUSED_STARTTLS(about=about, where=seen.where, server=server.name)
    else:
        yield UNENCRYPTED(about=about, where=seen.where)


def _mismatch(subject: ServerSubject, seen: Look) -> Finding:
    server, about = subject.server, subject.name
    if seen.other_security is Security.IMPLICIT_TLS:
        return IMPLICIT_INSTEAD(about=about, where=seen.where, configured=server.security.value, server=server.name)
    offered = seen.other is not None and seen.other.capability_clear("STARTTLS") is not None
    outcome = STARTTLS_INSTEAD if offered else CLEAR_INSTEAD
    return outcome(about=about, where=seen.where, server=server.name)
