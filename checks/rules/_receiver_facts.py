"""What a receiver may ask for, and which findings show whether it is so. Findings in, three answers out: met, not met, not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from checks.model import CheckResult, Finding, Status

BAD = (Status.FAIL, Status.WARN)


class Answer(StrEnum):
    """Whether something that is asked for is there."""

    MET = "met"
    UNMET = "not-met"
    UNKNOWN = "not-known-yet"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that receivers ask for."""

    met: tuple[str, ...] = ()
    """Codes of findings that show it."""
    unmet: tuple[str, ...] = ()
    """Codes of findings that show the contrary, if they are warnings or worse."""
    failing: tuple[str, ...] = ()
    """Checks; a failure there shows the contrary, too."""
    arrived: tuple[str, ...] = ()
    """Codes of findings about a message that has arrived; they outweigh everything else."""
    later: str
    """What has to happen before it is known."""


MESSAGE = "shows in a test message that has arrived"
_DKIM_ARRIVED = ("arrival.signature-valid",)

FACTS: Mapping[str, Fact] = {
    "spf": Fact(
        arrived=("arrival.spf-pass",),
        met=("spf.authorised",),
        unmet=("spf.provider-not-included", "arrival.spf-not-passed"),
        failing=("spf.record", "spf.syntax", "spf.lookups", "spf.authorisation"),
        later="shows when the sending address is known",
    ),
    "dkim": Fact(
        arrived=_DKIM_ARRIVED,
        unmet=("dkim.no-keys", "arrival.signature-missing", "arrival.signature-broken"),
        failing=("dkim.key", "dkim.key-usable", "dkim.key-strength"),
        later=MESSAGE,
    ),
    "dkim-aligned": Fact(
        arrived=("arrival.signature-aligned",),
        unmet=("dkim.no-keys", "arrival.signature-missing", "arrival.signature-broken", "arrival.signature-unaligned"),
        failing=("dkim.key", "dkim.key-usable", "dkim.key-strength"),
        later=MESSAGE,
    ),
    "dkim-key-1024": Fact(
        met=("dkim.strong-key", "dkim.short-key"), unmet=("dkim.weak-key",), later="shows when the key is known"
    ),
    "dmarc-record": Fact(
        met=("dmarc.present", "dmarc.inherited-record"),
        unmet=(
            "dmarc.missing",
            "dmarc.multiple-records",
            "dmarc.miswritten-version",
            "dmarc.misplaced-record",
            "dmarc.alias-without-target",
            "dmarc.unusable-record",
        ),
        later="shows when DNS answers",
    ),
    "alignment": Fact(
        arrived=("arrival.dmarc-pass",),
        unmet=("dmarc.unaligned", "arrival.dmarc-not-passed"),
        later=MESSAGE,
    ),
    "reverse-name": Fact(
        met=("reverse.sender-confirmed", "reverse.server-confirmed", "arrival.reverse-name-confirmed"),
        unmet=("reverse.sender-generic", "reverse.server-generic"),
        failing=("reverse.name", "reverse.sending-address"),
        later="shows when the sending address is known",
    ),
    "delivery-tls": Fact(arrived=("arrival.delivered-with-tls",), unmet=("arrival.delivered-in-clear",), later=MESSAGE),
    "message-format": Fact(arrived=("arrival.message-well-formed",), unmet=("arrival.message-malformed",), later=MESSAGE),
    "one-click": Fact(
        arrived=("arrival.one-click-covered",),
        unmet=("arrival.one-click-missing", "arrival.one-click-uncovered"),
        later="shows in a newsletter that has arrived",
    ),
    "soa": Fact(met=("soa.present",), unmet=("soa.missing",), later="shows when DNS answers"),
    "sender-domain": Fact(
        met=("mx.present", "mx.implicit"), unmet=("mx.missing", "mx.domain-missing"), later="shows when DNS answers"
    ),
    "blocklists": Fact(
        met=("reputation.not-listed",),
        unmet=("reputation.listed-address",),
        later="shows when blocklists may be asked (--blocklists)",
    ),
    "helo-name": Fact(met=("arrival.helo-is-reverse-name",), unmet=("arrival.helo-differs",), later=MESSAGE),
    "web-imprint": Fact(later="is for a person to see: open the sending server's name in a browser"),
    "spam-rate": Fact(later="shows in the receiver's own statistics only"),
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the findings of a run say of one fact."""

    answer: Answer
    behind: tuple[str, ...] = ()
    """Codes of the findings that show it."""
    later: str = ""


def seen(name: str, results: Iterable[CheckResult]) -> Seen:
    """Answer for one fact. What is wrong at one domain or server is not met, whatever the others do."""
    fact = FACTS[name]
    findings = [(result.check, finding) for result in results for finding in result.findings]
    bad = [finding.code for check, finding in findings if _speaks_against(fact, check, finding)]
    shown = [finding.code for _, finding in findings if finding.code in fact.arrived and finding.status is Status.PASS]
    good = [finding.code for _, finding in findings if finding.code in fact.met]
    if bad:
        return Seen(answer=Answer.UNMET, behind=tuple(dict.fromkeys(bad)))
    if shown or good:
        return Seen(answer=Answer.MET, behind=tuple(dict.fromkeys(shown or good)))
    return Seen(answer=Answer.UNKNOWN, later=fact.later)


def _speaks_against(fact: Fact, check: str, finding: Finding) -> bool:
    return (finding.code in fact.unmet and finding.status in BAD) or (check in fact.failing and finding.status is Status.FAIL)


def all_of(answers: Iterable[Seen]) -> Seen:
    """Put together facts that are all needed."""
    known = list(answers)
    return min(known, key=lambda one: (Answer.UNMET, Answer.UNKNOWN, Answer.MET).index(one.answer))


def any_of(answers: Iterable[Seen]) -> Seen:
    """Put together facts of which one is enough."""
    known = list(answers)
    return min(known, key=lambda one: (Answer.MET, Answer.UNKNOWN, Answer.UNMET).index(one.answer))
