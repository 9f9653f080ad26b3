"""`sendready render`: a saved report in another format."""

from __future__ import annotations

from pathlib import Path

import click

from wizard.options import FORMATS


@click.command("render")
@click.argument("report", type=click.Path(path_type=Path), metavar="REPORT")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
def command(report: Path, format_: str) -> None:
    """Print REPORT (report.json of an earlier run) in another format."""
    from reports.model import Report  # noqa: PLC0415 - pydantic is slow to import
    from wizard.documents import text_of, unfit  # noqa: PLC0415 - as above
    from wizard.present import rendered  # noqa: PLC0415 - as above

    text = text_of(report, "report")
    try:
        document = Report.from_json(text)
    except ValueError as error:
        raise unfit(report, text, "report", error) from None
    click.echo(rendered(document, format_), nl=False)
