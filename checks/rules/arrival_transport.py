"""The message travelled encrypted.

What it checks:
Reads the trace that each server leaves in a message (the lines Received): from which address the message came in to the receiver, and whether
that connection was encrypted (TLS).

Why it matters:
Gmail asks every sender to deliver encrypted, and shows a red open padlock beside mail that was not. Mail in clear can be read and changed by
whoever runs a network on the way.

How to fix it:
Switch on encryption for outgoing mail at the server that delivers it: in Postfix, smtp_tls_security_level = may. Providers do it by themselves.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.received import Tls
from checks.rules._arrived import Came, Skip, from_outside, left_out, outcome_of_nothing, shown
from checks.rules._dmarc import BULK_REFERENCE
from checks.subject import ServerSubject

OLD = ("TLSv1", "TLSv1.0", "TLSv1.1", "SSLv2", "SSLv3")  # RFC 8996

ENCRYPTED = Outcome(
    code="arrival.delivered-with-tls",
    status=Status.PASS,
    title="{server}: the message came in from {address} encrypted ({version})",
    also=("by", "hops"),
    volatile=("address", "by", "hops"),
    references=("RFC 3207",),
)
OUTDATED = Outcome(
    code="arrival.delivered-with-old-tls",
    status=Status.NOTE,
    title="{server}: the message came in from {address} encrypted, but with {version}, which is out of date",
    owner=Owner.MAIL_ADMIN,
    steps=("Have the server that delivers the mail brought up to date, so that it uses TLS 1.2 or 1.3.",),
    also=("by", "hops"),
    volatile=("address", "by", "hops"),
    references=("RFC 8996",),
)
CLEAR = Outcome(
    code="arrival.delivered-in-clear",
    status=Status.WARN,
    title="{server}: the message came in from {address} without encryption",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Switch on encryption for outgoing mail at the server that delivers it (in Postfix: smtp_tls_security_level = may).",
        "If it is on: perhaps this receiver offers none. Send a message to another one, like Gmail, to see.",
    ),
    also=("by", "hops"),
    volatile=("address", "by", "hops"),
    references=(BULK_REFERENCE,),
)
UNKNOWN = Outcome(
    code="arrival.delivery-encryption-unknown",
    status=Status.NOTE,
    title="{server}: whether the message came in encrypted is not known, because {reason}",
)
NOT_JUDGED = outcome_of_nothing("arrival.transport", "how the message travelled was")


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at the one connection that the receiver itself tells of."""
    came = from_outside(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    entry, about = came.entry, subject.name
    if not entry.sure or not entry.address:
        yield UNKNOWN(about=about, server=about, reason="the receiver's own servers could not be told from the sender's")
    elif entry.tls is Tls.UNKNOWN:
        yield UNKNOWN(about=about, server=about, reason="the receiver does not write it down")
    elif entry.tls is Tls.NO:
        yield CLEAR(about=about, server=about, address=entry.address, by=shown(entry.by), hops=_hops(came))
    else:
        outcome = OUTDATED if entry.tls_version in OLD else ENCRYPTED
        version = shown(entry.tls_version) or "version not told"
        yield outcome(about=about, server=about, address=entry.address, version=version, by=shown(entry.by), hops=_hops(came))


def _hops(came: Came) -> list[str]:
    """Write the way, first server first, for whoever wants to look closer."""
    return [
        f"{shown(hop.from_name) or 'unnamed'} [{hop.address}] to {shown(hop.by) or 'unnamed'}, {shown(hop.protocol)}"
        for hop in reversed(came.chain.hops[:20])
    ]
