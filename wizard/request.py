"""What a person asked to be checked: enough to make the subjects again, so that saved evidence can be judged later."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checks.catalogue import find
from checks.evidence import adapter
from checks.settings import Settings, parse
from checks.subject import Arrival, Content, Subject, TestPlan, of_domain, of_settings
from checks.values import normal_domain


@dataclass(frozen=True, kw_only=True)
class Request:
    """Either a domain or settings."""

    domain: str = ""
    settings: Settings | None = None
    name: str = ""
    """What the person calls it: the domain, or the settings file's name."""
    file: str = ""
    """The settings file as the person named it, for the command that checks again; empty: `name`."""
    server: str = ""
    """Check this server only."""
    sending_ips: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    allow_private: bool = False
    blocklists: bool = False
    """Ask blocklists of the sending addresses."""
    to: str = ""
    """The confirmed test address."""
    message: str = ""
    """Unique id of the test message; empty: none leaves."""
    content: Content | None = None
    """What the test message says, if it is made of a template."""
    arrival: Arrival | None = None
    """Where to look at the message that has arrived."""
    only: tuple[str, ...] = field(default=())
    skip: tuple[str, ...] = field(default=())

    def subjects(self, now: datetime) -> list[Subject]:
        """Expand into what rules are asked about."""
        if self.settings is None:
            return of_domain(
                self.domain,
                now=now,
                sending_ips=self.sending_ips,
                selectors=self.selectors,
                allow_private=self.allow_private,
                blocklists=self.blocklists,
                arrival=self.arrival,
            )
        return of_settings(
            self.settings,
            now=now,
            only_server=self.server,
            sending_ips=self.sending_ips,
            selectors=self.selectors,
            allow_private=self.allow_private,
            blocklists=self.blocklists,
            test=TestPlan(to=self.to, message=self.message, content=self.content) if self.to else None,
            arrival=self.arrival,
        )

    def document(self) -> dict[str, Any]:
        """Return this as plain data for the evidence file; secrets are references in it, as everywhere."""
        plain: dict[str, Any] = {
            name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) and name != "settings"
        }
        if self.settings is not None:
            plain["settings"] = self.settings.model_dump(mode="json", exclude_defaults=True)
        for name, kind in _PARTS.items():
            if (part := getattr(self, name)) is not None:
                plain[name] = adapter(kind).dump_python(part, mode="json", exclude_defaults=True)
        return plain


def from_document(plain: object) -> Request:
    """Read what `document` wrote. Raises `ValueError` with a sentence (`SettingsError` included) for anything else."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - only for saved evidence

    if not isinstance(plain, Mapping):
        raise ValueError("the evidence file does not say what was checked (request)")  # noqa: TRY004 - bad input, not a bad call
    fields: dict[str, Any] = {name: value for name, value in plain.items() if name != "settings"}
    if strange := fields.keys() - Request.__dataclass_fields__.keys():
        raise ValueError(f"the evidence file's request has unknown keys: {', '.join(sorted(map(str, strange)))[:200]}")
    try:
        for name, value in fields.items():
            TypeAdapter(_TYPES.get(name, str)).validate_python(value, strict=name not in _PARTS)
    except ValidationError:
        raise ValueError(f"the evidence file's request does not fit ({name})") from None
    settings = plain.get("settings")
    if settings is not None and not isinstance(settings, Mapping):
        raise ValueError("the evidence file's settings are no table")
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    for name in _PARTS.keys() & fields.keys():
        fields[name] = adapter(_PARTS[name]).validate_python(fields[name])
    request = Request(
        settings=parse(settings) if settings is not None else None,
        **fields,
    )
    return _sound(request)


_PARTS: Mapping[str, type] = {"arrival": Arrival, "content": Content}
_TYPES: Mapping[str, Any] = {
    "allow_private": bool,
    "blocklists": bool,
    **_PARTS,
    **dict.fromkeys(("sending_ips", "selectors", "only", "skip"), list[str]),
}


def _sound(request: Request) -> Request:
    """See that what the request names exists."""
    if request.settings is None:
        normal_domain(request.domain)
    elif request.server and request.server.casefold() not in {server.name.casefold() for server in request.settings.servers}:
        raise ValueError(f"the evidence file names a server that its settings do not have: {request.server[:100]}")
    for word in (*request.only, *request.skip):
        if not find(word):
            raise ValueError(f"the evidence file names a check that there is not: {word[:100]}")
    for address in request.sending_ips:
        ipaddress.ip_address(address)
    return request
