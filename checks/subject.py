"""What rules are asked about: one domain, one server, or the settings as a whole. Pure; expands settings into subjects."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from checks.settings import Auth, SecretRef, Security, Server, Settings, Volume


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What every subject has."""

    now: datetime
    """The moment of judging, with time zone. Rules have no other clock."""
    allow_private: bool = False
    """Reserved addresses are no finding (lab and intranet use)."""

    @property
    def name(self) -> str:
        """What findings of this subject are about, unless they say better."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class DomainSubject(Subject):
    """A domain that mail is written from."""

    domain: str
    """A-label, lower case."""
    header_from: bool = True
    """Recipients see it (header From): DMARC and DKIM matter."""
    envelope: bool = True
    """Bounces go to it (reverse-path): SPF and MX matter."""
    servers: tuple[Server, ...] = ()
    """Servers that send as this domain; empty for `check --domain`."""
    sending_ips: tuple[str, ...] = ()
    """Addresses that the person named as sending."""
    selectors: tuple[str, ...] = ()
    """DKIM selectors that the person named."""
    blocklists: bool = False
    """The person wants blocklists to be asked, which tells their operators of the addresses."""
    volume: Volume = field(default_factory=Volume)
    arrival: Arrival | None = None
    """Where to look at a message that has arrived; it may show how the domain's mail is signed and from where it comes."""
    through: ServerSubject | None = None
    """The server that this message went through; None: nobody knows."""

    @property
    def name(self) -> str:
        return self.domain


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a test message made of a person's own template says."""

    title: str = ""
    """The subject line; empty: ours."""
    text: str = ""
    page: str = ""
    """HTML."""
    unsubscribe: str = ""
    """The https address for one click (RFC 8058)."""
    from_email: str = ""
    """The template's own sender; empty: the server's."""
    reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class TestPlan:
    """The one test message: to whom, and whether it may leave."""

    __test__ = False
    to: str
    message: str = ""
    """Unique id of the message; empty: nothing is sent."""
    content: Content | None = None
    """Of a template; None: the words are ours."""


class Way(StrEnum):
    """How a message that has arrived is looked at."""

    IMAP = "imap"  # in the mailbox that it was sent to
    FILE = "file"  # saved by a person
    RECEIVER = "receiver"  # taken by `sendready receive`, with what its connection showed


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Where to look at the message that has arrived. Holds no secret and no message."""

    way: Way
    host: str = ""
    """IMAP only, like the rest down to the password."""
    port: int = 0
    security: Security = Security.IMPLICIT_TLS
    username: str = ""
    password: SecretRef | None = None
    sha256: str = ""
    """Of the message as it was saved, hex; empty for IMAP."""
    given: str = ""
    """What the person gave as --arrival: a URL without password, a file's name, or -."""


@dataclass(frozen=True, kw_only=True)
class ServerSubject(Subject):
    """One server of the settings, with the sender it serves."""

    server: Server
    settings: Settings
    test: TestPlan | None = None
    arrival: Arrival | None = None
    """Where to look at the message that went through this server; None: nobody asked for it."""
    leader: ServerSubject | None = None
    """A server of this run with the same login, in whose conversation this one's senders are named too: the password goes out once."""
    companions: tuple[Server, ...] = ()
    """The servers whose leader this one is."""

    @property
    def name(self) -> str:
        return self.server.name


@dataclass(frozen=True, kw_only=True)
class SettingsSubject(Subject):
    """The document as a whole."""

    settings: Settings

    @property
    def name(self) -> str:
        return "settings"


def of_domain(
    domain: str,
    *,
    now: datetime,
    sending_ips: Iterable[str] = (),
    selectors: Iterable[str] = (),
    allow_private: bool = False,
    blocklists: bool = False,
    arrival: Arrival | None = None,
) -> list[Subject]:
    """Subjects of `check --domain`: the domain in both roles."""
    return [
        DomainSubject(
            now=now,
            allow_private=allow_private,
            domain=domain,
            sending_ips=tuple(sending_ips),
            selectors=tuple(selectors),
            blocklists=blocklists,
            arrival=arrival,
        )
    ]


