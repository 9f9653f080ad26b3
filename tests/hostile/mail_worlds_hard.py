"""Mail servers that show the password, stall, or flood. Goes on from mail_worlds."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from dataclasses import replace

from tests.fakes.smtp_world import HOST
from tests.hostile.mail_run import NOT_TESTED, MailWorld
from tests.hostile.mail_servers import (
    PASSWORD,
    Server,
    after_starttls,
    answering,
    dripping,
    endless,
    mute,
    then,
)
from tests.hostile.mail_worlds import IMPLICIT, fault


def _latin(encoded: str) -> bytes:
    return base64.b64decode(encoded).rpartition(b"\0")[2].decode().encode("latin-1")


def _octets(encoded: str) -> bytes:
    return base64.b64decode(encoded).rpartition(b"\0")[2]


ECHOES = {
    "the line": lambda line: f"535 5.7.8 bad login {line}",
    "the line in two halves": lambda line: f"535-5.7.8 {line[:30]}\r\n535 5.7.8 {line[30:]}",
    "the password": lambda line: f"535 5.7.8 bad password {_octets(line).decode('latin-1')}",
    "the password in Latin-1": lambda line: f"535 5.7.8 bad password {_latin(line).decode('latin-1')}",
    "the password in quotes": lambda line: f"535 5.7.8 bad password {_octets(line)!r}",
    "the password as JSON": lambda line: f"535 5.7.8 bad {json.dumps(_octets(line).decode())}",
    "the password as HTML": lambda line: f"535 5.7.8 bad {html.escape(_octets(line).decode()).encode().decode('latin-1')}",
    "the password in a URL": lambda line: f"535 5.7.8 bad https://help.example/?p={urllib.parse.quote(_octets(line))}",
    "the password in hex": lambda line: f"535 5.7.8 bad {_octets(line).hex()}",
    "the password in base64": lambda line: f"535 5.7.8 bad {base64.b64encode(_octets(line)).decode()}",
    "the password in base64 of Latin-1": lambda line: f"535 5.7.8 bad {base64.b64encode(_latin(line)).decode()}",
    "the password in two halves": lambda _line: f"535-5.7.8 bad {PASSWORD[:13]}\r\n535 5.7.8 {PASSWORD[13:]}".encode().decode(
        "latin-1"
    ),
    "the password in small letters": lambda line: f"535 5.7.8 bad {_octets(line).decode().lower()}".encode().decode("latin-1"),
    "the password, cut off": lambda _line: f"535 5.7.8 bad {PASSWORD[:14]}...".encode().decode("latin-1"),
    "the password on a line of its own, without end": lambda line: f"535-{_octets(line).decode('latin-1')}",
    "the password as the next reply": lambda line: f"535 5.7.8 bad\r\n{_octets(line).decode('latin-1')}",
    "the password as a broken reply": lambda line: _octets(line).decode("latin-1"),
    "the password as an enhanced code": lambda line: f"535 5.7.8{_octets(line).decode('latin-1')}",
}
ECHO: dict[str, MailWorld] = {
    f"{mechanism} repeats {what}": MailWorld(script=Server(echo=echo, mechanisms=mechanism))
    for what, echo in ECHOES.items()
    for mechanism in ("PLAIN", "LOGIN")
    if mechanism == "PLAIN" or what in ("the line", "the password", "the line in two halves", "the password as a broken reply")
}


STALLING: dict[str, tuple[MailWorld, str]] = {
    "a deaf port": (MailWorld(script=None, filtered=True), "port.no-time"),
    "a mute server": (MailWorld(script=mute), "port.silence"),
    "a dripping greeting": (MailWorld(script=dripping), "port.silence"),
    "a dripping EHLO reply": (MailWorld(script=Server(pause=0.5, delays={"GREETING": 0.1})), "port.silence"),
    "a silent handshake": (MailWorld(script=after_starttls("220 go\r\n")), "tls.handshake-silence"),
    "mute the second time": (MailWorld(script=then(mute)), "auth.login-broken-off"),
    "silence at the login": (MailWorld(script=answering(AUTH="HUSH")), "auth.login-broken-off"),
    "silence at RCPT": (MailWorld(script=answering(RCPT="HUSH")), "sender.recipient-broken-off"),
    "silence after the dot": (MailWorld(script=answering(DOT="HUSH")), "send.unconfirmed"),
}
DEADLINES = (1.0, 3.0, 10.0)
WAITING: dict[str, MailWorld] = {
    f"{name}, {deadline:g} s": replace(world, timeout=deadline, alarms=(code,), code=NOT_TESTED)
    for deadline in reversed(DEADLINES)
    for name, (world, code) in STALLING.items()
} | {"slow but honest": MailWorld(script=Server(pause=0.02, delays={"GREETING": 3.0}, offers=("SIZE 0",)), timeout=60)}
ENDING: dict[str, MailWorld] = {
    name: replace(WAITING[name], program=True) for name in ("a mute server, 1 s", "silence at the login, 3 s")
}
HUGE: dict[str, MailWorld] = {
    "a greeting in one line": fault(endless(b"220 ", b"x" * 65536), "port.broken-conversation", program=True),
    "a greeting in many lines": fault(endless(b"", b"220-hello\r\n" * 6000), "port.broken-conversation", program=True),
    "an EHLO reply": fault(endless(b"220 mx\r\n", b"250-hello\r\n" * 6000), "port.broken-conversation", program=True),
    "a handshake": fault(
        endless(b"\x16\x03\x03\x40\x00", b"\x02\x00\xff\xff" * 4096),
        "tls.handshake-failed",
        port=465,
        changes=IMPLICIT,
        program=True,
    ),
}
WORDS_OF_SETTINGS = ("password", "mail", "club.example", HOST, "office@club.example")
WORDS_OF_OURS = ("STARTTLS", "PLAIN", "AUTH", "login", "message", "true", "2026")
