"""The one door to pyspf: evaluates SPF (check_host(), RFC 7208 section 4) for one message, from evidence instead of from the network.

pyspf walks the mechanisms, matches addresses and keeps the limits. What it leaves open is decided here: the grammar is ours
(checks.records.spf), names are absolute and checked before they are asked, a question that failed is never "no record", redirect
and exp are followed only when their turn comes, every exception becomes a result, and the number of questions is bounded.
"""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from checks.evidence import Evidence, State
from checks.probes import DnsProbe, DnsReading, normal_name
from checks.records.spf import COUNTED, SECTIONS, Kind, Mechanism, Modifier, Record, is_spf, parse, parse_term, target
from checks.records.spf_macro import as_name, expand, is_askable, letters, static_name
from checks.records.spf_tree import MAX_LOOKUPS, MAX_MX, MAX_VOID, Failure, cut, walk

with warnings.catch_warnings():
    # pyspf 2.0.14 is of 2020: an unescaped regular expression in its source warns when it is first compiled.
    warnings.simplefilter("ignore")
    import spf as pyspf

MAX_QUERIES = 130  # ten mx terms with ten hosts each are legal and cost 111
MAX_QUERIES_BROKEN = 20  # for a tree that is known not to be legal; ten terms cost as many, and nothing can come of the eleventh
MAX_PTR = 10  # RFC 7208 section 4.6.4
MAX_EXPLANATION = 500  # what a stranger may say in a report
_NO_MATCH = "no-match"


class Result(StrEnum):
    """RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Reason(StrEnum):
    """What kind of permerror."""

    NONE = ""
    SYNTAX = "syntax"
    SEVERAL_RECORDS = "several-records"
    NO_RECORD = "no-record"  # an include or redirect leads to a name without record
    MANY_LOOKUPS = "many-lookups"
    MANY_VOID = "many-void"
    MANY_MX = "many-mx"
    MANY_QUERIES = "many-queries"  # our own bound; the tree is broken or costs more than a legal one can
    LIBRARY = "library"


@dataclass(frozen=True, kw_only=True)
class Match:
    """One step of the way to the term that decided."""

    domain: str
    """Whose record has the term."""
    term: str
    """As published."""

    @property
    def section(self) -> str:
        """Where the term is defined."""
        read = parse_term(self.term)
        return "" if isinstance(read, Kind) else SECTIONS.get(read.name, "")

    def __str__(self) -> str:
        return f"{cut(self.domain)}: {cut(self.term)} ({self.section})"


@dataclass(frozen=True, kw_only=True)
class SpfResult:
    """What a receiver would find."""

    result: Result
    explanation: str = ""
    """For fail: the domain's own words (exp=), a stranger's text, one character per byte, at most `MAX_EXPLANATION`."""
    problem: str = ""
    """For permerror and temperror: why, in words for a person; may quote the record."""
    reason: Reason = Reason.NONE
    path: tuple[Match, ...] = ()
    """From the domain's own record down to the term that decided; empty if none matched."""
    lookups: int = 0
    """Counted look-ups until the result was clear (RFC 7208 section 4.6.4)."""
    void_lookups: int = 0
    failure: Failure | None = None
    """For temperror: the question that got no answer."""
    doubt: Failure | None = None
    """A question without answer that a receiver takes for "no match" (RFC 7208 section 5.5); with an answer, the result may be another."""


