"""A name server on loopback, with real sockets (UDP and TCP), that answers from zone text and misbehaves as told.

    with DnsServer('@ TXT "v=spf1 -all"') as server:
        run("sendready", "check", "--domain", "club.example", "--nameserver", server.address)

`script` is a list of steps, one for each UDP question in turn; behind its end the server answers plainly. It is strict: a step that
nobody came for fails the test. `faults` ({"dns club.example TXT": "servfail"}) and `always` hold for ever. Messages are made by
dnspython, so that they are not made by what is tested.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset

from checks.evidence import State
from checks.probes import DnsRecord
from tests.fakes.zone import ZoneWorld

LOOPBACK = "127.0.0.1"
ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question that arrived."""

    name: str
    type: str
    transport: str
    edns: bool


@dataclass(frozen=True, kw_only=True)
class Packet:
    """What goes back."""

    data: bytes
    forged: bool = False
    """Sent from another port than the one that was asked."""
    delay: float = 0.0


@dataclass(kw_only=True)
class Exchange:
    """A question and the true answer to it; steps take what they need."""

    query: dns.message.Message
    answer: dns.message.Message

    @property
    def wire(self) -> bytes:
        return self.answer.to_wire(max_size=65535)

    def lie(self) -> dns.message.Message:
        """An answer that would be believed if it were ours: every name leads to 203.0.113.66."""
        message = dns.message.make_response(self.query)
        asked = self.query.question[0]
        if asked.rdtype == dns.rdatatype.A:
            message.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", "203.0.113.66"))
        return message


Step = Callable[[Exchange], list[Packet]]


# --- steps ------------------------------------------------------------------------------------------------------------


def plainly(exchange: Exchange) -> list[Packet]:
    """Answer the truth."""
    return [Packet(data=exchange.wire)]


def drop(exchange: Exchange) -> list[Packet]:
    """Say nothing."""
    return []


def wrong_id_first(exchange: Exchange) -> list[Packet]:
    """A lie with another id, then the truth."""
    lie = exchange.lie()
    lie.id = exchange.query.id ^ 0x5555
    return [Packet(data=lie.to_wire()), Packet(data=exchange.wire)]


def other_question_first(exchange: Exchange) -> list[Packet]:
    """A lie about another name under the right id, then the truth."""
    other = dns.message.make_query("other.example", exchange.query.question[0].rdtype, id=exchange.query.id)
    return [Packet(data=Exchange(query=other, answer=other).lie().to_wire()), Packet(data=exchange.wire)]


def other_case_first(exchange: Exchange) -> list[Packet]:
    """A lie that repeats the question in capitals, then the truth."""
    wire = exchange.lie().to_wire()
    end = 12 + len(exchange.query.question[0].name.to_wire() or b"")
    return [Packet(data=wire[:12] + wire[12:end].upper() + wire[end:]), Packet(data=exchange.wire)]


def garbage_first(exchange: Exchange) -> list[Packet]:
    """Noise under the right id, then the truth."""
    number = exchange.query.id.to_bytes(2, "big")
    return [
        Packet(data=data) for data in (b"", b"\0", number, number + b"\xff" * 40, number + b"\x81\x80" + b"\0" * 8, exchange.wire)
    ]


def broken_first(exchange: Exchange) -> list[Packet]:
    """The right id and question, then a body that ends too early; then the truth."""
    return [Packet(data=_broken(exchange)), Packet(data=exchange.wire)]


def broken(exchange: Exchange) -> list[Packet]:
    """The right id and question, and a body that ends too early."""
    return [Packet(data=_broken(exchange))]


def forged_first(exchange: Exchange) -> list[Packet]:
    """A lie with everything right, but from another port; then the truth."""
    return [Packet(data=exchange.lie().to_wire(), forged=True), Packet(data=exchange.wire, delay=0.05)]


def truncated(exchange: Exchange) -> list[Packet]:
    """Only a part, and the flag that says so. The part is a lie, so that using it is found out."""
    message = exchange.lie()
    message.flags |= dns.flags.TC
    return [Packet(data=message.to_wire())]


def referral(exchange: Exchange) -> list[Packet]:
    """Names of other servers, as one that does not look names up gives them."""
    message = dns.message.make_response(exchange.query)
    message.authority.append(dns.rrset.from_text("example.", 300, "IN", "NS", "ns1.example.", "ns2.example."))
    return [Packet(data=message.to_wire())]


