"""What a question of the wizard is. The questions themselves are wizard.questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from wizard import parsing
from wizard.parsing import Value
from wizard.proposals import Proposal
from wizard.view import View


class Kind(Enum):
    """How a question wants its answer."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes-no"
    CHOICE = "choice"
    LIST = "list"
    HIDDEN = "hidden"  # typed hidden, kept in memory until the settings are saved, never an answer


class Group(Enum):
    """What a question is about."""

    SERVER = "server"
    COMMON = "common"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of the answers to choose from."""

    value: str
    label: str


def _always(_view: View) -> bool:
    return True


def _fine(_value: Value, _view: View) -> None:
    pass


def _nothing(_view: View) -> None:
    return None


def _no_choices(_view: View) -> tuple[Choice, ...]:
    return ()


def _no_remark(_value: Value, _view: View) -> str:
    return ""


def no_hint(_view: View) -> str:
    """Know nothing more."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to know."""

    key: str
    group: Group
    section: str
    """The heading it stands under."""
    label: str
    """What it is called in the review and in error messages."""
    words: str
    """The question itself."""
    why: str
    """Why we ask, in one or two sentences."""
    example: str
    """A good answer."""
    help: str = ""
    """What ? says beyond the why: where to find the answer, what the choices mean. Lines are paragraphs."""
    other: str = ""
    """What an answer beyond the choices looks like."""
    kind: Kind = Kind.TEXT
    parse: Callable[[str], Value] = parsing.line
    """From what was typed. Raises `ValueError` with a sentence."""
    check: Callable[[Value, View], None] = _fine
    """Whether the value fits the answers so far. Raises `ValueError` with a sentence."""
    remark: Callable[[Value, View], str] = _no_remark
    """What is worth saying about a good answer; empty: nothing."""
    propose: Callable[[View], Proposal | None] = _nothing
    """What Enter stands for."""
    choices: Callable[[View], tuple[Choice, ...]] = _no_choices
    open_choice: bool = False
    """Something else than the choices may be answered."""
    when: Callable[[View], bool] = _always
    """Whether the answers so far make it a question at all."""
    when_words: str = ""
    """The same condition, for people."""
    always_valid: bool = False
    """An answer is kept even where the question is not asked."""
    hint: Callable[[View], str] = no_hint
    """What is known about this very case, shown with the question."""
    derived: bool = False
    """The sender's address brings a proposal, so that only the address is missing where both are."""
    optional: bool = False
    said: bool = False
    """The proposal is for a person to confirm; without a person somebody must say it."""
    prompted: bool = True
    """False: only answers files and `--set` give it."""
    answerable: bool = True
    """False: only a person at a prompt gives it."""
    resets: tuple[str, ...] = ()
    """Questions that are open again when this answer changes."""
    follows: tuple[str, ...] = ()
    """The existing answer is proposed only while the answers to these questions are the existing ones."""

    def read(self, raw: object) -> Value:
        """Read an answer as it was typed or as it stands in an answers file. Raises `ValueError` with a sentence."""
        if raw is None or raw == [] or (isinstance(raw, str) and not raw.strip()):
            if self.optional:
                return None
            raise ValueError("this must not be empty")
        if isinstance(raw, bool) and self.kind is Kind.YES_NO:
            return raw
        return self.parse(self._text(raw))

    def _text(self, raw: object) -> str:
        if isinstance(raw, str):
            return raw
        if isinstance(raw, list):
            if self.kind is not Kind.LIST:
                raise ValueError("this is one value, not a list")
            if not all(isinstance(item, str) for item in raw):
                raise ValueError('this is a list of texts, like ["@example.org"]')
            return ",".join(raw)
        if isinstance(raw, date):
            return raw.isoformat()
        if isinstance(raw, int) and not isinstance(raw, bool):
            return str(raw)
        raise ValueError(f"this must be text, like {self.example}")

    def proposal(self, view: View) -> Proposal | None:
        """Return what Enter stands for: the existing settings' answer, or what is proposed for a new one."""
        known, value = view.was(self.key)
        if known and all(view.was(key) == (True, view.get(key)) for key in self.follows) and self.fits(value, view):
            return Proposal(value=value, source="as it is now")
        found = self.propose(view)
        return found if found is not None and self.fits(found.value, view) else None

    def fits(self, value: Value, view: View) -> bool:
        """Tell whether a value goes with the answers so far."""
        try:
            self.check(value, view)
        except ValueError:
            return False
        return True


def one_of(*allowed: str) -> Callable[[str], Value]:
    """Return a parser for a fixed set of words."""

    def parse(text: str) -> Value:
        word = text.strip().lower().replace("_", "-")
        if word in allowed:
            return word
        raise ValueError(f"choose one of {', '.join(allowed)}")

    return parse
