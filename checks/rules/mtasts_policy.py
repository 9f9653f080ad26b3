"""A policy for encrypted delivery fits the mail servers.

What it checks:
Whether the domain publishes a policy that asks senders to deliver to it over encrypted connections only (MTA-STS), whether senders can
fetch and read that policy, and whether it lists the domain's mail servers.

Why it matters:
The policy protects mail to the domain, not the mail that you send; no receiver asks for it. But a policy in force that leaves out a
mail server keeps answers and delivery failures from arriving there.

How to fix it:
Correct the policy file on the domain's web server, then give the announcement in the DNS a new id, so that senders fetch it anew.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, HttpsFault, HttpsProbe, HttpsReading
from checks.records.address import Kind, kind
from checks.records.mta_sts import Mode, is_announcement, meant_as_announcement, parse_policy, parse_record, repaired_announcement
from checks.rules._absent import is_absent
from checks.rules._alias import mending_at
from checks.rules._hosts import look_up
from checks.subject import DomainSubject

INFORMATIONAL = True

PATH = "/.well-known/mta-sts.txt"  # RFC 8461 section 3.3
SHOWN = 5
LONGEST_SHOWN = 300  # characters of a published record that a finding repeats

FITTING = Outcome(
    code="mtasts.fitting-policy",
    status=Status.PASS,
    title="{domain} publishes a policy for encrypted delivery (MTA-STS, mode {mode}) that lists its mail servers",
    references=("RFC 8461 section 4.1",),
)
ABSENT = Outcome(
    code="mtasts.no-policy",
    status=Status.NOT_APPLICABLE,
    title="{domain} publishes no policy for encrypted delivery (MTA-STS); it is needed only for receiving mail",
    references=("RFC 8461 section 3.1",),
)
WITHDRAWN = Outcome(
    code="mtasts.withdrawn-policy",
    status=Status.NOT_APPLICABLE,
    title="{domain} has withdrawn its policy for encrypted delivery (MTA-STS, mode none)",
    references=("RFC 8461 section 8.3",),
)
NO_DOMAIN = Outcome(
    code="mtasts.domain-missing", status=Status.NOT_APPLICABLE, title="{domain} does not exist, so it can have no MTA-STS policy"
)
SEVERAL = Outcome(
    code="mtasts.several-records",
    status=Status.NOTE,
    title="{domain} announces its policy for encrypted delivery (MTA-STS) {count} times, so senders act as if there were none",
    owner=Owner.DNS_ADMIN,
    steps=("Keep one TXT record at _mta-sts.{domain} that begins with v=STSv1, and delete the others.",),
    references=("RFC 8461 section 3.1",),
)
BAD_RECORD = Outcome(
    code="mtasts.malformed-record",
    status=Status.NOTE,
    title="The announcement of an MTA-STS policy at _mta-sts.{domain} is not well-formed, so senders act as if there were none: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Write the TXT record at _mta-sts.{domain} as v=STSv1; id= and a number that changes with the policy, like the date.",
    ),
    references=("RFC 8461 section 3.1",),
)
MISWRITTEN = Outcome(
    code="mtasts.miswritten-version",
    status=Status.NOTE,
    title="The record at _mta-sts.{domain} is meant as an announcement of an MTA-STS policy but does not begin with v=STSv1; so senders overlook it",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Let the TXT record at _mta-sts.{domain} begin with v=STSv1; with the semicolon, just so in capitals and small letters.",
    ),
    also=("published",),
    references=("RFC 8461 section 3.1",),
)
UNREACHABLE = Outcome(
    code="mtasts.unreachable-policy",
    status=Status.NOTE,
    title="{domain} announces a policy for encrypted delivery (MTA-STS) that senders cannot fetch: {reason}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Serve the policy at {url}, without redirect and with a certificate for that name.",
        "If no policy is wanted, delete the TXT record at _mta-sts.{domain}.",
    ),
    references=("RFC 8461 section 3.3",),
)
BAD_POLICY = Outcome(
    code="mtasts.malformed-policy",
    status=Status.NOTE,
    title="The policy for encrypted delivery (MTA-STS) of {domain} is not well-formed, so senders act as if there were none: {problems}",
    owner=Owner.MAIL_ADMIN,
    steps=("Correct the file at {url}, then give the TXT record at _mta-sts.{domain} a new id.",),
    references=("RFC 8461 section 3.2",),
)
UNLISTED = Outcome(
    code="mtasts.unlisted-mail-server",
    status=Status.WARN,
    title="The policy for encrypted delivery (MTA-STS) of {domain} leaves out {hosts}, so senders that obey it deliver nothing there",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Add a line to the file at {url} for each mail server that is missing there: mx: and the server's name.",
        "Then give the TXT record at _mta-sts.{domain} a new id.",
    ),
    references=("RFC 8461 section 4.1",),
)
UNLISTED_IN_TEST = Outcome(
    code="mtasts.unlisted-in-testing",
    status=Status.NOTE,
    title="The policy for encrypted delivery (MTA-STS) of {domain} leaves out {hosts}; it is in test yet, so nothing is lost",
    owner=Owner.MAIL_ADMIN,
    steps=("Before the policy is put in force, add a line to the file at {url} for each mail server that is missing there.",),
    references=("RFC 8461 section 5",),
)

REASONS = {
    HttpsFault.TIMEOUT: "the web server does not answer in time",
    HttpsFault.REFUSED: "no web server answers there",
    HttpsFault.CLOSED: "the web server hangs up before its answer is complete",
    HttpsFault.TLS_FAILED: "the web server's certificate does not hold",
    HttpsFault.MALFORMED: "what answers there speaks no proper HTTP",
    HttpsFault.TOO_LONG: "the answer is too long to be a policy",
    HttpsFault.CODED: "the answer is compressed, which nobody asked for",
}


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the announcement; only where there is one, fetch the policy."""
    domain = subject.domain
    if is_absent(domain, ev):
        yield NO_DOMAIN(about=domain, domain=domain)
        return
    published = ev.need(DnsProbe(f"_mta-sts.{domain}", "TXT")).values
    texts = [text for text in published if is_announcement(text)]
    if not texts:
        yield _unseen(domain, published, ev)
    elif len(texts) > 1:
        yield SEVERAL(about=domain, domain=domain, count=len(texts))
    elif problems := parse_record(texts[0]).problems:
        yield BAD_RECORD(about=domain, domain=domain, problems=_first(problems))
    else:
        yield _policy(subject, ev)


