"""Answers `HttpsProbe`: one guarded GET. What is fetched comes from strangers' DNS, so nothing is left to them.

https and port 443 only; the address that the probe names and no other, and a public one; no redirects, no cookies, no compression;
a verified certificate for the name; bounds on every length (http_reader); one deadline for everything.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from checks.evidence import State
from checks.gather import tls
from checks.gather.http_reader import HttpReply, UnreadableError
from checks.gather.no_connection import Why, why
from checks.gather.smtp_wire import Wire, open_wire
from checks.probes import HttpsFault, HttpsProbe, HttpsReading, TlsFacts
from checks.records.address import Kind, kind

PORT = 443  # no other is ever asked, whatever a stranger's record says
PATIENCE = 10.0  # seconds for one fetch, however slowly the octets drip
MARGIN = 0.1  # seconds kept back of the run's time, so that a reading comes home instead of a cancellation
IN_FLIGHT = 20  # fetches at a time
MAX_TEXT = 200  # characters kept of a header

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9-]{1,63}\Z")
_PATH = re.compile(r"/[!-~]{0,200}\Z")
_AGENT = re.compile(r"[ -~]{1,100}\Z")


class _Stopped(Exception):  # noqa: N818 - not every end of a fetch is an error
    def __init__(self, state: State, fault: HttpsFault, detail: str, facts: TlsFacts | None = None) -> None:
        self.reading = HttpsReading(state=state, fault=fault, detail=detail, tls=facts)
        super().__init__(detail)


@dataclass(kw_only=True)
class _Draft:
    """How far a fetch got."""

    connected: bool = False
    facts: TlsFacts | None = None


class HttpsGatherer:
    """Fetches what `HttpsProbe` names."""

    def __init__(
        self,
        *,
        ca_file: str | None = None,
        port_map: Mapping[int, int] = MappingProxyType({}),
        allow_private: bool = False,
        user_agent: str = "sendready",
        patience: float = PATIENCE,
    ) -> None:
        """`ca_file`: extra trusted roots. `port_map`: connect to B where A is meant, in a lab. Raises `ValueError` with a sentence."""
        if not _AGENT.match(user_agent):
            raise ValueError("the name that we give web servers must be printable")
        self._trust = tls.Trust(ca_file)
        self._port = dict(port_map).get(PORT, PORT)
        self._allow_private = allow_private
        self._user_agent = user_agent
        self._patience = patience
        self._slots = asyncio.Semaphore(IN_FLIGHT)

    async def __call__(self, probe: HttpsProbe, budget: float) -> HttpsReading:
        """Fetch. Comes back before `budget` seconds are over and never raises for a fault of the other side."""
        draft = _Draft()
        seconds = min(self._patience, max(0.0, budget - min(MARGIN, budget / 5)))
        try:
            self._guard(probe)
            async with asyncio.timeout(seconds):
                async with self._slots:
                    return await self._fetch(probe, draft)
        except _Stopped as stop:
            return stop.reading
        except TimeoutError:
            if seconds < self._patience:  # we were in a hurry, which says nothing about the server
                return HttpsReading(
                    state=State.NOT_ATTEMPTED, detail="the time for the whole run was up before the answer was there"
                )
            state = State.OK if draft.connected else State.TIMEOUT
            detail = f"{'no complete answer' if draft.connected else 'no connection'} came within {seconds:g} s"
            return HttpsReading(state=state, fault=HttpsFault.TIMEOUT, detail=detail, tls=draft.facts)

    def _guard(self, probe: HttpsProbe) -> None:
        """Refuse what a stranger's record must not make us do."""
        if not _HOST.match(probe.host) or not _PATH.match(probe.path):
            raise _Stopped(State.NOT_ATTEMPTED, HttpsFault.MALFORMED, "this is no name or path that can be asked for")
        reach = kind(probe.address)
        if reach is None or (reach is not Kind.PUBLIC and not self._allow_private):
            raise _Stopped(State.NOT_ATTEMPTED, HttpsFault.NOT_PUBLIC, "the address is not one that the world can reach")

    async def _fetch(self, probe: HttpsProbe, draft: _Draft) -> HttpsReading:
        try:
            wire = await open_wire(probe.address, self._port)
        except OSError as error:
            raise _no_connection(error) from None
        draft.connected = True
        try:
            await self._shake_hands(wire, probe, draft)
            wire.send(self._request(probe))
            reply = await _answer(wire, draft)
        finally:
            wire.close()
        return HttpsReading(
            state=State.OK,
            status=reply.status,
            content_type=reply.header("content-type")[:MAX_TEXT],
            location=reply.header("location")[:MAX_TEXT],
            body=reply.body.decode("latin-1"),
            tls=draft.facts,
        )

    async def _shake_hands(self, wire: Wire, probe: HttpsProbe, draft: _Draft) -> None:
        try:
            session = await wire.handshake(self._trust.verifying, probe.host)
        except ssl.SSLError as error:
            facts = tls.facts_of_failure(error)
            reason = facts.verify_reason or "no encrypted connection came about"
            raise _Stopped(State.OK, HttpsFault.TLS_FAILED, reason, facts) from None
        except ValueError as error:
            raise _Stopped(State.OK, HttpsFault.TLS_FAILED, str(error)) from None
        draft.facts = tls.facts_of(session, verified=True)

    def _request(self, probe: HttpsProbe) -> bytes:
        """No Accept-Encoding: what is not compressed cannot grow when it is unpacked."""
        return (
            f"GET {probe.path} HTTP/1.1\r\nHost: {probe.host}\r\nUser-Agent: {self._user_agent}\r\n"
            "Accept: text/plain\r\nConnection: close\r\n\r\n"
        ).encode("ascii")


async def _answer(wire: Wire, draft: _Draft) -> HttpReply:
    reply = HttpReply()
    try:
        while not reply.complete:
            if data := await wire.receive():
                reply.feed(data)
            else:
                reply.end()
    except UnreadableError as error:
        raise _Stopped(State.OK, error.fault, error.detail, draft.facts) from None
    return reply


def _no_connection(error: OSError) -> _Stopped:
    match why(error):
        case Why.REFUSED | Why.CUT:
            return _Stopped(State.REFUSED, HttpsFault.REFUSED, "no web server answers there (port 443)")
        case Why.LATE:
            return _Stopped(State.TIMEOUT, HttpsFault.TIMEOUT, "no connection came about in time")
    return _Stopped(State.NOT_ATTEMPTED, HttpsFault.UNREACHABLE, "there is no way from this computer to that address")
