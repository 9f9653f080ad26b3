"""DNS messages as bytes: writes questions, reads answers. Pure and bounded; no socket, no opinion on what an answer means.

Only what a probe needs is read: the question, the answer's records of the type asked, and for a negative answer the SOA and the
reasons. dnspython reads the rarer record types.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from checks.probes import DnsRecord

MAX_RECORDS = 2_000  # per section; no zone that people run comes near, and reading more costs seconds
MAX_NAME = 255  # RFC 1035 section 2.3.4
MAX_LABEL = 63  # RFC 1035 section 2.3.4
MAX_POINTERS = 128  # a name has at most 127 labels; more compression pointers than that is an attack
MAX_CHAIN = 10  # aliases followed; resolvers stop at about as many
MAX_REASONS = 5
MAX_REASON_TEXT = 200
EDNS_PAYLOAD = 1_232  # RFC 9715 section 3.1: fits into one packet on every path
IN = 1

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT, SPF = 1, 2, 5, 6, 12, 15, 16, 28, 41, 99
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16
MAY_LACK_QUESTION = frozenset((FORMERR, SERVFAIL, NOTIMP, REFUSED))  # servers that did not get as far as reading it
OPTION_EDE = 15  # RFC 8914 section 2

_PLAIN_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_PLAIN_BYTES = re.compile(rb"[a-z0-9_.*+/=-]*")
_NEEDS_BACKSLASH = frozenset(b'"().;\\@$')


class NotANameError(ValueError):
    """The text cannot be asked about: no domain name or no record type."""


class MalformedError(ValueError):
    """An answer to our question that does not keep the form."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, ready for the wire."""

    name: bytes
    """In wire form, lower case."""
    type: int

    @property
    def wire(self) -> bytes:
        """The question section."""
        return self.name + struct.pack("!HH", self.type, IN)


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer, as far as it was needed."""

    rcode: int = NOERROR
    truncated: bool = False
    authoritative: bool = False
    recursive: bool = False
    """The server offers recursion (RA)."""
    authentic: bool = False
    """The server vouches for it by DNSSEC (AD)."""
    records: list[DnsRecord] = field(default_factory=list)
    """Records of the type asked, at the end of the aliases."""
    chain: list[bytes] = field(default_factory=list)
    """Targets of the aliases in this message, in order."""
    last_name: bytes = b""
    """The name at the end of the aliases; the name asked if there are none."""
    circular: bool = False
    """The aliases run in circles, or there are more than `MAX_CHAIN`."""
    soa_name: bytes | None = None
    """Owner of the SOA in the authority section (RFC 2308 section 2)."""
    negative_ttl: int | None = None
    delegates: bool = False
    """The authority section has NS records."""
    reasons: list[tuple[int, str]] = field(default_factory=list)
    """Extended errors (RFC 8914): code and the server's own words."""


# --- writing ----------------------------------------------------------------------------------------------------------


def question(name: str, rdtype: str) -> Question:
    """Make a question from the text of a probe. Raises `NotANameError`."""
    try:
        number = dns.rdatatype.from_text(rdtype)
    except (dns.exception.DNSException, ValueError):
        raise NotANameError("this is not a DNS record type") from None
    if dns.rdatatype.is_metatype(number):
        raise NotANameError("this is not a record type that can be asked for")
    return Question(_name_to_wire(name), int(number))


def query(asked: Question, number: int, *, edns: bool, recursion: bool = True) -> bytes:
    """Write the message: recursion desired or not, authenticity requested (RFC 6840 section 5.7), with or without EDNS (RFC 6891)."""
    head = struct.pack("!HHHHHH", number, 0x0120 if recursion else 0x0020, 1, 0, 0, int(edns))
    return head + asked.wire + (struct.pack("!BHHIH", 0, OPT, EDNS_PAYLOAD, 0, 0) if edns else b"")


def _name_to_wire(name: str) -> bytes:
    if _PLAIN_NAME.fullmatch(name) and len(name) <= MAX_NAME - 2:
        return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"
    if not name.isascii() or len(name) > 4 * MAX_NAME:  # an octet takes four characters at most, as \255
        raise NotANameError("this is not a valid DNS name")
    try:
        labels = dns.name.from_text(f"{name}.", origin=None).labels
    except (dns.exception.DNSException, ValueError):
        raise NotANameError("this is not a valid DNS name") from None
    return b"".join(bytes((len(label),)) + label.lower() for label in labels)


# --- names ------------------------------------------------------------------------------------------------------------


