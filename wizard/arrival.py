"""What `--arrival` asks for: a mailbox to look into, or a message that somebody saved. Reads files and standard input, no network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import click

from checks.evidence import Probe, Reading, Readings, State, adapter
from checks.gather.smtp_redact import message_without
from checks.probes import ArrivalReading, Handover
from checks.probes.arrival import MAX_MESSAGE, saved_probe
from checks.records.arrived import read_message
from checks.secret import LeakGuard, SecretSource
from checks.settings import SecretRef, Security
from checks.subject import Arrival, Way
from checks.values import normal_host
from wizard.options import World
from wizard.secrets import remarks
from wizard.terminal import tell

SCHEMA = "sendready.arrival/1"
PATIENCE = 180.0  # seconds for a whole run that waits for a message; most come within one minute, some servers take two
MAX_NOTE = 65_536  # octets of what `receive` notes about a connection
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_PORTS = {"imap": 143, "imaps": 993}
_OUTLOOK = b"\xd0\xcf\x11\xe0"  # how a compound file begins, Outlook's .msg
_EXPECTED = ("from", "date", "message-id", "received", "subject")  # a message has at least one of these


class UnusableError(ValueError):
    """The file cannot be used; the text says why, for a person."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What `--arrival` asks for."""

    arrival: Arrival | None = None
    readings: Readings = field(default_factory=dict)
    """A saved message, as evidence."""

    @property
    def waits(self) -> bool:
        """Whether the run has to wait for a message."""
        return self.arrival is not None and self.arrival.way is Way.IMAP


def asked(text: str | None, *, password: tuple[str, str] | None, to: str, sends: bool) -> Asked:
    """Read the options. Raises click's errors with a sentence.

    `to` is the test address, which most mailboxes take as user name; `sends`: a test message goes out in this run.
    """
    from wizard.present import invalid  # noqa: PLC0415 - present imports this module's users

    if text is not None and (url := _URL.fullmatch(text)):
        try:
            arrival = mailbox(url[1].lower(), url[2], to)
        except ValueError as error:
            raise click.UsageError(f"--arrival: {error}.") from None
        return Asked(arrival=_with_password(arrival, password, sends=sends))
    if password is not None:
        raise click.UsageError("--arrival-password goes with a mailbox: --arrival imap://USER@HOST or imaps://USER@HOST.")
    if text is None:
        return Asked()
    try:
        return saved(text)
    except UnusableError as error:
        raise invalid(f"--arrival {text}: {error}") from None


def _with_password(arrival: Arrival, password: tuple[str, str] | None, *, sends: bool) -> Arrival:
    if not sends:
        raise click.UsageError(
            "A mailbox is searched for the test message of the same run: add --allow look,login,send --to ADDRESS. "
            "A message that came earlier can be saved as a file and given as --arrival FILE."
        )
    if password is None:
        raise click.UsageError(
            "Say where the password of the mailbox is kept, like --arrival-password file:imap.password or --arrival-password env:IMAP_PASSWORD."
        )
    source, ref = SecretSource(password[0]), password[1]
    for remark in remarks(source, ref, Path.cwd()) if source is SecretSource.FILE else ():
        tell(f"Warning: {remark}")
    return replace(arrival, password=SecretRef(source=source, ref=ref))


