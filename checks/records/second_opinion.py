"""Our results beside the receiver's own: where they differ, one of the two saw another message, another DNS or another address. Pure.

- `disagreements(said, *, spf, signatures, dmarc) -> tuple[Disagreement, ...]`

What one side could not determine is no disagreement, nor is what the receiver does not mention.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from checks.records import dmarc_result, spf_door
from checks.records.authentication_results import MethodResult, ReceiverResults
from checks.records.dkim_door import Result, SignatureResult

SHORTEST_PREFIX = 8  # characters of b= that a receiver gives at least (RFC 6008 section 3)
OPEN = frozenset(["temperror", "unknown", ""])
ALIASES = {"hardfail": "fail", "bestguesspass": "none", "error": "temperror", "invalid": "permerror", "skipped": "temperror"}
"""Words that some receivers still write (RFC 8601 section 2.7 has the others)."""


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One result that the receiver has otherwise."""

    method: str
    """spf, dkim or dmarc."""
    about: str
    """The domain."""
    ours: str
    theirs: str
    text: str
    """The receiver's words, a stranger's text."""


def disagreements(
    said: ReceiverResults,
    *,
    spf: spf_door.SpfResult | None = None,
    signatures: Sequence[SignatureResult] = (),
    dmarc: dmarc_result.DmarcResult | None = None,
) -> tuple[Disagreement, ...]:
    """Compare. Leave out what was not worked out."""
    found: list[Disagreement] = []
    if spf is not None and said.spf is not None and _differ(spf.result, _word(said.spf)):
        found.append(_one(said.spf, spf.result))
    for signature in signatures:
        theirs = match(said.dkim, signature)
        if theirs is not None and _differ(_simple(signature.result), _simple(_word(theirs))):
            found.append(_one(theirs, signature.result, signature.domain))
    unsigned = [one for one in said.dkim if _word(one) == "none"]
    if unsigned and len(said.dkim) == 1 and any(one.passed for one in signatures):
        found.append(_one(unsigned[0], Result.PASS, next(one.domain for one in signatures if one.passed)))
    if dmarc is not None and said.dmarc is not None:
        ours = [evaluation.result for evaluation in dmarc.evaluations]
        if all(_differ(one, _word(said.dmarc)) for one in ours):  # a receiver follows one standard or the other
            found.append(_one(said.dmarc, ours[0], dmarc.author))
    return tuple(found)


def match(said: Sequence[MethodResult], signature: SignatureResult) -> MethodResult | None:
    """Return what the receiver says of a signature: told by the beginning of b=, else by selector and domain, else by the domain."""
    value = _value(signature)
    by_value = [one for one in said if len(one.get("header.b")) >= SHORTEST_PREFIX and value.startswith(one.get("header.b"))]
    same = [one for one in said if one.domain and one.domain in (signature.domain, signature.signature.identity_domain)]
    by_selector = [one for one in same if one.selector == signature.selector]
    bare = [one for one in same if not one.selector]
    return next(iter([*by_value, *by_selector, *bare]), None)


def _value(signature: SignatureResult) -> str:
    return base64.b64encode(signature.signature.value).decode()


def _word(one: MethodResult) -> str:
    return ALIASES.get(one.result, one.result)


def _simple(word: str) -> str:
    """For a signature it only counts whether it holds; receivers choose freely among the words for the rest."""
    return word if word in ("pass", "none") or word in OPEN else "fail"


def _differ(ours: str, theirs: str) -> bool:
    return ours not in OPEN and theirs not in OPEN and str(ours) != theirs and not {ours, theirs} <= {"none", "neutral"}


def _one(theirs: MethodResult, ours: str, about: str = "") -> Disagreement:
    return Disagreement(
        method=theirs.method, about=about or theirs.domain, ours=str(ours), theirs=theirs.result, text=theirs.text
    )
