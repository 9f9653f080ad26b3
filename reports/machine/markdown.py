"""Markdown for a ticket or a wiki: verdict, tasks by person, remarks."""

from __future__ import annotations

import re

from reports.cards import Card
from reports.model import Report
from reports.view import view


def render(report: Report) -> str:
    """Return the report as Markdown; what strangers wrote is escaped and cannot become markup or a link."""
    seen = view(report)
    lines = [f"# {_text(seen.verdict)}: {_text(seen.scope.what)}", "", _text(seen.sentence), ""]
    if seen.scope.not_tested:
        lines += ["**Not tested**", "", *(f"- {_text(sentence)}" for sentence in seen.scope.not_tested), ""]
    for group in seen.groups:
        lines += [f"## {_text(group.name)}", ""]
        for card in group.cards:
            lines += _card(card)
    for title, cards in (
        ("Worth knowing", seen.remarks),
        ("Could not be determined", seen.unknown),
        ("Not checked", seen.not_run),
    ):
        if cards:
            lines += [
                f"## {title}",
                "",
                *(row for card in cards for row in _item(card)),
                "",
            ]
    lines.append(f"{len(seen.passed)} passed, {len(seen.not_applicable)} do not apply.")
    return "\n".join(lines) + "\n"


def _item(card: Card) -> list[str]:
    code = f" ({_code(card.code)})" if card.code else ""
    members = [f"  - {_text(member.title)} ({_code(member.code)})" for member in card.members]
    return [f"- {_text(card.word)}: {_text(card.title)}{code}", *members]


def _card(card: Card) -> list[str]:
    lines = [f"### {_text(card.word)}: {_text(card.title)}", ""]
    lines += [f"{number}. {_text(step)}" for number, step in enumerate(card.steps, start=1)]
    for change in card.changes:
        lines += ["", f"- {_text(change.verb)} {_code(change.name)} {_text(change.type)} {_code(change.value)}"]
    return [*lines, "", _code(card.code), ""]


def _text(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!~]|:(?=//))", r"\\\1", text)


def _code(text: str) -> str:
    """Set text as code: inside, nothing is markup; the fence is longer than any run of its own character in the text."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
