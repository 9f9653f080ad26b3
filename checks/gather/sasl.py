"""SASL: what the client answers in an AUTH exchange (RFC 4954). Knows no socket; octets in, octets out.

A mechanism makes exactly one attempt. What it refuses (a challenge that is no challenge, a server that cannot prove that it knows
the password) it refuses with a `SaslError`, whose sentence never holds the password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from collections.abc import Iterable

from checks.secret import Secret
from checks.settings import Auth

# The best that both sides know. CRAM-MD5 stands behind PLAIN: inside verified TLS it protects nothing more, and it makes servers
# keep the password in clear. XOAUTH2 and OAUTHBEARER need a token where the others need a password, so nobody can choose them but the person.
PREFERENCE = (Auth.SCRAM_SHA_256, Auth.PLAIN, Auth.LOGIN, Auth.CRAM_MD5)
MIN_ITERATIONS = 4096  # RFC 7677 section 4
MAX_ITERATIONS = 600_000  # about half a second; more would let a server keep us busy


class SaslError(Exception):
    """The exchange must not go on; says why."""


class SaslRefusedError(SaslError):
    """The server refuses inside the exchange; an empty answer brings the reply that says why (RFC 5802 section 7, RFC 4954 section 4)."""


class Mechanism:
    """One attempt to log in. `PLAIN` and the others are its kinds."""

    name: str = ""
    shows_challenges: bool = True
    """Whether the server's challenges may be kept in a transcript: not if they help to guess the password."""

    def __init__(self, username: str, secret: Secret) -> None:
        self._username = username
        self._secret = secret
        self._step = 0

    def initial(self) -> bytes | None:
        """What is said at once; None if the server speaks first."""
        return None

    def answer(self, challenge: bytes) -> bytes:
        """Answer a challenge, as it came (base64)."""
        raise NotImplementedError

    def accept(self) -> None:
        """The server says that all is well. Raises `SaslError` if the mechanism knows better."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class Plain(Mechanism):
    """RFC 4616: both in one message, UTF-8."""

    name = "PLAIN"

    def initial(self) -> bytes:
        return b"\0".join((b"", self._username.encode(), self._secret.reveal().encode()))

    def answer(self, challenge: bytes) -> bytes:
        raise SaslError(f"the server asks on where PLAIN has nothing more to say ({len(challenge)} octets)")


class Login(Mechanism):
    """Never standardised: the server asks for the user name, then for the password; how it words that differs and does not count."""

    name = "LOGIN"

    def answer(self, challenge: bytes) -> bytes:
        self._step += 1
        if self._step > 2:  # user name and password
            raise SaslError(f"the server asks a third time where LOGIN has two answers ({len(challenge)} octets)")
        return (self._username if self._step == 1 else self._secret.reveal()).encode()


class CramMd5(Mechanism):
    """RFC 2195: a keyed digest of the server's challenge."""

    name = "CRAM-MD5"
    shows_challenges = False

    def answer(self, challenge: bytes) -> bytes:
        self._step += 1
        if self._step > 1:
            raise SaslError("the server asks twice where CRAM-MD5 has one answer")
        text = decoded(challenge)
        if not text:
            raise SaslError("the server's CRAM-MD5 challenge is empty")
        digest = hmac.new(self._secret.reveal().encode(), text, "md5").hexdigest()
        return f"{self._username} {digest}".encode()


class Bearer(Mechanism):
    """A token in place of a password. An error arrives as a challenge, is acknowledged, and the reply that refuses follows."""

    error_seen: bytes = b""
    """What acknowledges the error."""

    def _token(self) -> str:
        return _undivided(self._secret.reveal(), "what is stored is no token: it")

    def answer(self, challenge: bytes) -> bytes:
        self._step += 1
        if self._step > 1:
            raise SaslError(f"the server asks on after its error message ({len(challenge)} octets)")
        return self.error_seen


class XOAuth2(Bearer):
    """Google's and Microsoft's form; the error is answered with nothing."""

    name = "XOAUTH2"

    def initial(self) -> bytes:
        return f"user={_undivided(self._username)}\1auth=Bearer {self._token()}\1\1".encode()


class OAuthBearer(Bearer):
    """RFC 7628, the standard's form."""

    name = "OAUTHBEARER"
    error_seen = b"\1"  # section 3.2.3

    def initial(self) -> bytes:
        user = _undivided(self._username).replace("=", "=3D").replace(",", "=2C")  # a saslname: RFC 5801 section 4
        return f"n,a={user},\1auth=Bearer {self._token()}\1\1".encode()


