"""Recognises addresses whose name says that nobody reads them."""

from __future__ import annotations

import re

NO_REPLY = re.compile(
    r"(do[-_.]?)?(no|not)[-_.]?repl(y|ies)|keine?[-_.]?antwort|nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre", re.IGNORECASE
)


def is_no_reply(address: str) -> bool:
    """Tell by the local part: noreply, no-reply, donotreply, keine-antwort ..."""
    return NO_REPLY.match(address.rpartition("@")[0]) is not None
