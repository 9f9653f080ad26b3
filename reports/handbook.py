"""The handbook, made from the catalogue: Markdown for docs/checks, plain text for `sendready explain`."""

from __future__ import annotations

import string
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from checks.catalogue import HEADINGS, Check
from checks.model import Outcome, Owner
from checks.tables.replies import Cause
from reports.escape import line
from reports.words import OWNER

WIDTH = 100  # of plain text, at most
MAX_SAID = 2_048  # characters of a server's reply that are shown; RFC 5321 section 4.5.3.1.5 allows 512 a line

_STATUS_WORDS = {
    "pass": "fine",
    "note": "worth knowing",
    "warn": "warning",
    "fail": "must be fixed",
    "unknown": "could not be determined",
    "not-applicable": "does not apply",
    "not-run": "not run",
    "broken": "bug of ours",
}
SAYS = "What it can say"
READ_ON = "References"
INFORMATIONAL = 'For information: not being able to tell does not stand in the way of "ready".'


def index(checks: Iterable[Check]) -> str:
    """List every check with its title, one a line."""
    rows = [(check.id, check.title) for check in checks]
    width = max((len(name) for name, _ in rows), default=0)
    return "".join(f"{name:<{width}}  {title}\n" for name, title in rows)


def check_page(check: Check) -> str:
    """Describe one check as Markdown."""
    lines = [f"# {check.id}: {check.title}", ""]
    for heading in HEADINGS:
        lines += [f"## {heading}", "", check.sections[heading], ""]
    lines += [f"## {SAYS}", "", "| code | status | sentence |", "| --- | --- | --- |"]
    lines += [f"| `{outcome.code}` | {_statuses(outcome)} | {_cell(outcome.title)} |" for outcome in check.outcomes]
    if references := _references(check):
        lines += ["", f"## {READ_ON}", "", *(f"- {reference}" for reference in references)]
    if check.informational:
        lines += ["", INFORMATIONAL]
    return "\n".join(lines) + "\n"


def check_text(check: Check, *, code: str = "", width: int = WIDTH) -> str:
    """Describe one check for a terminal; the outcome of `code` first, if it is one of them."""
    return "\n".join(_check_text(check, code, min(width, WIDTH))) + "\n"


def _check_text(check: Check, code: str, width: int) -> Iterator[str]:
    title = f"{check.id}: {check.title}"
    yield from _wrapped(title, width)
    yield "=" * min(len(title), width)
    for outcome in check.everything:
        if outcome.code == code:
            yield ""
            yield from _outcome(outcome, width)
            yield from _numbered([_generic(step) for step in outcome.steps], width)
    for heading in HEADINGS:
        yield from ("", heading)
        for number, paragraph in enumerate(check.sections[heading].split("\n\n")):
            if number:
                yield ""
            yield from _wrapped(" ".join(paragraph.split()), width, "  ")
    yield from ("", SAYS)
    for outcome in check.outcomes:
        yield from _outcome(outcome, width, "  ")
    if references := _references(check):
        yield from ("", READ_ON, *(f"  {reference}" for reference in references))
    if check.informational:
        yield ""
        yield from _wrapped(INFORMATIONAL, width)


def _outcome(outcome: Outcome, width: int, indent: str = "") -> Iterator[str]:
    yield f"{indent}{outcome.code} ({_statuses(outcome)})"
    yield from _wrapped(_generic(outcome.title), width, f"{indent}    ")


def _numbered(steps: Iterable[str], width: int) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        yield from _wrapped(step, width, "       ", f"    {number}. ")


def _wrapped(text: str, width: int, indent: str = "", first: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first or indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _references(check: Check) -> list[str]:
    return list(dict.fromkeys(reference for outcome in check.outcomes for reference in outcome.references))


def _statuses(outcome: Outcome) -> str:
    return " or ".join(_STATUS_WORDS[status.value] for status in (outcome.status, *outcome.weighs))


def _generic(template: str) -> str:
    """Show a template with its arguments as words: "{domain} publishes" reads "<domain> publishes"."""
    parts = string.Formatter().parse(template)
    return "".join(text + (f"<{name.replace('_', ' ')}>" if name else "") for text, name, _, _ in parts)


def _cell(template: str) -> str:
    return _generic(template).replace("|", "\\|")


UNEXPLAINED = "This reply is in none of our tables, so we do not guess. Show it to whoever runs the server."
NO_REFUSAL = {  # by the first digit, RFC 5321 section 4.2.1
    "2": "This is no refusal: a reply that begins with 2 says that the server did what it was asked.",
    "3": "This is no refusal: a reply that begins with 3 says that the server is ready for what comes next.",
}


def cause_page(reply: str, cause: Cause | None, *, by: Mapping[str, Cause] = MappingProxyType({}), width: int = WIDTH) -> str:
    """Explain a server's reply for a terminal; an unknown one is shown as it came and never guessed at.

    `by`: what it means where a certain provider's servers say it, by the provider's name; for a reply without a cause of its own.
    """
    said = [*_wrapped(f"The server said: {_on_one_line(reply)}", width), ""]
    if cause is not None:
        return "\n".join([*said, *_wrapped(f"It means: {cause.meaning}.", width), "", *_what_to_do(cause, width)]) + "\n"
    if not by:
        return "\n".join([*said, *_wrapped(NO_REFUSAL.get(reply.strip()[:1], UNEXPLAINED), width)]) + "\n"
    rows = [*said, *_wrapped("Its words do not show whose server it was, and only some providers explain this reply.", width)]
    for provider, theirs in by.items():
        rows += [
            "",
            *_wrapped(f"From a server of {provider}, it means: {theirs.meaning}.", width),
            "",
            *_what_to_do(theirs, width),
        ]
    return "\n".join(rows) + "\n"


def _on_one_line(reply: str) -> str:
    """Line ends are how it was pasted, not what was said; anything else that cannot be seen is written out."""
    flat = " ".join(reply.split())
    return (
        line(flat, MAX_SAID)
        if len(flat) <= MAX_SAID
        else f"{line(flat[:MAX_SAID], MAX_SAID)} ... (cut here; {len(flat):,} characters in all)"
    )


def _what_to_do(cause: Cause, width: int) -> list[str]:
    return [
        *([f"In the settings: {cause.field}", ""] if cause.field else []),
        f"Who can change it: {OWNER[Owner(cause.owner)].inline}.",
        *_numbered(cause.steps, width),
        "",
        f"Source: {cause.source} (read {cause.checked.isoformat()})",
    ]
