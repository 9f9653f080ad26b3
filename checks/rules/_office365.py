"""How a server of the settings reaches Microsoft 365, and the words that its rules share. Judges nothing.

A mailbox (smtp.office365.com), a connector relay (…mail.protection.outlook.com) and High Volume Email obey different numbers.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from checks.model import Arg, Outcome, Owner, Status, spoken
from checks.rules._volume import WHOSE, is_unassigned
from checks.settings import Auth, Server
from checks.subject import ServerSubject
from checks.tables import provider, provider_of_host
from checks.tables.dated import Change
from checks.tables.limits import Limit, Plans
from checks.tables.ways import Switch, Way, ways_of


class Channel(StrEnum):
    """The ways into Microsoft 365."""

    MAILBOX = "microsoft365"  # SMTP AUTH as a mailbox
    RELAY = "microsoft365-relay"  # a connector that knows the sender by address or certificate
    HIGH_VOLUME = "microsoft365-hve"  # High Volume Email, for recipients inside of the organisation


IDS = frozenset(str(way) for way in Channel)

FACT = ("limit", "unit", "window", "scope", "as_of")
"""Arguments of every finding that rests on a number: `also=FACT`."""


def channel_of(server: Server) -> Channel | None:
    """Recognise the way by the host, else by the provider that the settings name (for a proxy on the way to Microsoft)."""
    host = server.host.lower()
    row = provider_of_host(host) or (provider(server.provider) if server.provider and not is_microsoft_host(host) else None)
    if row is not None and row.id in IDS:
        return Channel(row.id)
    if not is_microsoft_host(host):
        return None
    return Channel.HIGH_VOLUME if host.startswith("smtp-hve.") else Channel.MAILBOX


def is_microsoft_host(host: str) -> bool:
    """Whether the dispatcher speaks to Microsoft itself, not to something in between."""
    lowered = host.lower()
    row = provider_of_host(lowered)
    return lowered.endswith(".office365.com") or (row is not None and row.id in IDS)


def logs_in_by_password(server: Server) -> bool:
    """Whether the dispatcher presents a password; "auto" does, because it chooses no way that presents a token."""
    return server.auth is not Auth.NONE and not server.auth.by_token


def fact(limit: Limit, value: int | None = None) -> dict[str, Any]:
    """Return the arguments that say where a number comes from."""
    return {
        "limit": limit.value if value is None else value,
        "unit": limit.unit,
        "window": limit.window,
        "scope": limit.scope,
        "as_of": day(limit.checked),
    }


def day(when: date) -> str:
    """Write a day for a finding."""
    return when.isoformat()


def sources(*rows: Limit | Change | Way | Switch | Plans) -> tuple[str, ...]:
    """Return the addresses of everything that rows rest on, each once."""
    return tuple(dict.fromkeys(source for row in rows for source in row.sources))


def elsewhere(code: str, *, of: str = "a Microsoft 365 server") -> Outcome:
    """Make the outcome of a server that a rule is not about."""
    return Outcome(code=code, status=Status.NOT_APPLICABLE, title=f"{{server}} is not {of}")


def no_volume(code: str, of: str, *rows: Limit) -> Outcome:
    """Make the outcome for settings that do not say how much is planned."""
    return Outcome(
        code=code,
        status=Status.NOTE,
        weighs=(Status.NOT_APPLICABLE,),
        title=f"{{server}}: whether {of} ({{limit}}, as of {{as_of}}) is enough cannot be said, because the settings plan no mailing through it",
        owner=Owner.US,
        steps=("Enter {missing} in the settings, then check again.",),
        also=FACT,
        references=sources(*rows),
    )


HIGH_VOLUME_WAY = "microsoft365.high-volume-email"


def ways_free_of(number: str) -> tuple[Way, ...]:
    """Return the other ways to reach everybody that are free of a number ("mailbox", "tenant") or of a login by password ("password")."""
    return tuple(way for way in ways_of(Channel.MAILBOX) if number in way.lifts and way.reaches == "everybody")


def ways_out(number: str) -> tuple[str, ...]:
    """Return steps: what else there is where a number binds; last, what looks like a way out and is none."""
    none = tuple(way.step for way in ways_of(Channel.MAILBOX) if way.id == HIGH_VOLUME_WAY)
    told = "What each of these ways needs, takes and costs is told by: sendready providers microsoft365."
    return (*(way.step for way in ways_free_of(number)), *none, told)


def steps_for(outcome: Outcome, subject: ServerSubject, **args: Arg) -> tuple[str, ...]:
    """Return an outcome's steps, worded; one more where nobody has said through which of several servers the mailing goes."""
    words = {name: spoken(value) for name, value in args.items()}
    steps = tuple(step.format_map(words) for step in outcome.steps)
    return (*steps, WHOSE) if is_unassigned(subject) else steps
