"""`sendready explain`: the manual of a check, a code, or a server's reply."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from wizard import exits
from wizard.terminal import safe

FAMILIES = {
    "microsoft": "Microsoft",
    "google": "Google",
    "yahoo": "Yahoo",
}  # whose replies the table knows (checks.tables.replies)
if TYPE_CHECKING:
    from checks.tables.replies import Cause

MAX_PASTED = 16_384  # octets of standard input; a reply is in its first lines, and a log has no end
CLOSE = 0.75  # two letters changed places in a short code; what is farther off is another word


@click.command("explain")
@click.argument("words", nargs=-1, metavar="[CODE-OR-REPLY]")
@click.option(
    "--provider",
    default="",
    metavar="ID",
    help="Whose server gave the reply, as `sendready providers` names it, where the words alone do not show it: microsoft365, gmail ...",
)
def command(words: tuple[str, ...], provider: str) -> int:
    """Explain a finding's code (spf.multiple-records), a check (spf.record), a family (spf) or a reply that a server gave.

    Without an argument, list every check. A reply may be pasted as it stands in a log; put it in quotes, or write "-" to have it read
    from standard input.
    """
    from checks.catalogue import catalogue, find  # noqa: PLC0415 - imports every rule
    from reports.handbook import check_text, index  # noqa: PLC0415 - as above

    text = _piped() if words == ("-",) else " ".join(words).strip()
    if not text and words:
        click.echo('There is nothing to explain. Example: sendready explain "535 5.7.8 Authentication failed"', err=True)
        return exits.USAGE
    if not text:
        click.echo(index(catalogue()), nl=False)
        return exits.READY
    if found := find(text.lower()):
        click.echo("\n\n".join(check_text(check, code=text.lower(), width=_width()) for check in found), nl=False)
        return exits.READY
    cause, by = _causes(text, provider)
    if cause or by or _is_reply(text):
        return _reply(text, cause, by)
    import difflib  # noqa: PLC0415 - only for a slip of the pen

    known = sorted(
        {code for check in catalogue() for code in (check.id, check.family, *(outcome.code for outcome in check.outcomes))}
    )
    near = difflib.get_close_matches(text.lower(), known, n=3, cutoff=CLOSE)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`sendready explain` lists every check."
    click.echo(f'"{safe(text[:200])}" is no code of sendready and does not look like a server\'s reply. {hint}', err=True)
    return exits.USAGE


def _piped() -> str:
    """Read what comes by standard input, up to a bound."""
    raw = sys.stdin.buffer.read(MAX_PASTED) if sys.stdin else b""
    return raw.decode("utf-8", "replace").strip()


def _is_reply(text: str) -> bool:
    """Whether this is, or has in it, what a server said: a code in front (RFC 5321 section 4.2), or an enhanced one anywhere."""
    import re  # noqa: PLC0415 - `--help` needs none of this

    from checks.tables.replies import parse_reply  # noqa: PLC0415 - reads its table

    if re.match(r"[2-5][0-9]{2}(?![0-9])|[245]\.[0-9]{1,3}\.[0-9]", text):
        return True
    found = parse_reply(text)
    if found is None or not found.enhanced:
        return False
    return bool(found.code) or found.enhanced.split(".")[1] in "01234567"  # the subjects of RFC 3463; 4.96.2 is a version


def _causes(text: str, provider: str) -> tuple[Cause | None, dict[str, Cause]]:
    """Return what a reply means, or what it means where certain providers say it. Raises `UsageError` for a provider that is none."""
    from checks.tables import provider as known  # noqa: PLC0415 - reads its table
    from checks.tables.replies import classify_text, provider_family  # noqa: PLC0415 - as above

    if provider and not (known(provider) or provider_family(provider)):
        raise click.UsageError(f'There is no provider "{safe(provider[:60])}"; `sendready providers` lists them.')
    cause = classify_text(text, provider)
    theirs = {} if cause or provider else {name: classify_text(text, family) for family, name in FAMILIES.items()}
    return cause, {name: one for name, one in theirs.items() if one is not None}


def _reply(text: str, cause: Cause | None, by: dict[str, Cause]) -> int:
    from reports.handbook import cause_page  # noqa: PLC0415 - imports every rule

    click.echo(cause_page(text, cause, by=by, width=_width()), nl=False)
    return exits.READY


def _width() -> int:
    import shutil  # noqa: PLC0415 - only for what is wrapped

    from reports.handbook import WIDTH  # noqa: PLC0415 - imports every rule

    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
