"""What servers mean by their replies: reads reply_codes.toml and finds the row that fits a reply. Says nothing about severity.

The same code has different causes with different providers (5.7.30 is about passwords at Microsoft and about DKIM at Google), and
one provider uses one code for many causes. So a row may ask for the code, the enhanced code, words and the provider at once, and
the most demanding row that fits wins. A reply that no row fits has no cause: it is shown as it came, never guessed at.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from checks.model import Owner
from checks.probes import Reply, Stage

ANY = "any"
MAX_TEXT = 4096  # of a pasted reply; servers stop far below
MAX_WORDS = 300  # characters of a reply that a sentence repeats
_ENHANCED = r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])"  # RFC 3463 section 2
_CODE = r"(?<![\d.])([245][0-5]\d)(?![\d.])"  # RFC 5321 section 4.2.1
# "535-5.7.8 ... 535 5.7.8 ..." of a log, "(535, b'5.7.8 ...')" of Python, "smtp; 550 5.1.1 ..." of a bounce.
_BOTH = re.compile(rf"{_CODE}[\s,;:'\"b#<(-]*{_ENHANCED}")
IN_TURN = (Stage.AUTH, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE)
NAMES_RECIPIENT = IN_TURN[2:]  # before RCPT, nobody has been named whose mailbox could be missing or full
GRADES = ("V", "V2", "C")  # read at the source, in a second-hand source, seen in independent public places; never recollection


class Kind(StrEnum):
    """What sort of thing is wrong. Decides what the person has to look at."""

    CREDENTIALS = "credentials"  # user name, password or token
    SWITCHED_OFF = "switched-off"  # logging in this way is not allowed for the account or the organisation
    MECHANISM = "mechanism"  # the way of logging in is unknown or too weak
    LOGIN_NEEDED = "login-needed"
    TLS_NEEDED = "tls-needed"
    SENDER = "sender"  # this login may not use this sender, or the sender's address or domain is no good
    RECIPIENT = "recipient"
    RELAY = "relay"  # the server does not pass mail on for us
    GREYLISTING = "greylisting"
    LIMIT = "limit"
    BLOCKED = "blocked"  # account, organisation or address is banned
    DNS = "dns"  # SPF, DKIM, DMARC or reverse names
    SIZE = "size"
    CONTENT = "content"
    TEMPORARY = "temporary"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One row of the table: what to look for in a reply, and what it means."""

    id: str
    kind: Kind
    meaning: str
    """Short, for the middle of a sentence: "the password is wrong"."""
    owner: Owner
    steps: tuple[str, ...]
    """What to do, in whole sentences."""
    source: str
    checked: date
    grade: str
    field: str = ""
    """The field of the settings that it concerns, like "password" or "sender.email"; empty if none."""
    provider: str = ANY
    """microsoft, google, yahoo or any."""
    codes: tuple[int, ...] = ()
    """Reply codes; empty: any."""
    enhanced: tuple[str, ...] = ()
    """Enhanced codes; "" stands for a reply without one, "4.7.500-699" for a range; empty: any."""
    fragments: tuple[str, ...] = ()
    """Words in lower case, one of which must be in the text; empty: any."""
    stages: tuple[Stage, ...] = ()
    """What the reply answers; empty: anything."""

    distinct: bool = False
    """A provider's row: nobody else uses these words or this number, so that it fits although the provider is not known."""


@cache
def causes() -> tuple[Cause, ...]:
    """Return every row. Raises `ValueError` for a row that is not fit to be shipped: no source, a grade of hearsay, words not in lower case."""
    document = tomllib.loads(resources.files(__package__).joinpath("reply_codes.toml").read_text("utf-8"))
    rows = tuple(_cause(row) for row in document["reply"])
    if twice := {row.id for row in rows if [other.id for other in rows].count(row.id) > 1}:
        raise ValueError(f"reply_codes.toml: {min(twice)} is there twice")
    return rows


def oldest() -> date:
    """Return the day on which the row that has waited longest was read at its source."""
    return min(row.checked for row in causes())


@cache
def _marks() -> dict[str, tuple[str, ...]]:
    """Words by which a provider can be recognised in its own replies."""
    document = tomllib.loads(resources.files(__package__).joinpath("reply_codes.toml").read_text("utf-8"))
    return {provider: tuple(words) for provider, words in document["marks"].items()}


def _cause(row: dict[str, Any]) -> Cause:
    known = {field.name for field in fields(Cause)}
    if strange := row.keys() - known:
        raise ValueError(f"reply_codes.toml: {row.get('id')} has the unknown key {min(strange)}")
    listed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    cause = Cause(
        **{
            **listed,
            "kind": Kind(row["kind"]),
            "owner": Owner(row["owner"]),
            "stages": tuple(Stage(stage) for stage in row.get("stages", ())),
        }
    )
    if not cause.source or cause.grade not in GRADES or not isinstance(cause.checked, date):
        raise ValueError(f"reply_codes.toml: {cause.id} needs a source, a date and a grade of {', '.join(GRADES)}")
    if not (cause.codes or cause.enhanced or cause.fragments) or any(words != words.lower() for words in cause.fragments):
        raise ValueError(f"reply_codes.toml: {cause.id} needs something to look for, its words in lower case")
    return cause


def provider_family(name: str) -> str:
    """Return whose replies a provider of providers.toml gives: microsoft, google, yahoo, or "" for everybody else."""
    for family, starts in {
        "microsoft": ("microsoft", "outlook"),
        "google": ("gmail", "google"),
        "yahoo": ("yahoo", "aol"),
    }.items():
        if name.startswith(starts):
            return family
    return ""


