"""The organisation does not block its own addresses.

What it checks:
Whether an address that the settings themselves use (senders, reply-to addresses, return paths, the test address) is on the blocklist.

Why it matters:
Whoever is on the blocklist gets nothing. Copies to oneself, test messages and mail to colleagues then vanish, and it looks like a fault of the mail server.

How to fix it:
Take the address, or the pattern that covers it, off the blocklist.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.routing import blocked_by
from checks.settings import Settings
from checks.subject import SettingsSubject

EMPTY = Outcome(code="settings.blocklist-empty", status=Status.PASS, title="Nobody is blocked")
FOREIGN = Outcome(
    code="settings.blocklist-foreign", status=Status.PASS, title="None of the organisation's own addresses is blocked ({count})"
)
OWN = Outcome(
    code="settings.own-address-blocked",
    status=Status.WARN,
    title="{address}, {role}, is blocked by {pattern} and gets nothing",
    owner=Owner.US,
    steps=("Take {pattern} off the blocklist, or replace it by the addresses that are really meant.",),
)


def judge(subject: SettingsSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look every address of the settings up in the blocklist."""
    settings = subject.settings
    if not settings.blocklist:
        yield EMPTY(about=subject.name)
        return
    found = [
        OWN(about=subject.name, address=address, role=role, pattern=entry.pattern)
        for address, role in _own(settings).items()
        if (entry := blocked_by(settings.blocklist, address))
    ]
    yield from found
    if not found:
        yield FOREIGN(
            about=subject.name, count="1 entry" if len(settings.blocklist) == 1 else f"{len(settings.blocklist):,} entries"
        )


def _own(settings: Settings) -> dict[str, str]:
    """Each address of the settings with the first role that it has."""
    roles: dict[str, str] = {}
    for server in settings.servers:
        roles.setdefault(server.sender.email, f"the sender of {server.name}")
        for address, role in ((server.sender.reply_to, "the reply-to address"), (server.return_path, "the return path")):
            if address:
                roles.setdefault(address, f"{role} of {server.name}")
    for template in settings.templates:
        for address, role in ((template.sender, "the sender"), (template.reply_to, "the reply-to address")):
            if address:
                roles.setdefault(address, f"{role} of the template {template.name}")
    if settings.test_mode.redirect_to:
        roles.setdefault(settings.test_mode.redirect_to, "the test address")
    return roles