def name_text(wire: bytes) -> str:
    """Return a name in presentation form (RFC 4343 section 2.1), without trailing dot; "." for the root."""
    labels = list(_labels(wire))
    joined = b".".join(labels)
    if _PLAIN_BYTES.fullmatch(joined) and joined.count(b".") == len(labels) - 1:
        return joined.decode("ascii")
    return ".".join("".join(map(_escaped, label)) for label in labels) or "."


def is_within(name: bytes, zone: bytes) -> bool:
    """Whether a name is the zone's or lies below it."""
    start = 0
    while len(name) - start > len(zone):
        start += name[start] + 1
    return name[start:] == zone


def _labels(wire: bytes) -> Iterator[bytes]:
    at = 0
    while length := wire[at]:
        yield wire[at + 1 : at + 1 + length]
        at += 1 + length


def _escaped(octet: int) -> str:
    if octet in _NEEDS_BACKSLASH:
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"  # printable ASCII


def _read_name(wire: bytes, at: int) -> tuple[bytes, int]:
    """Return a name in lower case, and where it ends. Pointers must lead strictly back (RFC 1035 section 4.1.4)."""
    parts: list[bytes] = []
    size = after = pointers = 0
    limit = at
    while True:
        length = wire[at]  # IndexError is caught in `read`
        if not length:
            parts.append(b"\0")
            return b"".join(parts).lower(), after or at + 1
        if length <= MAX_LABEL:
            parts.append(wire[at : at + 1 + length])
            size += length + 1
            at += length + 1
            if size >= MAX_NAME or at >= len(wire):
                raise MalformedError("a name is too long or not complete")
        elif length >= 0xC0:  # RFC 1035 section 4.1.4: both high bits mark a pointer
            target = (length & 0x3F) << 8 | wire[at + 1]
            after = after or at + 2
            pointers += 1
            if target >= limit or pointers > MAX_POINTERS:
                raise MalformedError("a name is compressed in circles")
            limit = at = target
        else:
            raise MalformedError("a name has a label of an unknown kind")


# --- reading ----------------------------------------------------------------------------------------------------------


def read(wire: bytes, asked: Question) -> Reply | None:
    """Read the answer to a question; None if this message is not an answer to it. The caller has matched the id.

    Raises `MalformedError` if it is an answer but cannot be read to the end.
    """
    try:
        return _read(wire, asked)
    except (IndexError, struct.error):
        raise MalformedError("the answer ends too early") from None


def _read(wire: bytes, asked: Question) -> Reply | None:
    if len(wire) < 12:  # RFC 1035 section 4.1.1: the size of a header
        return None
    flags, questions, answers, authorities, additionals = struct.unpack_from("!HHHHH", wire, 2)
    if not flags & 0x8000 or flags & 0x7800:  # a response (QR) to a standard query (opcode 0)
        return None
    rcode = flags & 0x000F
    section = asked.wire
    at = 12 + len(section)
    if questions != 1 or wire[12:at] != section:  # RFC 5452 section 9.1; case-exact, as we sent it
        return Reply(rcode=rcode) if not questions and not answers and rcode in MAY_LACK_QUESTION else None
    reply = Reply(
        rcode=rcode,
        last_name=asked.name,
        authoritative=bool(flags & 0x0400),
        recursive=bool(flags & 0x0080),
        authentic=bool(flags & 0x0020),  # RFC 4035 section 3.2.3
    )
    if flags & 0x0200:  # TC: what is here may be a part only, and is not read (RFC 2181 section 9)
        reply.truncated = True
        return reply
    if max(answers, authorities, additionals) > MAX_RECORDS:
        raise MalformedError(f"the answer has more than {MAX_RECORDS:,} records")
    at = _answer_section(wire, at, answers, asked, reply)
    if not reply.records:
        at = _authority_section(wire, at, authorities, reply)
        _additional_section(wire, at, additionals, reply)
    return reply


def _rows(wire: bytes, at: int, count: int, asked: Question | None = None) -> Iterator[tuple[bytes, int, int, int, int, int]]:
    """Yield owner, type, class, time to live, and where the data begins and ends, of each record."""
    for _ in range(count):
        if asked is not None and wire[at : at + 2] == b"\xc0\x0c":  # the usual case: a pointer to the question
            owner, at = asked.name, at + 2
        else:
            owner, at = _read_name(wire, at)
        rdtype, rdclass, ttl, size = struct.unpack_from("!HHIH", wire, at)
        at += 10 + size
        if at > len(wire):
            raise MalformedError("a record ends behind the message")
        yield owner, rdtype, rdclass, ttl, at - size, at


