"""What the server can do beyond the bare minimum is known.

What it checks:
Which of the usual abilities the server names when it is greeted: letters beyond English as they are (8BITMIME), the same in addresses
(SMTPUTF8), several commands at once (PIPELINING) and reports about delivery (DSN). The settings need none of them: their
addresses are written in plain letters before the @, and the dispatcher can encode everything else.

Why it matters:
Nothing breaks without them. Without 8BITMIME, text with umlauts must be encoded, which dispatchers do; without PIPELINING a large
mailing takes longer; without DSN, delivery failures come as ordinary letters to the return path, and only those.

How to fix it:
There is nothing to mend. A server that names none of these is often an old one, or a filter in front of it that hides them.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._server import Layer, look, not_tried, skipped
from checks.subject import ServerSubject

INFORMATIONAL = True

OFFERED = Outcome(
    code="service.abilities",
    status=Status.PASS,
    title="{where} can do {offered}{missing}",
    references=("RFC 6152", "RFC 6531", "RFC 2920", "RFC 3461"),
)
ENCODING = Outcome(
    code="service.encoding-needed",
    status=Status.NOTE,
    title="{where} does not take letters beyond English as they are (8BITMIME); the dispatcher has to encode them, as most do by themselves{offered}",
    owner=Owner.US,
    steps=("If umlauts arrive broken, let the dispatcher write its messages as base64 or quoted-printable.",),
    references=("RFC 6152 section 3",),
)
NONE = Outcome(
    code="service.no-abilities",
    status=Status.NOTE,
    title="{where} speaks the oldest form of the protocol (HELO) and names no abilities at all",
    owner=Owner.MAIL_ADMIN,
    steps=("Ask its administrator whether something in front of the server, like a firewall, hides what it can do.",),
    references=("RFC 5321 section 3.2",),
)
NOT_TRIED = not_tried("service.extensions", "Abilities of the server")

ABILITIES = ("8BITMIME", "SMTPUTF8", "PIPELINING", "DSN")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the keywords of the last EHLO reply."""
    seen = look(subject, ev)
    if seen.layer is not Layer.OPEN:
        yield skipped(NOT_TRIED, subject, seen)
        return
    about, where, reading = subject.name, seen.where, seen.reading
    offered = [word for word in ABILITIES if reading.capability(word) is not None]
    if not reading.capabilities:
        yield NONE(about=about, where=where)
    elif "8BITMIME" in offered:
        missing = [word for word in ABILITIES if word not in offered]
        yield OFFERED(about=about, where=where, offered=offered, missing=f", not {', '.join(missing)}" if missing else "")
    else:
        yield ENCODING(about=about, where=where, offered=f". It can do {', '.join(offered)}" if offered else "")
