"""From settings and evidence to a plan that can be played: which limits are in force for a server, and what becomes of a message beyond them.

What a limit does is taken from its source. A provider that says it only slows down defers (`on_exceed` of its row); one whose refusal is a 5xx
rejects for good, with a 4xx the message comes again (RFC 5321 section 4.2.1); where nothing is said, it is taken to come again. The settings'
own limits do what the settings say. What nobody states is assumed here, in constants, and the report says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from checks.capacity.model import (
    Calendar,
    Channel,
    Dispatcher,
    Every,
    Limit,
    Mailing,
    OnExceed,
    Plan,
    Scope,
    Sliding,
    Unit,
)
from checks.evidence import Evidence, Undetermined
from checks.records.capacity_shown import BY_SPEED
from checks.records.ehlo_facts import limits_of as stated_limits
from checks.records.ehlo_facts import size_of
from checks.rules._capacity_mailings import CHANNEL, OTHER_MAIL, mailings_of_week
from checks.rules._office365 import Channel as Way
from checks.rules._office365 import channel_of
from checks.rules._provider_limits import in_one_message, largest_message, providers_behind, published, spoken_limit
from checks.rules._server import Layer, look
from checks.rules._volume import DAYS, HOURS, Planned, is_trial, planned, volume_of
from checks.rules.office365_tenant_external_recipients import ENFORCED, PAUSED_ABOVE, TENANT, TRIAL
from checks.settings import Limit as OwnLimit
from checks.settings import Server, Service, Settings, Volume
from checks.subject import ServerSubject
from checks.tables.limits import Limit as Row
from checks.tables.limits import limit, limits_of

MESSAGE_MS = 1_000  # one message over an open connection: some round trips and the server's own work
LINE_BYTES = 1_000_000  # a second: an ordinary line of 8 Mbit/s upwards
OWN_LIMIT, OWN_BURST = "settings.limit", "settings.burst"
SHARED_SENDERS = limit("microsoft365.onmicrosoft-external-recipients")
SCOPES = {"mailbox": Scope.MAILBOX, "user": Scope.MAILBOX, "tenant": Scope.TENANT}
"""Whatever else a provider counts by, or does not say, more mailboxes are not known to help against it."""


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the server said when it was greeted; None where it said nothing, or was not asked."""

    octets: int | None = None
    recipients: int | None = None
    mails: int | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """A limit of the plan, for people."""

    name: str
    words: str
    """"10,000 recipients in 24 hours"."""
    whose: str
    """The provider, or empty for the settings' own."""
    as_of: str = ""
    sources: tuple[str, ...] = ()
    told: bool = False
    """Another check warns already that the planned volume is above it."""
    assumed: bool = False
    """Nobody publishes what becomes of messages beyond it; they are taken to come again."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A plan, and what its names mean."""

    plan: Plan
    bare: Plan
    """The same without the limits of the settings."""
    channel: str
    """The server's name."""
    zone: str
    volume: Planned
    known: tuple[Known, ...]
    begin: datetime
    """When the first mailing starts."""
    end: datetime | None
    """When the next mailings would begin: those of the next week, or those that are not played; None: nobody said how many there are."""
    given_up_after: int | None
    """Hours."""
    left_out: int
    """Mailings of the week that are not played."""
    following: Mailing | None
    """The mailing after those that are played; None: nobody said how many there are in a week."""
    beside: tuple[str, ...]
    """Other servers of the settings that count in some of the same limits."""
    connections_known: bool
    """Whether the provider says how many connections it takes at once."""
    as_of: str
    """The oldest day on which one of the facts was read; empty: it rests on none."""

    def meant(self, name: str) -> Known:
        """Return what a limit's name means."""
        return next((row for row in self.known if row.name == name), Known(name=name, words=SPOKEN.get(name, name), whose=""))


SPOKEN = {
    "connections": BY_SPEED,
    "size": "the size of a message",
    "recipients-per-message": "the recipients of one message",
}


def setup(subject: ServerSubject, ev: Evidence) -> Setup | None:
    """Make the plan of a server; unless the settings say whose mailing it is, as if all of it went through each. None if nothing is planned."""
    return None if planned(volume_of(subject)) is None else setup_of(subject, _stated(subject, ev))


