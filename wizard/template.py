"""A template of the settings as the words of the test message. Reads its file; sends nothing."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path

import click

from checks.records.message import MAX_TEMPLATE
from checks.settings import Settings, Template
from checks.subject import Content
from wizard.terminal import safe

PAGES = (".html", ".htm")
TEXTS = (".txt", ".text")


def content_of(name: str, settings: Settings, base: Path) -> Content | None:
    """Return what the template of that name says; None without a name. Raises click's errors with a sentence.

    `base`: the directory that the template's file is relative to.
    """
    if not name:
        return None
    template = _named(name, settings)
    text = _read(template.file, base) if template.file else ""
    is_page = Path(template.file or "").suffix.lower() in PAGES
    return Content(
        title=template.subject,
        text="" if is_page else text,
        page=text if is_page else "",
        unsubscribe=template.unsubscribe or "",
        from_email=template.sender or "",
        reply_to=template.reply_to or "",
    )


def _named(name: str, settings: Settings) -> Template:
    for template in settings.templates:
        if template.name.casefold() == name.casefold():
            return template
    known = [template.name for template in settings.templates]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Its templates: {', '.join(known[:20])}." if known else "It has none."
    raise click.UsageError(f'There is no template "{safe(name[:100])}" in the settings. {safe(hint)}')


def _read(name: str, base: Path) -> str:
    """Read a template, and nothing that is none: what stands in the settings is sent to somebody."""
    path = base / name
    try:
        really = path.resolve()  # a link may lead anywhere
    except (OSError, RuntimeError):
        raise click.UsageError(f"The template {safe(str(path))} cannot be read: its links lead nowhere.") from None
    if not {path.suffix.lower(), really.suffix.lower()} <= {*PAGES, *TEXTS}:
        raise click.UsageError(f"The template {safe(str(path))} is neither text (.txt) nor a page (.html).")
    if not Path(name).is_absolute() and not really.is_relative_to(base.resolve()):
        raise click.UsageError(
            f"The template {safe(name)} is not in the directory of the settings. Put it there, or write its whole path, beginning with /."
        )
    try:
        # Opened without waiting, so that a pipe in the file's place cannot hang us.
        descriptor = os.open(really, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise click.UsageError(f"The template {safe(str(path))} is not an ordinary file.")
            octets = file.read(4 * MAX_TEMPLATE + 1)
    except OSError as error:
        raise click.UsageError(f"The template {safe(str(path))} cannot be read: {error.strerror or error}.") from None
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"The template {safe(str(path))} is not UTF-8 text. Save it as UTF-8, then try again.") from None
    if len(text) > MAX_TEMPLATE:
        raise click.UsageError(f"The template {safe(str(path))} has more than {MAX_TEMPLATE:,} characters.")
    if not text.strip():
        raise click.UsageError(f"The template {safe(str(path))} is empty.")
    return text
