"""Draws what becomes of a planned volume: a timeline of each server, the numbers as a table, and the limits in force. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from checks.model import Status
from checks.records.capacity_shown import BY_SPEED, ShownLimit, ShownMailing, ShownPlan, plan_of
from reports.escape import line
from reports.figures import MAX_FIGURES, Chapter, Figure, Node, Outline, Row, Table, Tag
from reports.links import anchor
from reports.model import Report
from reports.timeline import LAST, WEEKDAYS, Curve, Stretches, Timeline, clock_of, timeline
from reports.words import counted

MAX_WORDS = 200  # characters of a limit
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
INTRO = (
    "The planned mailings, played message by message against every limit that is known. Where nothing better is known, one message takes a "
    "second over an open connection, and a line carries a megabyte in a second; a mailing starts at 09:00 tomorrow unless the settings name "
    "another hour."
)
BEYOND = {
    "defer": Tag(status=Status.PASS, word="what is more waits"),
    "retry": Tag(status=Status.WARN, word="what is more is refused for now and comes again"),
    "reject": Tag(status=Status.FAIL, word="what is more is refused for good"),
}
NOTHING_HELD = "nothing that is planned meets it"


def chapter(report: Report) -> Chapter | None:
    """Draw every plan that a finding has; None if there is none."""
    found = [
        (plan, finding.fingerprint)
        for entry in report.checks
        for finding in entry.findings
        if (plan := plan_of(finding.args.get("plan"))) is not None and plan.mailings
    ]
    if not found:
        return None
    more = len(found) - MAX_FIGURES
    return Chapter(
        anchor="capacity",
        title="When a mailing is out",
        intro=INTRO,
        figures=tuple(_figure(plan, fingerprint) for plan, fingerprint in found[:MAX_FIGURES]),
        more=f"And {counted(more, 'server', 'servers')} more; report.json has them." if more > 0 else "",
    )


def _figure(plan: ShownPlan, fingerprint: str) -> Figure:
    name, here = line(plan.server, MAX_WORDS), anchor("capacity", plan.server)
    return Figure(
        anchor=here,
        title=name,
        label=f"When a mailing through {name} is out",
        timeline=_timeline(plan, here, name) if any(one.points for one in plan.mailings) else None,
        table=_table(plan),
        outlines=(_limits(plan),),
        drawn=frozenset({fingerprint}),
    )


# --- the drawing ------------------------------------------------------------------------------------------------------


def _timeline(plan: ShownPlan, here: str, name: str) -> Timeline:
    now = [Curve(points=one.points, lost=bool(one.rejected or one.expired)) for one in plan.mailings]
    then = [Curve(points=one.points, kind="then") for one in plan.paced]
    return timeline(
        anchor=here,
        title=f"Messages sent through {name}, over time",
        about=" ".join(f"{_named(one, plan)}: {_fate(one, plan)}." for one in plan.mailings),
        zone=plan.zone,
        curves=[*now, *then],
        lanes=[
            Stretches(label=f"held back by: {limit.words}", spans=limit.held) for limit in plan.limits if limit.words != BY_SPEED
        ],
        most=max(one.messages for one in plan.mailings),
        unit="messages",
        then=f"with {line(plan.entered, MAX_WORDS)}",
    )


# --- the numbers ------------------------------------------------------------------------------------------------------


def _table(plan: ShownPlan) -> Table:
    columns = ("Starts", "With the settings as they are", *(("With the limits entered",) if plan.paced else ()))
    later = {one.name: one for one in plan.paced}
    rows = []
    for one in plan.mailings:
        cells = [_moment(one.start, plan), _fate(one, plan)]
        if plan.paced:
            cells.append(_fate(later[one.name], plan) if one.name in later else "")
        rows.append(Row(name=f"{one.recipients:,} recipients", cells=tuple(cells), tag=_tag(one)))
    if plan.more:
        rows.append(Row(name=f"And {plan.more:,} more a week", cells=("",) * len(columns)))
    return Table(of="Mailing", columns=columns, rows=tuple(rows))


def _tag(one: ShownMailing) -> Tag:
    if one.rejected or one.expired:
        return Tag(status=Status.FAIL, word=f"{one.rejected + one.expired:,} lost")
    if one.unsent:
        return Tag(status=Status.WARN, word="not all out")
    if one.refused:
        return Tag(status=Status.WARN, word="refused for now")
    return Tag(status=Status.PASS, word="all out")


def _named(one: ShownMailing, plan: ShownPlan) -> str:
    return f"{one.recipients:,} recipients, from {_moment(one.start, plan)}"


def _fate(one: ShownMailing, plan: ShownPlan) -> str:
    """Say what becomes of a mailing, in numbers."""
    parts = [f"{one.sent:,} of {counted(one.messages, 'message', 'messages')} out"]
    if one.finish is not None:
        parts[0] += f" by {_moment(one.finish, plan)}"
    for number, words in (
        (one.deferred, "had to wait"),
        (one.rejected, "refused for good"),
        (one.expired, "given up"),
        (one.unsent, "not sent"),
    ):
        if number:
            parts.append(f"{number:,} {words}")
    if one.refused:
        parts.append(f"refused for now {counted(one.refused, 'time', 'times')}")
    return ", ".join(parts)


def _moment(when: int, plan: ShownPlan) -> str:
    """Write a moment by the plan's clock, rounded up to the minute like the findings."""
    local = datetime.fromtimestamp(min(when + 59, LAST - 86_400), UTC).astimezone(clock_of(plan.zone))
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}, {local:%H:%M}"


# --- the limits -------------------------------------------------------------------------------------------------------


def _limits(plan: ShownPlan) -> Outline:
    return Outline(
        title="Limits in force",
        nodes=tuple(_limit(limit, plan) for limit in plan.limits),
        empty="No limit over time is known.",
        more="Too intricate to be played to its end; the numbers are what had happened until then." if plan.cut else "",
    )


def _limit(limit: ShownLimit, plan: ShownPlan) -> Node:
    source = ", ".join(filter(None, (line(limit.whose, 100), f"as of {line(limit.as_of, 20)}" if limit.as_of else "")))
    tag = BEYOND.get(limit.beyond)
    return Node(
        code=line(limit.words, MAX_WORDS),
        lines=tuple(filter(None, (source, _held(limit.held, plan)))),
        tags=(tag,) if tag else (),
    )


def _held(spans: Sequence[tuple[int, int]], plan: ShownPlan) -> str:
    if not spans:
        return NOTHING_HELD
    begins, ends = spans[0]
    first = f"held back at {_moment(begins, plan)}" if ends - begins < 60 else f"held back from {_moment(begins, plan)} to {_moment(ends, plan)}"  # fmt: skip
    return first if len(spans) == 1 else f"{first}, and {counted(len(spans) - 1, 'time', 'times')} more"
