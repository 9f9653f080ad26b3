"""All name servers of the domain say the same, and so does the one that was asked for this report.

What it checks:
The domain's own name servers are asked one by one for the SPF record (who may send) and the DMARC record (what to do with forgeries),
and their answers are compared with each other and with what was seen through the usual name server, which remembers old answers for a
while.

Why it matters:
Receivers ask any of the servers. If one of them has an old record, a part of the mail is judged by it, and nobody can tell which part.
After a change, receivers that asked before go on with what they remember until its time is up.

How to fix it:
If the servers differ, whoever runs them must bring them up to date. If only the remembered answer is old, nothing is to be done but to
wait until the time that is named.
"""

from collections.abc import Iterator
from datetime import timedelta

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsReading
from checks.rules._published import Kept, NameServer, Zone, kept_of, short_values, zone_of
from checks.subject import DomainSubject

INFORMATIONAL = True  # what receivers see decides, and other checks look at that
MAX_QUESTIONS = 8  # to a zone's own servers, for one domain
SOON = timedelta(hours=20)  # until then the hour alone is clear

EVERYWHERE = Outcome(
    code="published.everywhere",
    status=Status.PASS,
    title="Visible as published for {domain}: {what}; compared with {asked} of {zone} that answered",
    also=("servers",),
    references=("RFC 1034 section 4.2",),
)
DIFFERENT = Outcome(
    code="published.different-answers",
    status=Status.WARN,
    title="The name servers of {zone} do not agree on the {what} of {name}: {answers}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "If the record was changed within the last hours, wait: the servers may still be passing the change on. Then check again.",
        "If it stays so, ask whoever runs these name servers to bring them all to the same state, or take the ones that lag behind out of the domain's list of name servers.",
    ),
    references=("RFC 1034 section 4.3.5", "RFC 1912 section 2.2"),
)
OLD_VISIBLE = Outcome(
    code="published.remembered-answer",
    status=Status.NOTE,
    title="The {what} of {name} was changed on {asked} of {zone} that answered; receivers may see the old state until {until}",
    volatile=("until", "asked"),
    references=("RFC 2308 section 5", "RFC 1034 section 3.2.1"),
)
SILENT = Outcome(
    code="published.silent-servers",
    status=Status.NOTE,
    title="Some name servers of {zone} gave no answer of their own here: {servers}",
    references=("RFC 1912 section 2.8",),
)
NOT_REACHED = Outcome(
    code="published.servers-not-reached",
    status=Status.NOT_APPLICABLE,
    title="The name servers of {zone} cannot be asked from here one by one; what is seen through the usual name server counts",
)
NO_SERVERS = Outcome(
    code="published.no-name-servers",
    status=Status.NOT_APPLICABLE,
    title="The name server that was asked names no name servers for {domain}, so that they cannot be compared",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Ask every server for the records, and compare."""
    domain = subject.domain
    zone = zone_of(domain, ev, allow_private=subject.allow_private)
    if not zone.name:
        yield NO_SERVERS(about=domain, domain=domain)
        return
    kept = [one for one in kept_of(domain) if one.word != "SPF" or subject.envelope]
    kept = kept[: max(1, MAX_QUESTIONS // max(1, len(zone.servers)))]
    ev.all(*(one.at(server) for one in kept for server in zone.servers))
    awake = tuple(server for server in zone.servers if all(ev[one.at(server)].state.answered for one in kept))
    if not awake:
        yield NOT_REACHED(about=domain, zone=zone.name)
        return
    if silent := [name for name in zone.listed if name not in {server.name for server in awake}]:
        yield SILENT(about=domain, zone=zone.name, servers=silent)
    same: list[str] = []
    asked = f"all {len(awake):,} name servers" if len(awake) > 1 else "the only name server"
    for one in kept:
        if answers := _differences(one, awake, ev):
            yield DIFFERENT(about=domain, zone=zone.name, what=f"{one.word} record", name=one.name, answers=answers)
        elif (seen := _remembered(one, awake[0], ev)) is not None:
            yield _old(subject, zone, one, asked, seen)
        else:
            there = one.content(ev[one.at(awake[0])])
            same.append(f"{one.word} record" if there else f"no {one.word} record")
    if same:
        names = [server.name for server in awake]
        yield EVERYWHERE(about=domain, domain=domain, what=same, asked=asked, zone=zone.name, servers=names)


def _differences(one: Kept, servers: tuple[NameServer, ...], ev: Evidence) -> str:
    """Return who says what; empty if they agree."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for server in servers:
        groups.setdefault(one.content(ev[one.at(server)]), []).append(server.name)
    if len(groups) == 1:
        return ""
    said = (f"{', '.join(names)} {'says' if len(names) == 1 else 'say'} {_words(texts)}" for texts, names in groups.items())
    return "; ".join(said)


def _words(texts: tuple[str, ...]) -> str:
    return short_values([text if text.startswith("an alias") else f'"{text}"' for text in texts]) or "that there is none"


def _remembered(one: Kept, server: NameServer, ev: Evidence) -> DnsReading | None:
    """Return what the usual name server says, if it is not what the zone's own servers say."""
    seen = ev[one.probe]
    if not seen.state.answered or one.content(seen) == one.content(ev[one.at(server)]):
        return None
    return seen


def _old(subject: DomainSubject, zone: Zone, one: Kept, asked: str, seen: DnsReading) -> Finding:
    return OLD_VISIBLE(
        about=subject.domain,
        what=f"{one.word} record",
        name=one.name,
        asked=asked,
        zone=zone.name,
        until=_until(subject, seen),
    )


def _until(subject: DomainSubject, seen: DnsReading) -> str:
    """Write when the answer that was seen runs out (RFC 1034 section 3.2.1; RFC 2308 section 5 for "there is none")."""
    seconds = max((record.ttl for record in seen.records), default=seen.negative_ttl)
    if seconds is None:
        return "a time that the name server did not tell"
    try:
        end = subject.now + timedelta(seconds=seconds)
    except OverflowError:
        return "a time that lies beyond the calendar"
    zone = end.strftime("%Z") or "UTC"
    return f"{end:%H:%M} {zone}" if timedelta(seconds=seconds) < SOON else f"{end:%Y-%m-%d %H:%M} {zone}"