def _unseen(domain: str, published: Sequence[str], ev: Evidence) -> Finding:
    """Senders see no announcement; perhaps somebody meant to write one."""
    meant = next((text for text in published if meant_as_announcement(text)), "")
    if not meant:
        return ABSENT(about=domain, domain=domain)
    mended = mending_at(f"_mta-sts.{domain}", repaired_announcement(meant), ev)
    return MISWRITTEN(about=domain, domain=domain, published=[meant[:LONGEST_SHOWN]], records=mended.records, steps=mended.steps)


def _policy(subject: DomainSubject, ev: Evidence) -> Finding:
    domain = subject.domain
    url = f"https://mta-sts.{domain}{PATH}"
    text, reason = _fetched(subject, ev)
    if reason:
        return UNREACHABLE(about=domain, domain=domain, url=url, reason=reason)
    policy = parse_policy(text)
    if policy.problems or policy.mode is None:
        return BAD_POLICY(about=domain, domain=domain, url=url, problems=_first(policy.problems))
    if policy.mode is Mode.NONE:
        return WITHDRAWN(about=domain, domain=domain)
    servers = ev.need(DnsProbe(domain, "MX")).values
    missing = sorted(host for host in servers if host != "." and not policy.lists(host))
    if missing:
        shown = missing if len(missing) <= SHOWN else [*missing[:SHOWN], f"{len(missing) - SHOWN} more"]
        outcome = UNLISTED if policy.mode is Mode.ENFORCE else UNLISTED_IN_TEST
        return outcome(about=domain, domain=domain, url=url, hosts=shown)
    return FITTING(about=domain, domain=domain, mode=policy.mode.value)


def _fetched(subject: DomainSubject, ev: Evidence) -> tuple[str, str]:
    """Return the policy, or why senders cannot have it. The name is resolved once, here; only public addresses are asked."""
    host = f"mta-sts.{subject.domain}"
    found = look_up(ev, [host])[0]
    if not found.addresses:
        if found.failed:
            ev.need(found.failed[0])
        return "", f"{host} has no address"
    allowed = [item for item in found.addresses if subject.allow_private or kind(item) is Kind.PUBLIC]
    probes = [HttpsProbe(host=host, address=item, path=PATH) for item in _one_of_each(allowed)]
    if not probes:
        return "", f"the address of {host} cannot be reached from outside"
    last = probes[0]
    for probe in probes:
        last = probe
        if ev[probe].state is State.OK:
            break
    reading = ev[last]
    if reading.state is not State.REFUSED:
        ev.need(last)
    return (reading.body, "") if _is_policy(reading) else ("", _why_not(reading))


def _one_of_each(addresses: list[str]) -> list[str]:
    """One IPv4 address, then one IPv6 address: the other kind may be reachable where the first is not."""
    four = [item for item in addresses if ":" not in item]
    six = [item for item in addresses if ":" in item]
    return four[:1] + six[:1]


def _is_policy(reading: HttpsReading) -> bool:
    return not reading.fault and reading.status == 200


def _why_not(reading: HttpsReading) -> str:
    if reading.fault:
        return REASONS.get(reading.fault, "nothing usable comes from there")
    if 300 <= reading.status < 400:  # RFC 8461 section 3.3: redirects must not be followed
        return "the web server sends a redirect, which senders do not follow"
    return f"the web server answers with the error {reading.status}"


def _first(problems: tuple[object, ...]) -> list[str]:
    return [str(problem) for problem in problems[:3]]
