"""The provider lets the dispatcher in.

What it checks:
What the server's provider asks for before a program may send: a password made for programs, a second factor that has to be switched on first, a token for the right purpose, an
address that has to be registered. None of this shows from outside; a login that was accepted proves all of it. For Microsoft 365, see office365.login-conditions.

Why it matters:
At many providers, the password that opens the web mail does not open the mail server. Then the dispatcher sends nothing, although every setting is right.

How to fix it:
Go through the list with whoever looks after the account, then let the login be tried (--allow look,login).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from checks.model import CheckResult, Finding, Outcome, Owner, Status
from checks.rules._conditions import Asked, asked_of, said_of, servers_of
from checks.settings import Auth
from checks.subject import Subject

INFORMATIONAL = True  # a login that is refused is told by auth.accepted
ABOUT = "Providers"

PROVED = Outcome(
    code="provider.login-conditions-met",
    status=Status.PASS,
    title="{server}: {proof}, so what {provider} asks for beforehand is there",
)
OPEN = Outcome(
    code="provider.login-conditions-open",
    status=Status.NOTE,
    title="{server}: {gap}, so it is open whether {provider} lets the dispatcher in (as of {as_of}); it does if {conditions}",
    owner=Owner.MAIL_ADMIN,
)
REFUSED = Outcome(
    code="provider.login-conditions-unmet",
    status=Status.NOTE,
    title="{server}: {provider} refused; it lets a dispatcher in only if {conditions} (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
)
UNDECIDED = Outcome(
    code="provider.login-conditions-undecided",
    status=Status.NOT_APPLICABLE,
    title="{server}: what came of the login is told by the finding about it; it says nothing about what {provider} asks for",
)
NOTHING_KNOWN = Outcome(
    code="provider.login-conditions-unknown",
    status=Status.NOT_APPLICABLE,
    title="No server is at a provider of which we know what it asks for before it lets a program in",
)

LOGGED_IN = "auth.login-accepted"
LOGIN_REFUSED = frozenset({"auth.wrong-credentials", "auth.login-forbidden", "auth.login-refused", "auth.token-refused"})
LOGIN_UNDECIDED = frozenset({"auth.login-deferred", "auth.login-broken-off", "auth.secret-unavailable"})
TAKEN = frozenset({"sender.recipient-accepted", "send.message-accepted"})
NOT_TAKEN = frozenset({"sender.login-required", "sender.envelope-refused", "sender.relay-denied", "sender.not-permitted", "sender.recipient-refused"})  # fmt: skip
TRY = "Let the login be tried: sendready check --allow look,login."
TRY_WITHOUT = "Let a recipient be tried: sendready check --allow look,login --to ADDRESS."


def conclude(subjects: Sequence[Subject], results: Sequence[CheckResult]) -> Iterator[Finding]:
    """Look at what came of each login, or of each sender where there is no login."""
    nothing = True
    for server in servers_of(subjects):
        asked = asked_of(server, "relay" if server.auth is Auth.NONE else "login")
        if asked is not None:
            nothing = False
            yield _judged(asked, said_of(server, results))
    if nothing:
        yield NOTHING_KNOWN(about=ABOUT)


def _judged(asked: Asked, said: frozenset[str]) -> Finding:
    name, by_address = asked.server.name, asked.server.auth is Auth.NONE
    words: dict[str, Any] = {"about": name, "server": name, "provider": asked.company}
    if by_address and said & TAKEN:
        return PROVED(proof="mail was taken without a login", **words)
    if LOGGED_IN in said:
        return PROVED(proof="the login was accepted", **words)
    if said & LOGIN_UNDECIDED:
        return UNDECIDED(**words)
    facts: dict[str, Any] = {"as_of": asked.as_of, "conditions": asked.conditions}
    if said & (NOT_TAKEN if by_address else LOGIN_REFUSED):
        return asked.resting_on(REFUSED(steps=[*asked.steps, *_instead(asked), asked.more], **words, **facts))
    gap = "no mail was offered to it yet" if by_address else "no login was tried"
    steps = [*asked.steps, TRY_WITHOUT if by_address else TRY, asked.more]
    return asked.resting_on(OPEN(gap=gap, steps=steps, **words, **facts))


def _instead(asked: Asked) -> list[str]:
    """What else there is where a password is refused."""
    if asked.server.auth is Auth.NONE or asked.server.auth.by_token:
        return []
    return [way.step for way in asked.ways_free_of("password")]