def setup_of(subject: ServerSubject, stated: Stated) -> Setup | None:
    """Make the plan from what the server stated."""
    settings, server = subject.settings, subject.server
    volume = planned(volume_of(subject))
    if volume is None:
        return None
    rows = in_force(subject)
    others = {row.id: sharing(subject, row) for row, _ in rows}
    limits = [replace(_limit(row, count), others=len(others[row.id])) for row, count in rows]
    own = [*_own_limit(server.limit, settings.timezone), *_own_burst(server)]
    mailings, left_out, following = mailings_of_week(subject, volume, [*own, *limits])
    at_once = _at_once(server)
    channel = _channel(server, stated)
    begin = mailings[0].start.replace(tzinfo=ZoneInfo(settings.timezone))
    bare = Plan(mailings=mailings, channels=(channel,), limits=tuple(limits), dispatcher=_dispatcher(settings))
    week, played = timedelta(days=DAYS), sum(not mailing.name.startswith(OTHER_MAIL) for mailing in mailings)
    return Setup(
        plan=replace(bare, limits=(*own, *limits)),
        bare=bare,
        channel=server.name,
        zone=settings.timezone,
        volume=volume,
        known=(
            *_known_own(server),
            *(_known(row, count, server, volume) for row, count in rows),
            *_known_size(server, stated, volume),
        ),
        begin=begin,
        end=begin + week * played / (played + left_out) if volume.mailings else None,
        given_up_after=bare.dispatcher.max_age_hours,
        left_out=left_out,
        following=following if volume.mailings else None,
        beside=tuple(dict.fromkeys(name for row, _ in rows for name in others[row.id])),
        connections_known=bool(at_once),
        as_of=min(
            (row.checked.isoformat() for row in (*(row for row, _ in rows), *at_once, *in_one_message(server))), default=""
        ),
    )


# --- limits -----------------------------------------------------------------------------------------------------------


def in_force(subject: ServerSubject) -> list[tuple[Row, int]]:
    """Return the provider's limits over time that are in force for this customer, each with its number."""
    found = [(row, row.value) for row in published(subject.server)]
    if channel_of(subject.server) in (Way.MAILBOX, Way.RELAY):
        found += _of_tenant(volume_of(subject), subject.now)
        if _is_shared_sender(subject.server):
            found.append((SHARED_SENDERS, SHARED_SENDERS.value))
    return found


def _of_tenant(volume: Volume, now: datetime) -> list[tuple[Row, int]]:
    """The whole organisation's number; without the licences nobody knows it, and for many licences it is not enforced."""
    if is_trial(volume):
        return [(TRIAL, TRIAL.value)]
    if volume.licences is None or volume.licences > PAUSED_ABOVE:
        return []
    since = next(day for most, day in ENFORCED.items() if volume.licences <= most)
    return [(TENANT, TENANT.for_licences(volume.licences))] if since.has_come(now) else []


def sharing(subject: ServerSubject, row: Row) -> tuple[str, ...]:
    """Return the other servers of the settings whose mail counts in the same limit.

    All of one settings document are taken to be one customer. A limit of a mailbox is shared by those that log in as the same one. Where it is
    known through which server the mailing goes, the others leave it the whole limit.
    """
    if subject.settings.volume.sender is not None:
        return ()
    found = []
    for other in subject.settings.servers:
        if other.name == subject.server.name or row.provider not in {one.id for one in providers_behind(other)}:
            continue
        if not SCOPES.get(row.scope, Scope.ACCOUNT).shared and _login(other) != _login(subject.server):
            continue
        if row == SHARED_SENDERS and not _is_shared_sender(other):
            continue
        found.append(other.name)
    return tuple(found)


def _login(server: Server) -> str:
    return (server.username or server.sender.email).casefold()


def _is_shared_sender(server: Server) -> bool:
    return f".{server.sender.email.rpartition('@')[2]}".endswith(".onmicrosoft.com")


def _limit(row: Row, count: int) -> Limit:
    return Limit(
        name=row.id,
        count=count,
        unit=Unit(row.unit),
        window=Sliding(
            seconds=row.seconds or 1
        ),  # also for "day": most do not say when theirs begins, and this is never too fast
        scope=SCOPES.get(row.scope, Scope.ACCOUNT),
        external_only=row.external,
        on_exceed=on_exceed(row),
        source=row.id,
    )


def on_exceed(row: Row) -> OnExceed:
    """Say what becomes of a message that finds no room (RFC 5321 section 4.2.1: 5xx for good, 4xx for now)."""
    if row.on_exceed:
        return OnExceed(row.on_exceed)
    return OnExceed.REJECT if row.refusal.startswith("5") else OnExceed.RETRY


