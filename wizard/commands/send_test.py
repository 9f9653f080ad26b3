"""`sendready send-test`: the one test message through one server, with everything that is learned on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from checks.evidence import Effect
from wizard import exits
from wizard.options import FORMATS, World, arrival_options, mailbox, template_option, world_options
from wizard.terminal import can_prompt, tell

FAMILIES = ("port", "tls", "service", "auth", "sender", "send")  # what a sending conversation shows
ARRIVAL_FAMILIES = ("arrival", "triangle")  # what the message shows that has arrived


@click.command("send-test")
@click.argument("settings", type=click.Path(path_type=Path), metavar="SETTINGS")
@click.option("--server", default="", metavar="NAME", help="The server to send through; the default server if left out.")
@click.option("--to", required=True, callback=mailbox, metavar="ADDRESS", help="The one recipient.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@template_option
@arrival_options
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write the reports there.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@world_options
def command(
    *,
    world: World,
    settings: Path,
    server: str,
    to: str,
    yes: bool,
    template: str,
    arrival: str | None,
    arrival_password: tuple[str, str] | None,
    output: Path | None,
    format_: str,
) -> int:
    """Send one test message to ADDRESS through a server of SETTINGS, and say what the server answered at each step.

    With --arrival imap://USER@HOST the message is followed to its mailbox, inbox or junk, and read there.
    """
    from wizard.arrival import asked, patient  # noqa: PLC0415 - heavy, and not needed for usage errors
    from wizard.commands.check import new_message_id  # noqa: PLC0415 - as above
    from wizard.documents import settings_of  # noqa: PLC0415 - as above
    from wizard.present import emit, prepare, progress_line, run_or_explain  # noqa: PLC0415 - as above
    from wizard.request import Request  # noqa: PLC0415 - as above
    from wizard.secrets import readable_by_others  # noqa: PLC0415 - as above
    from wizard.template import content_of  # noqa: PLC0415 - as above

    if not yes and not can_prompt():
        raise click.UsageError(
            "There is no terminal to confirm the sending at; nothing was sent. To send without a question, say --yes."
        )
    loaded = settings_of(settings)
    chosen = server or next((one.name for one in loaded.settings.servers if one.default), loaded.settings.servers[0].name)
    try:
        through = loaded.settings.server(chosen)
    except KeyError:
        names = ", ".join(one.name for one in loaded.settings.servers)
        raise click.UsageError(f'There is no server "{server}" in {settings}. Its servers: {names}.') from None
    brought = asked(arrival, password=arrival_password, to=to, sends=True)
    if brought.readings:
        tell("The saved message is judged as it is; it need not be the one that is sent now.")
    base = settings.resolve().parent
    content = content_of(template, loaded.settings, base)
    sender = (content.from_email if content else "") or through.sender.email
    tell(f"One test message to {to}, as {sender}, through {through.name} ({through.host}:{through.port}).")
    if not yes and not _confirmed():
        tell("Nothing was sent.")
        return exits.INTERRUPTED
    for warning in readable_by_others([through], base):
        tell(f"Warning: {warning}")
    request = Request(
        settings=loaded.settings,
        name=settings.name,
        file=str(settings),
        server=through.name,
        allow_private=world.allow_private,
        to=to,
        message=new_message_id(),
        content=content,
        arrival=brought.arrival,
        only=families(brought.arrival is not None),
    )
    prepare(output)
    world = (patient(world) if brought.waits else world).renewed()
    progress = progress_line(sys.stderr)
    ran = run_or_explain(request, world, allow=frozenset(Effect), base=base, progress=progress, given=brought.readings)
    emit(ran, format_, output)
    return ran.report.exit_code


def families(arrival: bool) -> tuple[str, ...]:
    """Return the families of checks about sending, and about what arrived if that is looked at."""
    from checks.catalogue import find  # noqa: PLC0415 - heavy, and not needed for usage errors

    return (*FAMILIES, *(name for name in ARRIVAL_FAMILIES if arrival and find(name)))


def _confirmed() -> bool:
    try:
        return click.confirm("Send it?", default=True, err=True)
    except click.Abort:
        click.echo(err=True)
        return False
