"""The limits that the planned volume asks for, offered once volume and server are known. Asks nobody, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

from checks.settings import Part, SettingsError, parse
from checks.subject import ServerSubject
from wizard.proposals import Proposal, patterns_of, provider_at
from wizard.view import View

VOLUME = (
    *("recipients_per_mailing", "mailings_per_week", "mailings_per_day", "recipients_per_message", "outside_percent"),
    *("attachments_kb", "start", "peak_hour_messages", "licences", "plan", "sender"),
)


class Offer(Part):
    """What to enter for one server."""

    server: str
    limit: dict[str, Any] | None
    burst: dict[str, Any] | None
    words: str
    until: str
    """When a mailing is out with it."""


class Seen(NamedTuple):
    """What of a server's answers matters here."""

    name: str
    host: str
    sender: str
    provider: str
    username: str
    filter: tuple[str, ...] = ()
    default: bool = False


def offers(view: View) -> dict[int, Offer]:
    """Return what each server without limits of its own would need, by its place."""
    volume = tuple((key, value) for key in VOLUME if (value := view.answers.common.get(f"volume.{key}")) is not None)
    if not any(key == "recipients_per_mailing" for key, _ in volume):
        return {}
    zone = str(view.answers.common.get("timezone") or "Europe/Berlin")
    rows = view.servers()
    seen = [_seen(row, place) for place, row in enumerate(rows)]
    found = {}
    for place, row in enumerate(rows):
        limited = row.get("limit.per") not in (None, "none") or row.get("burst.max") is not None
        server = seen[place]
        if server.host and server.sender and not limited:
            others = tuple(other for other in seen if other is not server and other.host and other.sender)
            offer = _offer(server, others, volume, zone, view.today.isoformat())
            if offer is not None:
                found[place] = offer
    return found


def _seen(row: Mapping[str, Any], place: int) -> Seen:
    host, sender, provider, username = (str(row.get(key) or "") for key in ("host", "sender.email", "provider", "username"))
    name = str(row.get("name") or (f"{host} {place + 1}" if place else host))
    return Seen(name, host, sender, provider, username, patterns_of(row.get("filter")), row.get("default") is True)


def _as_settings(server: Seen) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": server.name,
        "default": server.default,
        "filter": list(server.filter),
        "host": server.host,
        "port": 587,
        "security": "starttls",
        "auth": "none",
        "sender": {"email": server.sender},
    }
    return row | {key: value for key, value in (("provider", server.provider), ("username", server.username)) if value}


@lru_cache(maxsize=64)  # asked before each question; reckoned once
def _offer(server: Seen, others: tuple[Seen, ...], volume: tuple[tuple[str, Any], ...], zone: str, today: str) -> Offer | None:
    from checks.rules._capacity import Stated, setup_of  # noqa: PLC0415 - reads the tables
    from checks.rules._capacity_foreseen import foresee, moment, stopped, worst  # noqa: PLC0415 - as above
    from checks.rules._capacity_foreseen import offered as words  # noqa: PLC0415 - as above

    if not any(one.default for one in (server, *others)):
        server = server._replace(default=True)  # with one server, nobody has to say so
    rows = [_as_settings(one) for one in (server, *others)]
    try:
        settings = parse({"timezone": zone, "volume": dict(volume), "servers": rows})
    except SettingsError:
        return None  # the answers do not fit together yet; whoever reads them says so
    now = datetime.combine(datetime.fromisoformat(today).date(), time(12), UTC)
    plan = setup_of(ServerSubject(now=now, server=settings.servers[0], settings=settings), Stated())
    if plan is None:
        return None
    found = foresee(plan)
    one = worst(found.paced)
    if found.entry is None or not stopped(found.bare) or not one.complete or one.refused or one.finish is None:
        return None
    best = found.entry
    limit = None if best.max is None else {"max": best.max, "per": best.per, "unit": best.unit.value, "window": best.window}
    burst = None if best.burst is None else {"max": best.burst, "per": best.burst_per}
    return Offer(server=server.name, limit=limit, burst=burst, words=words(plan, found), until=moment(one.finish, plan.zone))


def offered(view: View) -> bool:
    """The planned volume is more than a provider takes at once, and no limit is entered."""
    return bool(offers(view))


def hint(view: View) -> str:
    """Name the limits, and what comes of them."""
    return " ".join(
        f"{offer.server}: {offer.words}; a mailing that starts tomorrow is then out by {offer.until}, and nothing is refused."
        for offer in offers(view).values()
    )


def propose(view: View) -> Proposal | None:
    """Propose to enter them, with the provider whose numbers they keep."""
    rows = view.servers()
    names = [found.name for place in offers(view) if (found := provider_at(str(rows[place].get("host") or "")))]
    return Proposal(value=True, source=f"catalogue: {names[0]}") if names else None
