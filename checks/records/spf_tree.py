"""The whole tree of an SPF record, without any message: every look-up that it can cost, every include, and what is broken in it.

Reads from evidence, asks siblings in one round, and stops asking as soon as receivers would have stopped. Says nothing of whether a
sender may send; that is checks.records.spf_door.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checks.evidence import Evidence
from checks.probes import DnsProbe, DnsReading, normal_name
from checks.records.spf import SECTIONS, Mechanism, Record, Term, is_spf, parse, target
from checks.records.spf_macro import is_askable, static_name

MAX_LOOKUPS = 10  # RFC 7208 section 4.6.4; receivers stop here
MAX_MX = 10  # RFC 7208 section 4.6.4: an mx term with more names is a permerror
MAX_VOID = 2  # RFC 7208 section 4.6.4, a SHOULD that the widespread implementations keep
MAX_LINES = 40  # of a tree that is shown; a legal one has ten
MAX_TEXT = 80  # characters of a stranger's name or term in a line
MAX_STEPS = 100  # of one record; ten times the limit is over the limit, whatever follows
BATCH = MAX_VOID + 10  # host names without IPv4 address that are looked up in one round
MAX_HOST_QUERIES = 100  # ten mx terms with ten hosts each, all legal


class Flaw(StrEnum):
    """What makes receivers answer permerror."""

    NO_RECORD = "no-record"  # RFC 7208 sections 5.2 and 6.1
    SEVERAL_RECORDS = "several-records"  # RFC 7208 section 4.5
    BAD_SYNTAX = "bad-syntax"  # RFC 7208 section 4.6
    LOOP = "loop"  # runs into the limit of ten, whatever the limit
    MANY_MX = "many-mx"  # RFC 7208 section 4.6.4


@dataclass(frozen=True, kw_only=True)
class Step:
    """One term that costs a look-up."""

    depth: int
    """0: in the domain's own record."""
    domain: str
    """Whose record has the term."""
    term: str
    """As published."""
    kind: str
    """The mechanism's or modifier's name, lower case."""
    name: str
    """What is looked up; empty if that differs from message to message."""
    section: str
    """Where RFC 7208 counts it."""

    def __str__(self) -> str:
        return f"{'· ' * self.depth}{cut(self.domain)}: {cut(self.term)} ({self.section})"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One broken place in the tree."""

    flaw: Flaw
    domain: str
    """Whose record has the term."""
    depth: int
    term: str
    """As published; empty for the tree's own record."""
    name: str
    """What the term leads to."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One question in the tree that got no answer."""

    probe: DnsProbe
    reading: DnsReading


@dataclass(frozen=True, kw_only=True)
class Host:
    """One host name whose addresses are looked up."""

    step: Step
    name: str
    only_v4: bool = False
    """RFC 7208 section 5.7: "exists" asks for IPv4 addresses, whatever the connection."""


@dataclass(frozen=True, kw_only=True)
class Void:
    """One term whose look-up finds nothing, for IPv4 and IPv6 alike."""

    depth: int
    domain: str
    term: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Tree:
    """What is known of a whole tree."""

    domain: str
    records: tuple[tuple[str, Record], ...]
    """Domain and record, in the order in which receivers come to them; one that is included twice is there twice."""
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]
    failures: tuple[Failure, ...]
    asked: frozenset[DnsProbe]
    hosts: tuple[Host, ...]
    """The A and AAAA look-ups that the terms lead to."""
    no_mx: tuple[Void, ...]
    """The mx terms of names without MX."""

    @property
    def lookups(self) -> int:
        """Look-ups counted; "at least", if the tree is over the limit or a failure hides a part of it."""
        return len(self.steps)

    @property
    def over_limit(self) -> bool:
        """Whether receivers give up (for a sender that no earlier term matches)."""
        return self.lookups > MAX_LOOKUPS

    @property
    def broken(self) -> bool:
        """Whether receivers answer permerror to a sender that no earlier term matches."""
        return self.over_limit or bool(self.faults)