class ScramSha256(Mechanism):
    """RFC 5802 and RFC 7677, without channel binding. The server has to prove that it knows the password, too."""

    name = "SCRAM-SHA-256"
    shows_challenges = False

    def __init__(self, username: str, secret: Secret, *, nonce: str = "") -> None:
        super().__init__(username, secret)
        self._nonce = nonce or secrets.token_urlsafe(24)
        self._signature = b""
        self._proved = False

    @property
    def _bare(self) -> str:
        name = prepared(self._username).replace("=", "=3D").replace(",", "=2C")  # RFC 5802 section 5.1
        return f"n={name},r={self._nonce}"

    def initial(self) -> bytes:
        return f"n,,{self._bare}".encode()

    def answer(self, challenge: bytes) -> bytes:
        self._step += 1
        if self._step == 1:
            return self._prove(decoded(challenge))
        if self._step == 2:  # the server's proof is the second and last
            self._check(decoded(challenge))
            return b""
        raise SaslError("the server asks on after its proof")

    def accept(self) -> None:
        if not self._proved:
            raise SaslError("the server says yes without having proved that it knows the password (RFC 5802 section 5)")

    def _prove(self, challenge: bytes) -> bytes:
        _heed(challenge)
        match = re.fullmatch(
            rb"r=([\x21-\x2b\x2d-\x7e]{1,1024}),s=([A-Za-z0-9+/]{1,1024}={0,2}),i=([1-9][0-9]{0,8})(?:,.*)?", challenge, re.DOTALL
        )
        if match is None:
            raise SaslError("the server's SCRAM challenge is not one (RFC 5802 section 7)")
        nonce, salt, iterations = match[1].decode(), decoded(match[2]), int(match[3])
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise SaslError("the server's SCRAM challenge does not continue our nonce: it belongs to another exchange")
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
            raise SaslError(
                f"the server asks for {iterations} iterations; between {MIN_ITERATIONS} and {MAX_ITERATIONS} are reasonable"
            )
        salted = hashlib.pbkdf2_hmac("sha256", prepared(self._secret.reveal()).encode(), salt, iterations)
        final = f"c=biws,r={nonce}".encode()  # biws: base64 of "n,,"
        whole = b",".join((self._bare.encode(), challenge, final))
        key = hmac.digest(salted, b"Client Key", "sha256")
        stamp = hmac.digest(hashlib.sha256(key).digest(), whole, "sha256")
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256")
        proof = bytes(one ^ other for one, other in zip(key, stamp, strict=True))
        return final + b",p=" + base64.b64encode(proof)

    def _check(self, challenge: bytes) -> None:
        _heed(challenge)
        match = re.fullmatch(rb"v=([A-Za-z0-9+/]{1,128}={0,2})(?:,.*)?", challenge, re.DOTALL)
        if match is None or not hmac.compare_digest(decoded(match[1]), self._signature):
            raise SaslError("the server could not prove that it knows the password (RFC 5802 section 5)")
        self._proved = True


def _heed(challenge: bytes) -> None:
    """Tell a refusal (server-error, RFC 5802 section 7) from a faulty message; a wrong password comes as `invalid-proof`."""
    if match := re.match(rb"e=([a-z-]{1,60})", challenge):
        raise SaslRefusedError(f"the server breaks the exchange off: {match[1].decode()}")


_KINDS: dict[str, type[Mechanism]] = {cls.name: cls for cls in (Plain, Login, CramMd5, ScramSha256, XOAuth2, OAuthBearer)}


def choose(auth: Auth, offered: Iterable[str]) -> str:
    """Return the name of the mechanism to use: the one asked for, or the best of those offered; empty if there is none."""
    wanted = PREFERENCE if auth is Auth.AUTO else (auth,)
    have = set(offered)
    return next((one.value.upper() for one in wanted if one.value.upper() in have), "")


def mechanism(name: str, username: str, secret: Secret) -> Mechanism:
    """Make the one attempt."""
    return _KINDS[name](username, secret)


def decoded(text: bytes) -> bytes:
    """Return what base64 stands for; `SaslError` if it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SaslError("the server's challenge is no base64 (RFC 4954 section 4)") from None


def _undivided(text: str, what: str = "the user name") -> str:
    """Refuse text that could not be told from what follows it: control characters divide the fields (RFC 7628 section 3.1)."""
    if any(ord(char) < 32 for char in text):
        raise SaslError(f"{what} has a line break or another control character in it")
    return text


def prepared(text: str) -> str:
    """Return a user name or password in the one form of its several spellings (SASLprep, RFC 4013, as a query)."""
    mapped = "".join(" " if stringprep.in_table_c12(char) else char for char in text if not stringprep.in_table_b1(char))
    normal = unicodedata.normalize("NFKC", mapped)
    forbidden = (
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )
    if any(table(char) for char in normal for table in forbidden):
        raise SaslError("user name or password has a character that SCRAM does not allow, like a line break")
    return normal
