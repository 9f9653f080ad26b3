"""Back reaches every answer, also those of a draft, and what a changed answer undoes is said."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.wizard.test_flow import CANARY, COMMON, FIRST, HAS_PASSWORD, SAVE, Walk, kept
from tests.wizard.worlds import settings
from wizard.draft import Draft, Slot
from wizard.parsing import Value
from wizard.view import Answers

EARLY: dict[str, Value] = {
    "sender.email": "office@club.example",
    "sender.name": None,
    "sender.reply_to": None,
    "host": "mail.club.example",
}


def draft(settled: set[Slot]) -> Draft:
    """Answers up to the host."""
    return Draft(answers=Answers({}, [dict(EARLY)]), settled=frozenset(settled), saved_at=datetime(2026, 11, 23, tzinfo=UTC))


def test_a_draft_s_answers_are_shown_and_each_can_be_reached_by_going_back() -> None:
    back = [(key, "<") for key in ("1.connection", "1.host", "1.sender.reply_to", "1.sender.name", "1.sender.email")]
    walk = Walk([*back, *FIRST, *COMMON, *SAVE])
    walk.flow.resume(draft({(0, key) for key in EARLY}))
    assert "Sender's address: office@club.example" in walk.prompter.text
    assert "Server: mail.club.example" in walk.prompter.text
    assert "Sender's name" not in walk.prompter.text  # nothing to remember
    walk.run()
    assert "This is the first question." in walk.prompter.text
    assert walk.prompter.prompt("1.host").source == "your answer"


def test_back_follows_the_order_of_the_questions_and_passes_over_what_is_none_any_more() -> None:
    change = [("review", "change"), ("change", "1.limit.per"), ("1.limit.per", "none")]
    back = [("review", "<"), ("test_to", "<"), ("volume.start", ""), ("test_to", "")]
    again = [("review", "change"), ("change", "1.selectors"), ("1.selectors", "<"), ("1.limit.per", ""), ("1.selectors", "")]
    assert Walk([*FIRST, *COMMON, *change, *back, *again, *SAVE]).run().servers[0].limit is None


def test_a_server_changed_in_the_same_walk_asks_for_its_password_again_and_says_why() -> None:
    change = [("review", "change"), ("change", "1.host"), ("1.host", "new.club.example"), ("1.password.value", "second")]
    walk = Walk([*FIRST, *COMMON, *change, *SAVE])
    walk.run()
    assert "Note: Server is another one now, so the password is asked again." in walk.prompter.text
    assert walk.flow.secrets[0].reveal() == "second"


def test_a_server_changed_in_existing_settings_says_why_the_password_is_asked() -> None:
    script = [
        (key, {"1.host": "new.club.example", "1.password.value": CANARY}.get(key, value)) for key, value in kept(password=True)
    ]
    walk = Walk(
        [*script, *((key, "") for key, _ in COMMON if key != "volume.start"), *SAVE], around=HAS_PASSWORD, existing=settings()
    )
    walk.run()
    assert "the password that is stored was meant for mail.club.example" in walk.prompter.prompt("1.password.value").why


def test_help_at_a_question_outside_the_list_explains_and_asks_again() -> None:
    walk = Walk([("send_test", "?"), ("send_test", "yes")])
    assert walk.flow.ask_yes_no("send_test", "Send it?") is True
    assert "Nothing is done before you have answered. Type yes or no." in walk.prompter.text
