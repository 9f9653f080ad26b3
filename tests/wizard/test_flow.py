"""A person can go forward, back, ask, skip, leave and change; nothing typed is lost and nothing is written before the end."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from checks.settings import Settings
from tests.fakes.prompter import CTRL_C, END, FakePrompter
from tests.wizard.worlds import server, settings
from wizard.answered import build, from_settings
from wizard.answers import answers_from, complete, overlay
from wizard.answers_given import gather
from wizard.draft import Drafts
from wizard.flow import Flow, LeftError
from wizard.review import Plan, review
from wizard.view import Answers, Surroundings

HERE = Surroundings(today=date(2026, 11, 23))
CANARY = "SECRETCANARY-7f3a"

FIRST = [
    ("1.sender.email", "office@club.example"),
    ("1.sender.name", "Club"),
    ("1.sender.reply_to", ""),
    ("1.host", "mail.club.example"),
    ("1.connection", "587 starttls"),
    ("1.name", ""),
    ("1.auth", ""),
    ("1.username", ""),
    ("1.password.source", ""),
    ("1.password.ref", ""),
    ("1.password.value", CANARY),
    ("1.filter", ""),
    ("1.limit.per", "day"),
    ("1.limit.max", "500"),
    ("1.selectors", ""),
    ("1.another", ""),
]
COMMON = [
    ("dispatch", ""),
    ("mail_client", ""),
    ("test_mode.enabled", ""),
    ("blocklist", "-"),
    ("volume.recipients_per_mailing", "800"),
    ("volume.mailings_per_week", "2"),
    ("volume.start", ""),
    ("test_to", ""),
]
SAVE = [("review", "")]


class Walk:
    """A flow with prepared answers."""

    def __init__(
        self,
        script: Iterable[tuple[str, str]],
        *,
        around: Surroundings = HERE,
        existing: Settings | None = None,
        sets: tuple[str, ...] = (),
        text: str | None = None,
    ) -> None:
        self.prompter = FakePrompter(script)
        self.drafts: list[dict[str, object]] = []
        self.reviews: list[str] = []
        around = replace(around, was=from_settings(existing)) if existing else around
        self.flow = Flow(
            prompter=self.prompter, around=around, keep_draft=self._keep, existing=existing, only_missing=text is not None
        )
        self.flow.take(overlay(gather(text, sets), around))
        self.around = around

    def _keep(self, answers: Answers, settled: set[tuple[int | None, str]]) -> str:
        self.drafts.append(
            {"servers": [dict(one) for one in answers.servers], "common": dict(answers.common), "settled": set(settled)}
        )
        return "kept"

    def _review(self, found: Settings, answers: Answers) -> None:
        plan = Plan(settings=Path("s.toml"), output=Path("out"), passwords={}, exists=False, test_message=True)
        self.reviews.append(review(found, answers, self.around, plan))

    def run(self) -> Settings:
        found = self.flow.run(self._review)
        self.prompter.finish()
        return found


def with_answers(script: list[tuple[str, str]], **typed: str) -> list[tuple[str, str]]:
    """Return the script with some answers replaced; a key's dots are written as __."""
    changes = {key.replace("__", ".").removeprefix("s"): value for key, value in typed.items()}
    return [(key, changes.get(key, value)) for key, value in script]


def test_the_whole_walk_makes_settings_and_the_same_answers_file() -> None:
    walk = Walk(FIRST + COMMON + SAVE)
    found = walk.run()
    only = found.servers[0]
    assert (only.name, only.default, only.filter, only.port, only.username) == (
        "club.example",
        True,
        ("@club.example",),
        587,
        "office@club.example",
    )
    assert only.password is not None
    assert (only.password.source, only.password.ref) == ("file", "club-example.password")
    assert only.limit is not None
    assert (only.limit.max, only.limit.per) == (500, "day")
    assert walk.flow.secrets[0].reveal() == CANARY
    written = answers_from(walk.flow.answers, HERE)
    assert build(complete(gather(written, ()), HERE), HERE) == found
    assert CANARY not in written


def test_a_password_is_asked_hidden_and_stands_in_no_draft_review_or_saying() -> None:
    walk = Walk(FIRST + COMMON + SAVE)
    walk.run()
    assert [prompt.key for prompt in walk.prompter.prompts if prompt.hidden] == ["1.password.value"]
    assert CANARY not in repr(walk.drafts) + repr(walk.reviews) + walk.prompter.text + repr(walk.flow)
    assert "Taken: 17 characters." in walk.prompter.text


