"""Walks a person through the questions: forward, back, help, skip, save and leave. Owns navigation; shows nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NoReturn

from checks.secret import Secret
from checks.settings import Settings, SettingsError
from wizard import parsing
from wizard.answered import build
from wizard.answers import Overlaid
from wizard.draft import Draft, Slot
from wizard.parsing import Value
from wizard.phrases import INTRO, help_on, is_text, review_action, sentence, shown, trouble_of
from wizard.prompter import BACK, CONTROL_WORDS, HELP, LEAVE, SKIP, Prompt, Prompter
from wizard.proposals import Proposal
from wizard.question import Choice, Kind, Question
from wizard.questions import ANOTHER, BY_KEY, COMMON_QUESTIONS, SERVER_QUESTIONS
from wizard.view import Answers, Surroundings, View

MAX_REMINDERS = 25  # answers that are listed when one goes on with a draft: what a screen holds
PLACEHOLDERS = {"changeme", "change-me", "password", "passwort", "secret", "xxx", "xxxx", "test", "todo"}


class LeftError(Exception):
    """The person left. The message says what became of the answers."""


@dataclass
class Flow:
    """One walk. `run` returns when the settings are complete and the person said to save them."""

    prompter: Prompter
    around: Surroundings
    keep_draft: Callable[[Answers, set[Slot]], str]
    """Keeps the answers and returns how to go on with them later."""
    existing: Settings | None = None
    only_missing: bool = False
    """Take every proposal that needs no person; ask the rest."""
    answers: Answers = field(default_factory=Answers)
    secrets: dict[int, Secret] = field(default_factory=dict)
    """Passwords typed for servers, by place. In memory only."""
    _settled: set[Slot] = field(default_factory=set)
    _typed: set[Slot] = field(default_factory=set)
    _answered: set[Slot] = field(default_factory=set)
    """What a person answered, here or before the draft: where < leads."""
    _section: tuple[str, int | None] = ("", None)

    def __post_init__(self) -> None:
        # What is never asked at a prompt stays as the existing settings have it.
        for place, server in enumerate(self.around.was.servers if self.around.was else []):
            self.answers.at(place).update({q.key: server[q.key] for q in SERVER_QUESTIONS if not q.prompted and q.key in server})

    def take(self, given: Overlaid) -> None:
        """Settle what an answers file or `--set` gave."""
        for place, key in given.given:
            self.answers.at(place)[key] = given.answers.at(place).get(key)
            self._settled.add((place, key))
        for place in range(max((place for place, _ in given.given if place is not None), default=0)):
            self.answers.at(place)["another"] = True
            self._settled.add((place, ANOTHER.key))

    def resume(self, draft: Draft) -> None:
        """Go on with a draft."""
        self.answers = draft.answers.copy()
        self._settled |= draft.settled - {(place, "password.value") for place in range(len(draft.answers.servers))}
        self._typed |= self._settled
        answered = [(question, place) for question, place in self._asked() if (place, question.key) in self._settled]
        self._answered = {(place, question.key) for question, place in answered}
        self._remind(answered)

    def _remind(self, answered: list[tuple[Question, int | None]]) -> None:
        several = len(self.answers.active()) > 1
        rows = [
            self._row(question, place, several=several)
            for question, place in answered
            if question.key != ANOTHER.key and self.answers.at(place).get(question.key) is not None
        ]
        more = [f"  and {len(rows) - MAX_REMINDERS} more"] if len(rows) > MAX_REMINDERS else []
        if rows:
            listed = "\n".join([*(f"  {row}" for row in rows[:MAX_REMINDERS]), *more])
            self.prompter.say(f"\nYour answers so far (< leads back to them):\n{listed}")

    def run(self, review: Callable[[Settings, Answers], None]) -> Settings:
        """Ask until everything is answered and the person says to save. Raises `LeftError`."""
        self.prompter.say(INTRO)
        while True:
            try:
                settings = self._collected()
                if settings is not None and self._approved(settings, review):
                    return settings
            except (KeyboardInterrupt, EOFError):
                self._leave()

    def collect(self) -> Settings:
        """Ask until everything is answered; nothing is approved or saved. Raises `LeftError`."""
        self.prompter.say(INTRO)
        while True:
            try:
                if (settings := self._collected()) is not None:
                    return settings
            except (KeyboardInterrupt, EOFError):
                self._leave()

    def ask_yes_no(self, key: str, words: str, why: str = "") -> bool:
        """Ask something outside the list, with no default: it must be said."""
        while True:
            raw = self.prompter.ask(Prompt(key=key, words=words, why=why, can_go_back=False, trouble=trouble_of(parsing.yes_no)))
            if raw == LEAVE:
                raise KeyboardInterrupt
            if raw == HELP:
                self.prompter.say(f"  {why or 'Nothing is done before you have answered.'} Type yes or no.")
                continue
            try:
                return parsing.yes_no(raw)
            except ValueError as error:
                self.prompter.say(str(error).capitalize() + ".")

    # --- the walk ---

    def _collected(self) -> Settings | None:
        while (pending := self._pending()) is not None:
            self._put(*pending)
        try:
            return build(self.answers, self.around, self.existing)
        except SettingsError as error:
            self.prompter.say(f"\nThese answers do not fit together:\n{error}")
            self._change()
            return None

    def _order(self) -> Iterator[tuple[Question, int | None]]:
        place = 0
        while True:
            yield from ((question, place) for question in SERVER_QUESTIONS if question.prompted)
            yield self._another(place), place
            if self.answers.at(place).get(ANOTHER.key) is not True:
                break
            place += 1
        yield from ((question, None) for question in COMMON_QUESTIONS if question.prompted)

    def _asked(self) -> Iterator[tuple[Question, int | None]]:
        return ((question, place) for question, place in self._order() if question.when(View(self.answers, place, self.around)))

    def _pending(self) -> tuple[Question, int | None] | None:
        return next(((question, place) for question, place in self._asked() if (place, question.key) not in self._settled), None)

    def _another(self, place: int) -> Question:
        was = self.around.was
        if was is None or place + 1 >= len(was.servers):
            return ANOTHER
        name = was.servers[place + 1].get("name")
        return replace(
            ANOTHER,
            words=f"Go through the next server, {name}, too? (no: it stays as it is)",
            propose=lambda _view: Proposal(value=False, source=""),
        )

    # --- one question ---

    def _put(self, question: Question, place: int | None) -> None:
        view = View(self.answers, place, self.around)
        proposal = self._proposal(question, view)
        if (
            self.only_missing
            and not question.said
            and question.kind is not Kind.HIDDEN
            and (proposal is not None or question.optional)
        ):
            self._settle(question, place, proposal.value if proposal else None)
            return
        self._head(question, place)
        prompt = self._prompt(question, view, proposal)
        raw = self.prompter.ask(prompt)
        if not (question.kind is Kind.HIDDEN or question.parse is parsing.line):
            raw = CONTROL_WORDS.get(raw.lower(), raw)
        if raw == BACK:
            self._back((place, question.key))
        elif raw == HELP:
            self.prompter.say(help_on(question))
        elif raw == LEAVE:
            self._leave()
        elif question.kind is Kind.HIDDEN:
            self._take_secret(raw, question, place)
        else:
            self._take(raw, question, view, proposal)

    def _proposal(self, question: Question, view: View) -> Proposal | None:
        """Propose the person's own earlier answer before anything else."""
        slot = (view.index, question.key)
        if (
            slot in self._typed
            and (own := self.answers.at(view.index).get(question.key)) is not None
            and question.fits(own, view)
        ):
            return Proposal(value=own, source="your answer")
        return question.proposal(view)

    def _prompt(self, question: Question, view: View, proposal: Proposal | None) -> Prompt:
        def trouble(text: str) -> str:
            try:
                self._value(text, question, view, proposal)
            except ValueError as error:
                return sentence(question, str(error))
            return ""

        return Prompt(
            key=question.key if view.index is None else f"{view.index + 1}.{question.key}",
            words=question.words,
            why=" ".join(filter(None, (question.why, question.hint(view)))),
            choices=question.choices(view),
            open_choice=question.open_choice,
            other=question.other,
            default=shown(proposal.value) if proposal else "",
            source=proposal.source if proposal else "",
            optional=question.optional,
            hidden=question.kind is Kind.HIDDEN,
            can_go_back=self._before((view.index, question.key)) is not None,
            trouble=trouble,
        )

    def _value(self, text: str, question: Question, view: View, proposal: Proposal | None) -> Value:
        if text == SKIP:
            if not question.optional:
                raise ValueError("this one is needed and cannot be skipped")
            return None
        value = proposal.value if not text and proposal else question.read(text)
        if value is not None:
            question.check(value, view)
        return value

    def _take(self, raw: str, question: Question, view: View, proposal: Proposal | None) -> None:
        try:
            value = self._value(raw, question, view, proposal)
        except ValueError as error:
            self.prompter.say(f"  ! {sentence(question, str(error))}")
            return
        slot = (view.index, question.key)
        (self._typed.add if raw else self._typed.discard)(slot)
        self._answered.add(slot)
        self._settle(question, view.index, value)
        if value is not None and (remark := question.remark(value, View(self.answers, view.index, self.around))):
            self.prompter.say(f"  Note: {remark}")

    def _settle(self, question: Question, place: int | None, value: Value) -> None:
        before = self.answers.at(place).get(question.key)
        self.answers.at(place)[question.key] = value
        self._settled.add((place, question.key))
        if before is not None and before != value:
            for key in question.resets:
                self._settled.discard((place, key))
                self._typed.discard((place, key))
                if key == "password.value" and place in self.secrets:
                    del self.secrets[place]
                    asked = BY_KEY[key].when(View(self.answers, place, self.around))
                    then = "the password is asked again" if asked else "the password that you typed is not used"
                    self.prompter.say(f"  Note: {question.label} is another one now, so {then}.")
        if question.key == ANOTHER.key and place is not None and value is False:
            self._keep_rest(place)
        # A changed answer can make another one wrong; that one is asked again.
        for other, where in list(self._asked()):
            held = self.answers.at(where).get(other.key)
            if (
                held is not None
                and (where, other.key) in self._settled
                and not other.fits(held, View(self.answers, where, self.around))
            ):
                self._settled.discard((where, other.key))
        self.keep_draft(self.answers, self._settled)

    def _keep_rest(self, place: int) -> None:
        """Leave the existing servers behind this one as they are."""
        was = self.around.was
        for later in range(place + 1, len(was.servers) if was else 0):
            self.answers.at(later - 1)["another"] = True
            self.answers.at(later).update(was.servers[later] if was else {})
            self._settled |= {(later, question.key) for question in SERVER_QUESTIONS}
            if was and later + 1 < len(was.servers):
                self._settled.add((later, ANOTHER.key))
            else:
                self.answers.at(later)["another"] = False

    def _take_secret(self, raw: str, question: Question, place: int | None) -> None:
        if place is None or not raw:
            self.prompter.say("  ! The password is empty. Type it, or type a single - to put it there yourself later.")
            return
        if raw == SKIP:
            self.secrets.pop(place, None)
            self.prompter.say("  Nothing is stored. Put the password there yourself before the dispatcher starts.")
        else:
            if not is_text(raw):
                self.prompter.say(
                    "  ! The password holds bytes that are no UTF-8 text; set the terminal to UTF-8 and type it again."
                )
                return
            secret = Secret(raw)
            self.secrets[place] = secret
            self.prompter.say(f"  Taken: {secret.hint()}.")
            if raw.lower() in PLACEHOLDERS:
                self.prompter.say("  Note: this looks like a placeholder.")
        self._answered.add((place, question.key))
        self._settle(question, place, None)

    def _before(self, current: Slot | None) -> Slot | None:
        """Return the answered question that comes before this one; None for the review, which comes last."""
        found = None
        for question, place in self._asked():
            slot = (place, question.key)
            if slot == current:
                break
            if slot in self._answered and slot in self._settled:
                found = slot
        return found

    def _back(self, current: Slot | None) -> None:
        slot = self._before(current)
        if slot is None:
            self.prompter.say("  This is the first question.")
        else:
            self._settled.discard(slot)

    def _leave(self) -> NoReturn:
        raise LeftError(self.keep_draft(self.answers, self._settled))

    def _head(self, question: Question, place: int | None) -> None:
        section = (question.section, place)
        if section != self._section:
            self._section = section
            number = f" (server {place + 1})" if place else ""
            self.prompter.say(f"\n== {question.section}{number} ==")

    # --- the review ---

    def _approved(self, settings: Settings, review: Callable[[Settings, Answers], None]) -> bool:
        review(settings, self.answers)
        choices = (
            Choice(value="save", label="Save and check"),
            Choice(value="change", label="Change an answer"),
            Choice(value="discard", label="Discard everything"),
        )
        prompt = Prompt(
            key="review", words="Save these settings?", choices=choices, default="save", trouble=trouble_of(review_action)
        )
        raw = self.prompter.ask(prompt)
        if raw in ("", "save"):
            return True
        if raw == LEAVE:
            self._leave()
        if raw == BACK:
            self._back(None)
        elif raw == "change":
            self._change()
        elif raw == "discard":
            raise LeftError("")
        elif raw == HELP:
            self.prompter.say(
                "  save writes the settings and checks them; change lets you pick an answer; discard forgets everything that you typed."
            )
        else:
            self.prompter.say("  ! Choose save, change or discard.")
        return False

    def _change(self) -> None:
        slots = {
            f"{place + 1}.{question.key}" if place is not None else question.key: (question, place)
            for question, place in self._asked()
        }
        several = sum(question.key == ANOTHER.key for question, _ in slots.values()) > 1
        choices = tuple(
            Choice(value=name, label=self._row(question, place, several=several)) for name, (question, place) in slots.items()
        )
        raw = self.prompter.ask(Prompt(key="change", words="Which answer?", choices=choices, default=""))
        if raw in slots:
            question, place = slots[raw]
            self._settled.discard((place, question.key))
            self._typed.add((place, question.key))
        elif raw == LEAVE:
            self._leave()
        elif raw not in (BACK, ""):
            self.prompter.say("  ! Choose one of the list, or < to go back.")

    def _row(self, question: Question, place: int | None, *, several: bool) -> str:
        name = f"{self.answers.at(place).get('name')}: " if several and place is not None else ""
        held = "typed" if question.kind is Kind.HIDDEN else shown(self.answers.at(place).get(question.key)) or "nothing"
        return f"{name}{question.label}: {held}"
