"""Reads the files that commands are given, and tells them apart: one given to the wrong command gets the name of the right one."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wizard.present import invalid, load_or_explain

if TYPE_CHECKING:
    from wizard.store import Loaded

MAX_BYTES = 20_000_000  # evidence of a large domain has some hundred thousand

NAMES = {
    "report": "a report of sendready",
    "evidence": "an evidence file of sendready",
    "dispatcher": "a dispatcher config of sendready",
    "settings": "a settings file",
    "answers": "a file of answers for the wizard",
    "targets": "a list of targets",
}
INSTEAD = {
    "settings": "Settings are TOML; to make them: sendready wizard settings.toml",
    "answers": "Answers are TOML; the wizard writes them with --save-answers answers.toml",
    "targets": "A list has one domain or settings file on each line.",
}
"""What to give where a file is JSON and something else was wanted."""
USES = {
    "report": "To show it: sendready render",
    "evidence": "To judge it again: sendready judge",
    "dispatcher": "To see whether it is as it was checked: sendready verify",
    "settings": "To check it: sendready check",
    "answers": "To use it: sendready wizard --answers",
}


def text_of(path: Path, wanted: str) -> str:
    """Read a document. Raises click's errors with a sentence that tells apart what is missing, closed to us, or no text."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise click.UsageError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise click.UsageError(f"{path} is a folder; name the file in it.") from None
    except PermissionError:
        raise invalid(f"{path} cannot be read: permission denied. Run this as a user who may read it.") from None
    except OSError as error:
        raise invalid(f"{path} cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise invalid(f"{path}: this is not {NAMES[wanted]} (it is not even UTF-8 text).") from None


def unfit(path: Path, text: str, wanted: str, error: Exception) -> click.ClickException:
    """Say why a text is not the document that was wanted, and which command is for it."""
    kind = kind_of(text)
    if kind == wanted:
        return invalid(f"{path}: {error}")
    return invalid(f"{path}: this is not {NAMES[wanted]}{_but(kind, path)}")


def settings_of(path: Path) -> Loaded:
    """Load settings; if the file is another of our documents, or JSON, say so instead of complaining about its syntax."""
    try:
        return load_or_explain(path)
    except click.ClickException:
        refuse_json(path, "settings")
        if kind_of(_text(path)) != "answers":
            raise
        raise invalid(f"{path}: this is not {NAMES['settings']}{_but('answers', path)}") from None


def refuse_json(path: Path, wanted: str) -> None:
    """Raise if a file that does not fit is JSON: its syntax is not what is wrong with it."""
    if sentence := mistaken(path, wanted):
        raise invalid(f"{path}: {sentence}")


def mistaken(path: Path, wanted: str) -> str:
    """Say what a JSON file is instead of what was wanted (settings, answers or targets), and what to type; empty if it is none."""
    text = _text(path)
    if not _looks_like_json(text):
        return ""
    kind = kind_of(text)
    what = _but(kind, path) if kind else ", but JSON."
    return f"this is not {NAMES[wanted]}{what}\n{INSTEAD[wanted]}"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8-sig")
    except (OSError, ValueError):
        return ""


def _looks_like_json(text: str) -> bool:
    """Neither TOML nor a list of domains begins with a brace."""
    begin = text.lstrip()[:1]
    if begin != "[":
        return begin == "{"
    try:
        json.loads(text)  # a table of TOML begins with a bracket, too
    except (ValueError, RecursionError):
        return False
    return True


def _but(kind: str | None, path: Path) -> str:
    return f", but {NAMES[kind]}. {USES[kind]} {shlex.quote(str(path))}" if kind else "."


def kind_of(text: str) -> str | None:
    """Tell which of our documents a text looks like; None if it looks like none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _kind_of_toml(text)
    schema = document.get("schema") if isinstance(document, dict) else None
    match = re.fullmatch(r"sendready\.(report|evidence|dispatcher)/[0-9]+", schema) if isinstance(schema, str) else None
    return match[1] if match else None


def _kind_of_toml(text: str) -> str | None:
    from wizard.keys import known_key  # noqa: PLC0415 - only for a file that was mixed up

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    servers = document.get("servers")
    if "schema_version" in document or (
        isinstance(servers, list)
        and servers
        and all(isinstance(row, dict) and "port" in row and "name" in row for row in servers)
    ):
        return "settings"
    return "answers" if servers or any(known_key(key) for key in document) else None
