"""Servers that share a mailbox share its limits.

What it checks:
Whether two servers of the settings log in to the same host with the same name.

Why it matters:
Providers count per mailbox, whatever the settings call it. Two entries with the same login use up one allowance together, and so do other programs with that login.

How to fix it:
Give both entries the same limits, low enough for what they send together, or give each its own mailbox.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.settings import Auth, Server
from checks.subject import SettingsSubject

INFORMATIONAL = True

APART = Outcome(code="settings.logins-apart", status=Status.PASS, title="Every server has a login of its own")
SHARED = Outcome(
    code="settings.shared-login",
    status=Status.NOTE,
    title="{servers} log in to {host} as {username}; they share one allowance, and the dispatcher counts them together",
)
DIFFERENT_LIMITS = Outcome(
    code="settings.shared-login-limits",
    status=Status.WARN,
    title="{servers} log in to {host} as {username}, but have different limits; they share one allowance, so one of the limits is wrong",
    owner=Owner.US,
    steps=("Give {servers} the same limit.",),
)


def judge(subject: SettingsSubject, _ev: Evidence) -> Iterator[Finding]:
    """Group the servers by login."""
    groups: dict[tuple[str, str], list[Server]] = {}
    for server in subject.settings.servers:
        if server.auth is not Auth.NONE and server.username:
            groups.setdefault((server.host, server.username.casefold()), []).append(server)
    shared = [group for group in groups.values() if len(group) > 1]
    for group in shared:
        outcome = DIFFERENT_LIMITS if len({_allowance(server) for server in group}) > 1 else SHARED
        yield outcome(
            about=subject.name, servers=[server.name for server in group], host=group[0].host, username=group[0].username
        )
    if not shared:
        yield APART(about=subject.name)


def _allowance(server: Server) -> tuple[object, ...]:
    limit, burst = server.limit, server.burst
    return (limit and (limit.max, limit.per, limit.unit), burst and (burst.max, burst.per))
