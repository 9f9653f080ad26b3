"""A small authoritative name server on loopback (UDP and TCP) for the demo. Serves zone text; not for anything else."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from types import TracebackType
from typing import Any, Self

import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone

MAX_CHAIN = 8
UDP_SIZE = 1232


class NameServer:
    """Serves master-file text below the root. `address` is what `--nameserver` takes."""

    def __init__(self, text: str) -> None:
        self._zone = dns.zone.from_text(text, origin=".", relativize=False, check_origin=False)
        answer = self.answer

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                if reply := answer(data, limit=UDP_SIZE):
                    sock.sendto(reply, self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            timeout = 5

            def handle(self) -> None:
                head = self.rfile.read(2)
                if len(head) == 2 and (reply := answer(self.rfile.read(struct.unpack("!H", head)[0]), limit=65535)):
                    self.wfile.write(struct.pack("!H", len(reply)) + reply)

        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Datagram)
        self._tcp = _TcpServer(self._udp.server_address, Stream)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in (self._udp, self._tcp)
        ]

    @property
    def address(self) -> str:
        """Host and port, like 127.0.0.1:5353."""
        host, port = self._udp.server_address[:2]
        return f"{host!s}:{port}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()

    def answer(self, data: bytes, *, limit: int) -> bytes | None:
        """Answer one question (RFC 1034 section 4.3.2); None for what is not one."""
        try:
            query = dns.message.from_wire(data)
        except Exception:  # noqa: BLE001 - whatever it was, it was no question
            return None
        if len(query.question) != 1:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        self._fill(reply, question.name, question.rdtype)
        try:
            return reply.to_wire(max_size=limit)
        except dns.exception.TooBig:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC | dns.flags.AA
            return short.to_wire()

    def _fill(self, reply: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> None:
        for _ in range(MAX_CHAIN):
            node = self._node(name)
            if node is None:
                below = any(other.is_subdomain(name) for other in self._zone)
                reply.set_rcode(dns.rcode.NOERROR if below else dns.rcode.NXDOMAIN)
                break
            if (found := node.get_rdataset(self._zone.rdclass, rdtype)) is not None:
                reply.answer.append(_rrset(name, found))
                return
            alias = node.get_rdataset(self._zone.rdclass, dns.rdatatype.CNAME)
            if alias is None:
                break
            reply.answer.append(_rrset(name, alias))
            name = alias[0].target
        reply.authority.append(dns.rrset.from_text(".", 300, "IN", "SOA", "ns.demo. hostmaster.demo. 1 3600 600 86400 300"))

    def _node(self, name: dns.name.Name) -> dns.node.Node | None:
        lowered = dns.name.from_text(name.to_text().lower())
        return self._zone.get_node(lowered)


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


def _rrset(name: dns.name.Name, rdataset: Any) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))
