"""The plain prompter: numbers stand for choices, the end of input is noticed, and nothing hidden is read where it would show."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from tests.wizard.terminal import ROOT
from wizard.prompter import MenuPrompter, PlainPrompter, Prompt, default_shown, for_terminal
from wizard.question import Choice

CHOICES = (Choice(value="a", label="Alpha"), Choice(value="b", label="Beta"))


def asked(typed: str, prompt: Prompt) -> tuple[str, str]:
    """Return the answer and what was shown."""
    screen = io.StringIO()
    return PlainPrompter(io.StringIO(typed), screen).ask(prompt), screen.getvalue()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("2\n", "b"), (" 1 \n", "a"), ("3\n", "3"), ("\n", ""), ("beta\n", "beta"), ("<\n", "<"), ("\u00b2\n", "\u00b2")],
)
def test_a_number_stands_for_its_choice(typed: str, answer: str) -> None:
    assert asked(typed, Prompt(key="k", words="Which?", choices=CHOICES, default="a"))[0] == answer


def test_the_default_is_shown_and_never_typed_in_advance() -> None:
    answer, screen = asked(
        "\n", Prompt(key="k", words="Which?", why="Because.", choices=CHOICES, default="a", source="recommended")
    )
    assert answer == ""
    assert screen == "\nWhich?\n  Because.\n  1. Alpha\n  2. Beta\n[Alpha] (recommended) > "
    assert default_shown(Prompt(key="k", words="Which?", optional=True)) == "[nothing]"


def test_the_end_of_input_is_no_answer() -> None:
    with pytest.raises(EOFError):
        asked("", Prompt(key="k", words="Which?"))


def test_hidden_input_is_refused_where_the_terminal_would_show_it() -> None:
    code = "import sys; from wizard.prompter import ask_hidden; ask_hidden('> ', sys.stderr)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        input="SECRETCANARY\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        start_new_session=True,
    )
    assert "cannot hide" in found.stderr
    assert "SECRETCANARY" not in found.stdout + found.stderr


@pytest.mark.parametrize(
    ("variables", "plain"),
    [({"TERM": "dumb"}, True), ({"TERM": "xterm", "ACCESSIBLE": "1"}, True), ({}, True), ({"TERM": "xterm"}, False)],
)
def test_screen_readers_and_simple_terminals_get_the_plain_form(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], plain: bool
) -> None:
    for name in ("TERM", "ACCESSIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert isinstance(for_terminal(plain=False), PlainPrompter if plain else MenuPrompter)
    assert isinstance(for_terminal(plain=True), PlainPrompter)
