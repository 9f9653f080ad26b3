"""The settings as TOML text: written anew, or changed in place so that comments and order survive. Knows no file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, MutableMapping
from enum import Enum
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from checks.settings import Settings, parse

HEADER = "Settings of the mail dispatcher. Edit them here or with `sendready wizard`; check them with `sendready check`."
# Written even where they have their default: whoever reads the file should not have to know it.
ALWAYS = ("schema_version", "timezone", "dispatch", "mail_client")
ALWAYS_SERVER = ("name", "default", "filter", "sender", "host", "port", "security", "auth")
ALWAYS_LIMIT = ("max", "per", "unit", "window")


def to_document(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain data for TOML: what matters is spelled out, what is absent or a default is left out."""
    full = _plain(settings.model_dump(mode="python", exclude_none=True))
    found: dict[str, Any] = _plain(settings.model_dump(mode="python", exclude_none=True, exclude_defaults=True))
    for key in ("test_mode", "volume"):
        if not found.get(key):
            found.pop(key, None)
    wanted = {key: full[key] for key in full if key in found or key in ALWAYS}
    for key in wanted:
        if key in found and key not in ALWAYS and key != "servers":
            wanted[key] = found[key]
    if "test_mode" in wanted:
        wanted["test_mode"] = {"enabled": settings.test_mode.enabled, **wanted["test_mode"]}
    if settings.service is not None:
        wanted["service"] = full["service"]
    wanted["servers"] = [_server(whole, sparse) for whole, sparse in zip(full["servers"], found["servers"], strict=True)]
    return wanted


def _server(whole: dict[str, Any], sparse: dict[str, Any]) -> dict[str, Any]:
    kept = {
        key: whole[key] if key in ALWAYS_SERVER and key != "sender" else sparse[key]
        for key in whole
        if key in sparse or key in ALWAYS_SERVER
    }
    if "limit" in kept:
        kept["limit"] = {key: value for key, value in whole["limit"].items() if key in sparse["limit"] or key in ALWAYS_LIMIT}
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


def render(settings: Settings) -> str:
    """Write the settings as a new TOML file."""
    document = tomlkit.document()
    document.add(tomlkit.comment(HEADER))
    wanted = to_document(settings)
    tables = [key for key, value in wanted.items() if _is_table(value)]
    for key in [*(key for key in wanted if key not in tables), *(key for key in tables if key != "servers"), "servers"]:
        _put(document, key, wanted[key])
    return _checked(document, settings)


def _checked(document: tomlkit.TOMLDocument, settings: Settings) -> str:
    """Return the text, if it reads back as these settings."""
    text = document.as_string()
    if parse(tomllib.loads(text)) != settings:
        raise ValueError("the settings do not read back as they were written; this is a bug of sendready")
    return text


