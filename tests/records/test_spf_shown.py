"""The codec of trees and ways: what was written is read back equal, and whatever else is given is nothing, never a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.spf_shown import ShownMatch, ShownStep, ShownTree, ShownWay, ShownWays, plain, tree_of, ways_of

COUNT = st.integers(0, 1000)
STEPS = st.builds(
    ShownStep, number=COUNT, depth=COUNT, domain=st.text(), term=st.text(), section=st.text(), name=st.text(), whose=st.text(),
    lookups=COUNT, void=st.lists(st.text(), max_size=3).map(tuple), trouble=st.text(),
)  # fmt: skip
TREES = st.builds(
    ShownTree, domain=st.text(), lookups=COUNT, lookup_limit=COUNT, exact=st.booleans(), void_lookups=st.none() | COUNT, void_limit=COUNT,
    void_exact=st.booleans(), steps=st.lists(STEPS, max_size=3).map(tuple), more=COUNT,
)  # fmt: skip
MATCHES = st.builds(ShownMatch, domain=st.text(), term=st.text(), section=st.text())
WAY = st.builds(
    ShownWay, identity=st.text(), sender=st.text(), address=st.text(), result=st.text(), lookups=COUNT, void_lookups=COUNT,
    problem=st.text(), matches=st.lists(MATCHES, max_size=3).map(tuple),
)  # fmt: skip
WAYS = st.builds(ShownWays, domain=st.text(), lookup_limit=COUNT, void_limit=COUNT, ways=st.lists(WAY, max_size=3).map(tuple))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["domain", "steps"]), inner, max_size=3)
    ),
)


@given(TREES)
def test_a_tree_survives_json(tree: ShownTree) -> None:
    assert tree_of(json.loads(json.dumps(plain(tree)))) == tree
    assert ways_of(plain(tree)) is None


@given(WAYS)
def test_ways_survive_json(ways: ShownWays) -> None:
    assert ways_of(json.loads(json.dumps(plain(ways)))) == ways
    assert tree_of(plain(ways)) is None


@given(JSON)
def test_anything_else_is_nothing(value: Any) -> None:
    assert tree_of(value) is None
    assert ways_of(value) is None


GOOD = plain(
    ShownTree(
        domain="a", lookups=1, lookup_limit=10, exact=True, void_lookups=0, void_limit=2, void_exact=True,
        steps=(ShownStep(number=1, depth=0, domain="a", term="mx", section="s"),),
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"lookups": -1}, {"lookups": 10**9}, {"lookups": None}, {"steps": [{}]}, {"steps": "x"}, {"steps": [{**GOOD["steps"][0], "depth": -1}]}, {"domain": 5}],
)  # fmt: skip
def test_a_tree_that_somebody_spoilt_is_none(change: dict[str, Any]) -> None:
    assert tree_of(GOOD) is not None
    assert tree_of(GOOD | change) is None


def test_a_later_version_may_say_more() -> None:
    """Keys that are not known are left alone."""
    assert tree_of(GOOD | {"colour": "red"}) == tree_of(GOOD)
    assert tree_of(["1. club.example: mx (RFC 7208 section 5.4)"]) is None
