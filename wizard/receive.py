"""Keeps what our own receiver took: the message as a file, and beside it what the connection showed."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.evidence import adapter
from checks.gather.receiver_session import Received
from checks.probes import Handover
from checks.records.arrived import read_message
from wizard import atomic
from wizard.arrival import SCHEMA


class Keeper:
    """Writes a received message into a directory; call it with what was received. Raises `OSError`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.message: Path | None = None
        """The message, once it is written."""
        self.note: Path | None = None
        """What was noted beside it."""
        self.document: dict[str, Any] = {"schema": SCHEMA, "received": False}
        """What the note says."""

    def __call__(self, received: Received) -> None:
        moment = datetime.fromisoformat(received.handover.received_at)
        name = f"received-{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        message, note = self._directory / f"{name}.eml", self._directory / f"{name}.json"
        document = {
            "schema": SCHEMA,
            "received": True,
            "file": message.name,
            "sha256": hashlib.sha256(received.octets).hexdigest(),
            "size": len(received.octets),
            "message_id": read_message(received.octets).message_id,
            "connection": adapter(Handover).dump_python(received.handover, mode="json"),
        }
        atomic.write_octets(message, received.octets)
        atomic.write(note, json.dumps(document, indent=1, ensure_ascii=True) + "\n")
        self.message, self.note, self.document = message, note, document
