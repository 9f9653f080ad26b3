"""The answers so far, and what a question may look at to choose its words, its proposal and whether it is asked. No input, no output."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from wizard.parsing import Value


@dataclass
class Answers:
    """Answers by question key: some once, some for each server."""

    common: dict[str, Value] = field(default_factory=dict)
    servers: list[dict[str, Value]] = field(default_factory=list)

    def at(self, index: int | None) -> dict[str, Value]:
        """Return the answers of one server (made when it is new), or the common ones."""
        if index is None:
            return self.common
        while len(self.servers) <= index:
            self.servers.append({})
        return self.servers[index]

    def active(self) -> list[dict[str, Value]]:
        """Return the servers that count: up to the first that no other follows."""
        for place, server in enumerate(self.servers):
            if server.get("another") is not True:
                return self.servers[: place + 1]
        return self.servers

    def link(self) -> None:
        """Let all servers count."""
        for place, server in enumerate(self.servers):
            server["another"] = place + 1 < len(self.servers)

    def copy(self) -> Answers:
        """Return answers that can be changed on their own."""
        return Answers(dict(self.common), [dict(server) for server in self.servers])


def _no_trouble() -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What questions may know beyond answers. Made once, at the top."""

    today: date
    was: Answers | None = None
    """The answers that the existing settings file stands for."""
    has_secret: Callable[[str, str], bool] = lambda _source, _ref: False
    """Whether something is stored under a source and reference already."""
    keyring_trouble: Callable[[], str] = _no_trouble
    """Why the keyring cannot be used here; empty if it can."""
    folder: Path = field(default_factory=Path)
    """Where the settings file lies."""


@dataclass(frozen=True)
class View:
    """The answers, seen from one server or from the common questions."""

    answers: Answers
    index: int | None
    around: Surroundings

    def get(self, key: str) -> Value:
        """Return the answer to a question of this server, or to a common one; None if there is none."""
        if self.index is not None and self.index < len(self.answers.servers) and key in self.answers.servers[self.index]:
            return self.answers.servers[self.index][key]
        return self.answers.common.get(key)

    def was(self, key: str) -> tuple[bool, Value]:
        """Return whether the existing settings answer this, and how."""
        was = self.around.was
        if was is None or (self.index is not None and self.index >= len(was.servers)):
            return False, None
        found = was.common if self.index is None else was.servers[self.index]
        return key in found, found.get(key)

    def servers(self) -> list[dict[str, Value]]:
        """Return every server that counts, the one being asked about included."""
        active = self.answers.active()
        return active if self.index is None or self.index < len(active) else self.answers.servers[: self.index + 1]

    def names(self) -> list[str]:
        """Return the servers' names; "" for one that has none yet."""
        return [str(server.get("name") or "") for server in self.servers()]

    def others(self) -> Iterator[dict[str, Value]]:
        """Yield the servers beside this one."""
        return (server for place, server in enumerate(self.servers()) if place != self.index)

    def encrypted(self) -> bool:
        """Tell whether a password may travel: the connection is encrypted, or never leaves this machine."""
        if not str(self.get("connection") or "").endswith(" none"):
            return True
        host = str(self.get("host") or "")
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def host_changed(self) -> bool:
        """Tell whether a stored password was stored for another server than this one."""
        known, host = self.was("host")
        return known and host != self.get("host") and self.was("password.ref") == (True, self.get("password.ref"))

    def has_secret(self, source: str, ref: str) -> bool:
        """Tell whether something is stored there already."""
        return self.around.has_secret(source, ref)

    def keyring_trouble(self) -> str:
        """Return why the keyring cannot be used here; empty if it can."""
        return self.around.keyring_trouble()

    @property
    def today(self) -> date:
        """The day of asking."""
        return self.around.today
