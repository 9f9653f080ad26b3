"""What a certificate says about names and dates. Whether that is a fault is for the rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Status
from checks.probes import CertificateFacts, TlsFacts
from checks.rules._server import Layer, Look, look, skipped, where_of
from checks.settings import Security
from checks.subject import ServerSubject

NOT_YET_VALID = 9  # OpenSSL's X509_V_ERR codes, as in TlsFacts.verify_code
EXPIRED = 10
SELF_SIGNED = (18, 19)  # the leaf itself; the root at the end of its chain
UNKNOWN_ISSUER = (2, 20, 21, 27)
TOO_WEAK = (66, 67, 68)  # key, an issuer's key, signature
ALONE = "only its own certificate"
WITH_STRAYS = "its own certificate and others, but not that of its issuer"
WRONG_NAME = (62, 64)  # host name, IP address


def certificates(
    subject: ServerSubject, ev: Evidence, not_tried: Outcome, without: Outcome
) -> Iterator[Finding | tuple[Look, str, TlsFacts]]:
    """Yield what a certificate rule has to judge: the handshakes; or the one finding that says why there are none."""
    if subject.server.security is Security.NONE:
        yield without(about=subject.name, where=where_of(subject))
        return
    seen = look(subject, ev)
    if seen.layer <= Layer.SECURITY or not seen.handshakes:
        yield skipped(not_tried, subject, seen, seen.reason or "no certificate was shown")
    else:
        for address, facts in seen.handshakes:
            yield seen, address, facts


def at(seen: Look, address: str) -> str:
    """Write host and port, and the address where another one shows another certificate or fault."""
    return f"{seen.where} at {address}" if len(seen.handshakes) > 1 else seen.where


def best(findings: list[Finding]) -> Finding:
    """Return the one that says that all is well, or the first."""
    return next((one for one in findings if one.status is Status.PASS), findings[0])


def path_of(facts: TlsFacts) -> tuple[CertificateFacts, ...]:
    """Follow the issuers from the server's own certificate through what it sent along, by their names."""
    if facts.certificate is None:
        return ()
    path, rest = [facts.certificate], list(facts.chain)
    while not path[-1].self_issued:
        following = next((one for one in rest if one.subject == path[-1].issuer), None)
        if following is None:
            break
        rest.remove(following)
        path.append(following)
    return tuple(path)


def unsent_issuer(facts: TlsFacts) -> str:
    """Return where the certificate of the issuer can be fetched that the server should have sent; empty if nothing speaks for that.

    Authorities that computers know sign servers' certificates with an intermediate, and write its place into them; where the server
    sends nothing that leads on from its own certificate, that is what is missing. Whether the place leads to trust is not tried.
    """
    if facts.verify_code not in UNKNOWN_ISSUER or facts.certificate is None or len(path_of(facts)) > 1:
        return ""
    return next((link for link in facts.certificate.ca_issuers if link.lower().startswith(("http://", "https://"))), "")


def sends_alone(facts: TlsFacts) -> str:
    """Say what the server sends in place of the certificate of its issuer, for a sentence; empty if it sends that, or nobody saw.

    Whether that is missing at the server or computers do not know the issuer at all cannot be told apart from outside.
    """
    leaf = facts.certificate
    if facts.verify_code not in UNKNOWN_ISSUER or leaf is None or leaf.self_issued or not facts.sent or len(path_of(facts)) > 1:
        return ""
    return ALONE if facts.sent == 1 else WITH_STRAYS


def date_of(text: str) -> datetime | None:
    """Read a certificate's date; None if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def days_left(days: int) -> str:
    """Write a number of days for a sentence."""
    return "less than a day" if days < 1 else f"{days} day{'' if days == 1 else 's'}"


def day(moment: datetime) -> str:
    """Write a date for a sentence."""
    return moment.astimezone(UTC).date().isoformat()


def fits(certificate: CertificateFacts, host: str) -> bool:
    """Whether one of the certificate's names is the host (RFC 9525 section 6)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return any(_same_name(name, host.lower()) for name in certificate.names)
    return any(_same_address(name, address) for name in certificate.names)


def _same_name(pattern: str, host: str) -> bool:
    lowered = pattern.lower().removesuffix(".")
    if not lowered.startswith("*."):
        return lowered == host
    # RFC 9525 section 6.3: the star stands for the whole leftmost label and for one label only.
    first, _, rest = host.partition(".")
    return bool(first) and rest == lowered[2:] and "." in rest


def _same_address(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(name) == address
    except ValueError:
        return False
