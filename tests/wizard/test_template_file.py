"""Which files may become the words of a test message: templates, and nothing else that the settings could name."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from checks.settings import Settings, Template
from wizard.template import content_of


def words_of(file: str, base: Path) -> str:
    settings = Settings.model_construct(templates=(Template(name="News", subject="News", file=file),))
    content = content_of("News", settings, base)
    assert content is not None
    return content.text or content.page


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A directory of settings, with something beside it that is none of anybody's business."""
    (tmp_path / "secret").write_text("root:x", "utf-8")
    (tmp_path / "beside.txt").write_text("beside", "utf-8")
    found = tmp_path / "settings"
    (found / "mail").mkdir(parents=True)
    (found / "news.txt").write_text("Hello", "utf-8")
    (found / "mail" / "news.HTML").write_text("<p>Hello</p>", "utf-8")
    return found


@pytest.mark.parametrize("file", ["news.txt", "./mail/../news.txt", "mail/news.HTML"])
def test_templates_beside_the_settings(base: Path, file: str) -> None:
    assert "Hello" in words_of(file, base)


def test_a_template_with_its_whole_path(base: Path, tmp_path: Path) -> None:
    assert words_of(str(tmp_path / "beside.txt"), base) == "beside"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("/etc/shadow", "neither text"),
        ("/etc/passwd", "neither text"),
        ("../secret", "neither text"),
        ("news", "neither text"),
        ("../beside.txt", "not in the directory of the settings"),
        ("mail", "neither text"),
        ("missing.txt", "cannot be read"),
    ],
)
def test_what_is_no_template_is_not_sent(base: Path, file: str, words: str) -> None:
    """A file without an ending is a password list as easily as a template."""
    with pytest.raises(click.UsageError, match=words):
        words_of(file, base)


def test_a_link_is_judged_by_where_it_leads(base: Path) -> None:
    """Neither its own name nor its own place makes a template of what is behind it."""
    (base / "link.txt").symlink_to(base.parent / "secret")
    (base / "away.txt").symlink_to(base.parent / "beside.txt")
    (base / "round.txt").symlink_to(base / "round.txt")
    (base / "inside.txt").symlink_to(base / "news.txt")
    for name, words in (("link.txt", "neither text"), ("away.txt", "not in the directory"), ("round.txt", "cannot be read")):
        with pytest.raises(click.UsageError, match=words):
            words_of(name, base)
    assert words_of("inside.txt", base) == "Hello"


def test_a_pipe_does_not_hang(base: Path) -> None:
    os.mkfifo(base / "pipe.txt")
    (base / "folder.txt").mkdir()
    with pytest.raises(click.UsageError, match="not an ordinary file"):
        words_of("pipe.txt", base)
    with pytest.raises(click.UsageError, match=r"cannot be read|not an ordinary file"):
        words_of("folder.txt", base)
