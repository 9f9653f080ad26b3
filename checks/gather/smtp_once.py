"""Sees to it that a login is presented once per server and run, whoever asks and whatever became of it: accounts get locked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from checks.evidence import Reading, State
from checks.gather.passwords import Login
from checks.probes import Fault, Stage, SubmissionReading, TranscriptLine

SPENT = "this login went out once in this run, for another entry of the settings; it does not go out twice"
FAILED = "this login failed a moment ago and was not tried again"


class Once:
    """Remembers the logins of a run. Two questions with one login wait for each other."""

    def __init__(self) -> None:
        self._turns: dict[Login, asyncio.Lock] = {}
        self._failed: dict[Login, Reading] = {}
        self._spent: set[Login] = set()

    async def __call__(self, login: Login, ask: Callable[[], Awaitable[Reading]]) -> Reading:
        """Ask, if the login did not go out before: at whatever port of the server, and however the settings write it.

        Whoever asks with a login that failed, by a refusal or by a lost connection, gets what the first one got.
        """
        async with self._turns.setdefault(login, asyncio.Lock()):
            if (known := self._failed.get(login)) is not None:
                return known
            if login in self._spent:
                return SubmissionReading(state=State.NOT_ATTEMPTED, fault=Fault.ALREADY_TRIED, detail=SPENT)
            try:
                reading = await ask()
            except BaseException:  # a slip of ours, or out of time: it may have gone out
                self._spent.add(login)
                raise
            if not isinstance(reading, SubmissionReading) or not reading.mechanism or reading.fault is Fault.NO_SECRET:
                return reading  # no password went out
            self._spent.add(login)
            if reading.stage is Stage.AUTH:
                self._failed[login] = replace(reading, transcript=(TranscriptLine(direction="*", text=FAILED),))
            return reading
