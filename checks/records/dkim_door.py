"""The one door to dkimpy: verifies every DKIM signature of a message (RFC 6376 section 6), with keys from evidence.

- `verify_signatures(message, ev, *, at) -> Signatures`: one `SignatureResult` per signature, topmost first, at most `MAX_SIGNATURES`

dkimpy puts header fields and body into canonical form and does the arithmetic. Decided here: the syntax of the signature
(checks.records.dkim_signature) and of the key (checks.records.dkim), sizes before anything is computed with them, the clock (`at`, the
moment of arrival; dkimpy would take its own), and everything that dkimpy leaves out: that From is signed, that the key is of the
signature's kind and allows the hash and mail, t=s, l= beyond the end. Body and header are tried apart, so that it can be said which of the
two was changed. Never raises but `Missing`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from checks.evidence import Evidence, State
from checks.probes import DnsProbe, DnsReading
from checks.records.arrived import ArrivedMessage
from checks.records.dkim import DkimKey, is_key, parse_key
from checks.records.dkim_signature import DkimSignature, Fault, read_signature
from checks.records.tags import SPACE, parse_tags

if TYPE_CHECKING:
    from checks.records.dkim_library import Bodies

MAX_SIGNATURES = 10
MAX_KEYS = 3  # records at one selector; there should be one (RFC 6376 section 3.6.2.2)
MIN_RSA = 1024  # bits; RFC 8301 section 3.2: shorter keys MUST NOT verify
ED25519_SIGNATURE = 64  # bytes; RFC 8032 section 5.1.6
FUTURE = timedelta(minutes=15)


class Result(StrEnum):
    """RFC 8601 section 2.7.1."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    NEUTRAL = "neutral"  # could not be judged, because not all of the message is there
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Reason(StrEnum):
    """Why a signature did not pass."""

    NONE = ""
    BODY_CHANGED = "body-changed"  # the signature of the header holds, the hash of the body does not
    HEADER_CHANGED = "header-changed"  # the body holds; a signed field was changed (or, with Ed25519, the key is another)
    BOTH_CHANGED = "both-changed"  # neither holds
    WRONG_KEY = "wrong-key"  # the published key is not the one that it was signed with
    EXPIRED = "expired"
    CUT = "cut"  # only the beginning is there
    MASKED = "masked"  # a password was taken out of the message
    KEY_UNREACHABLE = "key-unreachable"  # DNS gave no answer
    KEY_MISSING = "key-missing"
    KEY_REVOKED = "key-revoked"
    KEY_UNREADABLE = "key-unreadable"
    KEY_TYPE = "key-type"  # the key is of another kind than the signature
    KEY_SHORT = "key-short"
    KEY_FORBIDS = "key-forbids"  # the key says that it is not for this hash, for mail, or for sub-domains (h=, s=, t=s)
    UNUSABLE = "unusable"  # the signature's own fault; `signature.fault` says which
    LENGTH = "length"  # l= is longer than the body
    LIBRARY = "library"


@dataclass(frozen=True, kw_only=True)
class SignatureResult:
    """What a receiver finds of one signature."""

    signature: DkimSignature
    result: Result
    reason: Reason = Reason.NONE
    problem: str = ""
    """Why, as the middle of a sentence."""
    key: DkimKey | None = None
    """The key that was tried last."""
    several_keys: bool = False
    """More than one key record at the selector; receivers may take either."""
    header_holds: bool | None = None
    """The signature fits the signed fields; None: not tried."""
    body_holds: bool | None = None
    uncovered: int = 0
    """Bytes at the end of the body that l= leaves unsigned."""
    future: bool = False
    """It says that it was made later than it arrived."""
    reading: DnsReading | None = None
    """What DNS said of the key."""

    @property
    def passed(self) -> bool:
        """It holds."""
        return self.result is Result.PASS

    @property
    def probe(self) -> DnsProbe | None:
        """The question for the key."""
        return self.signature.probe

    @property
    def domain(self) -> str:
        """Who vouches (d=)."""
        return self.signature.domain

    @property
    def selector(self) -> str:
        """Which of its keys (s=)."""
        return self.signature.selector

    @property
    def key_bits(self) -> int:
        """Size of the key: RSA modulus, or 256 for Ed25519; 0 if there is none."""
        if self.key is None or not self.key.readable:
            return 0
        return self.key.bits or 256


