"""Tag=value lists (RFC 6376 section 3.2), the form of DKIM keys and DMARC records. Pure and total; what a tag means is not here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TAGS = 100  # tags and empty parts; real records have a dozen, a DNS answer could carry 60,000
MAX_PROBLEMS = 20  # a person mends the first few; the rest of a wrecked record says nothing new

SPACE = " \t\r\n"  # FWS of RFC 6376 section 2.8
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_FOREIGN = re.compile(r"[^\x20-\x7e\t\r\n]")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a record's text."""

    position: int
    """Offset into the text, from 0."""
    kind: str
    """A short stable word for it, like `no-equals`."""
    message: str
    """What is wrong there, as the middle of a sentence; never contains the record's own bytes."""

    def __str__(self) -> str:
        return f"character {self.position + 1}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One tag, its value without the space around it."""

    name: str
    """As written; tags are told apart by case (RFC 6376 section 3.2)."""
    value: str
    position: int
    """Offset of the name."""
    value_position: int
    """Offset of the value."""


@dataclass(frozen=True, kw_only=True)
class TagList:
    """A text, read as a tag list as far as that went."""

    tags: tuple[Tag, ...]
    """In the order written; of two with one name, both."""
    problems: tuple[Problem, ...]
    end: int
    """Length of the text: where a missing tag would have stood."""

    def get(self, name: str) -> Tag | None:
        """Return the first tag of that name."""
        return next((tag for tag in self.tags if tag.name == name), None)


def parse_tags(text: str) -> TagList:
    """Read a tag list. Whatever is no tag becomes a problem; nothing raises."""
    tags: list[Tag] = []
    problems: list[Problem] = []
    for number, (start, part) in enumerate(_parts(text)):
        if number == MAX_TAGS:
            problems.append(
                Problem(position=start, kind="too-many-tags", message=f"more than {MAX_TAGS} tags; the rest was not read")
            )
            break
        tag, problem = _tag(part, start)
        if problem is not None:
            problems.append(problem)
        if tag is None:
            continue
        if any(other.name == tag.name for other in tags):  # RFC 6376 section 3.2: names MUST NOT occur twice
            problems.append(Problem(position=tag.position, kind="duplicate-tag", message="a tag that was given before"))
        tags.append(tag)
    return TagList(tags=tuple(tags), problems=tuple(problems[:MAX_PROBLEMS]), end=len(text))


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the pieces between semicolons with their offsets; one trailing semicolon is allowed (RFC 6376 section 3.2)."""
    start = 0
    pieces = text.split(";")
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        if piece.strip(SPACE) or not last:
            yield start, piece
        start += len(piece) + 1


def _tag(part: str, start: int) -> tuple[Tag | None, Problem | None]:
    position = start + len(part) - len(part.lstrip(SPACE))
    if not part.strip(SPACE):
        return None, Problem(position=start, kind="empty-part", message="two semicolons with nothing between them")
    name, equals, value = part.partition("=")
    if not equals:
        return None, Problem(position=position, kind="no-equals", message="a part without an equals sign")
    if not _NAME.match(name.strip(SPACE)):
        return None, Problem(position=position, kind="bad-name", message="something before the equals sign that is no tag name")
    value_position = start + len(name) + 1 + len(value) - len(value.lstrip(SPACE))
    tag = Tag(name=name.strip(SPACE), value=value.strip(SPACE), position=position, value_position=value_position)
    if foreign := _FOREIGN.search(value):
        message = "a character that is not plain text (ASCII)"
        return tag, Problem(position=start + len(name) + 1 + foreign.start(), kind="bad-character", message=message)
    if tag.value.endswith("\\"):  # a master-file escape that was published as it stands
        return tag, Problem(
            position=start + len(part.rstrip(SPACE)) - 1, kind="escaped-semicolon", message="a backslash before the semicolon"
        )
    return tag, None
