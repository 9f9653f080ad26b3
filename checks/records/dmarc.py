"""DMARC records (RFC 9989 sections 4.7 and 4.8): text -> policy and problems. Pure and total; where records are looked for is dmarc_walk.

RFC 9989 replaced RFC 7489 in May 2026: pct, rf and ri are gone, np, psd and t are new, p may stand anywhere.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum

from checks.records.dmarc_uri import ReportUri, parse_uris
from checks.records.tags import MAX_PROBLEMS, SPACE, Problem, Tag, TagList, parse_tags

# RFC 9989 section 4.8: the version comes first and "DMARC1" is case-sensitive.
_RECORD = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|\Z)")
_MEANT = re.compile(r"[\s\"'\\]*v\s*=\s*[\"']?\s*dmarc", re.IGNORECASE)

REMOVED = ("pct", "rf", "ri")  # RFC 9989 appendix: known to RFC 7489 only
KNOWN = ("v", "p", "sp", "np", "adkim", "aspf", "fo", "rua", "ruf", "psd", "t", *REMOVED)
_VALUES = {
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "fo": ("0", "1", "d", "s"),
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
}


class Policy(StrEnum):
    """What the domain's owner asks receivers to do with mail that fails, weakest first."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def strength(self) -> int:
        """For comparing."""
        return list(Policy).index(self)

    @property
    def tested(self) -> Policy:
        """What is left of it under t=y: one step less (RFC 9989 section 4.7)."""
        return Policy.QUARANTINE if self is Policy.REJECT else Policy.NONE


@dataclass(frozen=True, kw_only=True)
class DmarcRecord:
    """A DMARC record as a receiver understands it."""

    text: str
    problems: tuple[Problem, ...]
    policy: Policy
    """The p= tag, or none where RFC 9989 section 4.10.1 says so."""
    policy_given: bool
    """p= is there and valid."""
    usable: bool
    """False: p= is missing or wrong and there is no address in rua=, so receivers do nothing at all."""
    written: Policy | None = None
    """p= as it is written, whatever becomes of it by another tag; None if it is missing or wrong."""
    subdomain: Policy | None = None
    """sp="""
    nonexistent: Policy | None = None
    """np="""
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"
    """y: a public suffix publishes this; n: this is an organizational domain; u: to be found out."""
    testing: bool = False
    """t=y"""
    rua: tuple[ReportUri, ...] = ()
    ruf: tuple[ReportUri, ...] = ()
    removed: tuple[str, ...] = ()
    """Tags that RFC 9989 dropped, as written."""
    unknown: tuple[str, ...] = ()
    """Tags that nobody knows; receivers ignore them (RFC 9989 section 4.7)."""
    policy_second: bool = True
    """p= follows v= at once, as readers of RFC 7489 demand."""

    def in_force(self, *, inherited: bool, exists: bool = True) -> Policy:
        """Return the policy for the domain itself, or for a sub-domain that inherits it (RFC 9989 section 4.10.1), test mode counted."""
        chosen = self.policy
        if inherited:
            chosen = self.subdomain or self.policy
            if not exists and self.nonexistent is not None:
                chosen = self.nonexistent
        return chosen.tested if self.testing else chosen

    def by_rfc7489(self, *, inherited: bool) -> Policy:
        """Return the policy as receivers of the older RFC see it (RFC 7489 section 6.3): without np= and t=. What pct= does is apart."""
        return (self.subdomain or self.policy) if inherited else self.policy

    @property
    def percent(self) -> int:
        """The share of failing mail that receivers of RFC 7489 act on (pct=); 100 if nothing valid is said."""
        text = next((tag.partition("=")[2] for tag in self.removed if tag.startswith("pct=")), "")
        return min(100, int(text)) if re.fullmatch(r"[0-9]{1,3}", text) else 100


def is_dmarc(text: str) -> bool:
    """Tell whether a TXT record is a DMARC record; receivers discard all others (RFC 9989 section 4.10)."""
    return _RECORD.match(text) is not None


def meant_as_dmarc(text: str) -> bool:
    """Tell whether somebody meant to write a DMARC record, though receivers may not see one."""
    return _MEANT.match(text) is not None


def parse_dmarc(text: str) -> DmarcRecord:
    """Read a record. What receivers ignore becomes a problem and has no effect (RFC 9989 section 4.7)."""
    listed = parse_tags(text)
    tags = {tag.name.lower(): tag for tag in reversed(listed.tags)}  # names by ABNF, hence in any case; the first of two counts
    problems = list(listed.problems)
    policies = {name: _policy(tags.get(name), problems) for name in ("p", "sp", "np")}
    chosen = {name: _choice(tags.get(name), name, problems) for name in _VALUES}
    rua = parse_uris(tags.get("rua"), problems)
    ruf = parse_uris(tags.get("ruf"), problems)
    wrong = any(name in tags and policies[name] is None for name in policies)
    given = policies["p"]
    reachable = any(not uri.fault for uri in rua)
    return DmarcRecord(
        text=text,
        problems=tuple(sorted(problems, key=lambda problem: problem.position)[:MAX_PROBLEMS]),
        # RFC 9989 section 4.10.1: with a wrong p, sp or np and an address in rua, the record counts as p=none.
        policy=Policy.NONE if given is None or wrong else given,
        policy_given=given is not None,
        usable=(given is not None and not wrong) or reachable,
        written=given,
        subdomain=None if wrong else policies["sp"],
        nonexistent=None if wrong else policies["np"],
        strict_dkim=chosen["adkim"] == "s",
        strict_spf=chosen["aspf"] == "s",
        psd=chosen["psd"] or "u",
        testing=chosen["t"] == "y",
        rua=rua,
        ruf=ruf,
        removed=tuple(f"{name}={tags[name].value}"[:40] for name in REMOVED if name in tags),
        unknown=tuple(dict.fromkeys(tag.name for tag in listed.tags if tag.name.lower() not in KNOWN)),
        policy_second=_policy_second(listed),
    )


def nearest_tag(name: str) -> str:
    """Return the known tag that a person may have meant, or nothing."""
    near = difflib.get_close_matches(name.lower()[:20], KNOWN, n=1, cutoff=0.6)
    return near[0] if near else ""


def _policy(tag: Tag | None, problems: list[Problem]) -> Policy | None:
    if tag is None:
        return None
    try:
        return Policy(tag.value.lower())
    except ValueError:
        message = f"{tag.name.lower()}= is none of none, quarantine and reject"
        problems.append(Problem(position=tag.value_position, kind=f"bad-{tag.name.lower()}", message=message))
        return None


def _choice(tag: Tag | None, name: str, problems: list[Problem]) -> str:
    if tag is None:
        return ""
    value = tag.value.lower()
    # Old records list several options in fo (RFC 7489 section 6.3); each must be known.
    words = [word.strip(SPACE) for word in value.split(":")] if name == "fo" else [value]
    if all(word in _VALUES[name] for word in words):
        return value
    message = f"{name}= has a value other than {', '.join(_VALUES[name])}"
    problems.append(Problem(position=tag.value_position, kind=f"bad-{name}", message=message))
    return ""


def _policy_second(listed: TagList) -> bool:
    return len(listed.tags) > 1 and listed.tags[1].name.lower() == "p"
