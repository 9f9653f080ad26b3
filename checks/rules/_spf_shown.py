"""What the spf rules hand to the report beside their sentences: the tree with its numbers, and the ways through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.evidence import Evidence
from checks.records.org_domain import by_suffix_list
from checks.records.spf_door import SpfResult
from checks.records.spf_shown import NO_ANSWER, ShownMatch, ShownStep, ShownTree, ShownWay, ShownWays, plain
from checks.records.spf_tree import MAX_LINES, MAX_LOOKUPS, MAX_VOID, Step, Tree, Void, cut, voids
from checks.rules._spf_limit import owner_of

MAX_STEPS = 11  # of a way; no more than ten look-ups lead anywhere
MAX_NAMES = 5  # of one term that find nothing; from the third on the record is broken

Place = tuple[int, str, str]
"""Where a term stands: depth, domain, term."""


def shown_tree(tree: Tree, ev: Evidence) -> dict[str, Any]:
    """Return the tree for the report. Names that have no address are looked up, unless the record is broken already."""
    found, failed = ((), ()) if tree.broken else voids(tree, ev)
    return plain(
        ShownTree(
            domain=tree.domain,
            lookups=tree.lookups,
            lookup_limit=MAX_LOOKUPS,
            exact=not tree.broken and not tree.failures,
            void_lookups=None if tree.broken else len(found),
            void_limit=MAX_VOID,
            void_exact=not failed and not tree.failures,
            steps=tuple(_steps(tree, found)),
            more=max(0, len(tree.steps) - MAX_LINES),
        )
    )


def shown_ways(domain: str, identity: str, sender: str, results: Mapping[str, SpfResult]) -> dict[str, Any]:
    """Return the way of each address for the report."""
    return plain(
        ShownWays(
            domain=domain,
            lookup_limit=MAX_LOOKUPS,
            void_limit=MAX_VOID,
            ways=tuple(_way(identity, sender, address, result) for address, result in results.items()),
        )
    )


def _way(identity: str, sender: str, address: str, result: SpfResult) -> ShownWay:
    return ShownWay(
        identity=identity,
        sender=cut(sender),
        address=address,
        result=result.result.value,
        lookups=result.lookups,
        void_lookups=result.void_lookups,
        problem=cut(result.problem),
        matches=tuple(
            ShownMatch(domain=cut(match.domain), term=cut(match.term), section=match.section) for match in result.path[:MAX_STEPS]
        ),
    )


def _steps(tree: Tree, found: Iterable[Void]) -> Iterable[ShownStep]:
    void: dict[Place, list[str]] = {}
    for each in found:
        void.setdefault((each.depth, each.domain, each.term), []).append(cut(each.name))
    trouble: dict[Place, str] = {(fault.depth, fault.domain, fault.term): fault.flaw.value for fault in tree.faults}
    silent = {(failure.probe.name, failure.probe.type) for failure in tree.failures}
    owners: dict[str, str] = {}
    for index, step in enumerate(tree.steps[:MAX_LINES]):
        place = (step.depth, step.domain, step.term)
        unread = (step.name, "MX" if step.kind == "mx" else "TXT") in silent
        owners.setdefault(step.name, whose := _whose(step, tree.domain, owners))
        yield ShownStep(
            number=index + 1,
            depth=step.depth,
            domain=cut(step.domain),
            term=cut(step.term),
            section=step.section,
            name=cut(step.name),
            whose=whose,
            lookups=1 + _below(tree.steps, index),
            void=tuple(dict.fromkeys(void.get(place, [])))[:MAX_NAMES],
            trouble=trouble.get(place, NO_ANSWER if unread and step.kind in ("mx", "include", "redirect") else ""),
        )


def _whose(step: Step, domain: str, owners: Mapping[str, str]) -> str:
    """A name beside the one whose record holds the term is run by the same people: a provider's include includes others of its own."""
    same = step.name and by_suffix_list(step.name) == by_suffix_list(step.domain)
    return owners.get(step.domain, "") if same and step.domain in owners else owner_of(step, domain)


def _below(steps: tuple[Step, ...], index: int) -> int:
    """Count the steps below one: those that follow it and lie deeper."""
    below = 0
    for step in steps[index + 1 :]:
        if step.depth <= steps[index].depth:
            break
        below += 1
    return below
