"""The review before anything is written: every answer, what is new in it, what goes where, and who will send through which server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.routing import Choice, Why, choose
from checks.secret import SecretSource
from checks.settings import Settings
from wizard.answered import in_scope
from wizard.pace import offers
from wizard.parsing import Value
from wizard.proposals import sender_like
from wizard.question import Kind, Question
from wizard.questions import COMMON_QUESTIONS, SERVER_QUESTIONS
from wizard.view import Answers, Surroundings, View

MAX_SAMPLES = 5
MAX_SHOWN = 300  # a blocklist of hundreds is counted, not listed
ELSEWHERE = "somebody@elsewhere.example"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What saving is going to do."""

    settings: Path
    output: Path
    passwords: Mapping[int, str]
    """Places of the passwords that will be stored, by server."""
    exists: bool
    test_message: bool
    """The run may send the test message."""


def review(settings: Settings, answers: Answers, around: Surroundings, plan: Plan) -> str:
    """Return the review screen."""
    lines: list[str] = []
    for place, server in enumerate(settings.servers):
        lines += ["", f"{server.name} (server {place + 1}{', default' if server.default else ''})"]
        lines += _rows(SERVER_QUESTIONS, answers, place, around)
    lines += ["", "All servers"]
    lines += _rows(COMMON_QUESTIONS, answers, None, around)
    if answers.common.get("pace") is True:
        lines += [
            "",
            "Limits entered",
            *(f"  {offer.server}: {offer.words}" for offer in offers(View(answers, None, around)).values()),
        ]
    lines += ["", "Who sends through which server", *(f"  {row}" for row in samples(settings))]
    lines += ["", "What will be written", *(f"  {row}" for row in _written(settings, plan))]
    lines += ["", _test_message(answers, settings, plan)]
    if settings.test_mode.enabled:
        lines += ["", f"TEST MODE IS ON: every message goes to {settings.test_mode.redirect_to} and to nobody else."]
    return "\n".join(lines)


def _rows(questions: Iterable[Question], answers: Answers, place: int | None, around: Surroundings) -> Iterator[str]:
    view = View(answers, place, around)
    scope = {question.key for question, where in in_scope(answers, around) if where == place}
    shown_keys = [question for question in questions if question.key in scope and question.kind is not Kind.HIDDEN]
    width = max((len(question.label) for question in shown_keys), default=0)
    for question in shown_keys:
        value = answers.at(place).get(question.key)
        if value is None and not question.prompted:
            continue
        known, before = view.was(question.key)
        changed = f"   (was: {words(before)})" if known and before != value else ""
        yield f"  {question.label:<{width}}  {words(value)}{changed}"


def words(value: Value) -> str:
    """Write an answer for the review."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        text = ", ".join(value)
        return text if len(text) <= MAX_SHOWN else f"{', '.join(value[:3])} and {len(value) - 3:,} more"
    return "-" if value is None else str(value)


def samples(settings: Settings) -> list[str]:
    """Say of a few senders which server their mail takes."""
    senders = [server.sender.email for server in settings.servers]
    for server in settings.servers:
        senders += [sender_like(pattern) for pattern in server.filter]
    few = list(dict.fromkeys(senders))[: MAX_SAMPLES - 1]
    return [f"{sender}: {_choice(choose(settings.servers, sender))}" for sender in [*few, ELSEWHERE]]


def _choice(found: Choice) -> str:
    if found.server is None:
        reasons = {
            Why.CONTESTED: f"refused, because {' and '.join(found.claimants)} both claim it",
            Why.SEVERAL_DEFAULTS: "refused, because there are several default servers",
        }
        return reasons.get(found.why, "refused, because no server claims it and none is the default")
    return f"{found.server.name} ({f'filter {found.pattern}' if found.pattern else 'the default server'})"


def _written(settings: Settings, plan: Plan) -> Iterator[str]:
    kept = f"; the text before it is kept as {plan.settings.name}.1" if plan.exists else ""
    yield f"{plan.settings}: these settings, without any password, for your user only{kept}"
    for place, where in plan.passwords.items():
        yield f"{where}: the password of {settings.servers[place].name}"
    yield f"{plan.output}/: report.html, report.json, evidence.json and dispatcher.json, after the checks; calendar.ics if something expires or changes"


def _test_message(answers: Answers, settings: Settings, plan: Plan) -> str:
    to = answers.common.get("test_to")
    if not to:
        return "No test message will be sent."
    server = next((server for server in settings.servers if server.default), settings.servers[0])
    when = "after you have confirmed it" if plan.test_message else "only if this run allows it (--allow look,login,send)"
    return f"One test message goes to {to}, through {server.name}, as {server.sender.email}, {when}."


def password_places(answers: Answers, places: Iterable[int], folder: Path) -> dict[int, str]:
    """Return where the typed passwords will be stored, for people."""
    found = {}
    for place in places:
        source, ref = answers.at(place).get("password.source"), str(answers.at(place).get("password.ref"))
        found[place] = str(folder / ref) if source == SecretSource.FILE.value else f"the keyring, entry {ref}"
    return found
