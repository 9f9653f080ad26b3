"""`sendready token`: a token for SMTP at Microsoft 365, where settings refer to it as to a password."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from wizard import exits
from wizard.terminal import safe, tell

REMIND_DAYS = 30  # as settings.secret-expiry does it


@click.command("token")
@click.argument("description", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--sign-in", "sign_in", is_flag=True, help="Sign in in a browser, once; for flow = device-code.")
def command(*, description: Path, sign_in: bool) -> int:
    """Print a token that Microsoft 365 takes in place of a password, for the application that FILE (TOML) describes.

    Settings use it like this: auth = "xoauth2", password = { source = "command", ref = "sendready token FILE" }.

    \b
    FILE holds:
      tenant = "example.org"            the organisation's domain or id
      client_id = "0000..."             the application's id in Microsoft Entra
      flow = "client-credentials"       or "device-code"
      client_secret = { source = "file", ref = "entra.secret" }
      cache = "entra.cache"             for device-code: where the sign-in is kept

    The secret has a last day. Say it in the settings, beside source and ref of the password (expires = 2027-01-31), and checks and
    calendar.ics remind you; in FILE, beside those of client_secret, and this command does so too.
    """  # noqa: D301 - click's mark for lines that stay as they are
    from wizard import microsoft  # noqa: PLC0415 - pydantic is slow to import

    try:
        source = microsoft.Source(description=microsoft.read(description), base=description.resolve().parent)
        if sign_in:
            microsoft.sign_in(source, tell)
            tell("Signed in; from now on tokens come without a question.")
            return exits.READY
        if kept := source.description.client_secret:
            _remind(kept.expires, datetime.now(UTC).date())
        found = microsoft.token(source)
    except LookupError as error:
        click.echo(safe(str(error.args[0]) if error.args else "there is no token"), err=True)
        return exits.INVALID
    if sys.stdout.isatty():
        tell(f"There is a token ({found.hint()}). It is not shown on a terminal; a program that reads it gets it.")
        return exits.READY
    click.echo(found.reveal())
    return exits.READY


def _remind(ends: date | None, today: date) -> None:
    """Say on stderr that the application's secret is about to end, or was to."""
    if ends is None or (ends - today).days > REMIND_DAYS:
        return
    over = ends < today
    then = "write the new day, if it has been renewed" if over else "make a new one before that day"
    tell(f"The client secret {'was to end' if over else 'ends'} on {ends.isoformat()}; {then}.")
