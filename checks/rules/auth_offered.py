"""The server offers logging in, and only when encrypted.

What it checks:
Whether the server offers to take a user name and a password at this port, and whether it does so before the connection is encrypted.

Why it matters:
Without the offer there is no login, and a server for customers takes no mail without one. An offer before encryption begins invites
careless programs to send the password so that everybody on the way can read it.

How to fix it:
Use the port that the provider names for sending by customers, 465 or 587; on port 25, servers talk among themselves and offer no
login. On your own server, allow logging in on encrypted connections only.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.smtp_reply import mechanisms
from checks.rules._server import Layer, Look, look, not_tried, skipped, some_of, where_of
from checks.settings import Auth, Security
from checks.subject import ServerSubject

OFFERED = Outcome(
    code="auth.offer",
    status=Status.PASS,
    title="{where} offers to log in, by {mechanisms}",
    references=("RFC 4954 section 3",),
)
MISSING = Outcome(
    code="auth.offer-missing",
    status=Status.FAIL,
    title="{where} offers no login, but the settings have a user name{hint}",
    owner=Owner.US,
    steps=(
        "Use the port that the provider names for sending by customers: 465 (implicit-tls) or 587 (starttls).",
        'If the provider takes this machine\'s mail without a login, set auth = "none" and take user name and password out of the settings.',
    ),
    references=("RFC 4954 section 3", "RFC 6409 section 4.3"),
)
IN_CLEAR = Outcome(
    code="auth.offer-in-clear",
    status=Status.NOTE,
    title="{where} offers to take a password ({mechanisms}) before the connection is encrypted; the dispatcher does not use that, others might",
    owner=Owner.MAIL_ADMIN,
    steps=("Allow logging in on encrypted connections only (Postfix: smtpd_tls_auth_only = yes).",),
    references=("RFC 4954 section 4", "RFC 8314 section 4.1"),
)
NOT_CONFIGURED = Outcome(
    code="auth.no-login-configured", status=Status.NOT_APPLICABLE, title='{where} is used without a login (auth = "none")'
)
NOT_TRIED = not_tried("auth.offered", "Offer to log in")

READABLE = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")  # these carry the secret itself
BETWEEN_SERVERS = 25


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the AUTH lines of both EHLO replies."""
    server, about = subject.server, subject.name
    if server.auth is Auth.NONE:
        yield NOT_CONFIGURED(about=about, where=where_of(subject))
        return
    seen = look(subject, ev)
    if seen.layer is not Layer.OPEN:
        yield skipped(NOT_TRIED, subject, seen)
        return
    if offered := mechanisms(seen.reading.capabilities):
        yield OFFERED(about=about, where=seen.where, mechanisms=list(offered))
    else:
        yield MISSING(about=about, where=seen.where, hint=_hint(subject, seen))
    readable = [name for name in mechanisms(seen.reading.capabilities_clear) if name in READABLE]
    if readable and server.security is Security.STARTTLS:
        yield IN_CLEAR(about=about, where=seen.where, mechanisms=readable)


def _hint(subject: ServerSubject, seen: Look) -> str:
    if subject.server.port == BETWEEN_SERVERS:
        return "; port 25 is for mail between servers"
    if clear := mechanisms(seen.reading.capabilities_clear):
        return (
            f"; it offers one ({', '.join(some_of(clear))}) only as long as the connection is not encrypted, the wrong way round"
        )
    return ""
