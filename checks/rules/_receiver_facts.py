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

    noun: str
    """What is missing where it is not so, for a sentence."""
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


ADDRESS = "shows when the sending address is known"
MESSAGE = "shows in a test message that has arrived"
_DKIM_ARRIVED = ("arrival.signature-valid",)
_LEADS_BACK = (
    *("reverse.sender-confirmed", "reverse.server-confirmed", "reverse.sender-several-names", "reverse.server-several-names"),
    "arrival.reverse-name-confirmed",
)

FACTS: Mapping[str, Fact] = {
    "spf": Fact(
        noun="SPF",
        arrived=("arrival.spf-pass",),
        met=("spf.authorised",),
        unmet=("spf.provider-not-included", "arrival.spf-not-passed"),
        failing=("spf.record", "spf.syntax", "spf.lookups", "spf.authorisation"),
        later="shows when the sending address is known",
    ),
    "dkim": Fact(
        noun="a DKIM signature",
        arrived=_DKIM_ARRIVED,
        unmet=("dkim.no-keys", "dkim.keys-at-doubled-name", "arrival.signature-missing", "arrival.signature-broken"),
        failing=("dkim.key", "dkim.key-usable", "dkim.key-strength"),
        later=MESSAGE,
    ),
    "dkim-aligned": Fact(
        noun="a DKIM signature of the visible sender",
        arrived=("arrival.signature-aligned",),
        unmet=(
            "dkim.no-keys",
            "dkim.keys-at-doubled-name",
            "arrival.signature-missing",
            "arrival.signature-broken",
            "arrival.signature-unaligned",
        ),
        failing=("dkim.key", "dkim.key-usable", "dkim.key-strength"),
        later=MESSAGE,
    ),
    "dkim-key-1024": Fact(
        noun="a DKIM key of 1,024 bits",
        met=("dkim.strong-key", "dkim.short-key"),
        unmet=("dkim.weak-key",),
        later="shows when the key is known",
    ),
    "dmarc-record": Fact(
        noun="a DMARC record",
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
        noun="DMARC alignment",
        arrived=("arrival.dmarc-pass",),
        unmet=("dmarc.unaligned", "arrival.dmarc-not-passed"),
        later=MESSAGE,
    ),
    "reverse-name-there": Fact(
        noun="a reverse name",
        met=(
            *_LEADS_BACK,
            "reverse.sender-generic",
            "reverse.server-generic",
            "reverse.sender-unconfirmed",
            "reverse.server-unconfirmed",
        ),
        unmet=("reverse.sender-without-name", "reverse.server-without-name"),
        later=ADDRESS,
    ),
    "reverse-name": Fact(
        noun="a reverse name that leads back",
        met=(*_LEADS_BACK, "reverse.sender-generic", "reverse.server-generic"),
        failing=("reverse.name", "reverse.sending-address"),
        later=ADDRESS,
    ),
    "reverse-name-own": Fact(
        noun="a reverse name of its own",
        met=_LEADS_BACK,
        unmet=("reverse.sender-generic", "reverse.server-generic"),
        failing=("reverse.name", "reverse.sending-address"),
        later=ADDRESS,
    ),
    "reverse-name-of-domain": Fact(
        noun="a reverse name of your own domain",
        unmet=("reverse.sender-generic", "reverse.server-generic"),
        failing=("reverse.name", "reverse.sending-address"),
        later="is for a person to see: whether the reverse name of the sending address is one of your domain",
    ),
    "delivery-tls": Fact(
        noun="TLS", arrived=("arrival.delivered-with-tls",), unmet=("arrival.delivered-in-clear",), later=MESSAGE
    ),
    "message-format": Fact(
        noun="a well-formed message",
        arrived=("arrival.message-well-formed",),
        unmet=("arrival.message-malformed",),
        later=MESSAGE,
    ),
    "one-click": Fact(
        noun="one-click unsubscribing",
        arrived=("arrival.one-click-covered",),
        unmet=("arrival.one-click-missing", "arrival.one-click-uncovered"),
        later="shows in a newsletter that has arrived",
    ),
    "soa": Fact(noun="an SOA record", met=("soa.present",), unmet=("soa.missing",), later="shows when DNS answers"),
    "sender-domain": Fact(
        noun="a mail server or address of the sender domain",
        met=("mx.present", "mx.implicit"),
        unmet=("mx.missing", "mx.domain-missing", "mx.null-record"),
        later="shows when DNS answers",
    ),
    "blocklists": Fact(
        noun="an address that is on no blocklist",
        met=("reputation.not-listed",),
        unmet=("reputation.listed-address",),
        later="shows when blocklists may be asked (--blocklists)",
    ),
    "helo-name": Fact(
        noun="a server that says its reverse name",
        met=("arrival.helo-is-reverse-name",),
        unmet=("arrival.helo-differs",),
        later=MESSAGE,
    ),
    "web-imprint": Fact(
        noun="a web site with imprint", later="is for a person to see: open the sending server's name in a browser"
    ),
    "spam-rate": Fact(noun="few complaints", later="shows in the receiver's own statistics only"),
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
