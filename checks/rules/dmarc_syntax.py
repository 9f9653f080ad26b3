"""DMARC record is well-formed.

What it checks:
Whether receivers can read every part of the DMARC record, by the standard of 2026 (RFC 9989) and by the older one that many still use.

Why it matters:
Receivers skip what they do not understand. If that is the policy, the whole record is worth nothing; if it is something else, the
record does less than you think.

How to fix it:
Replace the record by the one shown. It keeps what receivers understand and leaves out what they skip.
"""

import difflib
from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.dmarc import DmarcRecord, Policy, nearest_tag
from checks.records.dmarc_walk import tree_walk
from checks.records.tags import parse_tags
from checks.rules._alias import Mending
from checks.rules._dmarc import BULK_REFERENCE, LONGEST_SHOWN, by_volume, mending, tidy
from checks.subject import DomainSubject

VALID = Outcome(
    code="dmarc.valid-syntax",
    status=Status.PASS,
    title="The DMARC record at {name} is well-formed",
    also=("record",),
    references=("RFC 9989 section 4.8",),
)
UNUSABLE = Outcome(
    code="dmarc.unusable-record",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="Receivers ignore the DMARC record at {name}, because its policy is not valid: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the record at {name} by the one below, after checking that its policy (p=) is the one that you mean.",),
    also=("record",),
    references=("RFC 9989 section 4.10.1", "RFC 7489 section 6.6.3", BULK_REFERENCE),
)
NO_POLICY = Outcome(
    code="dmarc.policy-missing",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="The DMARC record at {name} has no valid policy (p=); at best receivers read it as p=none",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the record at {name} by the one below, after checking that its policy (p=) is the one that you mean.",),
    also=("record",),
    references=("RFC 9989 section 4.10.1", BULK_REFERENCE),
)
DROPPED = Outcome(
    code="dmarc.invalid-subdomain-policy",
    status=Status.WARN,
    title="Because sp= or np= in the DMARC record at {name} is wrong, receivers read the whole record as p=none",
    owner=Owner.DNS_ADMIN,
    steps=("Correct sp= and np= in the record at {name}: each is one of none, quarantine and reject, or is left out.",),
    also=("record",),
    references=("RFC 9989 section 4.10.1",),
)
SLIPS = Outcome(
    code="dmarc.slips",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="Receivers skip parts of the DMARC record at {name}: {problems}",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the record at {name} by the one below, after checking that nothing you meant is missing.",),
    also=("record",),
    references=("RFC 9989 section 4.7", "RFC 6376 section 3.2"),
)
REMOVED = Outcome(
    code="dmarc.removed-tags",
    status=Status.NOTE,
    title="The DMARC record at {name} uses {tags}, which the standard dropped in 2026; newer receivers skip them",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Replace the record at {name} by the one below.",
        "To try a stricter policy, add t=y; older receivers skip it and apply the policy in full.",
    ),
    also=("record",),
    references=("RFC 9989 section 4.7",),
)
UNKNOWN_TAGS = Outcome(
    code="dmarc.unknown-tags",
    status=Status.NOTE,
    title="The DMARC record at {name} has parts that no receiver knows: {tags}",
    owner=Owner.DNS_ADMIN,
    steps=("Correct or remove these parts in the record at {name}.",),
    also=("record",),
    references=("RFC 9989 section 4.7",),
)
LATE_POLICY = Outcome(
    code="dmarc.late-policy",
    status=Status.NOTE,
    title="In the DMARC record at {name} the policy (p=) does not come second, as older receivers want it",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the record at {name} by the one below.",),
    also=("record",),
    references=("RFC 7489 section 6.4", "RFC 9989 section 4.8"),
)
NO_RECORD = Outcome(
    code="dmarc.no-record-to-read",
    status=Status.NOT_APPLICABLE,
    title="{domain}: there is no single DMARC record to read",
)

