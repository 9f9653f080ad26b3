"""Gets tokens for SMTP at Microsoft 365, with Microsoft's own library (msal, the extra `[microsoft]`).

A description file says who asks: an application with a secret of its own (client-credentials), or a person who signed in once in a
browser (device-code) and whose sign-in is kept in a cache file. Neither tokens nor secrets ever enter a message.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from checks.secret import Secret
from checks.settings import Part, SecretRef
from checks.values import Domain, Line
from wizard import atomic
from wizard.secrets import resolve

MAX_FILE = 65_536  # octets; a description has ten lines
MAX_CACHE = 1_048_576  # octets; one account needs some ten thousand
SECONDS = 3.0  # for each request: a program that waits for a token as for a password gives it ten in all
MAX_WORDS = 300
# https://github.com/MicrosoftDocs/office-developer-exchange-docs, how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
APP_SCOPE = "https://outlook.office365.com/.default"
PERSON_SCOPE = "https://outlook.office.com/SMTP.Send"
LOGIN_HOST = "login.microsoftonline.com"


class Flow(StrEnum):
    """Who asks for the token."""

    CLIENT_CREDENTIALS = "client-credentials"
    DEVICE_CODE = "device-code"


class Description(Part):
    """The description file."""

    tenant: Line = Field(pattern=r"^[A-Za-z0-9.-]{1,253}$", description="the organisation's domain or id in Microsoft Entra")
    client_id: Line = Field(pattern=r"^[A-Za-z0-9-]{1,64}$", description="the application's id in Microsoft Entra")
    flow: Literal[Flow.CLIENT_CREDENTIALS, Flow.DEVICE_CODE]
    client_secret: SecretRef | None = Field(default=None, description="the application's secret, for client-credentials")
    cache: Line | None = Field(default=None, description="where the sign-in is kept, for device-code; relative to this file")
    username: Line | None = Field(default=None, description="which account of the cache, if there are several")
    login_host: Domain = Field(default=LOGIN_HOST, description="another one for national clouds")

    @model_validator(mode="after")
    def _fits_its_flow(self) -> Description:
        if self.flow is Flow.CLIENT_CREDENTIALS and self.client_secret is None:
            raise ValueError(
                'client_secret is missing; say where it is kept, like client_secret = { source = "file", ref = "entra.secret" }'
            )
        if self.flow is Flow.DEVICE_CODE and self.cache is None:
            raise ValueError('cache is missing; name a file that keeps the sign-in, like cache = "entra.cache"')
        return self


@dataclass(frozen=True, kw_only=True)
class Source:
    """A description, and where it stands."""

    description: Description
    base: Path
    """What relative paths start from."""
    http: Any = None
    """Another way to fetch, for tests; it has `get` and `post` like those of requests."""


def read(path: Path) -> Description:
    """Read a description. Raises `LookupError` with a sentence."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE + 1)
        if len(octets) > MAX_FILE:
            raise LookupError(f"{path} is larger than {MAX_FILE} bytes; that is no description of an application")
        return Description.model_validate(tomllib.loads(octets.decode("utf-8")))
    except OSError as error:
        raise LookupError(f"{path} cannot be read ({(error.strerror or 'unknown reason').lower()})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LookupError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LookupError(f"{path}{': ' if where else ''}{where}: {str(first['msg']).removeprefix('Value error, ')}") from None


def token(source: Source) -> Secret:
    """Return a token that is good now. Raises `LookupError` with a sentence for a person."""
    if source.description.flow is Flow.CLIENT_CREDENTIALS:
        secret = _client_secret(source)
        app = _made(lambda: _msal().ConfidentialClientApplication(**_common(source), client_credential=secret.reveal()))
        return _from_answer(_asked(lambda: app.acquire_token_for_client(scopes=[APP_SCOPE])))
    cache = _Cache(source)
    app = _made(lambda: _msal().PublicClientApplication(**_common(source), token_cache=cache.store))
    account = _account(source, app)
    answer = _asked(lambda: app.acquire_token_silent_with_error([PERSON_SCOPE], account=account))
    cache.save()
    if answer is None:
        raise LookupError("the sign-in that is kept is no longer good; sign in again with --sign-in")
    return _from_answer(answer)


def sign_in(source: Source, show: Callable[[str], None]) -> None:
    """Let a person sign in in a browser, on any machine, and keep that. `show` gets what the person has to do."""
    if source.description.flow is not Flow.DEVICE_CODE:
        raise LookupError("client-credentials need no sign-in; take --sign-in away")
    cache = _Cache(source)
    app = _made(lambda: _msal().PublicClientApplication(**_common(source), token_cache=cache.store))
    flow = _asked(lambda: app.initiate_device_flow(scopes=[PERSON_SCOPE]))
    if not isinstance(flow, Mapping) or "user_code" not in flow:
        raise LookupError(_refusal(flow))
    show(f"Open {flow.get('verification_uri')} in a browser, on any machine, and enter the code {flow.get('user_code')}.")
    show("Sign in there as the mailbox that sends. This waits until you have done so.")
    _from_answer(_asked(lambda: app.acquire_token_by_device_flow(flow)))
    cache.save()


# --- what both need ----------------------------------------------------------------------------------------------------------


class _Cache:
    """The cache file: whoever has it can send as the mailbox, so that it is readable by its owner only."""

    def __init__(self, source: Source) -> None:
        self._path = source.base / (source.description.cache or "")
        self.store = _msal().SerializableTokenCache()
        try:
            with self._path.open("rb") as file:
                octets = file.read(MAX_CACHE + 1)
            if len(octets) > MAX_CACHE:
                raise LookupError(f"{self._path} is too large for a kept sign-in")
            self.store.deserialize(octets.decode("utf-8"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise LookupError(f"{self._path} cannot be read ({(error.strerror or 'unknown reason').lower()})") from None
        except ValueError:
            raise LookupError(f"{self._path} is no kept sign-in; take it away and sign in again with --sign-in") from None

    def save(self) -> None:
        if not self.store.has_state_changed:
            return
        try:
            atomic.write(self._path, self.store.serialize(), mode=0o600)
        except OSError as error:
            raise LookupError(f"{self._path} cannot be written ({error.strerror or error})") from None


def _msal() -> Any:
    try:
        import msal  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise LookupError('support for Microsoft\'s tokens is not installed; pip install "sendready[microsoft]"') from None
    return msal


def _common(source: Source) -> dict[str, Any]:
    description = source.description
    return {
        "client_id": description.client_id,
        "authority": f"https://{description.login_host}/{description.tenant}",
        "instance_discovery": False,  # the description names the host; asking another one whether it is genuine costs a second
        "http_client": source.http,
        "timeout": SECONDS if source.http is None else None,
    }


def _client_secret(source: Source) -> Secret:
    reference = source.description.client_secret
    assert reference is not None  # noqa: S101 - the description was checked
    try:
        return resolve(reference.source, reference.ref, source.base)
    except LookupError as error:
        words = str(error.args[0]) if error.args else "it was not found"
        raise LookupError(words.replace("password (", "client secret (", 1)) from None


def _account(source: Source, app: Any) -> Any:
    accounts = app.get_accounts(username=source.description.username)
    if not accounts:
        raise LookupError("nobody has signed in yet; run the same command once with --sign-in")
    if len(accounts) > 1:
        raise LookupError('several accounts are signed in; name one in the description, like username = "office@example.org"')
    return accounts[0]


def _made(make: Callable[[], Any]) -> Any:
    """Make the client, which asks Microsoft for its addresses."""
    try:
        return _asked(make)
    except ValueError:
        raise LookupError("Microsoft does not know this organisation; check tenant (and login_host) in the description") from None


def _asked(ask: Callable[[], Any]) -> Any:
    import requests  # noqa: PLC0415 - comes with msal

    try:
        return ask()
    except requests.exceptions.RequestException:  # its text may show what was sent
        raise LookupError("Microsoft's login server could not be reached, or did not answer as it should") from None


def _from_answer(answer: Any) -> Secret:
    if isinstance(answer, Mapping) and isinstance(found := answer.get("access_token"), str) and found:
        return Secret(found)
    raise LookupError(_refusal(answer))


def _refusal(answer: Any) -> str:
    """Say why there is no token, in Microsoft's words: its number (AADSTS...) is what an administrator looks up."""
    fields = answer if isinstance(answer, Mapping) else {}
    lines = str(fields.get("error_description") or fields.get("error") or "it does not say why").splitlines()
    return f"Microsoft gives no token: {lines[0][:MAX_WORDS] if lines else 'it does not say why'}"
