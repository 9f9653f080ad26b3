"""DKIM key is long enough.

What it checks:
The length of each DKIM key found in DNS, and whether its kind is one that receivers know.

Why it matters:
Short keys can be broken by anyone with some computing time, so receivers ignore signatures made with less than 1024 bits. 2048 bits is
what Gmail and the standard recommend; much longer keys, or the newer kind Ed25519 alone, are not understood everywhere.

How to fix it:
Have the mail server make a new key of 2048 bits (RSA) under a new selector, publish it, switch signing over, and remove the old
record some days later.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.dkim import DkimKey
from checks.rules._dkim import Group, Spot, Why, look
from checks.subject import DomainSubject

SHORTEST = 1024  # RFC 8301 section 3.2: verifiers MUST NOT accept less; Gmail and Yahoo say the same
RECOMMENDED = 2048  # RFC 8301 section 3.2 for signers; recommended by Gmail
LONGEST = 4096  # RFC 8301 section 3.2: verifiers must cope with up to this much

STRONG = Outcome(
    code="dkim.strong-key",
    status=Status.PASS,
    title="The DKIM key at {name} has {bits} bits",
    references=("RFC 8301 section 3.2",),
)
WEAK = Outcome(
    code="dkim.weak-key",
    status=Status.FAIL,
    weighs=(Status.WARN, Status.NOTE),
    title="The DKIM key at {name} has only {bits} bits; receivers ignore signatures below 1024",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Make a new key of 2048 bits under a new selector in the mail server or at its provider.",
        "Publish the record that it shows, switch signing over to it, and remove the record at {name}.",
    ),
    references=("RFC 8301 section 3.2",),
)
SHORT = Outcome(
    code="dkim.short-key",
    status=Status.NOTE,
    title="The DKIM key at {name} has {bits} bits; this is accepted, 2048 are recommended",
    owner=Owner.MAIL_ADMIN,
    steps=("At the next change of keys choose 2048 bits.",),
    references=("RFC 8301 section 3.2", "https://support.google.com/a/answer/81126"),
)
LONG = Outcome(
    code="dkim.long-key",
    status=Status.NOTE,
    title="The DKIM key at {name} has {bits} bits; receivers need only cope with up to 4096",
    owner=Owner.MAIL_ADMIN,
    steps=("At the next change of keys choose 2048 bits.",),
    references=("RFC 8301 section 3.2",),
)
ED25519 = Outcome(
    code="dkim.ed25519-key",
    status=Status.PASS,
    title="The DKIM key at {name} is an Ed25519 key, beside an RSA key",
    references=("RFC 8463 section 4.2",),
)
ED25519_ALONE = Outcome(
    code="dkim.ed25519-alone",
    status=Status.NOTE,
    title="The DKIM key at {name} is an Ed25519 key, which not every receiver knows, and no RSA key was found beside it",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign twice: with this key and with an RSA key of 2048 bits under another selector.",),
    references=("RFC 8463 section 5",),
)
NONE_FOUND = Outcome(
    code="dkim.no-key-to-measure",
    status=Status.NOT_APPLICABLE,
    title="{domain}: no readable DKIM key was found to measure",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Measure each readable key; of a provider's selectors, the strongest."""
    groups = look(subject, ev) if subject.header_from else ()
    pairs = [(group, spot, key) for group in groups for spot, key in _counting(group)]
    beside = any(key.rsa for _, _, key in pairs)
    wanting = [pair for pair in pairs if _may_be_better(pair[0], pair[2], groups, beside=beside)]
    for group, spot, key in pairs:
        if (group, spot, key) not in wanting:
            yield _strength(subject.domain, spot.name, key, beside=beside, why=group.why)
    for group in groups:
        if wanting:
            group.need_all(ev)
        group.settle(ev)
    if not pairs:
        yield NONE_FOUND(about=subject.domain, domain=subject.domain)


def _counting(group: Group) -> Sequence[tuple[Spot, DkimKey]]:
    pairs = [(spot, key) for spot in group.found for key in spot.keys[:5] if key.readable]
    return pairs if group.why is Why.NAMED else sorted(pairs, key=lambda pair: -pair[1].bits)[:1]


def _may_be_better(group: Group, key: DkimKey, groups: Sequence[Group], *, beside: bool) -> bool:
    """Tell whether a selector that could not be read may hold what this key is going to be found wanting for."""
    if key.rsa is None:
        return not beside and any(other.failed for other in groups)
    return key.bits < RECOMMENDED and group.why is not Why.NAMED and bool(group.failed)


def _strength(domain: str, name: str, key: DkimKey, *, beside: bool, why: Why) -> Finding:
    if key.rsa is None:
        return (ED25519 if beside else ED25519_ALONE)(about=domain, name=name)
    outcome = WEAK if key.bits < SHORTEST else SHORT if key.bits < RECOMMENDED else STRONG if key.bits <= LONGEST else LONG
    # Nobody said that mail is signed with a key that was found by a provider's usual name; it may be from former times.
    guessed = Status.NOTE if why is Why.USUAL else Status.WARN
    status = guessed if outcome is WEAK and why is not Why.NAMED else outcome.status
    return outcome(about=domain, name=name, bits=key.bits, status=status)