def test_proposals_are_shown_with_their_source_and_guesses_are_not_made() -> None:
    walk = Walk(FIRST + COMMON + SAVE)
    walk.run()
    assert walk.prompter.prompt("1.host").default == ""
    assert walk.prompter.prompt("1.connection").default == ""
    assert (walk.prompter.prompt("1.username").default, walk.prompter.prompt("1.username").source) == (
        "office@club.example",
        "usual: the sender's address",
    )


def test_a_known_provider_is_proposed_with_its_port_and_limits() -> None:
    script = with_answers(FIRST, s1__host="smtp.office365.com", s1__connection="", s1__limit__per="none")
    script = [row for row in script if row[0] != "1.limit.max"]
    plan = [("volume.plan", "E3"), ("volume.licences", "25")]
    walk = Walk(script + COMMON[:-1] + plan + COMMON[-1:] + SAVE)
    found = walk.run()
    assert (found.servers[0].name, found.servers[0].port, found.volume.plan, found.volume.licences) == (
        "Microsoft 365",
        587,
        "E3",
        25,
    )
    assert walk.prompter.prompt("1.connection").source.startswith("catalogue: Microsoft 365")
    assert "10,000 recipients per 24 hours and mailbox" in walk.prompter.prompt("1.limit.per").why


def test_wrong_input_names_the_field_and_asks_again() -> None:
    script = [
        FIRST[0],
        *FIRST[1:3],
        ("1.host", "https://mail.club.example:465/"),
        *FIRST[3:4],
        ("1.connection", "587 tls"),
        *FIRST[4:],
        *COMMON,
        *SAVE,
    ]
    walk = Walk(script)
    walk.run()
    assert "Server: give the server's name alone, not a URL: host = mail.club.example, port = 465" in walk.prompter.text
    assert "Port and encryption:" in walk.prompter.text


def test_a_needed_answer_cannot_be_skipped_or_left_empty() -> None:
    walk = Walk([("1.sender.email", ""), ("1.sender.email", "-"), *FIRST, *COMMON, *SAVE])
    walk.run()
    assert "must not be empty" in walk.prompter.text
    assert "cannot be skipped" in walk.prompter.text


def test_going_back_offers_what_was_typed() -> None:
    script = [
        *FIRST[:4],
        ("1.connection", "<"),
        ("1.host", "<"),
        ("1.sender.reply_to", "back"),
        ("1.sender.name", ""),
        ("1.sender.reply_to", ""),
        ("1.host", "other.club.example"),
        *FIRST[4:],
        *COMMON,
        *SAVE,
    ]
    walk = Walk(script)
    found = walk.run()
    assert (found.servers[0].sender.name, found.servers[0].host) == ("Club", "other.club.example")
    assert walk.prompter.prompt("1.host").default == "mail.club.example"


def test_an_accepted_proposal_follows_a_changed_answer_when_one_goes_back() -> None:
    back = [
        ("1.auth", "<"),
        ("1.name", "<"),
        ("1.connection", "<"),
        ("1.host", "<"),
        ("1.sender.reply_to", "<"),
        ("1.sender.name", "<"),
        ("1.sender.email", "x@other.example"),
    ]
    again = [("1.sender.name", ""), ("1.sender.reply_to", ""), ("1.host", ""), ("1.connection", ""), ("1.name", ""), *FIRST[6:]]
    found = Walk([*FIRST[:6], *back, *again, *COMMON, *SAVE]).run()
    assert (found.servers[0].name, found.servers[0].filter) == ("other.example", ("@other.example",))


def test_the_first_question_has_nothing_before_it() -> None:
    walk = Walk([("1.sender.email", "<"), *FIRST, *COMMON, *SAVE])
    walk.run()
    assert "This is the first question." in walk.prompter.text
    assert not walk.prompter.prompts[0].can_go_back


def test_help_says_why_gives_an_example_and_asks_again() -> None:
    walk = Walk([("1.sender.email", "?"), *FIRST, *COMMON, *SAVE])
    walk.run()
    assert "For example: office@example.org" in walk.prompter.text


def test_a_name_may_be_a_word_that_is_a_command_elsewhere() -> None:
    assert Walk(with_answers(FIRST + COMMON + SAVE, s1__sender__name="help", s1__name="Back")).run().servers[0].name == "Back"


@pytest.mark.parametrize("key", [CTRL_C, END, "!"])
@pytest.mark.parametrize("place", range(len(FIRST) + len(COMMON) + 1))
def test_leaving_at_any_question_keeps_the_answers_so_far(place: int, key: str) -> None:
    script = [*FIRST, *COMMON, *SAVE]
    walk = Walk([*script[:place], (script[place][0], key)])
    with pytest.raises(LeftError, match="kept"):
        walk.run()
    walk.prompter.finish()
    settled = walk.drafts[-1]["settled"]
    assert isinstance(settled, set)
    assert len(settled) == place


