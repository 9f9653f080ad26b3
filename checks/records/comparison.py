"""What became of a message on its way: the arrived copy beside the one that was sent. Pure.

- `compare(sent, arrived) -> Comparison`: fields changed, missing and added, and what happened to the body
- `one_click(message, signatures, aligned) -> OneClick`: is one-click unsubscribing complete and signed (RFC 8058)?
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.records.arrived import ArrivedMessage
from checks.records.dkim_door import SignatureResult
from checks.records.header_text import decode_words
from checks.records.mime_outline import part_text

MAX_SHOWN = 500
MAX_PLAIN = 1_000_000  # bytes of a body that is compared line by line; the test message has three thousand
CLOSING = ("</body>", "</html>")
TRACE = re.compile(
    r"(?:received|return-path|delivered-to|x-original-to|envelope-to|delivery-date|dkim-signature|authentication-results|"
    r"received-spf|arc-.*|x-.*|domainkey-signature|dkim-filter|status|bcc)\Z"
)
"""Fields that servers on the way add as a matter of course."""


class Body(StrEnum):
    """What happened to the body."""

    SAME = "same"
    RECODED = "recoded"  # other transfer encoding or line ends; what is read is the same
    EXTENDED = "extended"  # something was put before or behind the text, like a disclaimer
    CHANGED = "changed"
    CUT = "cut"  # only the beginning is there, so nobody knows


class OneClick(StrEnum):
    """How far one-click unsubscribing (RFC 8058) is there."""

    ABSENT = "absent"  # neither field
    COMPLETE = "complete"
    NO_POST = "no-post"  # List-Unsubscribe alone: no one-click
    NO_LIST = "no-list"  # List-Unsubscribe-Post alone
    BAD_POST = "bad-post"  # it says something else than List-Unsubscribe=One-Click
    NO_HTTPS = "no-https"  # section 3.1: one HTTPS URI must be there
    SEVERAL_HTTPS = "several-https"
    DUPLICATE = "duplicate"  # one of the fields stands there twice
    UNSIGNED = "unsigned"  # section 4: no valid signature covers both fields
    UNALIGNED = "unaligned"  # one does, but not one that speaks for the domain in From


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field that reads otherwise. Texts are strangers', at most `MAX_SHOWN` characters."""

    name: str
    sent: str
    arrived: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The difference between what was sent and what arrived. Names of fields are in lower case."""

    changed: tuple[Change, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    """Beyond what servers add as a matter of course."""
    rewritten: tuple[str, ...]
    """Fields that are written otherwise and read the same; a strict signature breaks by it."""
    body: Body

    @property
    def untouched(self) -> bool:
        """Nothing that a reader sees is another."""
        return not (self.changed or self.missing) and self.body in (Body.SAME, Body.RECODED)


def compare(sent: ArrivedMessage, arrived: ArrivedMessage) -> Comparison:
    """Compare a message with the copy that arrived."""
    changed: list[Change] = []
    missing: list[str] = []
    rewritten: list[str] = []
    for name in dict.fromkeys(one.key for one in sent.fields):
        before = [one.text for one in sent.all(name)]
        after = [one.text for one in arrived.all(name)]
        if not after:
            missing.append(name)
        elif _read(before) != _read(after):
            changed.append(Change(name=name, sent=_shown(before), arrived=_shown(after)))
        elif [one.raw for one in sent.all(name)] != [one.raw for one in arrived.all(name)]:
            rewritten.append(name)
    known = {one.key for one in sent.fields}
    added = [name for name in dict.fromkeys(one.key for one in arrived.fields) if name not in known and not TRACE.match(name)]
    structural = {"content-type", "content-transfer-encoding", "mime-version"}
    body = _body(sent, arrived)
    if body in (Body.SAME, Body.RECODED):  # new boundaries and encodings show in these fields
        rewritten += [change.name for change in changed if change.name in structural]
        changed = [change for change in changed if change.name not in structural]
    return Comparison(changed=tuple(changed), missing=tuple(missing), added=tuple(added), rewritten=tuple(rewritten), body=body)


def _read(texts: Sequence[str]) -> list[str]:
    """Return texts as a reader sees them: encoded words read, white space as one space."""
    return [" ".join(decode_words(text).replace('"', "").split()) for text in texts]


def _shown(texts: Sequence[str]) -> str:
    return ", ".join(_read(texts))[:MAX_SHOWN]


def _body(sent: ArrivedMessage, arrived: ArrivedMessage) -> Body:
    if not arrived.whole:
        return Body.CUT
    if _plain(sent.body) == _plain(arrived.body):
        return Body.SAME
    ours, theirs = _texts(sent), _texts(arrived)
    if ours == theirs:
        return Body.RECODED
    kinds = {kind for kind, _ in theirs}
    found = [any(kind == other and text in more for other, more in theirs) for kind, text in ours if kind in kinds]
    return Body.EXTENDED if found and all(found) and len(found) == len(ours) else Body.CHANGED


def _plain(body: bytes) -> bytes:
    return b"\n".join(line.rstrip(b" \t\r") for line in body.split(b"\n")).rstrip(b"\n") if len(body) < MAX_PLAIN else body


def _texts(message: ArrivedMessage) -> list[tuple[str, str]]:
    """Return kind and text of each part with contents, white space as one space; an HTML part ends before its last closing tags."""
    found = []
    for part in message.outline.leaves:
        text = " ".join(part_text(message.body, part).split())
        if part.type == "text/html":
            for tag in reversed(CLOSING):
                text = text[: -len(tag)].rstrip() if text[-len(tag) :].lower() == tag else text
        found.append((part.type, text))
    return found


def one_click(message: ArrivedMessage, signatures: Sequence[SignatureResult], aligned: Collection[str]) -> OneClick:  # noqa: PLR0911 - a list of faults
    """Judge the unsubscribe fields. `aligned`: signing domains that speak for the domain in From."""
    fields = message.unsubscribe
    both = ("list-unsubscribe", "list-unsubscribe-post")
    if not message.count(both[0]):
        return OneClick.NO_LIST if message.count(both[1]) else OneClick.ABSENT
    if not message.count(both[1]):
        return OneClick.NO_POST
    if any(message.count(name) > 1 for name in both):
        return OneClick.DUPLICATE
    if not fields.post:
        return OneClick.BAD_POST
    if len(fields.https) != 1:
        return OneClick.SEVERAL_HTTPS if fields.https else OneClick.NO_HTTPS
    covering = [one for one in signatures if one.passed and all(one.signature.covers(name, message) for name in both)]
    if not covering:
        return OneClick.UNSIGNED
    return OneClick.COMPLETE if any(one.domain in aligned for one in covering) else OneClick.UNALIGNED
