"""DMARC record is there, once.

What it checks:
The domain that recipients see, or the organisation's domain above it, publishes exactly one DMARC record: a TXT record at the name
_dmarc that begins with "v=DMARC1".

Why it matters:
The DMARC record tells receivers what to do with mail that only pretends to come from the domain. Gmail, Outlook.com, Yahoo and Apple
refuse or junk the mail of senders with many recipients if there is none; two records count as none.

How to fix it:
Publish one TXT record at _dmarc below your domain. A record with p=none changes nothing for your mail and is enough to begin with.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence, State
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.dmarc import DmarcRecord, is_dmarc, meant_as_dmarc, parse_dmarc
from checks.records.dmarc_walk import Place, Walk, by_rfc7489, tree_walk
from checks.rules._absent import is_absent
from checks.rules._dmarc import BULK_REFERENCE, LONGEST_SHOWN, best_place, by_volume, first_record, mending, repaired, tidy
from checks.rules._dmarc_plan import Stage, altered, stage_of
from checks.subject import DomainSubject

PRESENT = Outcome(
    code="dmarc.present",
    status=Status.PASS,
    title="{domain} publishes one DMARC record",
    also=("record", "aliases"),
    references=("RFC 9989 section 4.5",),
)
INHERITED = Outcome(
    code="dmarc.inherited-record",
    status=Status.PASS,
    title="{domain} is covered by the DMARC record of {parent}",
    also=("record",),
    references=("RFC 9989 section 4.10.1",),
)
MISSING = Outcome(
    code="dmarc.missing",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{domain} publishes no DMARC record, and no domain above it does",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Add the TXT record below. It changes nothing for your mail; it asks receivers for daily reports.",
        "Choose another address after rua=mailto: if postmaster is not read.",
    ),
    references=("RFC 9989 section 4.5", BULK_REFERENCE),
)
MULTIPLE = Outcome(
    code="dmarc.multiple-records",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{place} publishes {count} DMARC records; receivers then act as if there were none",
    owner=Owner.DNS_ADMIN,
    steps=("Keep one record at _dmarc.{place} and remove the others.", "The one shown below asks least of receivers."),
    also=("published", "domain"),
    references=("RFC 9989 section 4.10",),
)
MISWRITTEN = Outcome(
    code="dmarc.miswritten-version",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="The DMARC record at _dmarc.{place} does not begin exactly with v=DMARC1; so receivers overlook it",
    owner=Owner.DNS_ADMIN,
    steps=("Let the record at _dmarc.{place} begin with v=DMARC1; in capitals, with the semicolon and without quotation marks.",),
    also=("published", "domain"),
    references=("RFC 9989 section 4.7",),
)
MISPLACED = Outcome(
    code="dmarc.misplaced-record",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="The DMARC record of {domain} was published at {wrong}, where no receiver looks",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Move the record from {wrong} to _dmarc.{domain}. Many DNS panels add the domain by themselves: enter only _dmarc there.",
    ),
    references=("RFC 9989 section 4.5",),
)
DANGLING = Outcome(
    code="dmarc.alias-without-target",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="_dmarc.{place} is an alias for {target}, but there is no record at that name",
    owner=Owner.DNS_ADMIN,
    steps=("Correct the alias (CNAME) at _dmarc.{place}, or replace it by a TXT record with your DMARC policy.",),
    also=("domain",),
    references=("RFC 9989 section 4.5",),
)
DIFFERS = Outcome(
    code="dmarc.discovery-differs",
    status=Status.NOTE,
    title="Receivers differ on the DMARC record of {domain}: newer ones take {newer}, older ones take {older}",
    owner=Owner.DNS_ADMIN,
    steps=("Publish a record at _dmarc.{domain} itself; then all receivers agree.",),
    references=("RFC 9989 section 4.10", "RFC 7489 section 6.6.3"),
)
NO_DOMAIN = Outcome(
    code="dmarc.domain-missing",
    status=Status.NOT_APPLICABLE,
    title="{domain} does not exist, and no domain above it has a DMARC record (see mx.record)",
    references=("RFC 8020 section 2",),
)
NOT_FROM = Outcome(
    code="dmarc.not-from",
    status=Status.NOT_APPLICABLE,
    title="{domain} is not a domain that recipients see; its DMARC record is not consulted",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Say where the record is that holds for the domain; what spoils it at the domain itself is said in any case."""
    if not subject.header_from:
        yield NOT_FROM(about=subject.domain, domain=subject.domain)
        return
    walk = tree_walk(subject.domain, ev)
    suspects = walk.places if walk.policy is None else (walk.own,)
    spoilt = next((finding for finding in (_spoilt(subject, place, ev) for place in suspects) if finding), None)
    if spoilt is not None:
        yield spoilt
    if walk.policy is not None:
        yield _found(walk, walk.policy)
        if spoilt is None:
            yield from _differs(walk, walk.policy, walk.policy.records[0], ev)
    elif spoilt is None:
        yield _missing(subject, ev)