def lame(exchange: Exchange) -> list[Packet]:
    """Nothing at all, neither with authority nor after looking it up."""
    return [Packet(data=dns.message.make_response(exchange.query).to_wire())]


def bare_nodata(exchange: Exchange) -> list[Packet]:
    """Say "there is none" without SOA, as some forwarders do."""
    return [Packet(data=dns.message.make_response(exchange.query, recursion_available=True).to_wire())]


def rcode(name: str, *reasons: tuple[int, str], question: bool = True) -> Step:
    """A failure by name, with extended errors (RFC 8914)."""

    def step(exchange: Exchange) -> list[Packet]:
        message = dns.message.make_response(exchange.query, recursion_available=True)
        options: list[dns.edns.Option] = [dns.edns.EDEOption(dns.edns.EDECode.make(code), text) for code, text in reasons]
        code = dns.rcode.from_text(name)
        if reasons or code > dns.rcode.REFUSED:
            message.use_edns(0, options=options)
        message.set_rcode(code)
        if not question:
            message.question.clear()
        return [Packet(data=message.to_wire())]

    return step


def without_edns(code: str = "FORMERR") -> Step:
    """An old server: fails for a question with EDNS, answers without."""
    return lambda exchange: plainly(exchange) if exchange.query.edns < 0 else rcode(code)(exchange)


def deaf_to_edns(exchange: Exchange) -> list[Packet]:
    """A firewall drops questions with EDNS."""
    return plainly(exchange) if exchange.query.edns < 0 else []


def late(seconds: float) -> Step:
    """The truth, later."""
    return lambda exchange: [Packet(data=exchange.wire, delay=seconds)]


def raw(body: bytes, *, answers: int = 1) -> Step:
    """The right header and question, then these bytes; `answers` is what the header promises."""

    def step(exchange: Exchange) -> list[Packet]:
        question = exchange.query.question[0]
        section = (question.name.to_wire() or b"") + struct.pack("!HH", question.rdtype, question.rdclass)
        return [Packet(data=struct.pack("!HHHHHH", exchange.query.id, 0x8180, 1, answers, 0, 0) + section + body)]

    return step


