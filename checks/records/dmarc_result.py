"""What DMARC makes of one message: by RFC 9989 and by the older RFC 7489, which large receivers still follow. Driven from evidence.

- `align(author, other, ev) -> Alignment`: does an authenticated domain speak for the domain in From?
- `evaluate(author, *, spf, dkim, ev) -> DmarcResult`: both standards' results for what SPF and DKIM found

Lets `Missing` through; a reading that failed and decides makes a temperror.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.evidence import Evidence, Undetermined
from checks.probes import DnsProbe
from checks.records.dmarc import DmarcRecord, Policy
from checks.records.dmarc_walk import by_rfc7489, names_walked, organisation_of, probe_at, tree_walk
from checks.records.org_domain import by_suffix_list

MAX_DOMAINS = 11  # ten signatures and the envelope sender


class Standard(StrEnum):
    """Whose rules."""

    RFC_9989 = "RFC 9989"
    RFC_7489 = "RFC 7489"


class Result(StrEnum):
    """RFC 7489 section 11.2."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    NONE = "none"  # there is no record that can be used
    TEMPERROR = "temperror"


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """How an authenticated domain stands to the domain in From (RFC 9989 section 4.4)."""

    author: str
    domain: str
    walk: bool | None
    """They belong to one organisation by the tree walk of RFC 9989; None: a name server that decides did not answer."""
    suffix_list: bool
    """They belong to one organisation by the public suffix list, as RFC 7489 has it."""

    @property
    def strict(self) -> bool:
        """They are the same."""
        return self.author == self.domain

    def holds(self, standard: Standard, *, strict: bool) -> bool | None:
        """Tell whether the domain is aligned; None: unknown."""
        if self.strict or strict:
            return self.strict
        return self.walk if standard is Standard.RFC_9989 else self.suffix_list


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The result by one standard."""

    standard: Standard
    result: Result
    policy: Policy | None = None
    """What the domain's owner asks for if it fails, for this domain, test mode counted; None without record."""
    record: DmarcRecord | None = None
    record_domain: str = ""
    """Where the record is, without _dmarc."""
    spf_aligned: bool | None = False
    """SPF passed and its domain is aligned; None: unknown."""
    dkim_aligned: tuple[str, ...] = ()
    """Signing domains of valid signatures that are aligned."""
    failed: DnsProbe | None = None
    """For temperror: the question without answer."""


@dataclass(frozen=True, kw_only=True)
class DmarcResult:
    """What receivers of both kinds find."""

    author: str
    rfc9989: Evaluation
    rfc7489: Evaluation
    spf: Alignment | None
    """Of the domain that SPF passed for; None if it did not."""
    dkim: tuple[Alignment, ...]
    """Of each domain with a valid signature."""

    @property
    def evaluations(self) -> tuple[Evaluation, Evaluation]:
        """Both."""
        return self.rfc9989, self.rfc7489

    @property
    def agreed(self) -> bool:
        """Both standards come to the same result."""
        return self.rfc9989.result is self.rfc7489.result


def align(author: str, other: str, ev: Evidence) -> Alignment:
    """Compare two domains, both in lower case as A-labels."""
    return Alignment(
        author=author,
        domain=other,
        walk=_one_walk(author, other, ev),
        suffix_list=by_suffix_list(author) == by_suffix_list(other),
    )


def evaluate(author: str, *, spf: str, dkim: Sequence[str], ev: Evidence) -> DmarcResult:
    """Evaluate DMARC. `spf`: the domain that SPF passed for, empty if it did not; `dkim`: domains of valid signatures."""
    domains = tuple(dict.fromkeys(dkim))[: MAX_DOMAINS - 1]
    _prefetch(author, [*domains, *([spf] if spf else [])], ev)
    signed = tuple(align(author, domain, ev) for domain in domains)
    sent = align(author, spf, ev) if spf else None
    return DmarcResult(
        author=author,
        rfc9989=_by_9989(author, sent, signed, ev),
        rfc7489=_by_7489(author, sent, signed, ev),
        spf=sent,
        dkim=signed,
    )


def _prefetch(author: str, others: Sequence[str], ev: Evidence) -> None:
    """Ask in one round for all that is needed."""
    walked = [author, *(other for other in others if _comparable(author, other))]
    names = dict.fromkeys([*(name for domain in walked for name in names_walked(domain)), author, by_suffix_list(author)])
    ev.all(*(probe_at(name) for name in names))


def _comparable(author: str, other: str) -> bool:
    """Tell whether a tree walk could find one organisation above both; a top-level domain is nobody's organisation."""
    ours, theirs = author.split(".")[-2:], other.split(".")[-2:]
    return ours == theirs and author != other


def _one_walk(author: str, other: str, ev: Evidence) -> bool | None:
    if not _comparable(author, other):
        return author == other
    try:
        return organisation_of(tree_walk(author, ev)) == organisation_of(tree_walk(other, ev))
    except Undetermined:
        return None


def _by_9989(author: str, spf: Alignment | None, dkim: Sequence[Alignment], ev: Evidence) -> Evaluation:
    try:
        walk = tree_walk(author, ev)
    except Undetermined as undetermined:
        return Evaluation(standard=Standard.RFC_9989, result=Result.TEMPERROR, failed=_question(undetermined))
    record = walk.record
    policy = record.in_force(inherited=walk.inherited) if record else None
    failed = walk.doubt.probe if walk.doubt else None
    return _weigh(Standard.RFC_9989, record, walk.policy.domain if walk.policy else "", policy, spf, dkim, failed)


def _by_7489(author: str, spf: Alignment | None, dkim: Sequence[Alignment], ev: Evidence) -> Evaluation:
    try:
        place = by_rfc7489(author, ev)
    except Undetermined as undetermined:
        return Evaluation(standard=Standard.RFC_7489, result=Result.TEMPERROR, failed=_question(undetermined))
    record = place.record if place else None
    where = place.domain if place else ""
    policy = record.by_rfc7489(inherited=where != author) if record else None
    return _weigh(Standard.RFC_7489, record, where, policy, spf, dkim, None)


def _weigh(
    standard: Standard,
    record: DmarcRecord | None,
    where: str,
    policy: Policy | None,
    spf: Alignment | None,
    dkim: Sequence[Alignment],
    failed: DnsProbe | None,
) -> Evaluation:
    """Without a record the alignment is still told, as if the record left the modes at relaxed."""
    strict_spf, strict_dkim = (record.strict_spf, record.strict_dkim) if record else (False, False)
    sent = spf.holds(standard, strict=strict_spf) if spf else False
    signed = [(one.domain, one.holds(standard, strict=strict_dkim)) for one in dkim]
    good = sent is True or any(holds is True for _, holds in signed)
    open_question = sent is None or any(holds is None for _, holds in signed)
    result = Result.PASS if good else Result.TEMPERROR if open_question else Result.FAIL
    usable = record is not None and record.usable
    return Evaluation(
        standard=standard,
        result=result if usable else Result.NONE,
        policy=policy if usable else None,
        record=record,
        record_domain=where,
        spf_aligned=sent,
        dkim_aligned=tuple(domain for domain, holds in signed if holds),
        failed=failed if usable and result is Result.TEMPERROR else None,
    )


def _question(undetermined: Undetermined) -> DnsProbe | None:
    return undetermined.probe if isinstance(undetermined.probe, DnsProbe) else None
