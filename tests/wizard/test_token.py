"""Tokens for Microsoft 365: Microsoft's own library against a made-up login server, and no secret in any message."""

from __future__ import annotations

import base64
import json
import stat
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from wizard import microsoft
from wizard.commands.token import command
from wizard.exits import INVALID, READY

pytest.importorskip("msal")
TENANT = "club.example"
SECRET = "entra-CANARY-secret"
TOKEN = "eyJ0.CANARY-token.sig"
HOST = "https://login.microsoftonline.com"


@dataclass
class Answer:
    """What msal looks at of an HTTP answer."""

    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        assert self.status_code < 400


@dataclass
class LoginServer:
    """A made-up Microsoft: says where its pages are, and answers what the test prepared. No other page is there."""

    tokens: list[dict[str, Any]] = field(default_factory=list)
    posted: list[dict[str, str]] = field(default_factory=list)

    def get(self, url: str, **_more: object) -> Answer:
        assert url.startswith(f"{HOST}/{TENANT}/"), url
        page = f"{HOST}/{TENANT}/oauth2/v2.0"
        found = {
            "authorization_endpoint": f"{page}/authorize",
            "token_endpoint": f"{page}/token",
            "issuer": f"{HOST}/{TENANT}/v2.0",
        }
        return Answer(200, json.dumps({**found, "device_authorization_endpoint": f"{page}/devicecode"}))

    def post(self, url: str, *, data: Any = None, **_more: object) -> Answer:
        fields = {name: values[0] for name, values in parse_qs(data).items()} if isinstance(data, str) else dict(data)
        self.posted.append({"url": url, **fields})
        if url.endswith("/devicecode"):
            found = {"device_code": "dc", "user_code": "ABC-123", "verification_uri": "https://microsoft.example/device"}
            return Answer(200, json.dumps({**found, "expires_in": 900, "interval": 0}))
        answer = self.tokens.pop(0)
        return Answer(400 if "error" in answer else 200, json.dumps(answer))

    def close(self) -> None:
        """As sessions have it."""


def granted(**more: object) -> dict[str, Any]:
    return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599, **more}


def described(folder: Path, text: str) -> Path:
    (folder / "entra.secret").write_text(SECRET + "\n", "utf-8")
    file = folder / "microsoft.toml"
    file.write_text(f'tenant = "{TENANT}"\nclient_id = "11111111-2222-3333-4444-555555555555"\n{text}\n', "utf-8")
    return file


APP = 'flow = "client-credentials"\nclient_secret = { source = "file", ref = "entra.secret" }'
PERSON = 'flow = "device-code"\ncache = "entra.cache"'


def source(folder: Path, text: str, server: LoginServer) -> microsoft.Source:
    file = described(folder, text)
    return microsoft.Source(description=microsoft.read(file), base=folder, http=server)


def test_an_application_gets_a_token(tmp_path: Path) -> None:
    """Its secret goes to the token page of its organisation, with the scope for SMTP."""
    server = LoginServer(tokens=[granted()])
    assert microsoft.token(source(tmp_path, APP, server)).reveal() == TOKEN
    (asked,) = server.posted
    assert asked["url"] == f"{HOST}/{TENANT}/oauth2/v2.0/token"
    assert (asked["grant_type"], asked["scope"]) == ("client_credentials", "https://outlook.office365.com/.default")
    assert asked["client_secret"] == SECRET


def test_a_person_signs_in_once(tmp_path: Path) -> None:
    """Address and code are shown; the sign-in is kept for its owner only, and renews tokens without a question."""
    claims = {"preferred_username": "office@club.example", "oid": "o", "tid": "t", "sub": "s"}

    def part(of: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).decode().rstrip("=")

    identity = f"{part({'alg': 'none'})}.{part({**claims, 'aud': '11111111-2222-3333-4444-555555555555', 'iss': 'i', 'iat': 0, 'exp': 4e9})}."
    info = part({"uid": "o", "utid": "t"})
    server = LoginServer(
        tokens=[granted(refresh_token="rt-CANARY", id_token=identity, client_info=info, scope=microsoft.PERSON_SCOPE)]
    )
    kept = source(tmp_path, PERSON, server)
    shown: list[str] = []
    microsoft.sign_in(kept, shown.append)
    assert "https://microsoft.example/device" in shown[0]
    assert "ABC-123" in shown[0]
    assert not any("CANARY" in line for line in shown)
    assert server.posted[0]["scope"].split()[0] == microsoft.PERSON_SCOPE
    assert stat.S_IMODE((tmp_path / "entra.cache").stat().st_mode) == 0o600
    assert microsoft.token(kept).reveal() == TOKEN
    assert len(server.posted) == 2  # the token that is still good was not asked for again


