"""Answers from a file and from --set go through the same questions, and everything wrong is said at once."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from checks.settings import Settings, SettingsError
from tests.wizard.worlds import all_settings, server, settings
from wizard.answered import build, from_settings
from wizard.answers import answers_from, complete
from wizard.answers_given import gather
from wizard.document import to_document
from wizard.questions import ANOTHER, BY_KEY, COMMON_QUESTIONS, QUESTIONS, SERVER_QUESTIONS
from wizard.view import Surroundings, View

CANARY = "SECRETCANARY-7f3a"
HERE = Surroundings(today=date(2026, 11, 23))
FLAT = """\
sender.email = "office@club.example"
host = "mail.club.example"
connection = 587
password = { source = "file", ref = "office.password" }
"""


def made(text: str | None, *sets: str, was: Settings | None = None) -> Settings:
    around = Surroundings(today=HERE.today, was=from_settings(was) if was else None)
    return build(complete(gather(text, sets, "a.toml"), around), around, was)


def problems(text: str | None, *sets: str, was: Settings | None = None) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        made(text, *sets, was=was)
    return {problem.field: problem.message for problem in caught.value.problems}


# --- good answers ---------------------------------------------------------------------------------------------------------------


def test_a_few_flat_answers_are_enough_for_one_server() -> None:
    only = made(FLAT).servers[0]
    assert (only.name, only.default, only.filter) == ("club.example", True, ("@club.example",))
    assert (only.host, only.port, only.security, only.auth, only.username) == (
        "mail.club.example",
        587,
        "starttls",
        "auto",
        "office@club.example",
    )


def test_set_alone_gives_the_same_settings_as_a_file() -> None:
    sets = (
        "sender.email=office@club.example",
        "host=mail.club.example",
        "connection=587",
        "password.source=file",
        "password.ref=office.password",
    )
    assert made(None, *sets) == made(FLAT)


def test_set_wins_over_the_file() -> None:
    assert made(FLAT, "host=other.club.example", "volume.recipients_per_mailing=1,000").servers[0].host == "other.club.example"


@pytest.mark.parametrize(
    "key", ["sender.reply_to", "sender_reply_to", "sender-reply-to", "SENDER.REPLY_TO", "servers.1.sender.reply_to"]
)
def test_keys_may_be_spelt_with_dots_dashes_or_underscores(key: str) -> None:
    assert made(FLAT, f"{key}=r@club.example").servers[0].sender.reply_to == "r@club.example"


def test_port_and_security_may_be_given_as_in_the_settings() -> None:
    text = FLAT.replace("connection = 587", 'port = 2525\nsecurity = "starttls"')
    assert (made(text).servers[0].port, made(text).servers[0].security) == (2525, "starttls")
    assert problems(text, "connection=587")["connection"] == "give either connection, or port and security"


def test_the_catalogue_fills_in_what_is_certain() -> None:
    only = made('sender.email = "me@gmx.net"\nauth = "none"').servers[0]
    assert (only.host, only.port, only.security) == ("mail.gmx.net", 465, "implicit-tls")
    assert only.filter == ("me@gmx.net",)


def test_an_unknown_host_gets_no_guessed_port() -> None:
    assert "connection" in problems(FLAT.replace("connection = 587\n", ""))


def test_days_that_nobody_sees_from_outside() -> None:
    """Each may be given, in the settings file's own form too; a day goes with the password or key that it was said of."""
    sets = ("password.expires=2027-01-31", "dkim_since=2026-06-01", "selectors=s1")
    found = made(FLAT, *sets)
    assert found.servers[0].password is not None
    assert (found.servers[0].password.expires, found.servers[0].dkim_since) == (date(2027, 1, 31), date(2026, 6, 1))
    own = FLAT.replace('"office.password" }', '"office.password", expires = 2027-01-31 }')
    assert made(own, "dkim_since=2026-06-01", "selectors=s1") == found
    assert made(None, "sender.name=Club", was=found).servers[0].password == found.servers[0].password
    other = made(None, "password.ref=other.password", "selectors=s2", was=found).servers[0]
    assert other.password is not None
    assert (other.password.expires, other.dkim_since) == (None, None)
    assert made(None, "password.expires=", "dkim_since=", was=found) == made(FLAT, "selectors=s1")
    assert "password.expires" in problems(FLAT.replace("password =", "# "), "auth=none", "password.expires=2027-01-31")


