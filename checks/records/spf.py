"""SPF record text (RFC 7208 sections 4.6.1 and 12) -> terms with positions, and what is wrong with them.

Pure and total. Evaluation is checks.records.spf_door, the whole tree of includes is checks.records.spf_tree.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache

from checks.records.spf_macro import ONLY_IN_EXPLANATIONS, ends_well, letters, split
from checks.records.spf_networks import Networks, bounds

MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
SECTIONS = {  # where each term is defined
    "all": "RFC 7208 section 5.1",
    "include": "RFC 7208 section 5.2",
    "a": "RFC 7208 section 5.3",
    "mx": "RFC 7208 section 5.4",
    "ptr": "RFC 7208 section 5.5",
    "ip4": "RFC 7208 section 5.6",
    "ip6": "RFC 7208 section 5.6",
    "exists": "RFC 7208 section 5.7",
    "redirect": "RFC 7208 section 6.1",
}
COUNTED = ("include", "a", "mx", "ptr", "exists", "redirect")  # RFC 7208 section 4.6.4: each of these costs one of ten look-ups
MAX_TERMS = 6000  # more addresses than the longest DNS answer (64 KB) can carry: receivers read that many, so they are judged, not refused
KEPT = 64  # records read lately; a legal tree has eleven, and several domains are judged in turns. The longest costs 2 MB
MAX_PROBLEMS = 50  # more of them help nobody
_VERSION = "v=spf1"
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE)  # RFC 7208 section 12: name "=" macro-string
_MECHANISM = re.compile(r"([+?~-]?)([^:/]*)(.*)")
_DUAL_CIDR = re.compile(r"(?:/(?P<four>[0-9]*))?(?://(?P<six>[0-9]*))?$")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IP4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")


class Kind(StrEnum):
    """What is wrong with a term."""

    NON_ASCII = "non-ascii"  # a dash or quotation mark from a word processor, a no-break space
    CONTROL = "control-character"  # a tab or line break instead of a space
    UNKNOWN_MECHANISM = "unknown-mechanism"
    SPACE_INSIDE = "space-inside"  # "ip4: 192.0.2.1", "include spf.example.org", "- all"
    COMMA = "comma"  # terms are separated by spaces
    EMPTY_DOMAIN = "empty-domain"
    BAD_DOMAIN = "bad-domain"
    ADDRESS_FOR_NAME = "address-for-name"  # "a:192.0.2.1"
    BAD_MACRO = "bad-macro"
    MISSING_ADDRESS = "missing-address"
    BAD_IP4 = "bad-ip4"
    BAD_IP6 = "bad-ip6"
    BAD_CIDR = "bad-cidr"
    ALL_ARGUMENT = "argument-of-all"
    DUPLICATE_MODIFIER = "duplicate-modifier"
    TOO_LONG = "too-long"  # more terms than `MAX_TERMS`; what follows is not read
    # The grammar allows the following; they do not do what whoever wrote them meant.
    EQUALS_SIGN = "equals-sign"  # "include=spf.example.org" is an unknown modifier: receivers skip it (RFC 7208 section 6)
    SECOND_VERSION = "second-version"  # two records in one
    AFTER_ALL = "after-all"  # RFC 7208 section 5.1: mechanisms after "all" MUST be ignored
    REDIRECT_IGNORED = "redirect-ignored"  # RFC 7208 section 6.1: "redirect" MUST be ignored when there is an "all"
    ODD_DOMAIN = "odd-domain"  # a comma inside a name: legal, and surely two names


HARMLESS = frozenset({Kind.EQUALS_SIGN, Kind.SECOND_VERSION, Kind.AFTER_ALL, Kind.REDIRECT_IGNORED, Kind.ODD_DOMAIN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Mechanism:
    """One directive: a mechanism with its qualifier."""

    qualifier: str
    """+ - ~ or ?; + if none is written."""
    name: str
    """Lower case."""
    domain: str = ""
    """The domain-spec as written; empty: the current domain."""
    network: str = ""
    """ip4 and ip6: the address as written, without length."""
    cidr4: int = 32
    cidr6: int = 128
    position: int
    text: str

    @property
    def key(self) -> tuple[str, ...]:
        """The same for two terms that mean the same."""
        network = f"{self.bounds[0]:x}/{self.length}" if self.network else ""
        return (self.qualifier, self.name, self.domain.lower().removesuffix("."), network or f"/{self.cidr4}//{self.cidr6}")

    @property
    def length(self) -> int:
        """ip4 and ip6: the length of the network's prefix."""
        return self.cidr6 if self.name == "ip6" else self.cidr4

    @property
    def bounds(self) -> tuple[int, int]:
        """ip4 and ip6: the first and the last address, as numbers."""
        return bounds(self.name, self.network, self.length)


@dataclass(frozen=True, kw_only=True, slots=True)
class Modifier:
    """One modifier: redirect, exp, or one that nobody knows (RFC 7208 section 6)."""

    name: str
    """Lower case."""
    value: str
    position: int
    text: str


