"""What is done in a mailbox: log in once, find the folders, look for one message, read it. Nothing is changed, nothing is marked as read."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import TypeVar

from checks.gather.imap_draft import Ended, Hit
from checks.gather.imap_talk import ImapTalk
from checks.probes import ArrivalFault, ArrivalProbe, ArrivalStage, MailFolder
from checks.probes.arrival import MAX_MESSAGE
from checks.records.imap_meaning import Fetched, Listed, fetched, found, listed
from checks.records.imap_response import ImapProblem, Response
from checks.records.own_message import is_it
from checks.secret import Secret

MAX_JUNK = 4  # folders looked at besides INBOX
MAX_LISTED = 2_000  # folders remembered
MAX_FOUND = 20  # numbers remembered of a search
MAX_HITS = 3  # messages read of those that a search names; the newest first
INBOX = Listed(wire_name="INBOX", folder=MailFolder(name="INBOX"))  # RFC 3501 section 5.1: every mailbox has it
_ID = re.compile(r"[!#-\[\]-~]{1,400}")  # printable, without quote and backslash
T = TypeVar("T")


async def log_in(talk: ImapTalk, username: str, secret: Secret) -> None:
    """Make the one attempt. Whatever the server says then is the answer: nothing is tried again, nor another way."""
    talk.draft.stage = ArrivalStage.LOGIN
    await talk.know()
    line, shown, answers = _login(talk, username, secret.reveal())
    talk.capabilities = ()  # RFC 3501 section 6.2.3: they change with the login
    status = await talk.command(line, shown=shown, answers=answers)
    if status.kind != "OK":
        said = talk.words_of(status)
        raise Ended(ArrivalFault.LOGIN_REFUSED, f"the mailbox refuses the login: {said}", reply=said, in_step=True)


def _login(talk: ImapTalk, username: str, password: str) -> tuple[str, str, list[bytes]]:
    """Return the command, what the transcript shows of it, and what follows when the server asks."""
    if "AUTH=PLAIN" in talk.capabilities:  # RFC 4616: any characters
        encoded = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
        talk.redact.learn_line(encoded)
        if "SASL-IR" in talk.capabilities:  # RFC 4959
            return f"AUTHENTICATE PLAIN {encoded}", "AUTHENTICATE PLAIN [secret]", []
        return "AUTHENTICATE PLAIN", "AUTHENTICATE PLAIN", [encoded.encode()]
    if "LOGINDISABLED" in talk.capabilities or not _quotable(username):  # RFC 3501 section 6.2.3
        offered = ", ".join(word.removeprefix("AUTH=") for word in talk.capabilities if word.startswith("AUTH="))
        ways = talk.redact(offered)[:200] or "no way to log in"
        raise Ended(ArrivalFault.NO_COMMON_LOGIN, f"the mailbox offers {ways}, not PLAIN or LOGIN with a password", in_step=True)
    talk.redact.learn_line(quoted(password))
    if _quotable(password):
        return f"LOGIN {quoted(username)} {quoted(password)}", f"LOGIN {quoted(username)} [secret]", []
    octets = password.encode()  # RFC 3501 section 4.3: other characters travel as a literal
    line = f"LOGIN {quoted(username)} {{{len(octets)}}}"
    return line, line, [octets]


def quoted(text: str) -> str:
    """Return a string as it may stand in a command (RFC 3501 section 4.3)."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def _quotable(text: str) -> bool:
    return text.isascii() and text.isprintable()


async def find_folders(talk: ImapTalk) -> list[Listed]:
    """Return INBOX and the folders that hold what was taken for spam: those that the server names so first."""
    talk.draft.stage = ArrivalStage.FOLDERS
    await talk.know()
    extended = "SPECIAL-USE" in talk.capabilities and "LIST-EXTENDED" in talk.capabilities  # RFC 6154 section 3, RFC 5258
    junk: list[Listed] = []

    def each(response: Response) -> None:
        one = _sound(listed(response))
        if one is not None and one.folder.junk and one.wire_name.upper() != "INBOX" and len(junk) < MAX_LISTED:
            junk.append(replace(one, folder=replace(one.folder, name=talk.redact(one.folder.name))))

    status = await talk.command('LIST "" "*" RETURN (SPECIAL-USE)' if extended or _rev2(talk) else 'LIST "" "*"', each=each)
    if status.kind != "OK":
        talk.draft.remark("the server does not list its folders; only INBOX is looked at")
    junk.sort(key=lambda one: (not one.folder.special_use, len(one.folder.name), one.folder.name))
    return [INBOX, *dict.fromkeys(junk)][: 1 + MAX_JUNK]


