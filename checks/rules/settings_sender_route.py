"""Each server takes the mail of its own sender.

What it checks:
For every server: where the dispatcher would route mail that is written from this server's own sender address.

Why it matters:
If the filters lead that address to another server, or nowhere, this server is never used as intended: mail leaves through a server that knows nothing of the sender,
and is often refused there.

How to fix it:
Add the sender's address or its domain to the filters of its server.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.routing import Why, choose
from checks.subject import ServerSubject, domain_of

OWN = Outcome(code="settings.sender-routed", status=Status.PASS, title="{server} takes the mail of its own sender {sender}")
OTHER = Outcome(
    code="settings.sender-routed-elsewhere",
    status=Status.WARN,
    title="Mail from {sender}, the sender of {server}, goes to {other} ({why})",
    owner=Owner.US,
    steps=("Add {sender} to the filters of {server}, or give {server} a sender that its filters match.",),
)
REFUSED = Outcome(
    code="settings.sender-unrouted",
    status=Status.WARN,
    title="Mail from {sender}, the sender of {server}, is refused ({why})",
    owner=Owner.US,
    steps=("Add @{domain} or {sender} to the filters of {server} alone, or make {server} the only default server.",),
)
UNUSED = Outcome(
    code="settings.unused-server",
    status=Status.WARN,
    title="{server} is never used: it has no filter and is not the default",
    owner=Owner.US,
    steps=("Give {server} a filter, like {sender}, or take it out of the settings.",),
)
WORDS = {
    Why.ADDRESS: "its filter names this address",
    Why.DOMAIN: "its filter names this domain",
    Why.SUBDOMAINS: "its filter covers this domain",
    Why.DEFAULT: "it is the default, and no filter fits",
    Why.CONTESTED: "several servers have the same filter",
    Why.SEVERAL_DEFAULTS: "no filter fits, and several servers are the default",
    Why.UNCLAIMED: "no filter fits, and no server is the default",
}


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Route the server's own sender."""
    server = subject.server
    sender = server.sender.email
    if not server.filter and not server.default:
        yield UNUSED(about=server.name, server=server.name, sender=sender)
        return
    choice = choose(subject.settings.servers, sender)
    if choice.server is None:
        yield REFUSED(about=server.name, server=server.name, sender=sender, domain=domain_of(sender), why=WORDS[choice.why])
    elif choice.server.name != server.name:
        yield OTHER(about=server.name, server=server.name, sender=sender, other=choice.server.name, why=WORDS[choice.why])
    else:
        yield OWN(about=server.name, server=server.name, sender=sender)
