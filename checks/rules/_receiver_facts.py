"""What a receiver may ask for, and which findings show whether it is so. How findings are weighed against each other: _receiver_seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from checks.model import Finding, Status
from checks.records.comparison import OneClick
from checks.records.dkim_door import Reason
from checks.records.spf_door import Result
from checks.rules.arrival_dmarc import WOULD, WOULD_NOT
from checks.rules.arrival_one_click import BOTH, FLAWS, NO_POST

Condition = Callable[[Finding], bool]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that receivers ask for."""

    noun: str
    """What is missing where it is not so, for a sentence."""
    met: tuple[str, ...] = ()
    """Codes of findings that show it."""
    unmet: tuple[str, ...] = ()
    """Codes of findings that show the contrary, whatever their status."""
    failing: tuple[str, ...] = ()
    """Checks; a failure there shows the contrary, too."""
    arrived: tuple[str, ...] = ()
    """Codes of findings about a message that has arrived that show it. What such a message shows, good or bad, outweighs everything else."""
    met_if: Mapping[str, Condition] = field(default_factory=dict)
    """Codes of `met` and `arrived` that show it under a condition only."""
    unmet_if: Mapping[str, Condition] = field(default_factory=dict)
    """Codes of `unmet` that show the contrary under a condition only."""
    presumed: tuple[str, ...] = ()
    """Codes of `unmet` that count only while the checks of `better` have nothing to say."""
    better: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    """Codes of findings that say that it is not known, whatever is known beside it."""
    later: str
    """What has to happen before it is known."""


def says(name: str, *values: str) -> Condition:
    """The condition that an argument of the finding has one of these values."""
    return lambda finding: str(finding.args.get(name)) in values


def weighs(*statuses: Status) -> Condition:
    """The condition that the finding has one of these statuses."""
    return lambda finding: finding.status in statuses


def _passes(finding: Finding) -> bool:
    """The message would pass DMARC if there were a record."""
    return str(finding.args.get("would")).startswith(WOULD)


def _not(condition: Condition) -> Condition:
    return lambda finding: not condition(finding)


ADDRESS = "shows when the sending address is known: in a test message that has arrived, or with --sending-ip"
MESSAGE = "shows in a test message that has arrived"
NEWSLETTER = "shows in a newsletter that has arrived"
_ALARM = weighs(Status.FAIL, Status.WARN)
_BROKEN_SIGNATURE = {"arrival.signature-broken": _ALARM}
"""A note: another signature holds, so that receivers can do without that one."""
_NO_KEYS = ("dkim.no-keys", "dkim.keys-at-doubled-name")
_NO_SIGNATURE = ("arrival.signature-missing", "arrival.signature-broken")
_DKIM_CHECKS = ("dkim.key", "dkim.key-usable", "dkim.key-strength")
_LEADS_BACK = ("reverse.sender-confirmed",)
_WITHOUT_NAME = ("arrival.reverse-name-missing", "reverse.sender-without-name", "reverse.server-without-name")
_LEADS_NOWHERE = ("arrival.reverse-name-unconfirmed", "reverse.sender-unconfirmed", "reverse.server-unconfirmed")
_GENERIC = ("arrival.reverse-name-generic", "reverse.sender-generic", "reverse.server-generic")
_OF_OWN_SERVER = {
    "reverse.server-without-name": weighs(Status.FAIL),
    "reverse.server-unconfirmed": weighs(Status.FAIL),
    "reverse.server-generic": weighs(Status.WARN),
}
"""The server that takes the mail may hand it on to another one. A good name of its own shows nothing; a bad one counts if the server carries
the sender's name (which these statuses say), and only while no sending address is known."""
_OF_SENDING_ADDRESS = ("reverse.sending-address", "arrival.reverse-name")
_NO_RECORD = "arrival.dmarc-without-record"
_SPF_DENIED = "arrival.spf-not-passed"
_SAYS_FAIL = says("result", Result.FAIL.value)

