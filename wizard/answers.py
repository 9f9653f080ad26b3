"""Answers from a file and from `--set`, read through the same questions as the prompts; and the other way round.

Everything that is wrong or missing is said at once, each with its key and an example. A password is never an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import tomlkit

from checks.settings import Problem, SettingsError
from wizard.answered import in_scope
from wizard.answers_given import Given
from wizard.keys import PASSWORD_KEYS, bare
from wizard.parsing import Value
from wizard.question import Kind, Question
from wizard.questions import BY_KEY, COMMON_QUESTIONS, SERVER_QUESTIONS
from wizard.view import Answers, Surroundings, View

MISSING = "this is missing"


@dataclass
class Overlaid:
    """The existing answers with the given ones laid over them."""

    answers: Answers
    given: set[tuple[int | None, str]]
    problems: list[Problem]


def overlay(given: Given, around: Surroundings) -> Overlaid:
    """Read what was given, over what the existing settings say. Nothing is missing yet; what cannot be read is a problem."""
    found = Overlaid(around.was.copy() if around.was else Answers(), set(), list(given.problems))
    for place, raw in _placed(given, found):
        found.answers.at(place)
        _read_server(place, raw, found)
    for place in range(len(found.answers.servers)):
        if not found.answers.servers[place] and place + 1 < len(found.answers.servers):
            found.problems.append(
                Problem(
                    field=f"servers.{place + 1}", message="there is nothing about this server; servers are counted without a gap"
                )
            )
    found.answers.link()
    for key, raw_value in given.common.items():
        _read(BY_KEY[key], None, raw_value, found)
    if (None, "default_server") not in found.given:  # the default stays the default when it is renamed
        for place, server in enumerate(around.was.servers if around.was else []):
            if server.get("name") == found.answers.common.get("default_server"):
                found.answers.common["default_server"] = found.answers.servers[place].get("name")
                break
    return found


def _placed(given: Given, found: Overlaid) -> Iterator[tuple[int, dict[str, object]]]:
    """Decide which server each table is about: by name, else by its place."""
    names = [str(server.get("name", "")).casefold() for server in found.answers.servers]
    known = len(names)
    places: list[int] = []
    for position, row in enumerate(given.tables):
        name = str(row.get("name", "")).strip().casefold()
        if name in names:
            places.append(names.index(name))
        elif not name or given.flat or not known:
            places.append(position)
        else:
            places.append(max([known - 1, *places]) + 1)
    rows = {place: dict(row) for place, row in zip(places, given.tables, strict=True)}
    for place, extra in given.by_place.items():
        target = places[place] if not given.flat and place < len(places) else place
        rows.setdefault(target, {}).update(extra)
    yield from sorted(rows.items())


def _read_server(place: int, raw: dict[str, object], found: Overlaid) -> None:
    if "port" in raw or "security" in raw:
        if "connection" in raw:
            found.problems.append(
                Problem(field=_field(place, "connection", found), message="give either connection, or port and security")
            )
        port, security = raw.pop("port", ""), raw.pop("security", "")
        before = str(found.answers.at(place).get("connection") or "").partition(" ")
        raw["connection"] = f"{port or before[0]} {security or (before[2] if not port else '')}".strip()
    if "default" in raw:
        _read_default(place, raw.pop("default"), raw, found)
    for key, value in raw.items():
        _read(BY_KEY[key], place, value, found)


def _read_default(place: int, raw: object, row: Mapping[str, object], found: Overlaid) -> None:
    word = str(raw).strip().lower()
    if word not in ("true", "yes", "false", "no"):
        found.problems.append(Problem(field=_field(place, "default", found), message="answer true or false"))
    elif word in ("true", "yes"):
        name = str(row.get("name") or found.answers.at(place).get("name") or "")
        if (None, "default_server") in found.given:
            found.problems.append(Problem(field=_field(place, "default", found), message="only one server can be the default"))
        elif name:
            found.answers.common["default_server"] = name
            found.given.add((None, "default_server"))


def _read(question: Question, place: int | None, raw: object, found: Overlaid) -> None:
    slot = found.answers.at(place)
    found.given.add((place, question.key))
    try:
        slot[question.key] = question.read(raw)
    except ValueError as error:
        slot.pop(question.key, None)
        found.problems.append(Problem(field=_field(place, question.key, found), message=with_example(question, str(error))))


def _field(place: int | None, key: str, found: Overlaid) -> str:
    return key if place is None or len(found.answers.servers) <= 1 else f"servers.{place + 1}.{key}"


def with_example(question: Question, message: str) -> str:
    """Add a good answer to a message that has none."""
    return (
        message
        if not question.example or question.example in message or " like " in message
        else f"{message}; a good answer: {question.example}"
    )


def complete(given: Given, around: Surroundings) -> Answers:
    """Return all answers without asking anybody. Raises `SettingsError` with everything that is wrong or missing, at once."""
    found = overlay(given, around)
    found.answers.at(0)
    found.answers.link()
    bad = {problem.field for problem in found.problems}
    for name in [
        name for name in bad if bare(name.rpartition(".")[2]) in PASSWORD_KEYS
    ]:  # one complaint about a password is enough
        where = name.rpartition(".")[0]
        bad |= {f"{where}.{key}".lstrip(".") for key in ("password.source", "password.ref")}
    for place in range(len(found.answers.servers)):
        for question in SERVER_QUESTIONS:
            _settle(question, View(found.answers, place, around), found, bad)
    for question in COMMON_QUESTIONS:
        _settle(question, View(found.answers, None, around), found, bad)
    if found.problems:
        raise SettingsError(found.problems)
    return found.answers


def _settle(question: Question, view: View, found: Overlaid, bad: set[str]) -> None:
    """Check a given answer, or fill in what needs no person."""
    slot, name = found.answers.at(view.index), _field(view.index, question.key, found)
    if name in bad or not question.answerable:
        return
    if not question.when(view):
        _beside_the_point(question, slot, (view.index, question.key) in found.given, name, found)
        return
    if question.said and (view.index, question.key) not in found.given and _stale(question, view, found):
        slot.pop(question.key, None)
        message = "the server or the password's place is another now; say again where the password for it is kept"
        found.problems.append(Problem(field=name, message=with_example(question, message)))
        return
    if question.key in slot:
        _held(question, view, name, found)
        return
    proposal = None if question.said else question.proposal(view)
    if proposal is not None:
        slot[question.key] = proposal.value
    elif question.optional:
        if question.prompted:
            slot[question.key] = None
    elif not (question.derived and view.get("sender.email") is None):
        found.problems.append(
            Problem(field=name, message=f'{MISSING} ({question.label.lower()}), like {name} = "{question.example}"')
        )


def _held(question: Question, view: View, name: str, found: Overlaid) -> None:
    """Check an answer that was given; drop one that the existing settings gave of what is now another."""
    slot = found.answers.at(view.index)
    if (view.index, question.key) in found.given:
        _check(question, slot[question.key], view, name, found)
    elif question.optional and any(view.was(key)[1] != view.get(key) for key in question.follows):
        slot[question.key] = None


def _check(question: Question, value: Value, view: View, name: str, found: Overlaid) -> None:
    if value is None:
        return
    try:
        question.check(value, view)
    except ValueError as error:
        found.problems.append(Problem(field=name, message=with_example(question, str(error))))


def _stale(question: Question, view: View, found: Overlaid) -> bool:
    """Tell whether a password's place was said for another server or another kind of place."""
    if (view.index, "password.ref") in found.given:
        return False  # naming the place anew is the confirmation
    known, host = view.was("host")
    return (
        known
        and question.key in found.answers.at(view.index)
        and (host != view.get("host") or any(view.was(key)[1] != view.get(key) for key in question.follows))
    )


def _beside_the_point(question: Question, slot: dict[str, Value], given: bool, name: str, found: Overlaid) -> None:
    if question.always_valid:
        return
    value = slot.pop(question.key, None)
    if given and value is not None:
        found.problems.append(Problem(field=name, message=f"this is answered, but only counts when {question.when_words}"))


# --- writing ------------------------------------------------------------------------------------------------------------------


def answers_from(answers: Answers, around: Surroundings) -> str:
    """Return an answers file that gives exactly these answers. Secrets are references in it, as everywhere."""
    lines = ["# Answers for: sendready wizard --answers FILE", "# Passwords are not in here, only where they are kept.", ""]
    place_now: int | None = None
    scope = list(in_scope(answers, around))
    for question, place in [*((q, p) for q, p in scope if p is None), *((q, p) for q, p in scope if p is not None)]:
        if place is not None and place != place_now:
            lines += ["", "[[servers]]"]
            place_now = place
        slot = answers.at(place)
        if question.answerable and question.key in slot:
            lines.append(f"{question.key} = {_written(slot[question.key], question)}")
    return "\n".join(lines) + "\n"


def _written(value: Value, question: Question) -> str:
    if value is None:
        return "[]" if question.kind is Kind.LIST else '""'
    return tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()
