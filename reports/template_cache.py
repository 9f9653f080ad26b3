"""Keeps translated templates where Python keeps the translated modules: reading them back takes a tenth of the time.

Who may write there may change the program itself, so what is read there is trusted as the program is. Where nothing can be written, or
something else lies there, templates are translated as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from io import BytesIO
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

HOME = Path(__file__).with_name("__pycache__")


class TemplateCache(BytecodeCache):
    """One file for each template, under a name that says with which options and which release it was translated."""

    def __init__(self, home: Path = HOME) -> None:
        self._home = home

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a translation, if there is one of this very source (jinja2 compares their digests)."""
        try:
            bucket.load_bytecode(BytesIO(self._place(bucket).read_bytes()))
        except Exception:  # noqa: BLE001 - not there, not readable, cut off: whatever it is, the source is at hand
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a translation, whole or not at all."""
        if sys.dont_write_bytecode:
            return
        place = self._place(bucket)
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # an installation that belongs to somebody else
            place.parent.mkdir(exist_ok=True)
            draft.write_bytes(bucket.bytecode_to_string())
            draft.replace(place)

    def _place(self, bucket: Bucket) -> Path:
        made = bucket.environment
        options = (jinja2.__version__, made.autoescape, made.trim_blocks, made.lstrip_blocks, made.finalize is not None)
        digest = hashlib.sha256(f"{bucket.key} {options}".encode()).hexdigest()
        return self._home / f"{digest[:32]}.{sys.implementation.cache_tag}.jinja"
