"""Scripts of mail servers, honest, odd and hostile, for the worlds of mail_worlds. Real sockets are opened by tests.fakes.smtp_server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.fakes.certificates import Authority, self_signed
from tests.fakes.smtp_server import Gone, Ordinary, Peer, Script
from tests.fakes.smtp_world import HOST, authority, good

CORE = "CANARY7Q"  # plain letters survive every way of escaping, so this is what is searched for
PASSWORD = f"pä\"'{CORE}<ü>& %41\\ß"
USER = "office@club.example"


@dataclass
class Server(Ordinary):
    """A server that also knows CRAM-MD5 and SCRAM, keeps extra EHLO lines, and can be slow or odd."""

    user: str = USER
    password: str = PASSWORD
    secure: Callable[[], ssl.SSLContext] = lambda: good().context()
    name: str = "mx.club.example"
    extra: tuple[str, ...] = ()
    """EHLO lines once encrypted."""
    clear: tuple[str, ...] = ()
    """EHLO lines before that."""
    lower: bool = False
    pause: float = 0.0
    """Seconds between two octets."""
    delays: Mapping[str, float] = field(default_factory=dict)
    """Seconds of silence before a reply, by verb."""
    line_end: str = "\r\n"
    echo: Callable[[str], str] | None = None
    """Makes the refusal of a login out of the last line that the client said."""

    async def __call__(self, peer: Peer) -> None:
        await super().__call__(Slow(peer, self.pause) if self.pause else peer)

    async def _encrypt(self, peer: Peer) -> None:
        await peer.start_tls(self.secure())

    async def _say(self, peer: Peer, verb: str, usual: str) -> str:
        if verb in self.delays:
            await peer.silence(self.delays[verb])
        if self.line_end == "\r\n" or verb in self.replies:
            return await super()._say(peer, verb, usual)
        await peer.send(usual.replace("\r\n", self.line_end) + self.line_end)
        return usual

    async def _on_ehlo(self, peer: Peer, _line: str) -> None:
        encrypted = peer.encrypted or self.tls == "none"
        offers = [*self.offers, *(self.extra if encrypted else self.clear)]
        if self.tls == "starttls" and not peer.encrypted:
            offers.append("STARTTLS")
        elif self.mechanisms:
            offers.append(f"AUTH {self.mechanisms}")
        await self._say(peer, "EHLO", reply(250, self.name, *(text.lower() if self.lower else text for text in offers)))

    async def _on_auth(self, peer: Peer, line: str) -> None:
        mechanism = line.split(" ")[1]
        if self.echo is not None:
            said = line if mechanism == "PLAIN" else [await self._ask(peer, "Username:"), await self._ask(peer, "Password:")][1]
            await peer.send(self.echo(said.rpartition(" ")[2]) + "\r\n")
            await peer.until_gone()
        elif mechanism == "CRAM-MD5":
            await self._cram(peer)
        elif mechanism == "SCRAM-SHA-256":
            await self._scram(peer, line.split(" ")[2])
        else:
            await super()._on_auth(peer, line)

    async def _cram(self, peer: Peer) -> None:
        challenge = "<1896.697170952@mx.club.example>"
        answer = base64.b64decode(await self._ask(peer, challenge)).decode()
        digest = hmac.new(self.password.encode(), challenge.encode(), "md5").hexdigest()
        right = answer == f"{self.user} {digest}"
        await self._say(peer, "AUTH", "235 2.7.0 welcome" if right else "535 5.7.8 user name or password is wrong")

    async def _scram(self, peer: Peer, first: str) -> None:
        bare = base64.b64decode(first).decode().removeprefix("n,,")
        nonce = bare.partition("r=")[2] + "server"
        salt = b"0123456789abcdef"
        challenge = f"r={nonce},s={base64.b64encode(salt).decode()},i=4096"
        final = base64.b64decode(await self._ask(peer, challenge)).decode()
        without, _, _proof = final.rpartition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), salt, 4096)
        whole = f"{bare},{challenge},{without}".encode()
        proof = base64.b64encode(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256")).decode()
        await self._ask(peer, f"v={proof}")
        await self._say(peer, "AUTH", "235 2.7.0 welcome")


class Slow(Peer):
    """Sends in single octets, with a pause between them."""

    def __init__(self, peer: Peer, pause: float) -> None:
        super().__init__(peer._reader, peer._writer, peer.number)
        self.lines = peer.lines
        self._peer = peer
        self._pause = pause

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await super().start_tls(context)
        self._peer.encrypted = True

    async def send(self, text: str | bytes) -> None:
        octets = text.encode("latin-1") if isinstance(text, str) else text
        for number in range(len(octets)):
            await asyncio.sleep(self._pause)
            await super().send(octets[number : number + 1])


def reply(code: int, *lines: str) -> str:
    """Write a reply of several lines, without the last line end."""
    return "\r\n".join(f"{code}{' ' if number == len(lines) else '-'}{text}" for number, text in enumerate(lines, start=1))


def answering(**replies: str) -> Server:
    """Return the usual server with other replies, by verb."""
    return Server(replies=replies)


def beside(script: Script) -> Script:
    """Be the usual server at 127.0.0.1, and another everywhere else."""

    async def chosen(peer: Peer) -> None:
        address = peer._writer.get_extra_info("sockname")[0]
        await (Server() if address == "127.0.0.1" else script)(peer)

    return chosen


def then(script: Script) -> Script:
    """Be the usual server at first, and another from the second connection on."""

    async def chosen(peer: Peer) -> None:
        await (Server() if peer.number == 0 else script)(peer)

    return chosen


def issued(label: str, *names: str, days: tuple[float, float] = (-1, 90), rsa_bits: int = 0) -> Callable[[], ssl.SSLContext]:
    """Return what makes a certificate of the trusted issuer when it is needed."""
    return lambda: authority().issue(f"world-{label}", *names, days=days, rsa_bits=rsa_bits).context()


def own_certificate() -> ssl.SSLContext:
    """Return a certificate that only its own key has signed."""
    return self_signed(authority().roots.parent, "world-own", HOST).context()


def strange_certificate() -> ssl.SSLContext:
    """Return a certificate of an issuer that nobody knows."""
    return Authority(authority().roots.parent, "Nobody's Root").issue("world-strange", HOST).context()


def nameless_certificate() -> ssl.SSLContext:
    """Return a certificate that has our name where names no longer count."""
    return authority().issue("world-nameless", HOST, alternative=False).context()


def says_first(text: str | bytes) -> Script:
    """Say this at once and wait for the client to go."""

    async def script(peer: Peer) -> None:
        await peer.send(text)
        await peer.until_gone()

    return script


def says_and_closes(text: str | bytes) -> Script:
    """Say this at once and hang up."""

    async def script(peer: Peer) -> None:
        await peer.send(text)

    return script


async def mute(peer: Peer) -> None:
    """Say nothing at all."""
    await peer.until_gone()


async def cut_at_once(peer: Peer) -> None:
    """Reset the connection."""
    peer.cut()
    raise Gone


async def dripping(peer: Peer) -> None:
    """Greet a letter at a time, without end."""
    await peer.send("220 ")
    while True:
        await peer.send("x")
        await asyncio.sleep(0.2)


def endless(first: bytes, more: bytes) -> Script:
    """Send the same octets for ever; a client that says something gets nothing else either."""

    async def script(peer: Peer) -> None:
        await peer.send(first)
        while True:
            await peer.send(more)

    return script


async def web_server(peer: Peer) -> None:
    """Wait for a question, as web servers do, and find it bad."""
    await peer.hello()
    await peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def after_starttls(text: str | bytes) -> Script:
    """Offer STARTTLS and answer it so."""

    async def script(peer: Peer) -> None:
        await peer.send("220 mx.club.example ESMTP\r\n")
        await peer.expect("EHLO")
        await peer.send("250-mx.club.example\r\n250 STARTTLS\r\n")
        await peer.expect("STARTTLS")
        await peer.send(text)
        await peer.until_gone()

    return script


def handshake_reply(octets: bytes) -> Script:
    """Answer the TLS handshake with these octets."""

    async def script(peer: Peer) -> None:
        await peer.send("220 mx.club.example ESMTP\r\n")
        await peer.expect("EHLO")
        await peer.send("250-mx.club.example\r\n250 STARTTLS\r\n")
        await peer.expect("STARTTLS")
        await peer.send("220 go\r\n")
        await peer.hello()
        await peer.send(octets)

    return script


HANDSHAKE_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"  # fatal, handshake_failure
INTERNAL_ALERT = b"\x15\x03\x03\x00\x02\x02\x50"  # fatal, internal_error


def only(version: ssl.TLSVersion) -> Callable[[], ssl.SSLContext]:
    """Return what makes a context that knows one version of TLS."""

    def make() -> ssl.SSLContext:
        context = good().context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
            context.minimum_version = context.maximum_version = version
        return context

    return make
