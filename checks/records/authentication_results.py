"""What the receiver says it found: Authentication-Results (RFC 8601). The one door to the library authres. Total and bounded.

- `read_results(message, *, trusted, boundary=None) -> ReceiverResults`: only fields of a trusted name count, the others are listed
- `parse_results(text) -> ResultsField`: one field, whoever wrote it
- `ReceiverResults.of(method)`, `.spf`, `.dkim`, `.dmarc`, `.client_address`: what the trusted fields say

Anybody can write such a field into a message. The receiver's own is known by its name (authserv-id), which the caller must know, and by
its place: a receiver puts its fields above what it was given (RFC 5321 section 4.4), so what stands below the first field that only an
author writes, or below the next server's Received, is the sender's. Microsoft writes no name: trust "" for that.
ARC-Authentication-Results repeat what others say; they are counted, never believed (RFC 8617 section 7.2 leaves that to the receiver).

authres is given single pieces without comments, each alone, because one thing that it cannot read costs it the whole field: an empty
piece at the end (Yahoo), a property type that it does not know, a quoted value before the last, an IPv6 address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import authres

from checks.probes import normal_name
from checks.records.arrived import ArrivedMessage
from checks.records.header_text import MAX_TEXT, Kind, lex, split_at

MAX_FIELDS = 20
MAX_FIELDS_TEXT = 65_536  # characters of all of them; twenty of the longest honest ones have 40,000
MAX_RESULTS = 50  # in one field
MAX_PROPERTIES = 30  # of one result
MAX_SHOWN = 500
MAX_WORD = 200  # like dkim=pass
_METHOD = re.compile(r"[A-Za-z0-9-]+\s*(?:/\s*\d+\s*)?=")
_PROPERTY = re.compile(r"([A-Za-z0-9-]{1,60})\.([A-Za-z0-9._-]{1,60})=(.*)\Z", re.DOTALL)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]*\Z")
AUTHORS = frozenset(
    [
        "from", "sender", "reply-to", "to", "cc", "bcc", "date", "message-id", "in-reply-to", "references", "subject", "comments",
        "keywords", "mime-version", "dkim-signature", "user-agent", "x-mailer", "x-sendready-id",
    ]
)  # fmt: skip
"""Fields that are there before a receiver sees a message (RFC 5322 section 3.6, RFC 6376); so are Content-... and List-..."""
_TYPES = frozenset(["smtp", "header", "body", "policy"])  # RFC 8601 section 2.2; the library knows no others
_CLIENT = re.compile(r"(?:sender IP is|designates?|client-ip=|remote-ip=)\s*\[?([0-9A-Fa-f:.]{2,45})", re.IGNORECASE)
_DENIES = re.compile(r"does not designate\s+([0-9A-Fa-f:.]{2,45})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """One result, like dkim=pass header.d=example.org."""

    method: str
    """Lower case, like spf, dkim, dmarc, arc, iprev."""
    result: str
    """Lower case, like pass, fail, none, temperror."""
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    """Like ("header.d", "example.org"), in order; names in lower case."""
    comments: tuple[str, ...] = ()
    text: str = ""
    """As written, at most `MAX_SHOWN` characters."""

    def get(self, *names: str) -> str:
        """Return the value of the first of these properties that is there; empty if none is."""
        return next((value for name in names for key, value in self.properties if key == name), "")

    @property
    def domain(self) -> str:
        """The domain that it is about: header.d or header.i for DKIM, smtp.mailfrom or smtp.helo for SPF, header.from for DMARC."""
        names = {
            "dkim": ("header.d", "header.i"),
            "spf": ("smtp.mailfrom", "smtp.mail", "smtp.helo"),
            "dmarc": ("header.from",),
        }.get(self.method, ())
        return normal_name(self.get(*names).rpartition("@")[2].strip("<> "))

    @property
    def selector(self) -> str:
        """The DKIM selector (RFC 8601 section 2.7.1), where it is said."""
        return normal_name(self.get("header.s"))


@dataclass(frozen=True, kw_only=True)
class ResultsField:
    """One Authentication-Results field."""

    name: str
    """The authserv-id, lower case; empty where there is none."""
    results: tuple[MethodResult, ...]
    unread: tuple[str, ...] = ()
    """Pieces that could not be read."""
    version: str = ""
    index: int = -1
    """Of the field in the message."""
    text: str = ""
    """As written, at most `MAX_SHOWN` characters."""


@dataclass(frozen=True, kw_only=True)
class ReceiverResults:
    """What the receiver said, and what others said."""

    trusted: tuple[ResultsField, ...]
    ignored: tuple[ResultsField, ...]
    """Of other names, or where the sender could have written them."""
    dropped: int = 0
    """Fields beyond the bounds, which were not read."""
    arc: int = 0
    """ARC-Authentication-Results fields; not read."""

    def of(self, method: str) -> tuple[MethodResult, ...]:
        """Return the results of one method in the trusted fields, topmost first."""
        return tuple(one for part in self.trusted for one in part.results if one.method == method)

    @property
    def spf(self) -> MethodResult | None:
        """The SPF result, rather of MAIL FROM than of HELO."""
        found = self.of("spf")
        return next((one for one in found if one.get("smtp.mailfrom", "smtp.mail")), found[0] if found else None)

    @property
    def dkim(self) -> tuple[MethodResult, ...]:
        """One per signature."""
        return self.of("dkim")

    @property
    def dmarc(self) -> MethodResult | None:
        """The DMARC result."""
        return next(iter(self.of("dmarc")), None)

    @property
    def client_address(self) -> str:
        """The sending address that the receiver names beside its SPF result (Google, Microsoft and others), in normal form."""
        return next(filter(None, (_client(one) for one in (*self.of("spf"), *self.of("iprev")))), "")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all fields, trusted or not, topmost first; for asking which one is the receiver's."""
        both = sorted((*self.trusted, *self.ignored), key=lambda part: part.index)
        return tuple(dict.fromkeys(part.name for part in both))