FACTS: Mapping[str, Fact] = {
    "spf": Fact(
        noun="SPF",
        arrived=("arrival.spf-pass",),
        met=("spf.authorised",),
        unmet=("spf.provider-not-included", _SPF_DENIED),
        failing=("spf.record", "spf.syntax", "spf.lookups", "spf.authorisation"),
        open=("spf.no-sending-address",),
        later=ADDRESS,
    ),
    "spf-not-fail": Fact(
        noun="an SPF record that does not exclude the sending address",
        arrived=("arrival.spf-pass", _SPF_DENIED),
        met=("spf.authorised", "spf.missing", "spf.misspelt-version", "spf.record-at-wrong-name", "spf.not-authorised"),
        unmet=(_SPF_DENIED, "spf.not-authorised"),
        met_if={_SPF_DENIED: _not(_SAYS_FAIL), "spf.not-authorised": _not(_SAYS_FAIL)},
        unmet_if={_SPF_DENIED: _SAYS_FAIL, "spf.not-authorised": _SAYS_FAIL},
        open=("spf.no-sending-address", "spf.provider-not-included", "spf.server-not-named"),
        later=ADDRESS,
    ),
    "dkim": Fact(
        noun="a DKIM signature",
        arrived=("arrival.signature-valid",),
        unmet=(*_NO_KEYS, *_NO_SIGNATURE),
        unmet_if=_BROKEN_SIGNATURE,
        failing=_DKIM_CHECKS,
        later=MESSAGE,
    ),
    "dkim-aligned": Fact(
        noun="a DKIM signature of the visible sender",
        arrived=("arrival.signature-aligned",),
        unmet=(*_NO_KEYS, *_NO_SIGNATURE, "arrival.signature-unaligned"),
        unmet_if=_BROKEN_SIGNATURE,
        failing=_DKIM_CHECKS,
        later=MESSAGE,
    ),
    "dkim-key-1024": Fact(
        noun="a DKIM key of 1,024 bits",
        arrived=("arrival.signature-valid",),  # with a shorter key, no signature holds
        met=("dkim.strong-key", "dkim.short-key"),
        unmet=("dkim.weak-key", "arrival.signature-broken"),
        unmet_if={
            "dkim.weak-key": _ALARM,  # a note: nobody knows that mail is signed with it
            "arrival.signature-broken": says("why", Reason.KEY_SHORT.value),
        },
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
        arrived=("arrival.dmarc-pass", _NO_RECORD),
        met_if={_NO_RECORD: _passes},
        unmet=("dmarc.unaligned", "arrival.dmarc-not-passed", _NO_RECORD),
        unmet_if={_NO_RECORD: says("would", WOULD_NOT)},
        later=MESSAGE,
    ),
    "reverse-name-there": Fact(
        noun="a reverse name",
        arrived=(
            *("arrival.reverse-name-confirmed", "arrival.reverse-name-unconfirmed"),
            *("arrival.reverse-name-generic", "arrival.reverse-name-several"),
        ),
        met=(*_LEADS_BACK, "reverse.sender-several-names", "reverse.sender-generic", "reverse.sender-unconfirmed"),
        unmet=_WITHOUT_NAME,
        unmet_if=_OF_OWN_SERVER,
        presumed=tuple(_OF_OWN_SERVER),
        better=_OF_SENDING_ADDRESS,
        later=ADDRESS,
    ),
    "reverse-name": Fact(
        noun="a reverse name that leads back",
        arrived=("arrival.reverse-name-confirmed", "arrival.reverse-name-generic"),
        met=(*_LEADS_BACK, "reverse.sender-generic"),
        unmet=(*_WITHOUT_NAME, *_LEADS_NOWHERE),
        unmet_if=_OF_OWN_SERVER,
        presumed=tuple(_OF_OWN_SERVER),
        better=_OF_SENDING_ADDRESS,
        later=ADDRESS,
    ),
    "reverse-name-own": Fact(
        noun="a reverse name of its own",
        arrived=("arrival.reverse-name-confirmed",),
        met=_LEADS_BACK,
        unmet=(*_WITHOUT_NAME, *_LEADS_NOWHERE, *_GENERIC),
        unmet_if=_OF_OWN_SERVER,
        presumed=tuple(_OF_OWN_SERVER),
        better=_OF_SENDING_ADDRESS,
        later=ADDRESS,
    ),
    "reverse-name-of-domain": Fact(
        noun="a reverse name of your own domain",
        unmet=(*_WITHOUT_NAME, *_LEADS_NOWHERE, *_GENERIC),
        unmet_if=_OF_OWN_SERVER,
        presumed=tuple(_OF_OWN_SERVER),
        better=_OF_SENDING_ADDRESS,
        later="is for a person to see: whether the reverse name of the sending address is one of your domain",
    ),
    "delivery-tls": Fact(
        noun="TLS",
        arrived=("arrival.delivered-with-tls", "arrival.delivered-with-old-tls"),
        unmet=("arrival.delivered-in-clear",),
        later=MESSAGE,
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
        unmet=("arrival.one-click-missing", "arrival.one-click-unusable", "arrival.one-click-uncovered"),
        later=NEWSLETTER,
    ),
    "unsubscribe": Fact(
        noun="a link to unsubscribe",
        arrived=("arrival.one-click-covered", "arrival.one-click-uncovered"),  # both have one https address
        later="is for a person to see: whether newsletters have a link to unsubscribe that works",
    ),
    "list-unsubscribe": Fact(
        noun="an address to unsubscribe (List-Unsubscribe)",
        arrived=(
            *("arrival.one-click-covered", "arrival.one-click-uncovered"),
            *("arrival.one-click-missing", "arrival.one-click-unusable"),
        ),
        met_if={
            "arrival.one-click-missing": says("what", NO_POST),
            "arrival.one-click-unusable": says("what", FLAWS[OneClick.BAD_POST], FLAWS[OneClick.SEVERAL_HTTPS]),
        },
        unmet=("arrival.one-click-missing", "arrival.one-click-unusable"),
        unmet_if={
            "arrival.one-click-missing": says("what", BOTH),
            "arrival.one-click-unusable": says("what", FLAWS[OneClick.NO_LIST]),
        },
        later=NEWSLETTER,
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
        unmet=("reputation.listed-address",),
        later="is never certain: there are many lists, and sendready asks a few of them only (--blocklists)",
    ),
    "helo-name": Fact(
        noun="a server that says its reverse name",
        arrived=("arrival.helo-is-reverse-name",),
        unmet=("arrival.helo-differs", "arrival.helo-without-name"),
        later=MESSAGE,
    ),
    "helo-full": Fact(
        noun="a server that says a full name",
        arrived=("arrival.helo-is-reverse-name",),
        unmet=("arrival.helo-without-name",),
        later="shows in a test message that has arrived, if the server says its reverse name there",
    ),
    "web-imprint": Fact(
        noun="a web site with imprint", later="is for a person to see: open the sending server's name in a browser"
    ),
    "spam-rate": Fact(noun="few complaints", later="shows in the receiver's own statistics only"),
}