def _own_limit(own: OwnLimit | None, zone: str) -> list[Limit]:
    if own is None:
        return []
    window = Calendar(every=Every(own.per), zone=zone) if own.window == "calendar" else Sliding(seconds=HOURS[own.per] * 3600)
    reset = own.reset_at if own.reset_at is None or own.reset_at.tzinfo else own.reset_at.replace(tzinfo=ZoneInfo(zone))
    return [
        Limit(
            name=OWN_LIMIT, count=own.max, unit=Unit(own.unit), window=window, scope=Scope.CREDENTIAL,
            on_exceed=OnExceed(own.on_exceed), reset_at=reset, source=OWN_LIMIT,
        )
    ]  # fmt: skip


def _own_burst(server: Server) -> list[Limit]:
    if server.burst is None:
        return []
    window = Sliding(seconds=60 if server.burst.per == "minute" else 1)
    return [Limit(name=OWN_BURST, count=server.burst.max, window=window, scope=Scope.CREDENTIAL, source=OWN_BURST)]


def _known(row: Row, count: int, server: Server, volume: Planned) -> Known:
    whose = (
        next(one.short for one in providers_behind(server) if one.id == row.provider)
        if row.provider != "microsoft365"
        else "Microsoft 365"
    )
    return Known(
        name=row.id,
        words=spoken_limit(replace(row, value=count)),
        whose=whose,
        as_of=row.checked.isoformat(),
        sources=row.sources,
        told=volume.reaches(row) > count,
        assumed=not row.refusal and not row.on_exceed,
    )


def _known_size(server: Server, stated: Stated, volume: Planned) -> list[Known]:
    """How large a message may be, where the provider's word stands for the server's own."""
    row = largest_message(server)
    if row is None or stated.octets is not None:
        return []
    return [replace(_known(row, row.value, server, volume), name="size")]


def _known_own(server: Server) -> list[Known]:
    found = []
    if own := server.limit:
        told = own.on_exceed == "reject"  # settings.planned-volume
        words = f"{own.max:,} {own.unit} {'an' if own.per == 'hour' else 'a'} {own.per} (the send limit of the settings)"
        found.append(Known(name=OWN_LIMIT, words=words, whose="", told=told))
    if burst := server.burst:
        found.append(
            Known(name=OWN_BURST, words=f"{burst.max:,} messages a {burst.per} (the burst limit of the settings)", whose="")
        )
    return found


# --- the rest of a plan -----------------------------------------------------------------------------------------------


def _stated(subject: ServerSubject, ev: Evidence) -> Stated:
    """Read what the server states. A server that was not reached, or may not be asked, leaves the plan as it is."""
    try:
        seen = look(subject, ev)
    except Undetermined:
        return Stated()
    if seen.layer is not Layer.OPEN:
        return Stated()
    limits = stated_limits(seen.reading.capability("LIMITS") or "")
    return Stated(octets=size_of(seen.reading.capability("SIZE") or "").octets, recipients=limits.recipients, mails=limits.mails)


def _channel(server: Server, stated: Stated) -> Channel:
    return Channel(
        name=CHANNEL,
        connections=min((row.value for row in _at_once(server)), default=1),
        milliseconds=MESSAGE_MS + (MESSAGE_MS // stated.mails if stated.mails else 0),  # a new connection after so many messages
        bytes_per_second=LINE_BYTES,
        recipients_per_message=min(
            [*(row.value for row in in_one_message(server)), *([stated.recipients] if stated.recipients else [])], default=None
        ),
        max_bytes=stated.octets or (size.octets if (size := largest_message(server)) else None),
    )


def _at_once(server: Server) -> list[Row]:
    """The numbers of connections that hold for every customer."""
    return [row for row in limits_of(one.id for one in providers_behind(server)) if row.general and row.window == "at once"]


def _dispatcher(settings: Settings) -> Dispatcher:
    """A delivery service has a schedule; the dispatcher itself is taken to have the usual one, and to give nothing up."""
    if settings.dispatch != "service":
        return Dispatcher()
    service = settings.service or Service()
    return Dispatcher(retry_minutes=service.retry or (service.max_age * 60,), max_age_hours=service.max_age)


def grown(plan: Setup, percent: int) -> Setup:
    """Return the plan of next year: each mailing with so many per cent more recipients."""

    def more(mailing: Mailing) -> Mailing:
        if mailing.name.startswith(OTHER_MAIL):
            return mailing
        people = mailing.recipients * (100 + percent) // 100
        return replace(
            mailing,
            recipients=people,
            external=None if mailing.external is None else mailing.external * people // mailing.recipients,
        )

    return replace(plan, plan=replace(plan.plan, mailings=tuple(more(mailing) for mailing in plan.plan.mailings)))
