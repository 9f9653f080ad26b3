"""Settings survive the way to TOML text and back, and an edit touches only what differs."""

from __future__ import annotations

import difflib
import tomllib
from datetime import date
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from checks.settings import Settings, parse
from tests.wizard.worlds import TEXT, all_settings, server, settings
from wizard.document import change, line_of, render, to_document


@hypothesis_settings(max_examples=50, deadline=None)
@given(all_settings)
def test_the_document_reads_back_as_the_same_settings(some: Settings) -> None:
    assert parse(to_document(some)) == some
    assert parse(tomllib.loads(render(some))) == some


@hypothesis_settings(max_examples=40, deadline=None)
@given(all_settings, all_settings)
def test_any_settings_can_be_turned_into_any_others(old: Settings, new: Settings) -> None:
    text = change(tomlkit.parse(render(old)), old, new)
    assert parse(tomllib.loads(text)) == new


def test_what_matters_is_written_even_where_it_is_the_default() -> None:
    document = to_document(settings(server(limit={"max": 5, "per": "day"})))
    assert document["timezone"] == "Europe/Berlin"
    assert document["servers"][0]["auth"] == "auto"
    assert document["servers"][0]["limit"] == {"max": 5, "per": "day", "unit": "messages", "window": "sliding"}
    assert "volume" not in document
    assert "test_mode" not in document


def edited(**changes: object) -> list[str]:
    """Return the lines that an edit of the second server's limit or of the top level takes out (-) and puts in (+)."""
    old = parse(tomllib.loads(TEXT))
    plain: dict[str, Any] = tomllib.loads(TEXT)
    for path, value in changes.items():
        part: Any = plain
        *way, last = path.split("__")
        for name in way:
            part = part[int(name)] if name.isdigit() else part.setdefault(name, {})
        if value is None:
            del part[last]
        else:
            part[last] = value
    text = change(tomlkit.parse(TEXT), old, parse(plain))
    assert parse(tomllib.loads(text)) == parse(plain)
    return [line for line in difflib.ndiff(TEXT.splitlines(), text.splitlines()) if line[0] in "+-"]


def test_one_changed_value_changes_one_line_and_keeps_its_comment() -> None:
    assert edited(timezone="UTC") == ['- timezone = "Europe/Berlin" # where we are', '+ timezone = "UTC" # where we are']
    assert edited(servers__1__limit__per="week") == ['- per = "day" # as agreed', '+ per = "week" # as agreed']
    assert edited(servers__0__host="new.club.example") == [
        '- host = "Mail.Club.Example"   # ask Ann',
        '+ host = "new.club.example"   # ask Ann',
    ]
    assert edited(servers__1__sender__email="n@club.example") == [
        '- sender.email = "news@club.example"',
        '+ sender.email = "n@club.example"',
    ]


def test_new_settings_go_where_they_belong() -> None:
    assert edited(mail_client="system") == ['+ mail_client = "system"']
    assert edited(servers__0__limit={"max": 9, "per": "hour"}) == [
        '+ limit = {max = 9, per = "hour", unit = "messages", window = "sliding"}'
    ]
    assert edited(volume={"plan": "E3"}) == ["+ ", "+ [volume]", '+ plan = "E3"']


def test_days_for_the_calendar_are_added_changed_and_taken_away_on_their_own() -> None:
    """Every remark stays; no other line is touched."""
    assert edited(servers__1__dkim_since=date(2026, 6, 1)) == ["+ dkim_since = 2026-06-01"]
    assert edited(servers__0__password__expires=date(2027, 1, 31)) == [
        '- password = { source = "file", ref = "office.password" }',
        '+ password = { source = "file", ref = "office.password", expires = 2027-01-31}',
    ]
    old = settings(server(password={"source": "env", "ref": "X", "expires": "2027-01-31"}, dkim_since="2026-06-01"))
    text = render(old).replace("2027-01-31}", "2027-01-31} # Ann").replace("2026-06-01", "2026-06-01 # Bob")
    assert change(tomlkit.parse(text), old, old) == text
    new = settings(server(password={"source": "env", "ref": "X", "expires": "2028-01-31"}, dkim_since="2027-06-01"))
    assert change(tomlkit.parse(text), old, new) == text.replace("2027-01-31", "2028-01-31").replace("2026-06-01", "2027-06-01")
    bare = settings(server(password={"source": "env", "ref": "X"}))
    assert parse(tomllib.loads(change(tomlkit.parse(text), old, bare))) == bare


def test_a_renamed_server_keeps_its_place_and_comments() -> None:
    assert edited(servers__0__name="Main") == ['- name = "Office"', '+ name = "Main"']


def test_a_limit_can_go() -> None:
    assert edited(servers__1__limit=None) == ["- [servers.limit]", "- max = 500", '- per = "day" # as agreed']


def test_an_appended_server_has_a_blank_line_before_it() -> None:
    old = settings()
    new = settings(server(), server("News", default=False, filter=[]))
    text = change(tomlkit.parse(render(old)), old, new)
    assert '\n\n[[servers]]\nname = "News"' in text
    assert text.startswith(render(old))


def test_inline_servers_and_windows_line_ends_can_be_edited() -> None:
    inline = 'servers = [{name = "A", default = true, sender = {email = "a@x.example"}, host = "h.x.example", port = 465, security = "implicit-tls", auth = "none"}]\r\ntimezone = "UTC" # z\r\n'
    old = parse(tomllib.loads(inline))
    new = old.model_copy(update={"timezone": "Europe/Paris", "servers": (old.servers[0].model_copy(update={"port": 4465}),)})
    text = change(tomlkit.parse(inline), old, new)
    assert parse(tomllib.loads(text)) == new
    assert 'timezone = "Europe/Paris" # z\r\n' in text


def test_a_field_is_found_in_the_text() -> None:
    lines = TEXT.splitlines()
    for field, begins in {
        "timezone": "timezone",
        "servers[1].host": 'host = "Mail',
        "servers[2].limit.per": "per =",
        "servers[2].sender.email": "sender.email",
        "servers[1].sender.email": "sender =",
        "servers[2]": "[[servers]]",
        "test_mode.redirect_to": "[test_mode]",
    }.items():
        number = line_of(TEXT, field)
        assert number is not None
        assert lines[number - 1].startswith(begins), field
    assert line_of(TEXT, "volume.plan") is None
