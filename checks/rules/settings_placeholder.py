"""No example values are left in the settings.

What it checks:
Whether names, addresses or references in the settings still hold words of an example, like "changeme" or "yourdomain", or the domains that manuals use.

Why it matters:
A forgotten example value looks like a setting, and the fault that follows from it (wrong password, unknown host) sends people looking in the wrong place.

How to fix it:
Replace the value by the real one.
"""

import re
from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.settings import Server
from checks.subject import ServerSubject, domain_of

WORDS = re.compile(
    r"(?<![a-z0-9])(change[-_ ]?me|fix[-_ ]?me|replace[-_ ]?me|placeholder|x{4,}"
    r"|(your|deine?|ihre?)[-_ ]?(domain|company|username|password|passwort|firma)|my(domain|company|password)|muster(firma|mann))(?![a-z0-9])"
    r"|^(x{3}|to-?do)$|\$\{|\{\{|<[a-z][a-z _-]*>",
    re.IGNORECASE,
)  # not "your-server": mail.your-server.de is a large hoster's real host
MANUALS = ("example.com", "example.net", "example.org")  # RFC 2606 section 3

REAL = Outcome(code="settings.no-placeholder", status=Status.PASS, title="{server}: no example value is left in its settings")
PLACEHOLDER = Outcome(
    code="settings.placeholder",
    status=Status.WARN,
    title='{server}: {field} still holds "{word}", as examples do',
    owner=Owner.US,
    steps=("Replace {field} by the real value.",),
)
MANUAL_DOMAIN = Outcome(
    code="settings.example-domain",
    status=Status.NOTE,
    title="{server}: {field} is in {domain}, a domain that exists for manuals only",
    owner=Owner.US,
    steps=("Replace {field} by the real value.",),
    references=("RFC 2606 section 3",),
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look at every value that a person typed."""
    server = subject.server
    found: list[Finding] = []
    for field, value in _values(server):
        if match := WORDS.search(value):  # the word alone is shown: somebody may have typed the password itself as its reference
            found.append(PLACEHOLDER(about=server.name, server=server.name, field=field, word=match[0][:40]))
        elif not subject.allow_private and (domain := _manual_domain(value)):
            found.append(MANUAL_DOMAIN(about=server.name, server=server.name, field=field, domain=domain))
    yield from found
    if not found:
        yield REAL(about=server.name, server=server.name)


def _values(server: Server) -> Iterator[tuple[str, str]]:
    yield "name", server.name
    yield "host", server.host
    yield "username", server.username or ""
    yield "sender.name", server.sender.name
    yield "sender.email", server.sender.email
    yield "sender.reply_to", server.sender.reply_to or ""
    yield "return_path", server.return_path or ""
    if server.password is not None:
        yield "password.ref", server.password.ref


def _manual_domain(value: str) -> str:
    domain = domain_of(value).lower()
    return next((known for known in MANUALS if domain == known or domain.endswith(f".{known}")), "")
