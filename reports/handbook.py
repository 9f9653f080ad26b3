"""The handbook, made from the catalogue: pages of checks and of server replies, for `sendready explain` and docs/checks."""

from __future__ import annotations

import string
from collections.abc import Iterable

from checks.catalogue import HEADINGS, Check
from checks.model import Outcome, Owner
from checks.tables.replies import Cause
from reports.escape import line
from reports.words import OWNER

_STATUS_WORDS = {
    "pass": "fine",
    "note": "worth knowing",
    "warn": "warning",
    "fail": "must be mended",
    "unknown": "could not be determined",
    "not-applicable": "does not apply",
    "not-run": "not run",
    "broken": "bug of ours",
}


def index(checks: Iterable[Check]) -> str:
    """List every check with its title, one a line."""
    rows = [(check.id, check.title) for check in checks]
    width = max((len(name) for name, _ in rows), default=0)
    return "".join(f"{name:<{width}}  {title}\n" for name, title in rows)


def check_page(check: Check, *, code: str = "") -> str:
    """Describe one check as Markdown; the outcome of `code` first, if it is one of them."""
    lines = [f"# {check.id}: {check.title}", ""]
    lines += [line for outcome in check.everything if outcome.code == code for line in _outcome(outcome)]
    for heading in HEADINGS:
        lines += [f"## {heading}", "", check.sections[heading], ""]
    lines += ["## What it can say", "", "| code | status | sentence |", "| --- | --- | --- |"]
    lines += [f"| `{outcome.code}` | {_statuses(outcome)} | {_generic(outcome.title)} |" for outcome in check.outcomes]
    references = dict.fromkeys(reference for outcome in check.outcomes for reference in outcome.references)
    if references:
        lines += ["", "## References", "", *(f"- {reference}" for reference in references)]
    if check.informational:
        lines += ["", "For information: not being able to tell does not stand in the way of *ready*."]
    return "\n".join(lines) + "\n"


def _outcome(outcome: Outcome) -> list[str]:
    lines = [f"**{outcome.code}** ({_statuses(outcome)}): {_generic(outcome.title)}", ""]
    if outcome.steps:
        lines += [f"{number}. {_generic(step)}" for number, step in enumerate(outcome.steps, start=1)]
        lines.append("")
    return lines


def _statuses(outcome: Outcome) -> str:
    return " or ".join(_STATUS_WORDS[status.value] for status in (outcome.status, *outcome.weighs))


def _generic(template: str) -> str:
    """Show a template with its arguments as words: "{domain} publishes" reads "<domain> publishes"."""
    parts = string.Formatter().parse(template)
    return "".join(text + (f"<{name.replace('_', ' ')}>" if name else "") for text, name, _, _ in parts).replace("|", "\\|")


def cause_page(reply: str, cause: Cause | None) -> str:
    """Explain a server's reply; an unknown one is shown as it came and never guessed at."""
    if cause is None:
        return f"The server said: {line(reply)}\n\nThis reply is in none of our tables, so we do not guess. Show it to whoever runs the server.\n"
    lines = [
        f"The server said: {line(reply)}",
        "",
        f"It means: {cause.meaning}.",
        "",
        f"Who can change it: {OWNER[Owner(cause.owner)].inline}.",
    ]
    lines += [f"{number}. {step}" for number, step in enumerate(cause.steps, start=1)]
    return "\n".join([*lines, "", f"Source: {cause.source} (read {cause.checked.isoformat()})"]) + "\n"
