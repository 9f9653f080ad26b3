"""The guarded fetch against real TLS servers on loopback that redirect, flood, drip, compress and lie."""

from __future__ import annotations

import asyncio
import resource
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from checks.evidence import State
from checks.gather.https import HttpsGatherer
from checks.probes import HttpsFault, HttpsProbe, HttpsReading
from tests.fakes.certificates import self_signed
from tests.fakes.smtp_world import authority

HOST = "mta-sts.club.example"
PATH = "/.well-known/mta-sts.txt"
POLICY = b"version: STSv1\nmode: enforce\nmx: mail.club.example\nmax_age: 604800\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
MEGABYTE = 1 << 20


@dataclass(kw_only=True)
class Peer:
    """One connection, seen from the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes = b""
    sent: int = 0

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        self.sent += len(data)
        await self.writer.drain()


@dataclass(kw_only=True)
class Server:
    """Answers each request by a script."""

    script: Callable[[Peer], Awaitable[None]]
    context: ssl.SSLContext | None = None
    peers: list[Peer] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(reader=reader, writer=writer)
        self.peers.append(peer)
        try:
            peer.request = await reader.readuntil(b"\r\n\r\n")
            await self.script(peer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def plain(data: bytes) -> Callable[[Peer], Awaitable[None]]:
    async def script(peer: Peer) -> None:
        await peer.say(data)

    return script


def certificate(*names: str, label: str = "sts", days: tuple[float, float] = (-1, 90)) -> ssl.SSLContext:
    return authority().issue(label, *names, days=days).context()


def fetch(
    script: Callable[[Peer], Awaitable[None]],
    *,
    context: ssl.SSLContext | None = None,
    clear: bool = False,
    allow_private: bool = True,
    budget: float = 20.0,
    patience: float = 1.0,
    address: str = "127.0.0.1",
    host: str = HOST,
    path: str = PATH,
) -> tuple[HttpsReading, Server]:
    server = Server(script=script, context=None if clear else context or certificate(HOST))

    async def run() -> HttpsReading:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=server.context)
        port = listener.sockets[0].getsockname()[1]
        gather = HttpsGatherer(
            ca_file=str(authority().roots), port_map={443: port}, allow_private=allow_private, user_agent="sendready test", patience=patience,
        )  # fmt: skip
        reading = await gather(HttpsProbe(host=host, address=address, path=path), budget)
        listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return reading

    loop_errors: list[str] = []

    async def quietly() -> HttpsReading:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: loop_errors.append(str(context)))
        return await run()

    return asyncio.run(quietly()), server


def test_a_policy_is_fetched() -> None:
    """One connection, one request that says who asks, and the body as it came."""
    reading, server = fetch(plain(OK + b"Content-Length: %d\r\n\r\n" % len(POLICY) + POLICY))
    assert (reading.state, reading.fault, reading.status, reading.body.encode()) == (State.OK, HttpsFault.NONE, 200, POLICY)
    assert reading.content_type == "text/plain; charset=utf-8"
    assert reading.tls is not None
    assert reading.tls.verified
    [peer] = server.peers
    assert peer.request.startswith(
        b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.club.example\r\nUser-Agent: sendready test\r\n"
    )
    assert b"accept-encoding" not in peer.request.lower()


def test_an_old_server_and_chunks() -> None:
    for answer in (
        b"HTTP/1.0 200 OK\r\n\r\n" + POLICY,
        OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(POLICY), POLICY),
    ):
        assert fetch(plain(answer))[0].body.encode() == POLICY


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1/", "http://169.254.169.254/", PATH, "file:///etc/passwd", "https://mta-sts.club.example:22/"]
)
def test_a_redirect_is_told_and_not_followed(location: str) -> None:
    """RFC 8461 section 3.3: HTTP 3xx redirects MUST NOT be followed."""
    reading, server = fetch(plain(b"HTTP/1.1 301 Moved\r\nLocation: " + location.encode() + b"\r\nContent-Length: 0\r\n\r\n"))
    assert (reading.state, reading.status, reading.location, reading.body) == (State.OK, 301, location, "")
    assert server.connections == 1


async def _hundred_megabytes(peer: Peer) -> None:
    await peer.say(OK + b"Content-Length: 104857600\r\n\r\n")
    for _ in range(100):
        await peer.say(b"a" * MEGABYTE)


async def _endless_body(peer: Peer) -> None:
    await peer.say(OK + b"\r\n")
    while True:
        await peer.say(b"a" * MEGABYTE)


async def _endless_chunks(peer: Peer) -> None:
    await peer.say(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        await peer.say(b"1\r\na\r\n" * 10_000)


async def _endless_headers(peer: Peer) -> None:
    await peer.say(OK)
    while True:
        await peer.say(b"X: " + b"a" * MEGABYTE + b"\r\n")


async def _endless_interim(peer: Peer) -> None:
    while True:
        await peer.say(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (_hundred_megabytes, HttpsFault.TOO_LONG),
        (_endless_body, HttpsFault.TOO_LONG),
        (_endless_chunks, HttpsFault.TOO_LONG),
        (_endless_headers, HttpsFault.TOO_LONG),
        (_endless_interim, HttpsFault.MALFORMED),
        (plain(OK + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + b"\x1f\x8b" * 10), HttpsFault.CODED),
        (plain(OK + b"Content-Length: 5000\r\n\r\nversion"), HttpsFault.CLOSED),
        (plain(b""), HttpsFault.CLOSED),
        (plain(b"220 mail.club.example ESMTP\r\n"), HttpsFault.MALFORMED),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_flood_or_a_lie_is_stopped_early(script: Callable[[Peer], Awaitable[None]], fault: HttpsFault) -> None:
    """No body, a name for the fault, and little memory or time spent."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    reading, server = fetch(script, patience=5)
    assert (reading.state, reading.fault, reading.body) == (State.OK, fault, "")
    assert reading.detail
    assert time.monotonic() - began < 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024, (
        "kilobytes of growth, the server's share included"
    )
    assert server.peers[0].sent < 16 * MEGABYTE


