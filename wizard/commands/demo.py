"""`sendready demo`: the whole thing on an embedded lab."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    metavar="DIR",
    help="Where the reports go.",
)
def command(output: Path) -> int:
    """Check two made-up customers, a healthy one and one with typical faults, on servers that live for some seconds.

    Everything stays on this machine (127.0.0.1).
    """
    try:
        from wizard.demo.run import demonstrate  # noqa: PLC0415 - needs the demo extra
    except ModuleNotFoundError as error:
        if error.name != "aiosmtpd":
            raise
        raise click.ClickException(
            'the demo needs its mail server: pip install "sendready[demo]" (from a checkout: pip install ".[demo]", or just make demo)'
        ) from None
    return demonstrate(output)
