"""Sender and envelope belong together.

What it checks:
Foretells from the settings whether receivers will find that the domain which recipients see, the domain that bounces go to, and the
domain that signs the mail belong together. This is called alignment.

Why it matters:
DMARC passes only if the address that bounces go to, or the signature, is of the same organisation as the visible sender. If neither is,
Gmail, Outlook.com and others refuse the mail of bulk senders, and everybody refuses it if the domain's own policy says so.

How to fix it:
Use a bounce address (return path) at the domain of the visible sender, and let the server sign as that domain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.dmarc import Policy
from checks.records.dmarc_walk import Walk, organisation_of, tree_walk
from checks.records.org_domain import aligned, by_suffix_list
from checks.rules._arrived_domain import selectors_by_server
from checks.rules._bulk import is_bulk
from checks.rules._dkim import Group, has_no_selectors, look_for_server, usable
from checks.rules._dmarc import BULK_REFERENCE
from checks.settings import Server
from checks.subject import ServerSubject, domain_of

ALIGNED = Outcome(
    code="dmarc.aligned",
    status=Status.PASS,
    title="{server}: bounce address and signature both belong to {domain}",
    also=("envelope",),
    references=("RFC 9989 section 4.4",),
)
ONLY_SPF = Outcome(
    code="dmarc.only-envelope-aligned",
    status=Status.NOTE,
    title="{server}: the bounce address belongs to {domain}; that its signature does is not known, so forwarded mail may fail",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign as {domain} (DKIM), publish the key, and name the selector in the settings.",),
    also=("envelope",),
    references=("RFC 9989 section 4.4.1",),
)
ONLY_DKIM = Outcome(
    code="dmarc.only-signature-aligned",
    status=Status.NOTE,
    title="{server}: the signature belongs to {domain}, the bounce address at {envelope} does not",
    references=("RFC 9989 section 4.4",),
)
UNALIGNED = Outcome(
    code="dmarc.unaligned",
    status=Status.WARN,
    weighs=(Status.FAIL, Status.NOTE),
    title="{server}: neither the bounce address ({envelope}) nor a signature belongs to {domain}, so its mail cannot pass DMARC",
    owner=Owner.US,
    steps=(
        "Use a return path at {domain}, like bounces@{domain}, and let the SPF record of {domain} name this server.",
        "Or let the server sign as {domain} (DKIM), publish the key, and name the selector in the settings.",
    ),
    also=("policy",),
    references=("RFC 9989 section 4.4", BULK_REFERENCE),
)
UNCERTAIN = Outcome(
    code="dmarc.uncertain-alignment",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: mail from {domain} passes DMARC only if the server signs as {domain}, which is not known: bounces go to {envelope}",
    owner=Owner.US,
    steps=(
        "Look into a received message: the line DKIM-Signature must have d={domain}. Name its selector (s=) in the settings.",
        "Or use a return path at {domain}, like bounces@{domain}.",
    ),
    also=("policy",),
    references=("RFC 9989 section 4.4",),
)
DISPUTED = Outcome(
    code="dmarc.disputed-alignment",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: only some receivers count {envelope}, where bounces go, as belonging to {domain}",
    owner=Owner.US,
    steps=(
        "Use a return path at {domain} itself; or publish a DMARC record at _dmarc.{organisation}, which makes all receivers agree.",
    ),
    also=("policy",),
    references=("RFC 9989 section 4.10.2", "RFC 7489 section 3.2"),
)


class Answer(Enum):
    """What can be foretold."""

    YES = 1
    DISPUTED = 2  # by one of the two ways to tell organisations apart
    UNKNOWN = 3
    NO = 4


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Mail that one server sends as one domain."""

    server: Server
    domain: str
    envelope: str
    signed: tuple[str, ...] = ()
    """Selectors with which a message that has arrived is signed as the domain."""


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Foretell for each domain that the server sends as: its sender's, and those that its filter names."""
    for foretold in _streams(subject.server):
        stream = replace(foretold, signed=selectors_by_server(subject, foretold.domain, ev))
        walk = tree_walk(stream.domain, ev)
        spf = _spf(stream, walk, ev)
        dkim = _dkim(stream, walk, needed=spf is not Answer.YES, ev=ev)
        yield _say(subject, stream, walk, spf, dkim)


