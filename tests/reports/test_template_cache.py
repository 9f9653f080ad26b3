"""Translated templates are kept, and never believed when they do not fit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from reports.template_cache import TemplateCache


@pytest.fixture(autouse=True)
def _may_write_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of the tests says (PYTHONDONTWRITEBYTECODE)."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def say(home: Path, text: str = "Dear {{ name }},", *, trim: bool = False) -> str:
    """Render a template as a new process would."""
    environment = Environment(
        loader=DictLoader({"letter": text}), autoescape=True, trim_blocks=trim, bytecode_cache=TemplateCache(home)
    )
    return environment.get_template("letter").render(name="<club>")


def translations(home: Path) -> list[Path]:
    return sorted(home.iterdir())


def test_a_translation_is_kept_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = say(tmp_path / "kept")
    assert len(translations(tmp_path / "kept")) == 1
    monkeypatch.setattr(Environment, "_generate", lambda *_: pytest.fail("it was translated again"))
    assert say(tmp_path / "kept") == first == "Dear &lt;club&gt;,"


def test_a_changed_source_is_translated_again(tmp_path: Path) -> None:
    say(tmp_path)
    assert say(tmp_path, "Good day {{ name }}") == "Good day &lt;club&gt;"


def test_other_options_are_translated_again(tmp_path: Path) -> None:
    text = "{% if name %}\n{{ name }}{% endif %}"
    assert say(tmp_path, text) == "\n&lt;club&gt;"
    assert say(tmp_path, text, trim=True) == "&lt;club&gt;"


@pytest.mark.parametrize("spoilt", ["", "only its end", "all but its end", "another beginning"])
def test_what_is_not_a_translation_is_passed_over(tmp_path: Path, spoilt: str) -> None:
    say(tmp_path)
    (kept,) = translations(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes({"": b"", "only its end": whole[-40:], "all but its end": whole[:-40]}.get(spoilt, b"j2" + whole))
    assert say(tmp_path) == "Dear &lt;club&gt;,"
    assert kept.read_bytes() == whole


def test_a_place_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where the directory should be")
    assert say(tmp_path / "file") == "Dear &lt;club&gt;,"


def test_who_wants_no_bytecode_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert say(tmp_path / "kept") == "Dear &lt;club&gt;,"
    assert not (tmp_path / "kept").exists()
