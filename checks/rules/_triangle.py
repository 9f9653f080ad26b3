"""The rows of the triangle: what three sides say of one thing, in words, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from checks.evidence import Evidence, State
from checks.probes import DnsProbe
from checks.records import spf_door
from checks.records.dkim import is_key
from checks.records.org_domain import is_within
from checks.records.received import Tls
from checks.records.triangle_shown import ShownRow
from checks.rules._arrived import MARK, Came, shown
from checks.rules._arrived_proof import Proof, asked_for
from checks.rules._hosts import look_up
from checks.rules._provider_of import provider_of
from checks.settings import Security
from checks.subject import ServerSubject, Way

MAX_NAMED = 3
UNKNOWN = "not known"
NO_SIGNATURE = "no signature"
DOES_NOT_HOLD = ", by a signature that does not hold"
ALLOWED = f"SPF {spf_door.Result.PASS.value}"
MEANS = {Security.STARTTLS: "STARTTLS", Security.IMPLICIT_TLS: "TLS", Security.NONE: "none"}


class Row(Enum):
    """What a row is about, as the table names it."""

    FROM = "Visible sender (From)"
    RETURN_PATH = "Bounce address (return path)"
    SIGNER = "Signing domain"
    SELECTOR = "Selector of the key"
    ADDRESS = "Sending address"
    ENCRYPTION = "Encryption"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One row."""

    kind: Row
    shown: ShownRow
    grave: bool = False
    """It weighs more than a note."""


def rows_of(subject: ServerSubject, came: Came, proof: Proof, ev: Evidence) -> tuple[Told, ...]:
    """Return every row, in the table's order."""
    return (
        _from(subject, came, proof),
        _return_path(subject, came, proof),
        _signer(came, proof, ev),
        _selector(subject, came, proof, ev),
        _address(subject, came, proof, ev),
        _encryption(subject, came),
    )


def _told(kind: Row, settings: str, dns: str, receiver: str, *, agrees: bool | None, grave: bool = False) -> Told:
    row = ShownRow(row=kind.value, settings=settings, dns=dns, receiver=receiver, agrees=agrees)
    return Told(kind=kind, shown=row, grave=grave)


def _from(subject: ServerSubject, came: Came, proof: Proof) -> Told:
    """A message that a person saved may have any sender of that domain; the test message has the one that it was sent with."""
    seen = _seen_from(came)
    content = subject.test.content if subject.test else None
    wanted = (content.from_email if content else "") or subject.server.sender.email
    agrees = None if not seen else _same(wanted, seen) or not _is_test(subject, came)
    policy = asked_for(proof.dmarc)
    dns = f"DMARC of {came.author}: p={policy}" if policy else f"no DMARC record for {came.author}" if came.author else ""
    return _told(Row.FROM, wanted, dns, shown(seen) or UNKNOWN, agrees=agrees)


def _seen_from(came: Came) -> str:
    boxes = came.message.author.found
    return boxes[0].address if len(boxes) == 1 else ""


def _is_test(subject: ServerSubject, came: Came) -> bool:
    """Tell whether it is our test message, whose sender and return path are known."""
    return came.message.count(MARK) > 0 or (subject.arrival is not None and subject.arrival.way is Way.IMAP)


def _same(one: str, other: str) -> bool:
    """Addresses: the domain in any case, and in practice the rest as well (RFC 5321 section 2.4 leaves it to the host)."""
    return one.lower() == other.lower()


def _return_path(subject: ServerSubject, came: Came, proof: Proof) -> Told:
    server = subject.server
    content = subject.test.content if subject.test else None
    wanted = server.return_path or (content.from_email if content else "") or server.sender.email
    if server.return_path is None and not _is_test(subject, came):
        wanted = _seen_from(came)  # bounces go back to whoever is the sender
    seen = came.mail_from
    agrees = None if seen is None or not wanted else _same(wanted, seen) or _verp(wanted, seen)
    dns = f"SPF of {came.envelope}: {proof.spf.result.value}" if proof.spf and came.envelope else ""
    told = UNKNOWN if seen is None else shown(seen) or "nobody (<>)"
    return _told(Row.RETURN_PATH, wanted, dns, told, agrees=agrees, grave=server.return_path is not None)


