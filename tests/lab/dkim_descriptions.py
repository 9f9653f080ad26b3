"""The DKIM keys of a generated domain, and what must be said of them (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile.dns_worlds import ed25519_key, rsa_key

from .spf_shapes import Published

SHORTEST = 1024  # RFC 8301 section 3.2
BITS = (512, 768, 1024, 1536, 2048, 2048, 2048, 3072, 4096, 8192, 16384)
MOST_BITS = 8192  # what is read at all
KEYS_ZONE = "keys.example"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key record."""

    bits: int = 2048
    """0: Ed25519."""
    version: str = "DKIM1"
    """Empty: not written, which is allowed."""
    first: bool = True
    """The version is the first tag."""
    kind: str = ""
    """k=, if it is not the right one for the key."""
    hashes: str = ""
    services: str = ""
    flags: str = ""
    damage: str = ""
    """revoked, cut or quoted."""

    @property
    def text(self) -> str:
        """As published."""
        key = rsa_key(self.bits) if self.bits else ed25519_key()
        if self.damage:
            key = {"revoked": "", "cut": key[:-37], "quoted": f'\\"{key}\\"'}[self.damage]
        kind = self.kind or ("rsa" if self.bits else "ed25519")
        tags = [
            f"{name}={value}"
            for name, value in (("k", kind), ("h", self.hashes), ("s", self.services), ("t", self.flags))
            if value and (value != "rsa" or self.version)
        ]
        tags.append(f"p={key}")
        if self.version:
            tags.insert(0 if self.first else 1, f"v={self.version}")
        return "; ".join(tags)

    @property
    def alarms(self) -> set[str]:
        """What is wrong with it; the selector was named."""
        if self.damage == "revoked":
            return {"dkim.key-revoked"}
        unknown_kind = self.kind not in ("", "rsa" if self.bits else "ed25519")
        unreadable = bool(self.damage) or unknown_kind or self.bits > MOST_BITS
        found = {"dkim.weak-key"} if 0 < self.bits < SHORTEST and not unreadable else set()
        if unreadable or self.version not in ("", "DKIM1"):
            return found | {"dkim.key-unreadable"}
        if self.hashes and "sha256" not in self.hashes.split(":"):
            found.add("dkim.key-without-sha256")
        if self.services and not {"*", "email"} & set(self.services.split(":")):
            found.add("dkim.key-not-for-mail")
        return found if self.first or not self.version else found | {"dkim.key-slips"}


@dataclass(frozen=True, kw_only=True)
class Dkim:
    """What was published, and what must be said of it."""

    shape: str
    selectors: tuple[str, ...]
    alarms: frozenset[str]


def random_key(rng: random.Random) -> Key:
    """Return a key, two of three times a good one."""
    if rng.random() < 0.66:
        return Key(
            bits=rng.choice([0, 1024, 2048, 2048, 2048, 3072, 4096, 8192]),
            version=rng.choice(["DKIM1", "DKIM1", ""]),
            hashes=rng.choice(["", "", "sha256", "sha1:sha256", "sha256:sha512"]),
            services=rng.choice(["", "", "*", "email", "tlsrpt:email"]),
            flags=rng.choice(["", "", "", "y", "s", "y:s"]),
        )
    return Key(
        bits=rng.choice(BITS),
        version=rng.choice(["DKIM1"] * 5 + ["DKIM2", "dkim1", ""]),
        first=rng.random() < 0.85,
        kind=rng.choice([""] * 8 + ["dsa", "RSA2"]),
        hashes=rng.choice(["", "", "", "sha1", "md5"]),
        services=rng.choice(["", "", "", "tlsrpt", "other:web"]),
        damage=rng.choice([""] * 5 + ["revoked", "cut", "quoted"]),
    )


def publish(rng: random.Random, zone: Published, name: str, texts: tuple[str, ...], number: int) -> None:
    """Publish texts at a name, perhaps behind aliases, each in as many strings as it likes."""
    for step in range(rng.choice([0, 0, 0, 1, 2, 5])):
        target = f"k{step}.c{number}.{KEYS_ZONE}"
        zone.add(name, f"CNAME {target}.")
        name = target
    for text in texts:
        size = rng.choice([255, 255, 200, 64])
        zone.add(name, "TXT " + " ".join(f'"{piece}"' for piece in _pieces(text, size)))


