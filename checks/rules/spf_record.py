"""SPF record is there, once.

What it checks:
The domain in the envelope of the mail publishes exactly one SPF record: a text record in DNS that begins with "v=spf1" and lists the
servers that may send for the domain.

Why it matters:
Without the record, receivers have one reason less to trust the mail, and the large ones refuse it or put it into the spam folder.
Two records are as bad as none: receivers must treat both as broken.

How to fix it:
Publish the one record that is shown, at the domain itself. If there are two, it takes the place of both. If other services send for
the domain, too, put their terms before the last one.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf import is_spf, parse
from checks.records.spf_macro import is_askable
from checks.records.spf_repair import almost_spf
from checks.records.spf_tree import walk
from checks.records.spf_view import with_record
from checks.rules._absent import is_absent
from checks.rules._spf import alias_steps, short
from checks.rules._spf_propose import first_record, merged_record
from checks.subject import DomainSubject

PRESENT = Outcome(
    code="spf.present",
    status=Status.PASS,
    title="{domain} publishes one SPF record",
    also=("record",),
    references=("RFC 7208 section 3",),
)
MISSING = Outcome(
    code="spf.missing",
    status=Status.FAIL,
    title="{domain} publishes no SPF record",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Add the TXT record below at {domain}.",
        "If other services send mail as {domain} too, add their SPF terms before the last one.",
    ),
    references=("RFC 7208 section 4.5",),
)
MISSPELT = Outcome(
    code="spf.misspelt-version",
    status=Status.FAIL,
    title='{domain} publishes a record that is meant to be SPF but does not begin with "v=spf1 ": receivers do not see "{published}"',
    owner=Owner.DNS_ADMIN,
    steps=("Replace the TXT record at {domain} by the one below.",),
    references=("RFC 7208 section 4.5",),
)
WRONG_NAME = Outcome(
    code="spf.record-at-wrong-name",
    status=Status.FAIL,
    title="The SPF record of {domain} was published at {wrong}; the domain is there twice",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Move the TXT record from {wrong} to {domain}. Many DNS panels add the domain by themselves: leave the name empty there, or enter @.",
    ),
    references=("RFC 7208 section 3",),
    also=("record",),
)
MULTIPLE = Outcome(
    code="spf.multiple-records",
    status=Status.FAIL,
    title="{domain} publishes {count} SPF records; receivers accept exactly one",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the {count} records by the one below, and keep no second one.",),
    references=("RFC 7208 section 4.5",),
    also=("published",),
)
TYPE_99 = Outcome(
    code="spf.type-99-only",
    status=Status.NOTE,
    title="{domain} publishes its SPF record with the abandoned record type SPF (99) only; receivers look for type TXT",
    owner=Owner.DNS_ADMIN,
    steps=("Publish the same text as a TXT record at {domain}; the record of type SPF may then go.",),
    references=("RFC 7208 section 3.1",),
    also=("published",),
)
NOT_ENVELOPE = Outcome(
    code="spf.not-envelope",
    status=Status.NOT_APPLICABLE,
    title="{domain} is not the envelope domain of any server here; its SPF record is not consulted",
)
NO_DOMAIN = Outcome(
    code="spf.domain-missing",
    status=Status.NOT_APPLICABLE,
    title="{domain} does not exist, so there is no SPF record to look for (see mx.record)",
    references=("RFC 8020 section 2",),
)
NO_PROPOSAL = (
    "Find out which servers and services send mail as {domain}.",
    'Add one TXT record at {domain} that names them, like "v=spf1 ip4:192.0.2.1 include:spf.example.org ~all".',
)
MERGE_BY_HAND = (
    "Write one SPF record for {domain} that has the terms of all {count} records, without those of services that no longer send.",
    "It must not cost more than ten look-ups (see spf.lookups). Then delete the {count} old ones.",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Count the records that begin with the version tag."""
    domain = subject.domain
    if not subject.envelope:
        yield NOT_ENVELOPE(about=domain, domain=domain)
        return
    reading = ev.need(DnsProbe(domain, "TXT"))
    name = (reading.chain or (domain,))[-1]  # RFC 1034 section 3.6.2: beside an alias there is no room for a record
    found = [text for text in reading.values if is_spf(text)]  # RFC 7208 section 4.5
    if len(found) == 1:
        yield PRESENT(about=domain, domain=domain, record=found[0])
    elif found:
        yield _multiple(subject, name, found, ev)
    elif is_absent(domain, ev):
        yield NO_DOMAIN(about=domain, domain=domain)
    elif almost := [(text, meant) for text in reading.values if (meant := almost_spf(text))]:
        published, meant = almost[0]
        changes = [
            DnsChange(action=Action.REMOVE, name=name, type="TXT", value=published),
            DnsChange(action=Action.ADD, name=name, type="TXT", value=meant),
        ]
        steps = alias_steps(domain, name, meant)
        yield MISSPELT(about=domain, domain=domain, published=short(published), records=[] if steps else changes, steps=steps)
    elif name == domain and (misplaced := _at_doubled_name(domain, ev)):
        yield _moved(subject, misplaced, ev)
    else:
        abandoned = _of_type_99(domain, ev)
        if abandoned:
            yield TYPE_99(about=domain, domain=domain, published=short(abandoned[0]))
        text = _usable_one(domain, abandoned, ev) or first_record(subject, ev)
        steps = alias_steps(domain, name, text) if text else tuple(step.format(domain=domain) for step in NO_PROPOSAL)
        changes = [] if steps else [DnsChange(action=Action.ADD, name=name, type="TXT", value=text)]
        yield MISSING(about=domain, domain=domain, records=changes, steps=steps)


