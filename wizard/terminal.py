"""The one door to the terminal: nothing that a stranger wrote reaches it unescaped (CWE-150)."""

from __future__ import annotations

import os
import sys
from typing import TextIO


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
