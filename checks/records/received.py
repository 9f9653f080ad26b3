"""The way a message came: its Received fields (RFC 5321 section 4.4), and the address that really sent it. Pure and total.

- `read_received(message) -> Chain`: hops, topmost (the latest) first, with names, address, protocol, TLS, date and delay
- `sending(chain, *, own_hosts=(), own_addresses=(), own_hops=None) -> Sending | None`: what the receiver's first own host saw

A hop is written by the host behind "by"; only those of the receiver's own hosts can be believed, the rest is what the sender says.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from checks.probes import normal_name
from checks.records.address import Kind as AddressKind
from checks.records.address import kind as kind_of
from checks.records.arrived import ArrivedMessage, read_date
from checks.records.header_fields import HeaderField
from checks.records.header_text import Kind, Token, lex
from checks.records.org_domain import is_within

MAX_HOPS = 100  # RFC 5321 section 6.3: servers give up at about so many
MAX_CHAIN_TEXT = 131_072  # characters of all of them; a hundred hops with a kilobyte each
MAX_CHAIN_TOKENS = 20_000  # of all of them; an honest hop has fifty
CLAUSES = frozenset(["from", "by", "via", "with", "id", "for", "tls"])  # RFC 5321 section 4.4; tls: RFC 8314 section 4.3
ENCRYPTED = re.compile(r"(?:UTF8)?(?:E?SMTPS|LMTPS)A?\Z")  # RFC 3848, RFC 6531 section 4.3; SMTPS is Yahoo's word
PLAIN = re.compile(r"(?:UTF8)?(?:E?SMTP|LMTP)A?\Z")
_VERSION = re.compile(r"\b(TLS|SSL)[\s_]?v?(\d)(?:[._](\d))?", re.IGNORECASE)
_CIPHER = re.compile(
    r"(?:\bcipher[ =:]\s*|\bTLS[v\d._]*:)(?P<named>[A-Za-z0-9_+.-]{4,80})|\b(?P<bare>(?:TLS|ECDHE|DHE|AES\d*)[_-][A-Z0-9_-]{6,80})\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\Z", re.IGNORECASE)
_IN_COMMENT = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]|(?<![\w:.-])([0-9A-Fa-f:.]{7,45})(?![\w:-])", re.IGNORECASE)
_HELO = re.compile(r"\b[eh](?:hlo|elo)[=\s]\s*([^\s()\[\]]{1,255}|\[[^\]\s]{1,100}\])", re.IGNORECASE)
_ENCRYPTED_WORD = re.compile(r"\bencrypted\b|\bTLS\b")
_DENIED = re.compile(r"\b(?:no|not|without)\b", re.IGNORECASE)
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+\.?\Z")


class Tls(StrEnum):
    """Whether a hop was encrypted."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # the field does not say


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One Received field. Texts are what the host that wrote it says; empty where it does not."""

    number: int
    """0 is the latest."""
    index: int
    """Of the field in the message."""
    text: str
    from_name: str = ""
    """The name that the client gave itself (HELO)."""
    reverse_name: str = ""
    """The name that the server looked up for it."""
    address: str = ""
    """The client's IP address as the server saw it, in normal form (RFC 5321 section 4.4, TCP-info)."""
    by: str = ""
    """The server, lower case; a name, or an address."""
    protocol: str = ""
    """Like ESMTPS, upper case (RFC 3848); or what stands there instead."""
    tls: Tls = Tls.UNKNOWN
    tls_version: str = ""
    """Like TLSv1.3."""
    tls_cipher: str = ""
    id: str = ""
    recipient: str = ""
    """The for clause."""
    date: datetime | None = None
    delay: float | None = None
    """Seconds since the hop before; None if one of the two has no date that can be read. Never below 0."""
    skew: float = 0.0
    """Seconds by which this clock is behind that of the hop before, at least."""

    @property
    def authenticated(self) -> bool:
        """The client logged in (RFC 3848)."""
        return bool(re.match(r"(?:UTF8)?(?:E?SMTP|LMTP)S?A\Z", self.protocol))

    @property
    def address_kind(self) -> AddressKind | None:
        """Who can reach the address; None if there is none."""
        return kind_of(self.address) if self.address else None


@dataclass(frozen=True, kw_only=True)
class Chain:
    """All hops."""

    hops: tuple[Hop, ...]
    """The latest first."""
    dropped: int = 0
    """Hops beyond the bounds, which were not read."""

    @property
    def total(self) -> float | None:
        """Seconds from the first to the last date that can be read."""
        dates = [hop.date for hop in self.hops if hop.date is not None]
        return max(0.0, (dates[0] - dates[-1]).total_seconds()) if len(dates) > 1 else None

    @property
    def arrived(self) -> datetime | None:
        """When the last host took it."""
        return next((hop.date for hop in self.hops if hop.date is not None), None)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """The hop at which the message came in to the receiver."""

    hop: Hop
    address: str
    """The address that SPF is judged for."""
    sure: bool
    """The caller's knowledge of the receiver's hosts led there; False: taken from the addresses alone."""


