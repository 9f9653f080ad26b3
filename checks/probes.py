"""The questions that can be asked of the world, and their readings. How they are asked is checks.gather.

Names are normalised when a probe is made, so that equal questions are equal probes. Text from strangers is kept as it came, one
character per byte (Latin-1): nothing is lost, and escaping belongs to whoever shows it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import idna

from checks.evidence import Effect, Probe, Reading
from checks.secret import SecretSource
from checks.settings import Auth, Security

# --- DNS --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """One record of an answer."""

    value: str
    """A, AAAA: the address. CNAME, PTR, NS, MX: the name in lower case without trailing dot ("." for the root). TXT: the
    character-strings joined without space (RFC 7208 section 3.3). Others: presentation form."""
    ttl: int = 0
    """Seconds, as received."""
    preference: int = 0
    """MX only (RFC 5321 section 5.1)."""
    strings: tuple[str, ...] = ()
    """TXT only: the character-strings as published."""


@dataclass(frozen=True, kw_only=True)
class DnsReading(Reading):
    """What DNS says. `records` are of the type asked, at the end of any CNAME chain."""

    records: tuple[DnsRecord, ...] = ()
    chain: tuple[str, ...] = ()
    """Targets of the CNAMEs followed, in order; empty if the name itself holds the records."""
    negative_ttl: int | None = None
    """For nxdomain and nodata: how long resolvers remember it, in seconds (RFC 2308 section 5)."""
    server: str = ""
    """Who answered, as address:port."""
    authentic: bool = False
    """The name server vouches that DNSSEC proves the answer, be it "there is none" (AD bit, RFC 4035 section 3.2.3). False says nothing:
    not every name server checks."""
    errors: tuple[int, ...] = ()
    """For bogus: the extended errors that the name server gave (RFC 8914 section 4); empty if the message itself was broken."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the records, in the order of the reading."""
        return tuple(record.value for record in self.records)


@dataclass(frozen=True, kw_only=True)
class DnsProbe(Probe[DnsReading]):
    """One question to the resolver. The name is absolute: no search list is ever applied."""

    kind: ClassVar[str] = "dns"
    reading: ClassVar[type[Reading]] = DnsReading

    name: str
    type: str

    def __init__(self, name: str, type: str) -> None:  # noqa: A002 - DNS calls it type
        object.__setattr__(self, "name", normal_name(name))
        object.__setattr__(self, "type", type.upper())

    @property
    def id(self) -> str:
        return f"dns {self.name} {self.type}"


@dataclass(frozen=True, kw_only=True)
class AuthorityProbe(Probe[DnsReading]):
    """One question to one of a zone's own name servers, which is not to ask anybody else.

    An alias that leads out of what the server holds is not followed: then there is a `chain` and no records.
    """

    kind: ClassVar[str] = "authority"
    reading: ClassVar[type[Reading]] = DnsReading

    name: str
    type: str
    address: str
    """The IP address of the name server."""

    def __init__(self, name: str, type: str, address: str) -> None:  # noqa: A002 - DNS calls it type
        object.__setattr__(self, "name", normal_name(name))
        object.__setattr__(self, "type", type.upper())
        object.__setattr__(self, "address", str(ipaddress.ip_address(address)))

    @property
    def id(self) -> str:
        return f"authority {self.address} {self.name} {self.type}"


def normal_name(name: str) -> str:
    """Return a DNS name in lower case, as A-label where it can be one, without trailing dot. Never raises."""
    lowered = name.removesuffix(".").lower()
    if lowered.isascii() or len(lowered) > 253:
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode()
    except idna.IDNAError:
        return lowered


def reverse_name(address: str) -> str:
    """Return the name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    return ipaddress.ip_address(address).reverse_pointer


# --- SMTP and TLS -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One SMTP reply (RFC 5321 section 4.2)."""

    code: int
    lines: tuple[str, ...]
    """The text behind the code, line by line, without enhanced code, as received (Latin-1, at most 2048 octets each)."""
    enhanced: str = ""
    """Enhanced status code of the first line, like "5.7.139" (RFC 3463); empty if there is none."""

    @property
    def text(self) -> str:
        """All on one line, for matching and for a sentence."""
        return " ".join(line for line in self.lines if line)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)

    @property
    def positive(self) -> bool:
        """2xx or 3xx."""
        return 200 <= self.code < 400

    @property
    def transient(self) -> bool:
        """4xx: try again later (RFC 5321 section 4.2.1)."""
        return 400 <= self.code < 500


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """The server's own (leaf) certificate, as data. Times are ISO 8601, UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """subjectAltName, DNS and IP (RFC 6125 section 6.4: the common name no longer counts)."""
    not_before: str
    not_after: str
    key_type: str
    """RSA, EC, Ed25519 ..."""
    key_bits: int
    signature: str
    """Hash of the signature, like sha256."""
    self_issued: bool
    sha256: str
    """Fingerprint of the DER form, hex."""


@dataclass(frozen=True, kw_only=True)
class TlsFacts:
    """What a handshake showed. If it was not verified, nothing but the certificate was taken from it."""

    verified: bool
    version: str = ""
    """Like TLSv1.3; of the verified handshake, else of the one that fetched the certificate."""
    cipher: str = ""
    verify_code: int = 0
    """OpenSSL's X509_V_ERR code when verification failed: 9 not yet valid, 10 expired, 18 self-signed, 19/20/21 unknown issuer, 62 wrong name."""
    verify_reason: str = ""
    """OpenSSL's words for the code."""
    error: str = ""
    """Why no handshake came about at all (like WRONG_VERSION_NUMBER, UNSUPPORTED_PROTOCOL); empty if one did."""
    certificate: CertificateFacts | None = None


