"""DKIM key can be used.

What it checks:
The text of each DKIM key found in DNS: whether receivers can read it, whether it was withdrawn, and whether it is meant for mail and for
the signatures of today.

Why it matters:
A key that was cut off while copying, or withdrawn by emptying it, makes every signature count as broken, although "something" is
published. Receivers then treat the mail as unsigned or as forged.

How to fix it:
Replace the record by the one that the mail server or its provider shows now. Copy it in one piece, without quotation marks and without
the lines BEGIN PUBLIC KEY and END PUBLIC KEY.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.records.dkim import DkimKey
from checks.rules._dkim import Group, Spot, Why, look, usable
from checks.subject import DomainSubject

USABLE = Outcome(
    code="dkim.key-usable",
    status=Status.PASS,
    title="Receivers can read the DKIM key at {name}",
    also=("record",),
)
REVOKED = Outcome(
    code="dkim.key-revoked",
    status=Status.FAIL,
    title="The DKIM key at {name} is withdrawn: its record has an empty key (p=)",
    owner=Owner.DNS_ADMIN,
    steps=("Publish the present key of the mail server at {name}, or have the server sign with a selector whose key is valid.",),
    also=("record",),
    references=("RFC 6376 section 3.6.1",),
)
UNREADABLE = Outcome(
    code="dkim.key-unreadable",
    status=Status.FAIL,
    title="The DKIM key at {name} cannot be read: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the record at {name} by the one that the mail server or its provider shows, copied in one piece.",),
    also=("record",),
    references=("RFC 6376 section 3.6.1",),
)
OLD_HASH = Outcome(
    code="dkim.key-without-sha256",
    status=Status.FAIL,
    title="The DKIM key at {name} allows only {hashes} (h=), but today's signatures use sha256",
    owner=Owner.DNS_ADMIN,
    steps=("Take the part that begins with h= out of the record at {name}.",),
    also=("record",),
    references=("RFC 8301 section 3.1",),
)
NOT_MAIL = Outcome(
    code="dkim.key-not-for-mail",
    status=Status.FAIL,
    title="The DKIM key at {name} is not meant for mail: it allows only {services} (s=)",
    owner=Owner.DNS_ADMIN,
    steps=("Take the part that begins with s= out of the record at {name}, or publish a key that is meant for mail.",),
    also=("record",),
    references=("RFC 6376 section 3.6.1",),
)
SLIPS = Outcome(
    code="dkim.key-slips",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="The DKIM key at {name} has slips that some receivers do not forgive: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the record at {name} by the one that the mail server or its provider shows, copied in one piece.",),
    also=("record",),
    references=("RFC 6376 section 3.2",),
)
MULTIPLE = Outcome(
    code="dkim.multiple-keys",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{name} holds {count} DKIM keys; receivers take any one of them, so signatures fail by chance",
    owner=Owner.DNS_ADMIN,
    steps=("Keep only the key that the mail server signs with, and remove the others at {name}.",),
    also=("published",),
    references=("RFC 6376 section 3.6.2.2",),
)
TEXT_BESIDE = Outcome(
    code="dkim.text-beside-key",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{name} holds another text record beside the DKIM key; some receivers then take none of them",
    owner=Owner.DNS_ADMIN,
    steps=("Keep only the DKIM key at {name}, and remove the other text record: {others}.",),
    references=("RFC 6376 section 3.6.2.2",),
)
TESTING = Outcome(
    code="dkim.test-flag",
    status=Status.NOTE,
    title="The DKIM key at {name} is marked as a test (t=y); receivers may ignore its signatures",
    owner=Owner.DNS_ADMIN,
    steps=("When signing works, take t=y out of the record at {name}.",),
    also=("record",),
    references=("RFC 6376 section 3.6.1",),
)
STRICT = Outcome(
    code="dkim.strict-identity",
    status=Status.NOTE,
    title="The DKIM key at {name} forbids signatures that name a sub-domain (t=s), such as {domain}",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign without i=, or with i=@{parent}; or take t=s out of the record at {name}.",),
    also=("record",),
    references=("RFC 6376 section 3.6.1",),
)
PERHAPS_UNUSED = Outcome(
    code="dkim.unusable-key-perhaps-unused",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="The DKIM key at {names} cannot verify anything (withdrawn or damaged); whether {provider} still signs with it is not known",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Look into a received message which selector signs it (DKIM-Signature, after s=), and check with --selector.",
        "If {provider} signs with it, let {provider} make a new key; if not, the record does no harm.",
    ),
    references=("RFC 6376 section 3.6.1",),
)
NONE_FOUND = Outcome(
    code="dkim.no-key-to-read",
    status=Status.NOT_APPLICABLE,
    title="{domain}: no DKIM key was found to read",
)

SHOWN = 500  # characters of a record kept in a finding; a key of 2048 bits has about 410


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge each key found. Of a provider's selectors one good key is enough; old ones may lie beside it."""
    groups = look(subject, ev) if subject.header_from else ()
    open_question = [group for group in groups if group.why is not Why.NAMED and group.failed and not _good(group)]
    for group in groups:
        if group not in open_question:
            yield from _group(subject.domain, group)
    for group in open_question:
        group.need_all(ev)
    for group in groups:
        group.settle(ev)
    if not any(group.found for group in groups):
        yield NONE_FOUND(about=subject.domain, domain=subject.domain)


