"""DMARC reports arrive.

What it checks:
The addresses in the DMARC record that receivers send their reports to: whether there are any, whether they are written correctly, and
whether an address at another organisation has agreed to take them, and whether mail can reach it at all.

Why it matters:
The daily reports are the only way to learn who sends mail in your name, and whether your own mail passes. Your mail is delivered
without them, too.

How to fix it:
Add rua=mailto: and an address that somebody reads. If it belongs to another organisation, that organisation has to publish its
consent in its own DNS.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.dmarc import DmarcRecord, is_dmarc
from checks.records.dmarc_uri import MAX_ADDRESSES
from checks.records.dmarc_walk import tree_walk
from checks.records.org_domain import by_suffix_list, is_within
from checks.rules._alias import alias_at, published_at_target
from checks.rules._dmarc import LONGEST_SHOWN, mending
from checks.rules._dmarc_plan import altered, is_clean
from checks.rules._hosts import is_reachable
from checks.subject import DomainSubject

INFORMATIONAL = True

REQUESTED = Outcome(
    code="dmarc.reports-requested",
    status=Status.PASS,
    title="DMARC reports about {domain} go to {addresses}",
)
NO_ADDRESS = Outcome(
    code="dmarc.no-reports",
    status=Status.NOTE,
    title="The DMARC record of {place} asks for no reports",
    owner=Owner.DNS_ADMIN,
    steps=("Add rua=mailto: and an address that somebody reads to the record at _dmarc.{place}.",),
    also=("domain", "record"),
    references=("RFC 9989 section 4.7",),
)
BAD_ADDRESS = Outcome(
    code="dmarc.bad-report-address",
    status=Status.NOTE,
    title="No DMARC report can reach some addresses in the record of {place}: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Write each address in the record at _dmarc.{place} as mailto:name@domain, with commas between them.",),
    references=("RFC 9989 section 4.6",),
)
NO_CONSENT = Outcome(
    code="dmarc.report-consent-missing",
    status=Status.NOTE,
    title="{target} has not agreed to take DMARC reports about {place}, so receivers do not send them there",
    owner=Owner.DNS_ADMIN,
    steps=("Ask the owner of {target} to add a TXT record v=DMARC1 at {name}, or use an address at {place}.",),
    references=("RFC 9990 section 4",),
)
UNREACHABLE = Outcome(
    code="dmarc.report-address-unreachable",
    status=Status.NOTE,
    title="{target} takes no mail ({reason}), so DMARC reports about {place} do not arrive there",
    owner=Owner.DNS_ADMIN,
    steps=("Replace {addresses} in the record at _dmarc.{place} by an address that takes mail and that somebody reads.",),
    references=("RFC 5321 section 5.1", "RFC 7505"),
)
SIZE_LIMIT = Outcome(
    code="dmarc.report-size-limit",
    status=Status.NOTE,
    title="An address in the DMARC record of {place} carries a size limit (!), which the standard dropped in 2026",
    owner=Owner.DNS_ADMIN,
    steps=("Take the exclamation mark and what follows it out of the address in the record at _dmarc.{place}.",),
    references=("RFC 9989 section 4.6",),
)
NO_RECORD = Outcome(
    code="dmarc.no-record-for-reports",
    status=Status.NOT_APPLICABLE,
    title="{domain}: without a DMARC record there are no reports",
)

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, in text without the last dot
SHOWN = 5  # addresses that a finding names
MOST_RECORDS = 6  # to propose; each is judged before it is shown, which costs questions about the domain that it opens
OF_REPORTS = ("bad-rua", "bad-ruf", "too-many-addresses")


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the addresses, then at the consent of other organisations (at most twenty are asked)."""
    domain = subject.domain
    walk = tree_walk(domain, ev) if subject.header_from else None
    if walk is None or walk.policy is None:
        yield NO_RECORD(about=domain, domain=domain)
        return
    place, record = walk.policy.domain, walk.policy.records[0]
    if problems := [str(problem) for problem in record.problems if problem.kind in OF_REPORTS]:
        yield BAD_ADDRESS(about=domain, place=place, problems=problems[:3])
    elif not record.rua:
        yield _no_address(subject, place, record, ev)
    if any(uri.size_limit for uri in (*record.rua, *record.ruf)):
        yield SIZE_LIMIT(about=domain, place=place)
    if addresses := [uri.address for uri in record.rua if not uri.fault]:
        yield REQUESTED(about=domain, domain=domain, addresses=addresses)
    yield from _destinations(subject, place, record, ev)


