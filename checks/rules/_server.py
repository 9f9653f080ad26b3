"""One server, looked at once for all rules: where it is, how far a conversation gets, and which rule tells what stopped it.

A fault is told by one rule. Every rule further on says that it was not tried, and why: one closed port is one alarm, not twelve.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from checks.evidence import Evidence, Reading, State
from checks.model import Finding, Outcome, Status
from checks.probes import Fault, SmtpProbe, SmtpReading, Stage, SubmissionProbe, SubmissionReading, TlsFacts
from checks.records.smtp_reply import mechanisms, service_of
from checks.rules._hosts import HostAddresses, look_up
from checks.rules._senders import senders_in_turn
from checks.rules._shared import as_seen_by
from checks.settings import Auth, Security
from checks.subject import ServerSubject

MAX_TRIED = 8  # addresses of one server; each costs a conversation, though all are held at the same time


class Layer(IntEnum):
    """What stopped a conversation, in the order in which things can go wrong. The rule of that layer tells it."""

    HOST = 1  # port.host
    CONNECT = 2  # port.open
    SECURITY = 3  # port.security
    SERVICE = 4  # port.service
    OFFER = 5  # tls.offered
    HANDSHAKE = 6  # tls.version
    CERTIFICATE = 7  # tls.certificate-trust, -name, -expiry
    DIALOGUE = 8  # port.service, when TLS was up already
    OPEN = 9  # nothing: the conversation went to its end


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a conversation without a password showed."""

    where: str
    """host:port, for sentences."""
    host: HostAddresses
    readings: tuple[tuple[str, SmtpReading], ...]
    """Each address that was tried, with what it showed."""
    address: str
    """The address that got furthest; empty if there is none."""
    reading: SmtpReading
    """What that address showed."""
    layer: Layer
    reason: str
    """Why the conversation did not get further, for a sentence about the server ("because it ..."); empty if it did."""
    other: SmtpReading | None = None
    """The same address asked with the other kind of encryption, where that could be the trouble."""
    other_security: Security | None = None

    @property
    def reached(self) -> tuple[tuple[str, SmtpReading], ...]:
        """The addresses that took a connection."""
        return tuple((address, reading) for address, reading in self.readings if reading.state is State.OK)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The addresses that nobody tried, because the server has so many."""
        tried = {address for address, _ in self.readings}
        return tuple(address for address in self.host.addresses if address not in tried)

    @property
    def handshakes(self) -> tuple[tuple[str, TlsFacts], ...]:
        """TLS facts worth judging by, one per certificate and fault; empty if no address got to a mail server's certificate."""
        found: dict[tuple[str, int], tuple[str, TlsFacts]] = {}
        for address, reading in self.reached:
            facts = reading.tls
            if facts is not None and reading.fault is not Fault.NOT_SMTP and (facts.verified or facts.verify_code):
                key = (facts.certificate.sha256 if facts.certificate else "", facts.verify_code)
                found.setdefault(key, (address, facts))
        return tuple(found.values())


def where_of(subject: ServerSubject) -> str:
    """Write host and port as a person does."""
    host = subject.server.host
    return f"[{host}]:{subject.server.port}" if ":" in host else f"{host}:{subject.server.port}"


def host_of(subject: ServerSubject, ev: Evidence) -> HostAddresses:
    """Look the server's name up."""
    return look_up(ev, [subject.server.host])[0]


def look(subject: ServerSubject, ev: Evidence) -> Look:
    """Talk to each address of the server, at most eight of them, and say what stands in the way."""
    host = host_of(subject, ev)
    addresses = _to_try(host)
    if not addresses:
        why = f"the address of {host.host} could not be looked up" if host.failed else f"{host.host} has no address"
        nothing = SmtpReading(state=State.NOT_ATTEMPTED)
        return Look(where=where_of(subject), host=host, readings=(), address="", reading=nothing, layer=Layer.HOST, reason=why)
    probes = [_smtp_probe(subject, address, subject.server.security) for address in addresses]
    readings = tuple(zip(addresses, ev.all(*probes), strict=True))
    untried = [probe for probe, (_, reading) in zip(probes, readings, strict=True) if not _was_tried(reading)]
    if untried and not any(reading.state is State.OK for _, reading in readings):
        if not out_of_time(ev[untried[0]]):
            ev.need(untried[0])  # not allowed to look
        why = "there was no time left to connect to it"
        return Look(
            where=where_of(subject),
            host=host,
            readings=readings,
            address="",
            reading=ev[untried[0]],
            layer=Layer.CONNECT,
            reason=why,
        )
    address, reading = max(readings, key=lambda pair: layer_of(pair[1]))  # the first of those that got furthest
    return _judged(subject, ev, host, readings, address, reading)


def _to_try(host: HostAddresses) -> tuple[str, ...]:
    """Choose among very many addresses, half of each family; where one family has fewer, the other has its places."""
    half = MAX_TRIED // 2
    fours = host.v4[: max(half, MAX_TRIED - len(host.v6))]
    return (*fours, *host.v6[: MAX_TRIED - len(fours)])


