"""What a provider asks for before it takes a server's mail (switches of its file), and what other rules have said of the server. Judges nothing.

Microsoft 365 has rules of its own (family office365).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from checks.model import CheckResult, Finding
from checks.rules._office365 import IDS, sources
from checks.rules._provider_limits import providers_behind
from checks.settings import Auth, Server
from checks.subject import ServerSubject, Subject
from checks.tables import Provider, providers_of_host
from checks.tables.ways import Switch, Way, switches_of, ways_of, ways_to

EVERYBODY = "everybody"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the provider of a server asks for, in one respect (login, relay, sender, limits)."""

    server: Server
    providers: tuple[Provider, ...]
    """Products that the server may be; one, unless several share its host and nothing tells them apart."""
    rows: tuple[Switch, ...]

    @property
    def company(self) -> str:
        """Who asks."""
        return self.providers[0].company if len(self.providers) > 1 else self.providers[0].short

    @property
    def as_of(self) -> str:
        """The oldest day on which a row was read."""
        return min(row.checked for row in self.rows).isoformat()

    @property
    def conditions(self) -> list[str]:
        """The rows, each as it reads behind "if"."""
        return [row.what for row in self.rows]

    @property
    def steps(self) -> list[str]:
        """Where to look, row by row."""
        return [row.where for row in self.rows]

    @property
    def more(self) -> str:
        """Where the rest is told."""
        return told_by(self.providers)

    def ways_free_of(self, what: str) -> tuple[Way, ...]:
        """The provider's ways that are free of something ("mailbox", "password")."""
        return ways_free_of(self.providers, what)

    def resting_on(self, finding: Finding) -> Finding:
        """Return the finding with the addresses that the rows come from."""
        return replace(finding, references=sources(*self.rows))


def asked_of(server: Server, *concerns: str) -> Asked | None:
    """Return what the provider that runs the server's host asks for; None if nothing is known, or if it is Microsoft 365."""
    at_host = providers_of_host(server.host)
    own = tuple(row for row in providers_behind(server) if row in at_host and row.id not in IDS)
    rows = {
        row.what: row for provider in own for row in switches_of(provider.id) if row.concerns in concerns
    }  # the same words are the same thing
    fitting = tuple(row for row in rows.values() if _matters(row, server))
    return Asked(server=server, providers=own, rows=fitting) if fitting else None


def ways_free_of(providers: Iterable[Provider], what: str) -> tuple[Way, ...]:
    """Return the ways of providers to reach everybody that are free of something, each step once."""
    found = {way.step: way for row in providers for way in ways_of(row.id) if what in way.lifts and way.reaches == EVERYBODY}
    return tuple(found.values())


def told_by(providers: Sequence[Provider]) -> str:
    """Say where a provider's ways are told in full."""
    names = " or ".join(f"sendready providers {row.id}" for row in providers)
    if any(ways_of(row.id) or ways_to(row.id) for row in providers):
        return f"What each way to send needs, takes and costs is told by: {names}."
    return f"What is known of this provider, and from where, is told by: {names}."


def servers_of(subjects: Sequence[Subject]) -> Iterator[Server]:
    """Go through the servers that were judged."""
    yield from (subject.server for subject in subjects if isinstance(subject, ServerSubject))


def said_of(server: Server, results: Sequence[CheckResult]) -> frozenset[str]:
    """Return the codes of everything that other rules have said of a server."""
    return frozenset(finding.code for result in results for finding in result.findings if finding.about == server.name)


def _matters(row: Switch, server: Server) -> bool:
    if server.auth is Auth.NONE:
        return not (row.password_only or row.token_only)
    return not (row.password_only if server.auth.by_token else row.token_only)
