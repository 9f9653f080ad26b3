"""The limits that the planned volume asks for, offered once volume and server are known. Asks nobody, writes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

from checks.settings import Part, SettingsError, parse
from checks.subject import ServerSubject
from wizard.proposals import Proposal, provider_at
from wizard.view import View

VOLUME = (
    *("recipients_per_mailing", "mailings_per_week", "mailings_per_day", "recipients_per_message", "outside_percent"),
    *("attachments_kb", "start", "peak_hour_messages", "licences", "plan"),
)


class Offer(Part):
    """What to enter for one server."""

    server: str
    limit: dict[str, Any] | None
    burst: dict[str, Any] | None
    words: str
    until: str
    """When a mailing is out with it."""


def offers(view: View) -> dict[int, Offer]:
    """Return what each server without limits of its own would need, by its place."""
    volume = tuple((key, value) for key in VOLUME if (value := view.answers.common.get(f"volume.{key}")) is not None)
    if not any(key == "recipients_per_mailing" for key, _ in volume):
        return {}
    zone = str(view.answers.common.get("timezone") or "Europe/Berlin")
    found = {}
    for place, server in enumerate(view.servers()):
        limited = server.get("limit.per") not in (None, "none") or server.get("burst.max") is not None
        host, sender = str(server.get("host") or ""), str(server.get("sender.email") or "")
        if host and sender and not limited:
            name = str(server.get("name") or host)
            offer = _offer(name, host, sender, str(server.get("provider") or ""), volume, zone, view.today.isoformat())
            if offer is not None:
                found[place] = offer
    return found


@lru_cache(maxsize=64)  # asked before each question; reckoned once
def _offer(
    name: str, host: str, sender: str, provider: str, volume: tuple[tuple[str, Any], ...], zone: str, today: str
) -> Offer | None:
    from checks.rules._capacity import Stated, setup_of  # noqa: PLC0415 - reads the tables
    from checks.rules._capacity_foreseen import foresee, in_words, moment, stopped, worst  # noqa: PLC0415 - as above

    row = {
        "name": name,
        "default": True,
        "host": host,
        "port": 587,
        "security": "starttls",
        "auth": "none",
        "sender": {"email": sender},
    }
    try:
        settings = parse(
            {"timezone": zone, "volume": dict(volume), "servers": [row | ({"provider": provider} if provider else {})]}
        )
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
    return Offer(server=name, limit=limit, burst=burst, words=in_words(best), until=moment(one.finish, plan.zone))


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
