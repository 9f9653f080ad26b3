"""Mail is written from the organisation's own domain, not from onmicrosoft.com.

What it checks:
Whether a sender of the server, or one that its filters claim, has an address below onmicrosoft.com, the domain that Microsoft gives to every new customer.

Why it matters:
Microsoft 365 takes only a small number of outside recipients a day for such addresses, from the whole organisation. Receivers trust them little,
because everybody can have one.

How to fix it:
Add the organisation's own domain in the Microsoft 365 admin centre and write mail from an address of it.
"""

from collections.abc import Iterator
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import FACT, Channel, channel_of, day, elsewhere, fact, sources
from checks.rules._volume import planned, volume_of
from checks.settings import Server
from checks.subject import ServerSubject, domain_of
from checks.tables.dated import change
from checks.tables.limits import limit

SHARED_DOMAIN = ".onmicrosoft.com"
SHARED = limit("microsoft365.onmicrosoft-external-recipients")
EVERYWHERE = change("microsoft365.onmicrosoft-throttle")
STEPS = (
    "Add the organisation's own domain in the Microsoft 365 admin centre, and publish the records that it shows.",
    "Give the mailbox an address of that domain, and make it the sender of this server.",
)

OWN_DOMAIN = Outcome(
    code="office365.own-domain-sender", status=Status.PASS, title="{server}: mail is written from the organisation's own domain"
)
SENDER = Outcome(
    code="office365.onmicrosoft-address",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: mail from {addresses} reaches {limit} outside recipients in 24 hours at most, for the whole organisation (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=STEPS,
    also=FACT,
    references=sources(SHARED),
)
EXCEEDED = Outcome(
    code="office365.onmicrosoft-limit-exceeded",
    status=Status.FAIL,
    weighs=(Status.WARN,),
    title="{server}: {planned} from {addresses} is refused after {limit} outside recipients in 24 hours, with {refusal}, in every organisation {since} (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=STEPS,
    also=("recipients", *FACT),
    references=sources(SHARED, EVERYWHERE),
)
ELSEWHERE = elsewhere(
    "office365.onmicrosoft-limit-of-others",
    of="a way out of Microsoft 365, so the limit of onmicrosoft.com addresses does not apply",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look at the sender and the filters."""
    server = subject.server
    if channel_of(server) not in (Channel.MAILBOX, Channel.RELAY):
        yield ELSEWHERE(about=server.name, server=server.name)
        return
    addresses = _shared_addresses(server)
    if not addresses:
        yield OWN_DOMAIN(about=server.name, server=server.name)
        return
    known: dict[str, Any] = {"server": server.name, "addresses": addresses, **fact(SHARED)}
    plan = planned(volume_of(subject))
    if plan is not None and plan.exceeds(SHARED):
        come = EVERYWHERE.has_come(subject.now)
        status, since = (
            (Status.FAIL if come else Status.WARN),
            f"{'since' if come else 'from'} {day(EVERYWHERE.since)}{'' if come else ' on'}",
        )
        yield EXCEEDED(
            about=server.name,
            status=status,
            since=since,
            refusal=SHARED.refusal,
            planned=plan.words_for(SHARED.unit, external=SHARED.external),
            recipients=plan.a_day(SHARED),
            **known,
        )
    else:
        inside = plan is not None and not plan.outside  # then the number concerns nobody who is written to
        yield SENDER(about=server.name, status=Status.NOTE if inside else None, **known)


def _shared_addresses(server: Server) -> list[str]:
    named = dict.fromkeys((server.sender.email, *server.filter))
    return [address for address in named if f".{domain_of(address)}".endswith(SHARED_DOMAIN)]
