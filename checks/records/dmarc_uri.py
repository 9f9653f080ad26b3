"""The addresses that DMARC reports go to: rua= and ruf= (RFC 9989 section 4.6). Pure and total."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass

from checks.records.tags import SPACE, Problem, Tag

MAX_ADDRESSES = 20  # a hostile record could name 3,000; receivers themselves stop much earlier

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)  # RFC 3986 section 3.1
_SIZE = re.compile(r"![0-9]+[kmgtKMGT]?\Z")  # RFC 7489 section 6.4; RFC 9989 dropped it
_LOCAL = re.compile(r"[^\s@<>(),;:\\\"\[\]\x00-\x20\x7f-\xff]+\Z")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}\Z")


@dataclass(frozen=True, kw_only=True)
class ReportUri:
    """One destination."""

    text: str
    """As written."""
    address: str = ""
    """The mailbox, for mailto:."""
    domain: str = ""
    """The mailbox's domain in lower case."""
    size_limit: bool = False
    """It carries "!10m", which RFC 9989 dropped."""
    fault: str = ""
    """Why no report gets there; empty if one may."""


def parse_uris(tag: Tag | None, problems: list[Problem]) -> tuple[ReportUri, ...]:
    """Read a comma-separated list of URIs, at most `MAX_ADDRESSES`; what is wrong is added to `problems`."""
    if tag is None:
        return ()
    found: list[ReportUri] = []
    position = tag.value_position
    name = tag.name.lower()
    for piece in tag.value.split(","):
        if len(found) == MAX_ADDRESSES:
            message = f"{name}= has more than {MAX_ADDRESSES} addresses; the rest was not looked at"
            problems.append(Problem(position=position, kind="too-many-addresses", message=message))
            break
        uri = _uri(piece.strip(SPACE))
        if uri.fault:
            problems.append(Problem(position=position, kind=f"bad-{name}", message=f"{name}= has {uri.fault}"))
        found.append(uri)
        position += len(piece) + 1
    return tuple(found)


def _uri(text: str) -> ReportUri:
    if not text:
        return ReportUri(text=text, fault="an empty address")
    match = _SCHEME.match(text)
    if match is None:
        return ReportUri(
            text=text, fault='an address without "mailto:" before it' if "@" in text else "something that is no address"
        )
    if match[1].lower() != "mailto":
        # Any URI may be named; receivers must support mailto only (RFC 9989 section 4.7).
        return ReportUri(text=text, fault='an address that is not of the kind "mailto:", the only one that receivers support')
    rest = match[2].partition("?")[0]
    size_limit = _SIZE.search(rest) is not None
    address = urllib.parse.unquote(_SIZE.sub("", rest), encoding="latin-1")
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.match(local) or not _DOMAIN.match(domain):
        return ReportUri(text=text, size_limit=size_limit, fault="something behind mailto: that is no e-mail address")
    return ReportUri(text=text, address=address, domain=domain.lower(), size_limit=size_limit)