SEVERAL = """\
default_server = "News"
dispatch = "service"
service.max_age = 12
blocklist = ["@rival.example", "a@b.example"]

[test_mode]
enabled = true
redirect_to = "qa@club.example"
until = 2027-01-31

[[servers]]
name = "Office"
sender = { email = "office@club.example", name = "Club" }
host = "mail.club.example"
connection = "465"
auth = "plain"
password = { source = "env", ref = "OFFICE" }
limit = { per = "day", max = 500 }

[[servers]]
name = "News"
sender.email = "news@club.example"
host = "127.0.0.1"
connection = "25 none"
filter = []
"""


def test_several_servers_are_written_as_tables() -> None:
    found = made(SEVERAL)
    assert [(one.name, one.default, one.filter, one.auth) for one in found.servers] == [
        ("Office", False, ("@club.example",), "plain"),
        ("News", True, (), "none"),
    ]
    assert (found.test_mode.until, found.service and found.service.max_age) == (date(2027, 1, 31), 12)
    assert [entry.pattern for entry in found.blocklist] == ["@rival.example", "a@b.example"]


def test_a_default_may_be_marked_at_the_server() -> None:
    text = SEVERAL.replace('default_server = "News"\n', "")
    assert [one.default for one in made(text).servers] == [True, False]
    assert [one.default for one in made(text + "default = true\n").servers] == [False, True]
    assert (
        "only one server"
        in problems(text.replace('name = "Office"\n', 'name = "Office"\ndefault = true\n') + "default = true\n")[
            "servers.2.default"
        ]
    )


@hypothesis_settings(max_examples=40, deadline=None)
@given(all_settings)
def test_a_settings_file_stands_for_answers_that_give_the_same_settings(some: Settings) -> None:
    around = Surroundings(today=date(1, 1, 1), was=from_settings(some))
    again = build(complete(gather(None, ()), around), around, some)
    expected = to_document(some)
    chosen = next((one.name for one in some.servers if one.default), some.servers[0].name)
    for one in expected["servers"]:
        one["default"] = one["name"] == chosen
    assert to_document(again) == expected


@pytest.mark.parametrize("text", [FLAT, SEVERAL])
def test_answers_written_to_a_file_give_the_same_settings_again(text: str) -> None:
    first = complete(gather(text, ()), HERE)
    written = answers_from(first, HERE)
    assert build(complete(gather(written, ()), HERE), HERE) == build(first, HERE)
    assert answers_from(complete(gather(written, ()), HERE), HERE) == written


# --- over existing settings --------------------------------------------------------------------------------------------------------


def test_set_changes_only_what_it_names() -> None:
    was = settings(
        server(return_path="b@club.example", burst={"max": 3, "per": "second"}),
        server("News", default=False, filter=[], limit={"max": 5, "per": "day"}),
        templates=[{"name": "t"}],
    )
    now = made(None, "servers.2.limit.max=7", was=was)
    expected = to_document(was)
    expected["servers"][1]["limit"]["max"] = 7
    assert to_document(now) == expected


def test_a_table_is_about_the_server_of_its_name() -> None:
    was = settings(server(), server("News", default=False, filter=[]))
    now = made('[[servers]]\nname = "news"\nusername = "n"', was=was)
    assert [one.username for one in now.servers] == ["office@club.example", "n"]
    more = made(f'[[servers]]\nname = "Third"\n{FLAT}', was=was)
    assert [(one.name, one.username) for one in more.servers] == [
        ("Office", "office@club.example"),
        ("News", "office@club.example"),
        ("Third", "office@club.example"),
    ]


def test_the_blocklist_keeps_reasons_and_dates() -> None:
    was = settings(blocklist=[{"pattern": "@a.example", "reason": "asked", "added": "2026-01-01"}])
    now = made(None, "blocklist=@b.example,@a.example", was=was)
    assert [(entry.pattern, entry.reason) for entry in now.blocklist] == [("@b.example", ""), ("@a.example", "asked")]


def test_a_password_is_not_taken_along_to_another_server() -> None:
    assert "say again where the password" in problems(None, "host=evil.example", was=settings())["password.ref"]
    assert (
        made(None, "host=new.club.example", "password.ref=office.password", was=settings()).servers[0].host == "new.club.example"
    )


def test_the_last_default_follows_its_server_when_that_is_renamed() -> None:
    was = settings(server(default=False), server("News", filter=[]))
    assert [one.default for one in made(None, "servers.2.name=Letters", was=was).servers] == [False, True]


# --- wrong answers -----------------------------------------------------------------------------------------------------------------


