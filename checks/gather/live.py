"""The gatherer of a live run: hands each kind of probe to whoever can ask it. Knows no protocol itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self

from checks.evidence import Probe, Reading, State
from checks.probes import ArrivalProbe, AuthorityProbe, ConnectProbe, DnsProbe, HttpsProbe, SmtpProbe, SubmissionProbe, TlsProbe

Ask = Callable[[Any, float], Awaitable[Reading]]
"""`DnsGatherer`, `SmtpGatherer`, or anything that is called like them."""


class Live:
    """Asks the world. Use it in `async with`: leaving closes what the gatherers hold open."""

    def __init__(
        self,
        *,
        dns: Ask | None = None,
        authority: Ask | None = None,
        connect: Ask | None = None,
        smtp: Ask | None = None,
        https: Ask | None = None,
        arrival: Ask | None = None,
    ) -> None:
        """A kind of probe whose gatherer is not given reads `not-attempted`."""
        self._ask: dict[type[Probe[Any]], Ask | None] = {
            DnsProbe: dns,
            AuthorityProbe: authority,
            ConnectProbe: connect,
            SmtpProbe: smtp,
            SubmissionProbe: smtp,
            TlsProbe: smtp,
            HttpsProbe: https,
            ArrivalProbe: arrival,
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every gatherer that has a `close()`."""
        for ask in {id(ask): ask for ask in self._ask.values()}.values():
            if (close := getattr(ask, "close", None)) is not None:
                await close()

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        """Ask one question."""
        if (ask := self._ask.get(type(probe))) is None:
            return probe.reading(state=State.NOT_ATTEMPTED, detail=f"this run has no way to ask about {probe.kind}")
        return await ask(probe, budget)