@dataclass(kw_only=True)
class _Node:
    domain: str
    record: Record
    steps: tuple[Step, ...]
    ancestors: tuple[str, ...]
    children: dict[int, _Node] = field(default_factory=dict)
    """By index of the step that led there."""


@dataclass
class _Walk:
    origin: str
    ev: Evidence
    asked: set[DnsProbe] = field(default_factory=set)
    """At most eleven: the record itself and one for each of ten counted terms."""
    faults: list[Fault] = field(default_factory=list)
    failures: dict[DnsProbe, Failure] = field(default_factory=dict)
    mx: dict[str, DnsReading] = field(default_factory=dict)

    def run(self) -> _Node | None:
        probe = DnsProbe(self.origin, "TXT")
        first = Step(depth=-1, domain=self.origin, term="", kind="include", name=self.origin, section="")
        root = self._node(self._ask([probe])[0], probe, first, ())
        wave = [root] if root else []
        counted = 0
        while wave:
            counted += sum(len(node.steps) for node in wave)
            if counted > MAX_LOOKUPS or self.faults:
                break  # broken whatever the rest says: nobody's name server needs to hear more of it
            wave = self._next(wave)
        return root

    def _ask(self, probes: list[DnsProbe]) -> tuple[DnsReading, ...]:
        """Ask siblings in one round; failures are noted."""
        self.asked.update(probes)
        readings = self.ev.all(*probes)
        for probe, reading in zip(probes, readings, strict=True):
            if not reading.state.answered:
                self.failures[probe] = Failure(probe=probe, reading=reading)
        return readings

    def _next(self, wave: list[_Node]) -> list[_Node]:
        """Ask what the terms of these records name, and return the records that came."""
        named = [
            (node, index, step)
            for node in wave
            for index, step in enumerate(node.steps)
            if step.kind in ("include", "redirect", "mx")
        ]
        for _, _, step in named:
            if step.name and not is_askable(step.name) and step.kind != "mx":
                self.faults.append(_fault(Flaw.NO_RECORD, step))  # RFC 7208 section 4.3: no such name can exist
        followed = [(node, index, step) for node, index, step in named if is_askable(step.name)]
        probes = [DnsProbe(step.name, "MX" if step.kind == "mx" else "TXT") for _, _, step in followed]
        found: list[_Node] = []
        for (node, index, step), probe, reading in zip(followed, probes, self._ask(probes), strict=True):
            if step.kind == "mx":
                self.mx[step.name] = reading
                if len(reading.records) > MAX_MX:
                    self.faults.append(_fault(Flaw.MANY_MX, step))
            elif child := self._node(reading, probe, step, (*node.ancestors, node.domain)):
                node.children[index] = child
                found.append(child)
        return found

    def _node(self, reading: DnsReading, probe: DnsProbe, step: Step, ancestors: tuple[str, ...]) -> _Node | None:
        """Return the record that a look-up led to; None if it failed or is broken, which is noted."""
        if not reading.state.answered:
            return None
        if probe.name in ancestors:
            self.faults.append(_fault(Flaw.LOOP, step))
            return None
        texts = [text for text in reading.values if is_spf(text)]
        if len(texts) != 1:
            self.faults.append(_fault(Flaw.SEVERAL_RECORDS if texts else Flaw.NO_RECORD, step))
            return None
        record = parse(texts[0])
        if record.fatal:
            self.faults.append(_fault(Flaw.BAD_SYNTAX, step))
        steps = tuple(_step(term, probe.name, self.origin, step.depth + 1) for term in record.counted[:MAX_STEPS])
        return _Node(domain=probe.name, record=record, steps=steps, ancestors=ancestors)


def walk(domain: str, ev: Evidence) -> Tree:
    """Follow the record of `domain` through all its includes, redirects and mx terms that do not depend on the message."""
    work = _Walk(origin=normal_name(domain), ev=ev)
    root = work.run()
    steps = tuple(_in_order(root)) if root else ()
    hosts, no_mx = _hosts(steps, work.mx)
    return Tree(
        domain=domain,
        records=tuple((node.domain, node.record) for node in _depth_first(root)) if root else (),
        steps=steps,
        faults=tuple(work.faults),
        failures=tuple(work.failures.values()),
        asked=frozenset(work.asked),
        hosts=hosts,
        no_mx=no_mx,
    )


