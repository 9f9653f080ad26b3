"""Sets drawings for a terminal: an indented outline of at most 80 columns. What is drawn: reports.figures."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator

from checks.model import Status
from reports.escape import visible
from reports.figures import Chapter, Fold, Node, Outline, Statement, Table
from reports.words import STATUS

Say = Callable[[str, str], str]
"""Makes a text visible and paints it."""

NARROWEST = 24  # of the text at the deepest place; an outline that has no room is not indented further
STEP = 2


def draw(chapter: Chapter, width: int, say: Say) -> Iterator[str]:
    """Write a chapter."""
    for place, figure in enumerate(chapter.figures):
        yield ""
        yield from (say(row, "bold") for row in _wrapped(f"== {figure.label}", width, "   ", first=""))
        if not place:
            yield from (say(row, "soft") for row in _wrapped(chapter.intro, width, "   "))
        if figure.table:
            yield ""
            yield from _table(figure.table, width, say)
        for fold in figure.folds:
            yield ""
            yield from _fold(fold, width, say)
        for outline in figure.outlines:
            yield ""
            yield from _outline(outline, width, say)
    if chapter.more:
        yield ""
        yield from _wrapped(chapter.more, width, "   ")


def _outline(outline: Outline, width: int, say: Say) -> Iterator[str]:
    yield from (say(row, "bold") for row in _wrapped(outline.title, width, "   "))
    for tag in outline.sums:
        mark = STATUS[Status(tag.status)].mark
        first, *rest = _wrapped(tag.word, width, " " * 10)
        yield f"     {say(mark, tag.status)} {first.lstrip()}"
        yield from rest
    yield from _nodes(outline.nodes, width, 5)
    if not outline.nodes and outline.empty:
        yield from _wrapped(outline.empty, width, "     ")
    if outline.more:
        yield from _wrapped(outline.more, width, "     ")


def _table(table: Table, width: int, say: Say) -> Iterator[str]:
    """A terminal is too narrow for sentences side by side: the columns stand below each other."""
    for row in table.rows:
        mark = f"{say(STATUS[Status(row.tag.status)].mark, row.tag.status)} " if row.tag else ""
        first, *rest = _wrapped(f"{row.name}: {row.tag.word}" if row.tag else row.name, width, " " * (10 if row.tag else 5))
        yield f"     {mark}{first.lstrip()}"
        yield from rest
        for column, cell in zip(table.columns, row.cells, strict=True):
            if cell:
                yield from _wrapped(f"{column}: {cell}", width, " " * 12, first=" " * 10)


def _fold(fold: Fold, width: int, say: Say) -> Iterator[str]:
    yield from (say(row, "bold") for row in _wrapped(fold.title, width, "   "))
    if fold.intro:
        yield from _wrapped(fold.intro, width, "   ")
    for before, one in zip((None, *fold.statements), fold.statements, strict=False):
        mark = say(STATUS[Status(one.tag.status)].mark, one.tag.status)
        first, *rest = _wrapped(f"{one.what}: {one.tag.word}", width, " " * 10)
        yield f"     {mark} {first.lstrip()}"
        yield from rest
        yield from _wrapped(_known(one, before), width, " " * 10)
    if fold.more:
        yield from _wrapped(fold.more, width, "     ")


def _known(one: Statement, before: Statement | None) -> str:
    """What there is to say, the findings and the sources in one paragraph; sources that stand above are not said again."""
    findings = f"{'Findings' if len(one.findings) > 1 else 'Finding'}: {', '.join(link.text for link in one.findings)}."
    sources = ", ".join(link.text for link in one.sources)
    read = f", read on {one.read}" if one.read else ""
    again = before is not None and (before.sources, before.read) == (one.sources, one.read)
    source = "(source: as above)" if again else f"(source: {sources}{read})"
    return " ".join(filter(None, [one.words, findings if one.findings else "", source if sources else ""]))


def _nodes(nodes: Iterable[Node], width: int, indent: int) -> Iterator[str]:
    for node in nodes:
        mark = f"{node.number}. " if node.number else "- "
        here = min(indent, max(0, width - NARROWEST))
        below = " " * (here + len(mark))
        first, *rest = _said(node)
        yield from _wrapped(first, width, below, first=" " * here + mark)
        for text in rest:
            yield from _wrapped(text, width, below)
        yield from _nodes(node.children, width, indent + STEP + (1 if node.number else 0))


def _said(node: Node) -> list[str]:
    """One sentence stands behind the code, several stand below it."""
    code = node.code + "".join(f" [{tag.word}]" for tag in node.tags)
    where = [f"({node.reference.text})"] if node.reference else []
    if len(node.lines) > 1:
        return [code, *node.lines, *where]
    return [" ".join([f"{code}: {node.lines[0]}" if node.lines else code, *where])]


def _wrapped(text: str, width: int, indent: str, first: str | None = None) -> list[str]:
    """Wrap; a name that is wider than the line is broken, because nothing here is copied."""
    begin = indent if first is None else first
    return textwrap.wrap(visible(text), width, initial_indent=begin, subsequent_indent=indent, break_on_hyphens=False) or [
        begin.rstrip()
    ]
