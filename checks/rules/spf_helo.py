"""The server may introduce itself as it does.

What it checks:
Before a mail server hands over a message, it says its own name (HELO or EHLO). If the settings give such a name for a server of your own,
the check looks whether that name has an SPF record, and whether the record lets the server's addresses send.

Why it matters:
Mail that reports a failed delivery has no sender, so receivers look at this name instead; some look at it for all mail. Nothing breaks
without the record, but one that names other servers only speaks against your mail.

How to fix it:
Publish the short record that is shown, at the name itself. It counts if the server uses the same name when it delivers mail to others.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.evidence import Evidence, Undetermined
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.org_domain import by_suffix_list
from checks.records.spf import is_spf, parse
from checks.records.spf_door import Result, SpfResult, check_host
from checks.records.spf_edit import inserted
from checks.records.spf_shown import HELO
from checks.records.spf_tree import Failure
from checks.records.spf_view import with_record
from checks.rules._spf import short
from checks.rules._spf_senders import MAX_ADDRESSES, Sender, senders, term_of
from checks.rules._spf_shown import shown_ways
from checks.subject import DomainSubject

INFORMATIONAL = True

AUTHORISED = Outcome(
    code="spf.helo-authorised",
    status=Status.PASS,
    title="{helo}, the name with which {server} introduces itself, has an SPF record that lets {addresses} send",
    references=("RFC 7208 section 2.3",),
    also=("paths",),
    volatile=("paths",),
)
NO_RECORD = Outcome(
    code="spf.helo-without-record",
    status=Status.NOTE,
    title="{helo}, the name with which {server} introduces itself, has no SPF record; receivers look for one when a message has no sender",
    owner=Owner.DNS_ADMIN,
    steps=("If {server} uses this name towards receivers, too, add a TXT record at {helo} that lets {addresses} send.",),
    references=("RFC 7208 section 2.3", "RFC 7208 section 10.1.3"),
    also=("paths",),
    volatile=("paths",),
)
NOT_AUTHORISED = Outcome(
    code="spf.helo-not-authorised",
    status=Status.NOTE,
    title="The SPF record of {helo}, the name with which {server} introduces itself, does not let {addresses} send: SPF result {result}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "If {server} uses this name towards receivers, too, put {terms} into the SPF record at {helo}, before its last term.",
    ),
    references=("RFC 7208 section 2.3",),
    also=("published", "paths"),
    volatile=("paths",),
)
BROKEN = Outcome(
    code="spf.helo-record-broken",
    status=Status.NOTE,
    title="Receivers cannot use the SPF record of {helo}, the name with which {server} introduces itself: {problem}",
    owner=Owner.DNS_ADMIN,
    steps=("Check {helo} by itself (sendready check --domain {helo}) and correct the SPF record there.",),
    references=("RFC 7208 section 2.3",),
    also=("addresses", "paths"),
    volatile=("paths",),
)
NOT_JUDGED = Outcome(
    code="spf.helo-not-judged",
    status=Status.NOT_APPLICABLE,
    title="{domain}: whether a server may introduce itself as it does was not judged, because {reason}",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge each name that a server of one's own is configured to say. What could not be read is said last."""
    domain = subject.domain
    if not subject.envelope:
        yield NOT_JUDGED(about=domain, domain=domain, reason="it is not the envelope domain of any server here")
        return
    own = _introductions(subject, ev)
    if not own:
        reason = "no server of your own with a public address and a name of its own (ehlo) is in the settings"
        yield NOT_JUDGED(about=domain, domain=domain, reason=reason)
    failures: list[Failure] = []
    for server in own:
        results = _results(server, ev)
        failed = [result.failure for result in results.values() if result.failure] or list(server.failures)
        failures += failed
        if results and not failed:
            yield _judged(server, results, ev, domain)
    if failures:
        raise Undetermined(failures[0].probe, failures[0].reading)


def _introductions(subject: DomainSubject, ev: Evidence) -> list[Sender]:
    """Return the servers with a name to judge: the envelope domain itself is judged by spf.authorisation."""
    known = senders(replace(subject, sending_ips=()), ev, sample=False)
    own = [
        sender
        for sender in known
        if not sender.include and not sender.guessed and sender.helo != subject.domain and (sender.addresses or sender.failures)
    ]
    named = tuple(dict.fromkeys(subject.sending_ips))[:MAX_ADDRESSES]
    return [replace(sender, addresses=named, failures=()) for sender in own] if named else own


def _results(server: Sender, ev: Evidence) -> dict[str, SpfResult]:
    """Evaluate the HELO identity (RFC 7208 section 2.3), as it is also done for an empty envelope sender (section 2.4)."""
    return {address: check_host(ip=address, mail_from="", helo=server.helo, ev=ev) for address in server.addresses}


def _judged(server: Sender, results: dict[str, SpfResult], ev: Evidence, domain: str) -> Finding:
    helo, addresses = server.helo, list(results)
    paths = shown_ways(domain, HELO, helo, results)
    broken = [result for result in results.values() if result.result is Result.PERMERROR]
    if broken:
        return BROKEN(
            about=helo,
            helo=helo,
            server=server.label,
            addresses=addresses,
            problem=short(broken[0].problem) or "it is broken",
            paths=paths,
        )
    if all(result.result is Result.NONE for result in results.values()):
        records = _first(server, ev, domain)
        return NO_RECORD(about=helo, helo=helo, server=server.label, addresses=addresses, paths=paths, records=records)
    refused = [address for address, result in results.items() if result.result is not Result.PASS]
    if not refused:
        return AUTHORISED(about=helo, helo=helo, server=server.label, addresses=addresses, paths=paths)
    published = next(text for text in ev[DnsProbe(helo, "TXT")].values if is_spf(text))
    terms = [term_of(address) for address in refused]
    text = inserted(parse(published), terms)
    return NOT_AUTHORISED(
        about=helo,
        helo=helo,
        server=server.label,
        addresses=refused,
        result=results[refused[0]].result.value,
        terms=terms,
        published=published,
        paths=paths,
        records=_shown(server, text, Action.REPLACE, ev, domain),
    )


def _first(server: Sender, ev: Evidence, domain: str) -> list[DnsChange]:
    """Propose what RFC 7208 section 10.1.3 gives for such a name, or else the addresses."""
    by_address = " ".join(["v=spf1", *(term_of(address) for address in server.addresses), "-all"])
    return _shown(server, "v=spf1 a -all", Action.ADD, ev, domain) or _shown(server, by_address, Action.ADD, ev, domain)


def _shown(server: Sender, text: str, action: Action, ev: Evidence, domain: str) -> list[DnsChange]:
    """Show a record only where it can be published (one's own zone, no alias) and lets the server send."""
    helo = server.helo
    if ev[DnsProbe(helo, "TXT")].chain or "." not in helo or by_suffix_list(helo) != by_suffix_list(domain):
        return []
    after = _results(server, with_record(ev, helo, text))
    good = all(result.result is Result.PASS for result in after.values())
    return [DnsChange(action=action, name=helo, type="TXT", value=text)] if good else []
