"""`sendready dkim`: makes keys for signing mail. Checking what is published is `sendready check`."""

from __future__ import annotations

from pathlib import Path

import click

from wizard import exits
from wizard.dkim_key import BITS, TYPES
from wizard.options import domain as read_domain
from wizard.terminal import safe

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, in text without the last dot
LONGEST_LABEL = 63  # RFC 1035 section 2.3.4
TTL = 3600


@click.group("dkim")
def command() -> None:
    """Make keys for signing mail (DKIM)."""


def _selector(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    from wizard.parsing import selectors  # noqa: PLC0415 - pydantic is slow to import

    try:
        found = selectors(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if len(found) != 1:
        raise click.BadParameter("give one selector, like mail2026")
    if any(not 0 < len(label) <= LONGEST_LABEL for label in found[0].split(".")):
        raise click.BadParameter(f"a selector has at most {LONGEST_LABEL} characters between dots")
    return found[0]


@command.command("new-key")
@click.option("--domain", required=True, callback=read_domain, metavar="D", help="The domain that mail is written from.")
@click.option("--selector", required=True, callback=_selector, metavar="S", help="A new name for this key, like mail2026.")
@click.option(
    "--bits",
    type=click.Choice([str(bits) for bits in BITS]),
    help=f"Length of an RSA key; {BITS[0]} if nothing is said.",
)
@click.option("--type", "kind", type=click.Choice(TYPES), default=TYPES[0], show_default=True, help="Every receiver knows rsa.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the private key goes; the present directory if nothing is said.",
)
def new_key(*, domain: str, selector: str, bits: str | None, kind: str, output: Path) -> int:
    """Make a key pair: the private key as a file for the mail server, the public one as a DNS record to publish.

    The private key is never shown, and a file that exists is never overwritten.
    """
    from wizard import dkim_key  # noqa: PLC0415 - not needed for usage errors
    from wizard.output import prepare  # noqa: PLC0415 - jinja2 is slow to import
    from wizard.present import invalid  # noqa: PLC0415 - as above

    if bits and kind != "rsa":
        raise click.UsageError("--bits is for RSA keys; a key of the type ed25519 has one length.")
    name = f"{selector}._domainkey.{domain}"
    if len(name) > LONGEST_NAME:
        raise click.UsageError(f"The name {name} would have more than {LONGEST_NAME} characters; choose a shorter selector.")
    path = output / f"{name}.pem"
    pair = dkim_key.make(kind, int(bits or BITS[0]))
    try:
        prepare(output)
        dkim_key.keep(path, pair.private)
    except FileExistsError:
        raise invalid(f"{path} exists and was left as it is; choose another selector, or another directory (--output)") from None
    except OSError as error:
        raise invalid(f"{path}: {error.strerror or error}") from None
    click.echo(safe(_told(domain, selector, pair.record, path, kind), keep_newlines=True))
    return exits.READY


def _told(domain: str, selector: str, record: str, path: Path, kind: str) -> str:
    """Return what to publish, in every form that DNS panels want, and what to do next."""
    from reports.zone import quoted, zone_of  # noqa: PLC0415 - as in the command

    name = f"{selector}._domainkey.{domain}"
    zone = zone_of(domain) or domain
    strings = " ".join(quoted(record) or (f'"{record}"',))
    relative = name.removesuffix(f".{zone}")
    lines = [
        f"The private key is in {path}",
        "Only you can read this file. Whoever has it can sign mail as your domain: give it to the mail server and to nobody else.",
        "",
        "The DNS record to publish",
        f"  Type   TXT, TTL {TTL} or what the panel proposes",
        f"  Name   {name}",
        f"         {relative}   (where the panel adds {zone} by itself)",
    ]
    if zone != domain:
        lines.append(f"         {selector}._domainkey   (where {domain} is a zone of its own)")
    lines += [
        "",
        "  Value, in one string (most panels)",
        f"    {record}",
        "",
        "  Value, in quoted strings of at most 255 characters (where the panel refuses a long one)",
        f"    {strings}",
        "",
        "  Line of a zone file",
        f"    {name}. {TTL} IN TXT ( {strings} )",
        "",
        "What to do next",
        "  1. Add the record. Take one form of the value; all of them say the same.",
        f"  2. See that it can be read:  sendready check --domain {domain} --selector {selector}",
        f"  3. Only then let the mail server sign with this file, the selector {selector} and the domain {domain}.",
        "  4. A key that was in use before stays in DNS for some days, until all mail signed with it has arrived.",
    ]
    if kind == "ed25519":
        lines.append("  5. Not every receiver knows Ed25519: sign with an RSA key as well, under another selector.")
    return "\n".join(lines)
