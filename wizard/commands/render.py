"""`sendready render`: a saved report in another format."""

from __future__ import annotations

from pathlib import Path

import click

from wizard.options import FORMATS


@click.command("render")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="REPORT")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
def command(report: Path, format_: str) -> None:
    """Print REPORT (report.json of an earlier run) in another format."""
    from reports.model import Report  # noqa: PLC0415 - pydantic is slow to import
    from wizard.present import invalid, rendered  # noqa: PLC0415 - as above

    try:
        document = Report.from_json(report.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise invalid(f"{report}: {error}") from None
    click.echo(rendered(document, format_), nl=False)
