"""SPF trees as descriptions, and what a receiver must find in them (RFC 7208). Knows no zone file and nothing of our own parser.

A description says which hosts, networks and records a term leads to; so the right answers follow from it without reading any text.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_LOOKUPS = 10  # RFC 7208 section 4.6.4
MAX_VOID = 2  # RFC 7208 section 4.6.4
MAX_MX = 10  # RFC 7208 section 4.6.4
COUNTED = ("a", "mx", "exists", "ptr", "include", "redirect")
RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
PERMERROR = "permerror"


@dataclass(frozen=True, kw_only=True)
class Host:
    """One name with its addresses; none: it does not exist."""

    name: str
    addresses: tuple[str, ...] = ()

    def of(self, version: int) -> tuple[str, ...]:
        """Return the addresses of one family."""
        return tuple(item for item in self.addresses if ipaddress.ip_address(item).version == version)


@dataclass(kw_only=True)
class Term:
    """One term, and what lies behind it."""

    kind: str
    """ip, all, one of `COUNTED`, or other: something that decides nothing."""
    text: str
    """As published, without the sign."""
    sign: str = "+"
    networks: tuple[str, ...] = ()
    """ip: what it names."""
    hosts: tuple[Host, ...] = ()
    """a, and exists by a fixed name: one; mx: those of the MX records."""
    lengths: tuple[int, int] = (32, 128)
    """a and mx: how much of an address counts."""
    listed: frozenset[str] = frozenset()
    """exists by a macro, and ptr: the addresses for which it matches."""
    varies: bool = False
    """exists by a macro: nothing is there for all other addresses."""
    record: Record | None = None
    """include and redirect."""
    flaw: str = ""
    """The code for what is wrong where it leads."""

    @property
    def published(self) -> str:
        """With its sign; a plus may be left away."""
        return self.text if self.sign == "+" or self.kind in ("redirect", "other") else self.sign + self.text


@dataclass(kw_only=True)
class Record:
    """One SPF record."""

    name: str
    """Where it is published; empty: whoever made it has published it."""
    terms: list[Term] = field(default_factory=list)

    def everything(self) -> Iterator[Term]:
        """The terms of the whole tree."""
        for term in self.terms:
            yield term
            if term.record:
                yield from term.record.everything()

    def records(self) -> Iterator[Record]:
        """This record and all below it."""
        yield self
        for term in self.terms:
            if term.record:
                yield from term.record.records()


# --- what holds for every sender ----------------------------------------------------------------------------------------


def lookups(tree: Record) -> int:
    """Return the worst case (RFC 7208 section 4.6.4)."""
    return sum(term.kind in COUNTED for term in tree.everything())


def voids(tree: Record) -> int:
    """Return the look-ups that find nothing, whatever the sender's family of addresses."""
    return sum(_static_voids(term) for term in tree.everything())


def _static_voids(term: Term) -> int:
    if term.kind == "mx" and not term.hosts:
        return 1
    if term.kind == "exists" and not term.varies:
        return sum(not host.of(4) for host in term.hosts)  # RFC 7208 section 5.7: asks for IPv4, whatever the connection
    return sum(not host.addresses for host in term.hosts)


def flaws(tree: Record) -> set[str]:
    """Return the codes that hold for the record as a whole, whoever sends."""
    if lookups(tree) > MAX_LOOKUPS:
        return {"spf.too-many-lookups"}
    found = {term.flaw for term in tree.everything() if term.flaw}
    found |= {"spf.too-many-mx" for term in tree.everything() if term.kind == "mx" and len(term.hosts) > MAX_MX}
    return found or ({"spf.too-many-void-lookups"} if voids(tree) > MAX_VOID else set())


# --- what one sender gets -----------------------------------------------------------------------------------------------


class _PermError(Exception):
    """Receivers stop."""


class Receiver:
    """check_host() of RFC 7208 section 4 for one address, on a description."""

    def __init__(self, address: str) -> None:
        self._address = ipaddress.ip_address(address)
        self._lookups = 0
        self._voids = 0

    def result(self, tree: Record) -> str:
        """Return what it finds."""
        try:
            return self._of(tree)
        except _PermError:
            return PERMERROR

    def _of(self, record: Record) -> str:
        for term in record.terms:
            if term.kind not in ("redirect", "other") and self._matches(term):
                return RESULTS[term.sign]
        onward = next((term for term in record.terms if term.kind == "redirect"), None)
        if onward is None:
            return "neutral"  # RFC 7208 section 4.7
        self._count()
        if onward.record is None:
            raise _PermError  # RFC 7208 section 6.1
        return self._of(onward.record)

    def _matches(self, term: Term) -> bool:
        if term.kind in COUNTED:
            self._count()
        if term.kind == "all":
            return True
        if term.kind == "ip":
            return any(self._address in ipaddress.ip_network(network) for network in term.networks)
        if term.kind == "include":
            if term.record is None:
                raise _PermError  # RFC 7208 section 5.2
            return self._of(term.record) == "pass"
        if term.kind == "ptr" or term.varies:
            return self._listed(term)
        return self._hosts(term)

    def _listed(self, term: Term) -> bool:
        found = str(self._address) in term.listed
        if term.kind == "exists" and not found:
            self._void()
        return found

    def _hosts(self, term: Term) -> bool:
        if term.kind == "mx" and not term.hosts:
            self._void()
        if len(term.hosts) > MAX_MX:
            raise _PermError
        version = 4 if term.kind == "exists" else self._address.version
        for host in term.hosts:
            found = host.of(version)
            if not found:
                self._void()
            if found and (term.kind == "exists" or any(self._is_near(item, term) for item in found)):
                return True
        return False

    def _is_near(self, item: str, term: Term) -> bool:
        length = term.lengths[0 if self._address.version == 4 else 1]
        return self._address in ipaddress.ip_network(f"{item}/{length}", strict=False)

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            raise _PermError

    def _void(self) -> None:
        self._voids += 1
        if self._voids > MAX_VOID:
            raise _PermError


def alarms(tree: Record, senders: tuple[str, ...]) -> set[str]:
    """Return every alarm that the tree deserves: what is wrong for all senders, else who is shut out."""
    found = flaws(tree)
    results = {Receiver(address).result(tree) for address in senders}
    if PERMERROR in results and not found:
        found.add("spf.permanent-error")
    if results & {"fail", "softfail", "neutral"}:  # decided before whatever is broken
        found.add("spf.not-authorised")
    open_to_all = any(term.kind == "all" and term.sign == "+" for term in tree.everything())
    return found | ({"spf.everybody-allowed"} if open_to_all else set())