class Stage(StrEnum):
    """How far a conversation got: the last thing that was tried."""

    CONNECT = "connect"
    HANDSHAKE = "handshake"  # TLS, implicit or after STARTTLS
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    EHLO_TLS = "ehlo-tls"  # the second EHLO, after STARTTLS
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"  # the message's bytes and the reply to the final dot
    QUIT = "quit"


class Fault(StrEnum):
    """What stopped a conversation."""

    NONE = ""
    TIMEOUT = "timeout"  # nothing, or not enough, in time
    REFUSED = "refused"  # TCP connection refused
    UNREACHABLE = "unreachable"  # no route, network down
    CLOSED = "closed"  # the server hung up
    NOT_SMTP = "not-smtp"  # something else answered; `first_bytes` has it
    MALFORMED = "malformed"  # broken reply syntax (RFC 5321 section 4.2.1)
    TOO_LONG = "too-long"  # a line or reply beyond our bounds
    REJECTED = "rejected"  # a proper 4xx or 5xx; `reply` has it
    STARTTLS_NOT_OFFERED = "starttls-not-offered"
    INJECTED = "injected"  # bytes before the handshake that do not belong there (CVE-2011-0411)
    TLS_FAILED = "tls-failed"  # `tls` has the reason
    NO_COMMON_MECHANISM = "no-common-mechanism"
    NO_SECRET = "no-secret"  # noqa: S105 - the reference did not resolve; `detail` says why
    UNCONFIRMED = "unconfirmed"  # lost after the final dot: may or may not be accepted (RFC 5321 section 4.2.5)


@dataclass(frozen=True, kw_only=True)
class TranscriptLine:
    """One line of the conversation, redacted where it was written."""

    direction: str
    """C (we), S (the server) or * (a remark, like "TLS handshake")."""
    text: str


@dataclass(frozen=True, kw_only=True)
class SmtpReading(Reading):
    """A conversation without a password.

    `state` is ok as soon as the server was reached and anything came of it, be it a fault; refused, timeout or not-attempted say
    that no connection came about.
    """

    stage: Stage = Stage.CONNECT
    fault: Fault = Fault.NONE
    reply: Reply | None = None
    """The reply that stopped the conversation, for `rejected`."""
    greeting: Reply | None = None
    first_bytes: str = ""
    """What came first, if it was no SMTP greeting (at most 200 characters)."""
    capabilities_clear: tuple[str, ...] = ()
    """EHLO lines before STARTTLS, like "SIZE 35882577"; upper-case keyword. Empty with implicit TLS."""
    capabilities: tuple[str, ...] = ()
    """EHLO lines in force at the end: after TLS if there was TLS."""
    tls: TlsFacts | None = None
    transcript: tuple[TranscriptLine, ...] = ()

    def capability(self, keyword: str) -> str | None:
        """Return the parameters behind an EHLO keyword ("" if it has none), or None if it is not offered."""
        return _capability(self.capabilities, keyword)

    def capability_clear(self, keyword: str) -> str | None:
        """Like `capability`, of the EHLO before STARTTLS."""
        return _capability(self.capabilities_clear, keyword)


def _capability(lines: tuple[str, ...], keyword: str) -> str | None:
    for line in lines:
        word, _, rest = line.partition(" ")
        if word.upper() == keyword.upper():
            return rest.strip()
    return None


