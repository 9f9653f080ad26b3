"""The only place that makes addresses of links. Nothing a stranger wrote becomes one, except a plain https: page."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from dataclasses import dataclass

from reports.escape import line

_RFC = re.compile(r"RFC (\d{3,5})(?: (section|appendix) ([0-9A-Za-z]{1,3}(?:\.[0-9A-Za-z]{1,3}){0,6}))?")
_HTTPS = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]*)?", re.IGNORECASE
)
MAX_ADDRESS = 500  # longer than any page of a vendor


@dataclass(frozen=True, kw_only=True)
class Link:
    """A reference to read on."""

    text: str
    href: str = ""
    """Empty: shown as text alone."""


def reference(text: str) -> Link:
    """Turn a reference ("RFC 7208 section 4.5", or a vendor's page) into a link, if it is exactly that."""
    if match := _RFC.fullmatch(text):
        anchor = f"#{match[2]}-{match[3]}" if match[2] else ""
        return Link(text=text, href=f"https://www.rfc-editor.org/rfc/rfc{match[1]}{anchor}")
    if len(text) <= MAX_ADDRESS and _HTTPS.fullmatch(text):
        return Link(text=text.removeprefix("https://"), href=text)
    return Link(text=line(text))


def local(path: str) -> str:
    """Return the relative address of a file beside the page; empty if the path leads anywhere else."""
    if not path or path.startswith("/") or "\\" in path or ".." in path.split("/"):
        return ""
    return "./" + urllib.parse.quote(
        path.encode("utf-8", "backslashreplace"), safe="/"
    )  # "./": a colon in it is no scheme (RFC 3986 section 4.2)


def anchor(kind: str, name: str) -> str:
    """Return an id for a place in the page that stays the same from report to report."""
    return f"{kind}-{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:10]}"


def of_finding(check: str, code: str, about: str, fingerprint: str) -> str:
    """Return the id of a finding's card."""
    return anchor("finding", f"{check}\n{code}\n{about}\n{fingerprint}")