def _streams(server: Server) -> list[Stream]:
    """Without a return path, bounces go to the visible sender (RFC 5321 section 4.4). Patterns for sub-domains cannot be foretold."""
    domains = dict.fromkeys(domain_of(address) for address in (server.sender.email, *server.filter))
    bounce = domain_of(server.return_path) if server.return_path else ""
    return [Stream(server=server, domain=domain, envelope=bounce or domain) for domain in domains if not domain.startswith("*.")]


def _spf(stream: Stream, walk: Walk, ev: Evidence) -> Answer:
    """Whether the envelope's domain aligns, by the tree walk and by the public suffix list (RFC 9989 section 4.4.2)."""
    strict = walk.record is not None and walk.record.strict_spf
    if strict or stream.envelope == stream.domain:
        return Answer.YES if stream.envelope == stream.domain else Answer.NO
    older = aligned(
        stream.domain, stream.envelope, strict=False,
        author_organisation=by_suffix_list(stream.domain), other_organisation=by_suffix_list(stream.envelope),
    )  # fmt: skip
    if walk.record is None:  # without a record nobody walks
        return Answer.YES if older else Answer.NO
    newer = organisation_of(walk) == organisation_of(tree_walk(stream.envelope, ev))
    return Answer.DISPUTED if newer != older else Answer.YES if newer else Answer.NO


def _signs(group: Group) -> bool:
    """Whether a signature could be verified: a withdrawn key is no key."""
    return any(usable(key) for spot in group.found for key in spot.keys)


def _dkim(stream: Stream, walk: Walk, *, needed: bool, ev: Evidence) -> Answer:
    """Whether a signature of the domain is to be expected: its key is there for a selector of this server."""
    strict = walk.record is not None and walk.record.strict_dkim
    groups = look_for_server(stream.domain, stream.server, ev, signed=stream.signed)
    if any(_signs(group) and (group.domain == stream.domain or not strict) for group in groups):
        return Answer.YES
    if not needed:
        return Answer.UNKNOWN
    for group in groups:
        group.settle(ev)
    if (
        stream.server.selectors
        or stream.signed
        or any(group.signed_as_itself for group in groups)
        or has_no_selectors(stream.domain, ev)
    ):
        return Answer.NO
    return Answer.UNKNOWN


def _say(subject: ServerSubject, stream: Stream, walk: Walk, spf: Answer, dkim: Answer) -> Finding:
    record = walk.record
    policy = record.in_force(inherited=walk.inherited) if record is not None and record.usable else None
    harsh = policy is not None and policy is not Policy.NONE
    bulk = is_bulk(subject.settings.volume)
    about = server = subject.name
    domain, envelope = stream.domain, stream.envelope
    if dkim is Answer.YES:
        return (ALIGNED if spf is Answer.YES else ONLY_DKIM)(about=about, server=server, domain=domain, envelope=envelope)
    if spf is Answer.YES:
        return ONLY_SPF(about=about, server=server, domain=domain, envelope=envelope)
    spoken = str(policy) if policy else "absent"
    if spf is Answer.DISPUTED:
        status = Status.WARN if harsh or bulk else Status.NOTE
        organisation = by_suffix_list(domain)
        return DISPUTED(
            about=about, status=status, server=server, domain=domain, envelope=envelope, organisation=organisation, policy=spoken
        )
    if dkim is Answer.UNKNOWN:
        status = Status.WARN if harsh or bulk else Status.NOTE
        return UNCERTAIN(about=about, status=status, server=server, domain=domain, envelope=envelope, policy=spoken)
    status = Status.FAIL if harsh or bulk else Status.WARN if policy else Status.NOTE
    return UNALIGNED(about=about, status=status, server=server, domain=domain, envelope=envelope, policy=spoken)