@dataclass(frozen=True, kw_only=True)
class Signatures:
    """All signatures of a message."""

    results: tuple[SignatureResult, ...]
    dropped: int = 0
    """Signatures beyond `MAX_SIGNATURES`, which were not verified."""

    @property
    def passed(self) -> tuple[SignatureResult, ...]:
        """Those that hold."""
        return tuple(one for one in self.results if one.passed)


def verify_signatures(message: ArrivedMessage, ev: Evidence, *, at: datetime) -> Signatures:
    """Verify the signatures of a message. `at`: when it arrived (RFC 6376 section 3.5, x=), or now if nobody knows. Lets `Missing` through."""
    found = message.all("dkim-signature")
    signatures = [read_signature(one) for one in found[:MAX_SIGNATURES]]
    ev.all(*dict.fromkeys(one.probe for one in signatures if one.probe and not one.fault))
    bodies = _bodies(message)
    return Signatures(
        results=tuple(_verify(one, message, bodies, ev, at) for one in signatures), dropped=len(found) - len(signatures)
    )


def _bodies(message: ArrivedMessage) -> Bodies:
    from checks.records.dkim_library import Bodies  # noqa: PLC0415 - only where a message has arrived

    return Bodies(message)


def _verify(one: DkimSignature, message: ArrivedMessage, bodies: Bodies, ev: Evidence, at: datetime) -> SignatureResult:
    start = SignatureResult(
        signature=one, result=Result.PERMERROR, future=one.signed_at is not None and one.signed_at > at + FUTURE
    )
    if one.fault or one.probe is None:
        return replace(start, reason=Reason.UNUSABLE, problem=one.problem)
    reading = ev[one.probe]
    start = replace(start, reading=reading)
    if not reading.state.answered:
        return replace(start, result=Result.TEMPERROR, reason=Reason.KEY_UNREACHABLE, problem=f"{one.probe.id}: {reading.state}")
    keys = [parse_key(text) for text in reading.values if is_key(text)] if reading.state is State.OK else []
    if not keys:
        return replace(start, reason=Reason.KEY_MISSING, problem="no key where the signature says that it is")
    start = replace(start, several_keys=len(keys) > 1)
    try:
        tried = [_with_key(start, key, message, bodies, at) for key in keys[:MAX_KEYS]]
    except Exception as error:  # noqa: BLE001 - a library's slip on a stranger's message is no crash of ours
        return replace(start, reason=Reason.LIBRARY, problem=f"{type(error).__name__}"[:100])
    return next((outcome for outcome in tried if outcome.passed), tried[0])


def _with_key(start: SignatureResult, key: DkimKey, message: ArrivedMessage, bodies: Bodies, at: datetime) -> SignatureResult:
    one = start.signature
    start = replace(start, key=key)
    if refused := _refused(one, key):
        return replace(start, reason=refused[0], problem=refused[1])
    body = bodies.of(one.body_canon)
    if one.length is not None and one.length > len(body) and message.whole:  # RFC 6376 section 3.5, l=
        return replace(start, reason=Reason.LENGTH, problem="a length (l=) that goes beyond the end of the body")
    header_holds, wrong_key = _header_holds(one, key, message)
    body_holds = bodies.hash_of(one) == one.body_hash if message.whole else None
    start = replace(
        start,
        header_holds=header_holds,
        body_holds=body_holds,
        uncovered=len(body) - one.length if one.length is not None and message.whole else 0,
    )
    if body_holds is None and (header_holds or message.masked):
        reason = Reason.MASKED if message.masked else Reason.CUT
        return replace(start, result=Result.NEUTRAL, reason=reason, problem=_WORDS[reason])
    if not (header_holds and body_holds):
        reason = Reason.WRONG_KEY if wrong_key else _REASONS[header_holds, bool(body_holds or body_holds is None)]
        return replace(start, result=Result.FAIL, reason=reason, problem=_WORDS[reason])
    if one.expires is not None and one.expires < at:
        return replace(start, result=Result.FAIL, reason=Reason.EXPIRED, problem="a signature that had expired (x=)")
    return replace(start, result=Result.PASS)