def _rev2(talk: ImapTalk) -> bool:
    return "IMAP4REV2" in talk.capabilities  # RFC 9051 includes both extensions


class Search:
    """Looks for the one message, as often as it is asked to."""

    def __init__(self, talk: ImapTalk, probe: ArrivalProbe) -> None:
        self._talk = talk
        self._probe = probe
        self._others: set[tuple[str, int]] = set()
        ids = [one for one in (probe.message_id, probe.mark) if one]
        if not ids or not all(_ID.fullmatch(one) for one in ids):
            raise Ended(ArrivalFault.MALFORMED, "the id of the message that is looked for cannot be asked for", in_step=True)
        plain = f"HEADER Message-ID {quoted(probe.message_id or probe.mark)}"
        mark = f"OR HEADER X-Sendready-Id {quoted(probe.mark)} SUBJECT {quoted(probe.mark)}"  # RFC 3501 section 6.4.4
        self._criteria = [f"OR {plain} {mark}", plain] if probe.mark else [plain]

    async def look(self, place: Listed) -> Hit | None:
        """Look into one folder. Raises `Ended` also if the folder cannot be opened."""
        talk = self._talk
        talk.draft.stage = ArrivalStage.SEARCH
        await talk.expect(f"EXAMINE {quoted(place.wire_name)}", f"the folder {place.folder.name} cannot be opened")
        uids = [uid for uid in await self._search() if (place.wire_name, uid) not in self._others]
        for uid in uids[: -MAX_HITS - 1 : -1]:
            one = await self._fetch(uid)
            if one is None or one.raw is None:
                continue
            if is_it(one.raw, message_id=self._probe.message_id, mark=self._probe.mark):
                return self._hit(one, one.raw, place.folder)
            self._others.add((place.wire_name, uid))
        return None

    async def _search(self) -> tuple[int, ...]:
        numbers: list[int] = []

        def each(response: Response) -> None:
            numbers[:] = sorted({*numbers, *(_sound(found(response)) or ())})[-MAX_FOUND:]

        while True:
            status = await self._talk.command(f"UID SEARCH {self._criteria[0]}", each=each)
            if status.kind == "OK":
                return tuple(numbers)
            if len(self._criteria) == 1:
                said = self._talk.words_of(status)
                raise Ended(ArrivalFault.REJECTED, f"the mailbox cannot be searched: {said}", reply=said, in_step=True)
            del self._criteria[0]  # not every server searches for headers of ours

    async def _fetch(self, uid: int) -> Fetched | None:
        talk = self._talk
        talk.draft.stage = ArrivalStage.FETCH
        got: list[Fetched] = []

        def each(response: Response) -> None:
            one = _sound(fetched(response))
            if one is not None and one.uid == uid and one.raw is not None:
                got[:] = [one]

        items = f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{MAX_MESSAGE}>)"  # PEEK: it is not marked as read
        status = await talk.command(f"UID FETCH {uid} {items}", each=each, seconds=talk.timeouts.fetch, literal_limit=MAX_MESSAGE)
        if status.kind != "OK":
            said = talk.words_of(status)
            raise Ended(ArrivalFault.REJECTED, f"the message is there, but cannot be read: {said}", reply=said, in_step=True)
        return got[0] if got else None

    def _hit(self, one: Fetched, octets: bytes, folder: MailFolder) -> Hit:
        text = octets.decode("latin-1")
        clean = self._talk.redact.message(text)
        return Hit(
            raw=clean[:MAX_MESSAGE],
            cut=len(octets) >= MAX_MESSAGE and one.size != len(octets),
            masked=clean != text,
            size=max(one.size, len(octets)),
            folder=folder,
            flags=tuple(self._talk.redact(flag) for flag in one.flags),
            internal_date=one.internal_date,
        )


def _sound(read: T | ImapProblem | None) -> T | None:
    """Return what was read, or end the conversation with a server whose answers cannot be read."""
    if isinstance(read, ImapProblem):
        raise Ended(ArrivalFault.TOO_LONG if read.too_long else ArrivalFault.MALFORMED, read.text)
    return read
