"""`sendready route`: which server would take a message, who gets nothing, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wizard import exits
from wizard.options import read_time, words
from wizard.terminal import safe

if TYPE_CHECKING:
    from checks.routing import Choice, Route
    from checks.settings import Settings


@click.command("route")
@click.argument("settings", type=click.Path(path_type=Path), metavar="SETTINGS")
@click.option("--from", "sender", required=True, metavar="ADDRESS", help="The sender that recipients see (From).")
@click.option(
    "--to", "recipients", multiple=True, required=True, callback=words, metavar="ADDRESS,..", help="To, Cc and Bcc. Repeatable."
)
@click.option("--now", callback=read_time, metavar="TIME", help="Judge the end of test mode as of this moment (ISO 8601).")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="What to print."
)
def command(*, settings: Path, sender: str, recipients: tuple[str, ...], now: datetime | None, format_: str) -> int:
    """Tell which server of SETTINGS would take a message, who of its recipients is blocked, and why.

    Nothing is sent. Exit code 2 if no server takes the message.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - not needed for usage errors

    from checks.routing import route  # noqa: PLC0415 - pydantic is slow to import
    from wizard.documents import settings_of  # noqa: PLC0415 - as above

    document = settings_of(settings).settings
    moment = (now or datetime.now(tz=ZoneInfo("UTC"))).astimezone(ZoneInfo(document.timezone))
    try:
        found = route(document, sender, recipients, today=moment.date())
    except ValueError as error:
        raise click.UsageError(f"--from or --to: {error}") from None
    if format_ == "json":
        click.echo(json.dumps(as_json(found), indent=2))
    else:
        click.echo("".join(f"{label:<12}{safe(text)}\n" for label, text in _lines(found, document)), nl=False)
    return exits.NOT_READY if found.choice.why.refused else exits.READY


def as_json(route: Route) -> dict[str, Any]:
    """Return a route as data."""
    return {
        "from": route.sender,
        "server": route.server.name if route.server else None,
        "why": str(route.choice.why),
        "pattern": route.choice.pattern or None,
        "claimants": list(route.choice.claimants),
        "differs_in_case": route.choice.differs_in_case or None,
        "mail_from": route.mail_from or None,
        "rcpt_to": list(route.rcpt_to),
        "recipients": list(route.recipients),
        "blocked": [
            {"address": one.address, "pattern": one.entry.pattern, "reason": one.entry.reason or None} for one in route.stopped
        ],
        "redirected_to": route.redirected_to or None,
        "test_mode_overdue": route.test_mode_overdue,
        "leaves": route.leaves,
    }


def _lines(route: Route, settings: Settings) -> Iterator[tuple[str, str]]:
    yield "From", route.sender
    yield (
        "Server",
        f"{route.server.name} ({route.server.host}:{route.server.port})" if route.server else "none: the message is refused",
    )
    yield "Why", reason(route.choice)
    if route.choice.differs_in_case:
        yield (
            "Note",
            f"the filter {route.choice.differs_in_case} differs from the sender in upper and lower case, so it does not count",
        )
    for one in route.stopped:
        because = f" ({one.entry.reason})" if one.entry.reason else ""
        yield "Blocked", f"{one.address}, by {one.entry.pattern}{because}"
    if route.redirected_to:
        until = f" until {settings.test_mode.until}" if settings.test_mode.until else ""
        overdue = ", which has passed, and still" if route.test_mode_overdue else ":"
        yield "Test mode", f"on{until}{overdue} everything goes to {route.redirected_to}"
    if not route.leaves:
        yield "Sent", "nothing, because " + ("no server takes it" if route.server is None else "every recipient is blocked")
        return
    yield "Return path", route.mail_from
    instead = f" instead of {', '.join(route.recipients)}" if route.redirected_to else ""
    yield "Sent to", ", ".join(route.rcpt_to) + instead


def reason(choice: Choice) -> str:
    """Say why a server was chosen, or none."""
    from checks.routing import Why  # noqa: PLC0415 - pydantic is slow to import

    servers = " and ".join(choice.claimants)
    return {
        Why.ADDRESS: f"its filter {choice.pattern} is exactly this sender",
        Why.DOMAIN: f"its filter {choice.pattern} is the sender's domain",
        Why.SUBDOMAINS: f"its filter {choice.pattern} covers the sender's domain",
        Why.DEFAULT: "no filter fits, and it is the default server",
        Why.CONTESTED: f"the filter {choice.pattern} stands on {servers}; take it out of all but one",
        Why.SEVERAL_DEFAULTS: f"no filter fits, and {servers} are all the default; make one of them the default",
        Why.UNCLAIMED: "no filter fits, and no server is the default; add a filter, or make one server the default",
    }[choice.why]
