"""Reads an HTML page the way a test wants it: its tags in order, its text, its attributes. Strict about what we write."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr", "path", "circle", "rect"}  # the last three: we close them in the tag itself


@dataclass
class Page(HTMLParser):
    """One parsed page."""

    tags: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    raw: dict[str, list[str]] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _broken: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "wbr":  # only says where a word may break
            self._broken = True
            return
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes.extend((tag, name, value or "") for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.raw.setdefault(self._open[-1], []).append(data)
        elif self._broken:
            self.texts[-1] += data
        else:
            self.texts.append(data)
        self._broken = False

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def values(self, name: str) -> list[str]:
        """All values of one attribute."""
        return [value for _, key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        """Everything that a reader sees."""
        return " ".join(" ".join(self.texts).split())


def read(html: str) -> Page:
    """Parse; every element is closed where it should be."""
    page = Page()
    page.feed(html)
    page.close()
    assert page._open == []
    return page
