"""Whom a server sends for: every address of the settings that leads to it, and an example of each filter. Judges nothing.

Settings name senders in four places: the server's own sender, its return path, the templates that are routed to it, and its filters.
Addresses for answers (reply-to) are tried like senders, last of all: some day somebody answers from one.
"""

from __future__ import annotations

from dataclasses import dataclass

from checks.routing import choose, covers
from checks.settings import Server, Settings
from checks.subject import ServerSubject

MAX_SENDERS = 20  # in one conversation; a person reads no longer list, and a server suspects somebody who names hundreds


@dataclass(frozen=True, kw_only=True)
class Use:
    """One sender besides the one that stands in every envelope."""

    address: str
    why: str
    """Where the settings name it, for the middle of a sentence."""
    field: str = "sender.email"
    """The field of the settings."""
    example: bool = False
    """Nobody named it: it stands for the addresses of a filter."""
    answers: bool = False
    """It is named as an address for answers only, which needs no permission."""


def uses_of(server: Server, settings: Settings) -> tuple[Use, ...]:
    """Return the senders of a server, those that the settings name first."""
    routed = [one for one in settings.templates if one.sender and choose(settings.servers, one.sender).server == server]
    named = [Use(address=server.sender.email, why="the sender of this server")]
    named += [
        Use(address=template.sender, why=f'the sender of the template "{template.name}"', field="templates: sender")
        for template in routed
        if template.sender
    ]
    named += [
        Use(address=pattern, why="a filter of this server", field="filter")
        for pattern in server.filter
        if not pattern.startswith("@")
    ]
    known = {use.address for use in named} | {server.envelope_sender}
    examples = (
        Use(
            address=f"postmaster{pattern}", why=f"an example of the filter {pattern}", field="filter", example=True
        )  # RFC 5321 section 4.5.1
        for pattern in server.filter
        if _needs_example(pattern, known) and not pattern.startswith("@*.")
    )
    replies = (server.sender.reply_to, *(template.reply_to for template in routed))
    answers = [
        Use(address=reply, why="an address for answers", field="sender.reply_to", answers=True) for reply in replies if reply
    ]
    found: dict[str, Use] = {}
    for use in (*named, *examples, *answers):
        if use.address != server.envelope_sender:
            found.setdefault(use.address, use)
    return tuple(found.values())


def filters_without_example(server: Server, settings: Settings) -> tuple[str, ...]:
    """Return the filters for which no address is known: nobody can make up a sub-domain that exists."""
    known = {use.address for use in uses_of(server, settings) if not use.answers} | {server.envelope_sender}
    return tuple(pattern for pattern in server.filter if pattern.startswith("@*.") and _needs_example(pattern, known))


def _needs_example(pattern: str, known: set[str]) -> bool:
    return pattern.startswith("@") and not any(covers(pattern, address) for address in known)


def senders_in_turn(subject: ServerSubject) -> tuple[str, ...]:
    """Return who is named after the first sender, in the conversation that this server leads: the companions' first senders before all else."""
    servers = (subject.server, *subject.companions)
    wanted = [server.envelope_sender for server in subject.companions]
    wanted += [use.address for server in servers for use in uses_of(server, subject.settings)]
    first = subject.server.envelope_sender
    return tuple(address for address in dict.fromkeys(wanted) if address != first)[:MAX_SENDERS]