def outline(tree: Tree) -> list[str]:
    """Write the tree for a person: one line for each counted step, in the order in which receivers come to them, dots for the depth."""
    lines = [f"{number}. {step}" for number, step in enumerate(tree.steps[:MAX_LINES], 1)]
    more = len(tree.steps) - len(lines)
    return [*lines, f"and {more} more"] if more else lines


def cut(text: str) -> str:
    """Cut a stranger's text to what a line can carry."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def voids(tree: Tree, ev: Evidence) -> tuple[tuple[Void, ...], tuple[Failure, ...]]:
    """Return the look-ups of the tree that find nothing, and those that failed. Asks A for all names at once, AAAA where that was empty."""
    hosts = [host for host in tree.hosts if is_askable(host.name)][:MAX_HOST_QUERIES]
    failures: list[Failure] = []

    def empty(asked: list[Host], type_: str) -> list[Host]:
        probes = [DnsProbe(host.name, type_) for host in asked]
        readings = ev.all(*probes)
        failures.extend(
            Failure(probe=probe, reading=reading)
            for probe, reading in zip(probes, readings, strict=True)
            if not reading.state.answered
        )
        return [host for host, reading in zip(asked, readings, strict=True) if reading.state.answered and not reading.records]

    found: list[Void] = []
    no_four = empty(hosts, "A")
    while no_four and len(found) <= MAX_VOID:  # a few at a time: from the third on, receivers need not be told of more
        batch, no_four = no_four[:BATCH], no_four[BATCH:]
        no_six = empty([host for host in batch if not host.only_v4], "AAAA")
        found += [_void(host.step, host.name) for host in batch if host.only_v4 or host in no_six]
    return (*tree.no_mx, *found), tuple(failures)


def _step(term: Term, domain: str, origin: str, depth: int) -> Step:
    spec = target(term)
    name = "" if term.name == "ptr" else static_name(spec, domain=domain, origin=origin) if spec else domain
    return Step(depth=depth, domain=domain, term=term.text, kind=term.name, name=name, section=SECTIONS[term.name])


def _fault(flaw: Flaw, step: Step) -> Fault:
    return Fault(flaw=flaw, domain=step.domain, depth=step.depth, term=step.term, name=step.name)


def _depth_first(node: _Node) -> Iterator[_Node]:
    yield node
    for _, child in sorted(node.children.items()):
        yield from _depth_first(child)


def _in_order(node: _Node) -> Iterator[Step]:
    for index, step in enumerate(node.steps):
        yield step
        if index in node.children:
            yield from _in_order(node.children[index])


def _hosts(steps: tuple[Step, ...], mx: Mapping[str, DnsReading]) -> tuple[tuple[Host, ...], tuple[Void, ...]]:
    hosts: list[Host] = []
    none: list[Void] = []
    for step in steps:
        if step.kind in ("a", "exists") and step.name:
            hosts.append(Host(step=step, name=step.name, only_v4=step.kind == "exists"))
        elif step.kind == "mx" and (reading := mx.get(step.name)) is not None and reading.state.answered:
            if not reading.records:
                none.append(_void(step, step.name))
            hosts += [Host(step=step, name=name) for name in reading.values if name != "."]  # RFC 7505: "." is no host
    return tuple(hosts), tuple(none)


def _void(step: Step, name: str) -> Void:
    return Void(depth=step.depth, domain=step.domain, term=step.term, name=name)


def networks(tree: Tree) -> Iterator[Mechanism]:
    """Return the ip4 and ip6 terms of a tree that let somebody pass, in order."""
    for _, record in tree.records:
        yield from (term for term in record.mechanisms if term.network and term.qualifier == "+")
