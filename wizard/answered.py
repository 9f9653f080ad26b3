"""Between answers and the settings document: what each answer writes there, and which answers an existing document stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from checks.settings import Settings, parse
from wizard.document import to_document
from wizard.pace import offers
from wizard.parsing import Value, parts_of
from wizard.question import Question
from wizard.questions import COMMON_QUESTIONS, SERVER_QUESTIONS
from wizard.view import Answers, Surroundings, View

RUN_ONLY = ("test_to", "pace")  # not settings themselves: one is about this run, the other enters limits


def in_scope(answers: Answers, around: Surroundings) -> Iterator[tuple[Question, int | None]]:
    """Yield every question that these answers make one, with its server's place."""
    for place in range(len(answers.active())):
        yield from ((question, place) for question in SERVER_QUESTIONS if question.when(View(answers, place, around)))
    yield from ((question, None) for question in COMMON_QUESTIONS if question.when(View(answers, None, around)))


def build(answers: Answers, around: Surroundings, existing: Settings | None = None) -> Settings:
    """Make the settings. What the wizard does not ask is kept from the existing ones. Raises `SettingsError`."""
    document: dict[str, Any] = to_document(existing) if existing else {}
    rows: list[dict[str, Any]] = document.get("servers", [])
    active = answers.active()
    rows = [dict(rows[place]) if place < len(rows) else {} for place in range(len(active))]
    for place, row in enumerate(rows):
        _fill(row, SERVER_QUESTIONS, View(answers, place, around))
    _fill(document, COMMON_QUESTIONS, View(answers, None, around))
    if answers.common.get("pace") is True:
        for place, offer in offers(View(answers, None, around)).items():
            rows[place].update({key: value for key, value in (("limit", offer.limit), ("burst", offer.burst)) if value})
    if document.get("dispatch") != "service":
        document.pop("service", None)
    chosen = str(answers.common.get("default_server") or active[0].get("name") or "").casefold()
    for row in rows:
        row["default"] = len(rows) == 1 or str(row.get("name", "")).casefold() == chosen
    document["servers"] = rows
    return parse(document)


def _fill(part: dict[str, Any], questions: tuple[Question, ...], view: View) -> None:
    answers = view.answers.at(view.index)
    for question in questions:
        if question.key in RUN_ONLY or question.key == "default_server" or not question.answerable:
            continue
        asked = question.when(view)
        if not asked and not question.always_valid:
            _put(part, question.key, None)
        elif question.key in answers:
            _put(part, question.key, answers[question.key])


def _put(part: dict[str, Any], key: str, value: Value) -> None:
    if key == "connection":
        if value is not None:
            part["port"], security = parts_of(str(value))
            part["security"] = security.value
    elif key == "limit.per" and value == "none":
        part.pop("limit", None)
    elif key == "blocklist":
        rows, wanted = part.get("blocklist", []), list(value) if isinstance(value, tuple) else []
        if [row["pattern"] for row in rows] != wanted:  # reasons and dates stay with the entries that stay
            known = {row["pattern"]: row for row in reversed(rows)}
            part["blocklist"] = [known.get(pattern, {"pattern": pattern}) for pattern in wanted]
    else:
        _put_at(part, key.split("."), list(value) if isinstance(value, tuple) else value)


def _put_at(part: MutableMapping[str, Any], path: list[str], value: object) -> None:
    """Set a value in nested tables; None takes it out, and a table that it leaves empty with it."""
    if len(path) == 1:
        if value is None:
            part.pop(path[0], None)
        else:
            part[path[0]] = value
        return
    inner = dict(part.get(path[0]) or {})
    _put_at(inner, path[1:], value)
    if inner:
        part[path[0]] = inner
    else:
        part.pop(path[0], None)


def from_settings(settings: Settings) -> Answers:
    """Return the answers that existing settings stand for."""
    document = settings.model_dump(mode="json")
    answers = Answers()
    for place, row in enumerate(document["servers"]):
        _collect(answers.at(place), SERVER_QUESTIONS, row)
    _collect(answers.common, COMMON_QUESTIONS, document)
    default = next((server.name for server in settings.servers if server.default), None)
    if default is not None:
        answers.common["default_server"] = default
    answers.link()
    return answers


def _collect(found: dict[str, Value], questions: tuple[Question, ...], part: Mapping[str, Any]) -> None:
    for question in questions:
        if question.key in RUN_ONLY or question.key == "default_server" or not question.answerable:
            continue
        value = _get(part, question.key)
        if value is not None or (question.optional and question.prompted):
            found[question.key] = value


def _get(part: Mapping[str, Any], key: str) -> Value:
    if key == "connection":
        return f"{part['port']} {part['security']}"
    if key == "limit.per" and part["limit"] is None:
        return "none"
    if key == "blocklist":
        return tuple(row["pattern"] for row in part["blocklist"]) or None
    value: Any = part
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return (tuple(value) or None) if isinstance(value, list) else value or None if isinstance(value, str) else value
