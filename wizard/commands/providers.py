"""`sendready providers`: what is known of mail providers, and from where."""

from __future__ import annotations

import json

import click

from wizard import exits
from wizard.terminal import safe


@click.command("providers")
@click.argument("name", required=False, metavar="[ID]")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="What to print."
)
def command(name: str | None, format_: str) -> int:
    """List the known mail providers, or show everything that is known of one: servers, limits, plans, dates, ways to send, switches and their sources."""
    from checks.tables import provider, providers  # noqa: PLC0415 - reads its table
    from reports.providers import document, lines, listing, page  # noqa: PLC0415 - reads its tables

    if name is None:
        text = "".join(f"{line}\n" for line in lines(providers()))
        click.echo(_json(listing(providers())) if format_ == "json" else text, nl=False)
        return exits.READY
    row = provider(name.lower())
    if row is None:
        import difflib  # noqa: PLC0415 - only for a slip of the pen

        near = difflib.get_close_matches(name.lower(), [known.id for known in providers()], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`sendready providers` lists them."
        click.echo(f'There is no provider "{safe(name[:100])}" in our table. {hint}', err=True)
        return exits.USAGE
    click.echo(_json(document(row)) if format_ == "json" else page(row), nl=False)
    return exits.READY


def _json(plain: object) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
