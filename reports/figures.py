"""What is drawn beside the sentences: the parts that a drawing consists of. Every format draws these parts, and no other.

A chapter of the report has one figure for each thing drawn, a figure has outlines side by side or a table. Who makes chapters: reports.chapters.
Every text in here is visible and bounded, as in a `View`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reports.links import Link
from reports.timeline import Timeline

MAX_FIGURES = 20  # of one chapter; nobody compares more
MAX_NODES = 60  # of one outline, without those below them
MAX_DEPTH = 12  # of an outline; ten look-ups lead no deeper than eleven


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A word that stands out, with the shape and colour of a status."""

    status: str
    word: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """One entry of an outline."""

    number: str = ""
    """Running number; empty: none."""
    code: str
    """What a person finds in DNS: a term, an address."""
    lines: tuple[str, ...] = ()
    """What there is to say of it, in plain words."""
    tags: tuple[Tag, ...] = ()
    reference: Link | None = None
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A nested list with its sums above it."""

    title: str
    sums: tuple[Tag, ...] = ()
    nodes: tuple[Node, ...] = ()
    empty: str = ""
    """What to say where there is no entry."""
    more: str = ""
    """What was left out."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table."""

    name: str
    cells: tuple[str, ...]
    """One for each column; empty: nothing to say."""
    tag: Tag | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Things side by side."""

    of: str
    """What the names of the rows are."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One line to look up: what is so, and from where that is known."""

    what: str
    tag: Tag
    words: str
    """What there is to say of it."""
    findings: tuple[Link, ...] = ()
    """The findings behind it."""
    sources: tuple[Link, ...] = ()
    read: str = ""
    """When the sources were read."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Statements that are there for whoever wants to know exactly; folded where a page can fold."""

    title: str
    intro: str
    statements: tuple[Statement, ...]
    more: str = ""
    """What was left out."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing, drawn: as outlines, as a table, over time."""

    anchor: str
    title: str
    label: str
    """The title where the chapter's is not in sight: in a link, in a terminal."""
    outlines: tuple[Outline, ...] = ()
    table: Table | None = None
    timeline: Timeline | None = None
    """Drawn where there is room for it; its numbers are in the table."""
    folds: tuple[Fold, ...] = ()
    drawn: frozenset[str]
    """Fingerprints of the findings that it belongs to."""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Figures of one kind, and what a reader has to know to read them."""

    anchor: str
    title: str
    intro: str
    figures: tuple[Figure, ...]
    more: str = ""
    """What was left out."""


def nested(rows: Iterable[tuple[int, Node]]) -> tuple[Node, ...]:
    """Turn nodes with their depths into a tree. A depth that skips a level, or is beyond `MAX_DEPTH`, is drawn where it can be."""
    levels: list[list[Node]] = [[]]
    for depth, node in rows:
        wanted = max(0, min(depth, MAX_DEPTH - 1, len(levels) - 1))
        while len(levels) - 1 > wanted:
            _close(levels)
        levels[-1].append(node)
        levels.append([])
    while len(levels) > 1:
        _close(levels)
    return tuple(levels[0])


def _close(levels: list[list[Node]]) -> None:
    """Hang the deepest level below the last node of the one above it."""
    children = levels.pop()
    if children:
        levels[-1][-1] = replace(levels[-1][-1], children=tuple(children))