def test_a_draft_goes_on_where_it_was_left(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "settings.toml", tmp_path / "state")
    first = Walk([*FIRST[:12], ("1.limit.per", CTRL_C)])

    def keep(answers: Answers, settled: set[tuple[int | None, str]]) -> str:
        drafts.save(answers, settled, datetime(2026, 11, 23, tzinfo=UTC))
        return "kept"

    first.flow.keep_draft = keep
    with pytest.raises(LeftError):
        first.run()
    assert CANARY not in drafts.path.read_text()
    assert stat.S_IMODE(drafts.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(drafts.path.parent.stat().st_mode) == 0o700
    draft = drafts.load()
    assert draft is not None
    second = Walk([("1.password.value", CANARY), *FIRST[12:], *COMMON, *SAVE])
    second.flow.resume(draft)
    assert second.run() == Walk(FIRST + COMMON + SAVE).run()
    drafts.remove()
    assert drafts.load() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"draft": 99}',
        "\0",
        '{"draft": 1, "common": 3, "servers": [], "settled": [], "saved_at": "x"}',
        "[" * 50_000,
    ],
)
def test_a_draft_that_cannot_be_read_is_no_draft(tmp_path: Path, text: str) -> None:
    drafts = Drafts(tmp_path / "settings.toml", tmp_path)
    drafts.path.write_text(text)
    assert drafts.load() is None


def test_a_draft_belongs_to_one_settings_file(tmp_path: Path) -> None:
    Drafts(tmp_path / "a.toml", tmp_path).save(Answers(), set(), datetime.now(UTC))
    assert Drafts(tmp_path / "a.toml", tmp_path).load() is not None
    assert Drafts(tmp_path / "b.toml", tmp_path).load() is None
    assert json.loads(Drafts(tmp_path / "a.toml", tmp_path).path.read_text())["draft"] == 1


SECOND = [
    ("2.sender.email", "news@club.example"),
    ("2.sender.name", ""),
    ("2.sender.reply_to", ""),
    ("2.host", "relay.club.example"),
    ("2.connection", "25 none"),
    ("2.name", "News"),
    ("2.auth", ""),
    ("2.filter", ""),
    ("2.limit.per", ""),
    ("2.selectors", ""),
    ("2.another", "no"),
]


def test_a_second_server_brings_the_question_of_the_default() -> None:
    first = with_answers(FIRST, s1__another="yes")
    walk = Walk([*first, *SECOND, ("default_server", "News"), *COMMON, *SAVE])
    found = walk.run()
    assert [(one.name, one.default, one.auth, one.filter) for one in found.servers] == [
        ("club.example", False, "auto", ("@club.example",)),
        ("News", True, "none", ("news@club.example",)),
    ]
    assert "news@club.example: News (filter news@club.example)" in walk.reviews[0]
    assert "somebody@elsewhere.example: News (the default server)" in walk.reviews[0]


def test_two_servers_cannot_have_one_name_and_a_shared_sender_is_remarked() -> None:
    first = with_answers(FIRST, s1__another="yes")
    second = [*SECOND[:5], ("2.name", "CLUB.example"), *SECOND[5:7], ("2.filter", "@club.example"), *SECOND[8:]]
    walk = Walk([*first, *second, ("default_server", ""), *COMMON, *SAVE])
    walk.run()
    assert "another server has this name already" in walk.prompter.text
    assert "@club.example is claimed by the server club.example as well" in walk.prompter.text


def test_a_password_needs_an_encrypted_connection() -> None:
    first = with_answers(
        [row for row in FIRST if "password" not in row[0] and "username" not in row[0]], s1__connection="25 none"
    )
    script = [*first[:6], ("1.auth", "plain"), *first[6:], *COMMON, *SAVE]
    walk = Walk(script)
    assert walk.run().servers[0].auth == "none"
    assert "never travels unencrypted" in walk.prompter.text


def test_changing_an_answer_at_the_review_asks_again_what_no_longer_fits() -> None:
    change = [("review", "change"), ("change", "1.connection"), ("1.connection", "25 none"), ("1.auth", ""), ("review", "")]
    walk = Walk([*FIRST, *COMMON, *change])
    found = walk.run()
    assert (found.servers[0].security, found.servers[0].auth, found.servers[0].password) == ("none", "none", None)
    assert len(walk.reviews) == 2


