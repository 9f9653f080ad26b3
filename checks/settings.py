"""The settings document: what the wizard edits, the rules judge and the dispatcher reads.

Defines shape and meaning only. Reading and writing files is wizard.store; whether the settings are wise is for the rules (two
default servers load here and are a finding there, so that a report can name them). Secrets appear as references only, and no
error text ever shows a rejected value.
"""

from __future__ import annotations

import difflib
import ipaddress
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from checks.secret import SecretSource
from checks.values import Address, Clock, Count, Domain, Host, Hours, Line, Pattern, Port, Selector, WebAddress, Zone

SCHEMA_VERSION = 1
MAX_SERVERS = 100  # more is a generated file gone wrong
A_DAY = "this must be a day, like 2027-01-31"


class Security(StrEnum):
    """How the connection is protected."""

    IMPLICIT_TLS = "implicit-tls"  # RFC 8314 section 3.3: TLS from the first byte, usually port 465
    STARTTLS = "starttls"  # RFC 3207, required: no mail and no password without it
    NONE = "none"


class Auth(StrEnum):
    """How the client proves who it is (SASL mechanisms, RFC 4954)."""

    NONE = "none"
    AUTO = "auto"  # the best that server and credential share
    PLAIN = "plain"
    LOGIN = "login"
    CRAM_MD5 = "cram-md5"
    SCRAM_SHA_256 = "scram-sha-256"
    XOAUTH2 = "xoauth2"  # Google's and Microsoft's form of a token
    OAUTHBEARER = "oauthbearer"  # the standard's form of it (RFC 7628)

    @property
    def by_token(self) -> bool:
        """Whether the secret is a token, not a password."""
        return self in (Auth.XOAUTH2, Auth.OAUTHBEARER)


# --- the document -----------------------------------------------------------------------------------------------------


class Part(BaseModel):
    """A table of the document: unknown keys are errors, values do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SecretRef(Part):
    """Where a password or token lives. Never the value."""

    source: SecretSource = Field(description="file, env, keyring, command or credential (systemd)")
    ref: Line = Field(min_length=1, description="the path, variable, service/user, command line or credential name")
    expires: date | None = Field(
        default=None,
        description="the last day on which this secret works, if you know it: a client secret, an app password; for the calendar",
    )


class Sender(Part):
    """Whose name and address the recipient sees."""

    name: Line = Field(default="", description="the name that recipients see")
    email: Address = Field(description="the address that recipients see (header From)")
    reply_to: Address | None = Field(default=None, description="where answers go, if not to the sender")


class Limit(Part):
    """How much this server is given in a period. Absent means no limit."""

    max: Count = Field(description="how many; to have no limit, leave the limit out")
    per: Literal["hour", "day", "week"]
    unit: Literal["messages", "recipients"] = "messages"
    window: Literal["calendar", "sliding"] = Field(
        default="sliding", description="calendar: from 0:00 on; sliding: any stretch of that length"
    )
    on_exceed: Literal["defer", "reject"] = Field(
        default="defer", description="defer: wait until there is room; reject: tell the sender at once"
    )
    reset_at: datetime | None = Field(default=None, description="the counter starts anew at this moment")


class Burst(Part):
    """A second, short-term limit, like Microsoft's 30 messages a minute."""

    max: Count
    per: Literal["second", "minute"]


