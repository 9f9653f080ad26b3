"""The one door to the terminal: nothing that a stranger wrote reaches it unescaped (CWE-150)."""

from __future__ import annotations

import os
import re
import shlex
import sys
import textwrap
from collections.abc import Iterable
from typing import TextIO

USUAL_COLUMNS = 80
MIN_COLUMNS = 30  # below this, wrapping helps nobody


def safe(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return the text with control, bidirectional and invisible characters written out, like `\u202e`."""
    from reports.escape import visible  # noqa: PLC0415 - only where there is something to show

    return visible(text, lines=keep_newlines)


def wants_colour(stream: TextIO | None = None) -> bool:
    """Tell whether colour is welcome: NO_COLOR and TERM=dumb say no, FORCE_COLOR says yes, else a terminal does."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def can_prompt() -> bool:
    """Tell whether a person is there to answer: stdin and stderr are both terminals."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def columns(stream: TextIO | None = None) -> int | None:
    """Return how wide the terminal behind a stream is; None where there is none, and then nothing is wrapped."""
    target = stream or sys.stderr
    if not target.isatty():
        return None
    wish = os.environ.get("COLUMNS", "")
    try:
        found = int(wish) if wish.isascii() and wish.isdigit() else os.get_terminal_size(target.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return max(MIN_COLUMNS, found or USUAL_COLUMNS)


def wrapped(text: str, width: int | None) -> str:
    """Break lines that are wider than the terminal between words. What stands in columns or after a number stays under itself."""
    return text if width is None else "\n".join(_broken(line, width - 1) for line in text.split("\n"))


_COLUMN = re.compile(r"(\s*\S+(?: \S+)*\s{2,})\S")  # "  Server    smtp.example.org"
_MARK = re.compile(r"\s*(?:(?:[0-9]+\.|[!?-]|\([<?!-]\))\s+)?")  # "  1. text", "  ! text"


def _broken(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    column, mark = _COLUMN.match(line), _MARK.match(line)
    hang = len(column[1]) if column and len(column[1]) <= width // 2 else len(mark[0]) if mark else 0
    lines = textwrap.wrap(line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def tell(text: str, stream: TextIO | None = None) -> None:
    """Show a line or a paragraph for people, on stderr if no stream is named."""
    target = stream or sys.stderr
    target.write(wrapped(safe(text, keep_newlines=True), columns(target)) + "\n")
    target.flush()


def command_line(words: Iterable[str], width: int | None, indent: int = 2) -> str:
    """Write a command on lines of its own so that it can be copied into a shell, also where it needs several."""
    lines: list[str] = []
    for word in map(shlex.quote, words):
        if lines and (width is None or indent + len(lines[-1]) + len(word) + 3 < width):  # 3: the space, and " \\" at the end
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}" if lines else word)
    return " \\\n".join(" " * indent + line for line in lines)
