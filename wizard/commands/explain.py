"""`sendready explain`: the manual of a check, a code, or a server's reply."""

from __future__ import annotations

import click

from wizard import exits
from wizard.terminal import safe

CLOSE = 0.75  # two letters changed places in a short code; what is farther off is another word


@click.command("explain")
@click.argument("words", nargs=-1, metavar="[CODE-OR-REPLY]")
def command(words: tuple[str, ...]) -> int:
    """Explain a finding's code (spf.multiple-records), a check (spf.record), a family (spf) or a reply that a server gave.

    Without an argument, list every check.
    """
    from checks.catalogue import catalogue, find  # noqa: PLC0415 - imports every rule
    from reports.handbook import check_text, index  # noqa: PLC0415 - as above

    text = " ".join(words).strip()
    if not text:
        click.echo(index(catalogue()), nl=False)
        return exits.READY
    if found := find(text.lower()):
        click.echo("\n\n".join(check_text(check, code=text.lower(), width=_width()) for check in found), nl=False)
        return exits.READY
    if text[:1].isdigit():
        return _reply(text)
    import difflib  # noqa: PLC0415 - only for a slip of the pen

    known = sorted(
        {code for check in catalogue() for code in (check.id, check.family, *(outcome.code for outcome in check.outcomes))}
    )
    near = difflib.get_close_matches(text.lower(), known, n=3, cutoff=CLOSE)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`sendready explain` lists every check."
    click.echo(f'"{safe(text[:200])}" is no code of sendready and does not look like a server\'s reply. {hint}', err=True)
    return exits.USAGE


def _reply(text: str) -> int:
    from checks.tables.replies import classify_text  # noqa: PLC0415 - reads its table
    from reports.handbook import cause_page  # noqa: PLC0415 - as above

    click.echo(cause_page(text[:2000], classify_text(text[:2000]), width=_width()), nl=False)
    return exits.READY


def _width() -> int:
    import shutil  # noqa: PLC0415 - only for what is wrapped

    from reports.handbook import WIDTH  # noqa: PLC0415 - imports every rule

    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
