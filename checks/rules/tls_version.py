"""The encryption is of today.

What it checks:
That an encrypted connection comes about, and that it uses TLS 1.2 or 1.3, the versions that are still considered safe. Whether the
server would also take older ones is looked at, for information.

Why it matters:
Older versions of TLS are broken and switched off in current programs. If the server knows nothing newer, the dispatcher cannot
connect to it at all.

How to fix it:
Bring the server's mail software up to date and switch on TLS 1.2 and 1.3 there.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import Fault, TlsFacts
from checks.rules._server import Layer, Look, look, not_tried, skipped, where_of, without_tls
from checks.rules._tls_look import look_aside
from checks.settings import Security
from checks.subject import ServerSubject

CURRENT = Outcome(
    code="tls.current-version",
    status=Status.PASS,
    title="{where} encrypts with {version}",
    also=("cipher", "group"),
    references=("RFC 8997 section 3",),
)
OUTDATED = Outcome(
    code="tls.outdated-version",
    status=Status.FAIL,
    title="{where} knows only outdated encryption ({version}), which current programs refuse",
    owner=Owner.MAIL_ADMIN,
    steps=("Bring the server's mail software up to date, and switch on TLS 1.2 and TLS 1.3 there.",),
    references=("RFC 8997 section 3", "RFC 8996"),
)
OLD_TOO = Outcome(
    code="tls.outdated-version-accepted",
    status=Status.NOTE,
    title="{where} would also encrypt with {versions}, which is outdated; this program and current ones do not use it",
    owner=Owner.MAIL_ADMIN,
    steps=("Switch off TLS 1.0 and TLS 1.1 at the server's mail software, if no old device has to send through it.",),
    references=("RFC 8996", "RFC 8997 section 3"),
)
NEW_ONLY = Outcome(
    code="tls.newest-version-only",
    status=Status.NOTE,
    title="{where} encrypts with TLS 1.3 only; programs and devices that know nothing newer than TLS 1.2 cannot send through it",
    references=("RFC 8997 section 3", "RFC 9325 section 3.1.1"),
)
HANDSHAKE_FAILED = Outcome(
    code="tls.handshake-failed",
    status=Status.FAIL,
    title="No encrypted connection to {where} comes about: {why}; nothing was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Check that port and security in the settings are those that the provider names.",
        "Show the administrator of the server what went wrong ({error}); its TLS set-up may have to be brought up to date.",
    ),
    references=("RFC 8446 section 4.1",),
)
NO_ANSWER = Outcome(
    code="tls.handshake-silence",
    status=Status.UNKNOWN,
    title="{where} begins to encrypt but does not finish ({waited}); nothing was sent",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Run the check again later.",
        "If it stays so, ask the server's administrator whether the server or a firewall before it is overloaded.",
    ),
    volatile=("waited",),
    references=("RFC 8446 section 4.1",),
)
NOT_TRIED = not_tried("tls.version", "Version of the encryption")
WITHOUT = without_tls("tls.version", "Version of the encryption")

SAFE = ("TLSv1.2", "TLSv1.3")  # RFC 8997 section 3: TLS 1.2 at least
TOO_OLD = (
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "WRONG_SSL_VERSION",
    "NO_PROTOCOLS_AVAILABLE",
    "VERSION_TOO_LOW",
)
SPOKEN = {
    # Servers give this alert for both, and say no more (RFC 5246 section 7.2.2).
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server refuses without a reason; it is either that there is no method of encryption in common, or that the server wants a certificate of this machine",
    "NO_SHARED_CIPHER": "the server and this program have no method of encryption in common",
    "DH_KEY_TOO_SMALL": "the server uses a key exchange that is too short to be safe",
    "EE_KEY_TOO_SMALL": "the key in the server's certificate is too short to be safe",
    "CONNECTION_CLOSED": "the server hangs up",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a certificate of this machine",
    "WRONG_VERSION_NUMBER": "the server does not speak TLS where it should begin",
    "BAD_NAME": "the server's name cannot be used in a certificate",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge the version of the handshake, or why there was none."""
    about = subject.name
    if subject.server.security is Security.NONE:
        yield WITHOUT(about=about, where=where_of(subject))
        return
    seen = look(subject, ev)
    facts = seen.reading.tls
    if seen.layer is Layer.HANDSHAKE:
        yield _trouble(subject, seen, facts or TlsFacts(verified=False))
    elif facts is None or not facts.version or seen.layer < Layer.HANDSHAKE:
        yield skipped(NOT_TRIED, subject, seen, seen.reason or "no encrypted connection came about")
    elif facts.version in SAFE:
        yield CURRENT(about=about, where=seen.where, version=_plain(facts.version), cipher=facts.cipher, group=facts.group)
        if seen.layer is Layer.OPEN:
            yield from _others(subject, ev, seen, facts)
    else:
        yield OUTDATED(about=about, where=seen.where, version=_plain(facts.version))


def _trouble(subject: ServerSubject, seen: Look, facts: TlsFacts) -> Finding:
    about, where = subject.name, seen.where
    if facts.error in TOO_OLD or (facts.version and facts.version not in SAFE):
        return OUTDATED(about=about, where=where, version=_plain(facts.version) or "older than TLS 1.2")
    if seen.reading.fault is Fault.TIMEOUT:
        return NO_ANSWER(about=about, where=where, waited=seen.reading.detail or "within the time that we wait")
    why = SPOKEN.get(facts.error, seen.reading.detail or "the handshake fails")
    return HANDSHAKE_FAILED(about=about, where=where, why=why, error=facts.error or "no reason given")


def _others(subject: ServerSubject, ev: Evidence, seen: Look, facts: TlsFacts) -> Iterator[Finding]:
    """Look as older programs do. A look that failed for another reason than the version says nothing, and costs nothing."""
    newest = facts.version == "TLSv1.3"
    probes = [look_aside(subject, seen, highest=highest) for highest in ("TLSv1.1", *(["TLSv1.2"] if newest else []))]
    old, *before = ev.all(*probes)
    accepted = [old.tls.version] if old.tls and old.tls.version else []
    if accepted == ["TLSv1.1"]:
        older = ev[look_aside(subject, seen, highest="TLSv1")]
        accepted += [older.tls.version] if older.tls and older.tls.version else []
    if accepted:
        yield OLD_TOO(about=subject.name, where=seen.where, versions=[_plain(one) for one in accepted])
    if any(reading.tls and reading.tls.error in TOO_OLD for reading in before):
        yield NEW_ONLY(about=subject.name, where=seen.where)


def _plain(version: str) -> str:
    """Write "TLSv1" as people know it."""
    number = version.removeprefix("TLSv")
    return f"TLS {number if '.' in number else number + '.0'}" if version.startswith("TLSv") else version
