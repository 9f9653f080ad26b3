"""Reads a stored message: header fields in order, addresses, Message-ID, Date, unsubscribe fields, parts. Pure and total.

- `read_message(raw: bytes, *, cut=False) -> ArrivedMessage`: never raises; what is odd is in `.problems`
- `ArrivedMessage.all(name)`, `.first(name)`, `.text(name)`, `.count(name)`: fields by name, any case
- `ArrivedMessage.author`, `.sender`, `.reply_to`, `.to`, `.return_path` (`Mailboxes`), `.author_domain`
- `ArrivedMessage.message_id`, `.message_id_state`, `.date`, `.duplicates`, `.missing`, `.unsubscribe`, `.outline`
- `date_state(message, *, now, received=None) -> DateState`: is the Date field sane?

Text of fields is UTF-8 where it is valid, else one character per byte. Nothing in here is trusted: the sender wrote most of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cached_property

from checks.records.header_fields import MAX_HEADER as MAX_HEADER  # noqa: PLC0414 - for those who read only the header
from checks.records.header_fields import HeaderField, LineEnds, cut_message
from checks.records.header_text import MAX_TEXT, Kind, Mailboxes, lex, read_mailboxes, without_comments
from checks.records.mime_outline import Outline, outline
from checks.records.tags import MAX_PROBLEMS, Problem

MAX_URIS = 10
MAX_SAME = 10  # fields of one name whose addresses are read; each may stand there once (RFC 5322 section 3.6)
FUTURE = timedelta(minutes=15)  # a clock that is that wrong is worth a word
OLD = timedelta(days=1)  # between Date and arrival; a test message takes minutes
ONE_CLICK = "list-unsubscribe=one-click"  # RFC 8058 section 3.1

SINGLE = (
    "from", "sender", "reply-to", "to", "cc", "bcc", "date", "message-id", "in-reply-to", "references", "subject",  # RFC 5322 section 3.6
    "mime-version", "content-type", "content-transfer-encoding",  # RFC 2045 section 3
    "list-unsubscribe", "list-unsubscribe-post",  # RFC 2369 section 2, RFC 8058 section 3.1
)  # fmt: skip
"""Fields that may stand in a message once at most."""
REQUIRED = ("from", "date")  # RFC 5322 section 3.6
_MESSAGE_ID = re.compile(r"<([^\s<>@]+)@([^\s<>@]+)>\Z")


class MessageIdState(StrEnum):
    """What the Message-ID looks like (RFC 5322 section 3.6.4)."""

    OK = "ok"
    MISSING = "missing"
    MALFORMED = "malformed"
    SEVERAL = "several"
    LOCAL = "local"  # the part behind the @ is no name that is unique in the world, like localhost or server.local


class DateState(StrEnum):
    """What the Date field looks like."""

    OK = "ok"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    FUTURE = "future"
    OLD = "old"


@dataclass(frozen=True, kw_only=True)
class Unsubscribe:
    """The fields for leaving a list (RFC 2369 section 3.2, RFC 8058)."""

    uris: tuple[str, ...] = ()
    """Of List-Unsubscribe, as written."""
    post: bool = False
    """List-Unsubscribe-Post says One-Click, and nothing else."""
    post_present: bool = False

    @property
    def https(self) -> tuple[str, ...]:
        """The URIs that a one-click reader can use."""
        return tuple(uri for uri in self.uris if uri.lower().startswith("https://"))

    @property
    def mailto(self) -> tuple[str, ...]:
        """The URIs for unsubscribing by mail."""
        return tuple(uri for uri in self.uris if uri.lower().startswith("mailto:"))


@dataclass(frozen=True, kw_only=True)
class ArrivedMessage:
    """A message as it was stored."""

    size: int
    """Bytes given."""
    header_size: int
    fields: tuple[HeaderField, ...]
    body: bytes = field(repr=False)
    """Line ends as stored."""
    line_ends: LineEnds
    problems: tuple[Problem, ...]
    whole: bool = True
    """False: cut off, here or before, or masked; the body cannot be judged."""
    masked: bool = False
    """A password was taken out of it."""

    def all(self, name: str) -> tuple[HeaderField, ...]:
        """Return the fields of a name, topmost first."""
        return self._by_name.get(name.lower(), ())

    def first(self, name: str) -> HeaderField | None:
        """Return the topmost field of a name."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """Return the text of the topmost field of a name; empty if there is none."""
        found = self.first(name)
        return found.text if found else ""

    def count(self, name: str) -> int:
        """Return how many fields have this name."""
        return len(self.all(name))

    @cached_property
    def _by_name(self) -> dict[str, tuple[HeaderField, ...]]:
        found: dict[str, list[HeaderField]] = {}
        for one in self.fields:
            found.setdefault(one.key, []).append(one)
        return {name: tuple(some) for name, some in found.items()}

    def mailboxes(self, name: str) -> Mailboxes:
        """Return the addresses in all fields of a name together."""
        fields = self.all(name)
        read = [read_mailboxes(one.text) for one in fields[:MAX_SAME]]
        clear = len(fields) <= MAX_SAME and all(some.clear for some in read)
        return Mailboxes(found=tuple(box for some in read for box in some.found), clear=clear)

    @cached_property
    def author(self) -> Mailboxes:
        """From."""
        return self.mailboxes("from")

    @property
    def author_domain(self) -> str:
        """The one domain that DMARC judges; empty if From gives none or several (RFC 7489 section 6.6.1)."""
        domains = {box.domain for box in self.author.found if box.domain}
        return domains.pop() if len(domains) == 1 and self.count("from") == 1 else ""

    @cached_property
    def sender(self) -> Mailboxes:
        """Sender."""
        return self.mailboxes("sender")

    @cached_property
    def reply_to(self) -> Mailboxes:
        """Reply-To."""
        return self.mailboxes("reply-to")

    @cached_property
    def to(self) -> Mailboxes:
        """To."""
        return self.mailboxes("to")

    @cached_property
    def return_path(self) -> Mailboxes:
        """Return-Path, which the last receiver writes (RFC 5321 section 4.4); the topmost counts. An empty address is a bounce's."""
        return read_mailboxes(self.text("return-path"))

    @cached_property
    def message_id(self) -> str:
        """Message-ID without angle brackets; empty if there is none that can be read."""
        found = _MESSAGE_ID.match(without_comments(self.text("message-id")).strip())
        return found.group()[1:-1] if found else ""

    @cached_property
    def message_id_state(self) -> MessageIdState:
        """What Message-ID looks like."""
        if self.count("message-id") != 1:
            return MessageIdState.SEVERAL if self.count("message-id") else MessageIdState.MISSING
        right = self.message_id.rpartition("@")[2].lower()
        if not self.message_id:
            return MessageIdState.MALFORMED
        unique = "." in right.strip(".") and not right.endswith(
            (".local", ".localdomain", ".lan", ".internal", ".invalid", ".home.arpa")
        )
        return MessageIdState.OK if unique or right.startswith("[") else MessageIdState.LOCAL

    @cached_property
    def date(self) -> datetime | None:
        """Date with its time zone, or None."""
        return read_date(self.text("date"))

    @cached_property
    def duplicates(self) -> tuple[str, ...]:
        """Names of fields that stand there more often than they may; lower case."""
        return tuple(name for name in SINGLE if self.count(name) > 1)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of required fields that are not there; lower case."""
        return tuple(name for name in REQUIRED if not self.count(name))

    @cached_property
    def unsubscribe(self) -> Unsubscribe:
        """The fields for leaving a list."""
        return Unsubscribe(
            uris=tuple(_uris(self.text("list-unsubscribe"))),
            post=_is_one_click(self.text("list-unsubscribe-post")),
            post_present=self.count("list-unsubscribe-post") > 0,
        )

    @cached_property
    def outline(self) -> Outline:
        """The MIME parts."""
        return outline(self.text("content-type"), self.text("content-transfer-encoding"), self.body)


def read_message(raw: bytes, *, cut: bool = False, masked: bool = False) -> ArrivedMessage:
    """Read a message as it was stored. `cut`: whoever stored it kept only the beginning. `masked`: a password was taken out of it."""
    pieces = cut_message(raw)
    problems = list(pieces.problems)
    for name, count in Counter(one.key for one in pieces.fields).items():
        if count > 1 and name in SINGLE:
            problems.append(
                Problem(position=0, kind="duplicate-field", message=f"the field {name} {count} times, where once is allowed")
            )
    return ArrivedMessage(
        size=len(raw),
        header_size=pieces.header_size,
        fields=pieces.fields,
        body=pieces.body,
        line_ends=pieces.line_ends,
        problems=tuple(problems[:MAX_PROBLEMS]),
        whole=pieces.whole and not cut and not masked,
        masked=masked,
    )


def read_date(text: str) -> datetime | None:
    """Read a date of a header field (RFC 5322 section 3.3). One without zone is taken for UTC."""
    try:
        found = parsedate_to_datetime(without_comments(text[:200]).strip())
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found.astimezone(UTC)  # the first and last day of the calendar have no UTC
    except Exception:  # noqa: BLE001 - the library's slip on a stranger's text
        return None
    return found


def date_state(message: ArrivedMessage, *, now: datetime, received: datetime | None = None) -> DateState:
    """Judge the Date field against the moment of arrival, where that is known, else against now."""
    if not message.count("date"):
        return DateState.MISSING
    if message.date is None:
        return DateState.UNREADABLE
    if message.date > (received or now) + FUTURE:
        return DateState.FUTURE
    return DateState.OLD if received is not None and message.date < received - OLD else DateState.OK


def _uris(text: str) -> Iterator[str]:
    """Yield what stands in angle brackets, outside comments; space inside is folding (RFC 2369 section 2)."""
    clean = without_comments(text) if "(" in text.split("<", 1)[0] else text[:MAX_TEXT]
    for number, match in enumerate(re.finditer(r"<([^<>]*)>", clean)):
        if number == MAX_URIS:
            return
        if uri := "".join(match.group(1).split()):
            yield uri


def _is_one_click(text: str) -> bool:
    return "".join(token.text for token in lex(text) if token.kind is not Kind.COMMENT).lower() == ONE_CLICK
