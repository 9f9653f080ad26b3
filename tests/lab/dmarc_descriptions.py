"""The DMARC of a generated domain: what lies at each level, and whose policy holds (RFC 9989 section 4.10, RFC 7489 section 6.6.3).

The walk is written here a second time, from the RFC and over a description, so that it can prove the one of the program.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_QUESTIONS = 8  # RFC 9989 section 4.10
POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One record, as it was meant."""

    p: str = ""
    """none, quarantine or reject; anything else is a mistake, nothing is left away."""
    sp: str = ""
    np: str = ""
    psd: str = ""
    t: str = ""
    rua: str = ""
    more: tuple[str, ...] = ()
    """Other tags, which change nothing of the policy."""
    twice: bool = False
    """A tag is there a second time."""

    @property
    def text(self) -> str:
        """As published."""
        given = [f"{name}={getattr(self, name)}" for name in ("p", "sp", "np", "psd", "t", "rua") if getattr(self, name)]
        return "; ".join(["v=DMARC1", *given, *self.more, *(["p=none"] if self.twice else [])])

    @property
    def valid(self) -> bool:
        """RFC 9989 section 4.10.1: no tag for a policy that is none; that p may be left away says section 4.7."""
        return all(tag in ("", *POLICIES) for tag in (self.p, self.sp, self.np))

    @property
    def alarms(self) -> set[str]:
        """What is wrong with the record by itself."""
        found = {"dmarc.slips"} if self.twice else set()
        if not self.rua and (self.p not in POLICIES or not self.valid):  # RFC 9989 section 4.10.1: no DMARC processing at all
            return found | {"dmarc.unusable-record"}
        if self.p not in POLICIES:
            return found | {"dmarc.policy-missing"}
        return found if self.valid else found | {"dmarc.invalid-subdomain-policy"}


@dataclass(kw_only=True)
class Level:
    """What lies at _dmarc below one name."""

    policies: list[Policy] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Texts that are no DMARC records."""
    flaw: str = ""
    """The code for what somebody meant and did not publish rightly."""

    @property
    def policy(self) -> Policy | None:
        """Several are discarded (RFC 9989 section 4.10)."""
        return self.policies[0] if len(self.policies) == 1 else None


Levels = dict[str, Level]


def walked(author: str) -> list[str]:
    """Return the names of a tree walk (RFC 9989 section 4.10)."""
    labels = author.split(".")
    names = [author]
    rest = labels[1:] if len(labels) < MOST_QUESTIONS else labels[-(MOST_QUESTIONS - 1) :]
    while rest:
        names.append(".".join(rest))
        rest = rest[1:]
    return names


def newer(author: str, levels: Levels) -> str:
    """Return whose record holds by RFC 9989 sections 4.10.1 and 4.10.2; empty if nobody's does."""
    seen: list[tuple[str, Policy]] = []
    for name in walked(author):
        policy = levels.get(name, Level()).policy
        if policy:
            seen.append((name, policy))
            if policy.psd in ("y", "n"):
                break
    if not seen:
        return ""
    holders = dict(seen)
    top, last = seen[-1]
    labels = author.split(".")
    organisation = ".".join(labels[-(len(top.split(".")) + 1) :]) if last.psd == "y" and top != author else top
    return next((name for name in (author, organisation, top) if name in holders), "")


def older(author: str, organisation: str, levels: Levels) -> str:
    """Return whose record holds by RFC 7489 section 6.6.3; `organisation` is that of the public suffix list."""
    for name in dict.fromkeys((author, organisation)):
        level = levels.get(name, Level())
        if level.policies:
            return name if level.policy else ""
    return ""


def in_force(author: str, levels: Levels, *, exists: bool) -> str:
    """Return what receivers of RFC 9989 do with mail that fails; empty if nothing is asked of them."""
    place = newer(author, levels)
    policy = levels[place].policy if place else None
    if policy is None or not (policy.rua or (policy.p and policy.valid)):
        return ""
    chosen = policy.p or "none" if policy.valid else "none"
    if place != author and policy.valid:
        chosen = policy.sp or chosen
        chosen = policy.np if policy.np and not exists else chosen
    if policy.t == "y":
        chosen = {"reject": "quarantine"}.get(chosen, "none")
    return chosen


def alarms(author: str, levels: Levels, *, exists: bool = True) -> set[str]:
    """Return every alarm that the levels deserve."""
    place = newer(author, levels)
    suspects = [author] if place else walked(author)
    flaws = [
        level.flaw or "dmarc.multiple-records"
        for name in suspects
        if (level := levels.get(name)) and (level.flaw or len(level.policies) > 1)
    ]
    policy = levels[place].policy if place else None
    found = set(flaws[:1]) | (policy.alarms if policy else set())
    return found if found or policy or not exists else {"dmarc.missing"}


# --- made at random -----------------------------------------------------------------------------------------------------

OTHERS = ("hello", "v=spf1 -all", "", "DMARC1; p=reject", "p=reject; v=DMARC1")
MISWRITTEN = (
    "v=dmarc1; p=reject", "v=DMARC1 p=reject", "v=DMARC1, p=reject", " v=DMARC1; p=reject", "v=DMARC2; p=reject", "v='DMARC1'; p=none",
    "v=DMARC; p=reject", "v =DMARC1.; p=none",
)  # fmt: skip
HARMLESS = ("pct=50", "rf=afrf", "ri=3600", "adkim=s", "aspf=s", "fo=1:d:s", "ruf=mailto:f@club.example", "x=y")


def random_policy(rng: random.Random) -> Policy:
    """Return a record, mostly right."""
    broken = rng.random()
    return Policy(
        p=rng.choice(POLICIES) if broken > 0.12 else rng.choice(["", "block", "rejected"]),
        sp=rng.choice(["", "", "", *POLICIES]) if not 0.12 < broken < 0.17 else "off",
        np=rng.choice(["", "", "", *POLICIES]),
        psd=rng.choice([""] * 6 + ["n", "u"]),
        t=rng.choice([""] * 5 + ["y", "n"]),
        rua=rng.choice(["", "mailto:dmarc@reports.example", "mailto:a@club.example,mailto:b@club.example"]),
        more=tuple(rng.sample(HARMLESS, rng.choice([0, 0, 1, 2]))),
        twice=rng.random() < 0.03 and broken > 0.12,
    )


def random_levels(rng: random.Random, author: str, organisation: str) -> Levels:
    """Return what lies between a domain and its organisation's."""
    between = [name for name in ancestors(author) if name.endswith(organisation)]
    levels: Levels = {}
    for name in between:
        chance = 0.75 if name in (author, organisation) else 0.25
        if rng.random() < chance:
            levels[name] = _random_level(rng, author == name)
    return levels


def ancestors(author: str) -> Sequence[str]:
    """Return a name and every name above it."""
    labels = author.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def _random_level(rng: random.Random, own: bool) -> Level:
    kind = rng.random()
    if kind < 0.1:
        return Level(policies=[random_policy(rng), random_policy(rng)])
    if kind < 0.17 and own:
        return Level(others=[rng.choice(MISWRITTEN)], flaw="dmarc.miswritten-version")
    others = rng.sample(OTHERS, rng.choice([0, 0, 0, 1, 2]))
    return Level(policies=[] if kind < 0.22 else [random_policy(rng)], others=others)
