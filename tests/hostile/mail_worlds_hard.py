"""Mail servers that show the password, stall, or flood. Goes on from mail_worlds."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.fakes.smtp_world import HOST
from tests.hostile.mail_leaks import SPELLINGS
from tests.hostile.mail_run import NOT_READY, NOT_TESTED, MailWorld
from tests.hostile.mail_servers import (
    PASSWORD,
    Server,
    after_starttls,
    answering,
    dripping,
    endless,
    mute,
    reply,
    then,
)
from tests.hostile.mail_worlds import IMPLICIT, fault


def _latin(encoded: str) -> bytes:
    return base64.b64decode(encoded).rpartition(b"\0")[2].decode().encode("latin-1")


def _octets(encoded: str) -> bytes:
    return base64.b64decode(encoded).rpartition(b"\0")[2]


ECHOES: dict[str, Callable[[str], str]] = {
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


def in_lines(parts: Sequence[str]) -> str:
    """Return a refusal with a piece on each line, as UTF-8 that is sent octet by octet."""
    return reply(535, *(f"5.7.8 {part}" for part in parts)).encode().decode("latin-1")


def _groups(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _whole(spell: Callable[[str], str]) -> Callable[[str], str]:
    return lambda _line: in_lines([f"bad login {spell(PASSWORD)}"])


def _pieces(size: int, join: Callable[[list[str]], list[str]], spell: Callable[[str], str] = str) -> Callable[[str], str]:
    return lambda _line: in_lines(join(_groups(spell(PASSWORD), size)))


ECHOES |= {f"the password in {name}": _whole(spell) for name, spell in SPELLINGS.items() if name != "as it is"}
ECHOES |= {f"the password in lines of {size}": _pieces(size, list) for size in (3, 4, 5, 6)}
ECHOES |= {
    "the password, letter by letter": _pieces(1, lambda parts: ["-".join(parts)]),
    "the password in groups of 4": _pieces(4, lambda parts: [" ".join(parts)]),
    "the password in numbered groups of 4": _pieces(
        4, lambda parts: [f"part {number}: {part}" for number, part in enumerate(parts)]
    ),
    "the password in base64 in groups of 4": _pieces(4, lambda parts: [" ".join(parts)], SPELLINGS["base64"]),
    "the password in base64 in lines of 4": _pieces(4, list, SPELLINGS["base64"]),
    "the password in hex in lines of 3": _pieces(3, list, SPELLINGS["hex"]),
    "the password backwards in lines of 5": _pieces(5, list, SPELLINGS["backwards"]),
}
ECHO: dict[str, MailWorld] = {
    f"{mechanism} repeats {what}": MailWorld(script=Server(echo=echo, mechanisms=mechanism))
    for what, echo in ECHOES.items()
    for mechanism in ("PLAIN", "LOGIN")
    if mechanism == "PLAIN" or what in ("the line", "the password", "the line in two halves", "the password as a broken reply")
}
APP_PASSWORD = "wxkq hjzt bvnm plqr"
LATER: dict[str, MailWorld] = {
    f"{verb} repeats an app password {how}": MailWorld(
        script=Server(password=APP_PASSWORD, replies={verb: said}), password=APP_PASSWORD
    )
    for verb, code in (("AUTH", 535), ("MAIL", 550), ("RCPT", 550), ("DOT", 250))
    for how, said in {
        "word by word": reply(code, *APP_PASSWORD.split()),
        "without its spaces": reply(code, APP_PASSWORD.replace(" ", "")),
    }.items()
}
"""A password of several words, as Google and Yahoo give it for one program: after the message was taken, the report still has to come."""


def _weak(password: str, answer: str, alarm: str, words: str) -> MailWorld:
    return fault(
        Server(password=password, replies={"AUTH": answer}), alarm, code=NOT_READY, words=words, password=password, logins=1
    )


CAUSES: dict[str, MailWorld] = {
    "Microsoft, tenant": _weak(
        "Disabled1-for-the-club",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
        "auth.login-forbidden",
        "whole Microsoft 365 organisation, is disabled for the Tenant",
    ),
    "Google": _weak(
        "Password2024!",
        "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
        "auth.wrong-credentials",
        "app password, Username and Password not accepted",
    ),
    "Microsoft, and the password with it": _weak(
        APP_PASSWORD,
        f"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. {APP_PASSWORD.replace(' ', '')}",
        "auth.login-forbidden",
        "whole Microsoft 365 organisation, left out",
    ),
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


def _stalling(name: str, deadline: float, **more: bool) -> MailWorld:
    world, code = STALLING[name]
    return replace(world, timeout=deadline, alarms=(code,), code=NOT_TESTED, **more)  # type: ignore[arg-type]  # as the callers name them


SLOW = MailWorld(script=Server(pause=0.02, delays={"GREETING": 3.0}, offers=("SIZE 0",)), timeout=60)
WAITING: dict[str, MailWorld] = {
    "slow but honest": SLOW,
    **{f"{name}, {deadline:g} s": _stalling(name, deadline) for deadline in (10.0, 3.0) for name in STALLING},
}
HURRIED: dict[str, MailWorld] = {
    **{name: _stalling(name, 1.0) for name in STALLING if not name.startswith(("a dripping", "silence at RCPT"))},
    "a mute server, as a process": _stalling("a mute server", 1.0, program=True),
    "silence at the login, as a process": _stalling("silence at the login", 1.0, program=True),
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
ORDINARY_WORDS = ("password", "office@club.example", HOST, "STARTTLS", "AUTH", "message", "true")
