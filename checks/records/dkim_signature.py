"""DKIM-Signature fields (RFC 6376 section 3.5): field -> what it claims. Pure and total; whether it holds is checks.records.dkim_door.

- `read_signature(field) -> DkimSignature`: `.fault` says why no verifier can use it
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from checks.probes import DnsProbe, normal_name
from checks.records.arrived import ArrivedMessage
from checks.records.header_fields import HeaderField
from checks.records.org_domain import is_within
from checks.records.spf_macro import is_askable
from checks.records.tags import SPACE, TagList, parse_tags

MAX_SIGNATURE = 16_384  # bytes of the field; real ones have 2,000 at most
MAX_SIGNED = 500  # names in h=
MAX_RUN = 200  # white space in one place; the library's pattern takes quadratic time on it
ALGORITHMS = ("rsa-sha256", "ed25519-sha256")  # RFC 8301 section 3.1, RFC 8463
RETIRED = ("rsa-sha1",)  # RFC 8301 section 3.1: MUST NOT be verified
SYNTAX_FATAL = frozenset(["no-equals", "bad-name", "empty-part", "duplicate-tag", "too-many-tags"])  # RFC 6376 section 3.2
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")


class Fault(StrEnum):
    """Why no verifier can use a signature, whatever the key and the message are."""

    NONE = ""
    SYNTAX = "syntax"  # no tag list, a tag missing, or a value that cannot be
    VERSION = "version"
    ALGORITHM = "algorithm"  # a= that nobody knows
    RETIRED_ALGORITHM = "retired-algorithm"  # rsa-sha1
    CANONICALISATION = "canonicalisation"
    QUERY = "query"  # q= without dns/txt
    IDENTITY = "identity"  # i= is not within d=
    FROM_NOT_SIGNED = "from-not-signed"  # RFC 6376 section 5.4
    TOO_LARGE = "too-large"  # beyond our bounds


@dataclass(frozen=True, kw_only=True)
class DkimSignature:
    """What one DKIM-Signature field claims, as far as it could be read."""

    field: HeaderField
    fault: Fault = Fault.NONE
    problem: str = ""
    """What is wrong, as the middle of a sentence."""
    domain: str = ""
    """d=, lower case, A-label."""
    selector: str = ""
    """s="""
    algorithm: str = ""
    """a=, lower case."""
    header_canon: str = "simple"
    body_canon: str = "simple"
    signed: tuple[str, ...] = ()
    """h=, lower case, as often as they stand there."""
    identity: str = ""
    """i=; empty if not given."""
    length: int | None = None
    """l=: how many bytes of the body are signed; None: all of it."""
    signed_at: datetime | None = None
    """t="""
    expires: datetime | None = None
    """x="""
    body_hash: bytes = b""
    value: bytes = b""
    """b="""

    @property
    def probe(self) -> DnsProbe | None:
        """Where the key is (RFC 6376 section 3.6.2.1); None if that is no name that can be asked."""
        name = f"{self.selector}._domainkey.{self.domain}"
        return DnsProbe(name, "TXT") if self.selector and self.domain and is_askable(name) else None

    @property
    def identity_domain(self) -> str:
        """The domain of i=, which is d= if there is none."""
        return normal_name(self.identity.rpartition("@")[2]) if self.identity else self.domain

    def covers(self, name: str, message: ArrivedMessage) -> bool:
        """Tell whether all fields of this name are signed, and there is one."""
        present = message.count(name)
        return 0 < present <= self.signed.count(name.lower())

    def oversigned(self, message: ArrivedMessage) -> tuple[str, ...]:
        """Return the names that are signed more often than they are there: none can be added (RFC 6376 section 8.15)."""
        listed = Counter(self.signed)
        return tuple(name for name, times in listed.items() if times > message.count(name))


def read_signature(one: HeaderField) -> DkimSignature:
    """Read a DKIM-Signature field."""
    try:
        text = one.raw.decode("utf-8")  # RFC 8616 section 4: names beyond ASCII stand there as they are
    except UnicodeDecodeError:
        text = one.raw.decode("latin-1")
    if len(text) > MAX_SIGNATURE or re.search(rf"[\s]{{{MAX_RUN}}}", text):
        return DkimSignature(field=one, fault=Fault.TOO_LARGE, problem="a signature that is far too long")
    listed = parse_tags(text)
    fatal = next((problem for problem in listed.problems if problem.kind in SYNTAX_FATAL), None)
    length, signed_at, expires = _number(listed, "l"), _number(listed, "t"), _number(listed, "x")
    header, _, body = _value(listed, "c", "simple/simple").lower().partition("/")
    found = DkimSignature(
        field=one,
        domain=normal_name(_value(listed, "d")),
        selector=normal_name(_value(listed, "s")),
        algorithm=_value(listed, "a").lower(),
        header_canon=header,
        body_canon=body or "simple",  # RFC 6376 section 3.5, c=
        signed=tuple(name.strip(SPACE).lower() for name in _value(listed, "h").split(":"))[: MAX_SIGNED + 1],
        identity=_value(listed, "i"),
        length=length if length is None or length >= 0 else None,
        signed_at=_moment(signed_at),
        expires=_moment(expires),
        body_hash=_bytes(listed, "bh"),
        value=_bytes(listed, "b"),
    )
    fault, problem = (Fault.SYNTAX, str(fatal)) if fatal else _judge(found, listed, (length, signed_at, expires))
    return replace(found, fault=fault, problem=problem)


def _judge(found: DkimSignature, listed: TagList, numbers: tuple[int | None, ...]) -> tuple[Fault, str]:
    """Return the first fault (RFC 6376 section 6.1.1)."""
    absent = next((name for name in ("v", "a", "b", "bh", "d", "h", "s") if not _value(listed, name)), "")
    queries = [part.strip(SPACE).lower() for part in _value(listed, "q", "dns/txt").split(":")]
    outside = bool(found.identity) and ("@" not in found.identity or not is_within(found.identity_domain, found.domain))
    faults = (
        (bool(absent), Fault.SYNTAX, f"no {absent}= tag"),
        (_value(listed, "v") != "1", Fault.VERSION, "a version other than 1"),
        (found.algorithm in RETIRED, Fault.RETIRED_ALGORITHM, "rsa-sha1, which receivers no longer accept"),
        (found.algorithm not in ALGORITHMS, Fault.ALGORITHM, "an algorithm (a=) that receivers do not know"),
        (
            not {found.header_canon, found.body_canon} <= {"simple", "relaxed"},
            Fault.CANONICALISATION,
            "a canonicalisation (c=) that nobody knows",
        ),
        ("dns/txt" not in queries, Fault.QUERY, "a way to find the key (q=) that nobody knows"),
        (len(found.signed) > MAX_SIGNED, Fault.TOO_LARGE, f"more than {MAX_SIGNED} signed header fields"),
        (found.probe is None or "." not in found.domain, Fault.SYNTAX, "a domain or selector (d=, s=) that cannot be a name"),
        (not (found.body_hash and found.value), Fault.SYNTAX, "a signature or hash (b=, bh=) that is no base64"),
        (-1 in numbers, Fault.SYNTAX, "a number (l=, t=, x=) that is none"),
        (outside, Fault.IDENTITY, "an identity (i=) that is not of the signing domain"),
        ("from" not in found.signed, Fault.FROM_NOT_SIGNED, "From, which is not among the signed fields"),
    )
    return next(((fault, problem) for there, fault, problem in faults if there), (Fault.NONE, ""))


def _value(listed: TagList, name: str, default: str = "") -> str:
    tag = listed.get(name)
    return default if tag is None else tag.value


def _number(listed: TagList, name: str) -> int | None:
    """Return a number, None if it is not given, -1 if it is none."""
    tag = listed.get(name)
    if tag is None:
        return None
    return int(tag.value) if re.fullmatch(r"[0-9]{1,12}", tag.value) else -1  # 12 digits: section 3.5, t=


def _moment(number: int | None) -> datetime | None:
    if number is None or number < 0:
        return None
    try:
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def _bytes(listed: TagList, name: str) -> bytes:
    text = re.sub(f"[{SPACE}]", "", _value(listed, name))
    if not _BASE64.match(text):
        return b""
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