async def _drip_head(peer: Peer) -> None:
    for octet in OK * 100:
        await peer.say(bytes((octet,)))
        await asyncio.sleep(0.05)


async def _drip_body(peer: Peer) -> None:
    await peer.say(OK + b"Content-Length: 60000\r\n\r\n")
    while True:
        await peer.say(b"a")
        await asyncio.sleep(0.05)


async def _silence(peer: Peer) -> None:
    await peer.say(OK + b"Content-Length: 3000\r\n\r\n")
    await asyncio.sleep(30)


@pytest.mark.parametrize("script", [_drip_head, _drip_body, _silence])
def test_a_server_that_drips_is_left_at_the_deadline(script: Callable[[Peer], Awaitable[None]]) -> None:
    """The deadline is for the whole fetch, not for each octet."""
    began = time.monotonic()
    reading, _ = fetch(script, patience=0.5)
    assert (reading.state, reading.fault) == (State.OK, HttpsFault.TIMEOUT)
    assert time.monotonic() - began < 2


def test_a_handshake_that_stalls_ends_at_the_deadline() -> None:
    async def run() -> HttpsReading:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        listener = await asyncio.start_server(hold, "127.0.0.1", 0)
        gather = HttpsGatherer(port_map={443: listener.sockets[0].getsockname()[1]}, allow_private=True, patience=0.3)
        reading = await gather(HttpsProbe(host=HOST, address="127.0.0.1", path=PATH), 20)
        listener.close()
        await asyncio.sleep(0.01)
        return reading

    assert asyncio.run(run()).fault is HttpsFault.TIMEOUT


def test_a_run_in_a_hurry_blames_no_server() -> None:
    """What was cut off by the run's own deadline is not known."""
    reading, _ = fetch(_silence, budget=0.4, patience=5)
    assert (reading.state, reading.fault) == (State.NOT_ATTEMPTED, HttpsFault.NONE)