def _verp(wanted: str, seen: str) -> bool:
    """Tell whether only something was added before the @, by which the sender knows whose mail came back (VERP)."""
    local, _, domain = wanted.lower().rpartition("@")
    other, _, right = seen.lower().rpartition("@")
    return domain == right and other.startswith((f"{local}+", f"{local}-", f"{local}="))


def _signer(came: Came, proof: Proof, ev: Evidence) -> Told:
    holding = list(dict.fromkeys(one.domain for one in proof.signatures.passed))
    claimed = list(dict.fromkeys(one.domain for one in proof.signatures.results if one.domain))
    found = holding or claimed
    keys = [one for one in proof.signatures.results if one.probe and one.domain in found[:MAX_NAMED]]
    dns = _listed(_key_state(one.probe, one.domain, ev) for one in keys if one.probe)
    agrees: bool | None = bool(proof.aligned) and bool(holding)
    if not agrees and (proof.dkim_open or proof.dmarc_open):
        agrees = None
    receiver = _listed(shown(name) for name in found) if found else NO_SIGNATURE
    if claimed and not holding and agrees is False:
        receiver += DOES_NOT_HOLD
    return _told(Row.SIGNER, came.author, dns, receiver, agrees=agrees if came.author else None)


def _key_state(probe: DnsProbe, domain: str, ev: Evidence) -> str:
    reading = ev[probe]
    if not reading.state.answered:
        return f"{shown(domain)}: {UNKNOWN}"
    there = reading.state is State.OK and any(is_key(text) for text in reading.values)
    return f"{shown(domain)}: {'key published' if there else 'no key'}"


def _selector(subject: ServerSubject, came: Came, proof: Proof, ev: Evidence) -> Told:
    """Only signatures that speak for the author count here: a provider's own has its own selector."""
    ours = [one for one in proof.signatures.results if one.domain and _own(one.domain, came.author)]
    seen = list(dict.fromkeys(one.selector for one in ours))
    named = subject.server.selectors
    agrees = None if not (named and seen) else any(selector.lower() in seen for selector in named)
    dns = _listed(
        f"{shown(one.selector)}: {_key_state(one.probe, one.domain, ev).rpartition(': ')[2]}" for one in ours if one.probe
    )
    receiver = _listed(shown(name) for name in seen) or "none"
    return _told(Row.SELECTOR, _listed(named) or "none named", dns, receiver, agrees=agrees)


def _own(signer: str, author: str) -> bool:
    return bool(author) and (is_within(author, signer) or is_within(signer, author))


def _address(subject: ServerSubject, came: Came, proof: Proof, ev: Evidence) -> Told:
    """A provider's mail leaves from machines of its own; there, only SPF can tell whether the address is right."""
    entry, server = came.entry, subject.server
    row = provider_of(server)
    host = look_up(ev, [server.host])[0]
    settings = row.name if row else _listed(host.addresses) or server.host
    if came.inside or not entry.sure or not entry.address:
        receiver = "the message did not leave its mail system" if came.inside else UNKNOWN
        return _told(Row.ADDRESS, settings, "", receiver, agrees=None)
    dns = f"SPF {proof.spf.result.value}" if proof.spf else ""  # of a pass, `ALLOWED`
    passed = None if proof.spf_open else proof.spf is not None and proof.spf.result is spf_door.Result.PASS
    known = row is not None or entry.address in host.addresses or not host.addresses
    agrees = False if passed is False or (not known and passed is not None) else passed
    return _told(Row.ADDRESS, settings, dns, entry.address, agrees=agrees)


def _encryption(subject: ServerSubject, came: Came) -> Told:
    security, entry = subject.server.security, came.entry
    if came.inside or not entry.sure or entry.tls is Tls.UNKNOWN:
        receiver, agrees = UNKNOWN, None
    elif entry.tls is Tls.YES:
        receiver, agrees = shown(entry.tls_version) or "encrypted", True
    else:
        receiver, agrees = "in clear", security is Security.NONE
    return _told(Row.ENCRYPTION, MEANS[security], "", receiver, agrees=agrees)


def _listed(texts: Iterable[str]) -> str:
    found = list(dict.fromkeys(texts))
    return ", ".join(found[:MAX_NAMED]) + (f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else "")
