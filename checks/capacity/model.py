"""What a plan is made of: mailings, the channels that carry them, every limit in force, and how the dispatcher retries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

MAX_MAILINGS = 1_000  # more is no plan but a log
MAX_CHANNELS = 200
MAX_LIMITS = 500
ENCODED_LINE = 78  # RFC 2045 section 6.8: lines of 76 characters, and their CRLF
BYTES_PER_LINE = 57  # 76 characters of Base64 carry 57 bytes


class Unit(StrEnum):
    """What a limit counts."""

    MESSAGES = "messages"
    RECIPIENTS = "recipients"


class Every(StrEnum):
    """When the counter of a calendar window starts anew."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # on Monday


class Scope(StrEnum):
    """Who shares a counter."""

    CREDENTIAL = "credential"
    MAILBOX = "mailbox"
    DOMAIN = "domain"
    TENANT = "tenant"
    ACCOUNT = "account"

    @property
    def shared(self) -> bool:
        """Whether several channels count together."""
        return self not in (Scope.CREDENTIAL, Scope.MAILBOX)


class OnExceed(StrEnum):
    """What becomes of a message that finds no room."""

    DEFER = "defer"  # it waits until there is room: the dispatcher's own limits, and servers that only slow down
    RETRY = "retry"  # a refusal for now (4xx): it comes again by the retry schedule
    REJECT = "reject"  # a refusal for good (5xx): it is lost


