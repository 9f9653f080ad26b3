"""`sendready check`: a settings file, or a domain alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from checks.evidence import Effect
from wizard import exits
from wizard.options import (
    FORMATS,
    World,
    addresses,
    arrival_options,
    domain,
    effects,
    mailbox,
    selectors,
    template_option,
    words,
    world_options,
)
from wizard.terminal import tell


@click.command("check")
@click.argument("settings", required=False, type=click.Path(path_type=Path), metavar="[SETTINGS]")
@click.option("--domain", "domain_name", callback=domain, metavar="DOMAIN", help="Check this domain; no settings file is needed.")
@click.option("--server", default="", metavar="NAME", help="Check this server of the settings only.")
@click.option(
    "--sending-ip",
    "sending_ips",
    multiple=True,
    callback=addresses,
    metavar="IP",
    help="An address that mail is sent from. Repeatable.",
)
@click.option("--selector", "selectors", multiple=True, callback=selectors, metavar="S", help="A DKIM selector. Repeatable.")
@click.option(
    "--only",
    multiple=True,
    callback=words,
    metavar="CODE,..",
    help="Run these checks only: a family (spf), a check (spf.record) or a code.",
)
@click.option(
    "--blocklists",
    is_flag=True,
    help="Ask blocklists of the sending addresses. It tells their operators whose mail you look after.",
)
@click.option("--skip", multiple=True, callback=words, metavar="CODE,..", help="Leave these checks out.")
@click.option(
    "--allow",
    callback=effects,
    metavar="look,login,send",
    help="What may be done: look, try the password once, send the test message.  [default: look,login]",
)
@click.option(
    "--to",
    callback=mailbox,
    metavar="ADDRESS",
    help="The test address. The server is asked whether it takes mail for it; a message leaves only with --allow look,login,send.",
)
@template_option
@arrival_options
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.html, report.json, evidence.json and dispatcher.json there; calendar.ics too, if something expires or changes.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print.")
@world_options
def command(
    *,
    world: World,
    settings: Path | None,
    domain_name: str | None,
    server: str,
    sending_ips: tuple[str, ...],
    selectors: tuple[str, ...],
    blocklists: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    allow: frozenset[Effect] | None,
    to: str | None,
    template: str,
    arrival: str | None,
    arrival_password: tuple[str, str] | None,
    output: Path | None,
    format_: str,
) -> int:
    """Check SETTINGS (a file that the wizard wrote), or a domain alone with --domain.

    The exit code is the verdict: 0 ready, 1 ready with warnings, 2 not ready, 3 not fully tested.
    """
    if (settings is None) == (domain_name is None):
        raise click.UsageError("Give either a settings file or --domain DOMAIN, like: sendready check --domain example.org")
    if domain_name and (server or to or arrival_password or template):
        raise click.UsageError("--server, --to, --template and --arrival-password go with a settings file, not with --domain.")
    if domain_name and arrival and "://" in arrival:
        raise click.UsageError("With --domain, --arrival takes a saved message only; a mailbox goes with a settings file.")
    if to and Effect.SEND not in (allow or ()):
        tell(
            "Nothing is sent: the server is only asked whether it would take mail to that address (RCPT). To send the test message, add --allow look,login,send."
        )

    from wizard.arrival import Asked, asked, patient  # noqa: PLC0415 - heavy, and not needed for usage errors
    from wizard.documents import settings_of  # noqa: PLC0415 - as above
    from wizard.present import emit, prepare, progress_line, run_or_explain  # noqa: PLC0415 - as above
    from wizard.request import Request  # noqa: PLC0415 - as above
    from wizard.secrets import readable_by_others  # noqa: PLC0415 - as above
    from wizard.template import content_of  # noqa: PLC0415 - as above

    brought = Asked()
    if settings is None:
        allowed = allow if allow is not None else frozenset({Effect.LOOK})
        brought = asked(arrival, password=None, to="", sends=False)
        request = Request(
            domain=domain_name or "",
            name=domain_name or "",
            sending_ips=sending_ips,
            selectors=selectors,
            allow_private=world.allow_private,
            blocklists=blocklists,
            arrival=brought.arrival,
            only=only,
            skip=skip,
        )
        base = Path.cwd()
    else:
        loaded = settings_of(settings)
        allowed = allow if allow is not None else frozenset({Effect.LOOK, Effect.LOGIN})
        if server and server.casefold() not in {one.name.casefold() for one in loaded.settings.servers}:
            names = ", ".join(one.name for one in loaded.settings.servers)
            raise click.UsageError(f'There is no server "{server}" in {settings}. Its servers: {names}.')
        if Effect.SEND in allowed and not to:
            raise click.UsageError("To send the test message, name its one recipient: --to ADDRESS.")
        brought = asked(arrival, password=arrival_password, to=to or "", sends=Effect.SEND in allowed)
        request = Request(
            settings=loaded.settings,
            name=settings.name,
            file=str(settings),
            server=server,
            sending_ips=sending_ips,
            selectors=selectors,
            allow_private=world.allow_private,
            blocklists=blocklists,
            to=to or "",
            message=new_message_id() if Effect.SEND in allowed else "",
            content=content_of(template, loaded.settings, settings.resolve().parent) if Effect.SEND in allowed else None,
            arrival=brought.arrival,
            only=only,
            skip=skip,
        )
        base = settings.resolve().parent
        used = [one for one in loaded.settings.servers if not server or one.name.casefold() == server.casefold()]
        for warning in readable_by_others(used, base):
            tell(f"Warning: {warning}")
    prepare(output)
    world = patient(world) if brought.waits else world
    progress = progress_line(sys.stderr)
    ran = run_or_explain(request, world, allow=allowed, base=base, progress=progress, given=brought.readings)
    emit(ran, format_, output)
    return ran.report.exit_code


def new_message_id() -> str:
    """Return a fresh id for a test message; the report repeats it, so that the message can be found."""
    import secrets  # noqa: PLC0415 - only where a message is sent

    return f"sendready-{secrets.token_hex(8)}"


__all__ = ["command", "exits", "new_message_id"]