def _multiple(subject: DomainSubject, name: str, found: list[str], ev: Evidence) -> Finding:
    domain = subject.domain
    text = merged_record(subject, found, ev)
    steps = (
        alias_steps(domain, name, text) if text else tuple(step.format(domain=domain, count=len(found)) for step in MERGE_BY_HAND)
    )
    changes = [] if steps else [DnsChange(action=Action.REPLACE, name=name, type="TXT", value=text)]
    return MULTIPLE(about=domain, domain=domain, count=len(found), published=found, records=changes, steps=steps)


def _at_doubled_name(domain: str, ev: Evidence) -> list[str]:
    """Return the records at example.org.example.org, unless a wildcard put them there, or may have."""
    doubled = f"{domain}.{domain}"
    if not is_askable(doubled):
        return []
    there, wild = ev.all(DnsProbe(doubled, "TXT"), DnsProbe(f"*.{domain}", "TXT"))
    return [text for text in there.values if is_spf(text) and text not in wild.values] if wild.state.answered else []


def _of_type_99(domain: str, ev: Evidence) -> list[str]:
    """Return SPF records of the type that RFC 7208 section 3.1 gave up. Only asked where there is no other; a failure is no matter."""
    return [text for text in ev[DnsProbe(domain, "SPF")].values if is_spf(text)]


def _usable_one(domain: str, found: list[str], ev: Evidence) -> str:
    """Return the one record of several texts that receivers could use as it is, "" if there is none."""
    text = found[0] if len(found) == 1 else ""
    return text if text and not parse(text).problems and not walk(domain, with_record(ev, domain, text)).broken else ""


def _moved(subject: DomainSubject, found: list[str], ev: Evidence) -> Finding:
    domain = subject.domain
    wrong = f"{domain}.{domain}"
    text = found[0] if len(found) == 1 else merged_record(subject, found, ev)
    changes: list[DnsChange] = []
    if text and not walk(domain, with_record(ev, domain, text)).broken:
        removed = [DnsChange(action=Action.REMOVE, name=wrong, type="TXT", value=old) for old in found]
        changes = [DnsChange(action=Action.ADD, name=domain, type="TXT", value=text), *removed]
    return WRONG_NAME(about=domain, domain=domain, wrong=wrong, record=found[0], records=changes)
