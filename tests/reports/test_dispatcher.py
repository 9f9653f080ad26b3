"""dispatcher.json: the settings in full, no secret, and a stamp that notices and names every change."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from checks.settings import Settings, parse
from reports import dispatcher
from tests.reports import sample


def text() -> str:
    return dispatcher.to_json(dispatcher.document(sample.settings(), report=sample.customer()))


def changed(change: Any) -> dispatcher.Verification:
    found = json.loads(text())
    change(found)
    return dispatcher.verify(json.dumps(found))


def test_the_document_fits_its_schema_and_the_contract() -> None:
    found = json.loads(text())
    schema = dispatcher.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)
    assert found["schema"] == "sendready.dispatcher/1"
    assert set(found["verified"]) == {"settings_digest", "verdict", "taken_at", "tool", "report_digest"}
    assert found["verified"]["report_digest"] == sample.customer().digest()
    jsonschema.validate(dispatcher.document(sample.settings(), report=None), schema)
    for spoilt in (found | {"extra": 1}, {key: found[key] for key in found if key != "fields"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(spoilt, schema)


def test_the_settings_in_it_are_the_settings() -> None:
    """Normal form reads back equal, with every default written out."""
    found = json.loads(text())
    for key in ("schema", "verified", "fields"):
        del found[key]
    assert parse(found) == sample.settings()
    assert found["servers"][0]["limit"]["window"] == "sliding"
    assert found["servers"][0]["password"] == {"source": "file", "ref": "smtp.password"}


def dated() -> Settings:
    """The same settings with days for the calendar."""
    plain = sample.settings().model_dump(mode="json")
    for server in plain["servers"]:
        server["dkim_since"] = "2026-06-01"
        if server["password"]:
            server["password"]["expires"] = "2027-01-31"
    return parse(plain)


def test_days_for_the_calendar_are_not_the_dispatchers() -> None:
    """With them or without, the file is the same to the octet, so that a stamp stays good when somebody writes one down."""
    assert dated() != sample.settings()
    assert dispatcher.to_json(dispatcher.document(dated(), report=sample.customer())) == text()
    assert dispatcher.settings_digest(dated()) == dispatcher.settings_digest(sample.settings())
    assert not any(word in json.dumps(dispatcher.json_schema()) for word in ("expires", "dkim_since"))


def test_the_digest_is_of_the_meaning_not_of_the_layout() -> None:
    assert dispatcher.settings_digest(sample.settings()) == json.loads(text())["verified"]["settings_digest"]
    again = dispatcher.verify(json.dumps(json.loads(text()), sort_keys=True, indent=7))
    assert again.state == "ok"


def test_untouched_settings_carry_their_verdict() -> None:
    found = dispatcher.verify(text())
    assert (found.state, found.exit_code, found.changed) == ("ok", 2, ())
    healthy = dispatcher.verify(dispatcher.to_json(dispatcher.document(sample.settings(), report=sample.healthy())))
    assert (healthy.state, healthy.exit_code) == ("ok", 0)
    assert "23 November 2026" in healthy.message


def test_settings_that_were_never_verified_say_so() -> None:
    found = dispatcher.verify(dispatcher.to_json(dispatcher.document(sample.settings(), report=None)))
    assert (found.state, found.exit_code) == ("never-verified", 3)


CHANGES: list[tuple[Any, tuple[str, ...] | None]] = [
    (lambda found: found["servers"][0].update(port=25), ("servers[1].port",)),
    (lambda found: found["servers"][1].update(host="evil.example"), ("servers[2].host",)),
    (lambda found: found["servers"][0]["filter"].append("@new.example"), ("servers[1].filter",)),
    (lambda found: found["servers"][0]["password"].update(ref="other"), ("servers[1].password.ref",)),
    (lambda found: found["servers"][0].update(limit=None), ("servers[1].limit",)),
    (lambda found: found["test_mode"].update(enabled=False), ("test_mode.enabled",)),
    (lambda found: found.update(timezone="UTC", dispatch="service"), ("dispatch", "timezone")),
    (lambda found: found["servers"].pop(), ("servers[2]",)),
    (lambda found: found["servers"].append(dict(found["servers"][1], name="Third")), ("servers[3]",)),
    (lambda found: found["blocklist"].clear(), ("blocklist",)),
    (lambda found: found["servers"][0].update(prot=1), ("servers[1].prot",)),
    (lambda found: found["servers"][0].pop("port"), ("servers[1].port",)),
    (lambda found: found["verified"].update(settings_digest="0" * 64), ("verified",)),
    (lambda found: found["verified"].update(verdict="splendid"), ("verified",)),
    (lambda found: found["verified"].pop("tool"), ("verified",)),
    (lambda found: (found.pop("fields"), found.update(mail_client="system")), None),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_every_change_is_noticed_and_named(change: Any, named: tuple[str, ...] | None) -> None:
    """By its path, servers counted from 1; a server that came or went is one name."""
    found = changed(change)
    assert (found.state, found.exit_code) == ("changed", 3)
    if named is not None:
        assert found.changed == named
        assert all(name in found.message for name in named) or named == ("verified",)


def test_changed_settings_that_are_not_even_valid_say_why() -> None:
    assert changed(lambda found: found["servers"][0].update(prot=1)).problems == (
        'servers[1].prot: there is no such setting; did you mean "port"?',
    )


def test_names_from_the_file_are_shown_harmlessly() -> None:
    """A key with an escape sequence reaches no terminal."""
    found = changed(lambda found: found.update({"\x1b]0;x\x07\u202e": 1}))
    assert "\x1b" not in found.message + "".join(found.problems) + "".join(found.changed)


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ("", "this is not JSON"),
        ("[]", "this is not a dispatcher file"),
        ('{"schema":"sendready.report/1"}', "its schema must be sendready.dispatcher/1"),
        ('{"schema":"sendready.dispatcher/1","port":1,"port":2}', "a key occurs twice"),
        ('{"schema":"sendready.dispatcher/1","x":Infinity}', "Infinity is no JSON number"),
        ("[" * 100_000, "this is not JSON"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(spoilt: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dispatcher.verify(spoilt)