def classify(reply: Reply, provider_hint: str = "", *, stage: Stage | None = None) -> Cause | None:
    """Return the cause of a refusal, or None if no row fits. `provider_hint` is an id of providers.toml or a family name.

    Some servers repeat what another one told them, or why an earlier step failed ("530 5.7.57 ... Error: 535 5.7.139 ..."). Where the table
    knows that inner reply, it is the cause: the outer one only says what it led to.
    """
    known = provider_family(provider_hint)
    inner = None if reply.telling else _inner(reply)
    cause = _best(inner, _marked(_words(inner)) or known, _until(stage)) if inner else None
    return cause or _best(reply, known or _marked(_words(reply)), (stage,) if stage else ())


def _words(reply: Reply) -> str:
    return " ".join(reply.telling) or _plain(reply.text)


def _marked(text: str) -> str:
    return next((name for name, marks in _marks().items() if any(mark in text for mark in marks)), "")


def _best(reply: Reply, family: str, stages: tuple[Stage, ...]) -> Cause | None:
    text = _words(reply)
    fitting = [row for row in causes() if _fits(row, reply, text, family, stages)]
    return max(fitting, key=lambda row: _weight(row, reply, text), default=None)


def _inner(reply: Reply) -> Reply | None:
    """Return the last other refusal that a reply repeats, with reply code and enhanced code: the one that it all began with."""
    said = reply.text[:MAX_TEXT]
    others = [
        match
        for match in _BOTH.finditer(said)
        if match[1][0] == match[2][0] != "2" and (int(match[1]), match[2]) != (reply.code, reply.enhanced)
    ]
    if not others:
        return None
    return Reply(code=int(others[-1][1]), enhanced=others[-1][2], lines=(said[others[-1].end() :],))


def _until(stage: Stage | None) -> tuple[Stage, ...]:
    """Return the stages that a reply may be about which is repeated at this one: an earlier one, or this."""
    return IN_TURN[: IN_TURN.index(stage) + 1] if stage in IN_TURN else ()


def telling(reply: Reply) -> tuple[str, ...]:
    """Return the words in a reply that `classify` looks for. They are the table's own, so that they can be kept where the reply cannot."""
    text = _plain(reply.text)
    words = (*(words for row in causes() for words in row.fragments), *(mark for marks in _marks().values() for mark in marks))
    return tuple(sorted({one for one in words if one in text}))


def classify_text(text: str, provider_hint: str = "") -> Cause | None:
    """Return the cause of a reply as somebody pasted it, out of a log, a bounce or a program's error message."""
    reply = parse_reply(text)
    return classify(reply, provider_hint) if reply else None


def parse_reply(text: str) -> Reply | None:
    """Find an SMTP reply in pasted text; None if there is neither a reply code nor an enhanced one. The code is 0 if only the latter is there."""
    flat = " ".join(text[:MAX_TEXT].split())
    if match := _BOTH.search(flat):
        found, status = int(match[1]), match[2]
    elif match := re.search(_CODE, flat):
        found, status = int(match[1]), ""
    elif (match := re.search(_ENHANCED, flat)) and match[1][0] != "2":
        found, status = 0, match[1]
    else:
        return None
    words = flat[match.end() :]
    if found and status:
        words = words.replace(f"{found}-{status}", " ").replace(f"{found} {status}", " ")
    return Reply(code=found, enhanced=status, lines=(words.strip(" ,;:'\")-"),))


def in_words(reply: Reply) -> str:
    """Write a reply for the middle of a sentence: on one line, at most `MAX_WORDS` long. As received; escaping is for whoever shows it."""
    text = " ".join(str(reply).split())
    return text if len(text) <= MAX_WORDS else f"{text[:MAX_WORDS].rstrip()} ..."


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def _fits(row: Cause, reply: Reply, text: str, family: str, stages: tuple[Stage, ...]) -> bool:
    if row.codes and reply.code not in row.codes and (reply.code or not _by_status_alone(row)):
        return False
    if row.enhanced and not any(_same_status(pattern, reply.enhanced) for pattern in row.enhanced):
        return False
    if row.fragments and not any(words in text for words in row.fragments):
        return False
    if stages and row.stages and not set(stages) & set(row.stages):
        return False
    if row.kind is Kind.RECIPIENT and stages and not set(stages) & set(NAMES_RECIPIENT):
        return False
    return row.provider in (ANY, family) or (not family and row.distinct)


def _by_status_alone(row: Cause) -> bool:
    """Whether a row can be told without its reply code: by words, or by an enhanced code that means one thing (RFC 3463: X.Y.0 does not)."""
    named = [status for status in row.enhanced if status]
    return bool(named) and (bool(row.fragments) or (len(named) == 1 and not named[0].endswith(".0")))


def _same_status(pattern: str, status: str) -> bool:
    start, dash, end = pattern.partition("-")
    if not dash:
        return status == pattern
    head, _, low = start.rpartition(".")
    prefix, _, detail = status.rpartition(".")
    return prefix == head and detail.isdecimal() and int(low) <= int(detail) <= int(end)


def _weight(row: Cause, reply: Reply, text: str) -> tuple[bool, bool, bool, int, bool]:
    """The provider's own row first, then words, then the enhanced code: from what says most to what says least."""
    longest = max((len(words) for words in row.fragments if words in text), default=0)
    return (
        row.provider != ANY,
        bool(longest),
        bool(reply.enhanced) and reply.enhanced in row.enhanced,
        longest,
        reply.code in row.codes,
    )
