"""Exactly one server is the default.

What it checks:
How many servers of the settings are marked as the default.

Why it matters:
The default server takes the mail that no filter claims. Without one such mail is refused; with two the dispatcher cannot know which is meant.

How to fix it:
Mark one server with default = true, and no other.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.subject import SettingsSubject

ONE = Outcome(code="settings.default-server", status=Status.PASS, title="{server} is the default server")
NONE = Outcome(
    code="settings.no-default-server",
    status=Status.FAIL,
    title="No server is the default; mail that no filter claims is refused",
    owner=Owner.US,
    steps=("Set default = true for the server that shall take the mail that no filter claims: {servers}.",),
)
SEVERAL = Outcome(
    code="settings.several-default-servers",
    status=Status.FAIL,
    title="{count} servers are the default ({servers}); mail that no filter claims is refused",
    owner=Owner.US,
    steps=("Keep default = true for one of them, and take it out of the others.",),
)


def judge(subject: SettingsSubject, _ev: Evidence) -> Iterator[Finding]:
    """Count the defaults."""
    servers = subject.settings.servers
    defaults = [server.name for server in servers if server.default]
    if not defaults:
        yield NONE(about=subject.name, servers=[server.name for server in servers])
    elif len(defaults) > 1:
        yield SEVERAL(about=subject.name, count=len(defaults), servers=defaults)
    else:
        yield ONE(about=subject.name, server=defaults[0])
