"""Answers reach somebody.

What it checks:
Where answers of recipients go: to the reply-to address, or to the sender if there is none.

Why it matters:
People answer mailings: to cancel, to ask, to correct an address. Answers to a mailbox that nobody reads are lost, and some recipients mark the next mailing as spam instead.

How to fix it:
Set a reply-to address that somebody reads.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._no_reply import is_no_reply
from checks.subject import ServerSubject

READ = Outcome(code="settings.reply-to-fitting", status=Status.PASS, title="{server}: answers go to {address}")
UNREAD = Outcome(
    code="settings.reply-to-unread",
    status=Status.NOTE,
    title="{server}: answers go to {address}, whose name says that nobody reads it",
    owner=Owner.US,
    steps=("Set reply_to to an address that somebody reads, if recipients may answer.",),
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look at the name of the address."""
    server = subject.server
    address = server.sender.reply_to or server.sender.email
    outcome = UNREAD if is_no_reply(address) else READ
    yield outcome(about=server.name, server=server.name, address=address)
