"""The sending server introduces itself by its own name.

What it checks:
Before a server hands over a message, it says its name (HELO). The check compares the name that the receiver was told with the reverse name of the
address from which the message came.

Why it matters:
A server that calls itself "localhost" or by a name that exists nowhere looks like a hijacked computer; some receivers refuse it. GMX and WEB.DE
want a full name.

How to fix it:
Let the server say its own full name, the one that its address leads to: in Postfix, smtp_helo_name. A provider's machines are the provider's
task.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, normal_name, reverse_name
from checks.rules._arrived import Came, Skip, from_outside, left_out, outcome_of_nothing, shown
from checks.rules._hosts import literal_address
from checks.subject import ServerSubject

LOCAL = (".local", ".localdomain", ".lan", ".internal", ".home.arpa", ".invalid")
UNTOLD = ("", "unknown")  # some receivers write so where they know no name

SAME = Outcome(
    code="arrival.helo-is-reverse-name",
    status=Status.PASS,
    title="{server}: the sending server calls itself {helo}, which is also the reverse name of its address",
    volatile=("helo",),
    references=("RFC 5321 section 4.1.1.1",),
)
DIFFERS = Outcome(
    code="arrival.helo-differs",
    status=Status.NOTE,
    title="{server}: the sending server calls itself {helo}, and the reverse name of its address {address} is {names}",
    volatile=("helo", "address", "names"),
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server call itself by the reverse name of its address (in Postfix: smtp_helo_name).",),
    references=("RFC 5321 section 4.1.1.1",),
)
NO_NAME = Outcome(
    code="arrival.helo-without-name",
    status=Status.WARN,
    title="{server}: the sending server calls itself {helo}, which is no full name that exists for others; some receivers refuse that",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server call itself by its own full name, like mail.example.org (in Postfix: myhostname or smtp_helo_name).",),
    also=("address",),
    volatile=("address",),
    references=("RFC 5321 section 2.3.5",),
)
UNTOLD_NAME = Outcome(
    code="arrival.helo-untold",
    status=Status.NOTE,
    title="{server}: how the sending server calls itself cannot be read from the message",
)
NOT_JUDGED = outcome_of_nothing("arrival.helo", "how the sending server calls itself was")
UNSURE = Skip(reason="the receiver's own servers could not be told from the sender's")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Compare the name that was told with the one that the address has."""
    came = from_outside(subject, ev)
    if isinstance(came, Came) and not (came.entry.sure and came.entry.address):
        came = UNSURE
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    about, address, helo = subject.name, came.entry.address, normal_name(came.entry.helo.strip())
    if helo in UNTOLD:
        yield UNTOLD_NAME(about=about, server=about)
    elif (helo == "localhost" or not literal_address(helo)) and ("." not in helo.strip(".") or helo.endswith(LOCAL)):
        yield NO_NAME(about=about, server=about, helo=shown(helo), address=address)
    else:
        names = sorted(value for value in ev.need(DnsProbe(reverse_name(address), "PTR")).values if value != ".")
        if helo in names:
            yield SAME(about=about, server=about, helo=shown(helo))
        else:
            listed = [shown(name) for name in names[:3]] or ["not there"]
            yield DIFFERS(about=about, server=about, helo=shown(helo), address=address, names=listed)
