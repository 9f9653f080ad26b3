"""The mail server has a reverse name.

What it checks:
The server's address has a name (its reverse or PTR record), and that name leads back to the same address.

Why it matters:
Receivers look at the address that a message comes from. If it has no name, or one that leads elsewhere, Gmail and others take the
machine for a hijacked one, and refuse the mail or file it as spam. This server's address is the one they see if the server delivers mail itself; if it
hands the mail on to another machine, that other machine counts.

How to fix it:
The name is set by whoever provides the address, usually the hosting company: in its control panel, or on request. Set it to the
server's own name, and let that name have the address.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.org_domain import by_suffix_list
from checks.rules._hosts import addresses_of, literal_address
from checks.rules._reverse import GMAIL, WEB_DE, YAHOO, Seen, Words, tell
from checks.settings import Server
from checks.subject import ServerSubject, domain_of
from checks.tables import provider, provider_of_host

CONFIRMED = Outcome(
    code="reverse.server-confirmed",
    status=Status.PASS,
    title="{who} has the reverse name {name}, which leads back to it",
    also=("address",),
    references=("RFC 1912 section 2.1",),
)
MISSING = Outcome(
    code="reverse.server-without-name",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{who} has no reverse name; if this server delivers mail itself, Gmail and others refuse its mail or file it as spam",
    owner=Owner.MAIL_ADMIN,
    steps=("Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",),
    references=(GMAIL, YAHOO),
)
UNCONFIRMED = Outcome(
    code="reverse.server-unconfirmed",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="No reverse name of {who} leads back to it ({names}); if this server delivers mail itself, Gmail and others refuse its mail or file it as spam",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",
        "Or, if {right} is right, publish the address {address} for it.",
    ),
    references=("RFC 1912 section 2.1", GMAIL, YAHOO),
    volatile=("right",),
)
GENERIC = Outcome(
    code="reverse.server-generic",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{who} has the reverse name {name}, which {look}; if this server delivers mail itself, WEB.DE and others may refuse it",
    owner=Owner.MAIL_ADMIN,
    steps=("Have whoever provides the address {address} (the hosting company) set its reverse name to {wanted}.",),
    references=(WEB_DE,),
)
SEVERAL = Outcome(
    code="reverse.server-several-names",
    status=Status.NOTE,
    title="{who} has {count} reverse names ({names}); receivers look at any one of them",
    owner=Owner.MAIL_ADMIN,
    steps=("Have all but one removed, so that every receiver sees the same name.",),
    also=("address",),
)
PRIVATE = Outcome(
    code="reverse.server-private",
    status=Status.NOT_APPLICABLE,
    title="{who} is not a public address; receivers see another one, which cannot be told from here",
    also=("address",),
)
OF_PROVIDER = Outcome(
    code="reverse.server-of-provider",
    status=Status.NOT_APPLICABLE,
    title="{host} belongs to {provider}, who looks after the reverse names of its machines",
)
NO_ADDRESS = Outcome(
    code="reverse.server-without-address",
    status=Status.NOT_APPLICABLE,
    title="{host} has no address, so there is no reverse name to look at",
)
WORDS = Words(confirmed=CONFIRMED, missing=MISSING, unconfirmed=UNCONFIRMED, generic=GENERIC, several=SEVERAL, private=PRIVATE)


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the addresses that the server's name leads to."""
    server = subject.server
    host = server.host
    known = provider(server.provider) if server.provider else provider_of_host(host)
    if known is not None:
        yield OF_PROVIDER(about=subject.name, host=host, provider=known.name)
        return
    addresses = addresses_of(ev, host)
    if not addresses:
        yield NO_ADDRESS(about=subject.name, host=host)
    named = host if not literal_address(host) else ""
    own = _is_own(server)
    seen = [
        Seen(
            address=address,
            about=subject.name,
            who=f"{host} ({address})" if host != address else address,
            wanted=named,
            is_own=own,
        )
        for address in addresses
    ]
    yield from tell(ev, WORDS, seen, allow_private=subject.allow_private)


def _is_own(server: Server) -> bool:
    """Whether the server carries the sender's own name: a provider that we do not know looks after its machines itself."""
    return bool(literal_address(server.host)) or by_suffix_list(server.host) == by_suffix_list(domain_of(server.sender.email))
