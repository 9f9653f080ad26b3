"""`sendready providers`: what is known of mail providers, and from where."""

from __future__ import annotations

import click

from wizard import exits
from wizard.terminal import safe


@click.command("providers")
@click.argument("name", required=False, metavar="[ID]")
def command(name: str | None) -> int:
    """List the known mail providers, or show what is known of one and from where."""
    from checks.tables import provider, providers  # noqa: PLC0415 - reads its table

    if name is None:
        width = max(len(row.id) for row in providers())
        click.echo("".join(f"{row.id:<{width}}  {row.name}\n" for row in providers()), nl=False)
        return exits.READY
    row = provider(name.lower())
    if row is None:
        import difflib  # noqa: PLC0415 - only for a slip of the pen

        near = difflib.get_close_matches(name.lower(), [known.id for known in providers()], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`sendready providers` lists them."
        click.echo(f'There is no provider "{safe(name[:100])}" in our table. {hint}', err=True)
        return exits.USAGE
    unknown = "not known from any source that we read"
    facts = [
        ("Name", row.name),
        ("Server", ", ".join(row.hosts) or unknown),
        ("Ports", ", ".join(f"{endpoint.port} ({endpoint.security})" for endpoint in row.endpoints) or unknown),
        ("Login by", ", ".join(row.auth) or unknown),
        ("SPF", f"include:{row.spf_include}" if row.spf_include else unknown),
        ("DKIM selectors", ", ".join(row.selectors) or unknown),
        ("Receives at", ", ".join(row.mx_patterns) or unknown),
        ("Read on", row.checked.isoformat()),
        ("Host confirmed", "by the provider or two maintained sources" if row.verified else "by one source only"),
    ]
    click.echo("".join(f"{label:<16}{value}\n" for label, value in facts), nl=False)
    click.echo("Sources\n" + "".join(f"  {source}\n" for source in row.sources), nl=False)
    return exits.READY