def _no_address(subject: DomainSubject, place: str, record: DmarcRecord, ev: Evidence) -> Finding:
    """The record to replace it by is shown where the domain can take reports itself, and nothing else is to be mended."""
    domain = subject.domain
    ready = is_clean(record) and is_within(place, by_suffix_list(domain)) and not _no_mail(place, subject, ev)
    mended = mending(place, altered(record, {"rua": f"mailto:postmaster@{place}"}) if ready else "", ev)
    text = record.text[:LONGEST_SHOWN]
    return NO_ADDRESS(about=domain, domain=domain, place=place, record=text, records=mended.records, steps=mended.steps)


def _destinations(subject: DomainSubject, place: str, record: DmarcRecord, ev: Evidence) -> Iterator[Finding]:
    """Each domain that reports go to: whether it has agreed, and if so, whether it takes mail."""
    domain = subject.domain
    addresses: dict[str, list[str]] = {}
    for uri in (*record.rua, *record.ruf):
        if not uri.fault:
            addresses.setdefault(uri.domain, []).append(uri.address)
    targets = list(addresses)[:MAX_ADDRESSES]
    asked = _consents(place, targets)
    ev.all(*asked.values())
    unwilling = [target for target, probe in asked.items() if not any(is_dmarc(text) for text in ev[probe].values)]
    mail = [DnsProbe(target, "MX") for target in targets if target not in unwilling]  # nothing is sent to the others anyway
    ev.all(*mail)
    bare = [probe.name for probe in mail if ev[probe].state.answered and not ev[probe].values]
    ev.all(*(DnsProbe(name, kind) for name in bare for kind in ("A", "AAAA")))
    for target in targets:
        if target in unwilling:
            if ev[asked[target]].state.answered:
                yield _no_consent(domain, place, target, asked[target], ev, shown=target in unwilling[:MOST_RECORDS])
        elif reason := _no_mail(target, subject, ev):
            named = list(dict.fromkeys(addresses[target]))[:SHOWN]
            yield UNREACHABLE(about=domain, place=place, target=target, reason=reason, addresses=named)
    for probe in (*asked.values(), *mail, *_undecided(bare, subject, ev)):
        ev.need(probe)


def _no_consent(domain: str, place: str, target: str, asked: DnsProbe, ev: Evidence, *, shown: bool) -> Finding:
    """The record of consent is shown where there is room for it; beside an alias there is none."""
    alias = alias_at(asked, ev) if shown else ""
    wanted = DnsChange(action=Action.ADD, name=asked.name, type="TXT", value="v=DMARC1")
    by_hand = f"Send this to the owner of {target}, or use an address at {place}. "
    return NO_CONSENT(
        about=domain,
        place=place,
        target=target,
        name=asked.name,
        records=[wanted] if shown and not alias else [],
        steps=[by_hand + published_at_target(asked.name, alias, "v=DMARC1")] if alias else [],
    )


def _undecided(bare: Sequence[str], subject: DomainSubject, ev: Evidence) -> list[DnsProbe]:
    """Addresses that could not be read, of domains without MX of which no other address is known that mail could reach."""
    pairs = [(DnsProbe(name, "A"), DnsProbe(name, "AAAA")) for name in bare]
    return [probe for pair in pairs if not _reachable(pair, subject, ev) for probe in pair]


def _consents(place: str, targets: Sequence[str]) -> dict[str, DnsProbe]:
    """RFC 9990 section 4: an address at another organisation counts only with that organisation's consent, at this name."""
    own = by_suffix_list(place)
    probes = {target: DnsProbe(f"{place}._report._dmarc.{target}", "TXT") for target in targets if by_suffix_list(target) != own}
    return {target: probe for target, probe in probes.items() if len(probe.name) <= LONGEST_NAME}


def _reachable(probes: Sequence[DnsProbe], subject: DomainSubject, ev: Evidence) -> list[str]:
    addresses = [address for reading in ev.all(*probes) for address in reading.values]
    return [address for address in addresses if is_reachable(address, allow_private=subject.allow_private)]


def _no_mail(target: str, subject: DomainSubject, ev: Evidence) -> str:
    """Return why a domain takes no mail; nothing if it does, or if that could not be read (RFC 5321 section 5.1)."""
    exchangers = ev[DnsProbe(target, "MX")]
    if exchangers.values:
        null = all(value == "." for value in exchangers.values)
        return "it says so itself, with a null MX" if null else ""  # RFC 7505 section 3
    if not exchangers.state.answered:
        return ""
    probes = (DnsProbe(target, "A"), DnsProbe(target, "AAAA"))
    readings = ev.all(*probes)
    if not all(reading.state.answered for reading in readings) or _reachable(probes, subject, ev):
        return ""
    if any(reading.values for reading in readings):
        return "it names no mail server (MX), and nobody outside can reach its own address"
    return "it has neither a mail server (MX) nor an address in DNS"
