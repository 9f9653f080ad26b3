"""The server begins encryption when asked.

What it checks:
Whether the server offers STARTTLS, the command by which a connection that begins in clear becomes encrypted, and carries it out
cleanly. A port that is encrypted from the first byte has nothing to offer.

Why it matters:
The settings ask for encryption, so the dispatcher sends nothing without it. A server that offers none, or a device on the way that
strips the offer, stops all mail; a device that slips in words of its own could read passwords.

How to fix it:
Switch on TLS at the server, or use the port that the provider names for encrypted sending. If a firewall strips the offer, switch
off its inspection of mail.
"""

import re
from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, SmtpReading
from checks.rules._server import Layer, Look, look, not_tried, skipped, where_of, without_tls
from checks.settings import Security
from checks.subject import ServerSubject
from checks.tables.replies import in_words

OFFERED = Outcome(
    code="tls.starttls-offer",
    status=Status.PASS,
    title="{where} offers to encrypt (STARTTLS)",
    references=("RFC 3207 section 4",),
)
IMPLICIT = Outcome(
    code="tls.implicit-start",
    status=Status.PASS,
    title="{where} is encrypted from the first byte, so it need not offer anything",
    references=("RFC 8314 section 3.3",),
)
MISSING = Outcome(
    code="tls.starttls-missing",
    status=Status.FAIL,
    title="{where} offers no encryption (STARTTLS), but the settings require it; nothing was sent{because}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Switch on TLS (STARTTLS) at the server for this port.",
        'Or use the port that the provider names for encrypted sending, usually 465 with security = "implicit-tls", and change port and security in the settings.',
        "If the server offers it elsewhere, a firewall or virus scanner on the way from here takes the offer out.",
    ),
    volatile=("because",),
    references=("RFC 3207 section 4", "RFC 8314 section 3.3"),
)
STRIPPED = Outcome(
    code="tls.starttls-stripped",
    status=Status.FAIL,
    title="A device between here and {where} has crossed out the offer to encrypt ({offer}); nothing was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Ask whoever runs the firewall to switch off its inspection of mail (on Cisco devices: ESMTP inspection, or allow STARTTLS in it).",
        'Until then, use port 465 with security = "implicit-tls" if the provider offers it; that cannot be crossed out.',
    ),
    references=("RFC 3207 section 6",),
)
REFUSED = Outcome(
    code="tls.starttls-refused",
    status=Status.FAIL,
    title="{where} offers to encrypt but then refuses; it says: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=("Ask the server's administrator to look at its TLS set-up; often the certificate or key file cannot be read.",),
    volatile=("reply",),
    references=("RFC 3207 section 4",),
)
UNAVAILABLE = Outcome(
    code="tls.starttls-deferred",
    status=Status.UNKNOWN,
    title="{where} cannot encrypt just now; it says: {reply}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Run the check again in some minutes.",
        "If it stays so, ask the server's administrator to look at its TLS set-up; often the certificate or key file cannot be read.",
    ),
    volatile=("reply",),
    references=("RFC 3207 section 4",),
)
INJECTED = Outcome(
    code="tls.injected-bytes",
    status=Status.FAIL,
    title="{where} sends more than its answer before encryption begins: somebody on the way may be slipping words in; nothing was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Run the check from another network; if it is clean there, a device on the way from here alters the connection.",
        "If not, the server's software is faulty: bring it up to date.",
    ),
    references=("RFC 3207 section 6", "https://www.cve.org/CVERecord?id=CVE-2011-0411"),
)
BROKEN_OFF = Outcome(
    code="tls.starttls-broken-off",
    status=Status.UNKNOWN,
    title="{where} gives no proper answer to the request to encrypt: {what}",
    owner=Owner.MAIL_ADMIN,
    steps=("Run the check again.", "If it stays so, ask the server's administrator to look at its TLS set-up."),
    volatile=("what",),
    references=("RFC 3207 section 4",),
)
NOT_TRIED = not_tried("tls.offered", "Offer to encrypt")
WITHOUT = without_tls("tls.offered", "Offer to encrypt")

BEHIND_FIREWALL = (
    "Ask whoever runs the firewall, here or in front of the server, to switch off its inspection of mail (on Cisco devices: ESMTP inspection, or allow STARTTLS in it).",
    'Until then, use port 465 with security = "implicit-tls" if the provider offers it; that cannot be crossed out.',
    "If there is no such firewall, switch on TLS (STARTTLS) at the server for this port.",
)
WITHOUT_EHLO = (
    "If there is a firewall or virus scanner on the way, ask whoever runs it to switch off its inspection of mail: some let only the old command HELO through.",
    "If there is none, the server is very old, or set up for old clients only: ask its administrator to bring it up to date.",
    'Or use the port that the provider names for encrypted sending, usually 465 with security = "implicit-tls", and change port and security in the settings.',
)
_MASKED = re.compile(r"[*0-9 ]*\*{4}[*0-9 ]*")  # a device that writes stars over a greeting leaves a few of its digits


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look for the offer, and for what came of it."""
    security, about = subject.server.security, subject.name
    if security is Security.NONE:
        yield WITHOUT(about=about, where=where_of(subject))
        return
    seen = look(subject, ev)
    if seen.layer < Layer.OFFER:
        yield skipped(NOT_TRIED, subject, seen)
    elif security is Security.IMPLICIT_TLS:
        if seen.layer is Layer.HANDSHAKE:
            yield skipped(NOT_TRIED, subject, seen)
        else:
            yield IMPLICIT(about=about, where=seen.where)
    elif seen.layer is Layer.OFFER:
        yield _trouble(subject, seen, seen.reading)
    else:
        yield OFFERED(about=about, where=seen.where)


def _trouble(subject: ServerSubject, seen: Look, reading: SmtpReading) -> Finding:
    about, where = subject.name, seen.where
    if reading.fault is Fault.STARTTLS_NOT_OFFERED:
        return _not_offered(about, where, reading)
    if reading.fault is Fault.INJECTED:
        return INJECTED(about=about, where=where)
    if reading.fault is Fault.REJECTED and reading.reply is not None:
        outcome = UNAVAILABLE if reading.reply.transient else REFUSED
        return outcome(about=about, where=where, reply=in_words(reading.reply))
    return BROKEN_OFF(about=about, where=where, what=reading.detail or "it hung up")


def _not_offered(about: str, where: str, reading: SmtpReading) -> Finding:
    """Tell who may have taken the offer away, as far as it shows."""
    if crossed := _crossed_out(reading):
        return STRIPPED(about=about, where=where, offer=crossed)
    if reading.greeting is not None and _MASKED.fullmatch(reading.greeting.text):
        because = f". Its greeting is crossed out ({in_words(reading.greeting)}), as firewalls do that inspect mail"
        return MISSING(about=about, where=where, because=because, steps=BEHIND_FIREWALL)
    if reading.ehlo_refused is not None:
        because = f". It refuses EHLO, by which a server tells what it offers ({in_words(reading.ehlo_refused)})"
        return MISSING(about=about, where=where, because=because, steps=WITHOUT_EHLO)
    return MISSING(about=about, where=where, because="")


def _crossed_out(reading: SmtpReading) -> str:
    """Return the EHLO keyword that a device has overwritten with X: firewalls keep its length, so that nothing else moves."""
    words = [line.partition(" ")[0] for line in reading.capabilities_clear]
    return next((word for word in words if word.startswith("XXXX") and set(word) <= set("XA")), "")
