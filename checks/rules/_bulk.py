"""Whether a planned volume makes a bulk sender. The one place where this is decided; who asks for what of bulk senders is in the tables.

Receivers count all mail of a domain within a day, and Gmail's status stays for good once it is reached. How many of the recipients have their
mailbox at one receiver is not known, so everything that leaves the house is counted. "No" is said only well below a receiver's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checks.rules._volume import parts, planned
from checks.settings import Volume

GMAIL = 5_000
"""Messages a day to one receiver. Gmail (since February 2024: "close to 5,000 or more") and Outlook.com (since May 2025) then require SPF,
DKIM and DMARC, and refuse mail without."""
WELL_BELOW = 2  # "close to" has no number; less than half of it is not close
HOURS = 24


class Bulk(StrEnum):
    """The answer."""

    YES = "yes"
    PERHAPS = "perhaps"
    """Close to the number, or nobody said how much is going to be sent, or there is no number."""
    NO = "no"


@dataclass(frozen=True, kw_only=True)
class Day:
    """What leaves the house on the busiest day."""

    least: int
    """As planned today; of other mail only the busiest hour is sure."""
    most: int | None
    """A year from now, with as much other mail all day long as in its busiest hour. None: nobody said how large a mailing is."""


def busiest(volume: Volume) -> Day:
    """Count all mailings of the busiest day and all other mail."""
    plan, other = planned(volume), volume.peak_hour_messages or 0
    if plan is None:
        return Day(least=other, most=None)
    share = 100 if volume.outside_percent is None else volume.outside_percent
    grown = 100 + (volume.growth_percent or 0)
    mailed = plan.busiest_day * share
    return Day(least=parts(mailed, 100) + other, most=parts(mailed * grown, 10_000) + other * HOURS)


def bulk(volume: Volume, threshold: int | None, *, beyond: bool = False) -> Bulk:
    """Say whether the plan makes a bulk sender. `beyond`: the receiver says "more than", not "from"."""
    if threshold is None:
        return Bulk.PERHAPS
    day = busiest(volume)
    if day.least >= threshold + beyond:
        return Bulk.YES
    return Bulk.NO if day.most is not None and day.most * WELL_BELOW < threshold else Bulk.PERHAPS


def is_bulk(volume: Volume) -> bool:
    """Tell whether the plan makes a bulk sender at the receivers with the lowest number."""
    return bulk(volume, GMAIL) is Bulk.YES