def _found(walk: Walk, place: Place) -> Finding:
    domain, record = walk.author, place.records[0].text[:LONGEST_SHOWN]
    if walk.inherited:
        return INHERITED(about=domain, domain=domain, parent=place.domain, record=record)
    return PRESENT(about=domain, domain=domain, record=record, aliases=list(place.reading.chain))


def _differs(walk: Walk, place: Place, record: DmarcRecord, ev: Evidence) -> Iterator[Finding]:
    """Receivers that still follow RFC 7489 may find another record, or none."""
    domain, older = walk.author, by_rfc7489(walk.author, ev)
    if older is not None and older.domain == place.domain:
        return
    there = "none"
    if older is not None and older.record is not None:
        there = f"the one of {older.domain} ({older.record.by_rfc7489(inherited=older.domain != domain)})"
    stage = stage_of(walk, record, ev)
    mended = mending(domain, _own_record(stage), ev, Action.ADD)
    yield DIFFERS(
        about=domain,
        domain=domain,
        newer=f"the one of {place.domain} ({stage.in_force})",
        older=there,
        records=mended.records,
        steps=mended.steps,
    )


def _own_record(stage: Stage) -> str:
    """Return a record for the domain itself that says what the inherited one says; a registry's address for reports is not taken over."""
    if not stage.ours:
        return f"v=DMARC1; p={stage.in_force}; rua=mailto:postmaster@{stage.domain}"
    return altered(stage.record, {"p": str(stage.in_force), **dict.fromkeys(("sp", "np", "psd", "t"), "")})


def _spoilt(subject: DomainSubject, place: Place, ev: Evidence) -> Finding | None:
    domain, status = subject.domain, by_volume(subject.volume)
    if len(place.records) > 1:
        mildest = min(place.records, key=lambda record: (not record.usable, record.policy.strength, record.text))
        published = [record.text[:LONGEST_SHOWN] for record in place.records[:5]]
        mended = mending(place.domain, _with_reports(tidy(mildest), place.records), ev)
        return MULTIPLE(
            about=domain,
            status=status,
            domain=domain,
            place=place.domain,
            count=len(place.records),
            published=published,
            records=mended.records,
            steps=mended.steps,
        )
    meant = next((text for text in place.others if meant_as_dmarc(text)), None)
    if meant is not None and not place.records:
        mended = mending(place.domain, repaired(meant), ev)
        return MISWRITTEN(
            about=domain,
            status=status,
            domain=domain,
            place=place.domain,
            published=[meant[:LONGEST_SHOWN]],
            records=mended.records,
            steps=mended.steps,
        )
    if _leads_nowhere(place, ev):
        return DANGLING(about=domain, status=status, domain=domain, place=place.domain, target=place.reading.chain[-1])
    return None


def _with_reports(text: str, records: Sequence[DmarcRecord]) -> str:
    """Add the address for reports of another of the records, if this one has none."""
    if parse_dmarc(text).rua:
        return text
    others = (parse_dmarc(tidy(record)) for record in records)
    found = next((uris for uris in (other.rua for other in others) if uris), ())
    return f"{text}; rua={','.join(uri.text for uri in found)}" if found else text


def _leads_nowhere(place: Place, ev: Evidence) -> bool:
    """Tell whether somebody made an alias for the record, and there is nothing where it leads.

    One that a wildcard (RFC 4592) or DNAME (RFC 6672) makes for every name below the domain was not meant for DMARC.
    """
    reading = place.reading
    if not reading.chain or reading.state not in (State.NXDOMAIN, State.NODATA):
        return False
    any_name = ev[DnsProbe(f"*.{place.domain}", "TXT")].chain
    return reading.chain not in (any_name, tuple(name.replace("*.", "_dmarc.", 1) for name in any_name))


def _missing(subject: DomainSubject, ev: Evidence) -> Finding:
    domain, status = subject.domain, by_volume(subject.volume)
    if is_absent(domain, ev):
        return NO_DOMAIN(about=domain, domain=domain)
    probes = (DnsProbe(f"_dmarc.{domain}.{domain}", "TXT"), DnsProbe(domain, "TXT"))
    for probe, reading in zip(probes, ev.all(*probes), strict=True):
        text = next((text for text in reading.values if is_dmarc(text)), None)
        if text is not None:
            mended = mending(domain, tidy(parse_dmarc(text)), ev, Action.ADD)
            old = DnsChange(action=Action.REMOVE, name=probe.name, type="TXT", value=text)
            records = [*mended.records, old] if mended.records and not reading.chain else mended.records
            return MISPLACED(about=domain, status=status, domain=domain, wrong=probe.name, records=records, steps=mended.steps)
    place = best_place(domain)
    mended = mending(place, first_record(place), ev, Action.ADD)
    return MISSING(about=domain, status=status, domain=domain, records=mended.records, steps=mended.steps)
