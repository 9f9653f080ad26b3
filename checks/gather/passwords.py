"""Turns references into passwords, for every conversation that logs in: in time, fit for the wire, and told apart without being kept.

How a password is presented is smtp_submission's and imap_mailbox's; that it goes out once is smtp_once's.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from checks.gather.smtp_aside import aside
from checks.gather.smtp_redact import Redactor
from checks.secret import Secret, SecretSource

ResolveSecret = Callable[[SecretSource, str], Secret]
Login = tuple[str, str, bytes]
"""Server, user name and a digest of the password: what a server counts failed attempts by, whatever the settings call it."""


class NoPasswordError(Exception):
    """There is no password that could be presented; says why, for a person."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which password."""

    source: SecretSource | None
    ref: str
    username: str
    host: str
    whose: str = ""
    """For sentences, like "of the mailbox"."""


class Passwords:
    """Finds passwords. `resolve` raises `LookupError` or `ValueError` with a sentence for a person."""

    def __init__(self, resolve: ResolveSecret) -> None:
        self._resolve = resolve
        self._key = os.urandom(32)

    async def find(self, wanted: Wanted, redact: Redactor, ends: float) -> Secret:
        """Resolve the reference, and let `redact` know what it must hide. Raises `NoPasswordError`."""
        what = f"password {wanted.whose}".strip()
        secret = await self._found(wanted, what, ends)
        value = secret.reveal()
        if not value or "\0" in value or "\0" in wanted.username or not wanted.username:  # RFC 4616 section 2
            raise NoPasswordError(f"user name or {what} is empty or has a NUL character in it")
        if "\r" in value or "\n" in value:  # a file of several lines; sent whole, it would be taken for a wrong password
            raise NoPasswordError(f"the {what} has a line break in it; it must be one line with nothing before or behind it")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NoPasswordError(f"the {what} is not UTF-8 text") from None
        redact.learn(secret, wanted.username, wanted.host)
        return secret

    async def _found(self, wanted: Wanted, what: str, ends: float) -> Secret:
        if wanted.source is None:
            raise NoPasswordError(f"no {what} is configured")
        source, ref = wanted.source, wanted.ref
        try:
            async with asyncio.timeout_at(ends):
                return await aside(lambda: self._resolve(source, ref))
        except TimeoutError:
            raise NoPasswordError("the password was not found before the time for the whole run was up") from None
        except (LookupError, ValueError) as error:
            raise NoPasswordError(str(error.args[0]) if error.args else "the password was not found") from None

    def login(self, wanted: Wanted, secret: Secret) -> Login:
        """Return what makes this login the same as another. Two ways of writing a reference or a user name make no other login."""
        digest = hashlib.blake2b(secret.reveal().encode(), key=self._key).digest()
        return wanted.host.rstrip(".").lower(), wanted.username.casefold(), digest