def test_discarding_says_so_and_saves_nothing() -> None:
    with pytest.raises(LeftError) as caught:
        Walk([*FIRST, *COMMON, ("review", "nonsense"), ("review", "?"), ("review", "discard")]).run()
    assert str(caught.value) == ""


def test_test_mode_asks_for_its_address_and_last_day() -> None:
    common = with_answers(COMMON, test_mode__enabled="yes")
    script = [
        *FIRST,
        *common[:3],
        ("test_mode.redirect_to", "qa@club.example"),
        ("test_mode.until", "2020-01-01"),
        ("test_mode.until", "2026-12-01"),
        *common[3:],
        *SAVE,
    ]
    walk = Walk(script)
    assert walk.run().test_mode.until == date(2026, 12, 1)
    assert "this day is over" in walk.prompter.text
    assert "TEST MODE IS ON: every message goes to qa@club.example" in walk.reviews[0]


# --- existing settings ------------------------------------------------------------------------------------------------------------


def kept(walk_through: str = "1", *, password: bool = False) -> list[tuple[str, str]]:
    rows = [
        "sender.email",
        "sender.name",
        "sender.reply_to",
        "host",
        "connection",
        "name",
        "auth",
        "username",
        "password.source",
        "password.ref",
        *(["password.value"] if password else []),
        "filter",
        "limit.per",
        "selectors",
        "another",
    ]
    return [(f"{walk_through}.{row}", "") for row in rows]


HAS_PASSWORD = replace(HERE, has_secret=lambda _source, _ref: True)
ALL_DEFAULT = [(key, "") for key, _ in COMMON if key != "volume.start"]  # the existing settings have no volume to ask about


def test_enter_all_the_way_leaves_existing_settings_as_they_are() -> None:
    was = settings(
        server(
            sender={"email": "office@club.example", "name": "Club", "reply_to": "r@club.example"},
            return_path="b@club.example",
            burst={"max": 3, "per": "second"},
            filter=[],
        ),
        templates=[{"name": "t"}],
        blocklist=[{"pattern": "@a.example", "reason": "asked"}],
        volume={"recipients_per_mailing": 7},
        timezone="UTC",
    )
    walk = Walk([*kept(), *((key, "") for key, _ in COMMON), *SAVE], around=HAS_PASSWORD, existing=was)
    assert walk.run() == was
    assert walk.prompter.prompt("1.host").source == "as it is now"
    assert "(was:" not in walk.reviews[0]


def test_the_review_shows_old_and_new() -> None:
    script = with_answers([*kept(), *ALL_DEFAULT, *SAVE], s1__connection="465", volume__mailings_per_week="3")
    walk = Walk(script, around=HAS_PASSWORD, existing=settings())
    walk.run()
    assert "465 implicit-tls   (was: 587 starttls)" in walk.reviews[0]
    assert "3   (was: -)" in walk.reviews[0]


def test_a_changed_host_asks_for_its_password_even_if_one_is_stored() -> None:
    script = with_answers([*kept(password=True), *ALL_DEFAULT, *SAVE], s1__host="new.club.example", s1__password__value=CANARY)
    walk = Walk(script, around=HAS_PASSWORD, existing=settings())
    walk.run()
    assert walk.flow.secrets[0].reveal() == CANARY


def test_servers_that_one_does_not_go_through_stay() -> None:
    was = settings(server(), server("News", default=False, filter=[]), server("Third", default=False, filter=[]))
    script = [*kept()[:-1], ("1.another", "no"), ("3.another", ""), ("default_server", ""), *ALL_DEFAULT, *SAVE]
    walk = Walk(script, around=HAS_PASSWORD, existing=was)
    assert walk.run() == was
    assert "Go through the next server, News, too?" in walk.prompter.prompts[13].words
    assert [
        one.name for one in build(complete(gather(answers_from(walk.flow.answers, walk.around), ()), HERE), HERE).servers
    ] == ["Office", "News", "Third"]


# --- days that nobody sees from outside ------------------------------------------------------------------------------------------------


DATED = server(
    password={"source": "file", "ref": "office.password", "expires": "2026-11-01"}, selectors=["s1"], dkim_since="2026-12-01"
)


