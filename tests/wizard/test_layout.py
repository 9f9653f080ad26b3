"""What is said to people fits their terminal, and what they copy from it still works."""

from __future__ import annotations

import io
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wizard.screen import Screen
from wizard.terminal import columns, command_line, tell, wrapped

PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)


@given(st.text(PRINTABLE, max_size=300), st.integers(30, 120))
def test_only_a_single_long_word_is_wider_than_the_terminal(text: str, width: int) -> None:
    for line in wrapped(text, width).split("\n"):
        assert len(line) < width or len(line.split()) <= 1
    assert wrapped(text, width).split() == text.split()


def test_a_line_that_fits_is_left_alone_and_a_broken_one_stays_under_itself() -> None:
    assert wrapped("a   b\n\n  c", 40) == "a   b\n\n  c"
    assert wrapped("  Server    " + "word " * 9, 40).split("\n")[1].startswith(" " * 12 + "word")
    assert wrapped("  1. " + "word " * 9, 40).split("\n")[1].startswith(" " * 5 + "word")
    assert wrapped("  ! " + "word " * 9, 40).split("\n")[1].startswith(" " * 4 + "word")


def test_nothing_is_wrapped_for_a_pipe() -> None:
    stream = io.StringIO()
    tell("word " * 100, stream)
    assert stream.getvalue() == "word " * 100 + "\n"
    assert columns(stream) is None


@given(st.lists(st.text(PRINTABLE, max_size=30), min_size=1), st.integers(30, 90))
def test_a_command_can_be_copied_into_a_shell_from_several_lines(words: list[str], width: int) -> None:
    assert shlex.split(command_line(words, width).replace("\\\n", "")) == words


@pytest.mark.parametrize(
    ("text", "over"), [("x" * 80, 0), ("x" * 81, 1), ("x" * 80 + "\r\n" + "x" * 80, 0), ("\x1b[1m" + "x" * 80 + "\x1b[0m", 0)]
)
def test_the_screen_of_the_tests_notices_what_runs_over_the_edge(text: str, over: int) -> None:
    assert len(Screen(80).feed(text).overruns) == over


def test_the_screen_of_the_tests_follows_the_cursor() -> None:
    screen = Screen(80).feed("one\r\ntwo\x1b[A\rONE\x1b[B\x1b[3D\x1b[Kx")
    assert screen.text == "ONE\nx"