class _Stop(pyspf.PermError):  # type: ignore[misc] # pyspf has no type information
    """A permerror that knows its kind."""

    def __init__(self, reason: Reason, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


def check_host(
    *,
    ip: str,
    mail_from: str,
    helo: str,
    ev: Evidence,
    spent: set[DnsProbe] | None = None,
) -> SpfResult:
    """Evaluate the record of the sender's domain for one connection. An empty `mail_from` is judged by `helo` (RFC 7208 section 2.4).

    Give one set as `spent` where the same record is evaluated for many addresses: a tree that is not legal may cost so many questions
    for all of them together.

    Raises `ValueError` if `ip` is no address; lets `Missing` through; everything else is a result.
    """
    address = ipaddress.ip_address(ip.partition("%")[0])  # a scope is for one machine's cables
    local, _, domain = mail_from.rpartition("@")
    domain = normal_name(domain or helo) if mail_from else normal_name(helo)
    if not is_askable(domain) or "." not in domain or domain.startswith("["):
        return SpfResult(result=Result.NONE)  # RFC 7208 section 4.3
    query = _Query(str(address), local or "postmaster", domain, helo, ev, set() if spent is None else spent)
    try:
        result, _, _ = query.check()
        found = Result(result)
        explanation = query.explain() if found is Result.FAIL else ""
    except Exception as error:  # noqa: BLE001 - a library's slip on a stranger's record is a broken record, not a crash
        return SpfResult(
            result=Result.PERMERROR, reason=Reason.LIBRARY, problem=f"{type(error).__name__}: {error}"[:MAX_EXPLANATION]
        )
    return query.answer(found, explanation)


class _Query(pyspf.query):  # type: ignore[misc] # pyspf has no type information
    """pyspf's evaluation with our grammar above it and evidence below it."""

    def __init__(self, ip: str, local: str, domain: str, helo: str, ev: Evidence, spent: set[DnsProbe]) -> None:
        super().__init__(ip, f"{local}@{domain}", helo)
        self.l, self.o, self.d = local, domain, domain  # pyspf cuts a quoted local part at its first @
        self.t = "0"  # no clock in here; %{t} is only for explanations
        self._ev = ev
        self._budget = MAX_QUERIES
        self._asked: set[DnsProbe] = set()
        self._spent = spent
        self._counted = 0  # terms that cost a look-up in all records read so far
        self._depth = 0
        self._terms: dict[str, Mechanism] = {}
        self._path: tuple[Match, ...] = ()
        self._explain: tuple[str, str] = ("", "")  # exp= of the record that decided, and that record's domain
        self._failure: Failure | None = None
        self._doubt: Failure | None = None
        self.exps[_NO_MATCH] = ""

    # --- results ---

    def check(self, spf: str | None = None) -> Any:
        """Look ahead, so that siblings are asked in one round, and go."""
        tree = walk(self.o, self._ev)
        self._asked.update(tree.asked)
        if tree.broken:
            self._save()
        return super().check(spf)

    def _save(self) -> None:
        """The tree is not legal: from here on nobody's name server needs to hear much more of it, for this sender or the next."""
        self._budget = MAX_QUERIES_BROKEN
        self._spent |= self._asked
        self._asked = self._spent

    def answer(self, result: Result, explanation: str) -> SpfResult:
        """Put together what is known."""
        error: object = self.perm_error if result is Result.PERMERROR else None
        problem = (
            str(error)
            if error
            else f"{self._failure.probe.id} could not be read"
            if self._failure and result is Result.TEMPERROR
            else ""
        )
        return SpfResult(
            result=result,
            explanation=explanation,
            problem=problem[:MAX_EXPLANATION],
            reason=error.reason if isinstance(error, _Stop) else Reason.NO_RECORD if error else Reason.NONE,
            path=self._path if result not in (Result.PERMERROR, Result.TEMPERROR, Result.NONE) else (),
            lookups=self.lookups,
            void_lookups=self.void_lookups,
            failure=self._failure if result is Result.TEMPERROR else None,
            doubt=self._doubt,
        )

    def explain(self) -> str:
        """Return the domain's explanation for a fail; every fault in getting it means that there is none (RFC 7208 section 6.2)."""
        spec, domain = self._explain
        self.d = domain or self.d
        try:
            name = as_name(self.expand(spec)) if spec else ""
            texts = self._ask([DnsProbe(name, "TXT")])[0].values if is_askable(name) else ()
            return self.expand(texts[0])[:MAX_EXPLANATION] if len(texts) == 1 and texts[0].isascii() else ""
        except _Stop:
            return ""

    # --- one record ---

    def check1(self, spf: str | None, domain: str, recursion: int) -> Any:  # noqa: ARG002 - pyspf's signature; the depth is kept here
        """Evaluate one record and, where no mechanism matches, the record that it redirects to."""
        outer = (self.d, self._terms)
        self._depth += 1
        walked: tuple[Match, ...] = ()
        try:
            while spf is not None:
                record = self._enter(spf, domain)
                found = self._evaluate(record, domain)
                if found[0] != _NO_MATCH:
                    self._path = (*walked, *self._path)
                    return found
                if not (redirect := record.redirect):
                    self._path = ()
                    return "neutral", 250, ""  # RFC 7208 section 4.7
                self.check_lookups()
                walked = (*walked, Match(domain=domain, term=redirect.text))
                domain, spf = self._redirected(redirect)
        finally:
            self._depth -= 1
            self.d, self._terms = outer
            self.p = None
        return "none", 250, ""

    def _enter(self, text: str, domain: str) -> Record:
        record = parse(text)
        if record.fatal:
            first = record.fatal[0]
            raise _Stop(Reason.SYNTAX, f"{domain}: {first.kind.value}: {first.text}")  # RFC 7208 section 4.6
        self.d, self.p = domain, None
        self._counted += len(record.counted)
        if self._counted > MAX_LOOKUPS:
            self._save()
        if self._depth == 1:  # RFC 7208 section 6.2: the exp= of an included record is not for us; that of a redirect's target is
            exp = record.modifier("exp")
            self._explain = (exp.value if exp else "", domain)
        self._prefetch(record, domain)
        return record

    def _evaluate(self, record: Record, domain: str) -> Any:
        within = self._within_limit(record)
        self._terms = {term.text: term for term in within}
        words = ["v=spf1", *(term.text for term in within), *(() if record.all else (_NO_MATCH,))]
        here = self._terms
        found = self.check0(" ".join(words), 0)  # 0: pyspf then says which term matched, at every depth
        term = here.get(self.mechanism or "")
        below = self._path if term and term.name == "include" else ()
        self._path = (Match(domain=domain, term=term.text), *below) if term else ()
        return found

    def _within_limit(self, record: Record) -> list[Mechanism]:
        """Leave out networks that the connection does not come from, and what is behind the term that costs one look-up too many."""
        found: list[Mechanism] = []
        left = MAX_LOOKUPS - self.lookups
        for term in record.networks.relevant(self.ipaddr):
            found.append(term)
            left -= term.name in COUNTED
            if left < 0:
                break
        return found

    def _redirected(self, redirect: Modifier) -> tuple[str, str]:
        name = as_name(self.expand(redirect.value))
        text = self.dns_spf(name)
        if text is None:
            raise _Stop(Reason.NO_RECORD, f"{redirect.text} leads to a name without SPF record")  # RFC 7208 section 6.1
        return name, text

    def _prefetch(self, record: Record, domain: str) -> None:
        """Ask in one round what the next terms are going to ask; as many as the limit still allows."""
        types = {"include": "TXT", "a": self.A, "mx": "MX", "exists": "A", "redirect": "TXT"}
        probes = []
        varying = 0
        for term in record.counted[: max(0, MAX_LOOKUPS - self.lookups)]:
            spec = target(term)
            name = static_name(spec, domain=domain, origin=self.o) if spec else domain
            if not name and "p" not in letters(spec) and varying <= MAX_VOID:  # more of them may never be asked
                name = as_name(self.expand(spec))
                varying += 1
            if term.name in types and is_askable(name):
                probes.append(DnsProbe(name, types[term.name]))
        self._ask(probes[: max(0, self._budget - len(self._asked))])

    def validate_mechanism(self, mech: str) -> tuple[str, str, str | None, int, str]:
        """Return what pyspf wants to know of a term; the grammar has been checked."""
        term = self._terms.get(mech)
        if term is None:
            return mech, "all", None, 0, _NO_MATCH
        length = term.cidr6 if self.v == "ip6" else term.cidr4
        if term.network:
            return mech, term.name, term.network, term.cidr6 if term.name == "ip6" else term.cidr4, pyspf.RESULTS[term.qualifier]
        name = as_name(self.expand(term.domain)) if term.domain else self.d
        return mech, term.name, name, length if term.name in ("a", "mx") else self.cidrmax, pyspf.RESULTS[term.qualifier]

    def expand(self, s: str, stripdot: bool = True) -> str:  # noqa: ARG002 - pyspf's signature
        """Expand macros; %{p} costs look-ups, so it is found out only where it occurs."""
        if "p" in letters(s):
            self.getp()
        return expand(s, lambda letter: str(getattr(self, letter)))

    # --- limits ---

    def check_lookups(self) -> None:
        """Count one look-up; the eleventh is one too many."""
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _Stop(Reason.MANY_LOOKUPS, f"more than {MAX_LOOKUPS} look-ups")

    def _ask(self, probes: list[DnsProbe]) -> tuple[DnsReading, ...]:
        self._asked.update(probes)
        if len(self._asked) > self._budget:
            raise _Stop(Reason.MANY_QUERIES, f"more than {self._budget} questions")
        return self._ev.all(*probes)

    # --- DNS ---

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[str]:  # noqa: ARG002 - pyspf's signature
        """Answer one question from evidence. CNAMEs have been followed by whoever gathered it."""
        name = as_name(str(name))
        if not is_askable(name):
            return []  # RFC 7208 section 4.8 leaves open what such a name means; nothing can be there
        probe = DnsProbe(name, qtype)
        reading = self._ask([probe])[0]
        if not reading.state.answered:
            self._failure = Failure(probe=probe, reading=reading)
            raise pyspf.TempError(f"{probe.id}: {reading.state}")
        if not reading.records and not ignore_void and self._depth:  # RFC 7208 section 4.6.4 counts terms, not the record itself
            self.void_lookups += 1
            if self.void_lookups > MAX_VOID:
                raise _Stop(Reason.MANY_VOID, f"more than {MAX_VOID} look-ups that find nothing")
        if qtype == "MX":
            return [record.value for record in sorted(reading.records, key=lambda record: (record.preference, record.value))]
        return list(reading.values) if reading.state is State.OK else []

    def dns_spf(self, domain: str) -> str | None:
        """Return the one SPF record of a name, None if it has none."""
        texts = [text for text in self.dns(domain, "TXT") if is_spf(text)]
        if len(texts) > 1:
            raise _Stop(Reason.SEVERAL_RECORDS, f"{domain} publishes {len(texts)} SPF records")  # RFC 7208 section 4.5
        return texts[0] if texts else None

    def dns_mx(self, domainname: str) -> Iterator[str]:
        """Return the addresses of the mail exchangers, one host after the other: a match ends it before a later host can fail."""
        names = self.dns(domainname, "MX")
        if len(names) > MAX_MX:
            raise _Stop(
                Reason.MANY_MX, f"{domainname} has {len(names)} MX records; receivers accept {MAX_MX}"
            )  # RFC 7208 section 4.6.4
        hosts = [name for name in names if name != "."]  # RFC 7505: "." is no host
        self._ask([DnsProbe(name, self.A) for name in hosts if is_askable(name)])
        return (address for name in hosts for address in self.dns_a(name, self.A))

    def cidrmatch(self, ipaddrs: Iterable[str], n: int) -> bool:
        """Tell whether the connection comes from one of the networks around these addresses."""
        return any(self.ipaddr in ipaddress.ip_network(f"{address}/{n}", strict=False) for address in ipaddrs)

    def validated_ptrs(self) -> list[str]:
        """Return the names of the connection's address that lead back to it; a fault means "no such name" (RFC 7208 section 5.5)."""
        try:
            names = [name for name in self.dns_ptr(self.i)[:MAX_PTR] if is_askable(name)]
        except pyspf.TempError:
            self._doubt, self._failure = self._failure, None
            return []
        probes = [DnsProbe(name, self.A) for name in names]
        readings = self._ask(probes)
        for probe, reading in zip(probes, readings, strict=True):
            if not reading.state.answered:
                self._doubt = Failure(probe=probe, reading=reading)
        return [name for name, reading in zip(names, readings, strict=True) if self.cidrmatch(reading.values, self.cidrmax)]
