"""Lays out a timeline: lines that rise as messages leave, and below them the stretches in which a limit held something back. Pure.

Numbers in, coordinates and visible texts out; templates/figures.html writes the SVG, escaped like everything else. Colours are classes of the
style sheet, so that light and dark follow the page. Letters are set by the style sheet too: larger where the page is narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from reports.escape import line

WIDTH, PLOT, TOP, LANE = 640, 190, 34, 46  # units of the drawing; on a narrow page one is half a pixel
FOOT = 34  # for the times below
MAX_LINES = 16
MAX_POINTS = 400
MAX_LANES = 5
MAX_BARS = 60
NARROWEST = 1.5  # units of a bar, so that a moment is seen
MAX_LABEL = 44  # characters of a lane
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LAST = 253_402_300_799  # the end of the year 9999, as far as dates reach

Point = tuple[int, int]
"""(seconds since 1970, messages)."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One line, as numbers."""

    points: Sequence[Point]
    kind: str = "now"
    """`now` (solid) or `then` (dashed)."""
    lost: bool = False
    """It ends because the rest never goes."""


@dataclass(frozen=True, kw_only=True)
class Stretches:
    """One limit, and when it held something back."""

    label: str
    spans: Sequence[tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Path:
    """One line, laid out."""

    points: str
    kind: str
    end: tuple[str, str] | None
    """Where it breaks off."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One stretch, laid out."""

    x: str
    width: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One limit, laid out."""

    y: str
    bar: str
    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A time below the drawing."""

    x: str
    text: str
    anchor: str
    """start, middle or end."""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """All of it."""

    anchor: str
    title: str
    about: str
    """The drawing in words, for whoever does not see it."""
    width: int
    height: int
    top: str
    """Height of the line of everything."""
    floor: str
    most: str
    paths: tuple[Path, ...]
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    feet: str
    """Height of the times."""
    legend: tuple[tuple[str, str], ...]
    """(now, then or lost; what it means)."""


def timeline(
    *,
    anchor: str,
    title: str,
    about: str,
    zone: str,
    curves: Sequence[Curve],
    lanes: Sequence[Stretches],
    most: int,
    unit: str,
    then: str = "",
) -> Timeline:
    """Lay a timeline out. `most` is the height of the drawing, in messages; `then` says what the dashed lines are."""
    drawn = [curve for curve in curves[:MAX_LINES] if curve.points]
    shown = [lane for lane in lanes if lane.spans][:MAX_LANES]
    moments = [when for curve in drawn for when, _ in curve.points[:MAX_POINTS]] or [0]
    begin, end = max(0, min(moments)), min(LAST, max(*moments, min(moments) + 60))
    scale = _Scale(begin=begin, end=max(end, begin + 1), most=max(1, most))
    floor = TOP + PLOT
    return Timeline(
        anchor=anchor,
        title=line(title, 200),
        about=line(about, 600),
        width=WIDTH,
        height=floor + FOOT + LANE * len(shown),
        top=_number(TOP),
        floor=_number(floor),
        most=f"{most:,} {line(unit, 40)}",
        paths=tuple(_path(curve, scale) for curve in drawn),
        lanes=tuple(_lane(place, lane, scale, floor + FOOT) for place, lane in enumerate(shown)),
        marks=tuple(_marks(scale, zone)),
        feet=_number(floor + FOOT - 8),
        legend=tuple(_legend(drawn, line(then, 200))),
    )


def _legend(curves: Iterable[Curve], then: str) -> Iterable[tuple[str, str]]:
    yield "now", "with the settings as they are"
    if any(curve.lost for curve in curves):
        yield "lost", "the rest is lost"
    if any(curve.kind == "then" for curve in curves):
        yield "then", then


@dataclass(frozen=True, kw_only=True)
class _Scale:
    begin: int
    end: int
    most: int

    def x(self, when: int) -> float:
        return WIDTH * (min(max(when, self.begin), self.end) - self.begin) / (self.end - self.begin)

    def y(self, count: int) -> float:
        return TOP + PLOT * (1 - min(max(count, 0), self.most) / self.most)


def _path(curve: Curve, scale: _Scale) -> Path:
    points = [(_number(scale.x(when)), _number(scale.y(count))) for when, count in curve.points[:MAX_POINTS]]
    kind = "then" if curve.kind == "then" else "now"
    return Path(points=" ".join(f"{x},{y}" for x, y in points), kind=kind, end=points[-1] if curve.lost else None)


def _lane(place: int, lane: Stretches, scale: _Scale, below: int) -> Lane:
    bars = []
    for begins, ends in lane.spans[:MAX_BARS]:
        left = scale.x(begins)
        width = max(NARROWEST, scale.x(ends) - left)
        bars.append(Bar(x=_number(min(left, WIDTH - NARROWEST)), width=_number(min(width, WIDTH - min(left, WIDTH - NARROWEST)))))
    label = lane.label if len(lane.label) <= MAX_LABEL else f"{lane.label[: MAX_LABEL - 3].rstrip()}..."
    return Lane(
        y=_number(below + LANE * place + 24), bar=_number(below + LANE * place + 31), label=line(label, 80), bars=tuple(bars)
    )


def _marks(scale: _Scale, zone: str) -> Iterable[Mark]:
    """Name the beginning, the middle and the end; more does not fit beside each other on a telephone."""
    clock = clock_of(zone)
    for part, anchor in ((0, "start"), (1, "middle"), (2, "end")):
        when = scale.begin + (scale.end - scale.begin) * part // 2
        yield Mark(x=_number(WIDTH * part / 2), text=short_moment(when, clock), anchor=anchor)


def clock_of(zone: str) -> ZoneInfo:
    """Return the clock of a zone; of UTC where nobody knows such a zone."""
    try:
        return ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return ZoneInfo("UTC")


def short_moment(when: int, clock: ZoneInfo) -> str:
    """Write a moment by a clock, rounded up to the minute: "Tue 24, 09:00"."""
    local = datetime.fromtimestamp(min(max(when, 0) + 59, LAST - 86_400), UTC).astimezone(clock)
    return f"{WEEKDAYS[local.weekday()]} {local.day}, {local:%H:%M}"


def _number(value: float) -> str:
    """Write a coordinate: short, and never in a form that SVG does not read."""
    return f"{value:.1f}".removesuffix(".0")