def mailbox(scheme: str, rest: str, to: str) -> Arrival:
    """Read what follows imap:// or imaps:// (RFC 5092). Raises `ValueError`; its text never repeats what may hold a password."""
    if scheme not in _PORTS:
        raise ValueError("give a mailbox as imap://USER@HOST or imaps://USER@HOST, a file, or - for standard input")
    authority, slash, path = rest.partition("/")
    user, at, place = authority.rpartition("@")
    if ":" in user:
        raise ValueError(
            "a password does not belong into the address, where others can see it; say where it is kept with --arrival-password"
        )
    if (slash and path) or ";" in user or "?" in rest or "#" in rest:
        raise ValueError("give no more than user and host, like imaps://USER@HOST; inbox and junk folder are found by themselves")
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?", place)
    if match is None or not 0 < int(match[2] or 1) < 65536:
        raise ValueError(
            "give the mail server's name, and its port if it is not the usual one, like imaps://USER@imap.example.org:993"
        )
    try:
        host = normal_host(match[1].removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise ValueError(f"the mail server's name: {error}") from None
    port = int(match[2]) if match[2] else _PORTS[scheme]
    username = urllib.parse.unquote(user) if at else to
    if not username or any(ord(char) < 32 or ord(char) == 127 for char in username):
        raise ValueError("name the user, like imaps://USER@HOST")
    # RFC 8314 section 3.2: port 993 is TLS from the first byte, whatever the scheme is called.
    implicit = scheme == "imaps" or port == _PORTS["imaps"]
    shown = f"[{host}]" if ":" in host else host
    return Arrival(
        way=Way.IMAP,
        host=host,
        port=port,
        security=Security.IMPLICIT_TLS if implicit else Security.STARTTLS,
        username=username,
        given=f"{'imaps' if implicit else 'imap'}://{urllib.parse.quote(username, safe='')}@{shown}:{port}",
    )


def patient(world: World) -> World:
    """Return this world with time to wait for a message, unless the person said how much there is."""
    context = click.get_current_context()
    said = context.get_parameter_source("timeout") is not click.core.ParameterSource.DEFAULT
    return world if said else replace(world, timeout=PATIENCE)


# --- a saved message ------------------------------------------------------------------------------------------------------


def saved(name: str) -> Asked:
    """Read a message from a file, from what `receive` wrote, or from standard input. Raises `UnusableError`."""
    if name == "-":
        return of_message(_read(sys.stdin.buffer, MAX_MESSAGE), given=name)
    path = Path(name)
    raw, size = _contents(path, MAX_MESSAGE)
    if note := _note(raw):
        return _received(path, note)
    beside = path.with_suffix(".json")
    if beside != path and beside.is_file():
        noted, _ = _contents(beside, MAX_NOTE)
        note = _note(noted)
        if note and note.get("sha256") == hashlib.sha256(raw).hexdigest():
            return of_message(raw, given=name, handover=_handover(note), size=size)
    return of_message(raw, given=name, size=size)


def of_message(raw: bytes, *, given: str, handover: Handover | None = None, size: int = 0) -> Asked:
    """Return a message as evidence. Raises `UnusableError` for what is none."""
    _see_that_it_is_one(raw)
    way = Way.RECEIVER if handover else Way.FILE
    arrival = Arrival(way=way, sha256=hashlib.sha256(raw).hexdigest(), given=given)
    reading = ArrivalReading(
        state=State.OK,
        found=True,
        raw=raw[:MAX_MESSAGE].decode("latin-1"),
        cut=len(raw) > MAX_MESSAGE,
        size=max(size, len(raw)),
        handover=handover,
    )
    return Asked(arrival=arrival, readings={saved_probe(arrival): reading})


def _see_that_it_is_one(raw: bytes) -> None:
    if not raw.strip():
        raise UnusableError("there is nothing in it")
    if raw.startswith(_OUTLOOK):
        raise UnusableError("this is Outlook's own format (.msg); save the message as .eml, or as text with all header lines")
    read = read_message(raw[:MAX_MESSAGE])
    if not any(read.count(name) for name in _EXPECTED):
        raise UnusableError(
            "this is no mail message; save it with all header lines (in mail programs: Save as .eml, Show original, View source)"
        )


def _received(path: Path, note: Mapping[str, Any]) -> Asked:
    """Take up what `receive` wrote: its note names the message beside it."""
    name = note.get("file")
    if not isinstance(name, str) or not name or Path(name).name != name:
        raise UnusableError("it names no message beside it")
    raw, size = _contents(path.parent / name, MAX_MESSAGE)
    if note.get("sha256") != hashlib.sha256(raw).hexdigest():
        raise UnusableError(f"the message {name} beside it is not the one that was received: it was changed since")
    return of_message(raw, given=str(path), handover=_handover(note), size=size)


def _note(raw: bytes) -> Mapping[str, Any] | None:
    """Return what `receive` noted, if these octets are that."""
    if not raw.lstrip().startswith(b"{") or len(raw) > MAX_NOTE:
        return None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("schema") == SCHEMA else None


def _handover(note: Mapping[str, Any]) -> Handover:
    try:
        found: Handover = adapter(Handover).validate_python(note.get("connection"))
    except ValueError:
        raise UnusableError("what it says about the connection cannot be read") from None
    return found


def _contents(path: Path, limit: int) -> tuple[bytes, int]:
    """Return the beginning of a file, one octet more than the limit at most, and the size of the whole."""
    try:
        if path.is_dir():
            raise UnusableError("this is a folder; name the file in it")
        with path.open("rb") as file:
            return _read(file, limit), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise UnusableError(f"{path.name} cannot be read ({(error.strerror or 'unknown reason').lower()})") from None


def _read(file: BinaryIO, limit: int) -> bytes:
    return file.read(limit + 1)


# --- before evidence is written -------------------------------------------------------------------------------------------


def masked(readings: Mapping[Probe[Any], Reading], guard: LeakGuard) -> Readings:
    """Return the messages in which a password of this run stands, without it."""
    found: Readings = {}
    for probe, reading in readings.items():
        if isinstance(reading, ArrivalReading) and (raw := message_without(guard, reading.raw)) != reading.raw:
            found[probe] = replace(reading, raw=raw, masked=True)
    return found
