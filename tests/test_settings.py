"""The settings document: what it takes, how it refuses, and that it never shows a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from checks.settings import Settings, SettingsError, json_schema, parse
from checks.subject import ServerSubject, of_settings

CANARY = "SECRETCANARY-hunter2"


def server(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": "Main",
        "default": True,
        "sender": {"email": "office@club.example"},
        "host": "smtp.club.example",
        "port": 587,
        "security": "starttls",
        "username": "office",
        "password": {"source": "env", "ref": "SMTP_PASSWORD"},
    }
    plain.update(changes)
    return {key: value for key, value in plain.items() if value is not None}


def kept(**more: str) -> dict[str, str]:
    return {"source": "env", "ref": "SMTP_PASSWORD", **more}


def problems(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        parse(document)
    return {problem.field: problem.message for problem in caught.value.problems}


def test_a_whole_document_loads() -> None:
    """Every table of DESIGN.md section 6 has its place."""
    settings = parse(
        {
            "schema_version": 1,
            "timezone": "Europe/Paris",
            "dispatch": "service",
            "service": {"max_age": 24, "retry": [5, 30]},
            "mail_client": "system",
            "test_mode": {"enabled": True, "redirect_to": "qa@club.example", "until": "2026-12-31"},
            "blocklist": [{"pattern": "@rival.example", "reason": "asked", "added": "2026-01-02"}],
            "templates": [
                {
                    "name": "invoice",
                    "subject": "Your invoice",
                    "sender": "office@club.example",
                    "reply_to": "desk@club.example",
                    "file": "i.html",
                }
            ],
            "volume": {"recipients_per_mailing": 400, "mailings_per_week": 2, "licences": 5, "plan": "Business Standard"},
            "servers": [
                server(
                    filter=["@club.example", "boss@club.example", "*.club.example"],
                    return_path="bounce@club.example",
                    auth="plain",
                    ehlo="app.club.example",
                    limit={
                        "max": 500,
                        "per": "hour",
                        "unit": "recipients",
                        "window": "calendar",
                        "on_exceed": "reject",
                        "reset_at": "2026-11-23T10:00:00Z",
                    },
                    burst={"max": 30, "per": "minute"},
                    provider="ionos",
                    selectors=["s1"],
                    dkim_since="2026-11-01",
                    password=kept(expires="2027-01-31"),
                )
            ],
        }
    )
    assert settings.servers[0].filter == ("@club.example", "boss@club.example", "@*.club.example")
    assert parse(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"hsot": "x"}, "servers[1].hsot", 'did you mean "host"'),
        ({"host": "https://smtp.club.example:465/x"}, "servers[1].host", "host = smtp.club.example, port = 465"),
        ({"host": "smtp.club.example:587"}, "servers[1].host", "port = 587"),
        ({"host": "smtp club example"}, "servers[1].host", "smtp.example.org"),
        ({"host": "a" * 300 + ".example"}, "servers[1].host", "too long"),
        ({"port": "٥٨٧"}, "servers[1].port", "digits 0 to 9"),
        ({"port": "5_87"}, "servers[1].port", "digits 0 to 9"),
        ({"port": True}, "servers[1].port", "digits 0 to 9"),
        ({"port": 0}, "servers[1].port", "1 or more"),
        ({"port": 65536}, "servers[1].port", "65535 or less"),
        ({"security": "ssl"}, "servers[1].security", "'implicit-tls', 'starttls' or 'none'"),
        ({"sender": {"email": "a@b.example, c@d.example"}}, "servers[1].sender.email", "one address only"),
        ({"sender": {"email": "jürgen@club.example"}}, "servers[1].sender.email", "without accents"),
        ({"return_path": "bounce@192.0.2.1"}, "servers[1].return_path", "IP address"),
        ({"sender": {"email": "Office <office@club.example>"}}, "servers[1].sender.email", "office@example.org"),
        ({"sender": {"email": "office@club.example\r\nBcc: x@y.example"}}, "servers[1].sender.email", "line breaks"),
        ({"sender": {"name": "A\nB", "email": "office@club.example"}}, "servers[1].sender.name", "one line"),
        ({"limit": {"max": 0, "per": "day"}}, "servers[1].limit.max", "leave the limit out"),
        ({"limit": {"max": 5, "per": "month"}}, "servers[1].limit.per", "'hour', 'day' or 'week'"),
        ({"filter": ["not a pattern"]}, "servers[1].filter[1]", "@*.example.org"),
        ({"username": None}, "servers[1]", "username is missing"),
        ({"password": None}, "servers[1]", "password is missing"),
        ({"auth": "none"}, "servers[1]", "auth is none"),
        ({"security": "none"}, "servers[1]", "never travels unencrypted"),
        ({"selectors": ["a b"]}, "servers[1].selectors[1]", "selector1"),
        ({"dkim_since": "May 2026"}, "servers[1].dkim_since", "a day, like 2027-01-31"),
        ({"dkim_since": True}, "servers[1].dkim_since", "a day, like 2027-01-31"),
        ({"password": kept(expires="31.1.2027")}, "servers[1].password.expires", "a day, like 2027-01-31"),
        ({"password": kept(expires="2027-01-31T12:00:00")}, "servers[1].password.expires", "a day, like"),
        ({"password": kept(expiry="2027-01-31")}, "servers[1].password.expiry", 'did you mean "expires"'),
        ({"password": CANARY}, "servers[1].password", "table"),
        ({"password": {"source": CANARY, "ref": CANARY}}, "servers[1].password.source", "choose one of"),
        ({"password": {"source": "env", "ref": CANARY + "\n"}}, "servers[1].password.ref", "one line"),
        ({"password": {"source": "env", "ref": "X", "value": CANARY}}, "servers[1].password.value", "no such setting"),
    ],
)
def test_a_bad_value_is_refused_with_field_and_example(changes: dict[str, Any], field: str, says: str) -> None:
    """The message names the field and says what a good value looks like; it is short and shows no secret."""
    found = problems({"servers": [server(**changes)]})
    assert says in found[field]
    assert all(len(message) <= 250 for message in found.values())
    assert CANARY not in str(found)


def test_everything_wrong_is_told_at_once() -> None:
    """Three faults, three problems, and no invented fourth."""
    found = problems({"timezone": "Mars/Base", "servers": [server(port=0, security="tls")]})
    assert set(found) == {"timezone", "servers[1].port", "servers[1].security"}


def test_no_servers_is_a_problem() -> None:
    """A document without a server has nothing to send through."""
    assert "at least 1" in problems({"servers": []})["servers"]


def test_a_newer_file_is_refused_as_such() -> None:
    """A file of a later release is not misread."""
    assert "newer sendready" in problems({"schema_version": 2, "servers": []})["schema_version"]


def test_international_domains_are_a_labels_everywhere() -> None:
    """straße.example is looked up as one company and not as strasse.example (IDNA 2008)."""
    settings = parse(
        {"servers": [server(host="smtp.straße.example", sender={"email": "post@straße.example"}, filter=["@straße.example"])]}
    )
    [only] = settings.servers
    assert only.host == "smtp.xn--strae-oqa.example"
    assert only.sender.email == "post@xn--strae-oqa.example"
    assert only.filter == ("@xn--strae-oqa.example",)


def test_a_password_without_tls_is_fine_on_this_very_machine() -> None:
    """Loopback is the one exception."""
    assert parse({"servers": [server(host="127.0.0.1", security="none")]}).servers[0].is_loopback


def test_the_schema_is_valid_and_takes_what_we_take() -> None:
    """`sendready schema settings` is a JSON Schema that accepts a good document and refuses an unknown key."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    assert not list(judge.iter_errors({"servers": [server()]}))
    assert list(judge.iter_errors({"servers": [server(hsot="x")]}))


def test_settings_do_not_change() -> None:
    """A loaded document is frozen."""
    settings: Any = parse({"servers": [server()]})
    with pytest.raises(ValueError, match="frozen"):
        settings.timezone = "UTC"
    assert isinstance(settings, Settings)


def test_two_days_for_one_password_are_one_login() -> None:
    """Whoever wrote the day at one of two entries only does not have the password presented twice."""
    both = parse({"servers": [server(), server(name="Second", default=False, password=kept(expires="2027-01-31"))]})
    subjects = [one for one in of_settings(both, now=datetime(2026, 11, 23, tzinfo=UTC)) if isinstance(one, ServerSubject)]
    assert [one.name for one in subjects if one.leader is None] == ["Main"]
    assert [one.leader.name for one in subjects if one.leader is not None] == ["Main"]
