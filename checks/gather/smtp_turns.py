"""Whose turn it is to talk to a server: one connection at a time to each address and port, and what is only a luxury comes last.

Servers count connections. The one that matters is the one that logs in; a look from another side must neither go first nor hold it up.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

Place = tuple[str, int]
"""Address and port."""
SETTLE = 0.05  # seconds; questions that are asked together do not arrive in the same instant


class Turns:
    """Keeps the order. Every wait is the caller's to bound."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[Place, asyncio.Lock] = weakref.WeakValueDictionary()
        self._wanted: Counter[Place] = Counter()
        self._quiet: dict[Place, asyncio.Event] = {}

    @contextmanager
    def wanting(self, place: Place) -> Iterator[None]:
        """Say that something of weight wants to talk there, or does, as long as this lasts."""
        self._wanted[place] += 1
        try:
            yield
        finally:
            self._wanted[place] -= 1
            if not self._wanted[place] and (event := self._quiet.pop(place, None)):
                event.set()

    async def quiet(self, place: Place) -> None:
        """Wait until nothing of weight wants to talk there."""
        await asyncio.sleep(SETTLE)
        while self._wanted[place]:
            await self._quiet.setdefault(place, asyncio.Event()).wait()

    @asynccontextmanager
    async def taken(self, place: Place, ends: float) -> AsyncIterator[None]:
        """Wait until nobody else here talks to this place, and keep it. Raises `TimeoutError` at `ends` on the event loop's clock."""
        lock = self._locks.setdefault(place, asyncio.Lock())
        async with asyncio.timeout_at(ends):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()
