"""The script of a mailbox server that does everything right, with single answers exchanged; the sockets are those of smtp_server.

Strict: a command that it does not know, or that would change anything, fails the test.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.smtp_server import Gone, Peer, Unexpected

DATE = "23-Nov-2026 13:00:05 +0100"


@dataclass
class Box:
    """One folder."""

    attributes: str = "\\HasNoChildren"
    messages: list[bytes] = field(default_factory=list)
    appears: list[tuple[int, bytes]] = field(default_factory=list)
    """Messages that come by the n-th EXAMINE, counted from 1."""
    opened: int = 0


@dataclass
class ImapScript:
    """The script. Use it with `FakeServer`."""

    boxes: dict[str, Box] = field(default_factory=lambda: {"INBOX": Box()})
    tls: str = "implicit"
    """implicit, starttls or none."""
    context: ssl.SSLContext | None = None
    user: str = "reader@club.example"
    password: str = "silver orchard"
    offers: str = "IMAP4rev1 SASL-IR AUTH=PLAIN SPECIAL-USE LIST-EXTENDED"
    replies: Mapping[str, str] = field(default_factory=dict)
    """Other answers, by command or GREETING: {tag} stands for the tag, CRLF are the script's. "CUT" hangs up, "HUSH" says nothing."""
    selected: str = ""
    logins: int = 0

    async def __call__(self, peer: Peer) -> None:
        if self.tls == "implicit":
            await self._encrypt(peer)
        await self._say(peer, "GREETING", "", "* OK ready\r\n")
        while True:
            line = await peer.line()
            tag, _, rest = line.partition(" ")
            verb = rest.removeprefix("UID ").partition(" ")[0].upper()
            handler = getattr(self, f"_on_{verb.lower()}", None)
            if handler is None:
                raise Unexpected(f"no such command: {line!r}")
            await handler(peer, tag, rest)
            if verb == "LOGOUT":
                return

    async def _encrypt(self, peer: Peer) -> None:
        assert self.context is not None
        await peer.start_tls(self.context)

    async def _say(self, peer: Peer, verb: str, tag: str, usual: str | bytes) -> bool:
        """Say the usual or what stands in its place; tell whether it was the usual."""
        if verb not in self.replies:
            await peer.send(usual)
            return True
        text = self.replies[verb]
        if text == "CUT":
            peer.cut()
            raise Gone
        if text == "HUSH":
            await peer.until_gone()
        await peer.send(text.replace("{tag}", tag))
        return False

    async def _on_capability(self, peer: Peer, tag: str, _rest: str) -> None:
        offers = self.offers
        if self.tls == "starttls" and not peer.encrypted:
            offers = "IMAP4rev1 STARTTLS LOGINDISABLED"
        await self._say(peer, "CAPABILITY", tag, f"* CAPABILITY {offers}\r\n{tag} OK done\r\n")

    async def _on_starttls(self, peer: Peer, tag: str, _rest: str) -> None:
        if await self._say(peer, "STARTTLS", tag, f"{tag} OK begin\r\n"):
            await self._encrypt(peer)

    async def _on_authenticate(self, peer: Peer, tag: str, rest: str) -> None:
        words = rest.split(" ")
        if len(words) == 3 and "SASL-IR" not in self.offers:
            raise Unexpected("an initial response that was not offered")
        if len(words) < 3:
            await peer.send("+ \r\n")
        given = words[2] if len(words) == 3 else await peer.line()
        await self._judge(peer, tag, base64.b64decode(given) == f"\0{self.user}\0{self.password}".encode(), "AUTHENTICATE")

    async def _on_login(self, peer: Peer, tag: str, rest: str) -> None:
        match = re.fullmatch(r'LOGIN "([^"]*)" (?:"(.*)"|\{([0-9]+)\})', rest)
        if match is None:
            raise Unexpected(f"a strange login: {rest!r}")
        password = match[2].replace("\\\\", "\\").replace('\\"', '"') if match[3] is None else ""
        if match[3] is not None:
            await peer.send("+ go on\r\n")
            password = (await peer.line()).encode("latin-1").decode()
        await self._judge(peer, tag, (match[1], password) == (self.user, self.password), "LOGIN")

    async def _judge(self, peer: Peer, tag: str, right: bool, verb: str) -> None:
        self.logins += 1
        if not peer.encrypted and self.tls != "none":
            raise Unexpected("a password without TLS")
        usual = f"{tag} OK in\r\n" if right else f"{tag} NO [AUTHENTICATIONFAILED] Wrong user or password.\r\n"
        await self._say(peer, verb, tag, usual)

    async def _on_list(self, peer: Peer, tag: str, _rest: str) -> None:
        lines = "".join(f'* LIST ({box.attributes}) "/" "{name}"\r\n' for name, box in self.boxes.items())
        await self._say(peer, "LIST", tag, f"{lines}{tag} OK done\r\n")

    async def _on_examine(self, peer: Peer, tag: str, rest: str) -> None:
        self.selected = rest.partition(" ")[2].strip('"')
        box = self.boxes[self.selected]
        box.opened += 1
        box.messages += [message for when, message in box.appears if when == box.opened]
        usual = f"* {len(box.messages)} EXISTS\r\n* OK [UIDVALIDITY 1]\r\n{tag} OK [READ-ONLY] opened\r\n"
        await self._say(peer, f"EXAMINE {self.selected}" if f"EXAMINE {self.selected}" in self.replies else "EXAMINE", tag, usual)

    async def _on_search(self, peer: Peer, tag: str, rest: str) -> None:
        wanted = [word.encode() for word in re.findall(r'(?:HEADER \S+|SUBJECT) "([^"]*)"', rest)]
        heads = [message.partition(b"\r\n\r\n")[0] for message in self.boxes[self.selected].messages]
        hits = [str(number) for number, head in enumerate(heads, start=101) if any(word in head for word in wanted)]
        await self._say(peer, "SEARCH", tag, f"* SEARCH{''.join(f' {hit}' for hit in hits)}\r\n{tag} OK done\r\n")

    async def _on_fetch(self, peer: Peer, tag: str, rest: str) -> None:
        match = re.fullmatch(r"UID FETCH ([0-9]+) \(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK\[\]<0.([0-9]+)>\)", rest)
        if match is None:
            raise Unexpected(f"a strange fetch: {rest!r}")
        message = self.boxes[self.selected].messages[int(match[1]) - 101]
        part = message[: int(match[2])]
        head = f'* 1 FETCH (UID {match[1]} FLAGS (\\Recent) INTERNALDATE "{DATE}" RFC822.SIZE {len(message)} BODY[]<0> {{{len(part)}}}\r\n'
        await self._say(peer, "FETCH", tag, head.encode() + part + f")\r\n{tag} OK done\r\n".encode())

    async def _on_logout(self, peer: Peer, tag: str, _rest: str) -> None:
        await self._say(peer, "LOGOUT", tag, f"* BYE see you\r\n{tag} OK done\r\n")
