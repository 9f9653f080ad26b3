"""SPF look-up by look-up: both numbers in plain words, every step with its number and owner, and nothing that a stranger wrote acts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import CheckResult, Outcome, Status
from checks.records.spf_shown import ShownStep, ShownTree, ShownWay, ShownWays, plain
from checks.records.spf_tree import Flaw
from reports import html, text
from reports.figures import MAX_DEPTH, Node, nested
from reports.model import Report, build
from reports.spf_figure import TROUBLES, chapter
from tests.reports import pages, sample, sample_spf
from tests.reports.test_html import BENIGN, HOSTILE, poisoned

ODD = Outcome(code="spf.odd", status=Status.NOTE, title="so", also=("tree", "paths"))


def report_of(*args: dict[str, Any]) -> Report:
    said = tuple(ODD(about=f"d{number}", **each) for number, each in enumerate(args))
    results = [CheckResult(check="spf.odd", findings=said)]
    return build(results=results, tool="t", taken_at=sample.TAKEN, subject={}, vantage={}, tables=[])


def drawn_text(report: Report, width: int = 100) -> list[str]:
    """The lines of the drawings."""
    rows = text.render(report, colour=False, width=width, manual=sample.manual).splitlines()
    start = next(number for number, row in enumerate(rows) if row.startswith("== SPF of"))
    end = next(number for number, row in enumerate(rows) if number > start and row.startswith(("== Not tested", "In all:")))
    return rows[start:end]


def page() -> pages.Page:
    return pages.read(html.render(sample_spf.spf(), manual=sample.manual))


# --- the page ---------------------------------------------------------------------------------------------------------


def test_both_numbers_are_named_in_plain_words() -> None:
    """The worst case against the limits, and beside it what the real senders use."""
    shown = page().text
    for words in (
        "Worst case: the whole record At least 12 look-ups (limit 10): receivers give up, so it was not followed further",
        "Void look-ups: not counted, because receivers cannot use the record",
        "Really used: address by address Up to 11 look-ups (limit 10) 0 void look-ups (limit 2)",
        "Worst case: the whole record 3 look-ups (limit 10) 1 void look-up (limit 2)",
        "192.0.2.25, 2001:db8::25 permerror: receivers give up sends as postmaster@club.example (MAIL FROM)",
        "192.0.2.80 none: no SPF record introduces itself as mail.shop.example (HELO)",
        "2001:db8::80 softfail: should rather not send sends as news@shop.example (MAIL FROM) 3 look-ups (limit 10), 2 void look-ups (limit 2)",
        "a name without an address of the sender's kind (IPv4 or IPv6) is a void look-up for that sender",
    ):
        assert words in shown, words


def test_each_step_has_its_number_its_owner_and_its_section() -> None:
    shown = page().text
    assert (
        "1 : include:spf.protection.outlook.com Microsoft 365, 2 look-ups in all RFC 7208 section 5.2 2 : include:spfd" in shown
    )
    assert "2 : a:old.shop.example finds nothing your own RFC 7208 section 5.3" in shown
    assert "8 : include:gone.example leads to no SPF record whoever runs gone.example" in shown
    assert "12 : mx past the limit your own" in shown
    assert shown.count("past the limit") == 2
    assert "ip4:203.0.113.32/28 decides in the record of u1.sendgrid.net RFC 7208 section 5.6" in shown
    assert "https://www.rfc-editor.org/rfc/rfc7208#section-5.2" in page().values("href")


def test_the_tree_is_a_list_in_a_list() -> None:
    """A screen reader says how deep it is: list items hold the list of what lies below them."""
    found = chapter(sample_spf.spf())
    assert found is not None
    worst = next(figure for figure in found.figures if figure.title == "club.example").outlines[0].nodes
    assert [node.number for node in worst] == ["1", "3", "7", "10", "11", "12"]
    assert [node.number for node in worst[1].children] == ["4", "6"]
    assert [node.number for node in worst[1].children[0].children] == ["5"]
    markup = html.render(sample_spf.spf(), manual=sample.manual)
    assert re.search(r'<ol class="outline">\s*<li>.*include:u1\.<wbr>sendgrid\.<wbr>net.*<ol class="outline">', markup, re.DOTALL)


def test_a_finding_leads_to_its_drawing() -> None:
    """Also one that passed; every link has its place."""
    shown = page()
    figures = {value for value in shown.values("id") if re.fullmatch("spf-[0-9a-f]{10}", value)}
    links = [value[1:] for value in shown.values("href") if value.startswith("#spf-")]
    assert set(links) == figures
    assert len(links) == 5
    assert "SPF of shop.example, look-up by look-up" in shown.text


def test_hostile_terms_change_no_element() -> None:
    bad = pages.read(html.render(poisoned(sample_spf.spf(), HOSTILE), manual=sample.manual))
    good = pages.read(html.render(poisoned(sample_spf.spf(), BENIGN), manual=sample.manual))
    assert bad.tags == good.tags
    assert bad.text.count("XSSCANARY") > 100
    assert len(bad.values("id")) == len(set(bad.values("id")))
    assert not any("XSSCANARY" in value for _, _, value in bad.attributes)


def test_no_byte_of_a_stranger_reaches_the_terminal_and_80_columns_hold() -> None:
    rows = drawn_text(poisoned(sample_spf.spf(), HOSTILE))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u202e]", "".join(rows))
    assert max(map(len, rows)) <= 80


# --- the terminal -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [10, 40, 60, 80, 200])
def test_the_outline_keeps_to_80_columns(width: int) -> None:
    """However wide the terminal is, and however long a name."""
    assert max(map(len, drawn_text(sample_spf.spf(), width))) <= min(max(width, text.NARROWEST), 80)


def test_the_outline_is_indented_by_depth() -> None:
    rows = drawn_text(sample_spf.spf())
    places = {
        number: next(row.index(f"{number}. ") for row in rows if row.lstrip().startswith(f"{number}. "))
        for number in (1, 3, 4, 5, 6, 7)
    }
    assert places[1] == places[3] == places[7] < places[4] == places[6] < places[5]
    assert "     FAIL At least 12 look-ups (limit 10): receivers give up, so it was not" in rows
    assert "     ok   1 void look-up (limit 2)" in rows
    assert "     - 192.0.2.25, 2001:db8::25 [permerror: receivers give up]" in rows


def test_a_finding_says_that_it_is_drawn() -> None:
    assert "(drawn below: SPF of club.example, look-up by look-up)" in text.render(sample_spf.spf(), colour=False)


# --- whatever is in the report ----------------------------------------------------------------------------------------


def test_without_trees_there_is_no_chapter() -> None:
    assert chapter(sample.customer()) is None
    assert 'id="spf"' not in html.render(sample.customer(), manual=sample.manual)


@pytest.mark.parametrize("junk", [None, 5, "text", [], ["1. club.example: mx"], {"domain": "x"}, {"domain": 5, "steps": {}}])
def test_what_is_no_tree_is_not_drawn(junk: Any) -> None:
    """Reports of an earlier version had lists of lines there."""
    assert chapter(report_of({"tree": junk, "paths": junk})) is None


def test_without_a_sending_address_the_way_to_see_one_is_told() -> None:
    shown = text.render(report_of({"tree": plain(sample_spf.FINE)}), colour=False)
    assert "No sending address is known here, so no way can be shown." in shown
    assert "--sending-ip ADDRESS" in shown


def test_a_record_without_look_ups_says_so() -> None:
    tree = replace(sample_spf.FINE, steps=(), lookups=0, void_lookups=0)
    shown = "\n".join(drawn_text(report_of({"tree": plain(tree)})))
    assert "ok   0 look-ups (limit 10)" in shown
    assert "No term of the record costs a look-up." in shown


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"exact": False}, "???? At least 3 look-ups (limit 10): a part got no answer"),
        ({"void_exact": False}, "???? At least 1 void look-up (limit 2): some names got no answer"),
        ({"void_lookups": 3}, "WARN 3 void look-ups (limit 2): many receivers give up"),
        (
            {"exact": False, "steps": (replace(sample_spf.FINE.steps[0], trouble="loop"),)},
            "FAIL At least 3 look-ups (limit 10): a term cannot be used, so receivers",
        ),
    ],
)
def test_what_is_not_known_is_said(change: dict[str, Any], says: str) -> None:
    assert f"     {says}" in drawn_text(report_of({"tree": plain(replace(sample_spf.FINE, **change))}))


def test_every_flaw_of_a_tree_has_its_words() -> None:
    assert {flaw.value for flaw in Flaw} <= TROUBLES.keys()


def test_huge_trees_and_crowds_of_senders_are_cut_and_counted() -> None:
    """A report that somebody blew up: bounded, with the rest in numbers."""
    step = ShownStep(number=1, depth=10**6, domain="d" * 1000, term="t" * 1000, section="s" * 1000, void=("v" * 1000,) * 10)
    tree = ShownTree(
        domain="club.example", lookups=10**6, lookup_limit=10, exact=False, void_lookups=10**6, void_limit=2, void_exact=False,
        steps=(step,) * 300, more=7,
    )  # fmt: skip
    ways = tuple(
        ShownWay(
            identity="helo", sender="s" * 1000, address=f"2001:db8::{number:x}", result="pass", lookups=number, void_lookups=0
        )
        for number in range(300)
    )
    args = {"tree": plain(tree), "paths": plain(ShownWays(domain="club.example", lookup_limit=10, void_limit=2, ways=ways))}
    many = [{"tree": plain(replace(sample_spf.FINE, domain=f"d{number}.example"))} for number in range(100)]
    report = report_of(args, *many)
    shown = html.render(report)
    assert len(shown) < 1_500_000
    for words in ("And 247 more.", "And 240 more.", "And 81 domains more; report.json has them."):
        assert words in pages.read(shown).text
    assert max(map(len, drawn_text(report))) <= 80


@given(st.lists(st.integers(-3, 40), max_size=40))
def test_a_tree_of_any_depths_keeps_every_node_in_its_order(depths: list[int]) -> None:
    """Depths that skip a level or go too deep are drawn where they can be; nothing is lost."""

    def flat(nodes: tuple[Node, ...], depth: int = 0) -> list[tuple[str, int]]:
        return [pair for node in nodes for pair in [(node.code, depth), *flat(node.children, depth + 1)]]

    found = flat(nested((depth, Node(code=str(place))) for place, depth in enumerate(depths)))
    assert [code for code, _ in found] == [str(place) for place in range(len(depths))]
    assert all(depth < MAX_DEPTH for _, depth in found)
    legal = all(0 <= after <= before + 1 for before, after in zip([-1, *depths], depths, strict=False))
    if legal and max(depths, default=0) < MAX_DEPTH:
        assert [depth for _, depth in found] == depths


def test_the_json_keeps_the_tree_for_machines() -> None:
    found = json.loads(sample_spf.spf().to_json())
    trees = [finding["args"]["tree"] for check in found["checks"] for finding in check["findings"] if "tree" in finding["args"]]
    tree = trees[0]
    assert (tree["lookups"], tree["lookup_limit"], tree["steps"][7]["trouble"]) == (12, 10, "no-record")