def _pieces(text: str, size: int) -> list[str]:
    """Cut a text, but not between a backslash and what it escapes."""
    pieces: list[str] = []
    while text:
        at = size - 1 if text[: size + 1][size - 1 : size] == "\\" else size
        pieces.append(text[:at])
        text = text[at:]
    return pieces or [""]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a domain's keys go."""

    rng: random.Random
    zone: Published
    domain: str
    organisation: str
    number: int
    selector: str
    wildcard: bool
    """A text answers for every name below the domain that has none of its own."""

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    def publish(self, name: str, *texts: str) -> None:
        publish(self.rng, self.zone, name, texts, self.number)


Alarms = set[str]


def _key(place: Place, key: Key) -> Alarms:
    place.publish(place.name, key.text)
    return key.alarms


def _two_keys(place: Place, key: Key) -> Alarms:
    """RFC 6376 section 3.6.2.2: what happens then is undefined."""
    other = next(key_ for key_ in (Key(), Key(bits=4096)) if key_ != key)
    place.publish(place.name, key.text, other.text)
    return key.alarms | {"dkim.multiple-keys"}


def _wildcard_key(place: Place, key: Key) -> Alarms:
    place.publish(f"*._domainkey.{place.domain}", key.text)
    return key.alarms


def _at_parent(place: Place, key: Key) -> Alarms:
    place.publish(f"{place.selector}._domainkey.{place.organisation}", key.text)
    hidden = place.wildcard and place.domain != place.organisation  # then there is something at the domain itself
    return {"dkim.other-text"} if hidden else key.alarms


def _text(place: Place, _key: Key) -> Alarms:
    place.publish(place.name, place.rng.choice(["hello", "", "v=spf1 -all"]))
    return {"dkim.other-text"}


def _dangling(place: Place, _key: Key) -> Alarms:
    place.zone.add(place.name, f"CNAME nothing.c{place.number}.{KEYS_ZONE}.")
    return {"dkim.alias-without-target"}


def _nothing(place: Place, _key: Key) -> Alarms:
    return {"dkim.other-text" if place.wildcard else "dkim.key-missing"}


def _doubled(place: Place, key: Key) -> Alarms:
    place.publish(f"{place.name}.{place.domain}", key.text)
    return {"dkim.other-text" if place.wildcard else "dkim.key-at-doubled-name"}


def _unguessable(place: Place, _key: Key) -> Alarms:
    """A good key under a name that nobody told us."""
    place.publish(f"nobody-knows._domainkey.{place.domain}", Key().text)
    return set()


def _none(place: Place, _key: Key) -> Alarms:
    """RFC 8020: nothing lies below a name that does not exist."""
    return set() if place.wildcard else {"dkim.no-keys"}


NAMED: tuple[tuple[Callable[[Place, Key], Alarms], int], ...] = (
    (_key, 12), (_two_keys, 1), (_wildcard_key, 1), (_at_parent, 1), (_text, 1), (_dangling, 1), (_nothing, 1), (_doubled, 1),
)  # fmt: skip
UNNAMED = (_unguessable, _none)


def some_dkim(rng: random.Random, zone: Published, domain: str, organisation: str, number: int, *, wildcard: bool) -> Dkim:
    """Publish something and return what must be said; of one in ten domains nobody knows the selectors."""
    place = Place(
        rng=rng, zone=zone, domain=domain, organisation=organisation, number=number, wildcard=wildcard,
        selector=rng.choice(["s1", "mail", "2026-a", "x_1", "a.b"]),
    )  # fmt: skip
    key = random_key(rng)
    if rng.random() < 0.1:
        shape = rng.choice(UNNAMED)
        return Dkim(shape=shape.__name__, selectors=(), alarms=frozenset(shape(place, key)))
    shapes, weights = zip(*NAMED, strict=True)
    shape = rng.choices(shapes, weights)[0]
    selectors: tuple[str, ...] = (place.selector,)
    alarms = shape(place, key)
    if rng.random() < 0.2:
        other = random_key(rng)
        zone.add(f"other._domainkey.{domain}", "TXT " + " ".join(f'"{piece}"' for piece in _pieces(other.text, 255)))
        selectors, alarms = (*selectors, "other"), alarms | other.alarms
    return Dkim(shape=f"{shape.__name__} {key.bits}", selectors=selectors, alarms=frozenset(alarms))
