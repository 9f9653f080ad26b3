"""What a reverse name looks like to a receiver: chosen by somebody, or made up from the address by the network's owner. Pure.

A guess by letters, as receivers make it. It speaks up only where the whole address is in the name or a part of the name says "dial-up".
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum

from checks.records.address import parse

MAIL_PARTS = frozenset(
    [
        "mail",
        "mails",
        "mailer",
        "mailout",
        "mx",
        "mta",
        "smtp",
        "smtpout",
        "out",
        "outbound",
        "relay",
        "newsletter",
        "sender",
        "send",
    ]
)
DYNAMIC_PARTS = frozenset(
    ["dyn", "dynamic", "dynip", "dialup", "dial", "dialin", "dip", "dhcp", "adsl", "vdsl", "dslb", "ppp", "pppoe"]
)
OWN_LABELS = 2  # the last labels name the network's owner, who may be called dyn.example


class Look(StrEnum):
    """How a name looks."""

    CHOSEN = "chosen"
    FROM_ADDRESS = "from-address"  # like static.10.2.0.192.clients.provider.example
    DYNAMIC = "dynamic"  # like p5b0a1234.dip0.provider.example


def look_of(name: str, address: str) -> Look:
    """Say how the reverse name of an address looks."""
    lowered = name.lower().rstrip(".")
    own = lowered.split(".")[:-OWN_LABELS]
    words = {word for label in own for word in re.split(r"[^a-z]+", label) if word}
    if words & MAIL_PARTS:
        return Look.CHOSEN  # mail services number their machines by address, too
    if words & DYNAMIC_PARTS:
        return Look.DYNAMIC
    return Look.FROM_ADDRESS if _carries(".".join(own), address) else Look.CHOSEN


def _carries(text: str, address: str) -> bool:
    known = parse(address)
    if known is None:
        return False
    if isinstance(known, ipaddress.IPv6Address):
        return _carries_v6(text, known)
    octets = list(known.packed)
    numbers = [int(digits) for digits in re.findall(r"\d{1,9}", text)]
    runs = [numbers[start : start + 4] for start in range(len(numbers) - 3)]
    if octets in runs or octets[::-1] in runs:
        return True
    padded = "".join(f"{octet:03d}" for octet in octets)
    return padded in re.sub(r"\D", " ", text).split() or known.packed.hex() in re.findall(r"[0-9a-f]{8}", _hex_runs(text))


def _hex_runs(text: str) -> str:
    """Keep runs that can be an address in hexadecimal; a letter before it (p5b0a1234) is not part of it."""
    return re.sub(r"(?<![0-9a-f])[g-z]+(?=[0-9a-f])", " ", text)


def _carries_v6(text: str, address: ipaddress.IPv6Address) -> bool:
    digits = address.packed.hex()
    bare = re.sub(r"[^0-9a-f]", "", text)
    written = (address.compressed.replace(":", "-"), address.exploded.replace(":", "-"))
    return digits in bare or digits[::-1] in bare or any(form in text.replace(".", "-") for form in written)