def _group(domain: str, group: Group) -> Iterator[Finding]:
    """A selector that somebody named signs; a provider's usual one may lie there from former times, withdrawn as it should be."""
    good = _good(group)
    if group.why is Why.NAMED or good:
        for spot in group.found if group.why is Why.NAMED else good:
            yield from _spot(domain, spot, certain=group.why is not Why.USUAL)
    elif group.found:
        status = Status.WARN if group.why is Why.SERVER else Status.NOTE
        names = [spot.name for spot in group.found]
        provider = group.provider.name if group.provider else "the mail server"
        yield PERHAPS_UNUSED(about=domain, status=status, provider=provider, names=names)


def _good(group: Group) -> tuple[Spot, ...]:
    return tuple(spot for spot in group.found if all(usable(key) for key in spot.keys))


def _spot(domain: str, spot: Spot, *, certain: bool) -> Iterator[Finding]:
    """A slip at a name that was only tried because many use it breaks perhaps nothing."""
    weight = Status.WARN if certain else Status.NOTE
    if len(spot.keys) > 1:
        published = [key.text[:SHOWN] for key in spot.keys[:5]]
        yield MULTIPLE(about=domain, status=weight, name=spot.name, count=len(spot.keys), published=published)
    if spot.keys and spot.others:  # OpenDKIM gives up on more than one text, whatever they are
        others = [text[:SHOWN] for text in spot.others[:5]]
        removed = (
            []
            if spot.reading.chain
            else [DnsChange(action=Action.REMOVE, name=spot.name, type="TXT", value=text) for text in spot.others[:5]]
        )
        yield TEXT_BESIDE(about=domain, status=weight, name=spot.name, others=others, records=removed)
    for key in spot.keys[:5]:
        yield from _key(domain, spot, key, weight)


def _key(domain: str, spot: Spot, key: DkimKey, weight: Status) -> Iterator[Finding]:
    name, record = spot.name, key.text[:SHOWN]
    if key.revoked:
        yield REVOKED(about=domain, name=name, record=record)
        return
    if not key.readable or key.version != "DKIM1":
        yield UNREADABLE(about=domain, name=name, record=record, problems=[str(problem) for problem in key.problems[:3]])
        return
    if not key.allows_sha256:
        yield OLD_HASH(about=domain, name=name, record=record, hashes=list(key.hashes[:5]))
    if not key.allows_email:
        yield NOT_MAIL(about=domain, name=name, record=record, services=list(key.services[:5]) or ["nothing"])
    if key.problems:
        yield SLIPS(
            about=domain, status=weight, name=name, record=record, problems=[str(problem) for problem in key.problems[:3]]
        )
    if key.testing:
        yield TESTING(about=domain, name=name, record=record)
    if key.strict_identity and spot.domain != domain:
        yield STRICT(about=domain, name=name, record=record, domain=domain, parent=spot.domain)
    if usable(key) and not key.problems:
        yield USABLE(about=domain, name=name, record=record)
