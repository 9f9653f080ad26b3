"""TLSA records of mail servers (RFC 6698 section 2, RFC 7672 section 3.1): text -> what they pin and why one is of no use. Pure and total."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 65_535 * 2  # hexadecimal digits; a DNS record holds no more

_RECORD = re.compile(r"([0-9]{1,3}) ([0-9]{1,3}) ([0-9]{1,3})((?: [0-9A-Fa-f]+)*)\Z")
_DIGEST = {1: 64, 2: 128}  # hexadecimal digits of SHA-256 and SHA-512 (RFC 6698 section 2.1.3)


@dataclass(frozen=True, kw_only=True)
class Tlsa:
    """One record."""

    usage: int
    """3: the server's own certificate; 2: an authority's. 0 and 1 are of no use for mail."""
    selector: int
    matching: int
    data: str
    """Hexadecimal, lower case."""
    fault: str
    """Why senders cannot use it, as the middle of a sentence; empty if they can."""

    @property
    def parameters(self) -> str:
        """The three numbers, as people call them."""
        return f"{self.usage} {self.selector} {self.matching}"


def parse_tlsa(text: str) -> Tlsa:
    """Read a record in presentation form."""
    match = _RECORD.match(text) if len(text) <= LONGEST else None
    if match is None:
        return Tlsa(usage=-1, selector=-1, matching=-1, data="", fault="it is not three numbers and a hexadecimal value")
    usage, selector, matching = (int(match[number]) for number in (1, 2, 3))
    data = match[4].replace(" ", "").lower()
    return Tlsa(usage=usage, selector=selector, matching=matching, data=data, fault=_fault(usage, selector, matching, data))


def _fault(usage: int, selector: int, matching: int, data: str) -> str:
    if usage not in (2, 3):  # RFC 7672 section 3.1.3
        return f"its usage is {usage}, and for mail only 2 and 3 count"
    if selector not in (0, 1):  # RFC 6698 section 2.1.2
        return f"its selector is {selector}, and only 0 and 1 have a meaning"
    if matching not in (0, 1, 2):  # RFC 6698 section 2.1.3
        return f"its matching type is {matching}, and only 0, 1 and 2 have a meaning"
    if not data or len(data) % 2 or len(data) != _DIGEST.get(matching, len(data)):
        return "its value has the wrong length"
    return ""