_REASONS = {
    (True, False): Reason.BODY_CHANGED,
    (False, True): Reason.HEADER_CHANGED,
    (False, False): Reason.BOTH_CHANGED,
}
_WORDS = {
    Reason.BODY_CHANGED: "a body that was changed after it was signed",
    Reason.HEADER_CHANGED: "a signed header field that was changed after it was signed",
    Reason.BOTH_CHANGED: "header and body that were changed after they were signed",
    Reason.WRONG_KEY: "a signature that was not made with the published key",
    Reason.CUT: "a message of which only the beginning is there",
    Reason.MASKED: "a message out of which a password was taken",
}


def _refused(one: DkimSignature, key: DkimKey) -> tuple[Reason, str] | None:  # noqa: PLR0911 - a list of reasons
    """Say why a verifier does not even begin with this key (RFC 6376 section 6.1.2)."""
    if key.version != "DKIM1":
        return Reason.KEY_UNREADABLE, "a key record with a version that nobody knows"
    if key.revoked:
        return Reason.KEY_REVOKED, "a key that was withdrawn (p= is empty)"
    if key.key_type != one.algorithm.partition("-")[0]:
        return Reason.KEY_TYPE, f"a key of the kind {key.key_type[:20]} for a signature of the kind {one.algorithm}"
    if not key.readable:
        return Reason.KEY_UNREADABLE, key.problems[0].message if key.problems else "a key that cannot be read"
    if key.rsa is not None and key.bits < MIN_RSA:  # the upper bound is that of checks.records.dkim_der
        return Reason.KEY_SHORT, f"an RSA key of {key.bits} bits, where receivers ask for {MIN_RSA}"
    if not key.allows_sha256:
        return Reason.KEY_FORBIDS, "a key that is not for signatures with SHA-256 (h=)"
    if not key.allows_email:
        return Reason.KEY_FORBIDS, "a key that is not for mail (s=)"
    if key.strict_identity and one.identity_domain != one.domain:  # RFC 6376 section 3.6.1, t=s
        return Reason.KEY_FORBIDS, "a key that is not for sub-domains (t=s)"
    return None


def _header_holds(one: DkimSignature, key: DkimKey, message: ArrivedMessage) -> tuple[bool, bool]:
    """Tell whether the signature fits the header; and if not, whether the key is certainly not the signer's."""
    from checks.records.dkim_library import Verifier  # noqa: PLC0415 - only where a message has arrived

    verifier = partial(Verifier, minkey=MIN_RSA)
    if key.ed25519 is not None:
        if len(one.value) != ED25519_SIGNATURE:
            return False, True
        record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(key.ed25519)
        return verifier(message).holds(one, record), False
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - 40 ms that `--help` does not need
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key  # noqa: PLC0415

    loaded = load_der_public_key(_key_bytes(key.text))
    if not isinstance(loaded, RSAPublicKey) or len(one.value) != (loaded.key_size + 7) // 8:  # RFC 8017 section 8.2.2 step 1
        return False, True
    bare = loaded.public_bytes(Encoding.DER, PublicFormat.PKCS1)  # the form that the library reads in every variant
    holds = verifier(message).holds(one, b"v=DKIM1; k=rsa; p=" + base64.b64encode(bare))
    return holds, not holds and not _made_with(loaded, one.value)


def _made_with(key: Any, value: bytes) -> bool:
    """Tell whether a signature was made with the key, for whatever text: its padding comes out right (RFC 8017 section 9.2)."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        key.recover_data_from_signature(value, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _key_bytes(record: str) -> bytes:
    tag = parse_tags(record).get("p")
    text = re.sub(f"[{SPACE}]", "", tag.value if tag else "").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4))


def reasons(results: Sequence[SignatureResult]) -> tuple[Fault | Reason, ...]:
    """Return why each of them did not pass; the signature's own fault rather than the word unusable."""
    return tuple(one.signature.fault or one.reason for one in results if not one.passed)