def read_results(message: ArrivedMessage, *, trusted: Collection[str], boundary: int | None = None) -> ReceiverResults:
    """Read what the receiver says. `trusted`: its names; a name also stands for hosts below it.

    `boundary`: index of the Received field at which the message came in (`Sending.hop.index`). What stands from the next Received field
    or the first of the author's fields under it on is the sender's, whatever its name. None: the author's fields alone tell.
    """
    found = message.all("authentication-results")
    lowest = _lowest(message, boundary)
    names = frozenset(normal_name(name) for name in trusted)
    good: list[ResultsField] = []
    other: list[ResultsField] = []
    characters = 0
    for one in found[:MAX_FIELDS]:
        characters += len(one.text)
        if characters > MAX_FIELDS_TEXT:
            break
        part = parse_results(one.text, index=one.index)
        own = part.name in names or any(name and part.name.endswith(f".{name}") for name in names)
        (good if own and one.index < lowest else other).append(part)
    return ReceiverResults(
        trusted=tuple(good),
        ignored=tuple(other),
        dropped=len(found) - len(good) - len(other),
        arc=message.count("arc-authentication-results"),
    )


def _lowest(message: ArrivedMessage, boundary: int | None) -> int:
    """Return the index from which on everything is the sender's."""
    start = 0 if boundary is None else boundary + 1
    below = (
        one.index for one in message.fields[start:] if _is_authors(one.key) or (boundary is not None and one.key == "received")
    )
    return next(below, len(message.fields))


def _is_authors(name: str) -> bool:
    return name in AUTHORS or name.startswith(("content-", "list-"))