@pytest.mark.parametrize(
    ("names", "days", "code"),
    [
        (("club.example",), (-1.0, 90.0), 62),
        (("*.example",), (-1.0, 90.0), 62),
        ((HOST,), (-30.0, -1.0), 10),
        ((HOST,), (1.0, 30.0), 9),
    ],
)
def test_a_certificate_that_does_not_hold_ends_it(names: tuple[str, ...], days: tuple[float, float], code: int) -> None:
    """RFC 8461 section 3.3: the certificate must be valid for the policy host. Nothing is asked of another."""
    reading, server = fetch(plain(OK + b"\r\n" + POLICY), context=certificate(*names, label="bad", days=days))
    assert (reading.state, reading.fault, reading.body) == (State.OK, HttpsFault.TLS_FAILED, "")
    assert reading.tls is not None
    assert (reading.tls.verified, reading.tls.verify_code) == (False, code)
    assert not any(peer.request for peer in server.peers)


def test_an_unknown_issuer_and_a_server_without_tls() -> None:
    own = self_signed(authority().roots.parent, "own-sts", HOST).context()
    reading, _ = fetch(plain(OK + b"\r\n" + POLICY), context=own)
    assert (reading.fault, reading.tls.verify_code if reading.tls else 0) == (HttpsFault.TLS_FAILED, 18)
    reading, server = fetch(plain(b"HTTP/1.1 200 OK\r\n\r\n" + POLICY), clear=True, patience=0.5)
    assert reading.fault in (HttpsFault.TLS_FAILED, HttpsFault.TIMEOUT)
    assert not any(peer.request.startswith(b"GET") for peer in server.peers), "nothing is said in clear"


RESERVED = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.2.1", "224.0.0.1",  # noqa: S104 - nothing is bound
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2001:db8::1", "fe80::1%lo", "localhost", "mta-sts.club.example", "127.1", "0x7f000001", "2130706433", "",
]  # fmt: skip


@pytest.mark.parametrize("address", RESERVED)
def test_strangers_cannot_send_us_to_inner_addresses(address: str) -> None:
    """Only a public IP address is connected to, in whatever way it is written."""
    reading, server = fetch(plain(OK + b"\r\n" + POLICY), address=address, allow_private=False)
    assert (reading.state, reading.fault) == (State.NOT_ATTEMPTED, HttpsFault.NOT_PUBLIC)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("", PATH), ("localhost", PATH), ("a b.example", PATH), ("a.example\r\nX: y", PATH), ("user@a.example", PATH), ("a.example:22", PATH),
        ("a.example/x", PATH), ("\u00e4.example", PATH), ("a" * 64 + ".example", PATH), (".".join(["a" * 60] * 5), PATH),
        (HOST, ""), (HOST, "x"), (HOST, "/ x"), (HOST, "/\r\nX: y"), (HOST, "/" + "a" * 300),
    ],
)  # fmt: skip
def test_what_is_no_name_or_path_is_not_asked(host: str, path: str) -> None:
    reading, server = fetch(plain(OK + b"\r\n" + POLICY), host=host, path=path)
    assert reading.state is State.NOT_ATTEMPTED
    assert server.connections == 0


def test_nobody_listens() -> None:
    async def run() -> HttpsReading:
        listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        listener.close()
        await listener.wait_closed()
        gather = HttpsGatherer(port_map={443: port}, allow_private=True)
        return await gather(HttpsProbe(host=HOST, address="127.0.0.1", path=PATH), 5)

    reading = asyncio.run(run())
    assert (reading.state, reading.fault) == (State.REFUSED, HttpsFault.REFUSED)


def test_a_name_for_ourselves_that_is_not_printable_is_refused() -> None:
    with pytest.raises(ValueError, match="printable"):
        HttpsGatherer(user_agent="x\r\nHost: y")
