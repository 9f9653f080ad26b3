"""`sendready spf`: RFC 7208 check_host for any identity."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import click

from wizard import exits
from wizard.options import World, addresses, world_options
from wizard.terminal import safe

if TYPE_CHECKING:
    from checks.evidence import Evidence
    from checks.records.spf_door import SpfResult
    from checks.records.spf_tree import Tree


def _sender(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Read an envelope sender. Lenient about its parts: what SPF says of a strange address is just what may be asked."""
    text = value.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    if text and ("@" not in text or text.endswith("@") or not text.isprintable()):
        raise click.BadParameter('give an address, like office@example.org, or "" for a bounce')
    return text


@click.command("spf")
@click.option("--ip", "ips", multiple=True, required=True, callback=addresses, metavar="ADDRESS", help="The sending address.")
@click.option("--mail-from", required=True, callback=_sender, metavar="ADDRESS", help='The envelope sender; "" for a bounce.')
@click.option("--helo", required=True, metavar="NAME", help="The name given in EHLO.")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="What to print."
)
@world_options
def command(*, world: World, ips: tuple[str, ...], mail_from: str, helo: str, format_: str) -> int:
    """Say what SPF answers for one sending address, envelope sender and EHLO name."""
    from checks.engine import Run  # noqa: PLC0415 - heavy
    from checks.gather.dns import DnsGatherer, system_nameservers  # noqa: PLC0415 - heavy
    from checks.gather.live import Live  # noqa: PLC0415 - heavy
    from checks.records.spf_door import Result, check_host  # noqa: PLC0415 - heavy
    from checks.records.spf_tree import outline, walk  # noqa: PLC0415 - heavy
    from wizard.run import saved_readings  # noqa: PLC0415 - heavy

    if len(ips) != 1:
        raise click.UsageError("Give one --ip.")

    async def go() -> tuple[SpfResult, Tree | None]:
        async with Live(dns=DnsGatherer(world.nameservers or system_nameservers())) as gather:
            return await Run(gather=gather, deadline=world.timeout, readings=saved_readings(world)).answer(question)

    def question(ev: Evidence) -> tuple[SpfResult, Tree | None]:
        found = check_host(ip=ips[0], mail_from=mail_from, helo=helo, ev=ev)
        return found, None if found.result in (Result.NONE, Result.TEMPERROR) else walk(mail_from.rpartition("@")[2] or helo, ev)

    found, tree = asyncio.run(go())
    if format_ == "json":
        document = {
            "result": found.result.value,
            "explanation": found.explanation or found.problem,
            "lookups": found.lookups,
            "void_lookups": found.void_lookups,
            "path": [f"{step.domain}: {step.term}" for step in found.path],
        }
        click.echo(json.dumps(document, indent=2))
        return exits.READY
    click.echo(f"{found.result.value}: mail from {safe(mail_from or helo)} sent by {ips[0]}")
    for said in (found.problem, found.explanation):
        if said:
            click.echo(f"  {safe(said)}")
    for step in found.path:
        click.echo(f"  {safe(str(step))}")
    click.echo(f"  this message: {_lookups(found.lookups)} of 10, {found.void_lookups} of 2 that find nothing")
    if tree and tree.records:
        click.echo(f"  the whole record, at worst: {_lookups(tree.lookups)} of 10{safe(_doubt(tree))}")
        for line in outline(tree):
            click.echo(f"    {safe(line)}")
    return exits.READY


def _lookups(count: int) -> str:
    return "1 look-up" if count == 1 else f"{count} look-ups"


def _doubt(tree: Tree) -> str:
    """Say what keeps the number from being exact."""
    if tree.failures:
        return f", and what {tree.failures[0].probe.id} adds, which got no answer"
    return ", or more: a part of it cannot be used" if tree.broken else ""