Term = Mechanism | Modifier


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a record."""

    kind: Kind
    position: int
    """Index of the term's first character in the record."""
    text: str
    """The term as published."""

    @property
    def fatal(self) -> bool:
        """Whether receivers must answer permerror (RFC 7208 section 4.6), for every message."""
        return self.kind not in HARMLESS


@dataclass(frozen=True, kw_only=True)
class Record:
    """One SPF record, read."""

    text: str
    terms: tuple[Term, ...] = ()
    """What could be read, in order."""
    problems: tuple[Problem, ...] = ()
    """In order of position, at most `MAX_PROBLEMS`."""

    @cached_property
    def fatal(self) -> tuple[Problem, ...]:
        """Problems that make the whole record unusable."""
        return tuple(problem for problem in self.problems if problem.fatal)

    @cached_property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """Those in force: up to and with the first "all" (RFC 7208 section 5.1)."""
        found: list[Mechanism] = []
        for term in self.terms:
            if isinstance(term, Mechanism):
                found.append(term)
                if term.name == "all":
                    break
        return tuple(found)

    @cached_property
    def networks(self) -> Networks:
        """Those in force, for looking up addresses."""
        return Networks(self.mechanisms)

    @cached_property
    def all(self) -> Mechanism | None:
        """The first "all"."""
        return next((term for term in self.mechanisms if term.name == "all"), None)

    @cached_property
    def redirect(self) -> Modifier | None:
        """The redirect in force: none beside an "all" (RFC 7208 section 6.1)."""
        return None if self.all else self.modifier("redirect")

    @cached_property
    def counted(self) -> tuple[Term, ...]:
        """The terms in force that cost a look-up, in the order in which they are evaluated."""
        costly: list[Term] = [term for term in self.mechanisms if term.name in COUNTED]
        return (*costly, self.redirect) if self.redirect else tuple(costly)

    def modifier(self, name: str) -> Modifier | None:
        """Return the first modifier of that name."""
        return next((term for term in self.terms if isinstance(term, Modifier) and term.name == name), None)


def is_spf(text: str) -> bool:
    """Tell whether a TXT record is an SPF record: the version is the whole text or is followed by a space (RFC 7208 section 4.5)."""
    return text[:6].lower() == _VERSION and (len(text) == 6 or text[6] == " ")


def target(term: Term) -> str:
    """Return the domain-spec that a counted term names; empty: the current domain."""
    return term.domain if isinstance(term, Mechanism) else term.value


@lru_cache(maxsize=KEPT)
def parse(text: str) -> Record:
    """Read a record, each text once: every rule comes to it, in every round. Text that does not begin with the version is read as if it did: whether it is SPF at all is `is_spf`."""
    words = [(match.start(), match[0]) for match in re.finditer("[^ ]+", text) if not (match.start() == 0 and is_spf(text))]
    terms: list[Term] = []
    problems: list[Problem] = []
    at = 0
    if len(words) > MAX_TERMS:
        position, word = words[MAX_TERMS]
        problems.append(Problem(kind=Kind.TOO_LONG, position=position, text=word))
    del words[MAX_TERMS:]
    while at < len(words):
        position, word = words[at]
        found = parse_term(word, position)
        if isinstance(found, Kind) and at + 1 < len(words) and (joined := _joined(word, words[at + 1][1], found)):
            # "ip4: 192.0.2.1" is one mistake, not two.
            problems.append(Problem(kind=Kind.SPACE_INSIDE, position=position, text=joined))
            at += 2
            continue
        if isinstance(found, Kind):
            problems.append(Problem(kind=found, position=position, text=word))
        else:
            terms.append(found)
        at += 1
    problems += _of_the_whole(terms)
    ordered = sorted(problems, key=lambda problem: (not problem.fatal, problem.position))[:MAX_PROBLEMS]
    return Record(text=text, terms=tuple(terms), problems=tuple(sorted(ordered, key=lambda problem: problem.position)))


def parse_term(word: str, position: int = 0) -> Term | Kind:
    """Read one term, or say what is wrong with it."""
    if not word.isascii():
        return Kind.NON_ASCII  # RFC 7208 section 3.1: US-ASCII only
    if _CONTROL.search(word):
        return Kind.CONTROL
    if match := _MODIFIER.fullmatch(word):
        return _modifier(match[1].lower(), match[2], position, word)
    found = _mechanism(word, position)
    return Kind.COMMA if isinstance(found, Kind) and "," in word else found


def _modifier(name: str, value: str, position: int, word: str) -> Term | Kind:
    if name in ("redirect", "exp"):
        if problem := _domain_problem(value):
            return problem
    elif split(value) is None:
        return Kind.BAD_MACRO
    return Modifier(name=name, value=value, position=position, text=word)