@dataclass(frozen=True, kw_only=True)
class SmtpProbe(Probe[SmtpReading]):
    """Greeting, EHLO, TLS as `security` says, EHLO again, QUIT. No password, no addresses."""

    kind: ClassVar[str] = "smtp"
    reading: ClassVar[type[Reading]] = SmtpReading

    host: str
    """The name that the certificate must carry (SNI)."""
    address: str
    """The IP address to connect to."""
    port: int
    security: Security
    ehlo: str = ""
    """The name that we present; the gatherer's own if empty."""

    @property
    def id(self) -> str:
        presented = f" as {self.ehlo}" if self.ehlo else ""
        return f"smtp {self.host} [{self.address}]:{self.port} {self.security}{presented}"


@dataclass(frozen=True, kw_only=True)
class SubmissionReading(SmtpReading):
    """A conversation that goes on to AUTH, MAIL, RCPT and perhaps the message. A reply is None if that stage was not reached."""

    mechanism: str = ""
    """The SASL mechanism used, upper case; empty if none."""
    auth: Reply | None = None
    mail: Reply | None = None
    rcpt: Reply | None = None
    data: Reply | None = None
    """Reply to DATA (354 when the server wants the message)."""
    accepted: Reply | None = None
    """Reply to the final dot. 250 means the server took the message, not that it arrived."""
    message_id: str = ""
    """Message-ID of the test message, without angle brackets; empty if none was sent."""


@dataclass(frozen=True, kw_only=True)
class SubmissionProbe(Probe[SubmissionReading]):
    """One complete submission, as the dispatcher would do it; one connection and at most one AUTH for everything that rules ask.

    Rules get it from `checks.rules`' helper for a server, so that all of them ask the identical question.
    """

    kind: ClassVar[str] = "submission"
    reading: ClassVar[type[Reading]] = SubmissionReading

    host: str
    address: str
    port: int
    security: Security
    ehlo: str = ""
    auth: Auth = Auth.NONE
    username: str = ""
    secret_source: SecretSource | None = None
    secret_ref: str = ""
    mail_from: str = ""
    """Reverse-path; empty stops after AUTH."""
    rcpt_to: str = ""
    """The one confirmed test address; empty stops after MAIL."""
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    message: str = ""
    """Unique id of the test message; empty stops after RCPT, with RSET."""

    @property
    def effects(self) -> frozenset[Effect]:
        """Naming a sender or a recipient counts as logging in, even where the server asks for no password."""
        return frozenset({Effect.LOOK, Effect.LOGIN, Effect.SEND} if self.message else {Effect.LOOK, Effect.LOGIN})

    @property
    def id(self) -> str:
        goal = "test message" if self.message else "login" if not self.mail_from else "login and sender"
        login = f" by {self.username}" if self.username not in ("", self.mail_from) else ""
        return f"submission {self.host} [{self.address}]:{self.port} {self.security} {goal} {self.mail_from}{login}".strip()


# --- HTTPS ------------------------------------------------------------------------------------------------------------


class HttpsFault(StrEnum):
    """What stopped a fetch."""

    NONE = ""
    TIMEOUT = "timeout"  # nothing, or not enough, in time
    REFUSED = "refused"  # TCP connection refused
    UNREACHABLE = "unreachable"  # no route, network down
    CLOSED = "closed"  # the server hung up before the end
    TLS_FAILED = "tls-failed"  # `tls` has the reason
    MALFORMED = "malformed"  # no proper HTTP (RFC 9112)
    TOO_LONG = "too-long"  # headers or body beyond our bounds
    CODED = "coded"  # compressed, although we did not ask for it
    NOT_PUBLIC = "not-public"  # an address that strangers' data may not send us to


@dataclass(frozen=True, kw_only=True)
class HttpsReading(Reading):
    """What a web server gave for one path. `state` is ok as soon as there was a connection, be it that nothing came of it."""

    fault: HttpsFault = HttpsFault.NONE
    status: int = 0
    """HTTP status code; 0 if none came."""
    content_type: str = ""
    """As received, at most 200 characters."""
    location: str = ""
    """Where a redirect leads; it is never followed. At most 200 characters."""
    body: str = ""
    """Of a 200 only (Latin-1)."""
    tls: TlsFacts | None = None


@dataclass(frozen=True, kw_only=True)
class HttpsProbe(Probe[HttpsReading]):
    """One GET on port 443 of an address that DNS evidence gave: the name is not resolved a second time."""

    kind: ClassVar[str] = "https"
    reading: ClassVar[type[Reading]] = HttpsReading

    host: str
    """The name that the certificate must carry."""
    address: str
    """The IP address to connect to."""
    path: str
    """Begins with a slash."""

    @property
    def id(self) -> str:
        return f"https {self.host} [{self.address}]{self.path}"


KINDS: dict[str, type[Probe[Any]]] = {cls.kind: cls for cls in (DnsProbe, AuthorityProbe, SmtpProbe, SubmissionProbe, HttpsProbe)}
