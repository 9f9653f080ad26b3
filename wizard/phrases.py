"""What the walk through the questions says: small sentences around the registry's own words. Pure."""

from __future__ import annotations

from collections.abc import Callable

from wizard.answers import with_example
from wizard.parsing import Value
from wizard.question import Question

INTRO = "Enter takes what is proposed.  < back  ? help  - skip  ! save a draft and leave"


def shown(value: Value) -> str:
    """Write an answer as a person would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def sentence(question: Question, message: str) -> str:
    """Name the field and the rule, with a good answer."""
    return f"{question.label}: {with_example(question, message)}."


def help_on(question: Question) -> str:
    """Return what ? says."""
    lines = ["", *(question.help or question.why).split("\n")]
    if question.example:
        lines.append(f"For example: {question.example}")
    if question.answerable:
        lines.append(f"In an answers file: {question.key}")
    return "\n".join([*(f"  {line}" if line else "" for line in lines), INTRO])


def is_text(raw: str) -> bool:
    """Tell whether a terminal gave text, and not bytes that are no UTF-8."""
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def review_action(text: str) -> str:
    """Read what to do with the review. Raises `ValueError`."""
    if text not in ("", "save", "change", "discard"):
        raise ValueError("choose save, change or discard")
    return text


def trouble_of(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Turn a parser into one that returns its complaint; empty: none."""

    def trouble(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            return f"{str(error).capitalize()}."
        return ""

    return trouble
