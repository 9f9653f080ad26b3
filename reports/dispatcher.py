"""The document that the dispatcher reads (dispatcher.json): the settings in normal form, stamped with what was verified.

The stamp tells a dispatcher, and `sendready verify`, whether these settings were checked, and whether anybody changed them since.
It is no signature: whoever may write the file can write a new stamp. Writing the file is wizard.store's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from checks.model import Verdict
from checks.settings import Part, Settings, SettingsError, parse
from reports.escape import line
from reports.model import Moment, Report
from reports.scope import spoken_time
from reports.words import VERDICT

SCHEMA = "sendready.dispatcher/1"
SHORT = 12  # hex digits of a field's digest: enough to notice a change, which is all it is for
MAX_NAMED = 50  # changed fields that are named; more is another file
FOR_THE_CALENDAR = {"Server": ("dkim_since",), "SecretRef": ("expires",)}
"""Fields that only remind people. They say nothing about how to send, so the dispatcher does not get them, and a new day there leaves what
was verified as it is."""


class Verified(Part):
    """What was verified, and when."""

    settings_digest: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the settings part in canonical JSON")
    verdict: Verdict
    taken_at: Moment
    tool: str
    report_digest: str = Field(pattern="^([0-9a-f]{64})?$", description="SHA-256 of report.json; empty if none was written")


def normal_form(settings: Settings) -> dict[str, Any]:
    """Return the settings with every default written out, as JSON knows them. Secrets are references, here as everywhere."""
    found: dict[str, Any] = settings.model_dump(mode="json")
    for server in found["servers"]:
        for table, names in ((server, FOR_THE_CALENDAR["Server"]), (server["password"] or {}, FOR_THE_CALENDAR["SecretRef"])):
            for name in names:
                table.pop(name, None)
    if (
        found["volume"]["sender"] is None
    ):  # a field that came later: where nobody gave it, what was verified before stays verified
        del found["volume"]["sender"]
    return found


def settings_digest(settings: Settings) -> str:
    """Return the SHA-256 of the normal form, in hex. It does not depend on the layout or comments of the file."""
    return _digest(normal_form(settings))


def document(settings: Settings, *, report: Report | None, report_digest: str = "") -> dict[str, Any]:
    """Make the document. Without a report it says that nothing was verified (`verified` is null)."""
    normal = normal_form(settings)
    stamp = None
    if report is not None:
        stamp = Verified(
            settings_digest=_digest(normal),
            verdict=report.verdict,
            taken_at=report.taken_at,
            tool=report.tool,
            report_digest=report_digest or report.digest(),
        ).model_dump(mode="json")
    return {
        "schema": SCHEMA,
        **normal,
        "verified": stamp,
        "fields": {path: _digest(value)[:SHORT] for path, value in _leaves(normal)},
    }


def to_json(found: Mapping[str, Any]) -> str:
    """Write a document as strict JSON in ASCII, one line feed at the end."""
    return json.dumps(found, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Whether a dispatcher.json may be used as it is."""

    state: Literal["ok", "never-verified", "changed"]
    message: str
    """One sentence for a person."""
    changed: tuple[str, ...] = ()
    """Fields that are not as they were when verified, as in `servers[1].port`, counted from 1."""
    problems: tuple[str, ...] = ()
    """Why the changed settings are not even valid."""
    verified: Verified | None = None

    @property
    def exit_code(self) -> int:
        """The verdict's own code if nothing changed; otherwise nothing is known of these settings."""
        known = self.state == "ok" and self.verified is not None
        return self.verified.verdict.exit_code if known and self.verified else Verdict.NOT_FULLY_TESTED.exit_code


def verify(text: str) -> Verification:
    """Compare a dispatcher.json with its stamp. Raises `ValueError` with a sentence when the text is not such a document."""
    found = _read(text)
    stamp = found.pop("verified", None)
    fields = found.pop("fields", None)
    found.pop("schema")
    if stamp is None:
        return Verification(
            state="never-verified",
            message="These settings were never verified: no check was run before the file was written.",
            problems=_problems(found),
        )
    try:
        verified = TypeAdapter(Verified).validate_json(json.dumps(stamp), strict=True)
    except ValidationError:
        return Verification(
            state="changed",
            message="The stamp of this file was changed (verified).",
            changed=("verified",),
            problems=_problems(found),
        )
    if _digest(found) == verified.settings_digest:
        return Verification(
            state="ok",
            verified=verified,
            message=f"Unchanged since it was verified on {spoken_time(verified.taken_at)}; the verdict was: {VERDICT[verified.verdict].lower()}.",
        )
    changed = tuple(line(path, 200) for path in _changed(found, fields if isinstance(fields, Mapping) else {})) or ("verified",)
    named = ", ".join(changed[:MAX_NAMED]) + (f" and {len(changed) - MAX_NAMED:,} more" if len(changed) > MAX_NAMED else "")
    return Verification(
        state="changed",
        verified=verified,
        changed=changed,
        problems=_problems(found),
        message=f"Changed since it was verified on {spoken_time(verified.taken_at)}: {named}.",
    )


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"this is not a dispatcher file of sendready (its schema must be {SCHEMA})")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # RFC 8259 section 4: readers disagree on which of two equal names counts
        raise ValueError("a key occurs twice in one table")
    return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def _problems(found: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        parse(found)
    except SettingsError as error:
        return tuple(line(problem) for problem in error.problems)
    return ()


def _changed(found: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs, shortest: a server that came or went is one name, not twenty."""
    now = {path: _digest(value)[:SHORT] for path, value in _leaves(found)}
    gone = _whole(then.keys() - now.keys(), now.keys())
    come = _whole(now.keys() - then.keys(), then.keys())
    differ = {path for path in now.keys() & then.keys() if now[path] != then[path]}
    yield from sorted(gone | come | differ, key=_natural)


def _whole(paths: set[str], others: Any) -> set[str]:
    """Replace paths by the table that holds them, where the other side has nothing of that table."""
    found = set()
    for path in paths:
        parents = [path[: match.start()] for match in re.finditer(r"[.\[]", path)]
        found.add(
            next(
                (parent for parent in parents if not any(other.startswith((f"{parent}.", f"{parent}[")) for other in others)),
                path,
            )
        )
    return found


def _natural(path: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", path)]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every field that a person would name. A list of plain values is one field; so is an empty table."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, inner in enumerate(value, start=1):
            yield from _leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


def _digest(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of dispatcher.json."""
    settings = Settings.model_json_schema(mode="serialization")
    stamp = Verified.model_json_schema(mode="serialization")
    definitions = {**settings.pop("$defs", {}), **stamp.pop("$defs", {}), "Verified": stamp}
    for model, names in FOR_THE_CALENDAR.items():
        for name in names:
            del definitions[model]["properties"][name]
        definitions[model]["required"] = [name for name in definitions[model]["required"] if name not in names]
    fields = {
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": f"^[0-9a-f]{{{SHORT}}}$"},
        "description": "a short digest of each field, to name what changed",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sendready:schema:dispatcher:1",
        **settings,
        "title": "sendready dispatcher configuration",
        "description": "The settings in normal form, and what was verified of them.",
        "properties": {
            "schema": {"const": SCHEMA},
            **settings["properties"],
            "verified": {"anyOf": [{"$ref": "#/$defs/Verified"}, {"type": "null"}]},
            "fields": fields,
        },
        "required": ["schema", *settings.get("required", []), "verified", "fields"],
        "$defs": definitions,
    }