def _answer_section(wire: bytes, at: int, count: int, asked: Question, reply: Reply) -> int:
    found: dict[tuple[bytes, int], list[tuple[int, int, int]]] = {}
    for owner, rdtype, rdclass, ttl, start, end in _rows(wire, at, count, asked):
        at = end
        if rdclass == IN and rdtype in (asked.type, CNAME):
            found.setdefault((owner, rdtype), []).append((ttl, start, end))
    name = asked.name
    seen = {name}
    while (name, asked.type) not in found and (alias := found.get((name, CNAME))):
        name = _whole_name(wire, alias[0][1], alias[0][2])
        reply.chain.append(name)
        if name in seen or len(reply.chain) > MAX_CHAIN:
            reply.circular = True
            return at
        seen.add(name)
    reply.last_name = name
    reply.records = [_record(wire, asked.type, *row) for row in found.get((name, asked.type), ())]
    return at


def _authority_section(wire: bytes, at: int, count: int, reply: Reply) -> int:
    for owner, rdtype, rdclass, ttl, start, end in _rows(wire, at, count):
        at = end
        if rdclass == IN and rdtype == SOA:
            rest = _read_name(wire, _read_name(wire, start)[1])[1]
            if rest + 20 != end:
                raise MalformedError("a SOA record has the wrong length")
            reply.soa_name = owner
            reply.negative_ttl = min(_ttl(ttl), _ttl(struct.unpack_from("!I", wire, end - 4)[0]))  # RFC 2308 section 5
        elif rdclass == IN and rdtype == NS:
            reply.delegates = True
    return at


def _additional_section(wire: bytes, at: int, count: int, reply: Reply) -> None:
    for _, rdtype, _, ttl, start, end in _rows(wire, at, count):
        if rdtype == OPT:
            reply.rcode |= ttl >> 24 << 4  # RFC 6891 section 6.1.3: the upper bits of the response code
            reply.reasons = list(_extended_errors(wire[start:end]))[:MAX_REASONS]


def _extended_errors(options: bytes) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(options):
        code, size = struct.unpack_from("!HH", options, at)
        data = options[at + 4 : at + 4 + size]
        at += 4 + size
        if code == OPTION_EDE and len(data) >= 2:  # two octets of code, then text
            yield int.from_bytes(data[:2], "big"), data[2:].decode("utf-8", "replace").rstrip("\0")[:MAX_REASON_TEXT]


def _record(wire: bytes, rdtype: int, ttl: int, start: int, end: int) -> DnsRecord:
    data = wire[start:end]
    ttl = _ttl(ttl)
    if rdtype == A and len(data) == 4:  # octets of an IPv4 address
        return DnsRecord(value=socket.inet_ntop(socket.AF_INET, data), ttl=ttl)
    if rdtype == AAAA and len(data) == 16:  # octets of an IPv6 address
        return DnsRecord(value=socket.inet_ntop(socket.AF_INET6, data), ttl=ttl)
    if rdtype in (TXT, SPF):
        strings = tuple(_strings(data))
        return DnsRecord(value="".join(strings), strings=strings, ttl=ttl)
    if rdtype == MX:
        name = _whole_name(wire, start + 2, end)
        return DnsRecord(value=name_text(name), preference=int.from_bytes(data[:2], "big"), ttl=ttl)
    if rdtype in (NS, CNAME, PTR):
        return DnsRecord(value=name_text(_whole_name(wire, start, end)), ttl=ttl)
    try:
        return DnsRecord(
            value=dns.rdata.from_wire(
                dns.rdataclass.IN, dns.rdatatype.RdataType.make(rdtype), wire, start, end - start
            ).to_text(),
            ttl=ttl,
        )
    except (dns.exception.DNSException, ValueError):
        raise MalformedError("a record cannot be read") from None


def _whole_name(wire: bytes, start: int, end: int) -> bytes:
    name, after = _read_name(wire, start)
    if after != end:
        raise MalformedError("a record has the wrong length")
    return name


def _strings(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        length = data[at]
        if at + 1 + length > len(data):
            raise MalformedError("a text record has the wrong length")
        yield data[at + 1 : at + 1 + length].decode("latin-1")
        at += 1 + length


def _ttl(seconds: int) -> int:
    return seconds if seconds < 1 << 31 else 0  # RFC 2181 section 8
