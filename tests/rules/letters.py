"""Messages that have arrived, for the cases about them: a healthy one by default, each case spoils what it is about.

The table `arrived` of a case, all of it optional:

- `way`: file (default), imap or receiver; `reading`: fields of the ArrivalReading that are otherwise
- `letter`: fields of the Letter that are otherwise; `header`: further lines, `without`: names of lines left out, before it is signed
- `signed`: how it is signed, as arguments of tests.records.mail.sign (default once, as club.example with s1)
- `replaced`: pairs of text, exchanged after it was signed
- `received`: the Received fields, the latest first; `top`: lines above them; `return_path`: what stands in that line, "" for no line
- `dns`: pairs of text, exchanged in the zone `ZONE`; `zone` of the case is added to it
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from checks.evidence import Reading, State, adapter
from checks.probes import ArrivalReading, MailFolder, Reply, SmtpReading, Stage, SubmissionReading, TlsFacts
from checks.records.message import Letter, build_test_message
from checks.secret import SecretSource
from checks.settings import SecretRef
from checks.subject import Arrival, Way
from tests.records.mail import rsa_record, sign

READER = "reader@mail.example"
MARK = "sr-1"
SETTINGS: dict[str, Any] = {
    "servers": [
        {
            "name": "Main",
            "default": True,
            "host": "mail.club.example",
            "port": 587,
            "security": "starttls",
            "username": "office@club.example",
            "password": {"source": "env", "ref": "SMTP_PASSWORD"},
            "sender": {"email": "office@club.example"},
            "selectors": ["s1"],
        }
    ]
}
LETTER = Letter(from_email="office@club.example", to=READER, unique_id=MARK, date=datetime(2026, 11, 23, 8, 59, tzinfo=UTC))
RECEIVED = (
    "from mx.mail.example by store.mail.example with LMTP id 9; Mon, 23 Nov 2026 08:59:12 +0000",
    "from out.club.example (out.club.example [192.0.2.25]) (using TLSv1.3) by mx.mail.example with ESMTPS id 7; Mon, 23 Nov 2026 08:59:10 +0000",
    "from dispatcher ([203.0.113.9]) by out.club.example with ESMTPSA id 3; Mon, 23 Nov 2026 08:59:08 +0000",
)
KEY = "$KEY"
ZONE = f"""
@ TXT "v=spf1 ip4:192.0.2.25 -all"
@ MX 10 mail
mail A 192.0.2.25
out A 192.0.2.25
25.2.0.192.in-addr.arpa. PTR out.club.example.
_dmarc TXT "v=DMARC1; p=reject"
s1._domainkey TXT {KEY}
mail.example. MX 10 mx.mail.example.
imap.mail.example. A 198.51.100.9
"""
FIELDS = frozenset(
    ["way", "reading", "letter", "header", "without", "signed", "replaced", "received", "top", "return_path", "dns", "bits"]
)


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What a case needs: where to look, what is read there, and the zone."""

    arrival: Arrival
    readings: Mapping[str, Reading]
    zone: str


def raw_of(spoiled: Mapping[str, Any]) -> bytes:
    """Build the message."""
    letter = build_test_message(replace(LETTER, **spoiled.get("letter", {})))
    head, _, body = letter.partition(b"\r\n\r\n")
    left_out = tuple(f"{name.lower()}:".encode() for name in spoiled.get("without", ()))
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(left_out or (b"\0",))]
    lines += [line.encode() for line in spoiled.get("header", ())]
    message = b"\r\n".join(lines) + b"\r\n\r\n" + body
    signed: list[dict[str, Any]] = spoiled.get("signed", [{}])
    for how in signed:
        message = sign(message, **how)
    for old, new in spoiled.get("replaced", ()):
        assert old.encode() in message, f"there is no {old!r} to replace"
        message = message.replace(old.encode(), new.encode())
    path = spoiled.get("return_path", "<office@club.example>")
    top = [*([f"Return-Path: {path}"] if path else []), *spoiled.get("top", ())]
    top += [f"Received: {text}" for text in spoiled.get("received", RECEIVED)]
    return "".join(f"{line}\r\n" for line in top).encode() + message


def arrived(spoiled: Mapping[str, Any]) -> Arrived:
    """Put together the world of a case."""
    assert not spoiled.keys() - FIELDS, f"unknown keys: {spoiled.keys() - FIELDS}"
    way = Way(spoiled.get("way", "file"))
    raw = raw_of(spoiled)
    folder = MailFolder(name="INBOX") if way is Way.IMAP else None
    found = ArrivalReading(
        state=State.OK, found=True, raw=raw.decode("latin-1"), size=len(raw), folder=folder, folders=(folder,) if folder else (),
        waited=4.2, internal_date="2026-11-23T08:59:13+00:00" if folder else "",
    )  # fmt: skip
    changes = spoiled.get("reading", {})
    if changes:
        plain = adapter(ArrivalReading).dump_python(found, mode="json")
        lost = {} if changes.get("found", True) else {"raw": "", "folder": None, "internal_date": ""}
        found = adapter(ArrivalReading).validate_python(plain | lost | changes)
    digest = hashlib.sha256(raw).hexdigest()
    if way is Way.IMAP:
        arrival = Arrival(
            way=way, host="imap.mail.example", port=993, username=READER, given="imaps://reader@imap.mail.example",
            password=SecretRef(source=SecretSource.ENV, ref="IMAP_PASSWORD"),
        )  # fmt: skip
        letter = replace(LETTER, **spoiled.get("letter", {}))
        readings = {**SENT, f"arrival imap {READER} at imap.mail.example:993 {letter.message_id}": found}
    else:
        arrival = Arrival(way=way, sha256=digest, given="message.eml")
        readings = {f"arrival {way} {digest[:16]}": found}
    return Arrived(arrival=arrival, readings=readings, zone=_zone(spoiled))


def _zone(spoiled: Mapping[str, Any]) -> str:
    zone = ZONE
    for old, new in spoiled.get("dns", ()):
        assert old in zone, f"there is no {old!r} in the zone"
        zone = zone.replace(old, new)
    record = rsa_record(spoiled.get("bits", 2048))
    strings = [record[start : start + 200] for start in range(0, len(record), 200)]
    return zone.replace(KEY, " ".join(f'"{part}"' for part in strings))


_YES = Reply(code=250, lines=("Ok",))
SENT: dict[str, Reading] = {
    "smtp mail.club.example [192.0.2.25]:587 starttls": SmtpReading(
        state=State.OK, stage=Stage.QUIT, greeting=Reply(code=220, lines=("mail.club.example ESMTP",)),
        capabilities_clear=("STARTTLS",), capabilities=("AUTH PLAIN",), tls=TlsFacts(verified=True, version="TLSv1.3"),
    ),
    "submission mail.club.example [192.0.2.25]:587 starttls test message office@club.example": SubmissionReading(
        state=State.OK, stage=Stage.QUIT, mechanism="PLAIN", auth=Reply(code=235, lines=("in",)), mail=_YES, rcpt=_YES,
        data=Reply(code=354, lines=("go on",)), accepted=_YES, message_id=LETTER.message_id,
    ),
}  # fmt: skip
"""The test message was accepted."""