def _mechanism(word: str, position: int) -> Mechanism | Kind:
    match = _MECHANISM.fullmatch(word)
    qualifier, name, rest = (match[1] or "+", match[2].lower(), match[3]) if match else ("+", "", "")
    if name in ("ip4", "ip6"):
        return _network(qualifier, name, rest, position, word)
    term = Mechanism(qualifier=qualifier, name=name, position=position, text=word)
    if name == "all":
        return Kind.ALL_ARGUMENT if rest else term
    if name in ("a", "mx"):
        return _host(term, rest)
    if name in ("include", "exists") or (name == "ptr" and rest):
        if not rest.startswith(":"):
            return Kind.BAD_CIDR if rest else Kind.EMPTY_DOMAIN
        return _domain_problem(rest[1:]) or replace(term, domain=rest[1:])
    return term if name == "ptr" else Kind.UNKNOWN_MECHANISM


def _host(term: Mechanism, rest: str) -> Mechanism | Kind:
    """Read what follows "a" or "mx": [":" domain-spec] [dual-cidr-length]."""
    lengths = _DUAL_CIDR.search(rest)
    domain = rest[: lengths.start()] if lengths else rest
    four, six = (lengths["four"], lengths["six"]) if lengths else (None, None)
    if domain.startswith(":") and (problem := _domain_problem(domain[1:])):
        return problem
    if domain and not domain.startswith(":"):
        return Kind.BAD_CIDR
    if not (_is_length(four, 32) and _is_length(six, 128)):
        return Kind.BAD_CIDR
    return replace(term, domain=domain[1:], cidr4=32 if four is None else int(four), cidr6=128 if six is None else int(six))


def _network(qualifier: str, name: str, rest: str, position: int, word: str) -> Mechanism | Kind:
    """Read what follows "ip4" or "ip6": ":" address ["/" length]."""
    if not rest.startswith(":") or rest == ":":
        return Kind.BAD_CIDR if rest.startswith("/") else Kind.MISSING_ADDRESS
    address, slash, length = rest[1:].partition("/")
    four = name == "ip4"
    if not (_IP4.fullmatch(address) if four else _is_ip6(address)):
        return Kind.BAD_IP4 if four else Kind.BAD_IP6
    most = 32 if four else 128
    if slash and not _is_length(length, most):
        return Kind.BAD_CIDR
    bits = int(length) if slash else most
    return Mechanism(
        qualifier=qualifier,
        name=name,
        network=address,
        cidr4=bits if four else 32,
        cidr6=128 if four else bits,
        position=position,
        text=word,
    )


def _is_length(digits: str | None, most: int) -> bool:
    return digits is None or (_NUMBER.fullmatch(digits) is not None and int(digits) <= most)


def _is_ip6(text: str) -> bool:
    if "%" in text or len(text) > 45:  # a scope is for one machine's cables only
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _domain_problem(domain_spec: str) -> Kind | None:
    if not domain_spec:
        return Kind.EMPTY_DOMAIN
    if split(domain_spec) is None or letters(domain_spec) & ONLY_IN_EXPLANATIONS:
        return Kind.BAD_MACRO
    if not ends_well(domain_spec):
        return Kind.ADDRESS_FOR_NAME if _IP4.match(domain_spec) or _is_ip6(domain_spec) else Kind.BAD_DOMAIN
    return None


def _joined(word: str, following: str, kind: Kind) -> str:
    """Return the two words with their space, if together they are one term that a space broke."""
    if kind in (Kind.EMPTY_DOMAIN, Kind.MISSING_ADDRESS):
        glue = "" if word.endswith((":", "=")) else ":"
        alone = parse_term(following)
        whole = parse_term(f"{word}{glue}{following}")
        return f"{word} {following}" if isinstance(alone, Kind) and not isinstance(whole, Kind) else ""
    if word in ("+", "-", "~", "?") and isinstance(parse_term(word + following), Mechanism):
        return f"{word} {following}"
    return ""


def _of_the_whole(terms: list[Term]) -> list[Problem]:
    """Find what is wrong with terms that are fine by themselves."""
    problems: list[Problem] = []
    seen: set[str] = set()
    ended = False
    has_all = any(term.name == "all" for term in terms if isinstance(term, Mechanism))
    for term in terms:
        kind = (
            _misplaced_mechanism(term, ended=ended)
            if isinstance(term, Mechanism)
            else _misplaced_modifier(term, seen, has_all=has_all)
        )
        if kind:
            problems.append(Problem(kind=kind, position=term.position, text=term.text))
        ended = ended or (isinstance(term, Mechanism) and term.name == "all")
        seen.add(term.name if isinstance(term, Modifier) else "")
    return problems


def _misplaced_mechanism(term: Mechanism, *, ended: bool) -> Kind | None:
    if ended:
        return Kind.AFTER_ALL
    return Kind.ODD_DOMAIN if "," in re.sub(r"%\{[^}]*\}", "", term.domain) else None


def _misplaced_modifier(term: Modifier, seen: set[str], *, has_all: bool) -> Kind | None:
    if term.name in ("redirect", "exp") and term.name in seen:
        return Kind.DUPLICATE_MODIFIER  # RFC 7208 section 6
    if term.name == "redirect" and has_all:
        return Kind.REDIRECT_IGNORED
    if term.name == "v" and term.value.lower().startswith("spf1"):
        return Kind.SECOND_VERSION
    return Kind.EQUALS_SIGN if term.name in MECHANISMS else None
