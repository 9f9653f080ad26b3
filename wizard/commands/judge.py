"""`sendready judge`: saved evidence, judged again with the network off."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from wizard.options import FORMATS, read_time


@click.command("judge")
@click.argument("evidence", type=click.Path(path_type=Path), metavar="EVIDENCE")
@click.option(
    "--now", callback=read_time, metavar="TIME", help="Judge as of this moment instead of the one when the evidence was taken."
)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write the reports there.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
def command(evidence: Path, now: datetime | None, output: Path | None, format_: str) -> int:
    """Judge EVIDENCE (evidence.json of an earlier run) again. Nothing is asked of the network."""
    from wizard.documents import text_of, unfit  # noqa: PLC0415 - heavy, and not needed for usage errors
    from wizard.present import emit  # noqa: PLC0415 - as above
    from wizard.run import judge_saved  # noqa: PLC0415 - as above

    text = text_of(evidence, "evidence")
    try:
        ran = judge_saved(text, now)
    except ValueError as error:
        raise unfit(evidence, text, "evidence", error) from None
    emit(ran, format_, output)
    return ran.report.exit_code
