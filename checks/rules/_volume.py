"""What the planned volume means in a day, an hour and a week. For every rule that compares it with a limit.

The settings name recipients per mailing and mailings per week. Without a better word, the busiest day is meant to be the worst one that these
numbers leave likely: up to seven mailings a week go out one a day, more are spread over the days. A recipient is one message, and outside of the
organisation, unless the settings say better. Whatever is compared is compared in the unit of the limit: messages, recipients, recipients outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from checks.model import Status
from checks.routing import choose
from checks.settings import Burst, Limit, Server, Volume
from checks.subject import ServerSubject
from checks.tables.limits import Limit as Row

DAYS = 7
HOURS = {"hour": 1, "day": 24, "week": 24 * DAYS}
BURSTS = {"second": 1, "minute": 60}
MISSING_RECIPIENTS = "volume.recipients_per_mailing"
MISSING_MAILINGS = "volume.mailings_per_week"
MISSING_LICENCES = "volume.licences"


def volume_of(subject: ServerSubject) -> Volume:
    """Return what is planned through a server: nothing, where the mailing's sender leads to another one.

    Licences and plan are the organisation's, whoever sends.
    """
    volume = subject.settings.volume
    if volume.sender is None:
        return volume
    chosen = choose(subject.settings.servers, volume.sender).server
    return volume if chosen is None or chosen == subject.server else Volume(licences=volume.licences, plan=volume.plan)


WHOSE = "If these mailings leave through another server of the settings, name their sender (volume.sender): then they count for that server alone."


def is_unassigned(subject: ServerSubject) -> bool:
    """Whether nobody has said through which of several servers the mailing goes."""
    return len(subject.settings.servers) > 1 and subject.settings.volume.sender is None


def unplanned(subject: ServerSubject) -> Status | None:
    """Return how a server without a mailing weighs: it does not matter where the mailing goes through another one; None: as the outcome says."""
    return None if subject.settings.volume.recipients_per_mailing is None else Status.NOT_APPLICABLE


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The planned volume, once it is known how large a mailing is."""

    recipients: int
    """Of one mailing."""
    mailings: int | None
    """In a week; None if nobody said."""
    said_a_day: int | None = None
    """On the busiest day; None if nobody said."""
    in_one: int = 1
    """Recipients that share a message."""
    outside_percent: int | None = None
    """How many of 100 recipients are outside of the organisation; None: nobody said, so all of them may be."""

    @property
    def outside(self) -> int:
        """Recipients of one mailing outside of the organisation."""
        return self.recipients if self.outside_percent is None else self.recipients * self.outside_percent // 100

    @property
    def messages(self) -> int:
        """Messages of one mailing."""
        return parts(self.recipients, self.in_one)

    def of(self, unit: str, *, external: bool = False) -> int:
        """What one mailing counts in messages or recipients; with `external`, only what goes outside."""
        people = self.outside if external else self.recipients
        return parts(people, self.in_one) if unit == "messages" else people

    def a_day(self, row: Row) -> int:
        """What the busiest day counts in a published limit's unit."""
        return self.of(row.unit, external=row.external) * self.mailings_a_day

    def a_week(self, unit: str, *, external: bool = False) -> int | None:
        """What a week counts; None if nobody said how many mailings there are."""
        return None if self.mailings is None else self.of(unit, external=external) * max(self.mailings, self.said_a_day or 1)

    @property
    def mailings_a_day(self) -> int:
        """On the busiest day."""
        return self.said_a_day or -(-(self.mailings or 1) // DAYS)

    @property
    def busiest_day(self) -> int:
        """Recipients on the busiest day."""
        return self.recipients * self.mailings_a_day

    @property
    def week(self) -> int | None:
        """Recipients in a week; None if nobody said how many mailings there are."""
        return self.a_week("recipients")

    @property
    def one(self) -> str:
        """A single mailing: "a mailing to 12,000 recipients"."""
        return f"a mailing to {counted(self.recipients, 'recipient')}"

    @property
    def words(self) -> str:
        """What the busiest day holds: "a mailing to 12,000 recipients"."""
        return (
            self.one
            if self.mailings_a_day == 1
            else f"{self.mailings_a_day:,} mailings a day to {counted(self.recipients, 'recipient')} each"
        )

    def words_for(self, unit: str, *, external: bool = False) -> str:
        """The same, with what counts where that is not each recipient: "a mailing to 5,000 recipients (in 50 messages)"."""
        return f"{self.words}{self.counts(unit, external=external)}"

    def counts(self, unit: str, *, external: bool = False) -> str:
        """What of a mailing counts, to stand behind its words: " (in 50 messages)", " (500 of them outside)"; empty where each recipient does."""
        if external and self.outside < self.recipients:
            return f" ({f'{self.outside:,}' if self.outside else 'none'} of them outside)"
        return f" (in {counted(self.messages, 'message')})" if unit == "messages" and self.in_one > 1 else ""

    def within(self, seconds: int, unit: str = "recipients", *, external: bool = False) -> int:
        """What leaves in a stretch of that length at the worst: a day's and more in a day, a whole mailing in less."""
        count = self.of(unit, external=external)
        return count * self.mailings_a_day * max(1, seconds // 86400) if seconds >= 86400 else count

    def reaches(self, row: Row) -> int:
        """What leaves within a published limit's window at the worst, in its unit."""
        return self.within(row.seconds or 0, row.unit, external=row.external)

    def exceeds(self, row: Row) -> bool:
        """Whether more is planned than a published limit takes in its window."""
        return self.reaches(row) > row.value


def planned(volume: Volume) -> Planned | None:
    """Return the planned volume, or None if nobody said how large a mailing is."""
    if volume.recipients_per_mailing is None:
        return None
    return Planned(
        recipients=volume.recipients_per_mailing,
        mailings=volume.mailings_per_week,
        said_a_day=volume.mailings_per_day,
        in_one=volume.recipients_per_message or 1,
        outside_percent=volume.outside_percent,
    )


def parts(count: int, size: int) -> int:
    """How many parts of at most `size` make up `count`."""
    return -(-count // size)


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: "1 day", "12,000 recipients"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def ordinal(count: int) -> str:
    """Write a place in a row: "1st", "10,001st", "12th"."""
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count:,}{ending}"


def spoken_time(span: timedelta) -> str:
    """Write a stretch of time as a person would: "40 minutes", "6 hours 40 minutes", "2 days"; rounded up to the minute."""
    minutes = max(1, -(-int(span.total_seconds()) // 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    named = (
        [counted(days, "day")] * bool(days)
        + [counted(hours, "hour")] * bool(hours)
        + [counted(minutes, "minute")] * bool(minutes and not days)
    )
    return " ".join(named[:2])


def lets_through(limit: Limit, seconds: int) -> int:
    """How much a limit of the settings lets through in a stretch of that length, at the worst: all at once, then again when its period begins anew."""
    period = HOURS[limit.per] * 3600
    return limit.max * max(1, parts(seconds, period))


def in_unit(count: int, own: str, unit: str, in_one: int) -> int:
    """Bring messages to recipients or back, as the planned mailings are made up."""
    if own == unit:
        return count
    return count * in_one if unit == "recipients" else parts(count, in_one)


def limit_paces(limit: Limit | None, row: Row, in_one: int = 1) -> bool:
    """Whether the send limit of the settings waits before a published number is reached, so that nothing is refused."""
    if limit is None or limit.on_exceed != "defer":
        return False
    return in_unit(lets_through(limit, row.seconds or 0), limit.unit, row.unit, in_one) <= row.value


def burst_lets_through(burst: Burst, seconds: int) -> int:
    """How many messages a burst limit lets through in a stretch of that length, at the worst."""
    return burst.max * max(1, parts(seconds, BURSTS[burst.per]))


def burst_paces(burst: Burst | None, row: Row, in_one: int = 1) -> bool:
    """Whether the burst limit of the settings, which always waits, keeps within a published number."""
    return burst is not None and in_unit(burst_lets_through(burst, row.seconds or 0), "messages", row.unit, in_one) <= row.value


def paces(server: Server, row: Row, in_one: int = 1) -> bool:
    """Whether the dispatcher itself waits before a published number is reached, be it by its send limit or by its burst limit."""
    return limit_paces(server.limit, row, in_one) or burst_paces(server.burst, row, in_one)


def needed(server: Server, plan: Planned, recipients: int) -> timedelta:
    """How long the settings' own limits take for so many recipients, the last stretch counted whole."""
    spans = [timedelta(0)]
    if own := server.limit:
        spans.append(timedelta(hours=parts(in_unit(recipients, "recipients", own.unit, plan.in_one), own.max) * HOURS[own.per]))
    if burst := server.burst:
        messages = in_unit(recipients, "recipients", "messages", plan.in_one)
        spans.append(timedelta(seconds=parts(messages, burst.max) * BURSTS[burst.per]))
    return max(spans)


def is_trial(volume: Volume) -> bool:
    """Whether the plan is a trial, as far as its name says so."""
    return volume.plan is not None and re.search(r"\b(trial|test|testversion|probe\w*)\b", volume.plan.casefold()) is not None
