"""`sendready schema`: the JSON Schema of a document."""

from __future__ import annotations

import json

import click

NAMES = ("settings", "report", "dispatcher")


@click.command("schema")
@click.argument("name", required=False, type=click.Choice(NAMES), metavar="[NAME]")
def command(name: str | None) -> None:
    """Print the JSON Schema of a document: settings, report or dispatcher. Without NAME, list them."""
    if name is None:
        click.echo("\n".join(NAMES))
        return
    if name == "settings":
        from checks.settings import json_schema  # noqa: PLC0415 - one at a time
    elif name == "report":
        from reports.model import json_schema  # noqa: PLC0415 - one at a time
    else:
        from reports.dispatcher import json_schema  # noqa: PLC0415 - one at a time
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