class Server(Part):
    """One SMTP server and the senders that use it."""

    name: Line = Field(min_length=1, description="what people call this server")
    default: bool = Field(default=False, description="takes the mail that no filter claims; exactly one server is the default")
    filter: tuple[Pattern, ...] = Field(
        default=(), description="senders that use this server: office@example.org, @example.org, @*.example.org"
    )
    sender: Sender
    return_path: Address | None = Field(
        default=None, description="where bounces go (envelope sender); the sender's address if absent"
    )
    host: Host = Field(description="the server's name")
    port: Port
    security: Security
    auth: Auth = Auth.AUTO
    username: Line | None = None
    password: SecretRef | None = None
    ehlo: Domain | None = Field(
        default=None, description="the name that the dispatcher gives itself; the machine's own if absent"
    )
    limit: Limit | None = None
    burst: Burst | None = None
    provider: Line | None = Field(
        default=None, description="an id of `sendready providers`, where it cannot be told from the host"
    )
    selectors: tuple[Selector, ...] = Field(default=(), description="DKIM selectors that this server signs with")
    dkim_since: date | None = Field(
        default=None, description="since when the DKIM key of the selectors is in use, if you know it; for the calendar"
    )

    @model_validator(mode="after")
    def _credentials_fit(self) -> Server:
        if self.auth is Auth.NONE:
            if self.password is not None:
                raise ValueError("a password is given, but auth is none; choose auth = auto or take the password out")
            return self
        if not self.username:
            raise ValueError("username is missing; give the login name, or choose auth = none")
        if self.password is None:
            raise ValueError(
                'password is missing; say where it is kept, like password = { source = "file", ref = "smtp.password" }'
            )
        if self.security is Security.NONE and not self.is_loopback:
            raise ValueError("a password never travels unencrypted: choose security = starttls or implicit-tls, or auth = none")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this very machine, where nobody listens in between."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def envelope_sender(self) -> str:
        """The reverse-path of its messages (RFC 5321 section 4.4)."""
        return self.return_path or self.sender.email


class TestMode(Part):
    """While on, every message goes to one address."""

    __test__ = False
    enabled: bool = False
    redirect_to: Address | None = None
    until: date | None = Field(default=None, description="the last day of testing")

    @model_validator(mode="after")
    def _has_target(self) -> TestMode:
        if self.enabled and self.redirect_to is None:
            raise ValueError("redirect_to is missing; test mode needs the address that receives everything")
        return self


class Blocked(Part):
    """Recipients who get nothing."""

    pattern: Pattern
    reason: Line = ""
    added: date | None = None


class Template(Part):
    """A message template of the dispatcher."""

    name: Line = Field(min_length=1)
    subject: Line = ""
    sender: Address | None = None
    reply_to: Address | None = None
    file: Line | None = None
    unsubscribe: WebAddress | None = Field(
        default=None, description="https address that ends a subscription with one click (RFC 8058); for newsletters"
    )


class Service(Part):
    """How a delivering service retries. Only for dispatch = service."""

    max_age: Hours = Field(default=48, description="hours until a message is given up")
    retry: tuple[Count, ...] = Field(
        default=(5, 15, 60, 240), max_length=50, description="minutes to wait before each further attempt; the last one repeats"
    )


class Volume(Part):
    """What is going to be sent. Used to foresee limits."""

    sender: Address | None = Field(
        default=None,
        description="the address that the mailing is written from; it counts for the server that this sender leads to, and for every server if absent",
    )
    recipients_per_mailing: Count | None = None
    mailings_per_week: Count | None = None
    mailings_per_day: Count | None = Field(
        default=None, description="such mailings on the busiest day; those of a week are spread evenly if absent"
    )
    recipients_per_message: Count | None = Field(
        default=None, description="recipients that the dispatcher puts into one message; 1 if absent"
    )
    outside_percent: int | None = Field(
        default=None, ge=0, le=100, description="how many of 100 recipients are outside of the own organisation; all if absent"
    )
    attachments_kb: Count | None = Field(default=None, description="size of the files in one message, in kB, before it is sent")
    start: Clock | None = Field(default=None, description="when a mailing usually starts, as local time like 09:00")
    peak_hour_messages: Count | None = Field(
        default=None, description="other messages through the same server in the busiest hour, like invoices and confirmations"
    )
    growth_percent: int | None = Field(
        default=None, ge=1, le=1000, description="how many per cent more recipients a mailing will have in a year"
    )
    licences: Count | None = Field(default=None, description="purchased Microsoft 365 licences with a mailbox")
    plan: Line | None = Field(default=None, description="the Microsoft 365 plan, like Business Standard, E3 or trial")


