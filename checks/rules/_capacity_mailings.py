"""The mailings of a planned week: how many are played, when each starts, and the other mail of its hour. Judges nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from checks.capacity.model import Limit, Mailing, encoded_size
from checks.capacity.volume import recurring
from checks.rules._volume import DAYS, Planned, volume_of
from checks.subject import ServerSubject

START = "09:00"  # where the settings do not say when a mailing starts
TEXT_BYTES = 50_000  # of a message without its files
FEW_MAILINGS = 7  # of a week are played; where there are more, the first of them show everything that the rest would, as long as they fill a day
MOST_MAILINGS = 100  # that are played
CHANNEL = "server"  # the same in every plan: servers that are alike are played once
OTHER_MAIL, FOLLOWING = "other mail", "following mailing"


def mailings_of_week(subject: ServerSubject, volume: Planned, limits: list[Limit]) -> tuple[tuple[Mailing, ...], int, Mailing]:
    """Return the mailings of a week that begins tomorrow, each with the other mail of its hour, how many are left out, and the one that follows."""
    said, zone = volume_of(subject), subject.settings.timezone
    tomorrow = subject.now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    start = datetime.combine(tomorrow, time.fromisoformat(said.start or START))
    files = (said.attachments_kb or 0) * 1_000
    first = Mailing(
        name="mailing",
        channel=CHANNEL,
        start=start,
        zone=zone,
        recipients=volume.recipients,
        recipients_per_message=said.recipients_per_message or 1,
        external=None if said.outside_percent is None else volume.recipients * said.outside_percent // 100,
        bytes_per_message=encoded_size(TEXT_BYTES, files) if files else 0,
    )
    wanted = max(volume.mailings or 1, volume.said_a_day or 1)
    times = _played(wanted, volume, limits)
    found = (
        _by_the_day(first, wanted, volume.said_a_day, times + 1)
        if volume.said_a_day
        else recurring(first, per_week=wanted, times=times + 1)
    )
    mailings, following = found[:times], replace(found[-1], name=FOLLOWING)
    if times == 1:
        mailings = (first,)
    if said.peak_hour_messages:
        others = [
            replace(
                mailing, name=f"{OTHER_MAIL} {place}", recipients=said.peak_hour_messages, recipients_per_message=1, external=None,
                bytes_per_message=0, priority=1,
            )
            for place, mailing in enumerate(mailings, start=1)
        ]  # fmt: skip
        mailings = (*mailings, *others)
    return mailings, wanted - times, following


def _played(wanted: int, volume: Planned, limits: list[Limit]) -> int:
    """How many of a week's mailings are played: a day's, or as many as fill the widest limit, and some more."""
    a_day = max(volume.mailings_a_day, -(-wanted // DAYS)) + 1
    fill = max((-(-limit.count * 5 // (4 * volume.of(limit.unit))) for limit in limits), default=1) + 1
    return min(wanted, max(FEW_MAILINGS, min(a_day, fill, MOST_MAILINGS)))


def _by_the_day(first: Mailing, wanted: int, a_day: int, times: int) -> tuple[Mailing, ...]:
    """Share mailings out over days that lie as far apart as possible, and evenly round the clock of each; then come those of the next week."""
    days = -(-wanted // a_day)
    apart = timedelta(minutes=24 * 60 // a_day)
    found = []
    for number in range(times):
        week, place = divmod(number, wanted)
        day = timedelta(days=DAYS * week + DAYS * (place // a_day) // days)
        found.append(replace(first, name=f"{first.name} {number + 1}", start=first.start + day + place % a_day * apart))
    return tuple(found)