def test_nobody_has_signed_in(tmp_path: Path) -> None:
    """The sentence says what to do."""
    with pytest.raises(LookupError, match="--sign-in"):
        microsoft.token(source(tmp_path, PERSON, LoginServer()))


def test_microsofts_own_words_come_through(tmp_path: Path) -> None:
    """Its number is what an administrator looks up; the secret is not in the sentence."""
    words = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"
    server = LoginServer(tokens=[{"error": "invalid_client", "error_description": words}])
    with pytest.raises(LookupError) as caught:
        microsoft.token(source(tmp_path, APP, server))
    assert "AADSTS7000215: Invalid client secret provided." in str(caught.value)
    assert "Trace" not in str(caught.value)
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('flow = "client-credentials"', "client_secret"),
        ('flow = "device-code"', "cache"),
        ('flow = "password"', "flow"),
        (f"{APP}\nsurprise = 1", "surprise"),
        (f'{APP}\nlogin_host = "https://evil.example/"', "login_host"),
        ("flow = ", "TOML"),
    ],
)
def test_a_description_that_does_not_fit(tmp_path: Path, text: str, words: str) -> None:
    """The field is named, and nobody is asked."""
    with pytest.raises(LookupError, match=words):
        microsoft.read(described(tmp_path, text))


def test_a_missing_client_secret_is_named(tmp_path: Path) -> None:
    """By its reference, before anybody is asked."""
    server = LoginServer()
    kept = source(tmp_path, APP, server)
    (tmp_path / "entra.secret").unlink()
    with pytest.raises(LookupError, match=r"client secret \(file\): .*entra\.secret"):
        microsoft.token(kept)
    assert server.posted == []


@pytest.mark.parametrize("octets", [b"no json", b"\xff\xfe", b'{"AccessToken": '])
def test_a_broken_cache(tmp_path: Path, octets: bytes) -> None:
    """It is not overwritten, and the sentence says what to do."""
    (tmp_path / "entra.cache").write_bytes(octets)
    with pytest.raises(LookupError, match="sign in again"):
        microsoft.token(source(tmp_path, PERSON, LoginServer()))
    assert (tmp_path / "entra.cache").read_bytes() == octets


def test_the_command_prints_the_token_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As settings with source = "command" want it: the first line is the secret."""
    file = described(tmp_path, APP)
    made = microsoft.Source
    server = LoginServer(tokens=[granted(), {"error": "invalid_client"}])
    monkeypatch.setattr(microsoft, "Source", lambda **fields: made(**fields, http=server))
    done = CliRunner().invoke(command, [str(file)], standalone_mode=False)
    assert (done.return_value, done.stdout, done.stderr) == (READY, TOKEN + "\n", "")
    done = CliRunner().invoke(command, [str(file)], standalone_mode=False)
    assert (done.return_value, done.stdout) == (INVALID, "")
    assert done.stderr == "Microsoft gives no token: invalid_client\n"
    done = CliRunner().invoke(command, [str(tmp_path / "missing.toml")], standalone_mode=False)
    assert (done.return_value, done.stdout) == (INVALID, "")
    assert "cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("days", "words"),
    [(31, ""), (30, "ends on"), (0, "ends on"), (-1, "was to end on")],
)
def test_a_secret_that_is_about_to_end_is_told_beside_the_token(
    days: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On stderr; the token is there all the same."""
    ends = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    file = described(tmp_path, APP.replace('"entra.secret"', f'"entra.secret", expires = {ends}'))
    made = microsoft.Source
    monkeypatch.setattr(microsoft, "Source", lambda **fields: made(**fields, http=LoginServer(tokens=[granted()])))
    done = CliRunner().invoke(command, [str(file)], standalone_mode=False)
    assert (done.return_value, done.stdout) == (READY, TOKEN + "\n")
    assert f"{words} {ends}" in done.stderr if words else done.stderr == ""


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what to install."""
    monkeypatch.setitem(sys.modules, "msal", None)
    with pytest.raises(LookupError, match=r"sendready\[microsoft\]"):
        microsoft.token(source(tmp_path, APP, LoginServer()))
