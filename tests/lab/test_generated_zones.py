"""A thousand generated domains on one real name server: every verdict is right, nothing is asked twice, bad SPF trees cost little.

The right answers follow from the descriptions that the zones were made of (spf_trees, dkim_descriptions, dmarc_descriptions), not from
any parser of ours. What goes over the wire is counted between the program and the name server.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

import pytest

from checks.model import Status, Verdict
from tests.hostile.dns_worlds import ALARMS

from .audited import Told, audit
from .counting import Asked
from .customers import HEALTHY, Customer, customers
from .nsd import Nsd
from .process import Workspace, require_root

pytestmark = pytest.mark.lab
COUNT = 1_000
SEED = 7_208
MOST_QUESTIONS = 250
MOST_OF_A_BROKEN_TREE = 60
MANY_DOTS = 3  # each level of a name costs questions of other checks
TREE_NAME = re.compile(r"(^|\.)n\d+\.")  # as `Shaper.new_name` makes them
NAMED = 8  # failures that are shown


@pytest.fixture(scope="module", name="told")
def all_told() -> Iterator[list[Told]]:
    """Serve all zones and check all domains, once."""
    require_root()
    many, zones = customers(COUNT, SEED)
    workspace = Workspace()
    try:
        yield audit(many, Nsd(workspace, zones).port)
    finally:
        workspace.close()


def agree(told: list[Told], said: Callable[[Told], object], right: Callable[[Told], object]) -> None:
    """Compare for every domain, and name the first that differ."""
    wrong = [f"{each.customer.shape}\n  said {said(each)}\n  right {right(each)}" for each in told if said(each) != right(each)]
    assert not wrong, f"{len(wrong)} of {len(told)}:\n" + "\n".join(wrong[:NAMED])


def test_every_verdict_is_right(told: list[Told]) -> None:
    """Exactly the alarms that the description deserves: none is missed, none is false."""
    assert len(told) == COUNT
    assert not "".join(each.tracebacks for each in told)
    agree(told, lambda each: counted(each, set(each.alarms)), lambda each: counted(each, each.customer.alarms))


def counted(told: Told, alarms: AbstractSet[str]) -> list[str]:
    """Who is shut out of a tree that receivers cannot use is not told if it would cost too many questions."""
    return sorted(alarms if told.customer.spf.legal else alarms - {"spf.not-authorised"})


def test_nothing_is_unknown(told: list[Told]) -> None:
    """The name server answers everything, so nothing is left open."""
    agree(told, lambda each: each.codes(Status.UNKNOWN), lambda _: [])


def test_a_healthy_domain_raises_no_alarm_at_all(told: list[Told]) -> None:
    """Of whatever family; the verdict is "ready"."""
    healthy = [each for each in told if each.customer.is_healthy]
    assert len(healthy) > COUNT // HEALTHY * 0.9
    agree(healthy, lambda each: each.codes(*ALARMS), lambda _: [])
    assert {each.verdict for each in healthy} == {Verdict.READY}


def test_look_ups_are_counted_right(told: list[Told]) -> None:
    """The worst case of each legal tree (RFC 7208 section 4.6.4), and how many of its names lead nowhere."""
    legal = [each for each in told if each.customer.spf.lookups is not None]
    agree(legal, lambda each: each.said["spf.lookups-within-limit"].args["count"], lambda each: each.customer.spf.lookups)
    few = [each for each in legal if each.customer.spf.voids is not None]
    agree(few, lambda each: each.said["spf.few-void-lookups"].args["count"], lambda each: each.customer.spf.voids)
    assert len(few) > COUNT // 4


def _place(told: Told) -> object:
    if inherited := told.said.get("dmarc.inherited-record"):
        return inherited.args["parent"]
    return told.customer.domain if "dmarc.present" in told.said else ""


def _policy(told: Told) -> object:
    if enforced := told.said.get("dmarc.enforced-policy"):
        return enforced.args["policy"]
    return "none" if "dmarc.policy-none" in told.said else ""


def test_the_right_dmarc_record_holds(told: list[Told]) -> None:
    """RFC 9989 sections 4.7 and 4.10: up to eight levels, psd, sub-domains, domains that do not exist, test mode."""
    agree(told, _place, lambda each: each.customer.place)
    agree(told, _policy, lambda each: each.customer.policy)


def test_it_is_told_where_the_two_dmarc_standards_differ(told: list[Told]) -> None:
    """RFC 9989 against RFC 7489 section 6.6.3; where the domain's own record is spoilt, that is told first."""
    plain = [each for each in told if not each.customer.alarms & {"dmarc.multiple-records", "dmarc.miswritten-version"}]
    agree(plain, lambda each: "dmarc.discovery-differs" in each.said, lambda each: each.customer.differs)
    assert sum(each.customer.differs for each in plain) > COUNT // 100


def test_no_question_is_asked_twice(told: list[Told]) -> None:
    """Not on the wire either; over TCP only what did not fit into a packet."""
    agree(told, lambda each: [asked for asked, times in Tally(each.udp).items() if times > 1], lambda _: [])
    agree(told, lambda each: [asked for asked, times in Tally(each.tcp).items() if times > 1], lambda _: [])
    agree(told, lambda each: {*each.tcp} - {*each.udp}, lambda _: set())
    assert sum(len(each.tcp) for each in told) > COUNT // 100


def test_a_tree_that_is_not_legal_costs_little(told: list[Told]) -> None:
    """At most sixty questions for the tree, all senders, and the remedies that are tried; no domain at all makes us ask without end."""
    illegal = [each for each in told if not each.customer.spf.legal]
    assert len(illegal) > COUNT // 10
    agree(illegal, lambda each: max(len(of_the_tree(each)), MOST_OF_A_BROKEN_TREE), lambda _: MOST_OF_A_BROKEN_TREE)
    agree(told, lambda each: max(len(each.udp), MOST_QUESTIONS), lambda _: MOST_QUESTIONS)


def test_a_tree_that_is_not_legal_costs_little_with_all_other_checks(told: list[Told]) -> None:
    """At most sixty questions for the whole run, unless there is much to ask beside the tree."""
    ordinary = [each for each in told if not each.customer.spf.legal and not _has_much_else(each.customer)]
    assert len(ordinary) > COUNT // 20
    agree(ordinary, lambda each: max(len(each.udp), MOST_OF_A_BROKEN_TREE), lambda _: MOST_OF_A_BROKEN_TREE)


def _has_much_else(customer: Customer) -> bool:
    """Ten mail servers, no selector known, or a name of many levels."""
    return customer.mx == "ten" or not customer.dkim.selectors or customer.domain.count(".") >= MANY_DOTS


def of_the_tree(told: Told) -> list[Asked]:
    """What was asked of names that only the SPF tree has."""
    return [asked for asked in told.udp if TREE_NAME.search(asked[0])]
