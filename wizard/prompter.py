"""Puts one question to a person at a terminal. Knows nothing of what is asked or in which order; that is wizard.flow.

Two forms, equal in function: one with menus (questionary) and a plain one with numbered lists and no redrawing, for screen readers
and simple terminals. Prompts go to stderr; stdout is for results.
"""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from wizard.question import Choice
from wizard.terminal import safe

if TYPE_CHECKING:
    from prompt_toolkit.output import Output

BACK, HELP, LEAVE, SKIP = "<", "?", "!", "-"
CONTROLS = (BACK, HELP, LEAVE, SKIP)
CONTROL_WORDS = {"back": BACK, "help": HELP, "save": LEAVE, "quit": LEAVE, "exit": LEAVE, "skip": SKIP}
_OTHER = "\0other"  # a menu entry's value that nobody can type


def _fine(_text: str) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What a prompter needs to put one question."""

    key: str
    words: str
    why: str = ""
    choices: tuple[Choice, ...] = ()
    open_choice: bool = False
    default: str = ""
    """What Enter stands for; empty: nothing."""
    source: str = ""
    """Where the default comes from."""
    optional: bool = False
    hidden: bool = False
    can_go_back: bool = True
    trouble: Callable[[str], str] = _fine
    """Why a typed text will not do; empty: it does. Lets a prompter keep the text for mending."""


class Prompter(Protocol):
    """Asks and says. `ask` returns what was typed or chosen: "" for Enter, or one of `CONTROLS`."""

    def say(self, text: str) -> None:
        """Show a line or a paragraph."""

    def ask(self, prompt: Prompt) -> str:
        """Raises `KeyboardInterrupt` for Ctrl-C and `EOFError` for a closed terminal."""


def for_terminal(*, plain: bool) -> Prompter:
    """Return the prompter that suits this terminal."""
    simple = plain or bool(os.environ.get("ACCESSIBLE")) or os.environ.get("TERM", "dumb") in ("dumb", "")
    return PlainPrompter() if simple else MenuPrompter()


def default_shown(prompt: Prompt) -> str:
    """Write what Enter does, like "[587 starttls] (catalogue: GMX)"."""
    if prompt.default:
        label = next((choice.label for choice in prompt.choices if choice.value == prompt.default), prompt.default)
        return f"[{label}]" + (f" ({prompt.source})" if prompt.source else "")
    return "[nothing]" if prompt.optional and not prompt.hidden else ""


def ask_hidden(words: str, stream: TextIO) -> str:
    """Read a line without showing it. Refuses where the terminal would show it."""
    with warnings.catch_warnings():
        # Without a terminal getpass would fall back to reading with echo; that must not happen.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(words, stream)
        except getpass.GetPassWarning:
            raise EOFError("this terminal cannot hide what is typed") from None


class PlainPrompter:
    """Numbered lists and lines, nothing redrawn."""

    def __init__(self, source: TextIO | None = None, target: TextIO | None = None) -> None:
        self._in = source or sys.stdin
        self._out = target or sys.stderr

    def say(self, text: str) -> None:
        """Show a line or a paragraph."""
        self._out.write(safe(text, keep_newlines=True) + "\n")
        self._out.flush()

    def ask(self, prompt: Prompt) -> str:
        """Put the question; a number stands for the choice of that number."""
        self.say(f"\n{prompt.words}")
        if prompt.why:
            self.say(f"  {prompt.why}")
        for number, choice in enumerate(prompt.choices, 1):
            self.say(f"  {number}. {choice.label}")
        if prompt.open_choice:
            self.say("  or type something else")
        if prompt.hidden:
            return ask_hidden("> ", self._out)
        shown = safe(default_shown(prompt))
        self._out.write(f"{shown} > " if shown else "> ")
        self._out.flush()
        line = self._in.readline()
        if not line:
            raise EOFError
        text = line.strip()
        if text.isascii() and text.isdigit() and 1 <= int(text) <= len(prompt.choices):
            return prompt.choices[int(text) - 1].value
        return text


class MenuPrompter:
    """Menus to move in with the arrow keys, and lines that can be edited until they are right."""

    def say(self, text: str) -> None:
        """Show a line or a paragraph."""
        sys.stderr.write(safe(text, keep_newlines=True) + "\n")
        sys.stderr.flush()

    def ask(self, prompt: Prompt) -> str:
        """Put the question as a menu, a line or a hidden line."""
        if prompt.why:
            self.say(f"\n  {prompt.why}")
        if prompt.hidden:
            return ask_hidden(f"? {safe(prompt.words)} ", sys.stderr)
        if prompt.choices:
            chosen = self._menu(prompt)
            return chosen if chosen != _OTHER else self._line(prompt)
        return self._line(prompt)

    def _line(self, prompt: Prompt) -> str:
        import questionary  # noqa: PLC0415 - slow to import, and only a terminal needs it

        def validate(text: str) -> bool | str:
            # A wrong text stays where it is, to be mended.
            return (
                True
                if text.strip() in CONTROLS or text.strip().lower() in CONTROL_WORDS
                else prompt.trouble(text.strip()) or True
            )

        question = questionary.text(
            safe(prompt.words), instruction=safe(default_shown(prompt)) or None, validate=validate, output=_stderr()
        )
        return str(question.unsafe_ask()).strip()

    def _menu(self, prompt: Prompt) -> str:
        import questionary  # noqa: PLC0415 - as above

        rows = [questionary.Choice(safe(choice.label), choice.value) for choice in prompt.choices]
        if prompt.open_choice:
            rows.append(questionary.Choice("Something else ...", _OTHER))
        if prompt.optional:
            rows.insert(len(rows) if prompt.default else 0, questionary.Choice("(-) Skip this", SKIP))
        if prompt.can_go_back:
            rows.append(questionary.Choice("(<) Back", BACK))
        rows += [questionary.Choice("(?) Help", HELP), questionary.Choice("(!) Save a draft and leave", LEAVE)]
        values = [choice.value for choice in prompt.choices]
        if prompt.default and prompt.default not in values:
            rows.insert(0, questionary.Choice(safe(prompt.default), prompt.default))
        first = prompt.default or (SKIP if prompt.optional else None)
        hint = f"({prompt.source}; arrow keys, then Enter)" if prompt.default and prompt.source else "(arrow keys, then Enter)"
        return str(
            questionary.select(
                safe(prompt.words), choices=rows, default=first, instruction=safe(hint), output=_stderr()
            ).unsafe_ask()
        )


def _stderr() -> Output:
    """Let prompt_toolkit write to stderr, so that stdout can be a pipe."""
    from prompt_toolkit.output import create_output  # noqa: PLC0415 - as above

    return create_output(stdout=sys.stderr)