def _judged(
    subject: ServerSubject,
    ev: Evidence,
    host: HostAddresses,
    readings: tuple[tuple[str, SmtpReading], ...],
    address: str,
    reading: SmtpReading,
) -> Look:
    where = where_of(subject)
    layer = layer_of(reading)
    security = _suspected(subject.server.security, reading, layer)
    other = ev[_smtp_probe(subject, address, security)] if security else None
    if security and other and speaks(security, other):
        layer = Layer.SECURITY
    elif layer is Layer.HANDSHAKE and service_of(reading.first_bytes) not in ("", "TLS", "SMTP"):
        layer = Layer.SERVICE
    return Look(
        where=where,
        host=host,
        readings=readings,
        address=address,
        reading=reading,
        layer=layer,
        reason=_REASONS[layer],
        other=other,
        other_security=security,
    )


_REASONS = {
    Layer.CONNECT: "no connection to it came about",
    Layer.SECURITY: "it speaks another kind of encryption than the settings say",
    Layer.SERVICE: "no mail server that can be used answers there",
    Layer.OFFER: "it does not begin the encryption that the settings ask for",
    Layer.HANDSHAKE: "no encrypted connection to it came about",
    Layer.CERTIFICATE: "its certificate cannot be trusted",
    Layer.DIALOGUE: "it broke off the conversation",
    Layer.OPEN: "",
}


def _smtp_probe(subject: ServerSubject, address: str, security: Security) -> SmtpProbe:
    server = subject.server
    return SmtpProbe(host=server.host, address=address, port=server.port, security=security, ehlo=server.ehlo or "")


def _was_tried(reading: SmtpReading) -> bool:
    """Whether the other side, and not our own, decided how it ended."""
    if reading.state is State.NOT_ATTEMPTED:
        return reading.fault is Fault.UNREACHABLE
    return reading.state is State.OK or reading.fault is not Fault.NONE


def out_of_time(reading: Reading) -> bool:
    """Whether the run's own deadline ended it, which says nothing about the server."""
    return reading.detail.startswith("the time for the whole run")  # so say both the engine and the gatherer


def layer_of(reading: SmtpReading) -> Layer:
    """Name what stopped a conversation."""
    if reading.state is not State.OK:
        return Layer.CONNECT
    if reading.fault is Fault.NONE:
        return Layer.OPEN
    if reading.fault is Fault.NOT_SMTP:
        return Layer.SERVICE
    if reading.stage is Stage.HANDSHAKE:
        return Layer.CERTIFICATE if reading.tls and reading.tls.verify_code else Layer.HANDSHAKE
    return _LAYERS.get(reading.stage, Layer.DIALOGUE)


_LAYERS = {
    Stage.CONNECT: Layer.SERVICE,
    Stage.GREETING: Layer.SERVICE,
    Stage.EHLO: Layer.SERVICE,
    Stage.STARTTLS: Layer.OFFER,
    Stage.QUIT: Layer.OPEN,  # everything was said by then
}


def _suspected(configured: Security, reading: SmtpReading, layer: Layer) -> Security | None:
    """Which other kind of encryption is worth asking for; None if this is not the trouble."""
    if configured is Security.IMPLICIT_TLS:
        return Security.STARTTLS if layer is Layer.HANDSHAKE and service_of(reading.first_bytes) in ("", "SMTP") else None
    silent = reading.stage is Stage.GREETING and reading.fault in (Fault.TIMEOUT, Fault.CLOSED) and not reading.first_bytes
    if silent or (layer is Layer.SERVICE and service_of(reading.first_bytes) == "TLS"):
        return Security.IMPLICIT_TLS
    return None


def speaks(security: Security, reading: SmtpReading) -> bool:
    """Whether the reading shows a server that begins a conversation in this way."""
    if security is not Security.IMPLICIT_TLS:
        return reading.greeting is not None
    facts = reading.tls
    if facts is None:
        return False
    # A certificate that is not trusted ends the conversation before the greeting.
    return reading.greeting is not None if facts.verified else facts.verify_code > 0 or facts.certificate is not None


# --- the one conversation with a password ----------------------------------------------------------------------------------

WITH_TOKEN = ("XOAUTH2", "OAUTHBEARER")
WITH_PASSWORD = ("SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5")  # what auth = "auto" chooses from


def shared_mechanisms(subject: ServerSubject, seen: Look) -> list[str]:
    """Return the ways of logging in that fit the settings and are offered, the preferred first."""
    auth = subject.server.auth
    wanted = WITH_PASSWORD if auth is Auth.AUTO else (auth.value.upper(),)
    offered = mechanisms(seen.reading.capabilities)
    return [name for name in wanted if name in offered]


def obstacle(subject: ServerSubject, seen: Look) -> str:
    """Say why a conversation with login need not be tried, for the middle of a sentence; empty if nothing speaks against it."""
    if seen.layer is not Layer.OPEN:
        return seen.reason
    if subject.server.auth is Auth.NONE or shared_mechanisms(subject, seen):
        return ""
    return "it offers no login that fits the settings"


