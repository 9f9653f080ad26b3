"""Which server takes a message, who gets nothing, and why. Pure: settings and a message in, a `Route` out.

The dispatcher must do the same; what is decided here is what reports, exports and `sendready route` say.

- The address matched is the header From (RFC 5322 section 3.6.2), not the envelope sender.
- An exact address wins over its domain, a domain over its sub-domains (`@*.example.org`, the longest first), and all of them over
  the default. Nothing matches and there is no default: the message is refused. So it is if two servers claim it equally.
- Domains are compared as A-labels in lower case. The local part of a filter is compared as it is stored, because whether case matters is the
  receiver's affair (RFC 5321 section 2.4); a filter that differs in case alone is named.
- Blocked recipients are taken out first, from the recipients that the message has. Their local parts are compared without regard to case: to send to somebody
  who is blocked is worse than not to send.
- Test mode then replaces the envelope recipients by its one address; it stays on until it is switched off, also when its last day has passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from checks.settings import Blocked, Server, Settings
from checks.values import normal_address


class Why(StrEnum):
    """Why a server takes the message, or why none does."""

    ADDRESS = "address"  # a filter names the sender's address
    DOMAIN = "domain"  # a filter names its domain
    SUBDOMAINS = "sub-domains"  # a filter names the sub-domains that its domain is one of
    DEFAULT = "default"  # no filter fits; the default server takes what nobody claims
    CONTESTED = "contested"  # refused: the same filter stands on several servers
    SEVERAL_DEFAULTS = "several-defaults"  # refused: no filter fits and several servers are the default
    UNCLAIMED = "unclaimed"  # refused: no filter fits and no server is the default

    @property
    def refused(self) -> bool:
        """Whether no server takes the message."""
        return self in (Why.CONTESTED, Why.SEVERAL_DEFAULTS, Why.UNCLAIMED)


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """A recipient who gets nothing, and the entry of the blocklist that says so."""

    address: str
    entry: Blocked


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which server a sender uses."""

    why: Why
    server: Server | None = None
    pattern: str = ""
    """The filter that decided."""
    claimants: tuple[str, ...] = ()
    """Names of the servers that claim the sender equally; for a refusal."""
    differs_in_case: str = ""
    """A filter that would have matched, were it not for upper and lower case."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """What becomes of a message."""

    sender: str
    """Header From, normalised."""
    choice: Choice
    recipients: tuple[str, ...]
    """The recipients that stay after the blocklist; in test mode they stand in X-Original-To."""
    stopped: tuple[Stopped, ...] = ()
    redirected_to: str = ""
    """The address that receives everything, in test mode."""
    test_mode_overdue: bool = False
    """Test mode is on although its last day has passed."""

    @property
    def server(self) -> Server | None:
        """The server that takes the message."""
        return self.choice.server

    @property
    def mail_from(self) -> str:
        """The envelope sender; empty if the message does not leave."""
        return self.server.envelope_sender if self.server and self.recipients else ""

    @property
    def rcpt_to(self) -> tuple[str, ...]:
        """The envelope recipients; empty if the message does not leave."""
        if self.server is None or not self.recipients:
            return ()
        return (self.redirected_to,) if self.redirected_to else self.recipients

    @property
    def leaves(self) -> bool:
        """Whether anything is sent."""
        return bool(self.rcpt_to)


def route(settings: Settings, sender: str, recipients: Iterable[str], *, today: date | None = None) -> Route:
    """Say what becomes of a message. `today` (in the settings' time zone) only tells whether test mode is overdue.

    Raises `ValueError` with a sentence for a person if an address is none.
    """
    test = settings.test_mode
    wanted = tuple(dict.fromkeys(normal_address(address) for address in recipients))
    stopped = {address: entry for address in wanted if (entry := blocked_by(settings.blocklist, address))}
    return Route(
        sender=(author := normal_address(sender)),
        choice=choose(settings.servers, author),
        recipients=tuple(address for address in wanted if address not in stopped),
        stopped=tuple(Stopped(address=address, entry=entry) for address, entry in stopped.items()),
        redirected_to=(test.redirect_to or "") if test.enabled else "",
        test_mode_overdue=bool(test.enabled and test.until and today and today > test.until),
    )


def choose(servers: Iterable[Server], sender: str) -> Choice:
    """Choose the server for a sender's normalised address."""
    listed = tuple(servers)
    near = _differing_in_case(listed, sender)
    for pattern, why in _patterns_for(sender):
        claimants = tuple(server for server in listed if pattern in server.filter)
        if len(claimants) > 1:
            return Choice(
                why=Why.CONTESTED, pattern=pattern, claimants=tuple(server.name for server in claimants), differs_in_case=near
            )
        if claimants:
            return Choice(why=why, server=claimants[0], pattern=pattern, differs_in_case=near)
    defaults = tuple(server for server in listed if server.default)
    if len(defaults) == 1:
        return Choice(why=Why.DEFAULT, server=defaults[0], differs_in_case=near)
    names = tuple(server.name for server in defaults)
    return Choice(why=Why.SEVERAL_DEFAULTS if defaults else Why.UNCLAIMED, claimants=names, differs_in_case=near)


def blocked_by(blocklist: Iterable[Blocked], address: str) -> Blocked | None:
    """Return the first entry that blocks a normalised address."""
    patterns = {pattern.casefold() for pattern, _ in _patterns_for(address)}
    return next((entry for entry in blocklist if entry.pattern.casefold() in patterns), None)


def covers(pattern: str, address: str) -> bool:
    """Tell whether a normalised pattern matches a normalised address."""
    return any(pattern == possible for possible, _ in _patterns_for(address))


def _patterns_for(address: str) -> list[tuple[str, Why]]:
    """Every pattern that matches an address, the strongest first."""
    domain = address.rpartition("@")[2]
    labels = domain.split(".")
    parents = (".".join(labels[start:]) for start in range(1, len(labels)))
    return [(address, Why.ADDRESS), (f"@{domain}", Why.DOMAIN), *((f"@*.{parent}", Why.SUBDOMAINS) for parent in parents)]


def _differing_in_case(servers: Iterable[Server], sender: str) -> str:
    every = (pattern for server in servers for pattern in server.filter)
    return next((pattern for pattern in every if pattern != sender and pattern.casefold() == sender.casefold()), "")
