"""The registry says enough: help that adds something, choices that work here, and what other answers mean for this one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from wizard import conditions
from wizard.parsing import Value
from wizard.phrases import INTRO, help_on
from wizard.question import Kind, Question
from wizard.questions import ANOTHER, BY_KEY, QUESTIONS
from wizard.view import Answers, Surroundings, View

HERE = Surroundings(today=date(2026, 11, 23))
PROMPTED = [question for question in (*QUESTIONS, ANOTHER) if question.prompted]


@pytest.mark.parametrize("question", PROMPTED, ids=lambda question: question.key)
def test_help_adds_to_what_stands_there_already(question: Question) -> None:
    assert len(question.help) > len(question.why)
    assert question.why not in question.help
    assert question.help in help_on(question).replace("\n  ", "\n")


def test_the_help_on_ports_explains_both_kinds_and_how_to_type_another() -> None:
    text = BY_KEY["connection"].help
    for words in ("STARTTLS: ", "Implicit TLS: ", "465", "587", "provider's instructions", "2525 starttls"):
        assert words in text


def test_the_header_fits_80_columns() -> None:
    assert len(INTRO) < 80


def test_an_open_choice_says_what_another_answer_looks_like() -> None:
    for question in PROMPTED:
        if question.open_choice:
            assert question.other
            question.read(question.other)


def servers(*filters: tuple[str, ...]) -> View:
    """The last of some servers with these filters."""
    rows: list[dict[str, Value]] = [
        {"name": f"S{number}", "filter": one, "another": True} for number, one in enumerate(filters, 1)
    ]
    return View(Answers({}, rows), len(rows) - 1, HERE)


@pytest.mark.parametrize(
    ("theirs", "mine", "says"),
    [
        ("@club.example", "@club.example", "@club.example is claimed by the server S1 as well"),
        ("@club.example", "news@club.example", "news@club.example is part of @club.example of the server S1; the more exact filter wins, so news@club.example uses this server."),
        ("news@club.example", "@club.example", "so news@club.example stays with that server."),
        ("@*.club.example", "@shop.club.example", "@shop.club.example is part of @*.club.example"),
        ("@*.club.example", "@*.shop.club.example", "@*.shop.club.example is part of @*.club.example"),
        ("@*.club.example", "@club.example", ""),
        ("@other.example", "@club.example", ""),
    ],
)  # fmt: skip
def test_filters_that_overlap_are_named_with_the_one_that_wins(theirs: str, mine: str, says: str) -> None:
    remark = conditions.filter_remark((mine,), servers((theirs,), (mine,)))
    assert (says in remark) if says else remark == ""


def test_many_overlaps_are_counted() -> None:
    mine = tuple(f"u{number}@club.example" for number in range(9))
    assert "And 6 more overlaps" in conditions.filter_remark(mine, servers(("@club.example",), mine))


def test_a_keyring_that_cannot_be_used_is_not_offered() -> None:
    view = View(Answers(), 0, HERE)
    assert "keyring" in [choice.value for choice in conditions.sources(view)]
    without = View(Answers(), 0, replace(HERE, keyring_trouble=lambda: "not installed"))
    assert [choice.value for choice in conditions.sources(without)] == ["file", "env", "command", "credential"]


def test_a_password_that_is_asked_again_says_why() -> None:
    was = Answers({}, [{"host": "old.club.example", "password.ref": "p"}])
    view = View(Answers({}, [{"host": "new.club.example", "password.ref": "p"}]), 0, replace(HERE, was=was))
    assert "meant for old.club.example" in conditions.password_again(view)
    assert conditions.password_again(View(was, 0, replace(HERE, was=was))) == ""


def test_the_selectors_of_a_known_provider_are_said_and_not_proposed() -> None:
    view = View(Answers({}, [{"host": "smtp.office365.com"}]), 0, HERE)
    question = BY_KEY["selectors"]
    assert "are known (selector1" in question.hint(view)
    assert question.proposal(view) is None
    assert (question.kind, question.optional) == (Kind.LIST, True)
