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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TextIO

from wizard.question import Choice
from wizard.terminal import USUAL_COLUMNS, columns, safe, tell, wants_colour, wrapped

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.output import Output

BACK, HELP, LEAVE, SKIP = "<", "?", "!", "-"
CONTROLS = (BACK, HELP, LEAVE, SKIP)
CONTROL_WORDS = {"back": BACK, "help": HELP, "save": LEAVE, "quit": LEAVE, "exit": LEAVE, "skip": SKIP}
_OTHER = "\0other"  # a menu entry's value that nobody can type
POINTER = 3  # columns that a menu needs before each choice


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
    other: str = ""
    """What an answer beyond the choices looks like."""
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
        tell(text, self._out)

    def ask(self, prompt: Prompt) -> str:
        """Put the question; a number stands for the choice of that number."""
        self.say(f"\n{prompt.words}")
        if prompt.why:
            self.say(f"  {prompt.why}")
        for number, choice in enumerate(prompt.choices, 1):
            self.say(f"  {number}. {choice.label}")
        if prompt.open_choice:
            self.say(f"  or type something else{_like(prompt)}")
        if prompt.hidden:
            return ask_hidden("> ", self._out)
        self._out.write(wrapped(f"{safe(default_shown(prompt))} >".lstrip(), columns(self._out)) + " ")
        self._out.flush()
        line = self._in.readline()
        if not line:
            raise EOFError
        text = line.strip()
        if text.isascii() and text.isdigit() and 1 <= int(text) <= len(prompt.choices):
            return prompt.choices[int(text) - 1].value
        return text


def _like(prompt: Prompt) -> str:
    return f", like {prompt.other}" if prompt.other else ""


class MenuPrompter:
    """Menus to move in with the arrow keys, and lines that can be edited until they are right."""

    def say(self, text: str) -> None:
        """Show a line or a paragraph."""
        tell(text)

    def ask(self, prompt: Prompt) -> str:
        """Put the question as a menu, a line or a hidden line."""
        words = wrapped(f"? {safe(prompt.words)}", columns())
        sys.stderr.write(f"\n{_bold(words)}\n")
        if prompt.why:
            self.say(f"  {prompt.why}")
        if prompt.hidden:
            return ask_hidden("> ", sys.stderr)
        while prompt.choices:
            chosen = self._menu(prompt)
            if chosen != _OTHER:
                return chosen
            self.say(f"  Type it{_like(prompt)}; < leads back to the choices.")
            typed = self._line(replace(prompt, default="", source="", optional=False), may_be_empty=True)
            if typed not in ("", BACK):
                return typed
        return self._line(prompt)

    def _line(self, prompt: Prompt, *, may_be_empty: bool = False) -> str:
        """Ask for a line. A wrong one is explained above, and stays to be mended."""
        import questionary  # noqa: PLC0415 - slow to import, and only a terminal needs it

        text, shown = "", safe(default_shown(prompt))
        if len(shown) + 4 > (columns() or USUAL_COLUMNS):
            self.say(f"  {shown}")
            shown = ""
        while True:
            question = questionary.text(f"{shown} >".lstrip(), qmark="", default=text, output=_stderr())
            text = str(question.unsafe_ask()).strip()
            if text in CONTROLS or text.lower() in CONTROL_WORDS or (may_be_empty and not text):
                return text
            trouble = prompt.trouble(text)
            if not trouble:
                return text
            self.say(f"  ! {trouble}")

    def _menu(self, prompt: Prompt) -> str:
        import questionary  # noqa: PLC0415 - as above
        from prompt_toolkit.key_binding import merge_key_bindings  # noqa: PLC0415 - as above

        width = columns() or USUAL_COLUMNS

        def row(label: str, value: str) -> questionary.Choice:
            lines = wrapped(safe(label), width - POINTER - 2).split("\n")
            return questionary.Choice(f"\n{' ' * (POINTER + 2)}".join(lines), value)

        hint, above = "arrow keys, then Enter", ""
        if prompt.default and prompt.source:
            whole = f"{safe(prompt.source)}; {hint}"
            hint, above = (whole, "") if len(whole) + 6 < width else (hint, f"  The proposal's source: {prompt.source}")
        if above:
            self.say(above)
        question = questionary.select(
            ">",
            qmark="",
            choices=[row(label, value) for label, value in _rows(prompt)],
            default=prompt.default or (SKIP if prompt.optional else None),
            instruction=f"({hint})",
            use_jk_keys=False,  # a letter typed by mistake must not choose something else
            use_emacs_keys=False,
            output=_stderr(),
        )
        application = question.application
        own = application.key_bindings
        application.key_bindings = merge_key_bindings([own, _control_keys()] if own else [_control_keys()])
        return str(question.unsafe_ask())


def _rows(prompt: Prompt) -> list[tuple[str, str]]:
    """Return a menu's rows: label and value."""
    rows = [(choice.label, choice.value) for choice in prompt.choices]
    if prompt.open_choice:
        rows.append((f"Something else{_like(prompt)} ...", _OTHER))
    if prompt.optional:
        rows.insert(len(rows) if prompt.default else 0, ("(-) Skip this", SKIP))
    if prompt.can_go_back:
        rows.append(("(<) Back", BACK))
    rows += [("(?) Help", HELP), ("(!) Save a draft and leave", LEAVE)]
    if prompt.default and prompt.default not in [choice.value for choice in prompt.choices]:
        rows.insert(0, (prompt.default, prompt.default))
    return rows


def _control_keys() -> KeyBindings:
    """Let the keys of the header act at once in a menu, as they do in a line."""
    from prompt_toolkit.key_binding import KeyBindings  # noqa: PLC0415 - as above

    bindings = KeyBindings()

    def bind(key: str) -> None:
        @bindings.add(key, eager=True)
        def leave(event: KeyPressEvent) -> None:
            event.app.exit(result=key)

    for key in CONTROLS:
        bind(key)
    return bindings


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if wants_colour(sys.stderr) else text


def _stderr() -> Output:
    """Let prompt_toolkit write to stderr, so that stdout can be a pipe."""
    from prompt_toolkit.output import create_output  # noqa: PLC0415 - as above

    return create_output(stdout=sys.stderr)
