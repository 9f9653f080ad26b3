"""DKIM key records (RFC 6376 section 3.6.1, RFC 8301, RFC 8463): text -> key and problems. Pure and total; no signature is verified here."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from checks.records.dkim_der import MAX_DER, KeyFault, RsaKey, read_rsa
from checks.records.tags import MAX_PROBLEMS, SPACE, Problem, TagList, parse_tags

OTHER_VERSIONS = ("DMARC", "SPF", "STS", "TLSRPT", "BIMI")  # records of other kinds, of which one has a p= as well
ED25519_BYTES = 32  # RFC 8463 section 4.2
ED25519_SPKI_BYTES = 44  # the same key with its algorithm in front (RFC 8410 section 4), a common slip
MAX_KEY_TEXT = 4 * MAX_DER  # base64 with a line break now and then
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


@dataclass(frozen=True, kw_only=True)
class DkimKey:
    """A key record, as far as it could be read."""

    text: str
    problems: tuple[Problem, ...]
    version: str = "DKIM1"
    key_type: str = "rsa"
    """The k= tag: rsa or ed25519; anything else no verifier knows."""
    hashes: tuple[str, ...] = ()
    """The h= tag; empty means all (RFC 6376 section 3.6.1)."""
    services: tuple[str, ...] = ("*",)
    """The s= tag."""
    flags: tuple[str, ...] = ()
    """The t= tag: y is testing, s is "no sub-domains in i="."""
    revoked: bool = False
    """p= is empty: the key is withdrawn."""
    rsa: RsaKey | None = None
    ed25519: bytes | None = None

    @property
    def readable(self) -> bool:
        """A verifier gets a key out of it."""
        return self.rsa is not None or self.ed25519 is not None

    @property
    def bits(self) -> int:
        """Size of the RSA modulus; 0 if it is no RSA key."""
        return self.rsa.bits if self.rsa else 0

    @property
    def allows_sha256(self) -> bool:
        """Signatures with sha256, the only hash in use (RFC 8301 section 3.1), are accepted."""
        return not self.hashes or "sha256" in self.hashes

    @property
    def allows_email(self) -> bool:
        """The key may be used for mail (RFC 6376 section 3.6.1, s=)."""
        return "*" in self.services or "email" in self.services

    @property
    def testing(self) -> bool:
        """t=y: verifiers treat signed mail like unsigned mail if the signature fails (RFC 6376 section 3.6.1)."""
        return "y" in self.flags

    @property
    def strict_identity(self) -> bool:
        """t=s: i= must be of the signing domain itself, not of a sub-domain."""
        return "s" in self.flags


def is_key(text: str) -> bool:
    """Tell whether a TXT record is meant as a DKIM key: it has a p= tag and is not of another kind by its version, or says DKIM1."""
    tags = parse_tags(text)
    first = tags.tags[0] if tags.tags else None
    version = first.value.upper() if first is not None and first.name.lower() == "v" else ""
    return version.startswith("DKIM1") or (tags.get("p") is not None and not version.startswith(OTHER_VERSIONS))


def parse_key(text: str) -> DkimKey:
    """Read the text of a key record (its strings joined, RFC 6376 section 3.6.2.2)."""
    listed = parse_tags(text)
    problems = list(listed.problems)
    version = _version(listed, problems)
    key_type = _value(listed, "k", "rsa").lower()
    if key_type not in ("rsa", "ed25519"):
        problems.append(
            Problem(position=_at(listed, "k"), kind="unknown-key-type", message="a key type (k=) that receivers do not know")
        )
    revoked, rsa, ed25519 = _key(listed, key_type, problems)
    return DkimKey(
        text=text,
        problems=tuple(problems[:MAX_PROBLEMS]),
        version=version,
        key_type=key_type,
        hashes=_words(listed, "h", ()),
        services=_words(listed, "s", ("*",)),
        flags=_words(listed, "t", ()),
        revoked=revoked,
        rsa=rsa,
        ed25519=ed25519,
    )


def _version(listed: TagList, problems: list[Problem]) -> str:
    tag = listed.get("v")
    if tag is None:
        return "DKIM1"  # RFC 6376 section 3.6.1: recommended, with this default
    if tag.value != "DKIM1":
        problems.append(
            Problem(position=tag.value_position, kind="bad-version", message="a version other than DKIM1, exactly so written")
        )
    elif listed.tags[0] is not tag:
        problems.append(Problem(position=tag.position, kind="version-not-first", message="the version (v=) is not the first tag"))
    return tag.value


def _key(listed: TagList, key_type: str, problems: list[Problem]) -> tuple[bool, RsaKey | None, bytes | None]:
    # RFC 6376 section 3.2: with a tag that occurs twice "the entire tag-list is invalid". dkimpy takes no key from it either.
    if any(problem.kind == "duplicate-tag" for problem in problems):
        return False, None, None
    tag = listed.get("p")
    if tag is None:
        problems.append(Problem(position=listed.end, kind="no-key", message="there is no p= tag, which holds the key"))
        return False, None, None
    text = re.sub(f"[{SPACE}]", "", tag.value)  # RFC 6376 section 3.2: space within base64 is ignored
    if not text:
        return True, None, None  # RFC 6376 section 3.6.1: an empty p= withdraws the key
    try:
        raw = _decode(text)
        if key_type == "ed25519":
            return False, None, _ed25519(raw)
        if key_type == "rsa":
            return False, read_rsa(raw), None
    except KeyFault as fault:
        problems.append(Problem(position=tag.value_position, kind=fault.kind, message=fault.message))
    return False, None, None


def _decode(text: str) -> bytes:
    if len(text) > MAX_KEY_TEXT:
        raise KeyFault("too-large", "a key that is far too long")
    if "-----" in text:
        raise KeyFault("pem-armour", "the lines BEGIN PUBLIC KEY and END PUBLIC KEY, which do not belong into p=")
    if not _BASE64.match(text):
        raise KeyFault("bad-base64", "a character in p= that cannot be part of a key (base64)")
    bare = text.rstrip("=")
    try:  # RFC 6376 section 2.10 leaves the padding away if it likes
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KeyFault("bad-base64", "a key (p=) that was cut off") from None


def _ed25519(raw: bytes) -> bytes:
    if len(raw) == ED25519_BYTES:
        return raw
    if len(raw) == ED25519_SPKI_BYTES:
        raise KeyFault("wrapped-ed25519", "an Ed25519 key with its wrapping; p= takes only the last 32 bytes")
    raise KeyFault("bad-ed25519", f"an Ed25519 key of {len(raw)} bytes instead of {ED25519_BYTES}")


def _words(listed: TagList, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    tag = listed.get(name)
    if tag is None:
        return default
    return tuple(word for word in (part.strip(SPACE).lower() for part in tag.value.split(":")) if word)


def _value(listed: TagList, name: str, default: str) -> str:
    tag = listed.get(name)
    return default if tag is None else tag.value


def _at(listed: TagList, name: str) -> int:
    tag = listed.get(name)
    return 0 if tag is None else tag.value_position
