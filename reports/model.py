"""The report document (report.json), the single input of every renderer. DESIGN.md section 5 fixes its keys.

`to_json` is the canonical form: the same report is the same bytes, and `digest` is what `sha256sum report.json` prints.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from checks.model import Action, CheckResult, Finding, Owner, Remedy, Status, Verdict, verdict

SCHEMA: Final = "sendready.report/1"
MAX_DEPTH = 20  # of the open objects; what nests deeper is no report of ours

FAMILIES = (
    *("settings", "vantage"),
    *("provider", "spf", "dkim", "dmarc", "mx", "bounce", "soa", "dnssec", "published"),
    *(
        "reverse",
        "reputation",
        "port",
        "tls",
        "service",
        "auth",
        "sender",
        "send",
        "arrival",
        "triangle",
        "limits",
        "office365",
        "capacity",
        "receivers",
    ),
    *("mtasts", "tlsrpt", "dane", "caa", "bimi"),
    "facts",
)
"""The order in which a person meets the checks: what they typed and from where it is looked at; the domain; the server and the message;
what is only about receiving; and our own data."""


def clean(text: str) -> str:
    r"""Return text that UTF-8 can carry: half a surrogate pair is written out, like \udc80."""
    return text.encode("utf-8", "backslashreplace").decode()


def plain(value: object, depth: int = 0) -> Any:
    """Return a value as JSON knows it, keys sorted. NaN and infinity become null, what JSON does not know becomes text."""
    if depth > MAX_DEPTH:
        raise ValueError("this is nested too deeply")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return clean(str(value))
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(value[key], depth + 1) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in (value if isinstance(value, list | tuple) else sorted(value, key=str))]
    return value.isoformat() if hasattr(value, "isoformat") else clean(str(value))


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("this is not a time; it should look like 2026-11-23T09:00:00+00:00") from None
    if found.tzinfo is None:
        raise ValueError("this time has no time zone")
    return text


Text = Annotated[str, BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value)]
Moment = Annotated[Text, AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})]
Open = Annotated[dict[str, Any], BeforeValidator(lambda value: plain(value) if isinstance(value, Mapping) else value)]


class Part(BaseModel):
    """A table of the document. Its keys are fixed: a key more or less is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, serialize_by_alias=True)


class RecordEntry(Part):
    """One change to a zone."""

    action: Action
    name: Text
    type: Text
    value: Text


class RemedyEntry(Part):
    """Who does what."""

    owner: Owner
    steps: tuple[Text, ...]
    records: tuple[RecordEntry, ...]


class FindingEntry(Part):
    """One thing that is so."""

    code: Text
    status: Status
    about: Text
    title: Text
    args: Open
    remedy: RemedyEntry | None
    """None: there is nothing to do."""
    references: tuple[Text, ...]
    consulted: tuple[Text, ...]
    """Ids of the probes looked at; `vantage.observations` has what they answered."""
    fingerprint: Text


class CheckEntry(Part):
    """One check and everything it said."""

    check: Text
    status: Status
    findings: tuple[FindingEntry, ...]


class TableEntry(Part):
    """A table of facts that was used, and when its sources were last read."""

    name: Text
    checked: Text


class Report(Part):
    """The whole document."""

    schema_: Literal["sendready.report/1"] = Field(default=SCHEMA, alias="schema")
    tool: Text
    taken_at: Moment
    subject: Open
    verdict: Verdict
    exit_code: Annotated[int, Field(ge=0, le=3)]
    vantage: Open
    checks: tuple[CheckEntry, ...]
    tables: tuple[TableEntry, ...]

    @model_validator(mode="after")
    def _code_fits(self) -> Report:
        if self.exit_code != self.verdict.exit_code:
            raise ValueError(f"exit_code must be {self.verdict.exit_code} for {self.verdict}")
        return self

    def to_json(self) -> str:
        """Write the canonical form: strict JSON in ASCII, keys in a fixed order, one line feed at the end."""
        return self._canonical

    @cached_property
    def _canonical(self) -> str:
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=True, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what `to_json` wrote. Raises `ValueError` with a sentence for a person when the text is not that."""
        try:
            document = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"this is not JSON: {error}") from None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ValueError(f"this is not a report of sendready (its schema must be {SCHEMA})")
        try:
            return cls.model_validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])[:200]
            raise ValueError(f"the report does not fit {SCHEMA}: {where + ': ' if where else ''}{first['msg']}") from None

    def digest(self) -> str:
        """Return the SHA-256 of the canonical form, in hex."""
        return hashlib.sha256(self.to_json().encode("ascii")).hexdigest()


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def build(
    *,
    results: Sequence[CheckResult],
    tool: str,
    taken_at: datetime,
    subject: Mapping[str, Any],
    vantage: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]] = (),
) -> Report:
    """Make the document of a run. `taken_at` needs a time zone."""
    answer = verdict(results)
    return Report(
        tool=tool,
        taken_at=taken_at.isoformat(timespec="seconds"),
        subject=dict(subject),
        verdict=answer,
        exit_code=answer.exit_code,
        vantage=dict(vantage),
        checks=tuple(
            CheckEntry(check=result.check, status=result.status, findings=tuple(_finding(finding) for finding in result.findings))
            for result in sorted(results, key=lambda result: _place(result.check))
        ),
        tables=tuple(
            TableEntry.model_validate(plain(table)) for table in sorted(tables, key=lambda table: str(table.get("name")))
        ),
    )


def _place(check: str) -> tuple[int, str]:
    family = check.partition(".")[0]
    return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES), check)


def _finding(finding: Finding) -> FindingEntry:
    return FindingEntry(
        code=finding.code,
        status=finding.status,
        about=finding.about,
        title=finding.title,
        args=dict(finding.args),
        remedy=_remedy(finding.remedy) if finding.remedy else None,
        references=finding.references,
        consulted=finding.consulted,
        fingerprint=finding.fingerprint,
    )


def _remedy(remedy: Remedy) -> RemedyEntry:
    return RemedyEntry(
        owner=remedy.owner,
        steps=remedy.steps,
        records=tuple(
            RecordEntry(action=change.action, name=change.name, type=change.type, value=change.value) for change in remedy.records
        ),
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of report.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sendready:schema:report:1",
        **Report.model_json_schema(mode="serialization", by_alias=True),
        "title": "sendready report",
    }