def asks_days(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put the questions for both days where they belong."""
    behind = {"1.password.ref": "1.password.expires", "1.selectors": "1.dkim_since"}
    return [one for row in rows for one in (row, *([(behind[row[0]], "")] if row[0] in behind else []))]


def test_who_logs_in_by_token_is_asked_when_its_secret_ends() -> None:
    """Nobody else is: no other walk here has that question."""
    place = next(number for number, (key, _) in enumerate(FIRST) if key == "1.password.value")
    script = [*FIRST[: place + 1], ("1.password.expires", "31.1.2027"), ("1.password.expires", "2027-01-31"), *FIRST[place + 1 :]]
    walk = Walk(with_answers(script, s1__auth="xoauth2") + COMMON + SAVE)
    found = walk.run()
    assert found.servers[0].password is not None
    assert found.servers[0].password.expires == date(2027, 1, 31)
    assert "year-month-day" in walk.prompter.text
    written = answers_from(walk.flow.answers, HERE)
    assert build(complete(gather(written, ()), HERE), HERE) == found


def test_days_in_existing_settings_are_asked_about_and_stay() -> None:
    """Also one that is over, and one that has not come: the check says what follows from it."""
    was = settings(DATED)
    walk = Walk([*asks_days(kept()), *ALL_DEFAULT, *SAVE], around=HAS_PASSWORD, existing=was)
    assert walk.run() == was
    assert "Note: this day is over; today is 2026-11-23." in walk.prompter.text
    assert "Note: this day has not come yet; today is 2026-11-23." in walk.prompter.text


def test_another_password_or_key_has_another_day() -> None:
    """The old day is not proposed for it."""
    script = with_answers([*asks_days(kept()), *ALL_DEFAULT, *SAVE], s1__password__ref="new.password", s1__selectors="s2")
    walk = Walk(script, around=HAS_PASSWORD, existing=settings(DATED))
    found = walk.run().servers[0]
    assert found.password is not None
    assert (found.password.ref, found.password.expires) == ("new.password", None)
    assert (found.selectors, found.dkim_since) == (("s2",), None)


# --- answers given beforehand --------------------------------------------------------------------------------------------------------


def test_what_set_gave_is_not_asked() -> None:
    script = [row for row in FIRST if row[0] not in ("1.host", "1.connection")] + COMMON + SAVE
    assert Walk(script, sets=("host=mail.club.example", "connection=587")).run() == Walk(FIRST + COMMON + SAVE).run()


def test_an_answers_file_leaves_only_what_is_missing_to_the_person() -> None:
    text = 'sender.email = "office@club.example"\nconnection = 587\n'
    walk = Walk(
        [("1.host", "mail.club.example"), ("1.password.source", "env"), ("1.password.ref", "SMTP_PW"), ("review", "")], text=text
    )
    assert walk.run().servers[0].host == "mail.club.example"


# --- the password's place ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "ref"), [("env", "CLUB_EXAMPLE_PASSWORD"), ("credential", "club-example-password"), ("command", "pass show smtp")]
)
def test_a_password_that_lives_elsewhere_is_not_asked(source: str, ref: str) -> None:
    script = with_answers(
        [row for row in FIRST if row[0] != "1.password.value"],
        s1__password__source=source,
        s1__password__ref=ref if source == "command" else "",
    )
    found = Walk(script + COMMON + SAVE).run().servers[0].password
    assert found is not None
    assert (found.source, found.ref) == (source, ref)


def test_a_keyring_that_cannot_be_used_is_not_taken() -> None:
    around = replace(HERE, keyring_trouble=lambda: "no keyring here")
    script = [*FIRST[:8], ("1.password.source", "keyring"), *FIRST[8:], *COMMON, *SAVE]
    walk = Walk(script, around=around)
    walk.run()
    assert "no keyring here" in walk.prompter.text


def test_an_empty_password_is_asked_again_and_can_be_left_for_later() -> None:
    script = [*FIRST[:10], ("1.password.value", ""), ("1.password.value", "-"), *FIRST[11:], *COMMON, *SAVE]
    walk = Walk(script)
    walk.run()
    assert not walk.flow.secrets


def test_spaces_around_a_password_are_kept_and_said() -> None:
    walk = Walk(with_answers(FIRST + COMMON + SAVE, s1__password__value=" pw "))
    walk.run()
    assert walk.flow.secrets[0].reveal() == " pw "
    assert "begins with a space, ends with a space" in walk.prompter.text


def test_another_place_for_the_password_asks_for_its_name_and_value_again() -> None:
    back = [
        ("1.filter", "<"),
        ("1.password.value", "<"),
        ("1.password.ref", "<"),
        ("1.password.source", "keyring"),
        ("1.password.ref", ""),
        ("1.password.value", "second"),
    ]
    walk = Walk([*FIRST[:11], *back, *FIRST[11:], *COMMON, *SAVE])
    found = walk.run().servers[0].password
    assert found is not None
    assert found.ref == "sendready/office@club.example"
    assert walk.flow.secrets[0].reveal() == "second"
