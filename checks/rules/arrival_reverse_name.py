"""The address from which the message came has a reverse name.

What it checks:
The address that the receiver saw has a name (its reverse or PTR record), and that name leads back to the same address.

Why it matters:
This is the address that receivers look at. If it has no name, or one that leads elsewhere, Gmail and others take the machine for a hijacked one,
and refuse the mail or file it as spam.

How to fix it:
The name is set by whoever provides the address, usually the hosting company: in its control panel, or on request. Set it to the sending
server's own name, and let that name have the address. A provider's machines are the provider's task.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._arrived import Came, Skip, from_outside, is_public, left_out, outcome_of_nothing
from checks.rules._provider_of import provider_of
from checks.rules._reverse import GMAIL, WEB_DE, YAHOO, Seen, Words, tell
from checks.subject import ServerSubject

VARIES = ("who", "address", "name", "names", "wanted", "count", "right")
"""A provider sends from many addresses: the finding of yesterday and of today is the same."""

CONFIRMED = Outcome(
    code="arrival.reverse-name-confirmed",
    status=Status.PASS,
    title="{who} has the reverse name {name}, which leads back to it",
    also=("address",),
    volatile=VARIES,
    references=("RFC 1912 section 2.1",),
)
MISSING = Outcome(
    code="arrival.reverse-name-missing",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{who} has no reverse name; Gmail and others refuse mail from it or file it as spam",
    owner=Owner.MAIL_ADMIN,
    steps=("Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",),
    references=(GMAIL, YAHOO),
    volatile=VARIES,
)
UNCONFIRMED = Outcome(
    code="arrival.reverse-name-unconfirmed",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{who} has a reverse name that does not lead back to it ({names}); Gmail and others refuse mail from it or file it as spam",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If {right} is right, publish the address {address} for it.",
        "If not, have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",
    ),
    references=("RFC 1912 section 2.1", GMAIL, YAHOO),
    volatile=VARIES,
)
GENERIC = Outcome(
    code="arrival.reverse-name-generic",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{who} has the reverse name {name}, which {look}; WEB.DE and others may refuse mail from it",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}, in a domain of your own.",
    ),
    references=(WEB_DE,),
    volatile=VARIES,
)
SEVERAL = Outcome(
    code="arrival.reverse-name-several",
    status=Status.NOTE,
    title="{who} has {count} reverse names ({names}); receivers look at any one of them",
    owner=Owner.MAIL_ADMIN,
    steps=("Have all but one removed, so that every receiver sees the same name.",),
    also=("address",),
    volatile=VARIES,
)
PRIVATE = Outcome(
    code="arrival.reverse-name-private",
    status=Status.NOT_APPLICABLE,
    title="{who} is not a public address, so there is no reverse name to look at",
    also=("address",),
    volatile=VARIES,
)
NOT_JUDGED = outcome_of_nothing("arrival.reverse-name", "the reverse name of the sending address was")
UNSURE = Skip(reason="the receiver's own servers could not be told from the sender's, so the sending address is not known")
WORDS = Words(confirmed=CONFIRMED, missing=MISSING, unconfirmed=UNCONFIRMED, generic=GENERIC, several=SEVERAL, private=PRIVATE)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the address that the receiver saw."""
    came = from_outside(subject, ev)
    if isinstance(came, Came) and not came.entry.sure and is_public(came.entry.address):
        came = UNSURE
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    address = came.entry.address
    own = provider_of(subject.server) is None
    who = f"{subject.name}: {address}, from which the message came,"
    seen = Seen(
        address=address,
        about=subject.name,
        who=who,
        wanted="",
        is_own=own,
        near=(came.author, came.envelope, came.entry.helo.lower()),
    )
    yield from tell(ev, WORDS, [seen], allow_private=subject.allow_private)
