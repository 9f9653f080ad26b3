"""Draws SPF look-up by look-up: the worst case of the whole record, and beside it the way of each address that sends. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checks.model import Status
from checks.records.spf_shown import HELO, NO_ANSWER, ShownMatch, ShownStep, ShownTree, ShownWay, ShownWays, tree_of, ways_of
from checks.records.spf_tree import Flaw
from reports.escape import line
from reports.figures import MAX_FIGURES, MAX_NODES, Chapter, Figure, Node, Outline, Tag, nested
from reports.links import anchor, reference
from reports.model import Report
from reports.names import both_forms
from reports.words import counted

MAX_TERM = 200  # characters; the rules cut at eighty
MAX_ADDRESSES = 30  # of one way; longer lists are in report.json
MAX_MATCHES = 12  # of one way; a legal one has eleven
MAX_VOID_NAMES = 3  # of one term

INTRO = (
    "Receivers follow an SPF record term by term until one fits the server that sends. They give up after 10 look-ups in DNS, and many also "
    "after 2 that find nothing (void look-ups). Hence two numbers: the worst case, which is what the whole record costs a sender that no term "
    "fits, and what each address that sends for you really uses. Terms that cost no look-up (ip4, ip6, all) are left out of the tree."
)
UNFIT = "No sending address is known here, so no way can be shown. To see it, check with --sending-ip ADDRESS."
ONE_KIND = "a name without an address of the sender's kind (IPv4 or IPv6) is a void look-up for that sender"
COSTS_NOTHING = "No term of the record costs a look-up."

TROUBLES: Mapping[str, Tag] = {
    Flaw.NO_RECORD.value: Tag(status=Status.FAIL, word="leads to no SPF record"),
    Flaw.SEVERAL_RECORDS.value: Tag(status=Status.FAIL, word="leads to several SPF records"),
    Flaw.BAD_SYNTAX.value: Tag(status=Status.FAIL, word="leads to a record with a mistake"),
    Flaw.LOOP.value: Tag(status=Status.FAIL, word="leads back to where it came from"),
    Flaw.MANY_MX.value: Tag(status=Status.FAIL, word="leads to too many mail servers"),
    NO_ANSWER: Tag(status=Status.UNKNOWN, word="got no answer"),
}
PAST = Tag(status=Status.FAIL, word="past the limit")
DECIDES = Tag(status=Status.NOTE, word="decides")

RESULTS: Mapping[str, Tag] = {
    "pass": Tag(status=Status.PASS, word="pass: may send"),
    "fail": Tag(status=Status.FAIL, word="fail: may not send"),
    "softfail": Tag(status=Status.WARN, word="softfail: should rather not send"),
    "neutral": Tag(status=Status.WARN, word="neutral: neither yes nor no"),
    "none": Tag(status=Status.NOTE, word="none: no SPF record"),
    "permerror": Tag(status=Status.FAIL, word="permerror: receivers give up"),
    "temperror": Tag(status=Status.UNKNOWN, word="temperror: a question got no answer"),
}
"""RFC 7208 section 2.6, in plain words."""


@dataclass(kw_only=True)
class _Found:
    """What the findings say of one envelope domain."""

    tree: ShownTree | None = None
    ways: list[tuple[ShownWays, ShownWay]] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)


def chapter(report: Report) -> Chapter | None:
    """Draw every envelope domain of which a finding has a tree or ways; None if there is none."""
    found = _collected(report)
    if not found:
        return None
    figures = [_figure(domain, each) for domain, each in list(found.items())[:MAX_FIGURES]]
    more = len(found) - len(figures)
    return Chapter(
        anchor="spf",
        title="SPF, look-up by look-up",
        intro=INTRO,
        figures=tuple(figures),
        more=f"And {counted(more, 'domain', 'domains')} more; report.json has them." if more else "",
    )


def _collected(report: Report) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for entry in report.checks:
        for finding in entry.findings:
            if tree := tree_of(finding.args.get("tree")):
                of = found.setdefault(tree.domain, _Found())
                of.tree = of.tree or tree
                of.drawn.add(finding.fingerprint)
            if ways := ways_of(finding.args.get("paths")):
                of = found.setdefault(ways.domain, _Found())
                of.ways += [(ways, way) for way in ways.ways]
                of.drawn.add(finding.fingerprint)
    return found


def _figure(domain: str, found: _Found) -> Figure:
    name = line(both_forms(domain), 300)
    here = anchor("spf", domain)
    trees = (_worst_case(found.tree),) if found.tree else ()
    return Figure(
        anchor=here,
        title=name,
        label=f"SPF of {name}, look-up by look-up",
        outlines=(*trees, _really_used(found)),
        drawn=frozenset(found.drawn),
    )


# --- the worst case ---------------------------------------------------------------------------------------------------


def _worst_case(tree: ShownTree) -> Outline:
    steps = tree.steps[:MAX_NODES]
    more = len(tree.steps) - len(steps) + tree.more
    return Outline(
        title="Worst case: the whole record",
        sums=(_lookups(tree), _void_lookups(tree)),
        nodes=nested((step.depth, _step(step, tree)) for step in steps),
        empty=COSTS_NOTHING,
        more=f"And {more:,} more." if more else "",
    )


def _lookups(tree: ShownTree) -> Tag:
    cost = _cost(tree.lookups, tree.lookup_limit)
    if tree.lookups > tree.lookup_limit:
        return Tag(status=Status.FAIL, word=f"At least {cost}: receivers give up, so it was not followed further")
    if tree.exact:
        return Tag(status=Status.PASS, word=cost)
    if any(step.trouble not in ("", NO_ANSWER) for step in tree.steps):
        return Tag(status=Status.FAIL, word=f"At least {cost}: a term cannot be used, so receivers give up")
    return Tag(status=Status.UNKNOWN, word=f"At least {cost}: a part got no answer")


def _void_lookups(tree: ShownTree) -> Tag:
    if tree.void_lookups is None:
        return Tag(status=Status.NOT_RUN, word="Void look-ups: not counted, because receivers cannot use the record")
    cost = _void(tree.void_lookups, tree.void_limit)
    if tree.void_lookups > tree.void_limit:
        return Tag(status=Status.WARN, word=f"{cost}: many receivers give up")
    if not tree.void_exact:
        return Tag(status=Status.UNKNOWN, word=f"At least {cost}: some names got no answer")
    return Tag(status=Status.PASS, word=cost)


def _cost(number: int, limit: int) -> str:
    return f"{counted(number, 'look-up', 'look-ups')} (limit {limit:,})"


def _void(number: int, limit: int) -> str:
    return f"{counted(number, 'void look-up', 'void look-ups')} (limit {limit:,})"


def _step(step: ShownStep, tree: ShownTree) -> Node:
    in_all = f"{step.lookups:,} look-ups in all" if step.lookups > 1 else ""
    said = ", ".join(filter(None, (line(step.whose, MAX_TERM), in_all)))
    return Node(
        number=f"{step.number:,}",
        code=line(step.term, MAX_TERM),
        lines=(said,) if said else (),
        tags=tuple(_tags(step, tree)),
        reference=reference(step.section) if step.section else None,
    )


def _tags(step: ShownStep, tree: ShownTree) -> Iterator[Tag]:
    if step.number > tree.lookup_limit:
        yield PAST
    if step.trouble:
        yield TROUBLES.get(step.trouble) or Tag(status=Status.NOTE, word=line(step.trouble, 60))
    if step.void:
        beyond = tree.void_lookups is not None and tree.void_lookups > tree.void_limit
        yield Tag(status=Status.WARN if beyond else Status.NOTE, word=f"finds nothing{_names(step)}")


def _names(step: ShownStep) -> str:
    """Name what the term does not name itself."""
    if step.void == (step.name,):
        return ""
    names = ", ".join(line(name, MAX_TERM) for name in step.void[:MAX_VOID_NAMES])
    more = f" and {len(step.void) - MAX_VOID_NAMES:,} more" if len(step.void) > MAX_VOID_NAMES else ""
    return f": {names}{more}"


# --- the ways ---------------------------------------------------------------------------------------------------------


def _really_used(found: _Found) -> Outline:
    alike: dict[tuple[object, ...], list[tuple[ShownWays, ShownWay]]] = {}
    for ways, way in found.ways:
        same = (way.identity, way.sender, way.result, way.lookups, way.void_lookups, way.problem, way.matches)
        alike.setdefault(same, []).append((ways, way))
    groups = list(alike.values())
    void = found.tree.void_lookups if found.tree else None
    return Outline(
        title="Really used: address by address",
        sums=tuple(_most([way for _, way in found.ways], found.ways[0][0])) if found.ways else (),
        nodes=tuple(_way(group, void) for group in groups[:MAX_NODES]),
        empty=UNFIT,
        more=f"And {len(groups) - MAX_NODES:,} more." if len(groups) > MAX_NODES else "",
    )


def _most(ways: Sequence[ShownWay], limits: ShownWays) -> Iterator[Tag]:
    """Sum up: the dearest way decides."""
    for each, limit, words, beyond in (
        ({way.lookups for way in ways}, limits.lookup_limit, _cost, Status.FAIL),
        ({way.void_lookups for way in ways}, limits.void_limit, _void, Status.WARN),  # RFC 7208 section 4.6.4: SHOULD
    ):
        dearest = max(each)
        yield Tag(
            status=beyond if dearest > limit else Status.PASS, word=f"{'Up to ' if len(each) > 1 else ''}{words(dearest, limit)}"
        )


def _way(alike: Sequence[tuple[ShownWays, ShownWay]], void: int | None) -> Node:
    """`void`: what the tree counts; None: it was not counted."""
    limits, way = alike[0]
    each = list(dict.fromkeys(other.address for _, other in alike))  # the settings and an arrived message may name the same
    addresses = [line(address, MAX_TERM) for address in each[:MAX_ADDRESSES]]
    more = f" and {len(each) - MAX_ADDRESSES:,} more" if len(each) > MAX_ADDRESSES else ""
    used = f"{_cost(way.lookups, limits.lookup_limit)}, {_void(way.void_lookups, limits.void_limit)}"
    return Node(
        code=", ".join(addresses) + more,
        lines=tuple(
            filter(None, (_identity(way), used, ONE_KIND if void is not None and way.void_lookups > void else "", _nothing(way)))
        ),
        tags=(_result(way),),
        children=tuple(_matches(way.matches[:MAX_MATCHES])),
    )


def _identity(way: ShownWay) -> str:
    sender = line(way.sender, MAX_TERM)
    return f"introduces itself as {sender} (HELO)" if way.identity == HELO else f"sends as {sender} (MAIL FROM)"


def _result(way: ShownWay) -> Tag:
    known = RESULTS.get(way.result) or Tag(status=Status.NOTE, word=line(way.result, 60))
    # Receivers decide by MAIL FROM; what HELO adds is worth knowing (see spf.helo).
    return known if way.identity != HELO or way.result == "pass" else Tag(status=Status.NOTE, word=known.word)


def _nothing(way: ShownWay) -> str:
    """Say why no term decided."""
    if way.matches:
        return ""
    if way.problem:
        return line(way.problem, MAX_TERM)
    return "no term fits" if way.result == "neutral" else ""


def _matches(matches: Sequence[ShownMatch]) -> Iterator[Node]:
    for place, match in enumerate(matches, start=1):
        yield Node(
            code=line(match.term, MAX_TERM),
            lines=(f"in the record of {line(match.domain, MAX_TERM)}",),
            tags=(DECIDES,) if place == len(matches) else (),
            reference=reference(match.section) if match.section else None,
        )
