"""The zone of a domain whose legal SPF record leads to 40,000 networks: as much as a stranger can make us read."""

from __future__ import annotations

INCLUDES = 10  # as many as RFC 7208 section 4.6.4 allows
TERMS = 4_000  # 60 KB; a DNS message ends at 64
STRING = 255  # RFC 1035 section 3.3: no character-string is longer


def zone() -> str:
    """Return the zone, relative to the domain."""
    own = " ".join(f"include:i{number}.test" for number in range(INCLUDES))
    return "\n".join([f'@ TXT "v=spf1 {own} -all"', *(f"i{number}.test. TXT {_strings(number)}" for number in range(INCLUDES))])


def _strings(number: int) -> str:
    text = " ".join(["v=spf1", *(f"ip4:{10 + number}.{each >> 8}.{each & 255}.1" for each in range(TERMS)), "-all"])
    return " ".join(f'"{text[at : at + STRING]}"' for at in range(0, len(text), STRING))
