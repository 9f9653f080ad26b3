"""`sendready verify`: tells whether a dispatcher.json is the one that was checked."""

from __future__ import annotations

from pathlib import Path

import click

from wizard.terminal import safe


@click.command("verify")
@click.argument("dispatcher", type=click.Path(path_type=Path), metavar="DISPATCHER.JSON")
def command(dispatcher: Path) -> int:
    """Tell whether DISPATCHER.JSON is as it was when it was checked, and name every field that changed since.

    The exit code is the verdict of that check; 3 if the file was changed or never checked.
    """
    from reports.dispatcher import verify  # noqa: PLC0415 - pydantic is slow to import
    from wizard.documents import text_of, unfit  # noqa: PLC0415 - as above

    text = text_of(dispatcher, "dispatcher")
    try:
        found = verify(text)
    except ValueError as error:
        raise unfit(dispatcher, text, "dispatcher", error) from None
    click.echo(safe(found.message))
    for field in found.changed:
        click.echo(f"  changed: {safe(field)}")
    for problem in found.problems:
        click.echo(f"  not valid: {safe(problem)}")
    return found.exit_code
