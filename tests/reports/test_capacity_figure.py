"""When a mailing is out, drawn: the numbers are in words too, every coordinate lies in the drawing, and nothing that a stranger wrote acts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import CheckResult, Outcome, Status
from checks.records.capacity_shown import ShownLimit, ShownMailing, ShownPlan, plain, plan_of
from reports import html, text
from reports.capacity_figure import chapter
from reports.model import Report, build
from reports.timeline import WIDTH, Curve, Stretches, clock_of, short_moment, timeline
from tests.reports import sample
from tests.reports.test_html import HOSTILE

ODD = Outcome(code="capacity.odd", status=Status.NOTE, title="so", also=("plan",))
NINE = 1_795_507_200  # 2026-11-24 08:00 UTC, 09:00 in Berlin
CLUB = ShownPlan(
    server="Office 365",
    zone="Europe/Berlin",
    mailings=(
        ShownMailing(
            name="mailing", start=NINE, recipients=12_000, messages=12_000, sent=10_000, finish=NINE + 19_984, deferred=11_970, rejected=2_000,
            points=((NINE, 30), (NINE + 19_983, 10_000)),
        ),
    ),
    limits=(
        ShownLimit(words="10,000 recipients in 24 hours", whose="Microsoft 365", beyond="reject", as_of="2026-11-23", held=((NINE + 19_983, NINE + 19_983),)),
        ShownLimit(words="30 messages a minute", whose="Microsoft 365", beyond="defer", as_of="2026-11-23", held=((NINE + 10, NINE + 19_980),)),
    ),
    entered="a send limit of 9,000 recipients a day",
    paced=(
        ShownMailing(
            name="mailing", start=NINE, recipients=12_000, messages=12_000, sent=12_000, finish=NINE + 93_120,
            points=((NINE, 27), (NINE + 20_000, 9_000), (NINE + 86_400, 9_000), (NINE + 93_120, 12_000)),
        ),
    ),
)  # fmt: skip


def report_of(*plans: dict[str, Any]) -> Report:
    said = tuple(ODD(about=f"s{number}", plan=each) for number, each in enumerate(plans))
    results = [CheckResult(check="capacity.odd", findings=said)]
    return build(results=results, tool="t", taken_at=sample.TAKEN, subject={}, vantage={}, tables=[])


def page(*plans: dict[str, Any]) -> str:
    return html.render(report_of(*plans), manual=sample.manual)


def drawing(page_text: str) -> ET.Element:
    """The first drawing, read as the XML that it also is."""
    found = re.search(r'<svg class="timeline" .*?</svg>', page_text, re.DOTALL)
    assert found
    return ET.fromstring(found[0])  # noqa: S314 - our own page


def test_the_plan_reads_back() -> None:
    """What the rule writes is what the report reads, also through JSON."""
    assert plan_of(plain(CLUB)) == CLUB


def test_the_drawing_says_in_words_what_it_shows() -> None:
    """For whoever does not see it: a title and a description, named by the image."""
    drawn = drawing(page(plain(CLUB)))
    about = {each.get("id"): each.text for each in drawn if each.tag in ("title", "desc")}
    assert drawn.get("role") == "img"
    assert [drawn.get("aria-labelledby"), drawn.get("aria-describedby")] == list(about)
    assert "10,000 of 12,000 messages out by Tue 24 Nov, 14:34, 11,970 had to wait, 2,000 refused for good" in " ".join(
        map(str, about.values())
    )


def test_lines_marks_and_bars_are_all_there() -> None:
    drawn = drawing(page(plain(CLUB)))
    assert [each.get("class") for each in drawn.iter("polyline")] == ["curve now", "curve then"]
    assert len([each for each in drawn.iter("path") if each.get("class") == "lost"]) == 1
    assert len(list(drawn.iter("rect"))) == 2
    assert [each.text for each in drawn.iter("text")][:4] == [
        "12,000 messages",
        "Tue 24, 09:00",
        "Tue 24, 21:56",
        "Wed 25, 10:52",
    ]


def test_the_numbers_stand_in_a_terminal_of_eighty_columns() -> None:
    rows = text.render(report_of(plain(CLUB)), colour=False, width=100, manual=sample.manual).splitlines()
    part = rows[rows.index("== When a mailing through Office 365 is out") :]
    part = part[: next(place for place, row in enumerate(part) if row.startswith(("In all:", "== Not tested")))]
    assert max(map(len, part)) <= 80
    said = " ".join(" ".join(part).split())
    for words in (
        "FAIL 12,000 recipients: 2,000 lost",
        "With the limits entered: 12,000 of 12,000 messages out by Wed 25 Nov, 10:52",
        "10,000 recipients in 24 hours [what is more is refused for good]",
    ):
        assert words in said


def test_without_a_plan_there_is_no_chapter() -> None:
    assert chapter(report_of({"server": "x"})) is None
    assert chapter(report_of(plain(ShownPlan(server="x", zone="UTC", mailings=())))) is None


@pytest.mark.parametrize("bad", ["</svg><script>alert(1)</script>", '" onload="x', "\x1b[31m", "\u202e", *HOSTILE[:5]])
def test_hostile_words_change_nothing(bad: str) -> None:
    """Names and words of strangers stay text, in the drawing as well."""
    plan = ShownPlan(
        server=bad,
        zone=bad,
        mailings=(ShownMailing(name=bad, start=0, recipients=1, messages=1, sent=0, points=((0, 0), (5, 1))),),
        limits=(ShownLimit(words=bad, whose=bad, beyond=bad, as_of=bad, held=((0, 3),)),),
        entered=bad,
        paced=(ShownMailing(name=bad, start=0, recipients=1, messages=1, sent=1, points=((0, 0), (5, 1))),),
    )
    shown = page(plain(plan))
    assert "<script>alert" not in shown
    assert "onload=" not in re.sub(r">[^<]*<", "><", shown.split("</style>")[1].split("<script")[0])
    kinds = {each.tag for each in drawing(shown).iter()}
    assert kinds <= {"svg", "title", "desc", "line", "text", "polyline", "path", "rect"}


numbers = st.integers(min_value=-(10**18), max_value=10**18)
pairs = st.lists(st.tuples(numbers, numbers), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    curves=st.lists(st.builds(Curve, points=pairs, lost=st.booleans()), max_size=4),
    spans=st.lists(pairs, max_size=7),
    most=numbers,
    zone=st.text(max_size=20),
)
def test_every_coordinate_lies_in_the_drawing(
    curves: list[Curve], spans: list[list[tuple[int, int]]], most: int, zone: str
) -> None:
    """Whatever numbers come: coordinates are plain decimals inside of the frame, and there are not too many."""
    drawn = timeline(
        anchor="a", title="t", about="b", zone=zone, curves=curves, most=most, unit="messages",
        lanes=[Stretches(label="l" * 200, spans=each) for each in spans],
    )  # fmt: skip
    for path in drawn.paths:
        for pair in path.points.split():
            x, y = pair.split(",")
            assert re.fullmatch(r"\d+(\.\d)?", x), x
            assert re.fullmatch(r"\d+(\.\d)?", y), y
            assert 0 <= float(x) <= drawn.width
            assert 0 <= float(y) <= drawn.height
    for lane in drawn.lanes:
        assert float(lane.bar) + 8 <= drawn.height
        for bar in lane.bars:
            assert float(bar.x) >= 0
            assert float(bar.width) > 0
            assert float(bar.x) + float(bar.width) <= WIDTH + 0.2
    assert len(drawn.lanes) <= 5
    assert len(drawn.marks) == 3


def test_a_zone_that_nobody_knows_is_utc() -> None:
    """Report files come from anywhere."""
    for zone in ("", "Mars/Olympus", "../../etc/passwd", "\x00", "a" * 5000):
        assert short_moment(NINE, clock_of(zone)) == "Tue 24, 08:00"