def parse_results(text: str, *, index: int = -1) -> ResultsField:
    """Read one field. What cannot be read is in `unread`."""
    pieces = [piece for piece in split_at(text[:MAX_TEXT], ";") if piece.strip()]
    name = version = ""
    if pieces and not _METHOD.match(_bare(pieces[0])[0]):
        words = _bare(pieces.pop(0))[0].split()
        name = normal_name(words[0].strip('"')) if words else ""
        version = words[1][:10] if len(words) > 1 else ""
    results: list[MethodResult] = []
    unread: list[str] = []
    for piece in pieces[:MAX_RESULTS]:
        read = _piece(piece)
        if isinstance(read, MethodResult):
            results.append(read)
        elif read:
            unread.append(read)
    unread += [piece.strip()[:MAX_SHOWN] for piece in pieces[MAX_RESULTS:][:1]]
    return ResultsField(
        name=name, results=tuple(results), unread=tuple(unread), version=version, index=index, text=text[:MAX_SHOWN]
    )


def _piece(piece: str) -> MethodResult | str:
    """Read one result; return the piece itself if it cannot be read, nothing if it is the word none."""
    bare, comments = _bare(piece)
    words = _words(bare)
    if not words or words[0].lower() == "none":  # RFC 8601 section 2.2: no check was done
        return ""
    head = words[0].split("=", 1)
    told = _ask("=".join(head)) if len(head) == 2 and len(words[0]) <= MAX_WORD else None
    if told is None:
        return piece.strip()[:MAX_SHOWN]
    reason, properties = "", []
    for word in words[1 : 1 + MAX_PROPERTIES]:
        if word.lower().startswith("reason="):
            reason = _unquoted(word[7:])[:MAX_SHOWN]
        elif named := _named(word):
            properties.append(named)
    return MethodResult(
        method=str(told.method),
        result=str(told.result),
        reason=reason,
        properties=tuple(properties),
        comments=comments,
        text=" ".join(piece.split())[:MAX_SHOWN],
    )


def _named(word: str) -> tuple[str, str] | None:
    """Read one property. Only what the library can know is given to it."""
    match = _PROPERTY.match(word)
    if match is None:
        return None
    kind, name, value = match.group(1).lower(), match.group(2).lower(), _unquoted(match.group(3))[:MAX_SHOWN]
    if kind in _TYPES and _PLAIN_VALUE.match(value) and (told := _ask(f"x=none {kind}.{name}={value}")) and told.properties:
        first = told.properties[0]
        return f"{first.type}.{first.name}", str(first.value or "")
    return f"{kind}.{name}", value


def _ask(resinfo: str) -> authres.core.AuthenticationResult | None:
    """Give one result to the library."""
    try:
        results = authres.AuthenticationResultsHeader.parse_value(f"door; {resinfo}").results
    except Exception:  # noqa: BLE001 - a library's slip on a stranger's text
        return None
    return results[0] if len(results) == 1 and hasattr(results[0], "method") else None


def _bare(piece: str) -> tuple[str, tuple[str, ...]]:
    """Return a piece without its comments, quotes kept, and the comments. Space around = and . goes (RFC 8601 section 2.2 allows it)."""
    kept: list[str] = []
    comments: list[str] = []
    end = 0
    for token in lex(piece):
        if token.start > end and kept and kept[-1] != " ":
            kept.append(" ")
        end = token.end
        if token.kind is Kind.COMMENT:
            comments.append(token.text[:MAX_SHOWN])
            kept.append(" ")
        elif token.kind is Kind.QUOTED:
            kept.append('"' + token.text.replace('"', "").replace("\\", "") + '"')
        else:
            kept.append(token.text)
    return re.sub(r" ?= ?", "=", re.sub(r" +", " ", "".join(kept))).strip(), tuple(comments)


def _words(bare: str) -> list[str]:
    """Cut at spaces outside quotes."""
    return re.findall(r'(?:"[^"]*"|[^\s"])+', bare)


def _unquoted(value: str) -> str:
    return value.replace('"', "")


def _client(one: MethodResult) -> str:
    texts: Sequence[str] = [one.get("smtp.remote-ip", "policy.iprev", "smtp.client-ip"), *one.comments]
    for text in texts:
        match = _DENIES.search(text) or _CLIENT.search(text)
        try:
            return str(ipaddress.ip_address((match.group(1) if match else text).strip(".")))
        except ValueError:
            continue
    return ""