def _broken(exchange: Exchange) -> bytes:
    return raw(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f")(exchange)[0].data


# --- the server -------------------------------------------------------------------------------------------------------


@dataclass
class DnsServer:
    """Runs in a thread while the `with` block lasts."""

    zone: str = ""
    origin: str = "club.example"
    faults: Mapping[str, str] = field(default_factory=dict)
    script: Sequence[Step] = ()
    always: Step = plainly
    """For every question behind the end of the script."""
    tcp: str = "ok"
    """ok, refused (nobody listens), cut (half an answer), silent, truncated, or broken."""
    aliases_only: bool = False
    """Like a server for its own zones: an alias is not followed."""
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._world = ZoneWorld(self.zone, origin=self.origin)
        self._steps = list(self.script)
        self._open: list[socket.socket] = []
        self._timers: list[threading.Timer] = []
        self._error: BaseException | None = None
        self._stop_reader, self._stop_writer = socket.socketpair()

    @property
    def endpoint(self) -> tuple[str, int]:
        return LOOPBACK, self.port

    @property
    def address(self) -> str:
        """What --nameserver takes."""
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._udp, self._tcp = _sockets()
        self.port: int = self._udp.getsockname()[1]
        if self.tcp == "refused":
            self._tcp.close()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._stop_writer.close()
        self._thread.join(5)
        for timer in self._timers:
            timer.cancel()
            timer.join(1)
        for each in (self._udp, self._tcp, self._stop_reader, *self._open):
            each.close()
        if kind is None:
            if self._error is not None:
                raise self._error
            assert not self._steps, f"{len(self._steps)} steps of the script that nobody asked for"

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stop_reader, selectors.EVENT_READ, None)
            selector.register(self._udp, selectors.EVENT_READ, self._on_udp)
            if self.tcp != "refused":
                selector.register(self._tcp, selectors.EVENT_READ, self._on_tcp)
            while True:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    try:
                        key.data()
                    except Exception as error:  # noqa: BLE001 - shown by the test, not lost in the thread
                        self._error = error
                        return

    def _on_udp(self) -> None:
        data, client = self._udp.recvfrom(65535)
        exchange = self._exchange(data, "udp")
        step = self._steps.pop(0) if self._steps else self.always
        for packet in self._fault(exchange) or step(exchange):
            if packet.delay:
                timer = threading.Timer(packet.delay, self._send, (packet, client))
                self._timers.append(timer)
                timer.start()
            else:
                self._send(packet, client)

    def _send(self, packet: Packet, client: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):  # the client may have gone
            if not packet.forged:
                self._udp.sendto(packet.data, client)
                return
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind((LOOPBACK, 0))
                other.sendto(packet.data, client)

    def _on_tcp(self) -> None:
        connection, _ = self._tcp.accept()
        self._open.append(connection)
        connection.settimeout(2)
        size = int.from_bytes(_exactly(connection, 2), "big")
        exchange = self._exchange(_exactly(connection, size), "tcp")
        if self.tcp == "silent":
            return
        data = {"truncated": lambda: truncated(exchange)[0].data, "broken": lambda: _broken(exchange)}.get(
            self.tcp, lambda: exchange.wire
        )()
        whole = len(data).to_bytes(2, "big") + data
        connection.sendall(whole[: len(whole) // 2] if self.tcp == "cut" else whole)
        connection.shutdown(socket.SHUT_WR)

    def _exchange(self, data: bytes, transport: str) -> Exchange:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, rdtype = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(Asked(name=name, type=rdtype, transport=transport, edns=query.edns >= 0))
        return Exchange(query=query, answer=self._answer(query, name.removesuffix("."), rdtype))

    def _answer(self, query: dns.message.Message, name: str, rdtype: str) -> dns.message.Message:
        reading = self._world.answer(name.lower(), rdtype)
        message = dns.message.make_response(query, recursion_available=not self.aliases_only)
        owner = query.question[0].name
        for target in reading.chain:
            message.answer.append(dns.rrset.from_text(owner, 300, "IN", "CNAME", f"{target}."))
            owner = dns.name.from_text(target)
            if self.aliases_only:
                message.flags |= dns.flags.AA
                return message
        for record in reading.records:
            rrset = message.find_rrset(message.answer, owner, dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), create=True)
            rrset.add(_rdata(record, rdtype), record.ttl)
        if reading.state in (State.NXDOMAIN, State.NODATA):
            apex = dns.name.from_text(self.origin)
            zone = apex if owner.is_subdomain(apex) else dns.name.root
            message.authority.append(
                dns.rrset.from_text(zone, 900, "IN", "SOA", f"ns.{self.origin}. hostmaster.{self.origin}. 1 3600 600 86400 300")
            )
        if reading.state is State.NXDOMAIN:
            message.set_rcode(dns.rcode.NXDOMAIN)
        return message

    def _fault(self, exchange: Exchange) -> list[Packet] | None:
        asked = self.asked[-1]
        fault = self.faults.get(f"dns {asked.name.lower()} {asked.type}")
        if fault is None:
            return None
        step = {"servfail": rcode("SERVFAIL"), "refused": rcode("REFUSED"), "timeout": drop, "bogus": rcode("SERVFAIL", (6, ""))}[
            fault
        ]
        return step(exchange) or [Packet(data=b"")]


def _rdata(record: DnsRecord, rdtype: str) -> dns.rdata.Rdata:
    if rdtype in ("TXT", "SPF"):
        wire = b"".join(bytes((len(text),)) + text.encode("latin-1") for text in record.strings)
        return dns.rdata.from_wire("IN", rdtype, wire, 0, len(wire))
    text = record.value if rdtype not in ("MX", "NS", "CNAME", "PTR") else f"{record.value.removesuffix('.')}."
    return dns.rdata.from_text("IN", rdtype, f"{record.preference} {text}" if rdtype == "MX" else text)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the client hung up")
        data += part
    return data


def _sockets() -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a listening TCP socket on one free port."""
    for _ in range(ATTEMPTS):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            udp.bind((LOOPBACK, 0))
            tcp.bind(udp.getsockname())
            tcp.listen()
        except OSError:
            udp.close()
            tcp.close()
        else:
            return udp, tcp
    raise OSError("no port is free for both UDP and TCP")