def of_settings(
    settings: Settings,
    *,
    now: datetime,
    only_server: str = "",
    sending_ips: Iterable[str] = (),
    selectors: Iterable[str] = (),
    allow_private: bool = False,
    blocklists: bool = False,
    test: TestPlan | None = None,
    arrival: Arrival | None = None,
) -> list[Subject]:
    """Subjects of `check SETTINGS`: the document, each server, and each domain that they send as.

    The test message goes through `only_server`, or the default server; others are tried up to DATA. What arrived came through that one.
    """
    servers = [settings.server(only_server)] if only_server else list(settings.servers)
    sends = next((server.name for server in servers if server.default), servers[0].name)
    each: list[ServerSubject] = []
    for server in servers:
        plan = test if test is None or server.name == sends else replace(test, message="")
        came = arrival if server.name == sends else None
        each.append(
            ServerSubject(now=now, allow_private=allow_private, server=server, settings=settings, test=plan, arrival=came)
        )
    subjects: list[Subject] = [SettingsSubject(now=now, allow_private=allow_private, settings=settings)]
    asked = _sharing_logins(each, first=sends)
    subjects += asked
    through = next((one for one in asked if one.arrival is not None), None)
    domains = _domains(settings, servers, now, tuple(sending_ips), tuple(selectors), allow_private)
    return [*subjects, *(replace(domain, blocklists=blocklists, arrival=arrival, through=through) for domain in domains)]


def _sharing_logins(subjects: list[ServerSubject], *, first: str) -> list[ServerSubject]:
    """Let servers with the same login share a conversation; the one that sends the test message leads it, else the first."""
    groups: dict[Hashable, list[ServerSubject]] = {}
    for subject in sorted(subjects, key=lambda one: one.name != first):
        alone = subject.server.auth is Auth.NONE
        groups.setdefault(subject.name if alone else _login(subject.server), []).append(subject)
    leaders = [replace(group[0], companions=tuple(one.server for one in group[1:])) for group in groups.values()]
    shared = {one.name: leader for leader, group in zip(leaders, groups.values(), strict=True) for one in group}
    return [shared[one.name] if shared[one.name].name == one.name else replace(one, leader=shared[one.name]) for one in subjects]


def _login(server: Server) -> Hashable:
    """Everything that two servers must have in common to be used in one conversation. When the secret ends does not matter."""
    kept = server.password
    place = (kept.source, kept.ref) if kept else None
    return (server.host, server.port, server.security, server.auth, server.username, place, server.ehlo)


def _domains(
    settings: Settings,
    servers: list[Server],
    now: datetime,
    sending_ips: tuple[str, ...],
    selectors: tuple[str, ...],
    allow_private: bool,
) -> list[DomainSubject]:
    found: dict[str, DomainSubject] = {}

    def note(domain: str, server: Server, *, header_from: bool, envelope: bool) -> None:
        blank = DomainSubject(
            now=now,
            allow_private=allow_private,
            domain=domain,
            header_from=False,
            envelope=False,
            volume=settings.volume,
            sending_ips=sending_ips,
        )
        known = found.get(domain, blank)
        found[domain] = replace(
            known,
            header_from=known.header_from or header_from,
            envelope=known.envelope or envelope,
            servers=known.servers if server in known.servers else (*known.servers, server),
            selectors=tuple(dict.fromkeys((*known.selectors, *selectors, *(server.selectors if header_from else ())))),
        )

    for server in servers:
        own_return_path = server.return_path is not None
        if own_return_path:
            note(domain_of(server.envelope_sender), server, header_from=False, envelope=True)
        for address in (server.sender.email, *server.filter):
            if not (domain := domain_of(address)).startswith("*."):  # sub-domains cannot be listed; each is judged when named
                note(domain, server, header_from=True, envelope=not own_return_path)
    return list(found.values())


def domain_of(address: str) -> str:
    """Return the part behind the @ of an address or filter pattern."""
    return address.rpartition("@")[2]
