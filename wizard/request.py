"""What a person asked to be checked: enough to make the subjects again, so that saved evidence can be judged later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checks.settings import Settings, parse
from checks.subject import Subject, TestPlan, of_domain, of_settings


@dataclass(frozen=True, kw_only=True)
class Request:
    """Either a domain or settings."""

    domain: str = ""
    settings: Settings | None = None
    name: str = ""
    """What the person calls it: the domain, or the settings file's name."""
    server: str = ""
    """Check this server only."""
    sending_ips: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    allow_private: bool = False
    to: str = ""
    """The confirmed test address."""
    message: str = ""
    """Unique id of the test message; empty: none leaves."""
    only: tuple[str, ...] = field(default=())
    skip: tuple[str, ...] = field(default=())

    def subjects(self, now: datetime) -> list[Subject]:
        """Expand into what rules are asked about."""
        if self.settings is None:
            return of_domain(
                self.domain, now=now, sending_ips=self.sending_ips, selectors=self.selectors, allow_private=self.allow_private
            )
        return of_settings(
            self.settings,
            now=now,
            only_server=self.server,
            sending_ips=self.sending_ips,
            selectors=self.selectors,
            allow_private=self.allow_private,
            test=TestPlan(to=self.to, message=self.message) if self.to else None,
        )

    def document(self) -> dict[str, Any]:
        """Return this as plain data for the evidence file; secrets are references in it, as everywhere."""
        plain: dict[str, Any] = {
            name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) and name != "settings"
        }
        if self.settings is not None:
            plain["settings"] = self.settings.model_dump(mode="json", exclude_defaults=True)
        return plain


def from_document(plain: Mapping[str, Any]) -> Request:
    """Read what `document` wrote. Raises `ValueError` (SettingsError included) for anything else."""
    if strange := plain.keys() - Request.__dataclass_fields__.keys():
        raise ValueError(f"the evidence file's request has unknown keys: {', '.join(sorted(map(str, strange)))}")
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in plain.items() if name != "settings"
    }
    settings = parse(plain["settings"]) if "settings" in plain else None
    if settings is None and not plain.get("domain"):
        raise ValueError("the evidence file names neither a domain nor settings")
    return Request(settings=settings, **fields)
