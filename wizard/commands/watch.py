"""`sendready watch`: waits until a change of DNS can be seen."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from wizard import exits
from wizard.options import World, addresses, domain, words, world_options
from wizard.terminal import columns, safe, tell

HOUR = 3_600.0
WEEK = 7 * 24 * HOUR  # names of a zone are rarely remembered longer


@click.command("watch")
@click.argument("domain_name", callback=domain, metavar="DOMAIN")
@click.argument("codes", nargs=-1, required=True, metavar="CODE..")
@click.option(
    "--interval",
    type=click.FloatRange(0.1, HOUR),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait between two looks.",
)
@click.option(
    "--sending-ip",
    "sending_ips",
    multiple=True,
    callback=addresses,
    metavar="IP",
    help="An address that mail is sent from. Repeatable.",
)
@click.option("--selector", "selectors", multiple=True, callback=words, metavar="S", help="A DKIM selector. Repeatable.")
@functools.partial(world_options, timeout=HOUR, longest=WEEK)
def command(
    *,
    world: World,
    domain_name: str,
    codes: tuple[str, ...],
    interval: float,
    sending_ips: tuple[str, ...],
    selectors: tuple[str, ...],
) -> int:
    """Wait until none of the CODEs is said of DOMAIN any more.

    For example: sendready watch example.org spf.missing

    The domain's own name servers are asked first, so that the usual name server does not remember that a record is missing. A CODE may
    also be a check (spf.record) or a family (spf): then all its faults must be gone.

    The exit code is 0 when they are gone, 2 when --timeout has passed before.
    """
    import asyncio  # noqa: PLC0415 - not needed for usage errors

    from checks.secret import LeakGuard  # noqa: PLC0415 - as above
    from checks.subject import DomainSubject  # noqa: PLC0415 - as above
    from wizard.run import live  # noqa: PLC0415 - as above
    from wizard.watch import End, Watch, wanted  # noqa: PLC0415 - as above

    if world.evidence:
        raise click.UsageError("watch looks at the world as it is now; --evidence is for check.")
    try:
        target = wanted(word for text in codes for word in text.split(",") if word)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    subject = DomainSubject(
        now=world.now,
        domain=domain_name,
        sending_ips=sending_ips,
        selectors=selectors,
        allow_private=world.allow_private,
    )

    async def go() -> tuple[End, Watch]:
        async with live(world, Path.cwd(), LeakGuard()) as gather:
            watch = Watch(subject=subject, wanted=target, gather=gather, say=teller(), interval=interval)
            return await watch.run(world.timeout), watch

    try:
        end, watch = asyncio.run(go())
    finally:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)
    if end is End.GONE:
        click.echo(f"Gone: {', '.join(codes)} is no longer said of {safe(domain_name)}.")
        for finding in watch.last.said:
            click.echo(f"  {finding.status}: {safe(finding.title)}")
        return exits.READY
    click.echo(f"Not gone after {world.timeout:g} seconds: {safe(watch.last.reason) or 'no look was finished'}")
    return exits.NOT_READY


def teller() -> Callable[[str], None]:
    """Return what shows the state: on a terminal one line that is written over, elsewhere a line for each change."""
    last = ""

    def show(text: str) -> None:
        nonlocal last
        width = columns()
        if width is not None:
            line = f"{datetime.now().astimezone():%H:%M:%S} {safe(text)}"
            sys.stderr.write(f"\r\x1b[K{line if len(line) < width else line[: width - 2] + '…'}")
            sys.stderr.flush()
        elif text != last:
            tell(text)
        last = text

    return show