@dataclass(frozen=True, kw_only=True)
class Sliding:
    """Any stretch of that length."""

    seconds: int

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError("a window lasts one second at least")


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """From one full minute, hour, day or week of a local clock to the next."""

    every: Every
    zone: str = "UTC"
    reset: time = time(0)
    """Days and weeks begin at this local time."""

    def __post_init__(self) -> None:
        if self.reset.tzinfo is not None or self.reset.microsecond:
            raise ValueError("a reset time is a local time in whole seconds")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So much in a window."""

    name: str
    """Unique in a plan."""
    count: int
    unit: Unit = Unit.MESSAGES
    window: Sliding | Calendar
    scope: Scope = Scope.MAILBOX
    external_only: bool = False
    """Counts recipients outside of the organisation alone; of messages those that have one."""
    on_exceed: OnExceed = OnExceed.DEFER
    channels: tuple[str, ...] = ()
    """The channels that it binds; empty means all."""
    others: int = 0
    """Logins outside of the plan that count here too; what is entered leaves as much room for each of them."""
    reset_at: datetime | None = None
    """The counter starts anew at this moment too."""
    source: str = ""
    """Where the number comes from: the id of a row of the table of limits, or a field of the settings."""

    def __post_init__(self) -> None:
        if self.count < 1 or self.others < 0:
            raise ValueError("a limit is 1 or more; to have no limit, leave it out")
        if self.reset_at is not None and self.reset_at.tzinfo is None:
            raise ValueError("reset_at needs a time zone")

    def weight(self, recipients: int, external: int) -> int:
        """Return how much one message counts."""
        if self.unit is Unit.RECIPIENTS:
            return external if self.external_only else recipients
        return int(external > 0) if self.external_only else 1


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One login at one server."""

    name: str
    connections: int | None = None
    """At once; None: as many as there are messages."""
    milliseconds: int = 0
    """How long one message takes, without its bytes."""
    bytes_per_second: int | None = None
    """How fast its bytes travel; None: they take no time."""
    recipients_per_message: int | None = None
    """At most (RCPTMAX of RFC 9422, or what the provider states)."""
    max_bytes: int | None = None
    """Size of one message, at most (SIZE of RFC 1870)."""

    def __post_init__(self) -> None:
        given = (self.connections, self.bytes_per_second, self.recipients_per_message, self.max_bytes)
        if self.milliseconds < 0 or any(number is not None and number < 1 for number in given):
            raise ValueError("numbers of a channel are 1 or more")

    def duration(self, size: int) -> int:
        """Return for how many milliseconds a message of that size holds a connection."""
        return self.milliseconds + (-(-size * 1000 // self.bytes_per_second) if self.bytes_per_second else 0)


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """Messages that are handed over together."""

    name: str
    """Unique in a plan."""
    channel: str
    start: datetime
    """Local time, without a zone."""
    zone: str = "UTC"
    recipients: int
    recipients_per_message: int = 1
    external: int | None = None
    """How many of the recipients are outside of the organisation; None: all."""
    bytes_per_message: int = 0
    priority: int = 0
    """The higher number goes first."""

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None:
            raise ValueError("the start is a local time; its zone is given apart")
        if self.recipients < 1 or self.recipients_per_message < 1 or self.bytes_per_message < 0:
            raise ValueError("a mailing has recipients, and messages for at least one of them")
        if self.external is not None and not 0 <= self.external <= self.recipients:
            raise ValueError("the recipients outside are a part of all recipients")

    @property
    def messages(self) -> int:
        """How many messages it takes."""
        return -(-self.recipients // self.recipients_per_message)

    @property
    def outside(self) -> int:
        """Recipients outside of the organisation."""
        return self.recipients if self.external is None else self.external

    def runs(self) -> tuple[tuple[int, int, int], ...]:
        """Return its messages in order as (count, recipients of each, recipients outside of each)."""
        size, (whole, rest) = self.recipients_per_message, divmod(self.recipients, self.recipients_per_message)
        full, mixed = divmod(self.outside, size)
        runs = [(min(full, whole), size, size)]
        if mixed and full < whole:
            runs.append((1, size, mixed))
        runs.append((whole - runs[0][0] - len(runs[1:]), size, 0))
        if rest:
            runs.append((1, rest, max(0, self.outside - whole * size)))
        return tuple(run for run in runs if run[0])


@dataclass(frozen=True, kw_only=True)
class Dispatcher:
    """How what was refused for now is tried again."""

    retry_minutes: tuple[int, ...] = (5, 15, 60, 240)
    """The last one repeats."""
    max_age_hours: int | None = None
    """Then a message is given up; None: never."""

    def __post_init__(self) -> None:
        if not self.retry_minutes or min(self.retry_minutes) < 1 or (self.max_age_hours is not None and self.max_age_hours < 1):
            raise ValueError("pauses last a minute at least, and messages live an hour at least")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of it."""

    mailings: tuple[Mailing, ...]
    channels: tuple[Channel, ...]
    limits: tuple[Limit, ...] = ()
    dispatcher: Dispatcher = field(default_factory=Dispatcher)

    def __post_init__(self) -> None:
        for parts, most in ((self.mailings, MAX_MAILINGS), (self.channels, MAX_CHANNELS), (self.limits, MAX_LIMITS)):
            names = [part.name for part in parts]
            if len(set(names)) < len(names):
                raise ValueError("two parts of a plan have the same name")
            if len(names) > most:
                raise ValueError(f"a plan has at most {most:,} of these")
        known = {channel.name for channel in self.channels}
        if {mailing.channel for mailing in self.mailings} - known or {n for limit in self.limits for n in limit.channels} - known:
            raise ValueError("a channel is named that the plan does not have")

    def channel(self, name: str) -> Channel:
        """Return the channel of that name. Raises `KeyError`."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)

    def limits_of(self, channel: str) -> tuple[Limit, ...]:
        """Return the limits that bind a channel."""
        return tuple(limit for limit in self.limits if not limit.channels or channel in limit.channels)


def encoded_size(text: int, attachments: int) -> int:
    """Return the bytes of a message with attachments as they travel: Base64 and its line ends (RFC 2045 section 6.8)."""
    lines, rest = divmod(attachments, BYTES_PER_LINE)
    return text + lines * ENCODED_LINE + (-(-rest // 3) * 4 + 2 if rest else 0)
