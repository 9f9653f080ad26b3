"""`sendready receive`: listens for the one test message on a machine that the MX of a domain points to."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wizard import exits
from wizard.terminal import safe, tell

if TYPE_CHECKING:
    from wizard.receive import Keeper

DAY = 86_400.0


def listening(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, int]:
    """Read ADDRESS:PORT. The address must be given: whether strangers can reach it is the person's choice."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+|localhost)):([0-9]{1,5})", value.strip())
    try:
        address = (
            "127.0.0.1"
            if match and match[2] == "localhost"
            else str(ipaddress.ip_address((match[1] or match[2]) if match else ""))
        )
    except ValueError:
        match = None
    if match is None or int(match[3]) > 65535:
        raise click.BadParameter("give an IP address of this machine and a port, like 192.0.2.7:25, 0.0.0.0:25 or [::]:25")
    return address, int(match[3])


@click.command("receive")
@click.option(
    "--listen",
    required=True,
    callback=listening,
    metavar="ADDRESS:PORT",
    help="An IP address of this machine and the port, like 0.0.0.0:25 for all; port 0 chooses a free one.",
)
@click.option(
    "--expect",
    default="",
    metavar="MESSAGE-ID",
    help="Take only the message with this Message-ID or test id; refuse others and go on waiting.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    metavar="DIR",
    help="Write the message and what the connection showed there.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, DAY),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the message.",
)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PEM",
    help="The certificate for STARTTLS; one is made on the spot if left out.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PEM",
    help="The key of the certificate, if it is in a file of its own.",
)
@click.option("--no-tls", is_flag=True, help="Offer no encryption.")
@click.option("--name", default="", metavar="NAME", help="How the receiver calls itself; this machine's full name if left out.")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="What to print."
)
def command(
    *,
    listen: tuple[str, int],
    expect: str,
    output: Path,
    timeout: float,
    certificate: Path | None,
    key: Path | None,
    no_tls: bool,
    name: str,
    format_: str,
) -> int:
    """Take one message by SMTP and write it down with what its connection showed.

    For a machine that the MX of the test address's domain points to. The message is taken for any recipient, stored, and never passed
    on; nobody can log in. Afterwards: sendready check SETTINGS --arrival FILE

    The exit code is 0 when a message was taken, 2 when --timeout has passed before.
    """
    if key and not certificate:
        raise click.UsageError("--key goes with --certificate.")
    if no_tls and certificate:
        raise click.UsageError("Give either --certificate or --no-tls.")
    if name and not re.fullmatch(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", name):
        raise click.UsageError("--name: give a host name, like mx.example.org")

    import asyncio  # noqa: PLC0415 - not needed for usage errors

    from checks.gather.receiver import CannotListenError, Receiver, own_name  # noqa: PLC0415 - as above
    from checks.gather.receiver_tls import own_context  # noqa: PLC0415 - as above
    from wizard.present import invalid, prepare  # noqa: PLC0415 - as above
    from wizard.receive import Keeper  # noqa: PLC0415 - as above

    prepare(output)
    name = name or own_name()
    try:
        context = None if no_tls else own_context(certificate, key, name)
    except ValueError as error:
        raise invalid(str(error)) from None
    address, port = listen
    if not ipaddress.ip_address(address).is_loopback and not expect:
        tell("Whoever reaches this port can hand in the one message that is taken; --expect MESSAGE-ID takes the right one only.")
    keeper = Keeper(output)
    receiver = Receiver(name=name, context=context, keep=keeper, say=tell, expected=expect)
    try:
        asyncio.run(receiver.run(address, port, timeout))
    except CannotListenError as error:
        raise invalid(f"--listen {address}:{port}: {error}") from None
    _emit(keeper, format_, timeout)
    return exits.READY if keeper.message else exits.NOT_READY


def _emit(keeper: Keeper, format_: str, seconds: float) -> None:
    if format_ == "json":
        import json  # noqa: PLC0415 - as above

        where = {"path": str(keeper.message), "note": str(keeper.note)} if keeper.message else {}
        click.echo(json.dumps({**keeper.document, **where}, indent=1, ensure_ascii=True))
    elif keeper.message:
        from reports.observations import readable  # noqa: PLC0415 - as above

        connection = keeper.document["connection"]
        click.echo(f"Received: {safe(str(keeper.message))}")
        click.echo(f"  from      {safe(connection['address'])}, which calls itself {safe(readable(connection['helo']))}")
        click.echo(
            f"  envelope  <{safe(readable(connection['mail_from']))}> to {safe(readable(', '.join(connection['rcpt_to'])))}"
        )
        click.echo(f"  TLS       {safe(connection['tls_version'] or 'none')} {safe(connection['tls_cipher'])}".rstrip())
        click.echo(f"To look at it: sendready check SETTINGS --arrival {safe(str(keeper.message))}")
    else:
        click.echo(f"No message came within {seconds:g} seconds.")
