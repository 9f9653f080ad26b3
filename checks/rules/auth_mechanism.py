"""Server and settings know a common way of logging in.

What it checks:
Whether the server offers the way of logging in that the settings name; or, with auth = "auto", any that works with a password.

Why it matters:
There are several ways to prove who one is. If the server does not know the one in the settings, the login fails although user name
and password are right, and people begin to try other passwords.

How to fix it:
Set auth = "auto", which takes the best way that the server offers. If the server offers only modern login with tokens (OAuth), a
password is of no use: ask for a token, or for a mailbox that takes passwords.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.smtp_reply import mechanisms
from checks.rules._server import WITH_PASSWORD, WITH_TOKEN, Layer, look, not_tried, shared_mechanisms, skipped, some_of, where_of
from checks.settings import Auth, Server
from checks.subject import ServerSubject

SHARED = Outcome(
    code="auth.shared-mechanism",
    status=Status.PASS,
    title="{where} offers a way of logging in that fits the settings: {mechanisms}",
)
MISSING = Outcome(
    code="auth.mechanism-missing",
    status=Status.FAIL,
    title='{where} does not offer the way of logging in that the settings name (auth = "{configured}"); it offers {offered}',
    owner=Owner.US,
    steps=('In the settings of the server "{server}", set auth to a way that it offers.',),
    references=("RFC 4954 section 3",),
)
NONE_SHARED = Outcome(
    code="auth.no-shared-mechanism",
    status=Status.FAIL,
    title="{where} offers no way of logging in with a password that the dispatcher knows; it offers {offered}",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server offer PLAIN or LOGIN on encrypted connections.",),
    references=("RFC 4954 section 4",),
)
OAUTH_ONLY = Outcome(
    code="auth.oauth-only",
    status=Status.FAIL,
    title="{where} takes no password, only tokens of modern login (OAuth); it offers {offered}",
    owner=Owner.US,
    steps=(
        'Get a token for this account as the provider describes, and set auth = "{token}" in the settings of the server "{server}".',
        "Or use a mailbox or a service that takes passwords.",
    ),
    references=("RFC 7628 section 3",),
)
NOT_CONFIGURED = Outcome(
    code="auth.no-mechanism-configured",
    status=Status.NOT_APPLICABLE,
    title='{where} is used without a login (auth = "none"), so no way of logging in is needed',
)
NO_TOKENS = (
    'If the account has a password for mail programs, store it in place of the token and set auth = "auto".',
    "If it must be a token, check host and port: the provider names them where it describes modern login (OAuth).",
)
NOT_TRIED = not_tried("auth.mechanism", "Way of logging in")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare what is offered on the encrypted connection with the settings."""
    server, about = subject.server, subject.name
    if server.auth is Auth.NONE:
        yield NOT_CONFIGURED(about=about, where=where_of(subject))
        return
    seen = look(subject, ev)
    offered = mechanisms(seen.reading.capabilities)
    if seen.layer is not Layer.OPEN or not offered:
        yield skipped(NOT_TRIED, subject, seen, seen.reason or "it offers no login")
        return
    if shared := shared_mechanisms(subject, seen):
        yield SHARED(about=about, where=seen.where, mechanisms=shared)
    elif server.auth is not Auth.AUTO:
        listed, steps = some_of(offered), _instead(server, offered)
        yield MISSING(
            about=about, where=seen.where, configured=server.auth.value, offered=listed, server=server.name, steps=steps
        )
    elif token := next((name.lower() for name in WITH_TOKEN if name in offered), ""):
        yield OAUTH_ONLY(about=about, where=seen.where, offered=some_of(offered), server=server.name, token=token)
    else:
        yield NONE_SHARED(about=about, where=seen.where, offered=some_of(offered))


def _instead(server: Server, offered: tuple[str, ...]) -> tuple[str, ...]:
    """Say what would work: another form of the same secret, or another secret."""
    set_to = f'In the settings of the server "{server.name}", set auth = "{{}}".'
    tokens, passwords = ([name.lower() for name in group if name in offered] for group in (WITH_TOKEN, WITH_PASSWORD))
    if server.auth.by_token:
        return (set_to.format(tokens[0]),) if tokens else NO_TOKENS
    if passwords:
        return (set_to.format(Auth.AUTO.value),)
    return (
        (f"Get a token for this account as the provider describes. {set_to.format(tokens[0])}",) if tokens else NONE_SHARED.steps
    )
