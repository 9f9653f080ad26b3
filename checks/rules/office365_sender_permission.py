"""The mailbox may write as the sender.

What it checks:
Whether the login name of a Microsoft 365 mailbox is the address that mail is written from.

Why it matters:
Microsoft 365 lets a mailbox write as itself only. For any other sender it needs a permission, and without that every message is refused, often not before
it has been handed over completely.

How to fix it:
Give the mailbox the permission "Send as" for the sender's address, or write from the mailbox's own address.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, elsewhere, sources
from checks.settings import Auth, Server
from checks.subject import ServerSubject
from checks.tables.ways import switch

INFORMATIONAL = True

SEND_AS = switch("microsoft365.send-as")
MAX_NAMED = 5

SAME = Outcome(
    code="office365.sender-is-mailbox",
    status=Status.PASS,
    title="{server} writes as the mailbox that it logs in with",
    references=sources(SEND_AS),
)
OTHER = Outcome(
    code="office365.send-as-needed",
    status=Status.NOTE,
    title='{server} logs in as {username} and writes as {senders}; Microsoft 365 refuses that (5.7.60) unless the mailbox has the permission "Send as" (as of {as_of})',
    owner=Owner.MAIL_ADMIN,
    steps=(
        'Look whether {username} has the permission "Send as" for {senders} in the Exchange admin centre, and grant it if not.',
    ),
    references=sources(SEND_AS),
)
ELSEWHERE = elsewhere("office365.send-as-of-others", of="a mailbox of Microsoft 365 that is logged in to")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare login and senders; an alias of the mailbox cannot be told from another mailbox, hence a note."""
    server = subject.server
    if channel_of(server) is not Channel.MAILBOX or server.auth is Auth.NONE or not server.username:
        yield ELSEWHERE(about=server.name, server=server.name)
    elif others := _others(server, server.username):
        yield OTHER(
            about=server.name,
            server=server.name,
            username=server.username,
            senders=others[:MAX_NAMED],
            as_of=day(SEND_AS.checked),
        )
    else:
        yield SAME(about=server.name, server=server.name)


def _others(server: Server, username: str) -> list[str]:
    named = dict.fromkeys((server.sender.email, *server.filter))
    return [address for address in named if address.casefold() != username.casefold() and not address.startswith("@")]
