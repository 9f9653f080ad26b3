"""SPF records as long as DNS can carry: read once, matched without a step for each term. Counted, not timed."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import select
from checks.engine import Run
from checks.records import spf
from checks.records.spf import Mechanism, parse
from checks.records.spf_door import _Query
from checks.records.spf_networks import united
from checks.subject import DomainSubject
from tests.fakes.spf_large import INCLUDES, TERMS, zone
from tests.fakes.zone import ZoneWorld

ADDRESSES = [f"198.51.100.{number}" for number in range(1, 21)]
WORDS = st.sampled_from(["ip4:10.0.0.{}/{}", "-ip4:10.0.{}.0/{}", "?ip6:2001:db8::{}/{}", "ip6:::{}/{}", "a/{1}", "~mx", "all"])
TERMS_OF_ALL_KINDS = st.lists(st.tuples(WORDS, st.integers(0, 9), st.integers(0, 32)), max_size=12)


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, calls: Counter[str]) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def count(*args: Any, **more: Any) -> Any:
        calls[name] += 1
        return real(*args, **more)

    monkeypatch.setattr(owner, name, count)


def test_a_tree_of_40_000_networks_is_read_once_and_matched_by_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """All SPF checks with twenty addresses, the proof of the remedy included: every term is read once, and hardly one compared."""
    calls: Counter[str] = Counter()
    counted(monkeypatch, spf, "parse_term", calls)
    counted(monkeypatch, _Query, "cidrmatch", calls)
    parse.cache_clear()
    subject = DomainSubject(domain="club.example", now=datetime(2026, 11, 23, tzinfo=UTC), sending_ips=tuple(ADDRESSES))
    results = asyncio.run(Run(gather=ZoneWorld(zone())).judge(select(["spf"]), [subject]))
    refused = next(finding for result in results for finding in result.findings if finding.code == "spf.not-authorised")
    assert refused.remedy
    assert len(refused.remedy.records) == 1
    assert calls["parse_term"] < INCLUDES * (TERMS + 1) + 200
    assert calls["cidrmatch"] < 10 * len(ADDRESSES)


@given(TERMS_OF_ALL_KINDS, st.sampled_from(["10.0.0.3", "10.0.7.1", "2001:db8::3", "::4", "192.0.2.1"]))
def test_what_is_left_out_could_decide_nothing(words: list[tuple[str, int, int]], text: str) -> None:
    """The first term that matches is the same with and without the networks that were left out."""
    record = parse(" ".join(["v=spf1", *(word.format(*numbers) for word, *numbers in words)]))
    address = ipaddress.ip_address(text)

    def matches(term: Mechanism) -> bool:
        return not term.network or address in ipaddress.ip_network(f"{term.network}/{term.length}", strict=False)

    deciding = [term for term in record.mechanisms if matches(term)]
    left = record.networks.relevant(address)
    assert [term for term in left if not term.network] == [term for term in record.mechanisms if not term.network]
    assert all(matches(term) for term in left)
    assert left[:1] == tuple(deciding[:1])
    assert {term.bounds for term in left if term.network} == {term.bounds for term in deciding if term.network}


@given(st.sampled_from(["ip4:10.1.2.3/{}", "ip6:2001:db8::ffff/{}"]), st.integers(0, 32))
def test_the_bounds_of_a_network_are_those_of_the_library(word: str, length: int) -> None:
    term = spf.parse_term(word.format(length))
    assert isinstance(term, Mechanism)
    network = ipaddress.ip_network(f"{term.network}/{term.length}", strict=False)
    assert term.bounds == (int(network[0]), int(network[-1]))


def test_ranges_that_overlap_or_touch_are_one() -> None:
    assert united([(5, 9), (0, 3), (10, 12), (2, 3), (20, 30), (21, 22)]) == ((0, 3), (5, 12), (20, 30))