def test_everything_missing_is_named_at_once_with_an_example() -> None:
    found = problems(None)
    assert set(found) == {"sender.email", "host", "connection", "password.source", "password.ref"}
    assert 'host = "smtp.example.org"' in found["host"]


def test_everything_wrong_is_named_at_once() -> None:
    text = (
        FLAT.replace("office@club.example", "not an address").replace("587", '"587 tls"')
        + 'limit.per = "month"\ntest_mode.enabled = 3\nhsot = "x"\n[volume]\nlicences = "many"\n'
    )
    found = problems(text)
    assert set(found) == {"sender.email", "connection", "limit.per", "test_mode.enabled", "hsot", "volume.licences"}
    assert found["hsot"] == 'there is no such answer; did you mean "host"?'


def test_problems_of_a_server_name_its_number() -> None:
    assert "servers.2.host" in problems(SEVERAL.replace("127.0.0.1", "https://relay.club.example/x"))


@pytest.mark.parametrize(
    "bad",
    [f'password = "{CANARY}"', f'password.value = "{CANARY}"', f'passwd = "{CANARY}"', f'[[servers]]\npassword = "{CANARY}"', f'token = "{CANARY}"', f"password = {CANARY}", f'password = {{ source = "env", ref = "{CANARY} x" }}'],
)  # fmt: skip
def test_a_plain_password_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(SettingsError) as caught:
        made(bad)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "bad", [f"password={CANARY}", f"servers.1.password={CANARY}", CANARY, f"={CANARY}", f"password.value={CANARY}"]
)
def test_a_plain_password_in_set_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(SettingsError) as caught:
        made(FLAT, bad)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("extra", "field", "says"),
    [
        ("limit.max=5", "limit.max", "only counts when limit.per is"),
        ("servers.0.host=x", "servers.0.host", "counted from 1"),
        ("servers.3.host=x.example", "servers.2", "without a gap"),
        ("servers.1.dispatch=direct", "servers.1.dispatch", "belongs to no server"),
        ("test_mode.enabled=yes", "test_mode.redirect_to", "this is missing"),
        ("connection=25 none", "password.ref", "the connection is encrypted"),
        ("auth=none", "password.ref", "auth is not none"),
        ("filter=@bad domain", "filter", "a filter is"),
    ],
)
def test_answers_that_do_not_go_together_are_explained(extra: str, field: str, says: str) -> None:
    assert says in problems(FLAT, extra)[field]


@pytest.mark.parametrize("text", ["a = ", "x = [[[", "servers = 3", "servers = [1]", "[[servers]]\n[[servers]]", "\0", "a" * 100])
def test_a_file_that_makes_no_sense_is_explained(text: str) -> None:
    with pytest.raises(SettingsError):
        made(text)


# --- the list of questions ------------------------------------------------------------------------------------------------------------


def test_the_example_of_every_question_is_a_good_answer() -> None:
    for question in QUESTIONS:
        if question.answerable:
            assert question.read(question.example) is not None, question.key


def test_every_question_that_is_asked_has_words_and_a_reason() -> None:
    for question in (*QUESTIONS, ANOTHER):
        assert question.label, question.key
        if question.prompted:
            assert question.words[-1] in "?:)", question.key
            assert question.why.endswith("."), question.key
        assert len(BY_KEY) == len(QUESTIONS) + 1


def test_every_item_that_the_wizard_must_ask_is_a_question() -> None:
    must = "name filter sender.name sender.email sender.reply_to host connection username password.source password.ref password.value auth limit.per limit.max"
    assert set(must.split()) <= {question.key for question in SERVER_QUESTIONS if question.prompted}
    must = "default_server dispatch mail_client test_mode.enabled test_mode.redirect_to blocklist volume.recipients_per_mailing volume.mailings_per_week volume.plan volume.licences test_to"
    assert set(must.split()) <= {question.key for question in COMMON_QUESTIONS if question.prompted}


def test_microsofts_questions_are_asked_for_microsofts_servers_only() -> None:
    for host, asked in {
        "smtp.office365.com": True,
        "x.mail.protection.outlook.com": True,
        "mail.club.example": False,
        "smtp-mail.outlook.com": False,
        "outlook.com.evil.example": False,
    }.items():
        answers = complete(gather(FLAT.replace("mail.club.example", host), ()), HERE)
        assert BY_KEY["volume.plan"].when(View(answers, None, HERE)) is asked, host


def test_answers_files_are_toml() -> None:
    assert (
        tomllib.loads(answers_from(complete(gather(FLAT, ()), HERE), HERE))["servers"][0]["sender"]["email"]
        == "office@club.example"
    )
