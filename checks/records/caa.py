"""CAA records (RFC 8659 section 4): which authorities may issue certificates. Text -> properties and problems. Pure and total."""

from __future__ import annotations

import re
from dataclasses import dataclass

KNOWN = (
    "issue",
    "issuewild",
    "iodef",
    "issuemail",
    "issuevmc",
    "contactemail",
    "contactphone",
)  # IANA's registry of CAA properties
CRITICAL = 128  # RFC 8659 section 4.1: who does not know the property must not issue

_RECORD = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9]{1,255}) (?:\"((?:[^\"\\]|\\.)*)\"|([^\s\"]*))\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)
_ISSUER = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z"
)


@dataclass(frozen=True, kw_only=True)
class Caa:
    """One record."""

    critical: bool
    tag: str
    """Lower case (RFC 8659 section 4.1)."""
    value: str
    issuer: str
    """Of issue, issuewild and the like: the authority's name in lower case; empty if it names none."""
    fault: str
    """What is wrong with it, as the middle of a sentence; empty if nothing is."""


def parse_caa(text: str) -> Caa:
    """Read a record in presentation form."""
    match = _RECORD.match(text)
    if match is None or int(match[1]) > 255:
        return Caa(critical=False, tag="", value="", issuer="", fault="it is not a number, a property and a value in quotes")
    tag = match[2].lower()
    value = _ESCAPE.sub(_unescaped, match[3]) if match[3] is not None else match[4]
    critical = bool(int(match[1]) & CRITICAL)
    if tag not in KNOWN:
        fault = "it has a property that nobody knows and calls it critical, so no authority issues anything" if critical else ""
        return Caa(critical=critical, tag=tag, value=value, issuer="", fault=fault)
    issuer = value.partition(";")[0].strip(" \t").lower() if tag.startswith("issue") else ""
    if issuer and not _ISSUER.match(issuer):  # RFC 8659 section 4.2
        return Caa(
            critical=critical, tag=tag, value=value, issuer="", fault=f"its {tag} value does not begin with an authority's name"
        )
    return Caa(critical=critical, tag=tag, value=value, issuer=issuer, fault="")


def _unescaped(match: re.Match[str]) -> str:
    text = match[1]
    return chr(int(text)) if len(text) == 3 and int(text) < 256 else text
