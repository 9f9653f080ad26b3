"""What IMAP responses say: capabilities, folders, the numbers of messages found, and a message. Pure and total."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from checks.probes import MailFolder
from checks.records.imap_response import ImapProblem, Response, Token, tokens

MAX_WORDS = 200  # capabilities and flags kept; servers have about 40
MAX_WORD = 200  # characters of one
MAX_FLAGS = 50
MAX_NAME = 500  # characters of a folder's name
MAX_FOUND = 500  # numbers in an answer to SEARCH; for an id that is ours alone, one is right
MAX_UID = 2**32 - 1  # RFC 3501 section 9: nz-number
JUNK = ("\\JUNK", "\\SPAM")  # RFC 6154 section 2; the second is the older XLIST's
_OTHER_USES = ("\\ALL", "\\ARCHIVE", "\\DRAFTS", "\\FLAGGED", "\\SENT", "\\TRASH")
_NOT_A_FOLDER = ("\\NOSELECT", "\\NONEXISTENT")  # RFC 3501 section 7.2.2, RFC 5258 section 3

# Where a server does not say what a folder is for, its usual names in the languages of our users, without their signs.
_JUNK_NAMES = frozenset(
    (
        "spam", "junk", "junkemail", "junkemails", "junkmail", "junkmails", "bulk", "bulkmail", "spamverdacht", "spammails",
        "unerwünscht", "werbung", "courrierindésirable", "courriersindésirables", "indésirables", "indésirable", "pourriel", "pourriels",
        "postaindesiderata", "indesiderata", "correonodeseado", "ongewenst", "ongewenstemail",
    )
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One folder, as LIST tells it."""

    wire_name: str
    """As the server wrote it, to be said back to it."""
    folder: MailFolder


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What FETCH tells of one message."""

    uid: int = 0
    size: int = 0
    """Octets of the whole message; 0 if the server did not say."""
    flags: tuple[str, ...] = ()
    internal_date: str = ""
    """ISO 8601; empty if it cannot be read."""
    raw: bytes | None = None
    """None: not told."""


def capabilities(response: Response) -> tuple[str, ...] | None:
    """Return what a server can do, upper case, from `* CAPABILITY ...` or `OK [CAPABILITY ...]`; None if it says nothing of that."""
    status = response.status
    if status is not None:
        if status.code != "CAPABILITY":
            return None
        words = status.details.split()
    elif response.tag == "*" and response.word == "CAPABILITY":
        words = response.text.split()[1:]
    else:
        return None
    return tuple(dict.fromkeys(word.upper()[:MAX_WORD] for word in words[:MAX_WORDS]))


def listed(response: Response) -> Listed | ImapProblem | None:
    """Read a LIST response; None if it is another one, or a folder that cannot be opened."""
    if response.tag != "*" or response.word not in ("LIST", "XLIST"):
        return None
    found = tokens(response)
    if isinstance(found, ImapProblem):
        return found
    match found:
        case [str(), list(attributes), delimiter, name, *_] if isinstance(delimiter, str | bytes | None) and name is not None:
            wire_name = _text(name)
        case _:
            return ImapProblem(text="an answer to LIST has not the form that it must have (RFC 3501 section 7.2.2)", position=0)
    uses = {_text(one).upper() for one in attributes[:MAX_WORDS]}
    if uses & set(_NOT_A_FOLDER) or not _sayable(wire_name):
        return None
    name_shown = folder_name(wire_name)
    own = next((use for use in (*JUNK, *_OTHER_USES) if use in uses), "")
    last = name_shown.rpartition(_text(delimiter))[2] if delimiter else name_shown
    junk = own in JUNK or (not own and is_junk_name(last))
    use = f"\\{own[1:].capitalize()}" if own and own not in JUNK else "\\Junk" if own else ""
    return Listed(wire_name=wire_name, folder=MailFolder(name=name_shown, special_use=use, junk=junk))


def _sayable(name: str) -> bool:
    """Whether a name can be said back in a quoted string (RFC 3501 section 4.3)."""
    return 0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable()


def is_junk_name(name: str) -> bool:
    """Tell whether a folder is usually called so that holds what was taken for spam."""
    return re.sub(r"[\s_.-]", "", name.casefold()) in _JUNK_NAMES


def folder_name(wire_name: str) -> str:
    """Decode modified UTF-7 (RFC 3501 section 5.1.3); what is no such text stays as it is."""
    return re.sub(r"&([A-Za-z0-9+,]*)-", lambda match: _shifted(match[1], match[0]), wire_name)


def _shifted(encoded: str, whole: str) -> str:
    if not encoded:
        return "&"
    padded = encoded.replace(",", "/") + "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode("utf-16-be")
    except ValueError:
        return whole


def found(response: Response) -> tuple[int, ...] | ImapProblem | None:
    """Read a SEARCH response: the numbers, in order; None if it is another one."""
    if response.tag != "*" or response.word != "SEARCH":
        return None
    numbers = []
    words = response.text.split()[1:]
    if len(words) > MAX_FOUND:
        return ImapProblem(text=f"an answer to SEARCH has more than {MAX_FOUND} numbers", position=0, too_long=True)
    for word in words:
        if word.startswith("("):  # RFC 7162 section 3.1.5: (MODSEQ n) may stand at the end
            break
        if not re.fullmatch(r"[0-9]{1,10}", word) or not 0 < int(word) <= MAX_UID:
            return ImapProblem(
                text="an answer to SEARCH has something in it that is no number", position=response.text.find(word)
            )
        numbers.append(int(word))
    return tuple(numbers)


def fetched(response: Response) -> Fetched | ImapProblem | None:
    """Read a FETCH response; None if it is another one."""
    words = response.text.split(maxsplit=2)
    if response.tag != "*" or len(words) < 2 or words[1].upper() != "FETCH":
        return None
    taken = tokens(response)
    if isinstance(taken, ImapProblem):
        return taken
    match taken:
        case [str(), str(), list(items)] if len(items) % 2 == 0:
            return _fetched(zip(items[::2], items[1::2], strict=True))
    return ImapProblem(text="an answer to FETCH has not the form that it must have (RFC 3501 section 7.4.2)", position=0)


def _fetched(pairs: Iterable[tuple[Token, Token]]) -> Fetched:
    uid = size = 0
    flags: tuple[str, ...] = ()
    date, raw = "", None
    for name, value in pairs:
        match name.upper() if isinstance(name, str) else "", value:
            case "UID", str():
                uid = _number(value)
            case "RFC822.SIZE", str():
                size = _number(value)
            case "FLAGS", list():
                flags = tuple(_text(flag)[:MAX_WORD] for flag in value[:MAX_FLAGS])
            case "INTERNALDATE", bytes():
                date = internal_date(value.decode("latin-1"))
            case (("BODY[]" | "BODY[]<0>"), bytes()):
                raw = value
    return Fetched(uid=uid, size=size, flags=flags, internal_date=date, raw=raw)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0


def _text(token: Token) -> str:
    if isinstance(token, bytes):
        return token.decode("latin-1")
    return token if isinstance(token, str) else ""


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"\s?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)  # RFC 3501 section 9: date-time


def internal_date(text: str) -> str:
    """Return a date like "17-Jul-1996 02:44:25 -0700" as ISO 8601 in UTC; empty if it is none."""
    match = _DATE.fullmatch(text)
    if match is None or match[2].lower() not in _MONTHS:
        return ""
    offset = timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == "-" else 1)
    day, year, hour, minute, second = (int(match[number]) for number in (1, 3, 4, 5, 6))
    try:
        moment = datetime(year, _MONTHS.index(match[2].lower()) + 1, day, hour, minute, second, tzinfo=timezone(offset))
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""
