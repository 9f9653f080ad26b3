"""The provider takes the sender's address.

What it checks:
Some providers take mail only from certain senders: from the domain of the mailbox that logs in, from a domain that was verified with them, from addresses that an administrator has
allowed. The sender of each server is compared with what its provider says. For Microsoft 365, see office365.sender-permission.

Why it matters:
The login works, and every message is refused all the same. Often this shows only once a message has been handed over as a whole.

How to fix it:
Write from an address that the provider takes, or have the address allowed or verified there. A test message shows it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from checks.model import CheckResult, Finding, Outcome, Owner, Status
from checks.rules._conditions import Asked, asked_of, said_of, servers_of
from checks.settings import Server
from checks.subject import Subject, domain_of
from checks.values import normal_domain

INFORMATIONAL = True
ABOUT = "Providers"

PROVED = Outcome(
    code="provider.sender-taken",
    status=Status.PASS,
    title="{server}: {provider} takes mail from {sender}, {proof}",
)
FOREIGN = Outcome(
    code="provider.sender-domain-foreign",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server} logs in as {login} and writes as {sender}, but {provider} takes senders of the login's domain only (as of {as_of})",
    owner=Owner.US,
)
OPEN = Outcome(
    code="provider.sender-conditions-open",
    status=Status.NOTE,
    title="{server}: no message was sent yet, so it is open whether {provider} takes mail from {sender} (as of {as_of}); it does if {conditions}",
    owner=Owner.MAIL_ADMIN,
)
REFUSED = Outcome(
    code="provider.sender-conditions-unmet",
    status=Status.NOTE,
    title="{server}: {provider} refused the sender; it takes one only if {conditions} (as of {as_of})",
    owner=Owner.MAIL_ADMIN,
)
NOTHING_KNOWN = Outcome(
    code="provider.sender-conditions-unknown",
    status=Status.NOT_APPLICABLE,
    title="No server is at a provider of which we know which senders it takes",
)

SENT = "send.message-accepted"
TAKEN_SO_FAR = "sender.recipient-accepted"
REFUSALS = frozenset(
    {
        "sender.envelope-not-permitted", "sender.envelope-refused", "sender.not-permitted", "sender.data-not-permitted",
        "send.sender-not-permitted",
    }
)  # fmt: skip
TRY = "Send a test message: sendready check --allow look,login,send --to ADDRESS."


def conclude(subjects: Sequence[Subject], results: Sequence[CheckResult]) -> Iterator[Finding]:
    """Compare each server's sender with what its provider takes; what a server has said already outweighs what is published."""
    nothing = True
    for server in servers_of(subjects):
        asked = asked_of(server, "sender")
        if asked is not None:
            nothing = False
            yield _judged(asked, said_of(server, results))
    if nothing:
        yield NOTHING_KNOWN(about=ABOUT)


def _judged(asked: Asked, said: frozenset[str]) -> Finding:
    server = asked.server
    words: dict[str, Any] = {"about": server.name, "server": server.name, "provider": asked.company}
    facts: dict[str, Any] = {"as_of": asked.as_of, "conditions": asked.conditions}
    if said & REFUSALS:
        return asked.resting_on(REFUSED(steps=[*asked.steps, asked.more], **words, **facts))
    sender = server.sender.email
    if SENT in said:
        return PROVED(sender=sender, proof="as a message has shown", **words)
    if all(row.same_domain for row in asked.rows) and (login := _login_domain(server)):
        if login == domain_of(sender).lower():
            return PROVED(sender=sender, proof="because it is in the domain of the login", **words)
        status = Status.NOTE if TAKEN_SO_FAR in said else None
        shown: dict[str, Any] = {"login": server.username or "", "sender": sender, "as_of": asked.as_of}
        return asked.resting_on(FOREIGN(status=status, steps=[*asked.steps, TRY], **words, **shown))
    return asked.resting_on(OPEN(sender=sender, steps=[*asked.steps, TRY, asked.more], **words, **facts))


def _login_domain(server: Server) -> str:
    """The domain of the login, as the settings write the sender's; empty if the login is no address."""
    login = server.username or ""
    try:
        return normal_domain(domain_of(login)) if "@" in login else ""
    except ValueError:
        return ""
