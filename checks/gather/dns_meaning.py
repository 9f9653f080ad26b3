"""What a DNS answer means: there is, there is none, look elsewhere, or the server could not tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import dns.rcode

from checks.evidence import State
from checks.gather.dns_wire import NOERROR, NXDOMAIN, REFUSED, SERVFAIL, Reply, is_within

BLOCKING = frozenset((4, 15, 16, 17, 18))  # RFC 8914 section 4: forged, blocked, censored, filtered, prohibited
DNSSEC = frozenset(range(6, 13))  # RFC 8914 section 4: bogus ... NSEC missing

WORDS = {  # RFC 8914 section 4, in words for a person
    1: "the zone is signed with an unsupported key",
    2: "the zone is signed with an unsupported digest",
    3: "the answer is out of date",
    4: "the answer was replaced by another",
    5: "DNSSEC: validity could not be determined",
    6: "DNSSEC: the signature does not fit",
    7: "DNSSEC: the signature has expired",
    8: "DNSSEC: the signature is not valid yet",
    9: "DNSSEC: the key that signed is missing",
    10: "DNSSEC: the signatures are missing",
    11: "DNSSEC: the key is not a zone key",
    12: "DNSSEC: the proof of absence is missing",
    13: "it failed a moment ago and is not tried again yet",
    14: "the server is not ready",
    15: "the name is blocked by this server",
    16: "the name is blocked by an authority's order",
    17: "the name is blocked on the subscriber's wish",
    18: "this client may not ask",
    19: "the answer is out of date",
    20: "the server has no authority for it",
    21: "the server does not support the question",
    22: "none of the domain's own name servers could be reached",
    23: "the network to the domain's own name servers failed",
    24: "the server's data is not valid",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a server's answer settles nothing."""

    state: State
    detail: str
    final: bool = False
    """No other server is to be asked: one validated, and found the data false."""
    errors: tuple[int, ...] = ()
    """What it found, as codes of RFC 8914."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """An answer: ok, nxdomain or nodata; or an alias whose target must be asked for (`state` None)."""

    state: State | None
    reply: Reply
    server: str


def meaning(reply: Reply, server: str) -> Settled | Fault:
    """Judge one answer of one server. RFC 2308 section 2 tells "none" from "ask elsewhere"."""
    codes = {code for code, _ in reply.reasons}
    if reply.rcode not in (NOERROR, NXDOMAIN):
        return _failure(reply, server)
    if reply.circular:
        return Fault(state=State.SERVFAIL, detail="the aliases (CNAME) run in circles or are too many", final=True)
    if reply.records:
        return Settled(state=State.OK, reply=reply, server=server)
    if codes & BLOCKING:  # a filter's "no such name" says nothing of the domain
        return Fault(state=State.REFUSED, detail=f"{server} does not give the true answer: {_reasons(reply)}")
    if reply.rcode == NXDOMAIN:
        return Settled(state=State.NXDOMAIN, reply=reply, server=server)
    return _empty(reply, server)


def _empty(reply: Reply, server: str) -> Settled | Fault:
    """NOERROR without a record of the type."""
    if reply.soa_name is not None and is_within(reply.last_name, reply.soa_name):
        return Settled(state=State.NODATA, reply=reply, server=server)  # RFC 2308 section 2.2, types 1 and 2
    if reply.chain:
        return Settled(state=None, reply=reply, server=server)  # a server that answers for its own zones only stops here
    if reply.soa_name is not None:
        return Fault(state=State.SERVFAIL, detail=f"{server} answers for another zone than the one asked about")
    if reply.delegates and not reply.authoritative:  # RFC 2308 section 2.2: a referral, not "none"
        return Fault(state=State.SERVFAIL, detail=f"{server} only says who else could be asked; it does not look names up")
    if reply.authoritative or reply.recursive:
        return Settled(state=State.NODATA, reply=reply, server=server)  # RFC 2308 section 2.2, type 3
    return Fault(state=State.SERVFAIL, detail=f"{server} gives an empty answer and has no authority for it")


def _failure(reply: Reply, server: str) -> Fault:
    words = _reasons(reply)
    because = f": {words}" if words else ""
    if reply.rcode == REFUSED:
        return Fault(state=State.REFUSED, detail=f"the name server {server} refuses to answer (REFUSED){because}")
    if {code for code, _ in reply.reasons} & DNSSEC and reply.rcode == SERVFAIL:
        return Fault(state=State.BOGUS, detail=words, final=True, errors=tuple(code for code, _ in reply.reasons))
    name = dns.rcode.to_text(dns.rcode.Rcode.make(reply.rcode))
    return Fault(state=State.SERVFAIL, detail=f"the name server {server} answers that it failed ({name}){because}")


def _reasons(reply: Reply) -> str:
    parts = []
    for code, text in reply.reasons:
        known = WORDS.get(code, "" if text else f"error {code}")
        parts.append(f"{known} ({text})" if known and text else known or text)
    return "; ".join(dict.fromkeys(parts))
