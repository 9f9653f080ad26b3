"""`sendready audit`: many domains or settings files in one run, by looking only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from wizard import exits
from wizard.options import World, world_options
from wizard.terminal import safe


@click.command("audit")
@click.argument("targets", type=click.Path(exists=True, path_type=Path), metavar="TARGETS")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sendready-audit"),
    show_default=True,
    metavar="DIR",
    help="Where the reports go.",
)
@click.option("--jobs", type=click.IntRange(1, 200), default=20, show_default=True, help="How many targets at a time.")
@world_options
def command(*, world: World, targets: Path, output: Path, jobs: int) -> int:
    """Check every target of a list, a folder or a settings file.

    A list has one domain or settings file a line; of a folder, every settings file in it is checked.

    Only looks: no password is tried, no message is sent. --timeout counts for each target. The exit code is the worst of all.
    """
    from wizard.audit import Done, audit  # noqa: PLC0415 - heavy, and not needed for usage errors
    from wizard.documents import refuse_json  # noqa: PLC0415 - as above
    from wizard.present import invalid  # noqa: PLC0415 - as above
    from wizard.targets import read_targets  # noqa: PLC0415 - as above

    def say(done: Done) -> None:
        tail = done.error or ", ".join(
            f"{count} {status}" for status, count in done.counts.items() if status in ("fail", "warn", "unknown", "broken")
        )
        click.echo(f"{done.verdict:<20} {safe(done.target)}" + (f"  {safe(tail)}" if tail else ""))

    if targets.is_file() and targets.suffix.lower() != ".toml":
        refuse_json(targets, "targets")
    try:
        output.mkdir(parents=True, exist_ok=True, mode=0o700)
        finished = asyncio.run(audit(read_targets(targets), world, output, jobs=jobs, say=say))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    except (OSError, ValueError) as error:
        raise invalid(f"{targets}: {error}") from None
    if not finished:
        raise invalid(f"{targets}: there is nothing to check in it; write one domain or settings file on each line")
    click.echo(
        f"{len(finished)} targets; overview: {safe(str(output / 'index.html'))}, results: {safe(str(output / 'audit.jsonl'))}",
        err=True,
    )
    return exits.worst(done.exit_code for done in finished)