class Settings(Part):
    """The whole document."""

    schema_version: Literal[1] = 1
    timezone: Zone = Field(default="Europe/Berlin", description="IANA name; days and weeks of limits begin there")
    dispatch: Literal["direct", "service"] = Field(
        default="direct", description="direct: the dispatcher sends and retries; service: a service does"
    )
    service: Service | None = None
    mail_client: Literal["system", "module"] = Field(default="module", description="what opens a message for editing")
    test_mode: TestMode = TestMode()
    blocklist: tuple[Blocked, ...] = ()
    templates: tuple[Template, ...] = ()
    volume: Volume = Volume()
    servers: tuple[Server, ...] = Field(min_length=1, max_length=MAX_SERVERS)

    @model_validator(mode="after")
    def _parts_agree(self) -> Settings:
        names = [server.name.casefold() for server in self.servers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two servers have the same name ({min(twice)[:60]}); give each its own")
        if self.service is not None and self.dispatch != "service":
            raise ValueError(
                'a [service] table is given, but dispatch is "direct"; choose dispatch = "service" or take the table out'
            )
        return self

    def server(self, name: str) -> Server:
        """Return the server of that name, whatever its case. Raises `KeyError`."""
        for server in self.servers:
            if server.name.casefold() == name.casefold():
                return server
        raise KeyError(name)


# --- errors -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a document."""

    field: str
    """Where, as a person would write it: `servers[1].port`, counted from 1."""
    message: str
    """What is wrong and what a good value looks like. Never the rejected value."""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class SettingsError(ValueError):
    """The document does not fit; `problems` has all of it, at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def parse(document: Mapping[str, Any]) -> Settings:
    """Turn a mapping (from TOML or JSON) into `Settings`. Raises `SettingsError` with every problem named."""
    version = document.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise SettingsError(
            [
                Problem(
                    field="schema_version",
                    message=f"this file was written by a newer sendready (its version is {version}, ours {SCHEMA_VERSION})",
                )
            ]
        )
    try:
        return Settings.model_validate(dict(document))
    except ValidationError as error:
        rows = error.errors(include_input=False, include_url=False, include_context=True)
        # pydantic counts only the valid items of a list: with one bad server it adds "at least 1 server".
        inner = {row["loc"][0] for row in rows if len(row["loc"]) > 1}
        raise SettingsError([_problem(row) for row in rows if row["type"] != "too_short" or row["loc"][0] not in inner]) from None


def _problem(row: Any) -> Problem:
    location = row["loc"]
    kind = row["type"]
    field = _path(location)
    if kind == "extra_forbidden":
        name = str(location[-1])
        known = _keys_at(location[:-1])
        inside = [f"{key}.{name}" for key in known if name in _keys_at((*location[:-1], key))]
        near = inside or difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(known)}"
        return Problem(field=field, message=f"there is no such setting; {hint}")
    context = row.get("ctx") or {}
    texts = {
        "missing": "this is missing",
        "enum": f"choose one of {context.get('expected')}",
        "literal_error": f"choose one of {context.get('expected')}",
        "bool_type": "choose true or false",
        "bool_parsing": "choose true or false",
        "string_type": "this must be text in quotes",
        "int_type": "this must be a whole number",
        "int_parsing": "this must be a whole number",
        "int_from_float": "this must be a whole number",
        "model_type": "this must be a table, like { key = value }",
        "model_attributes_type": "this must be a table, like { key = value }",
        "tuple_type": 'this must be a list, like ["a", "b"]',
        "greater_than_equal": f"this must be {context.get('ge')} or more",
        "less_than_equal": f"this must be {context.get('le')} or less",
        **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), A_DAY),
        "string_too_long": f"this is too long (at most {context.get('max_length')} characters)",
        "string_too_short": "this must not be empty",
        "string_pattern_mismatch": "letters, digits, - and _ only, like selector1",
        "too_short": f"at least {context.get('min_length')} is needed",
        "too_long": f"at most {context.get('max_length')} are allowed",
    }
    if field.endswith(("limit.max", "burst.max")) and kind == "greater_than_equal":
        return Problem(field=field, message="this must be 1 or more; to have no limit, leave the limit out")
    message = texts.get(kind) or (str(context["error"]) if kind == "value_error" else str(row["msg"]))
    return Problem(field=field, message=message)


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part + 1}]" if isinstance(part, int) else ("." if path else "") + str(part)[:60]
    return path


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    model: type[Part] = Settings
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is not None:
                model = inner
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    if typing.get_origin(annotation) in (tuple, typing.Union, types.UnionType):
        for argument in typing.get_args(annotation):
            if (found := _model_in(argument)) is not None:
                return found
    return None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the settings document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:sendready:schema:settings:1",
        **Settings.model_json_schema(),
        "title": "sendready settings",
    }
