"""Tells the test message from others, also where a server on its way wrote a new Message-ID. Pure and total."""

from __future__ import annotations

from checks.records.arrived import read_message

MAX_LOOKED_AT = 262_144  # octets; our header has about 1,000, and each hop adds some
SUBJECT = "sendready test message"  # as checks.records.message writes it


def is_it(message: bytes, *, message_id: str, mark: str) -> bool:
    """Tell whether these octets are the message with this Message-ID (no angle brackets) or with this mark where ours has it.

    Text that only quotes the id, like an automatic answer or a bounce, is another message.
    """
    read = read_message(message[:MAX_LOOKED_AT])
    ids = {one.text.strip("<> ") for one in read.all("message-id")}
    marks = {one.text for one in read.all("x-sendready-id")}
    subjects = {" ".join(one.text.split()) for one in read.all("subject")}
    return bool(message_id and message_id in ids) or bool(mark and (mark in marks or f"{SUBJECT} {mark}" in subjects))
