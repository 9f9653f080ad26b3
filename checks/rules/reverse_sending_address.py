"""The sending addresses have reverse names.

What it checks:
Each address that you named as sending has a name (its reverse or PTR record), and that name leads back to the same address.

Why it matters:
Receivers look at the address that a message comes from. If it has no name, or one that leads elsewhere, Gmail and others take the
machine for a hijacked one, and refuse the mail or file it as spam.

How to fix it:
The name is set by whoever provides the address, usually the hosting company: in its control panel, or on request. Set it to the
sending server's own name, and let that name have the address.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.address import parse
from checks.rules._reverse import GMAIL, WEB_DE, YAHOO, Seen, Words, tell
from checks.subject import DomainSubject

MAX_ADDRESSES = 20  # named by a person; more is a network, of which these are a sample

CONFIRMED = Outcome(
    code="reverse.sender-confirmed",
    status=Status.PASS,
    title="{who} has the reverse name {name}, which leads back to it",
    also=("address",),
    references=("RFC 1912 section 2.1",),
)
MISSING = Outcome(
    code="reverse.sender-without-name",
    status=Status.FAIL,
    title="{who} has no reverse name; Gmail and others refuse mail from it or file it as spam",
    owner=Owner.MAIL_ADMIN,
    steps=("Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",),
    references=(GMAIL, YAHOO),
)
UNCONFIRMED = Outcome(
    code="reverse.sender-unconfirmed",
    status=Status.FAIL,
    title="No reverse name of {who} leads back to it ({names}); Gmail and others refuse mail from it or file it as spam",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If {right} is right, publish the address {address} for it.",
        "If not, have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",
    ),
    references=("RFC 1912 section 2.1", GMAIL, YAHOO),
    volatile=("right",),
)
GENERIC = Outcome(
    code="reverse.sender-generic",
    status=Status.WARN,
    title="{who} has the reverse name {name}, which {look}; WEB.DE and others may refuse mail from it",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}, in a domain of your own.",
    ),
    references=(WEB_DE,),
)
SEVERAL = Outcome(
    code="reverse.sender-several-names",
    status=Status.NOTE,
    title="{who} has {count} reverse names ({names}); receivers look at any one of them",
    owner=Owner.MAIL_ADMIN,
    steps=("Have all but one removed, so that every receiver sees the same name.",),
    also=("address",),
)
PRIVATE = Outcome(
    code="reverse.sender-private",
    status=Status.NOT_APPLICABLE,
    title="{who} is not a public address; receivers see another one, which cannot be told from here",
    also=("address",),
)
NOT_NAMED = Outcome(
    code="reverse.sender-not-named",
    status=Status.NOT_APPLICABLE,
    title="No sending address of {domain} was named, so there is no reverse name to look at",
)
NO_ADDRESS = Outcome(
    code="reverse.sender-no-address",
    status=Status.NOT_APPLICABLE,
    title='"{text}" was named as a sending address, but is no IP address',
)
WORDS = Words(confirmed=CONFIRMED, missing=MISSING, unconfirmed=UNCONFIRMED, generic=GENERIC, several=SEVERAL, private=PRIVATE)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the addresses that the person named."""
    if not subject.sending_ips:
        yield NOT_NAMED(about=subject.domain, domain=subject.domain)
    named = {text: parse(text) for text in subject.sending_ips[:MAX_ADDRESSES]}
    for text, address in named.items():
        if address is None:
            yield NO_ADDRESS(about=subject.domain, text=text)
    plain = (getattr(address, "ipv4_mapped", None) or address for address in named.values())  # RFC 4291 section 2.5.5.2
    found = dict.fromkeys(str(address) for address in plain if address is not None)
    near = tuple(dict.fromkeys((subject.domain, *(server.ehlo or server.host for server in subject.servers))))
    seen = [Seen(address=address, about=address, who=address, wanted="", is_own=True, near=near) for address in found]
    yield from tell(ev, WORDS, seen, allow_private=subject.allow_private)
