"""What the rules about "published or visible" share: words for answers."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_SHOWN = 120  # characters of an answer that a finding repeats
MOST_SHOWN = 3


def short_values(values: Sequence[str]) -> str:
    """Return some answers for a sentence."""
    rest = len(values) - MOST_SHOWN
    shown = [value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…" for value in values[:MOST_SHOWN]]
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")