OF_REPORTS = ("bad-rua", "bad-ruf", "too-many-addresses")  # dmarc.reports tells these
OF_POLICY = ("bad-p", "bad-sp", "bad-np")
GRAVE = ("duplicate-tag",)  # RFC 6376 section 3.2: then the whole list is invalid, and some receivers take it so


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the record that holds for the domain, wherever it lies."""
    walk = tree_walk(subject.domain, ev) if subject.header_from else None
    if walk is None or walk.policy is None:
        yield NO_RECORD(about=subject.domain, domain=subject.domain)
        return
    spoken = list(_all(subject, walk.policy.domain, walk.policy.records[0], ev))
    yield from spoken
    if not spoken:
        record = walk.policy.records[0].text[:LONGEST_SHOWN]
        yield VALID(about=subject.domain, name=f"_dmarc.{walk.policy.domain}", record=record)


def _all(subject: DomainSubject, place: str, record: DmarcRecord, ev: Evidence) -> Iterator[Finding]:
    about, name, text = subject.domain, f"_dmarc.{place}", record.text[:LONGEST_SHOWN]
    mended = _thinned(name, place, record, ev) if _is_thinned(record) else mending(place, tidy(record, record.written), ev)
    records, steps = mended.records, mended.steps
    first = f"Correct what is named above in the record at {name}; because of its pct= no new one is shown here."
    others = (first, *steps) if _is_thinned(record) else steps
    weight = by_volume(subject.volume)
    if meant := _meant(name, record):
        others = (*meant, *(others or (UNUSABLE.steps[0].format(name=name),)))
    if not record.usable:  # RFC 9989 section 4.10.1: without an address in rua=, receivers then do nothing at all
        told = _told(record, OF_POLICY) or ["there is no p="]
        yield UNUSABLE(
            about=about,
            status=weight,
            name=name,
            record=text,
            problems=told,
            records=records,
            steps=others,
        )
    elif not record.policy_given:
        yield NO_POLICY(about=about, status=weight, name=name, record=text, records=records, steps=others)
    elif _told(record, ("bad-sp", "bad-np")):
        yield DROPPED(about=about, name=name, record=text)
    if slips := [problem for problem in record.problems if problem.kind not in (*OF_REPORTS, *OF_POLICY)]:
        weight = Status.WARN if any(problem.kind in GRAVE for problem in slips) else Status.NOTE
        told = [str(problem) for problem in slips[:3]]
        yield SLIPS(about=about, status=weight, name=name, record=text, problems=told, records=records, steps=others)
    if record.unknown:
        yield UNKNOWN_TAGS(about=about, name=name, record=text, tags=[_hinted(tag) for tag in record.unknown[:5]])
    if record.removed:
        yield REMOVED(about=about, name=name, record=text, tags=list(record.removed), records=records, steps=steps)
    if record.policy_given and not record.policy_second:
        yield LATE_POLICY(about=about, name=name, record=text, records=records, steps=others)


def _strongest(record: DmarcRecord) -> Policy:
    """Return the strictest policy that older receivers read; they know no np=."""
    policy = record.written or record.policy
    return max((policy, record.subdomain or policy), key=lambda one: one.strength)


def _is_thinned(record: DmarcRecord) -> bool:
    """Tell whether pct= holds back a policy at receivers that still read it (RFC 7489 section 6.6.4); without it they act on all mail."""
    return record.percent < 100 and _strongest(record) is not Policy.NONE


def _thinned(name: str, place: str, record: DmarcRecord, ev: Evidence) -> Mending:
    """Show no record, since none is right for sure: dropping pct= makes older receivers stricter, a softer policy makes newer ones milder."""
    percent, strongest = record.percent, _strongest(record)
    softer = strongest.tested
    behind = mending(place, tidy(record, softer), ev)
    care = (
        f"Take pct={percent} out with care: older receivers still read it and act on {percent} % of the mail that fails DMARC. "
        "Without it they act on all of that mail, as newer receivers do today. Read the reports first."
    )
    strict = f"If the reports show that all your own mail passes: remove pct={percent} from the record at {name}."
    mild = (
        f"If they do not, or if there are none: allow no policy (p=, sp=) above {softer} there, and remove pct={percent}. "
        f"Then nobody becomes stricter, but newer receivers, which now apply {strongest} in full, become milder."
    )
    return Mending(steps=(care, strict, mild, *(behind.steps if not behind.records else ())))


def _meant(name: str, record: DmarcRecord) -> tuple[str, ...]:
    """Ask whether a policy was meant that differs in one letter or so; which one holds is the owner's to say."""
    written = next((tag.value for tag in parse_tags(record.text).tags if tag.name.lower() == "p"), "")
    near = difflib.get_close_matches(written.lower()[:20], list(Policy), n=1, cutoff=0.8) if record.written is None else []
    return tuple(
        f"The record at {name} says p={written[:20]}: did you mean {one}? If so, write p={one}; p=none asks receivers for nothing."
        for one in near
    )


def _told(record: DmarcRecord, kinds: tuple[str, ...]) -> list[str]:
    return [str(problem) for problem in record.problems if problem.kind in kinds][:3]


def _hinted(tag: str) -> str:
    near = nearest_tag(tag)
    return f"{tag[:20]} (perhaps {near} is meant)" if near else tag[:20]