def change(document: tomlkit.TOMLDocument, old: Settings, new: Settings) -> str:
    """Return the text of the document with `old` turned into `new`: only what differs is touched.

    Where the document's layout cannot be edited safely, the file is written anew (the store keeps the old one as a revision).
    """
    try:
        _merge(document, _plain(old.model_dump(mode="python")), _plain(new.model_dump(mode="python")), to_document(new))
        return _checked(document, new)
    except (tomlkit.exceptions.TOMLKitError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return render(new)


def _merge(table: MutableMapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key, value in new.items():
        before = old.get(key)
        if before == value:
            continue
        if key not in wanted:
            table.pop(key, None)
        elif key == "servers":
            _merge_servers(table, before or [], value, wanted[key])
        elif key == "blocklist" and isinstance(table.get(key), list) and not isinstance(table.get(key), AoT):
            table[key] = _inline_list(wanted[key])
        elif isinstance(value, Mapping) and isinstance(before, Mapping) and isinstance(table.get(key), MutableMapping):
            _merge(table[key], before, value, wanted[key])
        else:
            if key in table and (_is_table(wanted[key]) or isinstance(table[key], MutableMapping | AoT)):
                table.pop(key)
            _put(table, key, wanted[key])


def _merge_servers(table: MutableMapping[str, Any], old: list[Any], new: list[Any], wanted: list[Any]) -> None:
    """Servers are recognised by name; a new name in the place of one that is gone is the same server, renamed."""
    present = table["servers"]
    places = {server["name"].casefold(): place for place, server in enumerate(old)}
    names = {server["name"].casefold() for server in new}
    free = [place for name, place in places.items() if name not in names]
    sources: list[int | None] = []
    for place, server in enumerate(new):
        found = places.get(server["name"].casefold())
        if found is None and place in free:
            found = place
        sources.append(found)
    if [source for source in sources if source is not None] != sorted(
        source for source in sources if source is not None
    ) or None in sources[: len(sources) - sources.count(None)]:
        raise ValueError("the servers change their order")  # the file is then written anew
    for place, source in enumerate(sources):
        if source is not None:
            _merge(present[source], old[source], new[place], wanted[place])
    for gone in sorted(set(range(len(old))) - {source for source in sources if source is not None}, reverse=True):
        del present[gone]
    for place, source in enumerate(sources):
        if source is None:
            present.append(_server_table(wanted[place]) if isinstance(present, AoT) else _inline(wanted[place]))


def _put(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    top = isinstance(table, tomlkit.TOMLDocument)
    if key == "servers":
        servers = tomlkit.aot()
        for server in value:
            servers.append(_server_table(server))
        table[key] = servers
    elif top and isinstance(value, Mapping):
        inner = tomlkit.table()
        inner.trivia.indent = "\n"  # tomlkit puts no blank line before a table
        for name, item in value.items():
            inner[name] = item
        table[key] = inner
    elif top and _is_table(value):
        rows = tomlkit.aot()
        for row in value:
            rows.append(_row(row))
        table[key] = rows
    elif isinstance(value, Mapping):
        table[key] = _inline(value)
    else:
        table[key] = _inline_list(value) if _is_table(value) else value


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _row(value: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    table.trivia.indent = "\n"
    for key, item in value.items():
        table[key] = item
    return table


def _server_table(value: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    table.trivia.indent = "\n"
    for key, item in value.items():
        table[key] = _inline(item) if isinstance(item, Mapping) else item
    return table


def _inline(value: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    for key, item in value.items():
        table[key] = _inline(item) if isinstance(item, Mapping) else item
    return table


def _inline_list(rows: list[Mapping[str, Any]]) -> Any:
    array = tomlkit.array()
    for row in rows:
        array.append(_inline(row))
    return array.multiline(len(rows) > 1)


# --- where something stands ---------------------------------------------------------------------------------------------

_HEADER_LINE = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY_LINE = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, field: str) -> int | None:
    """Return the line where a field ("servers[1].port") stands, or the nearest thing around it; None if nothing does."""
    wanted = [part for part in re.split(r"[.\[\]]+", field) if part]
    best: tuple[int, int] | None = None
    here: list[str] = []
    counts: dict[str, int] = {}
    quoted = ""
    for number, row in enumerate(text.split("\n"), 1):
        if quoted:
            quoted = "" if quoted in row else quoted
            continue
        if match := _HEADER_LINE.match(row):
            here = _resolved([_bare(part) for part in match[2].split(".")], counts, new_item=match[1] == "[[")
            found = here
        elif match := _KEY_LINE.match(row):
            found = [*here, *(_bare(part) for part in match[1].split("."))]
        else:
            continue
        for mark in ('"""', "'''"):
            if row.count(mark) % 2:
                quoted = mark
        if found == wanted[: len(found)] and (best is None or len(found) > best[0]):
            best = (len(found), number)
    return best[1] if best else None


def _resolved(path: list[str], counts: dict[str, int], *, new_item: bool) -> list[str]:
    """Put the number of the item behind each name that is an array of tables."""
    found: list[str] = []
    for place, part in enumerate(path):
        found.append(part)
        name = ".".join(found)
        if new_item and place == len(path) - 1:
            counts[name] = counts.get(name, 0) + 1
        if name in counts:
            found.append(str(counts[name]))
    return found


def _bare(part: str) -> str:
    return part.strip().strip("\"'")
