"""Exit codes (DESIGN.md section 5). 0 to 3 are a verdict's own and also the monitoring-plugin codes."""

from __future__ import annotations

from collections.abc import Iterable

READY = 0
READY_WITH_WARNINGS = 1
NOT_READY = 2
NOT_FULLY_TESTED = 3
USAGE = 64
INVALID = 65
BUG = 70
INTERRUPTED = 130
PIPE = 141  # the reader of our output went away (128 + SIGPIPE, as a shell reports it)

# From what may be passed over to what must be seen first. "Not ready" is certain, so it outweighs "not fully tested".
_WORSE = (READY, READY_WITH_WARNINGS, NOT_FULLY_TESTED, NOT_READY, INVALID, BUG, INTERRUPTED, PIPE)


def worst(codes: Iterable[int]) -> int:
    """Return the code that must be seen first; READY if there is none."""
    return max(codes, key=_WORSE.index, default=READY)
