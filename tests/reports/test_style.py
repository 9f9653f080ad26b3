"""The style sheet: every text can be read on its ground, in both schemes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports import html

CSS = (Path(html.__file__).parent / "templates" / "report.css").read_text("utf-8")
GROUNDS = ("ground", "sheet", "inset")
TONES = ("fail", "warn", "pass", "note", "unknown", "quiet")


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", block))


LIGHT = colours(CSS[: CSS.index("@media")])
DARK = LIGHT | colours(CSS[CSS.index("@media") : CSS.index("*, *::before")])


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: dict[str, str]) -> None:
    """WCAG 2.2 AA, criterion 1.4.3: 4.5 to 1."""
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in GROUNDS]
    pairs += [(ink, f"{tone}-wash") for tone in TONES for ink in ("ink", "soft", tone)]
    pairs += [("sheet", verb) for verb in ("note", "pass", "fail")] + [(tone, "sheet") for tone in TONES]
    weak = {
        pair: round(contrast(scheme[pair[0]], scheme[pair[1]]), 2)
        for pair in pairs
        if contrast(scheme[pair[0]], scheme[pair[1]]) < 4.5
    }
    assert not weak


def test_nothing_is_loaded_by_the_style() -> None:
    assert not re.search(r"url\(|@import|@font-face|expression", CSS)
