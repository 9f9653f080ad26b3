"""Gives the tests of this folder the lab. Another folder does the same in its own conftest.py."""

from __future__ import annotations

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - pytest finds the fixture by this import
