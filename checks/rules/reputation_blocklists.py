"""The sending addresses are on no blocklist.

What it checks:
Only when it is asked for with --blocklists: whether the addresses that mail is sent from are on the lists of bad senders that large
receivers consult. Each list is tried first with two test entries; a list that fails them, or refuses to answer, is not believed.
Addresses of private networks are never asked about.

Why it matters:
Receivers that use such a list refuse mail from what is on it, whatever the mail says. It is off unless asked for, because the question
tells the list's operator which addresses you look after.

How to fix it:
Find out why the address was listed, for instance a computer that sends spam unnoticed, and mend that first. Then ask for removal on the
list's own site. If the address belongs to a hosting company, it is the company that must act.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, DnsReading
from checks.records.address import Kind, kind
from checks.rules._spf_senders import senders
from checks.subject import DomainSubject
from checks.tables.blocklists import MUST_BE_LISTED, NEVER_LISTED, Blocklist, blocklists

INFORMATIONAL = True  # what a list does not tell stands in nobody's way
MAX_ADDRESSES = 20  # RFC 5782 puts no limit, the operators' fair use does

CLEAN = Outcome(
    code="reputation.not-listed",
    status=Status.PASS,
    title="{addresses} not on the blocklist {name}",
    references=("RFC 5782 section 2.1",),
)
LISTED = Outcome(
    code="reputation.listed-address",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="The sending address {address} is on the blocklist {name} ({reasons}); {who} refuse mail from it",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Look {address} up on {site} and read there why it was listed.",
        "Mend the cause first (a taken-over computer, a mailing to people who did not ask for it), then ask for removal there.",
        "If the address belongs to a hosting company or an access provider, ask them to do so, or to send from another address.",
    ),
    references=("RFC 5782 section 2.1",),
)
BROKEN_LIST = Outcome(
    code="reputation.unreliable-list",
    status=Status.NOTE,
    title="The blocklist {name} could not be used from here: {why}; nothing is concluded from it",
    references=("RFC 5782 section 5",),
    volatile=("why",),
)
NO_ADDRESS = Outcome(
    code="reputation.no-public-address",
    status=Status.NOT_APPLICABLE,
    title="No public address is known that {domain} sends from, so that no blocklist was asked",
)
NOT_ASKED = Outcome(
    code="reputation.not-asked",
    status=Status.NOT_APPLICABLE,
    title="Blocklists were not asked, because the question tells their operators whose mail you look after (--blocklists asks them)",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask each list that passes its test for each address."""
    if not subject.blocklists:
        yield NOT_ASKED(about="blocklists")
        return
    addresses = _addresses(subject, ev)
    if not addresses:
        yield NO_ADDRESS(about=subject.domain, domain=subject.domain)
        return
    for row in blocklists():
        if why := _unfit(row, ev):  # RFC 5782 section 5; before any address of a customer leaves
            yield BROKEN_LIST(about=row.name, name=row.name, why=why)
        else:
            yield from _asked(row, addresses, ev)


def _addresses(subject: DomainSubject, ev: Evidence) -> list[str]:
    """Return the public addresses that are known to send; a provider's are its own affair."""
    found = (address for sender in senders(subject, ev, sample=False) if not sender.guessed for address in sender.addresses)
    public = [address for address in found if kind(address) in (Kind.PUBLIC, Kind.DOCUMENTATION)]
    return list(dict.fromkeys(public))[:MAX_ADDRESSES]


def _unfit(row: Blocklist, ev: Evidence) -> str:
    """Return why a list cannot be believed; empty if it passes its test."""
    there, absent = ev.all(_probe(row, MUST_BE_LISTED), _probe(row, NEVER_LISTED))
    if why := _no_answer(row, there) or _no_answer(row, absent):
        return why
    if not row.listed_as(there.values):
        return "its test entry, which is always listed, is not"
    if absent.records:
        return "it lists even what is never listed"
    return ""


def _asked(row: Blocklist, addresses: list[str], ev: Evidence) -> Iterator[Finding]:
    probes = {address: _probe(row, address) for address in addresses}
    ev.all(*probes.values())
    clean, doubts = [], set()
    for address, probe in probes.items():
        reading = ev[probe]
        if reasons := row.listed_as(reading.values):
            yield _listed(row, address, reasons)
        elif why := _no_answer(row, reading) or ("it gives an answer that has no meaning" if reading.records else ""):
            doubts.add(why)
        else:
            clean.append(address)
    for why in sorted(doubts):
        yield BROKEN_LIST(about=row.name, name=row.name, why=why)
    if clean:
        shown = f"{clean[0]} is" if len(clean) == 1 else f"{len(clean):,} sending addresses are"
        yield CLEAN(about=row.name, addresses=shown, name=row.name)


def _listed(row: Blocklist, address: str, reasons: tuple[str, ...]) -> Finding:
    return LISTED(
        about=address,
        address=address,
        name=row.name,
        reasons=reasons,
        site=row.site,
        who=[*row.refused_by, "others"] if row.refused_by else ["receivers that use it"],
        status=Status.FAIL if row.refused_by else Status.WARN,
    )


def _no_answer(row: Blocklist, reading: DnsReading) -> str:
    if not reading.state.answered:
        return "it did not answer" if reading.state in (State.TIMEOUT, State.NOT_ATTEMPTED) else "the question to it failed"
    return row.refusal(reading.values)


def _probe(row: Blocklist, address: str) -> DnsProbe:
    return DnsProbe(row.question(address), "A")
