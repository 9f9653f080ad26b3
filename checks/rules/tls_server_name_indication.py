"""Programs that do not say which server they want see the right certificate.

What it checks:
A program says at the beginning of an encrypted connection which server it wants to reach (Server Name Indication), because one machine
may have many names. The server is asked once without that, and the certificates are compared.

Why it matters:
All current programs say the name; some very old ones and some devices (scanners, alarm systems) do not. To them such a server shows a
certificate that is not for its name, or none.

How to fix it:
Nothing has to be done for current programs. If an old device has to send through the server, make the certificate with this name the
one that the mail server uses when no name is asked for.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import CertificateFacts, TlsFacts, TlsReading
from checks.rules._certificate import fits
from checks.rules._hosts import literal_address
from checks.rules._server import Layer, look, not_tried, skipped, some_of, where_of, without_tls
from checks.rules._tls_look import look_aside
from checks.settings import Security
from checks.subject import ServerSubject

INFORMATIONAL = True

SAME = Outcome(
    code="tls.same-certificate-without-name",
    status=Status.PASS,
    title="{where} shows a fitting certificate also to programs that do not say which server they want",
    references=("RFC 6066 section 3",),
)
OTHER = Outcome(
    code="tls.other-certificate-without-name",
    status=Status.NOTE,
    title="{where} shows a certificate for {names} to programs that do not say which server they want; only very old ones do not",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If an old device has to send through this server, make the certificate for {host} the one that is shown without a name.",
    ),
    references=("RFC 6066 section 3",),
)
REFUSED = Outcome(
    code="tls.no-handshake-without-name",
    status=Status.NOTE,
    title="{where} does not encrypt with programs that do not say which server they want; only very old ones do not",
    owner=Owner.MAIL_ADMIN,
    steps=("If an old device has to send through this server, give the mail server a certificate that is shown without a name.",),
    references=("RFC 6066 section 3",),
)
BY_ADDRESS = Outcome(
    code="tls.no-name-to-say",
    status=Status.NOT_APPLICABLE,
    title="{where} is given by its address, and only names are said at the beginning of an encrypted connection",
    references=("RFC 6066 section 3",),
)
NOT_TRIED = not_tried("tls.server-name-indication", "Certificate without a name")
WITHOUT = without_tls("tls.server-name-indication", "Certificate without a name")

NO_ANSWER = "that look did not come about"


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look once more, without the name, where all is well with it."""
    about = subject.name
    if subject.server.security is Security.NONE:
        yield WITHOUT(about=about, where=where_of(subject))
        return
    if literal_address(subject.server.host):
        yield BY_ADDRESS(about=about, where=where_of(subject))
        return
    seen = look(subject, ev)
    facts = seen.reading.tls
    if seen.layer is not Layer.OPEN or facts is None or facts.certificate is None:
        yield skipped(NOT_TRIED, subject, seen, seen.reason or "no certificate was shown")
        return
    reading = ev[look_aside(subject, seen, named=False)]
    shown = reading.tls.certificate if reading.tls else None
    if shown is None and _refused(reading):
        yield REFUSED(about=about, where=seen.where)
    elif shown is None:
        yield skipped(NOT_TRIED, subject, seen, NO_ANSWER)
    elif _serves(shown, facts, subject.server.host):
        yield SAME(about=about, where=seen.where)
    else:
        names = some_of(shown.names) or [shown.subject or "nobody"]
        yield OTHER(about=about, where=seen.where, names=names, host=subject.server.host)


def _refused(reading: TlsReading) -> bool:
    """Whether it was the handshake that failed, by an alert of the server; a connection that broke off says nothing."""
    error = reading.tls.error if reading.tls else ""
    return reading.state is State.OK and ("_ALERT_" in error or error.endswith("UNRECOGNIZED_NAME"))  # as OpenSSL calls them


def _serves(shown: CertificateFacts, facts: TlsFacts, host: str) -> bool:
    return facts.certificate is not None and (shown.sha256 == facts.certificate.sha256 or fits(shown, host))