def submission(subject: ServerSubject, ev: Evidence, seen: Look) -> SubmissionReading:
    """Return the one conversation that all rules about login, sender and test message share, so that the password is tried once.

    Only for a `Look` that is OPEN. If the message may not be sent, the same is asked without it. Servers with the same login share it.
    """
    if subject.leader is not None:
        return as_seen_by(subject.server, subject.leader.server, submission(subject.leader, ev, seen))
    probe = submission_probe(subject, seen)
    reading = ev[probe]
    if probe.message and _not_allowed(reading):
        probe = replace(probe, message="", content=None)
        reading = ev[probe]
    return ev.need(probe) if _not_allowed(reading) else reading


def submission_probe(subject: ServerSubject, seen: Look) -> SubmissionProbe:
    """Return the one question, at the address where looking got through."""
    server, test = subject.server, subject.test
    content = test.content if test and test.message else None
    password = server.password if server.auth is not Auth.NONE else None
    return SubmissionProbe(
        host=server.host,
        address=seen.address,
        port=server.port,
        security=server.security,
        ehlo=server.ehlo or "",
        auth=server.auth,
        username=(server.username or "") if server.auth is not Auth.NONE else "",
        secret_source=password.source if password else None,
        secret_ref=password.ref if password else "",
        mail_from=server.return_path or (content.from_email if content else "") or server.envelope_sender,
        senders=senders_in_turn(subject),
        rcpt_to=test.to if test else "",
        from_name=server.sender.name,
        from_email=(content.from_email if content else "") or server.sender.email,
        reply_to=(content.reply_to if content else "") or server.sender.reply_to or "",
        content=content,
        message=test.message if test else "",
    )


def carried_message(subject: ServerSubject, ev: Evidence, seen: Look) -> bool:
    """Whether the conversation was the one with the test message; another one asks up to DATA."""
    probe = submission_probe(subject, seen)
    return bool(probe.message) and not _not_allowed(ev[probe])


def _not_allowed(reading: SubmissionReading) -> bool:
    """Whether our own side kept it from being asked. A password that is not there, no way to the address, or no time left is a finding."""
    told = reading.fault in (Fault.NO_SECRET, Fault.UNREACHABLE, Fault.MALFORMED, Fault.ALREADY_TRIED) or out_of_time(reading)
    return reading.state is State.NOT_ATTEMPTED and not told


ALREADY_TRIED = "the same login was presented in this run for another entry of the settings, and a password goes out once"
_ORDER = list(Stage)


def stopped_before(reading: SubmissionReading, stage: Stage) -> bool:
    """Whether the conversation ended before it came to this stage."""
    return reading.state is not State.OK or _ORDER.index(reading.stage) < _ORDER.index(stage)


def why_stopped(reading: SubmissionReading) -> str:
    """Say at what the conversation ended, for the middle of a sentence about something later."""
    if reading.fault is Fault.NO_SECRET:
        return "the password is not at hand"
    if reading.fault is Fault.ALREADY_TRIED:
        return ALREADY_TRIED
    if out_of_time(reading):
        return "the time for the whole run was up"
    if reading.stage is Stage.AUTH and reading.auth is not None and reading.auth.positive:
        return "the conversation, which it shares with another entry of the settings, ended before its turn"
    if reading.state is not State.OK:
        return "the second connection to it, the one for sending, did not come about"
    named = {
        Stage.AUTH: "the login did not succeed",
        Stage.MAIL: "the server did not accept the sender",
        Stage.RCPT: "the server did not accept the recipient",
        Stage.DATA: "the server did not want the message",
    }
    return named.get(reading.stage, "the second conversation with it broke off early")


# --- outcomes that every rule needs ------------------------------------------------------------------------------------------


def not_tried(check: str, what: str) -> Outcome:
    """Make the outcome "not checked, because something before it failed" of a check; `what` begins the sentence."""
    return Outcome(code=f"{check}-not-tried", status=Status.NOT_RUN, title=f"{what} at {{where}} not checked, because {{reason}}")


def without_tls(check: str, what: str) -> Outcome:
    """Make the outcome "the settings ask for no TLS" of a check; `what` begins the sentence."""
    return Outcome(
        code=f"{check}-not-asked-for",
        status=Status.NOT_APPLICABLE,
        title=f'{what} at {{where}}: nothing to check, because the settings ask for no encryption (security = "none")',
    )


def skipped(outcome: Outcome, subject: ServerSubject, seen: Look, reason: str = "") -> Finding:
    """Say that something was not tried."""
    return outcome(about=subject.name, where=seen.where, reason=reason or seen.reason)


def some_of(items: Iterable[str], at_most: int = 5) -> list[str]:
    """Cut a list for a sentence, and say that it was cut."""
    listed = list(items)
    rest = len(listed) - at_most
    return [*listed[:at_most], f"{rest} more"] if rest > 0 else listed
