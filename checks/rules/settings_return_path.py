"""Bounces come back to a fitting address.

What it checks:
Where messages that could not be delivered are returned to (the return path), compared with the sender's address.

Why it matters:
Receivers check the sender list (SPF) of the return path's domain, not of the address that people see. If the two domains differ, only the signature (DKIM) can vouch for
the visible sender; and if nobody reads the returned messages, dead addresses stay on the list.

How to fix it:
Use an address of the sender's own domain whose mailbox is read.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._no_reply import is_no_reply
from checks.subject import ServerSubject, domain_of

OWN = Outcome(
    code="settings.return-path-fitting",
    status=Status.PASS,
    title="{server}: messages that cannot be delivered come back to {address}",
)
OTHER_DOMAIN = Outcome(
    code="settings.return-path-domain",
    status=Status.NOTE,
    title="{server}: messages that cannot be delivered come back to {address}, another domain than the sender's ({domain})",
    owner=Owner.US,
    steps=(
        "If there is no reason for it, use an address in {domain}; otherwise make sure that mail is signed (DKIM) as {domain}.",
    ),
    references=("RFC 7208 section 2.4",),
)
UNREAD = Outcome(
    code="settings.return-path-unread",
    status=Status.NOTE,
    title="{server}: messages that cannot be delivered come back to {address}, whose name says that nobody reads it",
    owner=Owner.US,
    steps=("Give the server a return_path whose mailbox is read, so that dead addresses are noticed.",),
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare domains and look at the name."""
    server = subject.server
    address, domain = server.envelope_sender, domain_of(server.sender.email)
    found: list[Finding] = []
    if not _related(domain_of(address), domain):
        found.append(OTHER_DOMAIN(about=server.name, server=server.name, address=address, domain=domain))
    if is_no_reply(address):
        found.append(UNREAD(about=server.name, server=server.name, address=address))
    yield from found
    if not found:
        yield OWN(about=server.name, server=server.name, address=address)


def _related(one: str, other: str) -> bool:
    """The same domain, or one below the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