def read_received(message: ArrivedMessage) -> Chain:
    """Read the Received fields of a message."""
    found = message.all("received")
    hops: list[Hop] = []
    characters = pieces = 0
    for one in found[:MAX_HOPS]:
        tokens = lex(one.text)
        characters, pieces = characters + len(one.text), pieces + len(tokens)
        if hops and (characters > MAX_CHAIN_TEXT or pieces > MAX_CHAIN_TOKENS):
            break
        hops.append(_hop(len(hops), one, tokens))
    return Chain(hops=tuple(_with_delays(hops)), dropped=len(found) - len(hops))


def sending(
    chain: Chain, *, own_hosts: Collection[str] = (), own_addresses: Collection[str] = (), own_hops: int | None = None
) -> Sending | None:
    """Return the hop at which the message entered the receiver, if one with an address is there.

    `own_hosts`: domains of the receiver's servers; `own_addresses`: further addresses of theirs; `own_hops`: how many hops from the top
    are the receiver's, where that is known instead. With none of them, the first public client from the top is taken, as a guess.
    """
    if own_hops is not None:
        inside = chain.hops[: max(0, own_hops)]
        return next((Sending(hop=hop, address=hop.address, sure=True) for hop in reversed(inside) if hop.address), None)
    hosts = tuple(normal_name(host) for host in own_hosts)
    addresses = frozenset(filter(None, (_address(one) for one in own_addresses)))
    if not hosts and not addresses:
        return next((Sending(hop=hop, address=hop.address, sure=False) for hop in chain.hops if _public(hop)), None)
    inside = _inside(chain.hops, hosts, addresses)
    with_address = [hop for hop in inside if hop.address]
    strangers = [hop for hop in with_address if not _is_own(hop, chain.hops, hosts, addresses)]
    near = [hop for hop in strangers if hop.address_kind is not AddressKind.LOOPBACK]
    if chosen := next(filter(_public, strangers), near[-1] if near else None):
        return Sending(hop=chosen, address=chosen.address, sure=True)
    # Nobody but the receiver itself: sender and receiver share their hosts, as at large providers.
    shared = next(filter(_public, with_address), with_address[-1] if with_address else None)
    return Sending(hop=shared, address=shared.address, sure=False) if shared else None


def _inside(hops: Sequence[Hop], hosts: Sequence[str], addresses: Collection[str]) -> tuple[Hop, ...]:
    """Return the hops that the receiver's hosts wrote: from the top down to the last of its own before somebody else wrote one.

    Inside a provider some hops have only an internal address, a short name, or nothing at all behind "by".
    """
    end = 0
    for hop in hops:
        if _written_by(hop, hosts, addresses):
            end = hop.number + 1
        elif _names_somebody(hop.by):
            break
    return tuple(hops[:end])


def _names_somebody(by: str) -> bool:
    address = _address(by)
    return kind_of(address) in (AddressKind.PUBLIC, AddressKind.DOCUMENTATION) if address else "." in by


def _written_by(hop: Hop, hosts: Sequence[str], addresses: Collection[str]) -> bool:
    return hop.by in addresses or any(is_within(hop.by, host) for host in hosts)


def _is_own(hop: Hop, hops: Sequence[Hop], hosts: Sequence[str], addresses: Collection[str]) -> bool:
    """Tell whether the client was the receiver's own, by its looked-up name.

    Some write only the name that the client gives itself; that counts where the hop before was really written by one of its own.
    """
    names = [hop.reverse_name] if hop.reverse_name else []
    before = hops[hop.number + 1] if hop.number + 1 < len(hops) else None
    if not names and before is not None and _written_by(before, hosts, addresses):
        names = [normal_name(hop.from_name)]
    return hop.address in addresses or any(is_within(name, host) for name in names for host in hosts)


def _public(hop: Hop) -> bool:
    return hop.address_kind in (AddressKind.PUBLIC, AddressKind.DOCUMENTATION)


def _with_delays(hops: Sequence[Hop]) -> Iterator[Hop]:
    for number, hop in enumerate(hops):
        before = hops[number + 1].date if number + 1 < len(hops) else None
        if hop.date is None or before is None:
            yield hop
        else:
            passed = (hop.date - before).total_seconds()
            yield replace(hop, delay=max(0.0, passed), skew=max(0.0, -passed))


@dataclass
class _Clause:
    words: list[Token]
    comments: list[str]


