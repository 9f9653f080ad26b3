"""The server takes messages of the usual size.

What it checks:
How large a message may be, as the server states it when it is greeted.

Why it matters:
A message that is larger is refused as a whole. Attachments grow by about a third on their way, so a file that fits by its own size
may not fit in a message.

How to fix it:
Put large files on a web page and send the link, or ask the server's administrator for more room.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.ehlo_facts import size_of
from checks.rules._server import Layer, look, not_tried, skipped
from checks.subject import ServerSubject

INFORMATIONAL = True

STATED = Outcome(
    code="service.size-stated",
    status=Status.PASS,
    title="{where} takes messages of up to {largest}; that is {files} of attachments, which grow on their way",
    also=("octets",),
    references=("RFC 1870 section 4",),
)
SMALL = Outcome(
    code="service.small-size",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{where} takes messages of up to {largest} only; that is {files} of attachments, which grow on their way",
    owner=Owner.US,
    steps=(
        "Put pictures and files on a web page and send the link, where a message could come near {largest}.",
        "If you need more, ask the server's administrator.",
    ),
    also=("octets",),
    references=("RFC 1870 section 4",),
)
OPEN = Outcome(
    code="service.size-open",
    status=Status.PASS,
    title="{where} states no limit for the size of a message; receivers still have theirs, often 10 to 25 MB",
    references=("RFC 1870 section 4",),
)
UNSTATED = Outcome(
    code="service.size-unstated",
    status=Status.NOTE,
    title="{where} does not say how large a message may be; one that is too large is refused only after it was handed over",
    owner=Owner.US,
    steps=("Ask the provider how large a message may be, if you send attachments.",),
    references=("RFC 1870 section 3",),
)
UNREADABLE = Outcome(
    code="service.unreadable-size",
    status=Status.NOTE,
    title='{where} states the size of messages as "{text}", which is no number',
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server's administrator correct the limit for messages.",),
    references=("RFC 1870 section 4",),
)
NOT_TRIED = not_tried("service.size", "Size of messages")

ROOM = 10_000_000  # octets; what is usual, and Postfix takes unless told otherwise
TIGHT = 100_000  # octets; a newsletter of today is often more without any picture
MEGABYTE = 1_000_000
GROWTH = 1.37  # base64 in lines of 76 characters (RFC 2045 section 6.8): 4 for 3, and the line ends
MAX_TEXT = 60


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Read SIZE in the last EHLO reply."""
    seen = look(subject, ev)
    if seen.layer is not Layer.OPEN:
        yield skipped(NOT_TRIED, subject, seen)
        return
    about, where, text = subject.name, seen.where, seen.reading.capability("SIZE")
    size = size_of(text or "")
    if text is None:
        yield UNSTATED(about=about, where=where)
    elif not size.readable:
        yield UNREADABLE(about=about, where=where, text=text[:MAX_TEXT])
    elif size.octets is None:
        yield OPEN(about=about, where=where)
    else:
        outcome = STATED if size.octets >= ROOM else SMALL
        status = Status.WARN if size.octets < TIGHT else None
        yield outcome(
            about=about,
            status=status,
            where=where,
            largest=_spoken(size.octets),
            files=_spoken(size.octets / GROWTH),
            octets=size.octets,
        )


def _spoken(octets: float) -> str:
    if octets >= MEGABYTE:
        return f"{octets / MEGABYTE:,.0f} MB" if octets >= ROOM else f"{octets / MEGABYTE:.1f} MB"
    return f"{octets / 1000:,.0f} kB"