def _hop(number: int, one: HeaderField, tokens: Sequence[Token]) -> Hop:
    clauses, date_at = _clauses(tokens)
    empty = _Clause([], [])
    client, server, protocol = clauses.get("from", empty), clauses.get("by", empty), clauses.get("with", empty)
    comments = [token.text for token in tokens if token.kind is Kind.COMMENT and (date_at is None or token.start < date_at)]
    said = " ".join(token.text for token in protocol.words)
    version, cipher = _tls_words([*comments, said, *(["TLS:" + token.text for token in clauses.get("tls", empty).words])])
    address, reverse = _client(client)
    name = _protocol(protocol)
    return Hop(
        number=number,
        index=one.index,
        text=one.text,
        from_name=_helo(client),
        reverse_name=reverse,
        address=address,
        by=_server(server),
        protocol=name,
        tls=_tls(name, comments, version, "tls" in clauses),
        tls_version=version,
        tls_cipher=cipher,
        id=_first(clauses.get("id", empty)),
        recipient="".join(token.text for token in clauses.get("for", empty).words if token.text not in "<>"),
        date=read_date(one.text[date_at:]) if date_at is not None else None,
    )


def _clauses(tokens: Sequence[Token]) -> tuple[dict[str, _Clause], int | None]:
    """Sort words and comments to the clause that they stand in; of two alike, the first counts. Also return where the date begins."""
    marks = [token for token in tokens if token.kind is Kind.MARK and token.text == ";"]
    end = marks[-1] if marks else None  # the date stands behind the last semicolon
    clauses: dict[str, _Clause] = {}
    current = _Clause([], [])
    fresh = False
    for token in tokens:
        if token is end:
            break
        word = token.text.lower() if token.kind is Kind.WORD else ""
        if word in CLAUSES and not fresh:
            current = _Clause([], [])
            clauses.setdefault(word, current)
            fresh = True  # the word behind it is its value, whatever it says
        elif token.kind is Kind.COMMENT:
            current.comments.append(token.text)
        else:
            current.words.append(token)
            fresh = False
    return clauses, end.end if end else None


def _client(client: _Clause) -> tuple[str, str]:
    """Return address and looked-up name of the client. Comments count before the name that it gives itself."""
    address = reverse = ""
    for comment in client.comments:
        for match in _IN_COMMENT.finditer(comment):
            address = address or _address(match.group(1) or match.group(2))
        first = comment.partition(" ")[0].rpartition("@")[2]
        if not reverse and _NAME.match(first) and "=" not in first and not _address(first):
            reverse = normal_name(first)
    if not address:
        address = next(filter(None, (_address(token.text.strip("[]")) for token in client.words[:1])), "")
    return address, reverse


def _helo(client: _Clause) -> str:
    """Return the name that the client gave itself: Exim and qmail write it into the comment, the rest in front."""
    for comment in client.comments:
        if match := _HELO.search(comment):
            return match.group(1)
    return _first(client)


def _server(server: _Clause) -> str:
    name = _first(server)
    return _address(name.strip("[]")) or normal_name(name)


def _first(clause: _Clause) -> str:
    return next((token.text for token in clause.words if token.text not in "<>"), "")


def _protocol(clause: _Clause) -> str:
    words = [token.text.upper() for token in clause.words]
    known = next((word for word in words if ENCRYPTED.match(word) or PLAIN.match(word)), "")
    return known if known and (len(words) == 1 or "SERVER" not in words) else " ".join(words)[:100]


def _tls(protocol: str, comments: Sequence[str], version: str, clause: bool) -> Tls:
    if (
        ENCRYPTED.match(protocol)
        or version
        or clause
        or any(_ENCRYPTED_WORD.search(one) and not _DENIED.search(one) for one in comments)
    ):
        return Tls.YES
    return Tls.NO if PLAIN.match(protocol) else Tls.UNKNOWN


def _tls_words(texts: Sequence[str]) -> tuple[str, str]:
    """Return version and cipher as Postfix, Exim, Sendmail, Microsoft and Google write them into comments."""
    version = cipher = ""
    for text in texts:
        if not version and (match := _VERSION.search(text)):
            family, major, minor = match.group(1).upper(), match.group(2), match.group(3)
            version = f"{family}v{major}.{minor}" if minor else f"{family}v{major}"
        if not cipher and (match := _CIPHER.search(text)):
            cipher = match.group("named") or match.group("bare")
    return version, cipher


def _address(text: str) -> str:
    """Return an IP address in normal form, IPv4 in IPv6 as IPv4 (RFC 4291 section 2.5.5.2); empty if it is none."""
    match = _ADDRESS.match(text)
    if match is None:
        return ""
    try:
        found = ipaddress.ip_address(match.group(1))
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
